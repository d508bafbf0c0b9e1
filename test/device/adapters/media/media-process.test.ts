/**
 * The media process may crash or hang; the agent starts another one and tells it the current state.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { mediaProcess } from "../../../../device/adapters/media/media-process.ts";
import { MediaConfig } from "../../../../device/config.ts";
import type { MediaPort } from "../../../../device/ports.ts";
import { OPENED_FOR, SHUT } from "../../../../shared/protocol/purpose.ts";
import { waitFor } from "../../../kit/run/wait.ts";

let media: MediaPort;
let heard: string[];
let running: boolean[];
let warnings: string[];

beforeEach(() => {
  heard = [];
  running = [];
  warnings = [];
  media = mediaProcess({
    media: MediaConfig.parse({}),
    entry: new URL("./media-child.ts", import.meta.url),
    pingMs: 100,
    silentMs: 1500,
    warn: (text) => warnings.push(text),
  });
  media.onMessage((message) => message.type === "log" && heard.push(message.text));
  media.onRunning((isRunning) => running.push(isRunning));
});

afterEach(() => media.close());

const untilHeard = (...types: string[]): Promise<void> =>
  waitFor(() => expect(heard.map((text) => JSON.parse(text).type)).toEqual(types), {
    timeout: 20_000,
  });

test("a process that starts is told its settings and the gate", async () => {
  await untilHeard("configure", "gate");
  expect(JSON.parse(heard[1]!)).toEqual({ type: "gate", opening: SHUT });
  expect(running).toEqual([true]);
});

test("a process that dies is followed by one that knows as much", async () => {
  await untilHeard("configure", "gate");
  media.send({ type: "connect" });
  media.send({ type: "gate", opening: OPENED_FOR.call });
  await untilHeard("configure", "gate", "connect", "gate");
  heard.length = 0;
  media.send({ type: "prompt", name: "ended" });
  await untilHeard("configure", "gate", "connect");
  expect(JSON.parse(heard[1]!)).toEqual({ type: "gate", opening: OPENED_FOR.call });
  expect(running).toEqual([true, false, true]);
  expect(warnings[0]).toMatch(/the media process ended \(exit code 3\)/);
});

test("a process that hangs is killed, and another starts", async () => {
  await untilHeard("configure", "gate");
  heard.length = 0;
  media.send({ type: "prompt", name: "held" });
  await untilHeard("configure", "gate");
  expect(warnings.join("\n")).toContain("is silent for 1500 ms: killed");
});

test("a process told to end ends, and no other starts", async () => {
  await untilHeard("configure", "gate");
  await media.close();
  expect(running).toEqual([true]);
});

const slow = (warn: (text: string) => void): MediaPort =>
  mediaProcess({
    media: MediaConfig.parse({}),
    entry: new URL("./slow-media-child.ts", import.meta.url),
    start: { idleMs: 1500, mostMs: 60_000 },
    warn,
  });

test("a process that starts slowly is not killed while it works", async () => {
  const port = slow((text) => warnings.push(text));
  let isRunning = false;
  port.onRunning((now) => (isRunning = now));
  await waitFor(() => expect(isRunning).toBe(true), { timeout: 20_000 });
  await port.close();
  expect(warnings).toEqual([]);
});

test("a process that does nothing and is never ready is killed", async () => {
  process.env["MEDIA_CHILD_SLEEPS"] = "yes";
  const port = slow((text) => warnings.push(text));
  await waitFor(() => expect(warnings.join()).toMatch(/done nothing for 1500 ms: killed/), {
    timeout: 20_000,
  });
  delete process.env["MEDIA_CHILD_SLEEPS"];
  await port.close();
});

test("a process that dies with a connection leaves a bye for the hub", async () => {
  await untilHeard("configure", "gate");
  const signals: unknown[] = [];
  media.onMessage((message) => message.type === "signal" && signals.push(message.signal));
  media.send({ type: "prompt", name: "offered" });
  await waitFor(() => expect(signals).toHaveLength(1), { timeout: 20_000 });
  media.send({ type: "prompt", name: "ended" });
  await waitFor(() => expect(signals).toHaveLength(2), { timeout: 20_000 });
  const reason = "the pillar's media process ended";
  expect(signals[1]).toEqual({ v: 1, sessionId: "a".repeat(32), type: "bye", reason });
});
