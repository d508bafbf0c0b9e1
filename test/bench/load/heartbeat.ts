/** Ten thousand pillars say every 5 s that they are there. */
import { setTimeout as delay } from "node:timers/promises";
import { openLoad, type LoadRig } from "../rig/load-rig.ts";
import type { Section } from "../rig/section.ts";

const PILLARS = 10_000;
const EVERY_SECONDS = 5;
const SETTLE_MS = 30_000;
const MEASURED_MS = 90_000;
const MOST_SHARE = 0.6;
/** Long enough for several full collections of the hub's garbage. */
const WATCHED_MS = 210_000;
const LOOK_EVERY_MS = 2000;
/** A full collection takes away far more than this. */
const COLLECTED_MIB = 20;
/** Beyond this it grows. */
const FLAT_KIB_PER_PILLAR = 2;

export interface HeartbeatFigures {
  /** Of one core. */
  readonly share: number;
  /** JavaScript heap in use after each full collection. */
  readonly leastMib: readonly number[];
  readonly residentMib: number;
  /** Links that ended in the time measured. */
  readonly lost: number;
}

export async function benchHeartbeat(): Promise<Section> {
  const { share, leastMib, residentMib, lost } = await measureHeartbeats(PILLARS);
  const [first = Number.NaN] = leastMib;
  const grown = (leastMib.at(-1) ?? Number.NaN) - first;
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return {
    name: "heartbeat",
    title: "Ten thousand heartbeats",
    method:
      `${PILLARS} connected pillars, a heartbeat each every ${EVERY_SECONDS} s (${PILLARS / EVERY_SECONDS} a second), ${SETTLE_MS / 1000} s after the last one connected: ` +
      `processor time of the hub's process (all threads, garbage collection included) over ${MEASURED_MS / 1000} s, from /proc. Then the heap is watched for ${WATCHED_MS / 1000} s: ` +
      "what is left of it after each full collection is what grows, if anything does.",
    rows: [
      {
        what: "hub, of one core",
        measured: `${percent(share)}, ${((share * 1e6 * EVERY_SECONDS) / PILLARS).toFixed(0)} µs a heartbeat`,
        bar: `≤ ${percent(MOST_SHARE)}`,
        isMet: share <= MOST_SHARE,
      },
      {
        what: `hub, heap left by the first and by the last of ${leastMib.length} full collections`,
        measured: `${first.toFixed(1)} MiB, then ${grown.toFixed(1)} MiB more; most memory resident ${residentMib.toFixed(0)} MiB`,
        bar: `flat: ≤ ${FLAT_KIB_PER_PILLAR} KiB a pillar, at least two collections`,
        isMet: leastMib.length > 1 && grown * 1024 <= FLAT_KIB_PER_PILLAR * PILLARS,
      },
      {
        what: "links lost meanwhile",
        measured: `${lost}`,
        bar: "0",
        isMet: lost === 0,
      },
    ],
    notTested: "an hour of it; pillars whose faults come and go.",
  };
}

export async function measureHeartbeats(pillars: number): Promise<HeartbeatFigures> {
  const rig = await openLoad(pillars);
  try {
    await rig.hub.start();
    await rig.hub.isReady();
    await rig.fleet.start();
    await delay(SETTLE_MS);
    const lostBefore = lostOf(await rig.fleet.report());
    const before = rig.hub.cost();
    const startedAt = performance.now();
    await delay(MEASURED_MS);
    const after = rig.hub.cost();
    const seconds = (performance.now() - startedAt) / 1000;
    const leastMib = await watchHeap(rig);
    return {
      share: (after.cpuSeconds - before.cpuSeconds) / seconds,
      leastMib,
      residentMib: rig.hub.cost().peakKib / 1024,
      lost: lostOf(await rig.fleet.report()) - lostBefore,
    };
  } finally {
    await rig.close();
  }
}

async function watchHeap({ url }: LoadRig): Promise<number[]> {
  const leastMib: number[] = [];
  let latest = 0;
  for (let watched = 0; watched < WATCHED_MS; watched += LOOK_EVERY_MS) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const used = Number(/^anzhu_nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]) / 2 ** 20;
    if (latest - used > COLLECTED_MIB) leastMib.push(used);
    latest = used;
    await delay(LOOK_EVERY_MS);
  }
  return leastMib;
}

const lostOf = ({ downs }: { readonly downs: readonly (readonly [string, number])[] }): number =>
  downs.reduce((sum, [, count]) => sum + count, 0);
