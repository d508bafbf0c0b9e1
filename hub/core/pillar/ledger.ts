/**
 * What the hub holds of each pillar's ledger: which alarms, and where a gap is.
 *
 * A duplicate is known by its signature, because the same signature is the same content. The memory
 * of recent alarms is bounded; for older ones the shell asks the journal and tells us (`recorded`),
 * so a pillar that replays a year changes nothing.
 *
 * Limit: of the numbers seen ahead of a gap `MAX_AHEAD` runs
 * are kept; past that the lowest gap is still known.
 */
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { PillarId, Signature } from "../../../shared/ids.ts";
import { kindOf, type Alarm, type AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { HubEvent } from "../events.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";
import type { FactOf } from "../facts.ts";
import { CONFIRM_AFTER_MS, isCounted, isFromBefore } from "./clone-detection.ts";
import type { PillarContact } from "../state/heard-state.ts";
import type { HubState } from "../state/hub-state.ts";
import { NEW_MARK, type LedgerMark, seqKey, type Run } from "../state/ledger-mark.ts";

/** Alarms remembered without asking the journal, over all pillars. */
export const MAX_RECENT_ALARMS = 4096;
const MAX_AHEAD = 256;

export function markOf(state: HubState, pillarId: PillarId): LedgerMark {
  return state.marks.get(pillarId) ?? NEW_MARK;
}

/** Whether memory alone cannot tell if the journal holds this alarm. */
export function needsJournal(state: HubState, alarm: Alarm): boolean {
  if (state.alarms.has(alarm.sig)) return false;
  const mark = markOf(state, alarm.event.pillarId);
  return mark.enrolments > 1 || alarm.event.seq <= mark.headSeq;
}

export interface Sighting {
  /** The very same alarm. */
  readonly same?: KnownAlarm;
  /** Another alarm under its number or id. */
  readonly rival?: KnownAlarm;
}

/** Looks an alarm up in memory and in what the journal said. */
export function sight(state: HubState, event: Extract<HubEvent, { type: "alarm" }>): Sighting {
  const { alarm } = event;
  const { pillarId, seq, eventId } = alarm.event;
  const remembered = state.alarms.get(alarm.sig);
  if (remembered) return { same: remembered };
  const { since } = markOf(state, pillarId);
  const candidates = [
    recall(state, state.signatureBySeq.get(seqKey(pillarId, seq))),
    recall(state, state.signatureByEvent.get(eventId)),
    ...(event.recorded ?? []),
  ].filter((known): known is KnownAlarm => known?.pillarId === pillarId);
  const same = candidates.find((known) => known.sig === alarm.sig);
  if (same) return { same };
  // After a re-enrolment a pillar signs what it still owes
  // again, with its new key: match it to the first report.
  const resigned = candidates.find(
    (known) => known.eventId === eventId && known.seq === seq && known.index <= since,
  );
  if (resigned) return { same: resigned };
  const rival = candidates.find((known) => known.eventId === eventId || known.index > since);
  return rival ? { rival } : {};
}

function recall(state: HubState, sig: Signature | undefined): KnownAlarm | undefined {
  return sig === undefined ? undefined : state.alarms.get(sig);
}

/** Folds one recorded alarm; the caller owns the maps. */
export function rememberAlarm(
  state: HubState,
  fact: FactOf<"alarm-recorded">,
  index: number,
): void {
  const { pillarId, seq, eventId, bootEpoch } = fact.event;
  const { incidentId, sig } = fact;
  state.alarms.set(sig, { pillarId, seq, eventId, bootEpoch, incidentId, sig, index });
  state.signatureBySeq.set(seqKey(pillarId, seq), sig);
  state.signatureByEvent.set(eventId, sig);
  if (state.alarms.size > MAX_RECENT_ALARMS) forgetOldest(state);
  const mark = markOf(state, pillarId);
  const isTest = kindOf(fact.event) === "test";
  state.marks.set(pillarId, {
    ...advanced(mark, fact.event),
    headHash: seq > mark.headSeq ? fact.hash : mark.headHash,
    headBoot: seq > mark.headSeq ? bootEpoch : mark.headBoot,
    lastIncidentId: isTest ? mark.lastIncidentId : incidentId,
    lastEventId: isTest ? mark.lastEventId : eventId,
  });
}

function forgetOldest(state: HubState): void {
  const [oldest] = state.alarms.values();
  if (!oldest) return;
  state.alarms.delete(oldest.sig);
  const key = seqKey(oldest.pillarId, oldest.seq);
  if (state.signatureBySeq.get(key) === oldest.sig) state.signatureBySeq.delete(key);
  if (state.signatureByEvent.get(oldest.eventId) === oldest.sig) {
    state.signatureByEvent.delete(oldest.eventId);
  }
}

function advanced(mark: LedgerMark, event: AlarmEvent): LedgerMark {
  const { seq } = event;
  const headSeq = Math.max(mark.headSeq, seq);
  if (mark.contiguousSeq === null) return { ...mark, headSeq, contiguousSeq: seq };
  if (seq <= mark.contiguousSeq) return mark;
  const contiguousSeq = beginsAnew(event) ? seq - 1 : mark.contiguousSeq;
  const runs = joined([...mark.ahead, [seq, seq]], contiguousSeq);
  const [first, ...others] = runs;
  return first && first[0] === contiguousSeq + 1
    ? { ...mark, headSeq, contiguousSeq: first[1], ahead: others }
    : { ...mark, headSeq, contiguousSeq, ahead: runs.slice(0, MAX_AHEAD) };
}

/** What lies beyond `floor`, ascending, with a gap between each two. */
function joined(runs: readonly Run[], floor: number): Run[] {
  const found: [number, number][] = [];
  for (const [from, to] of runs.toSorted(([a], [b]) => a - b)) {
    const last = found.at(-1);
    if (to <= floor) continue;
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}

/**
 * A pillar that could not read its ledger: the numbers
 * below were never given out, and none is missing.
 */
const beginsAnew = ({ prevHash, bootEpoch }: AlarmEvent): boolean =>
  prevHash === GENESIS && !isCounted(bootEpoch);

/** A new enrolment: the numbers may start again, so nothing is expected until the first alarm. */
export function renewMark(state: HubState, pillarId: PillarId, index: number): void {
  const mark = markOf(state, pillarId);
  const isFirst = mark.enrolments === 0;
  state.marks.set(pillarId, {
    ...mark,
    headSeq: isFirst ? mark.headSeq : 0,
    headHash: isFirst ? mark.headHash : null,
    headBoot: isFirst ? mark.headBoot : null,
    contiguousSeq: isFirst ? mark.contiguousSeq : null,
    ahead: isFirst ? mark.ahead : [],
    since: index,
    enrolments: mark.enrolments + 1,
  });
}

/** The first number the pillar believes accepted and the hub does not hold. */
export function missingFrom(
  state: HubState,
  event: Extract<HubEvent, { type: "heartbeat" }>,
): number | undefined {
  const { contiguousSeq, headSeq, enrolments } = markOf(state, event.pillarId);
  const { head, oldestUnacceptedSeq, hubEpoch } = event.heartbeat;
  // Of what it held before a new enrolment no gap is known:
  // after a journal was put back it tells everything again.
  const isOfOther = hubEpoch !== undefined && hubEpoch !== (event.hubEpoch ?? hubEpoch);
  if (isOfOther && enrolments > 1 && head.seq > 0) return 1;
  if (contiguousSeq === null) return undefined;
  const next = contiguousSeq + 1;
  const isOnItsWay = oldestUnacceptedSeq !== undefined && oldestUnacceptedSeq <= next;
  // A life that began without its ledger has given out no number yet: missing is only what lies
  // below others we hold.
  const given = head.hash === GENESIS ? headSeq : head.seq;
  return given >= next && !isOnItsWay ? next : undefined;
}

/**
 * Takes note of a head that is behind. An alarm that came by HTTPS may overtake a heartbeat, so
 * being behind counts only when a heartbeat some seconds later is behind as well.
 */
export function hearHead(
  state: HubState,
  contact: PillarContact,
  { at, pillarId, heartbeat }: Extract<HubEvent, { type: "heartbeat" }>,
): void {
  if (isFromBefore(contact.cloneWatch, heartbeat.sessionNonce)) return;
  if (heartbeat.head.seq >= markOf(state, pillarId).headSeq) contact.behindSince = null;
  else contact.behindSince ??= at;
}

interface LedgerFault {
  readonly code: "ledger-forked" | "ledger-lost";
  readonly detail: string;
}

/**
 * A ledger with another alarm under a number, or with
 * fewer alarms than it sent, is not the one we know.
 */
export function headFault(
  state: HubState,
  event: Extract<HubEvent, { type: "heartbeat" }>,
): LedgerFault | undefined {
  const { headSeq, headHash, headBoot } = markOf(state, event.pillarId);
  const { head, bootEpoch } = event.heartbeat;
  const boots = { before: headBoot ?? bootEpoch, now: bootEpoch };
  if (head.seq === headSeq && headHash !== null && head.hash !== headHash) {
    return faultOf(boots, `expected alarm ${headSeq} with link ${headHash}, found ${head.hash}`);
  }
  const behindSince = state.heard.contacts.get(event.pillarId)?.behindSince ?? event.at;
  if (head.seq >= headSeq || event.at - behindSince < CONFIRM_AFTER_MS) return undefined;
  return faultOf(boots, `expected the ledger to reach alarm ${headSeq}, found ${head.seq}`);
}

/**
 * Two histories of one boot come from two machines, or from one that does not tell the truth. When
 * a later boot knows less than the one before, a disk has failed: what was sent from memory was
 * never stored. That a copy of an older disk is at work somewhere is found by `clone-detection.ts`,
 * from what both say.
 */
export function faultOf(
  boots: { readonly before: number; readonly now: number },
  found: string,
): LedgerFault {
  const { before, now } = boots;
  const isLost = now > before || (isCounted(now) && !isCounted(before));
  if (!isLost) return { code: "ledger-forked", detail: `${found}; inspect and enrol again` };
  const why = `since boot ${now} the pillar has forgotten what boot ${before} sent; it is kept here`;
  return { code: "ledger-lost", detail: `${found}: ${why}; replace its card and enrol it again` };
}
