/** Ten thousand pillars say every 5 s that they are there. */
import { setTimeout as delay } from "node:timers/promises";
import { openLoad } from "./load-rig.ts";
import type { Section } from "./section.ts";

const PILLARS = 10_000;
const EVERY_SECONDS = 5;
const SETTLE_MS = 30_000;
const MEASURED_MS = 90_000;
const MOST_SHARE = 0.6;
/** Beyond this it grows. */
const FLAT_KIB_PER_PILLAR = 2;

export interface HeartbeatFigures {
  /** Of one core. */
  readonly share: number;
  readonly beforeKib: number;
  readonly afterKib: number;
  /** Links that ended in the time measured. */
  readonly lost: number;
}

export async function benchHeartbeat(): Promise<Section> {
  const { share, beforeKib, afterKib, lost } = await measureHeartbeats(PILLARS);
  const grown = (afterKib - beforeKib) / 1024;
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return {
    name: "heartbeat",
    title: "Ten thousand heartbeats",
    method:
      `${PILLARS} connected pillars, a heartbeat each every ${EVERY_SECONDS} s (${PILLARS / EVERY_SECONDS} a second), ${SETTLE_MS / 1000} s after the last one connected: ` +
      `processor time of the hub's process (all threads, garbage collection included) over ${MEASURED_MS / 1000} s, from /proc.`,
    rows: [
      {
        what: "hub, of one core",
        measured: `${percent(share)}, ${((share * 1e6 * EVERY_SECONDS) / PILLARS).toFixed(0)} µs a heartbeat`,
        bar: `≤ ${percent(MOST_SHARE)}`,
        isMet: share <= MOST_SHARE,
      },
      {
        what: "hub, resident at the begin and at the end",
        measured: `${Math.round(beforeKib / 1024)} MiB, ${Math.round(afterKib / 1024)} MiB (${grown.toFixed(1)} MiB more)`,
        bar: `flat: ≤ ${FLAT_KIB_PER_PILLAR} KiB a pillar`,
        isMet: afterKib - beforeKib <= FLAT_KIB_PER_PILLAR * PILLARS,
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
    return {
      share: (after.cpuSeconds - before.cpuSeconds) / seconds,
      beforeKib: before.residentKib,
      afterKib: after.residentKib,
      lost: lostOf(await rig.fleet.report()) - lostBefore,
    };
  } finally {
    await rig.close();
  }
}

const lostOf = ({ downs }: { readonly downs: readonly (readonly [string, number])[] }): number =>
  downs.reduce((sum, [, count]) => sum + count, 0);
