/** What screens, histories, the audit and the log make of recordings and the disk. */
import type { RecordingId } from "../../../shared/ids.ts";
import {
  incidentLine,
  incidentSubject,
  notification,
  UNSAID,
  type Sayings,
  type Subject,
} from "../part.ts";
import type { RecordingHistory } from "./kinds.ts";

const recordingSubject = (fact: { readonly recordingId: RecordingId }): readonly Subject[] => [
  { type: "recording", id: fact.recordingId },
];

const LOCK = { ...UNSAID, subjects: incidentSubject, audit: "order" } as const;

export const RECORDING_SAYINGS: Sayings<RecordingHistory> = {
  "recording-started": {
    ...UNSAID,
    subjects: recordingSubject,
    timeline: ({ recordingId }) => ({ kind: "recording", recordingId }),
  },
  "recording-ended": {
    ...UNSAID,
    subjects: recordingSubject,
    timeline: ({ recordingId, state, durationMs, gaps = null }) => ({
      ...{ kind: "recording-end", recordingId, state, durationMs, gaps },
    }),
    log: incidentLine((f) => `recording ${f.state}, ${(f.durationMs / 1000).toFixed(1)} s`),
  },
  "recording-deleted": {
    ...UNSAID,
    subjects: recordingSubject,
    timeline: ({ reason }) => ({ kind: "deletion", reason }),
    log: incidentLine((f) => `loses recording ${f.recordingId.slice(0, 8)}: ${f.reason}`),
  },
  "recordings-removed": UNSAID,
  "incident-locked": {
    ...LOCK,
    timeline: ({ reason }) => ({ kind: "lock", reason }),
    log: incidentLine(({ byName, reason }) => `locked by ${byName}: ${reason}`),
  },
  "incident-unlocked": {
    ...LOCK,
    timeline: ({ reason }) => ({ kind: "lock", reason }),
    log: incidentLine(({ byName, reason }) => `unlocked by ${byName}: ${reason}`),
  },
  "hub-fault": {
    ...UNSAID,
    subjects: ({ code, isActive, detail }) => {
      // Operators have to know it too, so it is an error: calls are not recorded.
      const level = code === "recording-stopped" ? "error" : "warning";
      return [{ type: "hub" }, ...(isActive ? [notification(level, code, detail)] : [])];
    },
    log: ({ code, isActive, detail }) => {
      const verb = isActive ? "has" : "is free of";
      return { level: "warn", text: `the hub ${verb} ${code}: ${detail}`, fields: { fault: code } };
    },
  },
};
