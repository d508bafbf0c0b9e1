/** Group A: processes that are killed, stopped or never become useful. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { killAgents, killHubs } from "./harness/sweep/kill-sweep.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const ROUNDS = 5;
const SLOW = 120_000;

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

test(
  "A4 the agent is killed (kill -9) at any instant after a press: nothing is lost",
  { timeout: SLOW },
  async () => {
    await killAgents(street, { id: "agent-killed", rounds: ROUNDS });
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A5 the hub is killed (kill -9) between insert, commit and answer: nothing is lost",
  { timeout: SLOW },
  async () => {
    await killHubs(street, { id: "hub-killed", rounds: ROUNDS });
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A8 a stopped agent is seen as lost within 15 s, and a press of that time calls when it goes on",
  { timeout: SLOW },
  async () => {
    const pillar = await street.add("stopped");
    pillar.start();
    await pillar.untilLamp("standby");
    pillar.process().signal("SIGSTOP");
    const stoppedAt = performance.now();
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).presence, { timeout: 20_000 })
      .toBe("lost");
    expect(performance.now() - stoppedAt).toBeLessThan(PROMISED_MS.visible);
    await pillar.press();
    pillar.process().signal("SIGCONT");
    await pillar.untilLamp("received");
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
  },
);
