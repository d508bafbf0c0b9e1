/**
 * Questions to the read models, on a connection that cannot write.
 *
 * It sees committed rows only, so nothing is shown that a power cut could take back.
 */
import { join } from "node:path";
import { sql, type Kysely, type SelectQueryBuilder } from "kysely";
import type { HubStatus } from "../../../shared/api/hub.ts";
import type { IncidentQuery } from "../../../shared/api/incident.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Fact } from "../../core/facts.ts";
import type { Candidate } from "../../core/state/storage-state.ts";
import type { NumberedEvent, ReadModels } from "../../ports.ts";
import { audit } from "./audit-reads.ts";
import { subjectsOf, type NumberedFact, type NumberedSubject } from "./console-event.ts";
import { openForReading } from "../../../shared/host/sqlite.ts";
import { queries } from "./queries.ts";
import {
  entryOf,
  factOf,
  incidentOf,
  pillarOf,
  recordingOf,
  type OnDamaged,
  type PillarRow,
} from "./rows.ts";
import type { Tables } from "../schema.ts";
import { recordingPath } from "./api-shape.ts";

export type { DamagedRow } from "./rows.ts";

/** Facts a console may be behind and still be told one by one. */
export const MAX_REPLAYED_FACTS = 5000;
const MAX_TIMELINE = 2000;
const MAX_LISTED = 100_000;

export interface Reads extends ReadModels {
  /** Console events of facts that were just committed. */
  eventsOf(facts: readonly NumberedFact[]): Promise<readonly NumberedEvent[]>;
  /** The oldest recordings that nothing holds: ended, of a closed incident that is not locked. */
  deletable(limit: number): Promise<readonly Candidate[]>;
  close(): void;
}

export interface ReadsOptions {
  readonly file: string;
  readonly dataDir: string;
  /** When a pillar was last heard by this process: fresher than any row. */
  readonly heardAt: (id: PillarId) => number | undefined;
  /** Told of every row that could not be read, each time it was asked for. */
  readonly onDamaged?: OnDamaged;
  /** Of the hub itself, as it is now; without it consoles are not told of it. */
  readonly hubStatus?: () => HubStatus;
}

interface Source {
  readonly db: Kysely<Tables>;
  readonly dataDir: string;
  readonly heardAt: ReadsOptions["heardAt"];
  readonly onDamaged: OnDamaged;
  readonly hubStatus: ReadsOptions["hubStatus"];
}

export function openReads(options: ReadsOptions): Reads {
  const database = openForReading(options.file);
  const { dataDir, heardAt, hubStatus, onDamaged = () => undefined } = options;
  const source: Source = { db: queries(database), dataDir, heardAt, hubStatus, onDamaged };
  return {
    incidents: (query, of) => incidents(source, query, of),
    incident: (id) => incident(source, id),
    timeline: (id) => timeline(source, id),
    pillars: () => pillars(source),
    pillar: (id) => pillar(source, id),
    recordings: (incidentId) => recordings(source, incidentId),
    recording: (id) => recording(source, id),
    audit: (query) => audit(source, query),
    eventsAfter: (index, limit) => eventsAfter(source, index, limit),
    eventsOf: (facts) => eventsOf(source, subjectsOf(facts)),
    deletable: (limit) => deletable(source, limit),
    close: () => database.close(),
  };
}

const incidentRows = ({ db }: Source) =>
  db
    .selectFrom("incident")
    .leftJoin("pillar", "pillar.id", "incident.pillar_id")
    .select([
      "incident.id",
      "incident.pillar_id",
      "incident.state",
      "incident.pressed_at",
      "incident.body",
      "incident.opened_idx",
      "pillar.name",
    ]);

/** Newest first; the cursor is the journal index of the last one's opening. */
async function incidents(source: Source, query: IncidentQuery, of?: readonly PillarId[]) {
  const rows = await filtered(incidentRows(source), query)
    .$if(of !== undefined, (rows) =>
      rows.where(
        sql<boolean>`incident.pillar_id IN (SELECT value FROM json_each(${JSON.stringify(of)}))`,
      ),
    )
    .orderBy("incident.opened_idx", "desc")
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next = rows.length > page.length && last ? String(last.opened_idx) : null;
  return { items: page.flatMap((row) => incidentOf(row, source.onDamaged) ?? []), next };
}

type Filtered<O> = SelectQueryBuilder<Tables & { pillar: Tables["pillar"] | null }, "incident", O>;

function filtered<Q>(rows: Q, query: IncidentQuery): Q {
  let found = rows as Filtered<unknown>;
  if (query.state === "active") found = found.where("incident.state", "<>", "closed");
  else if (query.state) found = found.where("incident.state", "=", query.state);
  if (query.pillarId) found = found.where("incident.pillar_id", "=", query.pillarId);
  if (query.from) found = found.where("incident.pressed_at", ">=", Date.parse(query.from));
  if (query.to) found = found.where("incident.pressed_at", "<", Date.parse(query.to));
  if (query.cursor !== undefined) {
    found = found.where("incident.opened_idx", "<", Number(query.cursor));
  }
  return found as Q;
}

async function incident(source: Source, id: string) {
  const row = await incidentRows(source).where("incident.id", "=", id).executeTakeFirst();
  return row && incidentOf(row, source.onDamaged);
}

async function timeline({ db, onDamaged }: Source, id: string) {
  const rows = await db
    .selectFrom("journal")
    .select(["idx", "at", "body"])
    .where("incident_id", "=", id)
    .orderBy("idx")
    .limit(MAX_TIMELINE)
    .execute();
  if (rows.length === 0) return undefined;
  return { items: rows.map((row) => entryOf(row, onDamaged)), next: null };
}

const PILLAR_ROW = ["id", "name", "body"] as const;

async function pillars(source: Source) {
  const { db } = source;
  const rows = await db
    .selectFrom("pillar")
    .select(PILLAR_ROW)
    .orderBy("id")
    .limit(MAX_LISTED)
    .execute();
  return rows.flatMap((row) => shownPillar(source, row) ?? []);
}

async function pillar(source: Source, id: string) {
  const { db } = source;
  const row = await db
    .selectFrom("pillar")
    .select(PILLAR_ROW)
    .where("id", "=", id)
    .executeTakeFirst();
  return row && shownPillar(source, row);
}

const shownPillar = ({ heardAt, onDamaged }: Source, row: PillarRow) =>
  pillarOf(row, heardAt(row.id as PillarId), onDamaged);

async function recordings({ db, onDamaged }: Source, incidentId: string) {
  const rows = await db
    .selectFrom("recording")
    .select(["id", "body"])
    .where("incident_id", "=", incidentId)
    .orderBy("started_idx")
    .limit(MAX_TIMELINE)
    .execute();
  return rows.flatMap((row) => recordingOf(row, onDamaged)?.recording ?? []);
}

async function recording({ db, dataDir, onDamaged }: Source, id: string) {
  const row = await db
    .selectFrom("recording")
    .select(["id", "body"])
    .where("id", "=", id)
    .executeTakeFirst();
  const stored = row && recordingOf(row, onDamaged);
  return stored && { ...stored.recording, path: join(dataDir, recordingPath(stored.record)) };
}

async function deletable(source: Source, limit: number): Promise<readonly Candidate[]> {
  const rows = await source.db
    .selectFrom("recording")
    .innerJoin("incident", "incident.id", "recording.incident_id")
    .select(["recording.id", "recording.body"])
    .where("recording.is_kept", "=", 1)
    .where("incident.state", "=", "closed")
    .where("incident.is_locked", "=", 0)
    .orderBy("recording.started_idx")
    .limit(limit)
    .execute();
  return rows.flatMap((row) => {
    const record = recordingOf(row, source.onDamaged)?.record;
    if (!record) return [];
    const { id, incidentId, startedAt, endedAt, bytes } = record;
    const ended = { endedAt: endedAt ?? startedAt, bytes: bytes ?? 0 };
    return [{ recordingId: id, incidentId, startedAt, ...ended }];
  });
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
  const facts = rows.flatMap((row) => {
    const fact = factOf(row, source.onDamaged);
    return fact ? { index: row.idx, fact } : [];
  });
  const subjects = subjectsOf(facts);
  return subjects.length > limit ? undefined : eventsOf(source, subjects);
}

async function eventsOf(source: Source, subjects: readonly NumberedSubject[]) {
  const events: NumberedEvent[] = [];
  for (const { index, subject, fact } of subjects) {
    const event = await eventOf(source, subject);
    if (event) events.push({ index, event, ...(await placeOf(source, event, fact)) });
  }
  return events;
}

/** Where it lies. Of a recording and of a notification only the fact behind it says that. */
async function placeOf(
  source: Source,
  event: NumberedEvent["event"],
  fact: Fact,
): Promise<Pick<NumberedEvent, "pillarId" | "grid">> {
  if (event.type === "incident") return { pillarId: event.incident.pillarId };
  if (event.type === "pillar") return { pillarId: event.pillar.id };
  if (event.type === "hub") return {};
  if ("pillarId" in fact) return { pillarId: fact.pillarId };
  if ("grid" in fact) return { grid: fact.grid };
  const incidentId =
    event.type === "recording"
      ? event.recording.incidentId
      : "incidentId" in fact
        ? fact.incidentId
        : undefined;
  const found = incidentId && (await incident(source, incidentId));
  return found ? { pillarId: found.pillarId } : {};
}

async function eventOf(
  source: Source,
  subject: NumberedSubject["subject"],
): Promise<NumberedEvent["event"] | undefined> {
  if (subject.type === "notification")
    return { type: "notification", notification: subject.notification };
  if (subject.type === "hub") {
    const hub = source.hubStatus?.();
    return hub && { type: "hub", hub };
  }
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
