/**
 * The pillars the hub knows: who they are, what key they sign with, what is wrong with them.
 *
 * One record per pillar, a fold of its facts; the journal keeps the same fold as a row. What is
 * only heard and not journalled (the last heartbeat) lives in `presence.ts`.
 */
import { withEndedSession } from "./session.ts";
import { boundedPlace } from "../../../shared/api/pillar.ts";
import { assert, assertNever } from "../../../shared/assert.ts";
import type { PillarId } from "../../../shared/ids.ts";
import {
  faultsOf,
  readFault,
  type FaultCode,
  type Heartbeat,
} from "../../../shared/protocol/heartbeat.ts";
import { enrolledWith, evolveCertificate, isExpired, NO_CREDENTIALS } from "./certificate.ts";
import type { Causes, PillarRecord } from "../state/pillar-record.ts";
import type { HubEvent } from "../events.ts";
import type { Fact, FactOf, PillarFact } from "../facts.ts";
import { headFault } from "./ledger.ts";
import { isCounted } from "./clone-detection.ts";
import type { HubState } from "../state/hub-state.ts";

/** One hub serves one cell; a city has many cells. */
export const MAX_PILLARS = 100_000;

/** A fault whose cause changes is written down again, at most this often. */
const CAUSE_CHANGES_AFTER_MS = 30_000;

/** Faults only the hub can find: a heartbeat that does not list them does not clear them. */
const FOUND_BY_HUB: ReadonlySet<FaultCode> = new Set([
  "budget-spent",
  "certificate-ending",
  "certificate-expired",
  "clone-suspected",
  "ledger-forked",
  "ledger-lost",
  "picture-unrecorded",
  "renewal-refused",
]);

export function evolvePillar(record: PillarRecord | undefined, fact: PillarFact): PillarRecord {
  if (fact.type === "pillar-registered") return registered(record, fact);
  assert(record, `${fact.type} for pillar ${fact.pillarId}, which was never registered`);
  switch (fact.type) {
    case "pillar-enrolled":
      return enrolled(record, fact);
    case "certificate-renewed":
    case "certificate-adopted":
    case "certificate-expired":
    case "pillar-revoked":
      return evolveCertificate(record, fact);
    case "pillar-session-ended":
      return withEndedSession(record, fact);
    case "pillar-started":
      return { ...record, bootEpoch: fact.bootEpoch, release: fact.release };
    case "presence-changed":
      return { ...record, presence: fact.presence, presenceAt: fact.at };
    case "pillar-fault":
      return {
        ...record,
        faults: withFault(record.faults, fact),
        causes: withCause(record.causes, fact),
        ...(fact.code === "certificate-expired" && {
          expiredSeenAt: fact.isActive ? fact.at : null,
        }),
      };
    case "pillar-cloned":
      return {
        ...record,
        faults: withFault(record.faults, { code: "clone-suspected", isActive: true }),
      };
    default:
      return assertNever(fact);
  }
}

function registered(
  record: PillarRecord | undefined,
  fact: FactOf<"pillar-registered">,
): PillarRecord {
  return {
    presence: "lost",
    presenceAt: null,
    ...NO_CREDENTIALS,
    alarmPublicKey: null,
    endedSessions: [],
    bootEpoch: null,
    release: null,
    faults: [],
    causes: {},
    ...record,
    id: fact.pillarId,
    ...boundedPlace(fact),
    position: fact.position,
  };
}

/** A new key is a new identity with a new ledger: what the hub held against the old one is over. */
function enrolled(record: PillarRecord, fact: FactOf<"pillar-enrolled">): PillarRecord {
  return {
    ...record,
    ...enrolledWith(fact),
    alarmPublicKey: fact.alarmPublicKey,
    presence: record.presence === "out-of-service" ? "lost" : record.presence,
    bootEpoch: null,
    faults: record.faults.filter((code) => !FOUND_BY_HUB.has(code)),
  };
}

function withFault(
  faults: readonly FaultCode[],
  fact: Pick<FactOf<"pillar-fault">, "code" | "isActive">,
): readonly FaultCode[] {
  const others = faults.filter((code) => code !== fact.code);
  return fact.isActive ? [...others, fact.code].toSorted() : others;
}

function withCause(causes: Causes, fact: FactOf<"pillar-fault">): Causes {
  const { [fact.code]: _before, ...others } = causes;
  if (!fact.isActive) return others;
  return { ...others, [fact.code]: { detail: fact.detail, at: fact.at } };
}

/** The same again, or another cause too soon, changes nothing. */
function isNewCause(
  before: { readonly detail: string; readonly at: number } | undefined,
  now: { readonly detail: string; readonly at: number },
): boolean {
  if (before === undefined || now.detail === "" || before.detail === now.detail) return false;
  return before.detail === "" || now.at - before.at >= CAUSE_CHANGES_AFTER_MS;
}

/** What a heartbeat says about the pillar itself: a new boot, faults come and gone. */
export function heartbeatFacts(
  state: HubState,
  event: Extract<HubEvent, { type: "heartbeat" }>,
): Fact[] {
  const record = state.pillars.get(event.pillarId);
  if (!record) return [];
  const { at, pillarId, heartbeat } = event;
  const facts: Fact[] = [];
  const { bootEpoch, release } = heartbeat;
  const known = record.bootEpoch ?? 0;
  const isNext = bootEpoch > known || (bootEpoch !== known && !isCounted(known));
  if (isNext || (bootEpoch === known && release !== record.release)) {
    facts.push({ type: "pillar-started", at, pillarId, bootEpoch, release });
  }
  facts.push(...faultChanges(record, event));
  const fault = headFault(state, event);
  if (fault && !record.faults.includes(fault.code))
    facts.push(faultFact({ at, pillarId, ...fault }));
  facts.push(...cloneFacts(state, event));
  return facts;
}

/** Recorded once; a new enrolment clears it. */
export function cloneFacts(
  state: HubState,
  { at, pillarId }: { readonly at: number; readonly pillarId: PillarId },
): Fact[] {
  const suspicion = state.heard.contacts.get(pillarId)?.cloneWatch?.suspicion;
  const isTold = state.pillars.get(pillarId)?.faults.includes("clone-suspected") ?? true;
  if (suspicion === undefined || isTold) return [];
  const detail = `${suspicion}; find out which pillar is real and enrol it again`;
  return [{ type: "pillar-cloned", at, pillarId, detail }];
}

/** Whether nothing casts doubt on the pillar's identity. */
export function isTrusted(record: PillarRecord | undefined, at: number): boolean {
  if (record === undefined || record.revocation) return false;
  return !isExpired(record, at) && !isCloned(record);
}

export const isCloned = (record: PillarRecord): boolean =>
  record.faults.includes("clone-suspected");

function faultChanges(
  record: PillarRecord,
  event: { readonly at: number; readonly pillarId: PillarId; readonly heartbeat: Heartbeat },
): Fact[] {
  const { at, pillarId } = event;
  const now = faultsOf(event.heartbeat);
  const raised = [...now]
    .filter((code) => !FOUND_BY_HUB.has(code) && !record.faults.includes(code))
    .map((code) => faultFact({ at, pillarId, code, detail: "" }));
  const cleared = record.faults
    .filter((code) => !now.has(code) && !FOUND_BY_HUB.has(code))
    .map((code): Fact => ({
      type: "pillar-fault",
      at,
      pillarId,
      code,
      isActive: false,
      detail: "",
    }));
  return [...raised, ...cleared];
}

export function faultFact(
  fault: Pick<FactOf<"pillar-fault">, "at" | "pillarId" | "code" | "detail">,
): Fact {
  return { type: "pillar-fault", isActive: true, ...fault };
}

/** A report tells at once, with words; the next heartbeat would tell the code alone. */
export function reportFacts(state: HubState, event: Extract<HubEvent, { type: "report" }>): Fact[] {
  const { at, pillarId, report } = event;
  const record = state.pillars.get(pillarId);
  if (!record) return [];
  switch (report.type) {
    case "fault-raised": {
      const code = readFault(report.code);
      const { detail } = report;
      const isKnown = record.faults.includes(code);
      const isNews = !isKnown || isNewCause(record.causes[code], { detail, at });
      return isNews ? [faultFact({ at, pillarId, code, detail })] : [];
    }
    case "fault-cleared": {
      // Of faults unknown here several may be one: the next heartbeat says whether any is left.
      const code = record.faults.find((shown) => shown === report.code);
      return code && !FOUND_BY_HUB.has(code)
        ? [{ type: "pillar-fault", at, pillarId, code, isActive: false, detail: "" }]
        : [];
    }
    case "command-result":
    case "media-state":
      return [];
    default:
      return assertNever(report);
  }
}
