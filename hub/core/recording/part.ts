/** Recordings of incidents, and the disk that holds them. */
import type { HubFaultCode } from "../../../shared/api/hub.ts";
import type { IncidentId, RecordingId } from "../../../shared/ids.ts";
import type { Fact, RecordingFact } from "../facts.ts";
import type { Part, RowFold } from "../part.ts";
import type { HubState } from "../state/hub-state.ts";
import type { RecordingRecord } from "../state/recording-record.ts";
import type { Deletion, HubFaultRecord } from "../state/storage-state.ts";
import type { RecordingHistory, RecordingSlice } from "./kinds.ts";
import { nothing } from "../decision.ts";
import { decideRecordings, evolveRecording } from "./recording.ts";
import { decideLock, decideRemoved, decideStorage, evolveRetention } from "./retention.ts";
import { RECORDING_SAYINGS } from "./sayings.ts";

interface Saved {
  readonly recordings: readonly RecordingRecord[];
  readonly deleting: readonly (readonly [RecordingId, Deletion])[];
  readonly locked: readonly IncidentId[];
  readonly hubFaults: readonly (readonly [HubFaultCode, HubFaultRecord])[];
}

export const RECORDING_PART = {
  name: "recording",
  initial: () => ({
    recordings: new Map(),
    deleting: new Map(),
    locked: new Set(),
    hubFaults: new Map(),
  }),
  evolve,
  decide: {
    "recording-ended": decideRecordings,
    "recording-picture": decideRecordings,
    "media-started": decideRecordings,
    "media-ended": () => nothing,
    "lock-order": decideLock,
    "storage-checked": decideStorage,
    "recordings-removed": (state, event) => decideRemoved(state.deleting, event),
  },
  save: ({ recordings, deleting, locked, hubFaults }) => ({
    recordings: [...recordings.values()],
    deleting: [...deleting],
    locked: [...locked],
    hubFaults: [...hubFaults],
  }),
  load: (slice, saved) => {
    for (const recording of saved.recordings) slice.recordings.set(recording.id, recording);
    for (const [id, one] of saved.deleting) slice.deleting.set(id, one);
    for (const id of saved.locked) slice.locked.add(id);
    for (const [code, fault] of saved.hubFaults) slice.hubFaults.set(code, fault);
  },
  says: RECORDING_SAYINGS,
} as const satisfies Part<RecordingSlice, RecordingHistory, Saved>;

export const RECORDING_ROW: RowFold<RecordingRecord> = {
  key: (fact) => (isOfRecording(fact) ? fact.recordingId : undefined),
  evolve: (before, fact) => (isOfRecording(fact) ? evolveRecording(before, fact) : before),
};

const isOfRecording = (fact: Fact): fact is RecordingFact =>
  fact.type === "recording-started" ||
  fact.type === "recording-ended" ||
  fact.type === "recording-deleted";

function evolve(state: HubState, fact: Fact): void {
  if (fact.type === "recording-started" || fact.type === "recording-ended") {
    const recording = evolveRecording(state.recordings.get(fact.recordingId), fact);
    if (recording.state === "recording") state.recordings.set(recording.id, recording);
    else state.recordings.delete(recording.id);
    return;
  }
  evolveRetention(state, fact);
}
