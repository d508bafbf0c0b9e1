/**
 * Questions to the read models, on a connection that cannot write.
 *
 * It sees committed rows only, so nothing is shown that a power cut could take back.
 */
import { join } from "node:path";
import type { Kysely, SelectQueryBuilder } from "kysely";
import type { Incident, IncidentQuery } from "../../shared/api/incident.ts";
import type { PillarId } from "../../shared/ids.ts";
import type { Fact } from "../core/facts.ts";
import type { IncidentRecord } from "../core/incident.ts";
import type { RecordingRecord } from "../core/recording.ts";
import type { PillarRecord } from "../core/roster.ts";
import type { NumberedEvent, ReadModels } from "../ports.ts";
import { subjectsOf, type NumberedFact, type NumberedSubject } from "./console-event.ts";
import { openForReading } from "./database.ts";
import { queries } from "./queries.ts";
import type { Tables } from "./schema.ts";
import { timelineEntry } from "./timeline.ts";
import { recordingPath, toIncident, toPillar, toRecording } from "./view.ts";

/** Facts a console may be behind and still be told one by one. */
export const MAX_REPLAYED_FACTS = 5000;
const MAX_TIMELINE = 2000;
const MAX_LISTED = 100_000;

export interface Reads extends ReadModels {
  /** Console events of facts that were just committed. */
  eventsOf(facts: readonly NumberedFact[]): Promise<readonly NumberedEvent[]>;
  close(): void;
}

export interface ReadsOptions {
  readonly file: string;
  readonly dataDir: string;
  /** When a pillar was last heard by this process: fresher than any row. */
  readonly heardAt: (id: PillarId) => number | undefined;
}

interface Source {
  readonly db: Kysely<Tables>;
  readonly dataDir: string;
  readonly heardAt: ReadsOptions["heardAt"];
}

export function openReads(options: ReadsOptions): Reads {
  const database = openForReading(options.file);
  const { dataDir, heardAt } = options;
  const source: Source = { db: queries(database), dataDir, heardAt };
  return {
    incidents: (query) => incidents(source, query),
    incident: (id) => incident(source, id),
    timeline: (id) => timeline(source, id),
    pillars: () => pillars(source),
    pillar: (id) => pillar(source, id),
    recordings: (incidentId) => recordings(source, incidentId),
    recording: (id) => recording(source, id),
    eventsAfter: (index, limit) => eventsAfter(source, index, limit),
    eventsOf: (facts) => eventsOf(source, subjectsOf(facts)),
    close: () => database.close(),
  };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the brand
const parse = <T>(row: { readonly body: string }): T => JSON.parse(row.body) as T;

const incidentRows = ({ db }: Source) =>
  db
    .selectFrom("incident")
    .leftJoin("pillar", "pillar.id", "incident.pillar_id")
    .select(["incident.body", "incident.opened_idx", "pillar.name"]);

interface IncidentRow {
  readonly body: string;
  readonly name: string | null;
}
const incidentOf = (row: IncidentRow): Incident =>
  toIncident(parse<IncidentRecord>(row), row.name ?? undefined);

/** Newest first; the cursor is the journal index of the last one's opening. */
async function incidents(source: Source, query: IncidentQuery) {
  const rows = await filtered(incidentRows(source), query)
    .orderBy("incident.opened_idx", "desc")
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next = rows.length > page.length && last ? String(last.opened_idx) : null;
  return { items: page.map((row) => incidentOf(row)), next };
}

type Filtered<O> = SelectQueryBuilder<Tables & { pillar: Tables["pillar"] | null }, "incident", O>;

function filtered<Q>(rows: Q, query: IncidentQuery): Q {
  let found = rows as Filtered<unknown>;
  if (query.state === "active") found = found.where("incident.state", "<>", "closed");
  else if (query.state) found = found.where("incident.state", "=", query.state);
  if (query.pillarId) found = found.where("incident.pillar_id", "=", query.pillarId);
  if (query.from) found = found.where("incident.pressed_at", ">=", Date.parse(query.from));
  if (query.to) found = found.where("incident.pressed_at", "<", Date.parse(query.to));
  const before = Number(query.cursor ?? Number.NaN);
  if (Number.isSafeInteger(before)) found = found.where("incident.opened_idx", "<", before);
  return found as Q;
}

async function incident(source: Source, id: string) {
  const row = await incidentRows(source).where("incident.id", "=", id).executeTakeFirst();
  return row && incidentOf(row);
}

async function timeline({ db }: Source, id: string) {
  const rows = await db
    .selectFrom("journal")
    .select(["idx", "body"])
    .where("incident_id", "=", id)
    .orderBy("idx")
    .limit(MAX_TIMELINE)
    .execute();
  if (rows.length === 0) return undefined;
  return { items: rows.map((row) => timelineEntry(parse<Fact>(row), row.idx)), next: null };
}

async function pillars({ db, heardAt }: Source) {
  const rows = await db
    .selectFrom("pillar")
    .select("body")
    .orderBy("id")
    .limit(MAX_LISTED)
    .execute();
  return rows.map((row) => parse<PillarRecord>(row)).map((p) => toPillar(p, heardAt(p.id)));
}

async function pillar({ db, heardAt }: Source, id: string) {
  const row = await db.selectFrom("pillar").select("body").where("id", "=", id).executeTakeFirst();
  const record = row && parse<PillarRecord>(row);
  return record && toPillar(record, heardAt(record.id));
}

async function recordings({ db }: Source, incidentId: string) {
  const rows = await db
    .selectFrom("recording")
    .select("body")
    .where("incident_id", "=", incidentId)
    .orderBy("started_idx")
    .limit(MAX_TIMELINE)
    .execute();
  return rows.map((row) => toRecording(parse<RecordingRecord>(row)));
}

async function recording({ db, dataDir }: Source, id: string) {
  const row = await db
    .selectFrom("recording")
    .select("body")
    .where("id", "=", id)
    .executeTakeFirst();
  const record = row && parse<RecordingRecord>(row);
  return record && { ...toRecording(record), path: join(dataDir, recordingPath(record)) };
}

async function eventsAfter(source: Source, index: number, limit: number) {
  const { head } = await source.db
    .selectFrom("journal")
    .select(({ fn }) => fn.max("idx").as("head"))
    .executeTakeFirstOrThrow();
  if (index > (head ?? 0) || (head ?? 0) - index > MAX_REPLAYED_FACTS) return undefined;
  const rows = await source.db
    .selectFrom("journal")
    .select(["idx", "body"])
    .where("idx", ">", index)
    .orderBy("idx")
    .limit(MAX_REPLAYED_FACTS)
    .execute();
  const facts = rows.map((row) => ({ index: row.idx, fact: parse<Fact>(row) }));
  const subjects = subjectsOf(facts);
  return subjects.length > limit ? undefined : eventsOf(source, subjects);
}

async function eventsOf(source: Source, subjects: readonly NumberedSubject[]) {
  const events: NumberedEvent[] = [];
  for (const { index, subject } of subjects) {
    const event = await eventOf(source, subject);
    if (event) events.push({ index, event });
  }
  return events;
}

async function eventOf(
  source: Source,
  subject: NumberedSubject["subject"],
): Promise<NumberedEvent["event"] | undefined> {
  if (subject.type === "notice") return { type: "notice", notice: subject.notice };
  if (subject.type === "incident") {
    const found = await incident(source, subject.id);
    return found && { type: "incident", incident: found };
  }
  if (subject.type === "pillar") {
    const found = await pillar(source, subject.id);
    return found && { type: "pillar", pillar: found };
  }
  const found = await recording(source, subject.id);
  if (!found) return undefined;
  const { path: _path, ...shown } = found;
  return { type: "recording", recording: shown };
}
