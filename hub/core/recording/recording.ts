/**
 * Recordings: one runs for every open incident while the media process of its pillar is up.
 *
 * The core only says that one shall run and that one ended; whether the file is whole is the
 * recorder's and the shell's to find out.
 */
import { assert, assertNever } from "../../../shared/assert.ts";
import type { MediaId, RecordingId } from "../../../shared/ids.ts";
import { nothing, type Decision } from "../decision.ts";
import type { HubEffect, HubEvent } from "../events.ts";
import type { Fact, RecordingFact } from "../facts.ts";
import { mediaOf } from "../media-of.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import { isRecordingStopped } from "./retention.ts";
import type { HubState } from "../state/hub-state.ts";
import type { RecordingRecord } from "../state/recording-record.ts";

/** Of one media process; more calls at once than its pillars may have belong on more of them. */
export const MAX_RECORDINGS = 200;

export function evolveRecording(
  record: RecordingRecord | undefined,
  fact: RecordingFact,
): RecordingRecord {
  if (fact.type === "recording-started") {
    return {
      id: fact.recordingId,
      incidentId: fact.incidentId,
      pillarId: fact.pillarId,
      startedAt: fact.at,
      endedAt: null,
      durationMs: null,
      bytes: null,
      state: "recording",
      deletion: null,
    };
  }
  assert(record, `${fact.type} for recording ${fact.recordingId}, which never started`);
  if (fact.type === "recording-deleted") {
    return { ...record, deletion: { at: fact.at, reason: fact.reason } };
  }
  const { at: endedAt, state, durationMs, bytes, gaps, cameras } = fact;
  const ended = { ...record, endedAt, state, durationMs, bytes };
  return { ...ended, ...(gaps && { gaps }), ...(cameras && { cameras }) };
}

/**
 * Starts one for an incident, when the media process of its pillar is up and has room, and the disk
 * too. Without, the incident waits for that process, for a recording that ends, or for a disk with
 * more room.
 */
export function startRecording(
  state: HubState,
  incident: Pick<IncidentRecord, "id" | "pillarId" | "kind">,
  start: {
    readonly at: number;
    readonly recordingId: RecordingId;
    readonly isCallRunning?: boolean;
  },
): Decision {
  const { at, recordingId, isCallRunning = false } = start;
  const { heard, incidents, pillars, settings } = state;
  const mediaId = mediaOf(incident.pillarId, settings.mediaProcesses);
  const isRevoked = Boolean(pillars.get(incident.pillarId)?.revocation);
  if (!heard.mediaUp.has(mediaId) || incident.kind === "test" || isRevoked) return nothing;
  if (incidents.size > settings.maxOpen || roomFor(state, mediaId) === 0) return nothing;
  const subject = { recordingId, incidentId: incident.id, pillarId: incident.pillarId };
  const fact: Fact = { type: "recording-started", at, ...subject };
  const effect: HubEffect = { type: "start-recording", ...subject, isCallRunning };
  return { facts: [fact], effects: [effect] };
}

const roomFor = (state: HubState, mediaId: MediaId): number =>
  isRecordingStopped(state.hubFaults)
    ? 0
    : Math.max(0, MAX_RECORDINGS - runningIn(state, mediaId).length);

/** Recordings that run in one media process. */
export const runningIn = (
  { recordings, settings }: Pick<HubState, "recordings" | "settings">,
  mediaId: MediaId,
): RecordingRecord[] =>
  [...recordings.values()].filter(
    ({ pillarId }) => mediaOf(pillarId, settings.mediaProcesses) === mediaId,
  );

/** Open incidents that should be recorded in one media process, and are not. */
export const unrecorded = (
  { incidents, settings }: Pick<HubState, "incidents" | "settings">,
  mediaId: MediaId,
): IncidentRecord[] =>
  [...incidents.values()].filter(
    ({ kind, recordingId, pillarId }) =>
      kind !== "test" &&
      recordingId === null &&
      mediaOf(pillarId, settings.mediaProcesses) === mediaId,
  );

/** What a media process tells of recordings. */
export function decideRecordings(
  state: HubState,
  event: Extract<HubEvent, { type: "recording-ended" | "recording-picture" | "media-started" }>,
): Decision {
  switch (event.type) {
    case "recording-ended":
      return decideRecordingEnded(state.recordings, event);
    case "recording-picture":
      return decideRecordingPicture(state, event);
    case "media-started":
      return decideMediaStarted(state, event);
    default:
      return assertNever(event);
  }
}

/**
 * A media process is up (again): open incidents of its pillars get a new recording, as far as there
 * is room. Ended ones were told one by one.
 */
function decideMediaStarted(
  state: HubState,
  event: Extract<HubEvent, { type: "media-started" }>,
): Decision {
  const facts: Fact[] = [];
  const effects: HubEffect[] = [];
  const ids = event.newRecordingIds.values();
  const { mediaId } = event;
  for (const incident of unrecorded(state, mediaId).slice(0, roomFor(state, mediaId))) {
    const { value: recordingId } = ids.next();
    if (!recordingId) break;
    const start = { at: event.at, recordingId, isCallRunning: true };
    const started = startRecording(state, incident, start);
    facts.push(...started.facts);
    effects.push(...started.effects);
  }
  return { facts, effects };
}

function decideRecordingEnded(
  recordings: HubState["recordings"],
  event: Extract<HubEvent, { type: "recording-ended" }>,
): Decision {
  const recording = recordings.get(event.recordingId);
  if (!recording) return nothing;
  const { at, recordingId, durationMs, bytes } = event;
  const fact: Fact = {
    type: "recording-ended",
    at,
    incidentId: recording.incidentId,
    recordingId,
    state: event.state,
    durationMs,
    bytes,
    ...(event.gaps && { gaps: event.gaps }),
    ...(event.cameras && { cameras: event.cameras }),
  };
  return { facts: [fact], effects: [] };
}

const MAX_DETAIL = 300;

/**
 * The fault is raised while the call is running, when a technician can still act. It is over when a
 * recording of the same pillar has a picture, or with a new enrolment.
 */
function decideRecordingPicture(
  state: HubState,
  event: Extract<HubEvent, { type: "recording-picture" }>,
): Decision {
  const { at, recordingId, isWritten } = event;
  const pillarId = state.recordings.get(recordingId)?.pillarId;
  const pillar = pillarId && state.pillars.get(pillarId);
  if (!pillar || pillar.faults.includes("picture-unrecorded") !== isWritten) return nothing;
  const detail = event.detail.slice(0, MAX_DETAIL);
  const fault = { code: "picture-unrecorded", isActive: !isWritten, detail } as const;
  return { facts: [{ type: "pillar-fault", at, pillarId: pillar.id, ...fault }], effects: [] };
}
