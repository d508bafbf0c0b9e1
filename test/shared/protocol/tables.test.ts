/**
 * The tables of the wire, row by row: what each channel is worth, what a pillar names when it connects, and every
 * kind of message with every limit it has.
 */
import { describe, expect, test } from "vitest";
import { applicationProtocols } from "../../../shared/protocol/alpn.ts";
import { CommandOrder } from "../../../shared/protocol/command.ts";
import { Heartbeat } from "../../../shared/protocol/heartbeat.ts";
import { MAX_FAULT_DETAIL, Report } from "../../../shared/protocol/report.ts";
import { MAX_SDP_BYTES, Signal } from "../../../shared/protocol/signal.ts";
import { DOWN_CHANNELS, qosOf, UP_CHANNELS } from "../../../shared/protocol/topics.ts";

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
    expect([isTaken(CommandOrder, good), isTaken(CommandOrder, bad)]).toEqual([true, false]);
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
      { type: "candidate", candidate: "", sdpMid: "0", sdpMLineIndex: 3 },
      { type: "candidate", candidate: "c".repeat(1025) },
    ],
    [
      "candidate's line",
      { type: "candidate", candidate: "", sdpMLineIndex: 0 },
      { type: "candidate", candidate: "", sdpMLineIndex: 4 },
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
      { camera: "ready", microphone: "sending", speaker: "playing" },
      { camera: "ready", microphone: "playing", speaker: "playing" },
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
