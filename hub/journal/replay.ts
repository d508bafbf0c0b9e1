/**
 * Reads the state back from the disk: the latest good snapshot,
 * then every fact after it, each link checked.
 *
 * A broken chain stops the start, because a hub that went on would put new, valid links on top of a
 * forgery. What lies before a snapshot was checked when it was made; a snapshot of another release
 * is not used for the state, but its check of the chain counts. `anzhu-hub verify` checks
 * everything.
 */
import type { DatabaseSync } from "node:sqlite";
import type { AlarmEvent } from "../../shared/protocol/alarm.ts";
import type { KnownAlarm } from "../core/state/known-alarm.ts";
import type { Fact, IdentityFact } from "../core/facts.ts";
import type { JournalFold } from "../core/refold.ts";
import { IDENTITY_ROWS } from "./schema.ts";
import { BEGINNING, checkChain, rowsAfter, sealRowsOf, sha256, type Link } from "./chain.ts";

/** Alarms looked at under one number or id: more than one is already a fault. */
const MAX_RIVALS = 16;

interface SnapshotRow {
  readonly idx: number;
  readonly hash: string;
  readonly sha256: string;
  readonly body: string;
}

export function replay(database: DatabaseSync, fold: JournalFold): void {
  const { snapshot, checked } = fromSnapshot(database, fold);
  if (checked.idx > snapshot.idx)
    foldOnly(database, fold, { after: snapshot.idx, to: checked.idx });
  const check = checkChain(sealRowsOf(database));
  let link = checked;
  for (const row of rowsAfter(database, link.idx)) {
    const broken = check.breach(link, row);
    if (broken) {
      throw new Error(
        `the journal's chain is broken: ${broken.reason}. ` +
          "Keep the file as evidence, run anzhu-hub doctor, and restore a backup.",
      );
    }
    fold.fact(JSON.parse(row.body) as Fact, row.idx);
    link = row;
  }
}

interface CheckedStart {
  /** What was folded up to here comes from a snapshot. */
  readonly snapshot: Link;
  /** The chain was checked up to here when a snapshot was made, perhaps by another release. */
  readonly checked: Link;
}

function fromSnapshot(database: DatabaseSync, fold: JournalFold): CheckedStart {
  const rows = database
    .prepare(
      `select snapshot.* from snapshot join journal
         on journal.idx = snapshot.idx and journal.hash = snapshot.hash
       order by snapshot.idx desc`,
    )
    .all() as unknown as SnapshotRow[];
  const whole = rows.filter((row) => sha256(row.body) === row.sha256);
  const snapshot = whole.find((row) => fold.snapshot(row.body, row.idx)) ?? BEGINNING;
  return { snapshot, checked: whole[0] ?? BEGINNING };
}

interface Stretch {
  readonly after: number;
  readonly to: number;
}

function foldOnly(database: DatabaseSync, fold: JournalFold, { after, to }: Stretch): void {
  const rows = database
    .prepare("select idx, body from journal where idx > ? and idx <= ? order by idx")
    .iterate(after, to) as Iterable<unknown> as Iterable<{ idx: number; body: string }>;
  for (const { idx, body } of rows) fold.fact(JSON.parse(body) as Fact, idx);
}

export function findAlarms(
  database: DatabaseSync,
  event: Pick<AlarmEvent, "pillarId" | "seq" | "eventId">,
): readonly KnownAlarm[] {
  const boot = "select json_extract(body, '$.event.bootEpoch') from journal where idx = alarm.idx";
  const columns =
    'idx as "index", pillar_id as pillarId, seq, event_id as eventId, incident_id as incidentId, sig, ' +
    `(${boot}) as bootEpoch`;
  return database
    .prepare(
      `select ${columns} from alarm where pillar_id = ? and seq = ?
       union select ${columns} from alarm where event_id = ? and pillar_id = ? limit ?`,
    )
    .all(
      event.pillarId,
      event.seq,
      event.eventId,
      event.pillarId,
      MAX_RIVALS,
    ) as unknown as KnownAlarm[];
}

export function identityFacts(database: DatabaseSync): readonly IdentityFact[] {
  return database
    .prepare(`select body from journal where ${IDENTITY_ROWS} order by pillar_id, idx`)
    .all()
    .map(({ body }) => JSON.parse(String(body)) as IdentityFact);
}
