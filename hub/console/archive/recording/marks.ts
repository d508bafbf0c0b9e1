/** Where the moments of an incident lie on its recording. */
import type { Incident, Recording } from "../../../../shared/api/incident.ts";
import type { TimelineEntry } from "../../../../shared/api/timeline.ts";

export type MarkName = "pressed" | "pressed-again" | "answered" | "dispatched" | "held" | "closed";

export interface Mark {
  readonly name: MarkName;
  readonly atMs: number;
  /** 0 to 1 along the recording. */
  readonly share: number;
}

const MARK_BY_FACT: Readonly<Record<string, MarkName>> = {
  "incident-opened": "pressed",
  "incident-joined": "pressed-again",
  "incident-answered": "answered",
  "unit-dispatched": "dispatched",
  "incident-held": "held",
  "incident-closed": "closed",
};
/** More marks than this could not be told apart. */
const MAX_MARKS = 40;
/**
 * The recording starts a little after the press and ends
 * a little after the close: both are still marked.
 */
const EDGE_MS = 5000;

export function marksOf(
  entries: readonly TimelineEntry[],
  recording: Recording,
  incident: Pick<Incident, "pressedAt">,
): Mark[] {
  const startMs = Date.parse(recording.startedAt);
  const lengthMs = recording.durationMs ?? 0;
  if (lengthMs <= 0) return [];
  return entries
    .flatMap((entry) => {
      const name = MARK_BY_FACT[entry.type];
      if (!name) return [];
      const wall = name === "pressed" ? incident.pressedAt : entry.at;
      const atMs = Date.parse(wall) - startMs;
      if (atMs < -EDGE_MS || atMs > lengthMs + EDGE_MS) return [];
      const inside = Math.min(lengthMs, Math.max(0, atMs));
      return [{ name, atMs: inside, share: inside / lengthMs }];
    })
    .slice(0, MAX_MARKS);
}
