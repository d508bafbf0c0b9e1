/** Group A with two calls at once: what ends one of the hub's media processes is not seen in the other's call. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Recording } from "../../shared/api/incident.ts";
import { play, recordedBytes } from "./harness/judge/playback.ts";
import { hubMediaOf } from "./harness/programs/hub.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { below, commandOf } from "./harness/programs/process.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";
import { waitFor } from "../kit/run/wait.ts";

const SLOW = 120_000;
const WORTH_PLAYING_BYTES = 40_000;
/** A picture that is late by so much would be a gap to who looks at it. */
const UNNOTICED_MS = 1000;
const PROCESSES = 2;
/** One on each. */
const IDS = ["pillar-1", "pillar-4"] as const;

let street: Street;
let pillars: readonly PillarUnderTest[];
beforeAll(async () => {
  street = await openStreet({ media: { processes: PROCESSES } });
  pillars = await Promise.all(
    IDS.map((id) =>
      street.add(id, {
        media: {
          cameras: [{ id: "front", source: { kind: "test" } }],
          size: "640x360",
          framesPerSecond: 10,
          microphone: { kind: "test" },
        },
      }),
    ),
  );
  for (const pillar of pillars) {
    pillar.start();
    await pillar.untilLamp("standby");
  }
}, SLOW);
afterAll(() => street?.close());

const wait = (what: () => Promise<void>): Promise<void> =>
  waitFor(what, { timeout: 30_000, interval: 200 });
const mediaOf = (id: string): number | undefined =>
  below(street.hub.process().pid()).find((pid) =>
    commandOf(pid).includes(hubMediaOf(id, PROCESSES)),
  );

async function incidentOf(id: string): Promise<string> {
  const found = (await street.hub.operator.active()).find(({ pillarId }) => pillarId === id);
  expect(found).toBeDefined();
  return found!.id;
}

/** Until the last of so many has something worth playing. */
async function recording(incidentId: string, count: number): Promise<Recording> {
  let last: Recording | undefined;
  await wait(async () => {
    const found = await street.hub.operator.recordings(incidentId);
    last = found.at(-1);
    expect(found).toHaveLength(count);
    expect(last?.state).toBe("recording");
    expect(await recordedBytes(street, last!.id)).toBeGreaterThan(WORTH_PLAYING_BYTES);
  });
  return last!;
}

/**
 * A busy machine can hold up a call by itself, so that one kill of a few without a gap shows it; a
 * call that a kill does interrupt is interrupted by each.
 */
const KILLS = 3;
/** A gap that a kill makes begins within so long. */
const NEXT_KILL_AFTER_MS = 2500;

/** When the process of that pillar was killed; its call is recorded anew, as recording `count`. */
async function kill(pillarId: string, incidentId: string, count: number): Promise<number> {
  const at = Date.now();
  process.kill(mediaOf(pillarId)!, "SIGKILL");
  await recording(incidentId, count);
  await waitFor(() => expect(Date.now()).toBeGreaterThan(at + NEXT_KILL_AFTER_MS), {
    timeout: SLOW,
  });
  return at;
}

test(
  "A7 one of the hub's two media processes is killed in a call of each: the other call's recording has no gap, the killed one begins anew",
  { timeout: 2 * SLOW },
  async () => {
    expect(hubMediaOf(IDS[0], PROCESSES)).not.toBe(hubMediaOf(IDS[1], PROCESSES));
    for (const pillar of pillars) {
      await pillar.press();
      await pillar.untilLamp("received");
    }
    const [killed, other] = [await incidentOf(IDS[0]), await incidentOf(IDS[1])];
    for (const id of [killed, other]) await street.hub.operator.order(id, "answer");
    await recording(killed, 1);
    const before = await recording(other, 1);
    const otherPid = mediaOf(IDS[1]);
    const kills: number[] = [];
    for (let n = 0; n < KILLS; n++) kills.push(await kill(IDS[0], killed, n + 2));
    await recording(other, 1);
    expect(mediaOf(IDS[1])).toBe(otherPid);
    for (const id of [killed, other]) {
      await street.hub.operator.order(id, "close", { disposition: "resolved", note: "" });
    }
    for (const pillar of pillars) await pillar.untilLamp("standby");
    await wait(async () => {
      const states = [...(await street.hub.operator.recordings(killed))].map(({ state }) => state);
      expect(states).toEqual([...kills.map(() => "recovered"), "closed"]);
    });
    const [whole] = await street.hub.operator.recordings(other);
    expect(whole).toMatchObject({ id: before.id, state: "closed" });
    const { missingMs, spans } = whole!.gaps!;
    expect(missingMs.everything).toBe(0);
    const long = spans
      .filter(({ track, fromMs, toMs }) => track !== "operator" && toMs - fromMs > UNNOTICED_MS)
      .map((gap) => ({ ...gap, beganAt: Date.parse(whole!.startedAt) + gap.fromMs }));
    const gapsOfKills = kills.map((at) =>
      long.filter(
        ({ beganAt }) => beganAt > at - UNNOTICED_MS && beganAt < at + NEXT_KILL_AFTER_MS,
      ),
    );
    const isShown = gapsOfKills.some((gaps) => gaps.length === 0);
    expect(isShown ? [] : [...gapsOfKills, ...street.hub.lines()]).toEqual([]);
    expect((await play(street, before.id)).complaints).toBe("");
    expect(await street.verdict()).toEqual([]);
  },
);
