/** The gaps of a recording, as bars along it. */
import type { Recording } from "../../../../shared/api/incident.ts";
import type { Gap } from "../../../../shared/api/recording-gap.ts";

export interface GapBar extends Gap {
  /** 0 to 1 along the recording: where it begins, and how long it is. */
  readonly share: number;
  readonly length: number;
}

/** At most so many lines are listed; the count says how many there are. */
const MAX_SHOWN = 12;

export function gapsOf({ gaps, durationMs }: Pick<Recording, "gaps" | "durationMs">): GapBar[] {
  const whole = Math.max(1, durationMs ?? 0);
  return (gaps?.spans ?? []).slice(0, MAX_SHOWN).map((gap) => {
    const share = Math.min(1, gap.fromMs / whole);
    return { ...gap, share, length: Math.min(1, gap.toMs / whole) - share };
  });
}
