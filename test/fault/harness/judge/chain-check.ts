/**
 * I6: the hub's chain and each pillar's chain hold link by link, and both tell of the same alarms.
 */
import { sha256 } from "../../../../device/adapters/identity/identity.ts";
import { BEGINNING, checkChain, type Link } from "../../../../hub/journal/chain.ts";
import { GENESIS, linkHash } from "../../../../shared/hash-chain.ts";
import type { AlarmEvent } from "../../../../shared/protocol/alarm.ts";
import type { Violation } from "./violation.ts";
import type { Entry, LedgerRow } from "./history.ts";
import type { JournalView } from "./journal-view.ts";

export function chainViolations(entries: readonly Entry[], view: JournalView): Violation[] {
  const ledgers = new Map<string, LedgerRow[]>();
  for (const entry of entries) {
    if (entry.what !== "ledger") continue;
    ledgers.set(entry.pillarId, [...(ledgers.get(entry.pillarId) ?? []), entry.row]);
  }
  const found = [
    ...brokenJournal(view),
    ...[...ledgers].flatMap(([pillarId, rows]) => [
      ...brokenLedger(pillarId, rows),
      ...disagreement(view, pillarId, rows),
    ]),
    ...gaps(view),
  ];
  return found.map((detail) => ({ invariant: "I6", detail }));
}

function brokenJournal({ rows }: JournalView): string[] {
  const check = checkChain(() => rows.filter(({ type }) => type === "fact-sealed"));
  let link: Link = BEGINNING;
  for (const row of rows) {
    const broken = check.breach(link, row);
    if (broken) return [`the journal's chain is broken: ${broken.reason}`];
    link = row;
  }
  return [];
}

function brokenLedger(pillarId: string, rows: readonly LedgerRow[]): string[] {
  let before: LedgerRow | undefined;
  for (const row of rows) {
    const event = JSON.parse(row.event) as AlarmEvent;
    const name = `${pillarId}'s alarm ${row.seq}`;
    if (linkHash(sha256, event.prevHash, event) !== row.hash) return [`${name} was changed`];
    if (before && row.seq !== before.seq + 1) return [`${name} follows alarm ${before.seq}`];
    if (before && event.prevHash !== before.hash) return [`${name} is linked to another alarm`];
    before = row;
  }
  return [];
}

/**
 * What the pillar holds as accepted is in the journal,
 * word for word, and the newest of all as well.
 */
function disagreement(view: JournalView, pillarId: string, rows: readonly LedgerRow[]): string[] {
  const held = new Map(
    view.alarms
      .filter(({ fact }) => fact.event.pillarId === pillarId)
      .map(({ fact }) => [fact.event.seq, fact.event]),
  );
  const newest = rows.at(-1);
  const wrong = rows.filter(({ seq, hash, accepted_by, ...row }) => {
    if (accepted_by === null && row.event_id !== newest?.event_id) return false;
    const event = held.get(seq);
    return !event || linkHash(sha256, event.prevHash, event) !== hash;
  });
  return wrong.map(({ seq }) => `${pillarId}: the journal does not hold its alarm ${seq} as it is`);
}

/**
 * Every alarm follows the one before it, or shows by its
 * link that the agent had started without its ledger.
 */
function gaps(view: JournalView): string[] {
  const declared = new Set(
    view.facts.flatMap((fact) =>
      fact.type === "pillar-fault" && fact.code === "ledger-failing" ? [String(fact.pillarId)] : [],
    ),
  );
  return [...view.alarmsByPillar].flatMap(([pillarId, alarms]) => {
    // More than its memory holds went by while its disk was away, and it said so by a fault.
    if (declared.has(pillarId)) return [];
    const held = new Set(alarms.map(({ fact }) => fact.event.seq));
    return alarms.flatMap(({ fact: { event } }) => {
      const isFirst = event.seq === 1 || event.prevHash === GENESIS;
      const isNext = held.has(event.seq - 1);
      return isFirst || isNext
        ? []
        : [`${pillarId}: the journal lacks what is before ${event.seq}`];
    });
  });
}
