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

/** After a crash of the recorder everything from there on is missing. */
export function everythingMissing(fromMs: number, toMs: number): Gaps {
  const [from, to] = [Math.round(fromMs), Math.max(Math.round(fromMs), Math.round(toMs))];
  const spans = to > from ? [{ track: "everything", fromMs: from, toMs: to } as const] : [];
  const missingMs = { picture: 0, citizen: 0, operator: 0, everything: to - from };
  return { spans, count: spans.length, missingMs };
}
