/**
 * Group B, a disk that dies under a working pillar: what
 * it sent from memory is forgotten at the next start.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import type { Fact, FactOf } from "../../hub/core/facts.ts";
import { endCall, openStreet, readJournal, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 120_000;
const VISIBLE = { timeout: PROMISED_MS.visible };

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street?.close());

/** From now on every write of this process fails; resolves with the way to end that. */
async function killDisk(pid: number): Promise<() => Promise<void>> {
  const inject = "pwrite64,pwritev,write,fsync,fdatasync,ftruncate";
  const calls = ["-e", `trace=${inject}`, "-e", `inject=pwrite64,fsync,fdatasync:error=EIO`];
  const tracer = spawn("strace", ["-f", "-q", "-p", String(pid), "-o", "/dev/null", ...calls]);
  const ended = once(tracer, "exit");
  return async () => {
    tracer.kill("SIGINT");
    await ended;
  };
}

const factsOf = <T extends Fact["type"]>(type: T): FactOf<T>[] =>
  readJournal(street.hub.dir)
    .filter((row) => row.type === type)
    .map((row) => JSON.parse(row.body) as FactOf<T>);

test(
  "B12 a disk dies, the pillar calls from memory and starts again: both alarms under one number are kept, and the fault says why",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("strace");
    skip(reason !== undefined, reason);
    const pillar = await street.add("forgetful");
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    const heal = await killDisk(pillar.process().pid());
    await pillar.press();
    await pillar.untilLamp("received");
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults, VISIBLE)
      .toContain("ledger-failing");
    await pillar.process().crash();
    await heal();
    pillar.start();
    await pillar.untilArmed();
    // No disk stored that this press was told, so the board tells it again.
    await pillar.untilLamp("received");
    const alarms = factsOf("alarm-recorded").filter(({ event }) => event.pillarId === pillar.id);
    expect(alarms.map(({ event }) => [event.seq, event.bootEpoch])).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
    ]);
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults, VISIBLE)
      .toEqual(["ledger-lost"]);
    const told = factsOf("pillar-fault").find(({ code }) => code === "ledger-lost");
    expect(told?.detail).toMatch(/since boot 2 .* forgotten what boot 1 sent; .* replace its card/);
    expect(await street.hub.operator.active()).toMatchObject([{ pillarId: pillar.id, presses: 2 }]);
    expect(await street.verdict()).toEqual([]);
    await street.hub.operator.clear();
  },
);
