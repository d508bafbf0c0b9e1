/**
 * From facts to rows: the read models, folded by the very functions the core folds with.
 *
 * One batch is folded in memory first, so an incident touched by five facts is read once and
 * written once. The caller owns the transaction.
 */
import {
  FOR_THE_RECORD,
  type Fact,
  type FactOf,
  type IncidentFact,
  type PillarFact,
  type RecordingFact,
} from "../core/facts.ts";
import { evolveIncident, type IncidentRecord } from "../core/incident/incident.ts";
import { evolveRecording } from "../core/recording/recording.ts";
import type { RecordingRecord } from "../core/state/recording-record.ts";
import { evolvePillar } from "../core/pillar/pillar-registry.ts";
import type { PillarRecord } from "../core/state/pillar-record.ts";

/** Where folded records come from and go to. */
export interface Rows {
  incident(id: string): IncidentRecord | undefined;
  pillar(id: string): PillarRecord | undefined;
  recording(id: string): RecordingRecord | undefined;
}

/** What one batch touched. `index`: of the first fact that touched it. */
export interface Touched {
  readonly incidents: Map<string, { readonly record: IncidentRecord; readonly index: number }>;
  readonly pillars: Map<string, PillarRecord>;
  readonly recordings: Map<string, { readonly record: RecordingRecord; readonly index: number }>;
}

export const untouched = (): Touched => ({
  incidents: new Map(),
  pillars: new Map(),
  recordings: new Map(),
});

export function project(rows: Rows, touched: Touched, at: { fact: Fact; index: number }): void {
  const { fact, index } = at;
  if (isOfNoRow(fact)) return;
  switch (fact.type) {
    case "pillar-registered":
    case "pillar-enrolled":
    case "certificate-renewed":
    case "certificate-adopted":
    case "certificate-expired":
    case "pillar-revoked":
    case "pillar-session-ended":
    case "pillar-started":
    case "presence-changed":
    case "pillar-fault":
    case "pillar-cloned":
      projectPillar(rows, touched, fact);
      return;
    case "recording-deleted":
      projectRecording(rows, touched, { fact, index });
      return;
    case "recording-started":
    case "recording-ended":
      projectRecording(rows, touched, { fact, index });
      projectIncident(rows, touched, { fact, index });
      return;
    default:
      projectIncident(rows, touched, { fact, index });
  }
}

/** They change neither incident, pillar nor recording. */
const OF_NO_ROW = [
  ...FOR_THE_RECORD,
  "hub-fault",
  "recordings-removed",
  "grid-lost",
  "grid-back",
] as const;

const isOfNoRow = (fact: Fact): fact is FactOf<(typeof OF_NO_ROW)[number]> =>
  (OF_NO_ROW as readonly string[]).includes(fact.type);

function projectPillar(rows: Rows, touched: Touched, fact: PillarFact): void {
  const before = touched.pillars.get(fact.pillarId) ?? rows.pillar(fact.pillarId);
  touched.pillars.set(fact.pillarId, evolvePillar(before, fact));
}

function projectRecording(
  rows: Rows,
  touched: Touched,
  at: { readonly fact: RecordingFact; readonly index: number },
): void {
  const id = at.fact.recordingId;
  const known = touched.recordings.get(id);
  const record = evolveRecording(known?.record ?? rows.recording(id), at.fact);
  touched.recordings.set(id, { record, index: known?.index ?? at.index });
}

function projectIncident(
  rows: Rows,
  touched: Touched,
  at: { readonly fact: IncidentFact; readonly index: number },
): void {
  const id = at.fact.incidentId;
  const known = touched.incidents.get(id);
  const before = known?.record ?? rows.incident(id);
  const record = evolveIncident(before, at.fact);
  if (!record || record === before) return;
  touched.incidents.set(id, { record, index: known?.index ?? at.index });
}
