/** What is missing in a recording, in milliseconds from its start. */
import { z } from "zod";

/** Gaps listed one by one; further ones are only counted and summed. */
export const MAX_GAPS = 64;

export const Gap = z.object({
  /** `everything`: the recorder itself was gone. */
  track: z.enum(["picture", "citizen", "operator", "everything"]),
  fromMs: z.number().int().nonnegative(),
  toMs: z.number().int().nonnegative(),
});
export type Gap = z.infer<typeof Gap>;

const sum = z.number().int().nonnegative();

export const Gaps = z.object({
  /** The first ones; `count` says how many there are. */
  spans: z.array(Gap).max(MAX_GAPS),
  count: sum,
  missingMs: z.object({ picture: sum, citizen: sum, operator: sum, everything: sum }),
});
export type Gaps = z.infer<typeof Gaps>;

export const NO_GAPS: Gaps = {
  spans: [],
  count: 0,
  missingMs: { picture: 0, citizen: 0, operator: 0, everything: 0 },
};

/**
 * After a crash of the recorder everything from there on is missing. It is always among those that
 * are listed.
 */
export function everythingMissing(before: Gaps, fromMs: number, toMs: number): Gaps {
  const [from, to] = [Math.round(fromMs), Math.round(toMs)];
  if (to <= from) return before;
  const last = { track: "everything", fromMs: from, toMs: to } as const;
  const { everything } = before.missingMs;
  return {
    spans: [...before.spans.slice(0, MAX_GAPS - 1), last],
    count: before.count + 1,
    missingMs: { ...before.missingMs, everything: everything + to - from },
  };
}
