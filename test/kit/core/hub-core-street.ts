/**
 * A street for the core: pillars that press, people
 * who order, and time that moves only by `advance`.
 *
 * Every fact is kept, so that a test can fold them again and compare.
 */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import type { Role } from "../../../shared/api/session.ts";
import type {
  AreaId,
  EventId,
  IncidentId,
  MediaId,
  PillarId,
  RecordingId,
  SessionNonce,
  Sha256,
  Signature,
  Username,
} from "../../../shared/ids.ts";
import type { Alarm, AlarmKind } from "../../../shared/protocol/alarm.ts";
import type { Heartbeat } from "../../../shared/protocol/heartbeat.ts";
import type { HubEffect, HubEvent } from "../../../hub/core/events.ts";
import type { OperatorOrder } from "../../../hub/core/incident/kinds.ts";
import { DEFAULT_ESCALATION } from "../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../hub/core/incident/priority-settings.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { evolve, handle } from "../../../hub/core/hub.ts";
import type { IncidentRecord } from "../../../hub/core/state/incident-record.ts";
import type { HubSettings } from "../../../hub/core/state/hub-state.ts";
import { newState } from "../../../hub/core/parts.ts";
import { writeSnapshot } from "../../../hub/core/snapshot.ts";

export const hex = (n: number): string => n.toString(16).padStart(32, "0");
export const pillar = (n: number): PillarId => `pillar-${n}` as PillarId;
export const START = Date.UTC(2026, 10, 23, 12);
/** No certificate ends in a test that is not about that. */
export const FAR_AHEAD = START + 10 * 365 * 86_400_000;

const SETTINGS: HubSettings = {
  escalation: DEFAULT_ESCALATION,
  priority: DEFAULT_PRIORITY,
  maxOpen: 1000,
  mediaProcesses: 1,
};

export interface AlarmDetails {
  readonly kind?: AlarmKind;
  readonly seq?: number;
  readonly eventId?: number;
  readonly sig?: string;
  readonly text?: string;
  readonly ageMs?: number;
  readonly bootEpoch?: number;
  /** The first of a chain points at zeros, and so do all here unless they say otherwise. */
  readonly prevHash?: Sha256;
}

const ZERO = "0".repeat(64) as Sha256;

export function newAlarm(pillarId: PillarId, details: AlarmDetails = {}): Alarm {
  const { seq = 1, kind = "voice", eventId = seq, bootEpoch = 1, text } = details;
  const event = {
    v: 1 as const,
    eventId: hex(eventId) as EventId,
    pillarId,
    bootEpoch,
    seq,
    prevHash: details.prevHash ?? ZERO,
    kind,
    wallMs: START,
    clock: { synced: true },
    ...(text === undefined ? {} : { text }),
  };
  const sig = (details.sig ?? `${pillarId}-${seq}-${eventId}-${kind}`).padEnd(86, "x") as Signature;
  return { v: 1, event, sig, ageMs: details.ageMs ?? 100, attempt: 1 };
}

/** Where the ledger's chain stands after this alarm: not a real digest, but as telling. */
export const hashOf = ({ seq = 1, eventId = seq }: AlarmDetails): Sha256 =>
  `${hex(seq)}${hex(eventId)}` as Sha256;

export function newHeartbeat(details: Partial<Heartbeat> & { seq?: number } = {}): Heartbeat {
  const { seq = 0, ...rest } = details;
  return {
    v: 1,
    bootEpoch: 1,
    sessionNonce: hex(1) as SessionNonce,
    uptimeMs: 1000,
    wallMs: START,
    head: { seq, hash: seq === 0 ? ZERO : hashOf({ seq }) },
    outboxDepth: 0,
    faults: [],
    release: "0.1.0",
    ...rest,
  };
}

export interface Person {
  readonly name: string;
  readonly role: Role;
  /** Not given: everything. */
  readonly scope?: AreaId;
}
export const WANG: Person = { name: "wang", role: "operator" };
export const LI: Person = { name: "li", role: "operator" };
export const CHEN: Person = { name: "chen", role: "supervisor" };
export const ZHAO: Person = { name: "zhao", role: "technician" };

export type Street = ReturnType<typeof newStreet>;

export function newStreet(options: { pillars?: number; settings?: Partial<HubSettings> } = {}) {
  const settings = { ...SETTINGS, ...options.settings };
  let state = newState(settings);
  const facts: Fact[] = [];
  let at = START;
  let monotonicMs = 5000;
  let ids = 1_000_000;
  const newId = <T extends string>(): T => hex(ids++) as T;

  const record = (fact: Fact): void => {
    evolve(state, fact, facts.length + 1);
    facts.push(fact);
  };
  for (let n = 0; n < (options.pillars ?? 1); n++) {
    const pillarId = pillar(n);
    const place = { name: `门 ${n}`, grid: "g", address: "", position: null };
    record({ type: "pillar-registered", at, pillarId, ...place });
    const keys = { certificateSerial: "1", alarmPublicKey: "key", certificateExpiresAt: FAR_AHEAD };
    record({ type: "pillar-enrolled", at, pillarId, ...keys });
  }

  const tell = (event: HubEvent): { facts: readonly Fact[]; effects: readonly HubEffect[] } => {
    const decision = handle(state, event, { monotonicMs, nextIndex: facts.length + 1 });
    facts.push(...decision.facts);
    return decision;
  };
  const alarm = (n: number, details: AlarmDetails = {}, extra: object = {}) =>
    tell({
      type: "alarm",
      at,
      pillarId: pillar(n),
      alarm: newAlarm(pillar(n), details),
      hash: hashOf(details),
      via: "mqtt",
      newIncidentId: newId<IncidentId>(),
      newRecordingId: newId<RecordingId>(),
      ...extra,
    });
  const order = (person: Person, incidentId: IncidentId, given: OperatorOrder) =>
    tell({
      type: "operator-order",
      at,
      incidentId,
      order: given,
      by: person.name as Username,
      byName: person.name,
      role: person.role,
      scope: person.scope ?? ROOT_AREA,
      newRecordingId: newId<RecordingId>(),
    });
  const sign = (person: Person, seen: "connected" | "disconnected" | "beat" | "seen") =>
    tell({ type: `console-${seen}`, at, username: person.name as Username });
  const fold = () => {
    const again = newState(settings);
    for (const [offset, fact] of facts.entries()) evolve(again, fact, offset + 1);
    return again;
  };
  const restart = (): void => {
    state = fold();
    // Another process counts from another moment.
    monotonicMs = 100;
  };
  return {
    get state() {
      return state;
    },
    facts,
    settings,
    tell,
    record,
    alarm,
    order,
    now: () => at,
    heartbeat: (n: number, details: Parameters<typeof newHeartbeat>[0] = {}) =>
      tell({ type: "heartbeat", at, pillarId: pillar(n), heartbeat: newHeartbeat(details) }),
    connect: (n: number, hasTakenOver = false) =>
      tell({ type: "pillar-connected", at, pillarId: pillar(n), hasTakenOver }),
    disconnect: (n: number) => tell({ type: "pillar-disconnected", at, pillarId: pillar(n) }),
    startMedia: (count = 10, mediaId = 1) =>
      tell({
        type: "media-started",
        at,
        mediaId: mediaId as MediaId,
        newRecordingIds: Array.from({ length: count }, () => newId<RecordingId>()),
      }),
    /** Time passes second by second, with a tick at each. */
    advance(seconds: number) {
      const heard: Fact[] = [];
      for (let n = 0; n < seconds; n++) {
        at += 1000;
        monotonicMs += 1000;
        heard.push(...tell({ type: "tick", at }).facts);
      }
      return heard;
    },
    /** The clock is set: to earlier, or to later. */
    setClock(by: number) {
      at += by;
    },
    /** What a restarted hub would know. */
    refolded: () => writeSnapshot(fold()),
    /** Only the journal is left. */
    restart,
    /** The hub is down for so long. */
    away(seconds: number) {
      at += seconds * 1000;
      restart();
    },
    connectConsole: (person: Person) => sign(person, "connected"),
    disconnectConsole: (person: Person) => sign(person, "disconnected"),
    beatConsole: (person: Person) => sign(person, "beat"),
    seeConsole: (person: Person) => sign(person, "seen"),
    only(): IncidentRecord {
      const [incident, ...others] = [...state.incidents.values(), ...state.closed.values()];
      if (!incident || others.length > 0) {
        throw new Error(`expected one incident, found ${others.length + (incident ? 1 : 0)}`);
      }
      return incident;
    },
  };
}

export const types = (items: readonly { readonly type: string }[]): string[] =>
  items.map(({ type }) => type);

export function calls(effects: readonly HubEffect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === "tell-pillar"
      ? [effect.call.by ? `${effect.call.status} ${effect.call.by}` : effect.call.status]
      : [],
  );
}
