/**
 * The journal's tables, and the steps that make them.
 *
 * `journal` holds the facts and only grows: triggers refuse to change or delete a row. The other
 * tables can be made from it again; their `body` is the folded record as JSON, beside the columns
 * we search by.
 */
import { sql, type Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
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

const FIRST = [
  `create table meta (key text primary key, value text not null) strict`,
  `create table journal (
     idx integer primary key, at integer not null, type text not null,
     incident_id text, pillar_id text, body text not null,
     prev_hash text not null, hash text not null) strict`,
  `create index journal_by_incident on journal (incident_id, idx) where incident_id is not null`,
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
     pressed_at integer not null, opened_idx integer not null, body text not null) strict`,
  `create index incident_by_age on incident (opened_idx)`,
  `create index incident_active on incident (opened_idx) where state <> 'closed'`,
  `create index incident_by_pillar on incident (pillar_id, opened_idx)`,
  `create table pillar (id text primary key, name text not null, body text not null) strict`,
  `create table recording (
     id text primary key, incident_id text not null, started_idx integer not null,
     body text not null) strict`,
  `create index recording_by_incident on recording (incident_id, started_idx)`,
  `create table snapshot (
     idx integer primary key, hash text not null, sha256 text not null,
     body text not null) strict`,
] as const;

const SECOND = [
  `update incident set body = json_set(body,
     '$.ring', 1, '$.escalation', 'none', '$.isVerified', json('true'))`,
  `update incident set body = json_set(body, '$.deadline.setAt', json_extract(body, '$.openedAt'))
     where json_extract(body, '$.deadline') is not null`,
  `update pillar set body = json_set(body, '$.certificateExpiresAt', null)`,
] as const;

const THIRD = [
  `update pillar set body = json_set(body,
     '$.certificate', json(case when json_extract(body, '$.certificateSerial') is null then null
       else json_object('serial', json_extract(body, '$.certificateSerial'),
         'expiresAt', json_extract(body, '$.certificateExpiresAt'), 'issuedAt', null) end),
     '$.nextCertificate', null, '$.expiredSeenAt', null, '$.isCertificateOver', json('false'), '$.revocation', null)`,
  `update pillar set body = json_remove(body, '$.certificateSerial', '$.certificateExpiresAt')`,
] as const;

/** With what the journal holds already. */
const AUDIT = [
  `create table audit (
     idx integer primary key, at integer not null, person text, kind text not null,
     incident_id text) strict`,
  `insert into audit
     select idx, at, coalesce(json_extract(body, '$.by'), json_extract(body, '$.username')),
       case type
         when 'session-opened' then 'session' when 'session-closed' then 'session'
         when 'recording-viewed' then 'recording'
         when 'view-opened' then json_extract(body, '$.role')
         when 'view-closed' then json_extract(body, '$.role')
         else 'order' end,
       incident_id
     from journal where type in (
       'session-opened', 'session-closed', 'recording-viewed', 'view-opened', 'view-closed',
       'command-sent', 'pillar-revoked', 'incident-acknowledged', 'incident-answered',
       'incident-held', 'incident-transferred', 'incident-noted', 'unit-dispatched',
       'incident-closed', 'incident-reopened')`,
  `create index audit_by_time on audit (at, idx)`,
  `create index audit_by_person on audit (person, at, idx)`,
  `create index audit_by_kind on audit (kind, at, idx)`,
  `create index audit_by_incident on audit (incident_id, at, idx) where incident_id is not null`,
] as const;

/** Those that run are told apart when they end; until then the core keeps them. */
const RETENTION = [
  `update incident set body = json_set(body, '$.lock', null)`,
  `update recording set body = json_set(body, '$.deletion', null)`,
  `alter table incident add column is_locked integer not null default 0`,
  `alter table recording add column is_kept integer not null default 1`,
  `create index recording_kept on recording (started_idx) where is_kept = 1`,
] as const;

/** Without reading the whole journal, which has millions of other rows. */
const IDENTITIES = [
  `create index journal_of_identities on journal (pillar_id, idx) where ${IDENTITY_ROWS}`,
] as const;

const migrations: Record<string, Migration> = {
  "0001-journal": {
    async up(db: Kysely<unknown>) {
      for (const statement of FIRST) await sql.raw(statement).execute(db);
    },
  },
  /** Folded records learn what they did not hold before, as their facts would have told it. */
  "0002-escalation": {
    async up(db: Kysely<unknown>) {
      for (const statement of SECOND) await sql.raw(statement).execute(db);
    },
  },
  /** A certificate is renewed, and an identity may end. */
  "0003-certificates": {
    async up(db: Kysely<unknown>) {
      for (const statement of THIRD) await sql.raw(statement).execute(db);
    },
  },
  /** Who did what, to be searched. */
  "0004-audit": {
    async up(db: Kysely<unknown>) {
      for (const statement of AUDIT) await sql.raw(statement).execute(db);
    },
  },
  /** Recordings go, and may be locked. */
  "0005-retention": {
    async up(db: Kysely<unknown>) {
      for (const statement of RETENTION) await sql.raw(statement).execute(db);
    },
  },
  /** The register of identities is compared with the journal. */
  "0006-identities": {
    async up(db: Kysely<unknown>) {
      for (const statement of IDENTITIES) await sql.raw(statement).execute(db);
    },
  },
};

export const migrationProvider: MigrationProvider = {
  getMigrations: () => Promise.resolve(migrations),
};
