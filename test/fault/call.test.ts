/**
 * Groups A and J with picture and sound: whatever is killed during a call, the call and its
 * recording go on, and what was recorded before plays.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Incident, Recording } from "../../shared/api/incident.ts";
import { hubMediaOf } from "./harness/programs/hub.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { play, recordedBytes } from "./harness/judge/playback.ts";
import { below, commandOf } from "./harness/programs/process.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";
import { waitFor } from "../kit/run/wait.ts";

const SLOW = 120_000;
/** Two fragments of a small picture. */
const WORTH_PLAYING_BYTES = 40_000;

let street: Street;
let pillar: PillarUnderTest;
beforeAll(async () => {
  street = await openStreet();
  pillar = await street.add("pillar-1", {
    media: {
      cameras: [{ id: "front", source: { kind: "test" } }],
      size: "640x360",
      framesPerSecond: 10,
      microphone: { kind: "test" },
    },
  });
  pillar.start();
  await pillar.untilLamp("standby");
});
afterAll(() => street?.close());

const wait = (what: () => Promise<void>): Promise<void> =>
  waitFor(what, { timeout: 30_000, interval: 200 });

/** Presses, and waits until the recording has something to lose. */
async function ring(): Promise<Incident> {
  await pillar.press();
  await pillar.untilLamp("received");
  const [incident] = await street.hub.operator.active();
  await untilRecorded(incident!.id);
  return incident!;
}

async function untilRecorded(incidentId: string): Promise<void> {
  await wait(async () => {
    const last = (await street.hub.operator.recordings(incidentId)).at(-1);
    expect(last?.state).toBe("recording");
    expect(await recordedBytes(street, last!.id)).toBeGreaterThan(WORTH_PLAYING_BYTES);
  });
}

async function untilStates(id: string, states: readonly Recording["state"][]): Promise<void> {
  await wait(async () => {
    const found = (await street.hub.operator.recordings(id)).map(({ state }) => state);
    expect(found).toEqual(states);
  });
}

async function close(incidentId: string): Promise<void> {
  await street.hub.operator.order(incidentId, "close", { disposition: "resolved", note: "" });
  await pillar.untilLamp("standby");
}

async function expectAllPlay(incidentId: string): Promise<void> {
  for (const { id } of await street.hub.operator.recordings(incidentId)) {
    const { durationMs, complaints } = await play(street, id);
    expect(complaints).toBe("");
    expect(durationMs).toBeGreaterThan(500);
  }
}

/** Kills a program below this one, as soon as there is one: it may just be starting again. */
async function killBelow(parent: number, name: string): Promise<void> {
  const find = (): number | undefined => below(parent).find((pid) => commandOf(pid).includes(name));
  await wait(async () => expect(find()).toBeDefined());
  process.kill(find()!, "SIGKILL");
}

test(
  "A5 the hub is killed during ringing and again during the call: one incident, one owner, every recording plays",
  { timeout: SLOW },
  async () => {
    const { id } = await ring();
    await street.hub.crash();
    await street.hub.start();
    await untilStates(id, ["recovered", "recording"]);
    await untilRecorded(id);
    await street.hub.operator.order(id, "answer");
    await pillar.untilLamp("answered");
    await street.hub.crash();
    await street.hub.start();
    await untilStates(id, ["recovered", "recovered", "recording"]);
    expect(await street.hub.operator.active()).toMatchObject([
      { id, state: "answered", owner: "operator", presses: 1 },
    ]);
    await untilRecorded(id);
    expect(pillar.lamp()).toBe("answered");
    await close(id);
    await untilStates(id, ["recovered", "recovered", "closed"]);
    await expectAllPlay(id);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A7 the media processes of hub and pillar and the pillar's ffmpeg are killed: the call stays, a new recording begins",
  { timeout: SLOW },
  async () => {
    const { id } = await ring();
    await street.hub.operator.order(id, "answer");
    await pillar.untilLamp("answered");
    await killBelow(street.hub.process().pid(), hubMediaOf(pillar.id));
    await untilStates(id, ["recovered", "recording"]);
    await untilRecorded(id);
    await killBelow(pillar.process().pid(), "device/media/main.ts");
    const [, second] = await street.hub.operator.recordings(id);
    const before = await recordedBytes(street, second!.id);
    await wait(async () =>
      expect(await recordedBytes(street, second!.id)).toBeGreaterThan(before + WORTH_PLAYING_BYTES),
    );
    await killBelow(pillar.process().pid(), "ffmpeg");
    const later = await recordedBytes(street, second!.id);
    await wait(async () =>
      expect(await recordedBytes(street, second!.id)).toBeGreaterThan(later + WORTH_PLAYING_BYTES),
    );
    await killBelow(street.hub.process().pid(), hubMediaOf(pillar.id));
    await untilStates(id, ["recovered", "recovered", "recording"]);
    await untilRecorded(id);
    // What was missing before the recorder died is declared as well as its own absence.
    const gaps = (await street.hub.operator.recordings(id))[1]!.gaps;
    const tracks = gaps!.spans.map(({ track }) => track);
    expect(tracks).toContain("picture");
    expect(tracks).toContain("citizen");
    expect(tracks.at(-1)).toBe("everything");
    expect(pillar.lamp()).toBe("answered");
    await close(id);
    await untilStates(id, ["recovered", "recovered", "closed"]);
    await expectAllPlay(id);
    expect(await street.verdict()).toEqual([]);
  },
);
