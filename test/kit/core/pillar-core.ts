/** The agent's core in virtual time: a disk, a link and a clock that the test controls. */
import type { Opening } from "../../../shared/protocol/purpose.ts";
import { stepAgent } from "../../../device/core/agent.ts";
import { displayOf } from "../../../device/core/display.ts";
import type { Effect, Event, TimerName, Told } from "../../../device/core/events.ts";
import {
  newAgent,
  type Agent,
  type LedgerAtStart,
} from "../../../device/core/state/agent-state.ts";
import type { LampPattern } from "../../../device/core/state/shown.ts";
import type { SealedAlarm } from "../../../device/core/state/kept.ts";
import type { Instant } from "../../../shared/duration.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import {
  EventId,
  HubEpoch,
  HubRun,
  IncidentId,
  PillarId,
  SessionNonce,
  type Sha256,
  type Signature,
} from "../../../shared/ids.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { Call, CallStatus } from "../../../shared/protocol/call.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";

export const PILLAR = PillarId.parse("pillar-1");
export const EPOCH = HubEpoch.parse("e".repeat(32));
export const NONCE = SessionNonce.parse("5".repeat(32));
export const RUN = HubRun.parse("6".repeat(32));
export const LINK_UP = { type: "link-up", sessionNonce: NONCE } as const;
const WALL_AT_START = 1_780_000_000_000;

const hex = (n: number, length: number): string => n.toString(16).padStart(length, "0");

export interface FalsePillar {
  /** What the disk does with what it is given: at once, never, or refuse. */
  disk: "good" | "stuck" | "broken";
  isClockSynced: boolean;
  readonly sent: UpMessage[];
  readonly stored: SealedAlarm[];
  readonly prompts: string[];
  readonly lamps: LampPattern[];
  /** Requests by HTTPS: when, and to which hub. */
  readonly fallbackRequests: {
    readonly at: number;
    readonly hub: number;
    readonly message: Alarm;
  }[];
  readonly effects: Effect[];
  state(): Agent;
  now(): number;
  tell(told: Told): void;
  press(kind?: "voice" | "silent"): EventId;
  /** A receipt for the present session, or by HTTPS when the link is down. */
  accept(eventId: EventId, hubEpoch?: HubEpoch): void;
  call(eventId: EventId, status: CallStatus, by?: string): void;
  /** The hub's word about a call, for the present session and with the next number. */
  hear(call: Call): void;
  /** Lets virtual time pass; timers fire in their order. */
  pass(ms: number): void;
  lamp(): LampPattern | undefined;
  /** What media was told of the gate, in order. */
  openings(): Opening[];
  screen(): string;
  alarms(): Alarm[];
  faults(): string[];
}

export function falsePillar(from: Partial<LedgerAtStart> = {}): FalsePillar {
  let agent = newAgent({
    pillarId: PILLAR,
    release: "test",
    bootEpoch: 1,
    head: { seq: 0, hash: GENESIS },
    hubEpoch: undefined,
    unaccepted: [],
    replayFrom: undefined,
    lastEventId: from.unaccepted?.findLast(({ event }) => event.kind !== "test")?.event.eventId,
    ...from,
  });
  let at = 1000;
  let ids = 0;
  let told = 0;
  const timers = new Map<TimerName, number>();

  const perform = (effect: Effect): void => {
    pillar.effects.push(effect);
    switch (effect.type) {
      case "seal":
        return tell({ type: "sealed", alarm: sealed(effect.draft), edgeAt: effect.edgeAt });
      case "append":
        return append(effect.alarm);
      case "fetch-kept":
        return tell({ type: "kept", alarms: page(effect.fromSeq, effect.limit) });
      case "publish":
        return void pillar.sent.push(effect.message);
      case "send-by-fallback":
        return void pillar.fallbackRequests.push({ at, hub: effect.hub, message: effect.message });
      case "lamp":
        return void pillar.lamps.push(effect.pattern);
      case "prompt":
        return void pillar.prompts.push(effect.name);
      case "set-timer":
        return void timers.set(effect.name, effect.at);
      case "clear-timer":
        return void timers.delete(effect.name);
      default:
        return undefined;
    }
  };
  const append = (alarm: SealedAlarm): void => {
    const { eventId } = alarm.event;
    if (pillar.disk === "broken") {
      return tell({ type: "append-failed", eventId, reason: "disk I/O error" });
    }
    if (pillar.disk === "stuck") return;
    pillar.stored.push(alarm);
    tell({ type: "appended", eventId });
  };
  const page = (fromSeq: number, limit: number): SealedAlarm[] =>
    pillar.stored.filter(({ event }) => event.seq >= fromSeq).slice(0, limit);
  const tell = (told: Told): void => {
    const event: Event = {
      ...told,
      at: at as Instant,
      wallMs: WALL_AT_START + at,
      isClockSynced: pillar.isClockSynced,
      chance: 0.999,
      freshId: EventId.parse(hex(++ids, 32)),
    };
    const { state, effects } = stepAgent(agent, event);
    agent = state;
    effects.forEach(perform);
  };
  const session = (): SessionNonce => (agent.link.phase === "up" ? agent.link.sessionNonce : NONCE);
  const pillar: FalsePillar = {
    disk: "good",
    isClockSynced: true,
    sent: [],
    stored: [],
    prompts: [],
    lamps: [],
    fallbackRequests: [],
    effects: [],
    state: () => agent,
    now: () => at,
    tell,
    press: (kind = "voice") => {
      tell({ type: "button-pressed", kind, edgeAt: (at - 60) as Instant });
      const eventId = EventId.parse(agent.call.lastEventId);
      tell({ type: "button-released", kind });
      return eventId;
    },
    accept: (eventId, hubEpoch = EPOCH) =>
      tell({
        type: "accepted",
        receipt: {
          v: 1,
          eventId,
          pillarId: PILLAR,
          seq: 1,
          incidentId: IncidentId.parse(eventId),
          hubEpoch,
          isOver: false,
          journalIndex: 1,
          hubRun: RUN,
          sessionNonce: session(),
        },
        via: agent.link.phase === "up" ? "link" : "https",
      }),
    call: (eventId, status, by) =>
      pillar.hear({
        ...{ v: 1, incidentId: IncidentId.parse(eventId), eventId, status },
        ...(by && { by }),
      }),
    hear: (call) => {
      const stamp = { v: 1, pillarId: PILLAR, sessionNonce: session(), hubRun: RUN } as const;
      tell({ type: "call-told", body: { ...stamp, number: ++told, call } });
    },
    pass: (ms) => {
      const end = at + ms;
      for (;;) {
        const [next] = [...timers].toSorted(([, a], [, b]) => a - b);
        if (!next || next[1] > end) break;
        timers.delete(next[0]);
        at = Math.max(at, next[1]);
        tell({ type: "timer-due", name: next[0] });
      }
      at = end;
    },
    screen: () => displayOf(agent).phase,
    lamp: () => pillar.lamps.at(-1),
    openings: () =>
      pillar.effects.flatMap((one) =>
        one.type === "media" && one.message.type === "gate" ? [one.message.opening] : [],
      ),
    alarms: () => pillar.sent.flatMap((one) => (one.channel === "alarm" ? [one.message] : [])),
    faults: () => [...agent.health.faults.keys()],
  };
  tell({ type: "started" });
  return pillar;
}

/** A pillar whose hub is there. */
export function reachedPillar(from: Partial<LedgerAtStart> = {}): FalsePillar {
  const pillar = falsePillar(from);
  pillar.tell(LINK_UP);
  return pillar;
}

export function sealed(event: SealedAlarm["event"]): SealedAlarm {
  return { event, hash: hex(event.seq, 64) as Sha256, sig: "s".repeat(86) as Signature };
}

export function keptAlarm(seq: number): SealedAlarm {
  return sealed({
    v: 1,
    eventId: EventId.parse(hex(0xabc000 + seq, 32)),
    pillarId: PILLAR,
    bootEpoch: 1,
    seq,
    prevHash: hex(seq - 1, 64) as Sha256,
    kind: "voice",
    wallMs: WALL_AT_START,
    clock: { synced: true },
  });
}
