/**
 * What one pillar may cost the journal in a day.
 *
 * A fact is kept for ever, so a limit on messages per second is not enough: fifty heartbeats a
 * second that each change a fault are 25 GB a day. Everything here is folded from facts, so a
 * restart changes nothing.
 *
 * Faults and starts have a daily number. Alarms always ring: what opens an incident, or makes one
 * more urgent, is recorded whatever it costs. Others join an open incident, and are recorded at the
 * pace of a bucket of bytes; one that comes faster gets no receipt yet, and its pillar sends it
 * again. Presence is always recorded.
 */
import type { PillarId } from "../../../shared/ids.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { Fact, FactOf } from "../facts.ts";
import type { HubState } from "../state/hub-state.ts";
import type { Budget } from "../state/budget-state.ts";

export const DAY_MS = 86_400_000;
/** Faults that come and go, and starts, of one pillar in a day. */
export const MAX_FACTS_PER_DAY = 2500;
export const MAX_BYTES_PER_DAY = 2 * 1024 * 1024;
export const MAX_RENEWALS_PER_DAY = 12;
/** A ledger sent again after a long outage comes at full pace: about two thousand alarms. */
export const ALARM_BURST_BYTES = 4 * 1024 * 1024;
/** After that an ordinary alarm every 14 s. */
const ALARM_BYTES_PER_DAY = 12 * 1024 * 1024;
/**
 * Of an alarm that costs more, when half of the burst is used up, only what this hub knows is kept.
 */
const PLAIN_LENGTH = 2048;
/** What a row costs beside the text of its fact: two hashes, columns, its place in the indexes. */
const ROW_BYTES = 300;
/** A fault may come and go so often a day without delay. */
const FREE_RAISES = 20;
const FIRST_HOLD_MS = 60_000;
const MOST_HOLD_MS = 3_600_000;

const dayOf = (at: number): number => Math.floor(at / DAY_MS);

/** As it stands now: a new day begins with nothing used, and alarms drain all the time. */
export function budgetOf(state: HubState, pillarId: PillarId, at: number): Budget {
  const kept = state.budgets.get(pillarId);
  const day = dayOf(at);
  if (!kept) {
    return { day, facts: 0, bytes: 0, renewals: 0, raised: {}, alarmBytes: 0, alarmsAt: at };
  }
  const drained = (Math.max(0, at - kept.alarmsAt) * ALARM_BYTES_PER_DAY) / DAY_MS;
  const alarms = { alarmBytes: Math.max(0, kept.alarmBytes - drained), alarmsAt: at };
  if (kept.day === day) return { ...kept, ...alarms };
  return { day, facts: 0, bytes: 0, renewals: 0, raised: {}, ...alarms };
}

/** Found by the hub and recorded once until cleared, whatever else was recorded that day. */
const ALWAYS_TOLD: ReadonlySet<FaultCode> = new Set([
  "budget-spent",
  "certificate-ending",
  "certificate-expired",
  "clone-suspected",
  "ledger-forked",
  "ledger-lost",
  "picture-unrecorded",
  "renewal-refused",
]);

type Counted = FactOf<"pillar-started" | "pillar-fault">;

const isCounted = (fact: Fact): fact is Counted =>
  fact.type === "pillar-started" || (fact.type === "pillar-fault" && !ALWAYS_TOLD.has(fact.code));

/** Folds what a fact costs. Called for every fact, after it was folded otherwise. */
export function evolveBudget(state: HubState, fact: Fact): void {
  const pillarId = payerOf(state, fact);
  if (!pillarId) return;
  if (fact.type === "pillar-enrolled") {
    state.budgets.delete(pillarId);
    state.spent.delete(pillarId);
    return;
  }
  if (fact.type === "pillar-fault") noteSpent(state, pillarId);
  const budget = charged(budgetOf(state, pillarId, fact.at), fact);
  if (budget) state.budgets.set(pillarId, budget);
}

/** Those that `budgetFacts` looks at. */
function noteSpent(state: HubState, pillarId: PillarId): void {
  const { faults = [] } = state.pillars.get(pillarId) ?? {};
  const isSpent = faults.includes("budget-spent") || faults.includes("renewal-refused");
  if (isSpent) state.spent.add(pillarId);
  else state.spent.delete(pillarId);
}

/** The pillar that caused it; `undefined` when a person or the hub did, or when it is free. */
function payerOf(state: HubState, fact: Fact): PillarId | undefined {
  switch (fact.type) {
    case "alarm-recorded":
      return fact.event.pillarId;
    case "incident-joined":
      return state.incidents.get(fact.incidentId)?.pillarId;
    case "pillar-started":
    case "pillar-fault":
    case "pillar-enrolled":
    case "certificate-renewed":
    case "incident-opened":
    case "alarm-equivocation":
      return fact.pillarId;
    default:
      return undefined;
  }
}

function charged(budget: Budget, fact: Fact): Budget | undefined {
  if (fact.type === "pillar-fault" && ALWAYS_TOLD.has(fact.code)) return undefined;
  if (fact.type === "certificate-renewed") return { ...budget, renewals: budget.renewals + 1 };
  if (isCounted(fact)) {
    const bytes = budget.bytes + costOf(fact);
    return { ...budget, facts: budget.facts + 1, bytes, raised: raisedBy(budget, fact) };
  }
  return { ...budget, alarmBytes: budget.alarmBytes + costOf(fact) };
}

function raisedBy({ raised }: Budget, fact: Counted): Budget["raised"] {
  if (fact.type !== "pillar-fault" || !fact.isActive) return raised;
  const times = (raised[fact.code]?.times ?? 0) + 1;
  return { ...raised, [fact.code]: { times, at: fact.at } };
}

const costOf = (fact: Fact): number => bytesOf(fact) + ROW_BYTES;

/** Of its JSON in UTF-8. */
const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/**
 * What of these facts of one pillar is written: no more than the day allows, and of a fault that
 * comes and goes all the time not every end. What is left out is a fault of its own.
 */
export function withinBudget(
  state: HubState,
  { at, pillarId }: { readonly at: number; readonly pillarId: PillarId },
  facts: readonly Fact[],
): Fact[] {
  if (!facts.some(isCounted)) return [...facts];
  const kept: Fact[] = [];
  let budget = budgetOf(state, pillarId, at);
  let isSpent = false;
  for (const fact of facts) {
    if (isCounted(fact)) {
      if (isHeld(budget, fact)) continue;
      if (budget.facts >= MAX_FACTS_PER_DAY || budget.bytes + costOf(fact) > MAX_BYTES_PER_DAY) {
        isSpent = true;
        continue;
      }
      budget = charged(budget, fact) ?? budget;
    }
    kept.push(fact);
  }
  return isSpent ? [...kept, ...spentFacts(state, { at, pillarId })] : kept;
}

/**
 * The end of a fault that has come back often today waits:
 * meanwhile the worse of the two states is shown.
 */
function isHeld(budget: Budget, fact: Counted): boolean {
  return fact.type === "pillar-fault" && !fact.isActive && isEndHeld(budget, fact);
}

/** Whether the end of this fault is not told yet, because it was raised so often today. */
function isEndHeld(
  { raised }: Pick<Budget, "raised">,
  fact: { readonly code: FaultCode; readonly at: number },
): boolean {
  const { times = 0, at = 0 } = raised[fact.code] ?? {};
  if (times <= FREE_RAISES) return false;
  const holdMs = Math.min(FIRST_HOLD_MS * 2 ** (times - FREE_RAISES - 1), MOST_HOLD_MS);
  return fact.at >= at && fact.at - at < holdMs;
}

/** Told once, until it is over. */
export function spentFacts(
  state: HubState,
  { at, pillarId }: { readonly at: number; readonly pillarId: PillarId },
): Fact[] {
  const isTold = state.pillars.get(pillarId)?.faults.includes("budget-spent") ?? true;
  if (isTold) return [];
  const detail =
    "it says more than a whole day of faults or alarms may cost: until it is quiet again its faults are not " +
    "recorded, and alarms during an open incident only now and then; look for a loose contact or a stolen key";
  return [{ type: "pillar-fault", at, pillarId, code: "budget-spent", isActive: true, detail }];
}

/** What is over: a day later, and for alarms when they have drained. */
export function budgetFacts(state: HubState, at: number): Fact[] {
  const facts: Fact[] = [];
  for (const pillarId of state.spent) {
    const { faults: shown = [] } = state.pillars.get(pillarId) ?? {};
    const { facts: used, bytes, alarmBytes, renewals } = budgetOf(state, pillarId, at);
    const isLow = used < MAX_FACTS_PER_DAY / 2 && bytes < MAX_BYTES_PER_DAY / 2;
    const over = { type: "pillar-fault", at, pillarId, isActive: false, detail: "" } as const;
    if (shown.includes("budget-spent") && isLow && alarmBytes <= ALARM_BURST_BYTES / 2) {
      facts.push({ ...over, code: "budget-spent" });
    }
    if (shown.includes("renewal-refused") && renewals < MAX_RENEWALS_PER_DAY) {
      facts.push({ ...over, code: "renewal-refused" });
    }
  }
  return facts;
}

/** A renewal was refused for want of budget. Told once, until the next day. */
export function renewalFacts(
  state: HubState,
  { at, pillarId }: { readonly at: number; readonly pillarId: PillarId },
): Fact[] {
  const isTold = state.pillars.get(pillarId)?.faults.includes("renewal-refused") ?? true;
  if (isTold || !isRenewalBudgetSpent(state, pillarId, at)) return [];
  const detail =
    `it has had ${MAX_RENEWALS_PER_DAY} certificates today and asks for another: its clock or its disk ` +
    "may be broken, or its keys are used elsewhere";
  return [{ type: "pillar-fault", at, pillarId, code: "renewal-refused", isActive: true, detail }];
}

/** Whether one more alarm of this pillar would cost more than alarms may now. */
export const isAlarmBudgetSpent = (state: HubState, pillarId: PillarId, at: number): boolean =>
  budgetOf(state, pillarId, at).alarmBytes >= ALARM_BURST_BYTES;

export interface KeptEvent {
  readonly event: AlarmEvent;
  /** UTF-8 bytes of the event that was signed; set when only its known fields are kept. */
  readonly signedBytes?: number;
}

/**
 * The event to the letter, as evidence. When a pillar has used half of its burst, what this hub
 * does not know is not kept of a large one: the fact's `hash` still covers all of it, so the
 * pillar's own copy can be proven.
 */
export function keptEvent(state: HubState, event: AlarmEvent, at: number): KeptEvent {
  const signedBytes = bytesOf(event);
  const isShort = signedBytes <= PLAIN_LENGTH;
  if (isShort || budgetOf(state, event.pillarId, at).alarmBytes < ALARM_BURST_BYTES / 2) {
    return { event };
  }
  const { v, eventId, pillarId, bootEpoch, seq, prevHash, kind, wallMs, text } = event;
  const { synced, errorMs } = event.clock;
  const clock = errorMs === undefined ? { synced } : { synced, errorMs };
  const known = { v, eventId, pillarId, bootEpoch, seq, prevHash, kind, wallMs, clock };
  return { event: text === undefined ? known : { ...known, text }, signedBytes };
}

/** A renewal is a certificate, a fact and a line of the register. */
export const isRenewalBudgetSpent = (state: HubState, pillarId: PillarId, at: number): boolean =>
  budgetOf(state, pillarId, at).renewals >= MAX_RENEWALS_PER_DAY;
