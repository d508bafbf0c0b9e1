/** What the rules go by that say how urgent an incident is. */
import type { AreaId } from "../../../shared/ids.ts";
import type { DaySpan } from "../time/time-of-day.ts";

export interface PrioritySettings {
  /** In what a person typed; compared without regard to case. */
  readonly urgentWords: readonly string[];
  readonly night: DaySpan | null;
  /** Of the place where the pillars stand, east of Greenwich. */
  readonly offsetMinutes: number;
  readonly urgentAreas: readonly AreaId[];
}

export const DEFAULT_PRIORITY: PrioritySettings = {
  urgentWords: ["救命", "杀人", "有刀", "持刀", "有枪", "着火", "help me", "knife", "gun", "fire"],
  night: null,
  offsetMinutes: 480,
  urgentAreas: [],
};
