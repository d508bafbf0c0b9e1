/**
 * Group A: programs that have a bug, hang, run out of memory or of files, or cannot start at all.
 */
import { connect, type Socket } from "node:net";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startProgram } from "../../simulator/live/program.ts";
import { hubMediaOf } from "./harness/programs/hub.ts";
import { limitMemory } from "./harness/programs/memory-limit.ts";
import type { InjectedFault } from "./harness/programs/fault-injection.ts";
import { newFaultInjector, type FaultInjector } from "./harness/programs/fault-injector.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { below, commandOf, type Process } from "./harness/programs/process.ts";
import { endCall, openStreet, type Street } from "./harness/programs/street.ts";
import { missing } from "./harness/programs/tool.ts";

const SLOW = 120_000;
/** A missed heartbeat's patience, a look, and the last words. */
const WATCHDOG_MS = 15_000;
const SPARE_BYTES = 96 * 1024 * 1024;

let street: Street;
let pillar: PillarUnderTest;
let injector: FaultInjector;
beforeAll(async () => {
  street = await openStreet();
  injector = newFaultInjector();
  await street.hub.stop();
  await street.hub.start(injector.around);
  pillar = await street.add("buggy");
  pillar.start(injector.around);
  await pillar.untilArmed();
});
afterAll(async () => {
  await street?.close();
  injector.remove();
});

/** The whole promise once: a press, its receipt, its end; and what is wrong in the history. */
async function violationsOfAPress(): Promise<readonly unknown[]> {
  await pillar.untilArmed();
  await pillar.press();
  await endCall(street, pillar);
  return street.verdict();
}

const untilEnded = (life: Process, withinMs = 10_000): Promise<void> =>
  expect.poll(() => life.isRunning(), { timeout: withinMs }).toBe(false);

const untilSaid = (lines: () => readonly string[], words: string, since: number): Promise<void> =>
  expect
    .poll(
      () =>
        lines()
          .slice(since)
          .some((line) => line.includes(words)),
      { timeout: 20_000 },
    )
    .toBe(true);

describe("A13 an error nobody catches", () => {
  test.each<InjectedFault["what"]>(["throw", "reject"])(
    "A13 a bug in the agent (%s) ends it at once, and the next one calls",
    { timeout: SLOW },
    async (what) => {
      const life = pillar.process();
      injector.inject(life.pid(), { where: "main", what });
      await untilEnded(life);
      pillar.start(injector.around);
      expect(await violationsOfAPress()).toEqual([]);
    },
  );

  test.each<InjectedFault["what"]>(["throw", "reject", "end"])(
    "A13 a bug in the agent's ledger thread (%s): a fault, a new thread, and the press is stored and accepted",
    { timeout: SLOW },
    async (what) => {
      const life = pillar.process();
      const since = life.lines().length;
      injector.inject(life.pid(), { where: "ledger-worker.ts", what });
      await untilSaid(life.lines, "ledger-failing raised", since);
      await untilSaid(life.lines, "the ledger is back", since);
      expect(life.isRunning()).toBe(true);
      expect(await violationsOfAPress()).toEqual([]);
      expect((await street.hub.operator.pillar(pillar.id)).faults).not.toContain("ledger-failing");
    },
  );

  test(
    "A13 a bug in the hub (throw) ends it at once, and the next one has what was accepted",
    { timeout: SLOW },
    async () => {
      const life = street.hub.process();
      injector.inject(life.pid(), { where: "main", what: "throw" });
      await untilEnded(life);
      await street.hub.crash();
      await street.hub.start(injector.around);
      await pillar.untilLamp("standby");
      expect(await violationsOfAPress()).toEqual([]);
    },
  );

  test(
    "A13 a failure nobody waits for in the hub (reject) is told in the log and ends nothing",
    {
      timeout: SLOW,
    },
    async () => {
      const life = street.hub.process();
      const since = life.lines().length;
      injector.inject(life.pid(), { where: "main", what: "reject" });
      await untilSaid(life.lines, "bug: a failure nobody waited for", since);
      expect(await violationsOfAPress()).toEqual([]);
      expect(life.isRunning()).toBe(true);
    },
  );

  test.each<InjectedFault["what"]>(["throw", "reject", "end"])(
    "A13 a bug in the hub's journal thread (%s): nothing is promised until there is another",
    { timeout: SLOW },
    async (what) => {
      const { lines, process: hub } = street.hub;
      const since = lines().length;
      injector.inject(hub().pid(), { where: "worker.ts", what });
      await pillar.press();
      await untilSaid(lines, "the journal holds again", since);
      await endCall(street, pillar);
      expect(await violationsOfAPress()).toEqual([]);
    },
  );

  test.each([
    ["the agent's", "device/media/main.ts", "throw"],
    ["the agent's", "device/media/main.ts", "reject"],
    ["the hub's", hubMediaOf("buggy"), "throw"],
    ["the hub's", hubMediaOf("buggy"), "reject"],
  ] as const)(
    "A13 a bug in %s media process (%s, %s) ends it, another starts, and no alarm notices",
    { timeout: SLOW },
    async (_whose, file, what) => {
      const parent = file.startsWith("hub") ? street.hub.process() : pillar.process();
      const media = (): number =>
        below(parent.pid()).find((pid) => commandOf(pid).includes(file)) ?? 0;
      await expect.poll(media, { timeout: 20_000 }).not.toBe(0);
      const first = media();
      injector.inject(first, { where: "main", what });
      await pillar.press();
      await endCall(street, pillar);
      await expect.poll(() => ![0, first].includes(media()), { timeout: 20_000 }).toBe(true);
      expect(parent.isRunning()).toBe(true);
      expect(await street.verdict()).toEqual([]);
    },
  );
});

test(
  "A9 the agent's event loop is busy for 40 s: its watchdog ends it, and the press of that time calls from the next one",
  { timeout: SLOW },
  async () => {
    const life = pillar.process();
    injector.inject(life.pid(), { where: "main", what: "busy" });
    await pillar.press();
    await untilEnded(life, WATCHDOG_MS);
    expect(life.lines().at(-1)).toContain("watchdog");
    pillar.start(injector.around);
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A11 the kernel kills hub and agent for want of memory: what was pressed meanwhile is accepted",
  { timeout: SLOW },
  async ({ skip }) => {
    for (const victim of [pillar, street.hub]) {
      const life = victim.process();
      const limit = limitMemory(life.pid(), SPARE_BYTES);
      if (typeof limit === "string") return skip(limit);
      injector.inject(life.pid(), { where: "main", what: "fill-memory" });
      await untilEnded(life, 20_000);
      expect(limit.failures()).toBeGreaterThan(0);
      limit.remove();
      const pressing = pillar.press();
      if (victim === pillar) pillar.start(injector.around);
      else {
        await street.hub.crash();
        await street.hub.start(injector.around);
      }
      await pressing;
      await endCall(street, pillar);
    }
    expect(await street.verdict()).toEqual([]);
  },
);

/** No number is free below the limit any more: the holes are filled from outside. */
async function takeFiles(pid: number, port: number): Promise<() => void> {
  const open = readdirSync(`/proc/${pid}/fd`).length;
  const limit = (files: number): void => {
    execFileSync("prlimit", ["--pid", String(pid), `--nofile=${files}:`]);
  };
  limit(open);
  const fillers = port === 0 ? [] : Array.from({ length: 20 }, () => connect(port, "127.0.0.1"));
  for (const filler of fillers) filler.on("error", () => undefined);
  await expect.poll(() => fillers.some((filler: Socket) => filler.connecting)).toBe(false);
  return () => {
    fillers.forEach((filler) => filler.destroy());
    limit(4096);
  };
}

test(
  "A12 the hub has no file left: a connected pillar's alarm is committed and rings, newcomers wait, the log says why",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("prlimit");
    skip(reason !== undefined, reason);
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).presence, { timeout: 20_000 })
      .toBe("online");
    const { lines, process: hub } = street.hub;
    const since = lines().length;
    const before = street.history.entries().length;
    const giveBack = await takeFiles(hub().pid(), street.hub.mqttPort);
    await pillar.press();
    await pillar.untilLamp("received");
    await expect
      .poll(() =>
        street.history
          .entries()
          .slice(before)
          .some(({ what }) => what === "console"),
      )
      .toBe(true);
    const late = await street.add("late").catch(() => undefined);
    expect(late).toBeUndefined();
    await untilSaid(lines, "no file can be opened", since);
    giveBack();
    await endCall(street, pillar);
    expect(hub().isRunning()).toBe(true);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A12 the agent has no file left: a press goes out over the connection it has, and is stored",
  { timeout: SLOW },
  async ({ skip }) => {
    const reason = missing("prlimit");
    skip(reason !== undefined, reason);
    await pillar.untilArmed();
    const giveBack = await takeFiles(pillar.process().pid(), 0);
    await pillar.press();
    await pillar.untilLamp("received");
    giveBack();
    await endCall(street, pillar);
    expect(await street.verdict()).toEqual([]);
  },
);

test(
  "A10 settings that make no sense: the agent says so and ends with 78, and the launcher does not try again",
  { timeout: SLOW },
  async () => {
    const config = join(street.dir, "bad.yaml");
    writeFileSync(config, "pillarId: 7\n");
    const messages: string[] = [];
    const program = startProgram({
      name: "agent",
      command: ["device/main.ts", "start", "-c", config],
      logPath: join(street.dir, "bad.log"),
      onMessage: (text) => messages.push(text),
    });
    onTestFinished(() => program.stop());
    await expect.poll(() => program.state(), { timeout: 20_000 }).toBe("refused");
    expect(program.restarts()).toBe(0);
    expect(messages.join()).toContain("refuses its settings");
  },
);

test(
  "A10 a hub that can never work, because another has its directory, is tried again at growing distances",
  { timeout: SLOW },
  async () => {
    const messages: string[] = [];
    const program = startProgram({
      name: "hub",
      command: ["hub/main.ts", "start", "-c", join(street.hub.dir, "hub.yaml")],
      logPath: join(street.dir, "second.log"),
      onMessage: (text) => messages.push(text),
    });
    onTestFinished(() => program.stop());
    const pauses = (): number[] =>
      messages.map((text) => Number(/again in ([\d.]+) s/.exec(text)?.[1] ?? 0));
    await expect.poll(() => pauses().length, { timeout: 30_000 }).toBeGreaterThan(2);
    expect(pauses().slice(0, 3)).toEqual([0.5, 1, 2]);
    expect(await street.hub.isReady()).toBe(true);
  },
);
