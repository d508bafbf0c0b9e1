/** What a connected pillar that has nothing to say keeps resident in the hub, and where it goes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startFleet } from "../../../simulator/load/fleet-process.ts";
import { LOOPBACK } from "../../../simulator/load/hub-settings.ts";
import { costOf } from "../../../simulator/load/process-cost.ts";
import { ENVIRONMENT, openLoad, type LoadRig } from "../rig/load-rig.ts";
import type { Row, Section } from "../rig/section.ts";

const PILLARS = 10_000;
const SETTLE_MS = 20_000;
const MOST_KIB = 80;

export async function benchIdle(): Promise<Section> {
  const { hub, floor } = await measureIdle(PILLARS);
  return {
    name: "idle",
    title: "A pillar that is only connected",
    method:
      `The hub's resident memory with ${PILLARS} enrolled pillars before they connect and ${SETTLE_MS / 1000} s after the last one did, each with ` +
      "mutual TLS 1.3, its subscription and a heartbeat every 5 s; the difference per pillar. The floor is a bare aedes behind the same " +
      "TLS, same run, same pillars, same Node options. Heap and buffers are the process's own figures, the rest is OpenSSL and the allocator.",
    rows: [
      {
        what: "hub, resident per connected pillar",
        measured: `${hub.residentKib.toFixed(1)} KiB (bare aedes with TLS: ${floor.toFixed(1)} KiB)`,
        bar: `≤ ${MOST_KIB} KiB`,
        isMet: hub.residentKib <= MOST_KIB,
      },
      told("of that: JavaScript heap in use", hub.heapKib),
      told("of that: buffers and other memory JavaScript knows of", hub.externalKib),
      told("the rest", hub.residentKib - hub.heapKib - hub.externalKib),
    ],
    notTested: "pillars that send offers and pictures; other allocators.",
  };
}

const told = (what: string, kib: number): Row => ({
  ...{ what, measured: `${kib.toFixed(1)} KiB` },
  bar: "none",
  isMet: true,
});

interface Idle {
  readonly residentKib: number;
  readonly heapKib: number;
  readonly externalKib: number;
}

export async function measureIdle(
  pillars: number,
): Promise<{ readonly hub: Idle; readonly floor: number }> {
  const rig = await openLoad(pillars);
  try {
    await rig.hub.start();
    await rig.hub.isReady();
    await delay(SETTLE_MS / 4);
    const before = await memoryOf(rig);
    await rig.fleet.start();
    await delay(SETTLE_MS);
    const after = await memoryOf(rig);
    const each = (name: keyof Idle): number => (after[name] - before[name]) / pillars;
    const hub: Idle = {
      residentKib: each("residentKib"),
      heapKib: each("heapKib"),
      externalKib: each("externalKib"),
    };
    await rig.fleet.stop();
    await rig.hub.stop();
    return { hub, floor: await measureFloorKib(rig, pillars) };
  } finally {
    await rig.close();
  }
}

/** Resident first: asking the hub for its own figures costs it some. */
async function memoryOf({ hub, url }: LoadRig): Promise<Idle> {
  const { residentKib } = hub.cost();
  const text = await (await fetch(`${url}/metrics`)).text();
  const kib = (name: string): number =>
    Number(new RegExp(`^anzhu_nodejs_${name}_bytes (\\S+)`, "m").exec(text)?.[1]) / 1024;
  return { residentKib, heapKib: kib("heap_size_used"), externalKib: kib("external_memory") };
}

async function measureFloorKib(rig: LoadRig, pillars: number): Promise<number> {
  const child = fork(join(import.meta.dirname, "../rig/floor-tls-child.ts"), [rig.hubDir], {
    execArgv: ["--max-semi-space-size=1"],
    env: { ...process.env, ...ENVIRONMENT },
  });
  const [mqttPort] = (await once(child, "message")) as [number];
  const hub = { host: LOOPBACK, mqttPort, alarmsPort: mqttPort };
  const fleet = startFleet(join(rig.dir, "floor-fleet.json"), { enrolment: rig.enrolment, hub });
  await delay(SETTLE_MS / 4);
  const before = costOf(child.pid ?? 0).residentKib;
  await fleet.start();
  await delay(SETTLE_MS);
  const after = costOf(child.pid ?? 0).residentKib;
  await fleet.stop();
  child.disconnect();
  await once(child, "exit");
  return (after - before) / pillars;
}
