/**
 * The tables of the wire, row by row: what each channel is worth, what a pillar names when it
 * connects, and every kind of message with every limit it has.
 */
import { describe, expect, test } from "vitest";
import { applicationProtocols } from "../../../shared/protocol/alpn.ts";
import { PillarCommand } from "../../../shared/protocol/command.ts";
import {
  faultsOf,
  Heartbeat,
  HEARTBEAT_SECONDS,
  readFault,
} from "../../../shared/protocol/heartbeat.ts";
import { isOfNewerPillar, kindOf, stricterKind } from "../../../shared/protocol/alarm.ts";
import { PROTOCOL_VERSION } from "../../../shared/protocol/version.ts";
import { PillarId } from "../../../shared/ids.ts";
import { MAX_FAULT_DETAIL, Report } from "../../../shared/protocol/report.ts";
import { MAX_CANDIDATES, MAX_SDP_BYTES, Signal } from "../../../shared/protocol/signal.ts";
import {
  DOWN_CHANNELS,
  downFilter,
  downTopic,
  EVERY_UP,
  probeTopic,
  qosOf,
  UP_CHANNELS,
  upOwner,
  upTopic,
} from "../../../shared/protocol/topics.ts";

const isTaken = (
  schema: { safeParse(value: unknown): { success: boolean } },
  value: unknown,
): boolean => schema.safeParse(value).success;

test("every channel is delivered at least once, but for the heartbeat that the next one replaces", () => {
  const qos = [...UP_CHANNELS, ...DOWN_CHANNELS].map((name) => [name, qosOf(name)]);
  expect(qos).toEqual([
    ["alarm", 1],
    ["heartbeat", 0],
    ["report", 1],
    ["signal", 1],
    ["accepted", 1],
    ["call", 1],
    ["command", 1],
    ["signal", 1],
  ]);
});

test("a pillar with an alarm names that first, and MQTT in every case", () => {
  expect(applicationProtocols(true)).toEqual(["anzhu-alarm", "mqtt"]);
  expect(applicationProtocols(false)).toEqual(["mqtt"]);
});

test("an alarm rings as its own kind, and of two kinds as the one that asks for more care", () => {
  const kinds = ["test", "text", "voice", "silent"] as const;
  for (const [n, one] of kinds.entries()) {
    expect(kindOf({ kind: one })).toBe(one);
    expect(isOfNewerPillar({ v: 1, kind: one })).toBe(false);
    expect(isOfNewerPillar({ v: 2, kind: one })).toBe(true);
    for (const [m, other] of kinds.entries()) {
      expect(stricterKind(one, other)).toBe(kinds[Math.max(n, m)]);
    }
  }
  expect(kindOf({ kind: "gesture" })).toBe("voice");
});

test("the limits of the wire are these, and a change of one is a decision", () => {
  expect([HEARTBEAT_SECONDS, MAX_FAULT_DETAIL, MAX_SDP_BYTES, MAX_CANDIDATES]).toEqual([
    ...[5, 500, 32_768, 32],
  ]);
  expect(PROTOCOL_VERSION).toBe(1);
});

test("topics lie under the pillar's name, and a topic of a newer pillar still has an owner", () => {
  const id = PillarId.parse("gate-1");
  expect([upTopic(id, "alarm"), downTopic(id, "call"), downFilter(id), EVERY_UP]).toEqual([
    ...["anzhu/v1/gate-1/up/alarm", "anzhu/v1/gate-1/down/call", "anzhu/v1/gate-1/down/#"],
    "anzhu/v1/+/up/#",
  ]);
  expect(probeTopic("hub")).toBe("anzhu/v1/hub/up/probe");
  const owner = (topic: string) => upOwner(`anzhu/${topic}`);
  expect([owner("v1/gate-1/up/alarm"), owner("v1/gate-1/up/gesture/left")]).toEqual([id, id]);
  for (const topic of ["v1/gate-1/up", "v1/gate-1/down/call", "v2/gate-1/up/alarm", "v1/+/up/x"]) {
    expect(owner(topic)).toBeUndefined();
  }
});

test("a fault that is not known is that the pillar is newer, and so is a newer heartbeat", () => {
  expect(readFault("camera-lost")).toBe("camera-lost");
  expect(readFault("wings-lost")).toBe("protocol-newer");
  const faults = ["camera-lost", "wings-lost"];
  expect([...faultsOf({ v: 1, faults })]).toEqual(["camera-lost", "protocol-newer"]);
  expect([...faultsOf({ v: 1, faults: [] })]).toEqual([]);
  expect([...faultsOf({ v: 2, faults: [] })]).toEqual(["protocol-newer"]);
});

describe("a command", () => {
  test.each([
    [
      { name: "identify", seconds: 1 },
      { name: "identify", seconds: 0 },
    ],
    [
      { name: "identify", seconds: 60 },
      { name: "identify", seconds: 61 },
    ],
    [
      { name: "resend", fromSeq: 1 },
      { name: "resend", fromSeq: 0 },
    ],
    [{ name: "restart-media" }, { name: "restart-media", now: true }],
    [{ name: "self-test" }, { name: "selftest" }],
    [
      { name: "siren", on: true },
      { name: "siren", on: 1 },
    ],
    [{ name: "siren", on: false }, { name: "siren" }],
  ])("%j is understood, and %j is not", (good, bad) => {
    expect([isTaken(PillarCommand, good), isTaken(PillarCommand, bad)]).toEqual([true, false]);
  });
});

describe("a signal", () => {
  const base = { v: 1, sessionId: "a".repeat(32) };
  const sdp = (bytes: number): string => "v=0".padEnd(bytes, "x");
  test.each([
    ["offer", { type: "offer", sdp: sdp(MAX_SDP_BYTES) }, { type: "offer", sdp: sdp(32_769) }],
    ["answer", { type: "answer", sdp: sdp(10) }, { type: "answer", sdp: "v=1" }],
    [
      "candidate",
      { type: "candidate", candidate: "", sdpMid: "0", sdpMLineIndex: 4 },
      { type: "candidate", candidate: "c".repeat(1025) },
    ],
    [
      "candidate's line",
      { type: "candidate", candidate: "", sdpMLineIndex: 0 },
      { type: "candidate", candidate: "", sdpMLineIndex: 5 },
    ],
    [
      "candidate's media id",
      { type: "candidate", candidate: "", sdpMid: "m".repeat(16) },
      { type: "candidate", candidate: "", sdpMid: "m".repeat(17) },
    ],
    ["bye", { type: "bye", reason: "r".repeat(200) }, { type: "bye", reason: "r".repeat(201) }],
  ])("of the kind %s is read up to its limit", (_, good, bad) => {
    expect(isTaken(Signal, { ...base, ...good })).toBe(true);
    expect(isTaken(Signal, { ...base, ...bad })).toBe(false);
  });
});

describe("a report", () => {
  const long = "d".repeat(MAX_FAULT_DETAIL);
  test.each([
    [
      "fault-raised",
      { code: "camera-lost", detail: long },
      { code: "camera-lost", detail: `${long}d` },
    ],
    ["fault-raised", { code: "c".repeat(40), detail: "" }, { code: "c".repeat(41), detail: "" }],
    ["fault-cleared", { code: "camera-lost" }, { code: "" }],
    [
      "command-result",
      { commandId: "c".repeat(32), outcome: "done", detail: long },
      { commandId: "c".repeat(32), outcome: "unsure", detail: "" },
    ],
    [
      "media-state",
      { cameras: [{ id: "front", state: "ready" }], microphone: "sending", speaker: "playing" },
      { cameras: [{ id: "Front", state: "ready" }], microphone: "sending", speaker: "playing" },
    ],
  ])("of the kind %s is read up to its limit", (type, good, bad) => {
    expect(isTaken(Report, { v: 1, type, ...good })).toBe(true);
    expect(isTaken(Report, { v: 1, type, ...bad })).toBe(false);
  });

  test.each(["refused", "failed"])("of a command that was %s is read", (outcome) => {
    const given = { v: 1, type: "command-result", commandId: "c".repeat(32), detail: "", outcome };
    expect(isTaken(Report, given)).toBe(true);
  });
});

describe("a heartbeat", () => {
  const beat = {
    v: 1,
    bootEpoch: 1,
    sessionNonce: "5".repeat(32),
    uptimeMs: 0,
    wallMs: 0,
    head: { seq: 0, hash: "0".repeat(64) },
    outboxDepth: 0,
    faults: [],
    release: "r".repeat(40),
  };
  test("is read at every limit it has", () => {
    expect(isTaken(Heartbeat, beat)).toBe(true);
    const faults = Array.from({ length: 64 }, (_, n) => `fault-${n}`);
    expect(isTaken(Heartbeat, { ...beat, faults, oldestUnacceptedSeq: 1 })).toBe(true);
  });

  test.each([
    ["bootEpoch", 0],
    ["uptimeMs", -1],
    ["outboxDepth", -1],
    ["oldestUnacceptedSeq", 0],
    ["release", "r".repeat(41)],
    ["faults", Array.from({ length: 65 }, (_, n) => `fault-${n}`)],
    ["head", { seq: -1, hash: "0".repeat(64) }],
    ["wallMs", 1.5],
  ])("is refused when %s lies beyond its limit", (name, value) => {
    expect(isTaken(Heartbeat, { ...beat, [name]: value })).toBe(false);
  });
});
