import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FastifyInstance, LightMyRequestResponse as Answer } from "fastify";
import { findFfmpeg } from "../../../device/media/ffmpeg.ts";
import { newControl } from "../../../simulator/live/control.ts";
import type { VirtualPillar } from "../../../simulator/live/pillar.ts";
import { tone, wavFile } from "../../../simulator/live/sound/sound.ts";
import type { Signal } from "../../../simulator/live/sound/sound.ts";

interface Seen {
  presses: [string, number][];
  faults: [string, boolean][];
  signal?: Signal;
}

let seen: Seen;
let isHeld: boolean;
let app: FastifyInstance;
let dir: string;

function falsePillar(): VirtualPillar {
  const status = {
    id: "demo-001",
    name: "新街口",
    agent: { state: "running", pid: 4711, restarts: 0 },
    faults: [],
  } as const;
  return {
    id: "demo-001",
    name: "新街口",
    status: () => status,
    press(kind, holdMs) {
      seen.presses.push([kind, holdMs]);
      return Promise.resolve(isHeld ? undefined : { pressedAt: 1000, isCounted: holdMs >= 60 });
    },
    setFault: (fault, isOn) => Promise.resolve(void seen.faults.push([fault, isOn])),
    outputs: () => ({ lamp: "standby", siren: false, prompt: null, display: null }),
    heard: (seconds) => new Int16Array(seconds * 48_000),
    hear: (signal) => void (seen.signal = signal),
    stop: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-control-"));
  seen = { presses: [], faults: [] };
  isHeld = false;
  const found = await findFfmpeg();
  app = newControl({
    pillars: new Map([["demo-001", falsePillar()]]),
    ffmpeg: found.ok ? found.path : undefined,
  });
});
afterEach(async () => {
  await app.close();
  rmSync(dir, { recursive: true, force: true });
});

const post = (url: string, payload: object): Promise<Answer> =>
  app.inject({ method: "POST", url, payload });

test("the pillars are listed", async () => {
  const answer = await app.inject("/pillars");
  expect(answer.json()).toMatchObject({ items: [{ id: "demo-001", faults: [] }], next: null });
});

test("a press answers when it was and whether it counted", async () => {
  const long = await post("/pillars/demo-001/press", { kind: "silent", holdMs: 200 });
  expect(long.json()).toEqual({ pressedAt: 1000, isCounted: true });
  const short = await post("/pillars/demo-001/press", { kind: "voice", holdMs: 30 });
  expect(short.json()).toEqual({ pressedAt: 1000, isCounted: false });
  expect(seen.presses).toEqual([
    ["silent", 200],
    ["voice", 30],
  ]);
});

test("a press on a button that is held is a conflict", async () => {
  isHeld = true;
  const answer = await post("/pillars/demo-001/press", {});
  expect(answer.statusCode).toBe(409);
  expect(answer.json()).toMatchObject({ code: "conflict", status: 409 });
});

test("a fault is set and lifted, and a crash cannot be lifted", async () => {
  await post("/pillars/demo-001/faults", { fault: "board-echo", on: true });
  await post("/pillars/demo-001/faults", { fault: "board-echo", on: false });
  expect(seen.faults).toEqual([
    ["board-echo", true],
    ["board-echo", false],
  ]);
  const answer = await post("/pillars/demo-001/faults", { fault: "agent-crash", on: false });
  expect(answer.statusCode).toBe(400);
});

test("the speaker's sound is a WAV file as long as asked for", async () => {
  const answer = await app.inject("/pillars/demo-001/speaker.wav?seconds=2");
  expect(answer.headers["content-type"]).toBe("audio/wav");
  expect(answer.rawPayload).toHaveLength(44 + 2 * 96_000);
});

test("the microphone hears a tone, a clip, or the street", async () => {
  const toneAnswer = await post("/pillars/demo-001/microphone", { kind: "tone", hz: 880 });
  expect(toneAnswer.statusCode).toBe(204);
  expect(seen.signal?.(13)).toBe(tone(880)(13));
  const file = join(dir, "clip.wav");
  writeFileSync(file, wavFile(Int16Array.of(500, 600, 700)));
  const clipAnswer = await post("/pillars/demo-001/microphone", { kind: "clip", file });
  expect(clipAnswer.statusCode).toBe(204);
  expect([0, 1, 2, 3].map((i) => seen.signal?.(i))).toEqual([500, 600, 700, 500]);
});

test.each([
  ["an unknown pillar", "/pillars/demo-999/press", {}, 404, /demo-001/],
  ["an unknown route", "/pillars/demo-001/dance", {}, 404, /not a route/],
  ["an unknown kind of press", "/pillars/demo-001/press", { kind: "loud" }, 400, /kind/],
  ["an unknown key", "/pillars/demo-001/press", { hold: 5 }, 400, /hold/],
  ["a press of a minute", "/pillars/demo-001/press", { holdMs: 60_000 }, 400, /holdMs/],
  ["an unknown fault", "/pillars/demo-001/faults", { fault: "rain" }, 400, /fault/],
  ["a tone nobody hears", "/pillars/demo-001/microphone", { kind: "tone", hz: 1 }, 400, /hz/],
  [
    "a clip that is not there",
    "/pillars/demo-001/microphone",
    { kind: "clip", file: "/none.wav" },
    400,
    /none\.wav/,
  ],
])("%s is refused with what was expected", async (...given) => {
  const [, url, payload, status, detail] = given;
  const answer = await post(url, payload);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers["content-type"]).toContain("application/problem+json");
  expect(answer.json<{ detail: string }>().detail).toMatch(detail);
});

test("bad JSON, a missing body and an oversize body are refused", async () => {
  const url = "/pillars/demo-001/press";
  const headers = { "content-type": "application/json" };
  const bad = await app.inject({ method: "POST", url, headers, payload: "{kind" });
  expect(bad.statusCode).toBe(400);
  const none = await app.inject({ method: "POST", url });
  expect(none.statusCode).toBe(400);
  const big = await post(url, { kind: "x".repeat(20_000) });
  expect(big.statusCode).toBe(413);
  expect(big.json()).toMatchObject({ code: "too-large" });
  const seconds = await app.inject("/pillars/demo-001/speaker.wav?seconds=1000");
  expect(seconds.statusCode).toBe(400);
});
