/**
 * A ledger whose alarms all carry the signature of the present alarm key.
 *
 * After a re-enrolment a pillar still owes the alarms it stored before, and the hub would refuse
 * them under the old key. Chain and content stay; Ed25519 gives the same signature at every start.
 */
import type { SealedAlarm } from "../../core/state/kept.ts";
import type { Ledger } from "../../ports.ts";

type Resign = (alarm: SealedAlarm) => SealedAlarm;

export function ownLedger(ledger: Ledger, resign: Resign): Ledger {
  return {
    ...ledger,
    unaccepted: ownAlarms(ledger.unaccepted, resign),
    since: async (fromSeq, limit) => ownAlarms(await ledger.since(fromSeq, limit), resign),
    onNews: (listener) =>
      ledger.onNews((news) => {
        if (news.type !== "back") return listener(news);
        return listener({ ...news, unaccepted: ownAlarms(news.unaccepted, resign) });
      }),
  };
}

/** Oldest first: after the first that needs no new signature, none does. */
export function ownAlarms(alarms: readonly SealedAlarm[], resign: Resign): readonly SealedAlarm[] {
  const own: SealedAlarm[] = [];
  for (const alarm of alarms) {
    const resigned = resign(alarm);
    if (resigned === alarm) break;
    own.push(resigned);
  }
  return [...own, ...alarms.slice(own.length)];
}
