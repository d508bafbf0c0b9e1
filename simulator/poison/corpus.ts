/**
 * The poison corpus: hostile messages of every family that a pillar may send, made from a seed.
 *
 * A stolen pillar has its keys, so everything it says is correctly signed. What is made here are
 * values only: who uses them puts in the good fields, signs and sends (the tests to a real hub, the
 * simulated world to a virtual one). The same seed makes the same messages.
 */
import { newChance, type Chance } from "../world/chance.ts";
import { FaultCode } from "../../shared/protocol/heartbeat.ts";
import { fromEntries, NO_WHOLE, unknownFields, WHOLE, word, type Fields } from "./values.ts";

export const FAMILIES = [
  "alarm",
  "heartbeat",
  "report",
  "signal",
  "https-alarm",
  "renewal",
] as const;
export type Family = (typeof FAMILIES)[number];

export interface Poison {
  readonly family: Family;
  /** What is hostile about it, in a word or two: names it in a failure. */
  readonly what: string;
  /** Goes over the good fields of the message: of an alarm, its envelope. */
  readonly message: Fields;
  /** Alarms: goes over the good fields of the event, before it is signed. */
  readonly event: Fields;
  /** Alarms: it is the alarm of so many messages ago, sent again. */
  readonly again: number;
  /** Alarms: signed with this pillar's key, and claims to be another's. */
  readonly isOfOther: boolean;
}

/** `count` messages, every family in turn. */
export function poisonCorpus(seed: number, count: number): Poison[] {
  const chance = newChance(seed, "poison");
  return Array.from({ length: count }, (_, n) => {
    const family = FAMILIES[n % FAMILIES.length] ?? "alarm";
    const nothing = { message: {}, event: {}, again: 0, isOfOther: false };
    return { family, ...nothing, ...make(chance, family) };
  });
}

type Made = Pick<Poison, "what"> & Partial<Omit<Poison, "family" | "what">>;

function make(chance: Chance, family: Family): Made {
  switch (family) {
    case "alarm":
    case "https-alarm":
      return chance.pick(ALARMS)(chance);
    case "heartbeat":
      return chance.pick(HEARTBEATS)(chance);
    case "report":
      return chance.pick(REPORTS)(chance);
    case "signal":
      return chance.pick(SIGNALS)(chance);
    case "renewal":
      return chance.pick(RENEWALS)(chance);
  }
}

type Maker = (chance: Chance) => Made;

/** Mostly what the schema takes: what it refuses never reaches the core. */
const number = (chance: Chance): unknown => chance.pick(chance.isTrue(0.85) ? WHOLE : NO_WHOLE);
const positive = (chance: Chance): unknown =>
  chance.isTrue(0.85) ? chance.pick(WHOLE.filter((n) => n > 0)) : number(chance);

const ALARMS: readonly Maker[] = [
  (chance) => ({ what: "age", message: { ageMs: positive(chance) } }),
  (chance) => ({ what: "age", message: { ageMs: chance.pick(WHOLE) } }),
  (chance) => ({ what: "attempt", message: { attempt: positive(chance) } }),
  (chance) => ({ what: "wall clock", event: { wallMs: number(chance) } }),
  (chance) => ({
    what: "wall clock without an age",
    event: { wallMs: chance.pick(WHOLE) },
    message: { ageMs: undefined },
  }),
  (chance) => ({ what: "clock", event: { clock: { synced: true, errorMs: positive(chance) } } }),
  (chance) => ({ what: "sequence", event: { seq: positive(chance) } }),
  (chance) => ({ what: "boot", event: { bootEpoch: positive(chance) } }),
  (chance) => ({ what: "version", event: { v: chance.pick([1, 2, 999, 1000, 1001, 0]) } }),
  (chance) => ({ what: "kind", event: { kind: word(chance, 40) } }),
  (chance) => ({ what: "kind", event: { kind: chance.pick(["silent", "text", "test", "voice"]) } }),
  (chance) => ({ what: "text", event: { kind: "text", text: word(chance, 1000) } }),
  (chance) => ({ what: "chain", event: { prevHash: chance.hex(256) } }),
  (chance) => ({ what: "unknown fields", event: unknownFields(chance) }),
  (chance) => ({ what: "unknown fields of the envelope", message: unknownFields(chance) }),
  (chance) => ({
    what: "everything at once",
    event: { ...unknownFields(chance), wallMs: chance.pick(WHOLE), seq: positive(chance) },
    message: { ageMs: chance.pick(WHOLE) },
  }),
  (chance) => ({ what: "sent again", again: 1 + chance.below(40) }),
  () => ({ what: "another's", isOfOther: true }),
];

const faults = (chance: Chance): unknown =>
  chance.isTrue(0.7)
    ? FaultCode.options.filter(() => chance.isTrue(0.5))
    : Array.from({ length: chance.pick([1, 64, 65]) }, () => word(chance, 40));

const HEARTBEATS: readonly Maker[] = [
  (chance) => ({ what: "uptime", message: { uptimeMs: number(chance) } }),
  (chance) => ({ what: "wall clock", message: { wallMs: number(chance) } }),
  (chance) => ({ what: "boot", message: { bootEpoch: positive(chance) } }),
  (chance) => ({ what: "head", message: { head: { seq: number(chance), hash: chance.hex(256) } } }),
  (chance) => ({
    what: "outbox",
    message: { outboxDepth: number(chance), oldestUnacceptedSeq: positive(chance) },
  }),
  (chance) => ({ what: "faults", message: { faults: faults(chance) } }),
  (chance) => ({ what: "faults", message: { faults: faults(chance) } }),
  (chance) => ({ what: "release", message: { release: word(chance, 40) } }),
  (chance) => ({ what: "session", message: { sessionNonce: chance.hex(128) } }),
  (chance) => ({ what: "hub epoch", message: { hubEpoch: chance.hex(128) } }),
  (chance) => ({ what: "version", message: { v: chance.pick([1, 2, 1000]) } }),
  (chance) => ({ what: "unknown fields", message: unknownFields(chance) }),
];

const REPORTS: readonly Maker[] = [
  (chance) => ({
    what: "fault",
    message: { type: "fault-raised", code: word(chance, 40), detail: word(chance, 500) },
  }),
  (chance) => ({
    what: "fault",
    message: {
      type: "fault-raised",
      code: chance.pick(FaultCode.options),
      detail: word(chance, 500),
    },
  }),
  (chance) => ({
    what: "fault over",
    message: { type: "fault-cleared", code: chance.pick(FaultCode.options) },
  }),
  (chance) => ({
    what: "result of no command",
    message: {
      ...{ type: "command-result", commandId: chance.hex(128), outcome: "done" },
      detail: word(chance, 500),
    },
  }),
  (chance) => ({
    what: "media",
    message: {
      ...{ type: "media-state", microphone: "off" },
      cameras: [{ id: word(chance, 20), state: "ready" }],
      speaker: word(chance, 9),
    },
  }),
  (chance) => ({ what: "type", message: { type: word(chance, 40), ...unknownFields(chance) } }),
];

const SDP_LINES = [
  "m=audio 9 X 0",
  "m=video 99999 RTP/SAVPF 96",
  "a=rtpmap:-1 x/0",
  "c=IN IP4 x",
  "",
];

const SIGNALS: readonly Maker[] = [
  (chance) => ({
    what: "offer",
    message: {
      ...{ type: "offer", sessionId: chance.hex(128) },
      sdp: `v=0\r\n${`${chance.pick(SDP_LINES)}\r\n`.repeat(chance.pick([0, 1, 64, 900]))}`,
    },
  }),
  (chance) => ({
    what: "candidate",
    message: {
      ...{ type: "candidate", sessionId: chance.hex(128), candidate: word(chance, 1024) },
      sdpMLineIndex: number(chance),
    },
  }),
  (chance) => ({
    what: "bye",
    message: { type: "bye", sessionId: chance.hex(128), reason: word(chance, 200) },
  }),
  (chance) => ({ what: "answer to nothing", message: { type: "answer", sdp: word(chance, 4000) } }),
];

const RENEWALS: readonly Maker[] = [
  (chance) => ({ what: "request", message: { csr: word(chance, 8192) } }),
  (chance) => ({
    what: "request",
    message: {
      csr: `-----BEGIN CERTIFICATE REQUEST-----\n${chance.hex(512)}\n-----END CERTIFICATE REQUEST-----`,
    },
  }),
  (chance) => ({ what: "unknown fields", message: unknownFields(chance) }),
  (chance) => ({ what: "number for a request", message: { csr: number(chance) } }),
];

/** The good fields with the hostile ones over them; `undefined` takes a field away. */
export function over(good: Fields, hostile: Fields): Fields {
  const fields = new Map<string, unknown>(Object.entries(good));
  for (const [name, value] of Object.entries(hostile)) fields.set(name, value);
  return fromEntries([...fields].filter(([, value]) => value !== undefined));
}
