/**
 * The journal's tables.
 *
 * `journal` holds the facts and only grows: triggers refuse to change or delete a row. The other
 * tables can be made from it again; their `body` is the folded record as JSON, beside the columns
 * we search by.
 */
import type { Shape } from "../../shared/host/sqlite.ts";
import { OF_IDENTITY } from "../core/facts.ts";

export interface JournalTable {
  idx: number;
  at: number;
  type: string;
  incident_id: string | null;
  pillar_id: string | null;
  /** The fact as JSON, byte for byte what was hashed. */
  body: string;
  prev_hash: string;
  hash: string;
}
interface AlarmTable {
  idx: number;
  pillar_id: string;
  seq: number;
  event_id: string;
  incident_id: string;
  sig: string;
}
interface IncidentTable {
  id: string;
  pillar_id: string;
  state: string;
  pressed_at: number;
  /** Journal index of the opening: orders lists and is their cursor. */
  opened_idx: number;
  /** 1: its recordings are kept. */
  is_locked: number;
  body: string;
}
interface PillarTable {
  id: string;
  name: string;
  body: string;
}
interface RecordingTable {
  id: string;
  incident_id: string;
  started_idx: number;
  /** 1: it has ended and its file was not given up. */
  is_kept: number;
  body: string;
}
interface AuditTable {
  idx: number;
  at: number;
  person: string | null;
  kind: string;
  incident_id: string | null;
}
interface SnapshotTable {
  idx: number;
  /** Hash of the journal row it was taken at. */
  hash: string;
  sha256: string;
  body: string;
}
interface MetaTable {
  key: string;
  value: string;
}

export interface Tables {
  journal: JournalTable;
  alarm: AlarmTable;
  incident: IncidentTable;
  pillar: PillarTable;
  recording: RecordingTable;
  audit: AuditTable;
  snapshot: SnapshotTable;
  meta: MetaTable;
}

/** Taken away for one transaction where a fact is sealed (`seal.ts`). */
export const JOURNAL_KEEPS_WORDS = `create trigger journal_keeps_words before update on journal
     begin select raise(abort, 'the journal is append-only'); end`;

/**
 * Which rows are `IdentityFact`s. An index of the same words serves queries that use them; another
 * type needs another index.
 */
export const IDENTITY_ROWS = `type in (${OF_IDENTITY.map((type) => `'${type}'`).join(", ")})`;

const STATEMENTS = [
  `create table meta (key text primary key, value text not null) strict`,
  `create table journal (
     idx integer primary key, at integer not null, type text not null,
     incident_id text, pillar_id text, body text not null,
     prev_hash text not null, hash text not null) strict`,
  `create index journal_by_incident on journal (incident_id, idx) where incident_id is not null`,
  // Without reading the whole journal, which has millions of other rows.
  `create index journal_of_identities on journal (pillar_id, idx) where ${IDENTITY_ROWS}`,
  `create trigger journal_keeps_rows before delete on journal
     begin select raise(abort, 'the journal is append-only'); end`,
  JOURNAL_KEEPS_WORDS,
  `create table alarm (
     idx integer primary key, pillar_id text not null, seq integer not null,
     event_id text not null, incident_id text not null, sig text not null) strict`,
  `create index alarm_by_seq on alarm (pillar_id, seq)`,
  `create index alarm_by_event on alarm (event_id)`,
  `create table incident (
     id text primary key, pillar_id text not null, state text not null,
     pressed_at integer not null, opened_idx integer not null, is_locked integer not null,
     body text not null) strict`,
  `create index incident_by_age on incident (opened_idx)`,
  `create index incident_active on incident (opened_idx) where state <> 'closed'`,
  `create index incident_by_pillar on incident (pillar_id, opened_idx)`,
  `create table pillar (id text primary key, name text not null, body text not null) strict`,
  `create table recording (
     id text primary key, incident_id text not null, started_idx integer not null,
     is_kept integer not null, body text not null) strict`,
  `create index recording_by_incident on recording (incident_id, started_idx)`,
  `create index recording_kept on recording (started_idx) where is_kept = 1`,
  `create table audit (
     idx integer primary key, at integer not null, person text, kind text not null,
     incident_id text) strict`,
  `create index audit_by_time on audit (at, idx)`,
  `create index audit_by_person on audit (person, at, idx)`,
  `create index audit_by_kind on audit (kind, at, idx)`,
  `create index audit_by_incident on audit (incident_id, at, idx) where incident_id is not null`,
  `create table snapshot (
     idx integer primary key, hash text not null, sha256 text not null,
     body text not null) strict`,
] as const;

/** The format rises with the tables and with what facts and folded records hold. */
export const JOURNAL_SHAPE: Shape = { format: 2, sql: STATEMENTS.join(";\n") };
