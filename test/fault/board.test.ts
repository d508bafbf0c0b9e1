/** Group L: the button, its board and its serial line, with a real agent at the other end. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import type { LineFault } from "../../simulator/live/board/virtual-board.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 90_000;
/** Of repeated presses, as `device/core/call/press-again.ts` counts them. */
const ONE_ALARM_IN_MS = 5000;

let street: Street;
let pillar: PillarUnderTest;
let stuck: PillarUnderTest;
beforeAll(async () => {
  street = await openStreet();
  [pillar, stuck] = [await street.add("pillar-1"), await street.add("stuck")];
  stuck.start();
  pillar.start();
  await Promise.all([pillar.untilLamp("standby"), stuck.untilLamp("standby")]);
  // Closed from the beginning, because a contact counts as stuck only after half a minute.
  stuck.hold();
});
afterAll(() => street?.close());

async function active(id: string) {
  return (await street.hub.operator.active()).filter((one) => one.pillarId === id);
}

/** Returns how many presses the call was made of. */
async function endCall(): Promise<number | undefined> {
  await pillar.untilLamp("received");
  const [incident] = await active(pillar.id);
  await street.hub.operator.order(incident!.id, "answer");
  await street.hub.operator.order(incident!.id, "close", { disposition: "test", note: "" });
  await pillar.untilLamp("standby");
  return incident?.presses;
}

/** A busy machine held the contact longer than asked: that was a press, and it has to call. */
async function endPressOf(at: number): Promise<void> {
  street.history.record({ what: "press", at, pillarId: pillar.id });
  await endCall();
}

const untilFaults = (id: string, holds: (faults: readonly string[]) => boolean): Promise<void> =>
  expect
    .poll(async () => holds((await street.hub.operator.pillar(id)).faults), {
      timeout: PROMISED_MS.visible,
    })
    .toBe(true);

describe("L1 a contact that bounces", () => {
  test("L1 spikes shorter than the debounce call nobody", { timeout: SLOW }, async () => {
    for (const holdMs of [1, 2, 5, 10, 20, 30]) {
      const spike = await pillar.board.press("button", holdMs);
      if (spike?.isCounted) await endPressOf(spike.pressedAt);
      await delay(10);
    }
    expect(await active(pillar.id)).toEqual([]);
    expect(pillar.lamp()).toBe("standby");
  });

  test(
    "L1 a train of closures before the press, and frantic pressing, are one call",
    { timeout: SLOW },
    async () => {
      const { board } = pillar;
      for (const holdMs of [2, 5, 3, 8]) {
        board.setContact("button", true);
        await delay(holdMs);
        board.setContact("button", false);
      }
      const from = performance.now();
      for (let n = 0; n < 8; n += 1) await pillar.press();
      const tookMs = performance.now() - from;
      const fullFives = Math.floor(tookMs / ONE_ALARM_IN_MS);
      // Those that followed the first within five seconds count as one, at their end. On a machine
      // so slow that there are more, the last of them is told by then.
      if (fullFives > 0) await delay(ONE_ALARM_IN_MS);
      const presses = async () => (await active(pillar.id)).map((one) => one.presses);
      await expect.poll(async () => (await presses())[0], { timeout: 20_000 }).toBeGreaterThan(1);
      const [ofCall = 0, ...others] = await presses();
      expect(others).toEqual([]);
      expect(ofCall).toBeLessThanOrEqual(2 + fullFives);
      await endCall();
    },
  );
});

test(
  "mains power that fails is on the pillar within 15 s, and gone again when it is back",
  { timeout: SLOW },
  async () => {
    pillar.board.setContact("mains", true);
    await untilFaults(pillar.id, (faults) => faults.includes("mains-lost"));
    pillar.board.setContact("mains", false);
    await untilFaults(pillar.id, (faults) => !faults.includes("mains-lost"));
    expect(await active(pillar.id)).toEqual([]);
  },
);

describe("L3 a serial line that", () => {
  test.each<LineFault>(["truncate", "corrupt", "mute", "late", "wrong-unit", "exception"])(
    "L3 does this to answers: %s; is a fault within 15 s, and a press of that time calls when it is well",
    { timeout: SLOW },
    async (fault) => {
      pillar.board.setLineFault(fault, true);
      await untilFaults(pillar.id, (faults) => faults.includes("board-lost"));
      expect(await active(pillar.id)).toEqual([]);
      await pillar.press();
      pillar.board.setLineFault(fault, false);
      expect(await endCall()).toBe(1);
      await untilFaults(pillar.id, (faults) => !faults.includes("board-lost"));
    },
  );

  test.each<LineFault>(["noise", "garbage"])(
    "L3 spoils every third answer with %s: no press is invented, and a real one calls meanwhile",
    { timeout: SLOW },
    async (fault) => {
      pillar.board.setLineFault(fault, true);
      await delay(1500);
      expect(await active(pillar.id)).toEqual([]);
      await pillar.press();
      expect(await endCall()).toBe(1);
      pillar.board.setLineFault(fault, false);
    },
  );

  test(
    "L3 echoes every request: no press is invented, and a real one calls",
    { timeout: SLOW },
    async () => {
      pillar.board.setLineFault("echo", true);
      await delay(1500);
      expect(await active(pillar.id)).toEqual([]);
      await pillar.press();
      pillar.board.setLineFault("echo", false);
      expect(await endCall()).toBe(1);
    },
  );
});

test(
  "L4 a serial device that vanishes is a fault; it returns, and so does the press of that time",
  { timeout: SLOW },
  async () => {
    await pillar.board.unplug();
    await untilFaults(pillar.id, (faults) => faults.includes("board-lost"));
    await pillar.press();
    await pillar.board.replug();
    expect(await endCall()).toBe(1);
  },
);

test(
  "L5 a press while the agent does not look is found by its counter, with its true age",
  { timeout: SLOW },
  async () => {
    pillar.process().signal("SIGSTOP");
    await pillar.press();
    await delay(1000);
    pillar.process().signal("SIGCONT");
    expect(await endCall()).toBe(1);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "L2 a contact stuck closed is one alarm and then a fault, and the board goes on",
  { timeout: SLOW },
  async () => {
    await expect
      .poll(async () => (await street.hub.operator.pillar(stuck.id)).faults, { timeout: 45_000 })
      .toContain("button-stuck");
    expect(await active(stuck.id)).toMatchObject([{ presses: 1 }]);
    await stuck.board.press("silent-button", 90);
    stuck.board.setContact("button", false);
    await untilFaults(stuck.id, (faults) => !faults.includes("button-stuck"));
  },
);
