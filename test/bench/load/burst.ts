/** A thousand people press within a second. */
import { setTimeout as delay } from "node:timers/promises";
import {
  isExactlyOnce,
  judgePresses,
  type PressVerdict,
} from "../../../simulator/load/press-verdict.ts";
import { injected } from "../../fault/harness/disk/disk.ts";
import type { Surroundings } from "../../fault/harness/programs/process.ts";
import { openLoad, type LoadRig } from "../rig/load-rig.ts";
import { summarise } from "../rig/percentile.ts";
import type { Row, Section } from "../rig/section.ts";

const PILLARS = 1000;
const WITHIN_MS = 1000;
const COMMITTED_MS = 1000;
const ACCEPTED_MS = 2000;
const SLOW_FSYNC_US = 20_000;
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 5;

export interface BurstFigures {
  readonly verdict: PressVerdict;
  /** From the last press to the moment the journal's file shows every alarm. */
  readonly committedMs: number;
}

export async function benchBurst(): Promise<Section> {
  const fast = await measureBurst(PILLARS);
  const slow = await measureBurst(PILLARS, slowFsync());
  return {
    name: "burst",
    title: "A thousand presses in a second",
    method:
      `${PILLARS} connected pillars press once each, at random moments of ${WITHIN_MS / 1000} s. Each has its own certificate and key and ` +
      "runs the agent's own core; every receipt's signature is verified. Times count from the last press. Then the same with every fsync " +
      `of the hub ${SLOW_FSYNC_US / 1000} ms slower (strace). Pillars and hub share two cores.`,
    rows: [...rows("", fast), ...rows(", slow fsync", slow)],
    notTested: "a network between pillars and hub; pillars that press again and again.",
  };
}

export const slowFsync = (): Surroundings =>
  injected(`fsync,fdatasync:delay_exit=${SLOW_FSYNC_US}`);

function rows(suffix: string, { verdict, committedMs }: BurstFigures): Row[] {
  const { pressed, accepted, incidents, tailMs } = verdict;
  const waits = summarise(verdict.waitsMs);
  const isOnce = isExactlyOnce(verdict) && accepted === pressed && incidents === pressed;
  return [
    {
      what: `last press → all in the journal${suffix}`,
      measured: `${committedMs.toFixed(0)} ms`,
      bar: `≤ ${COMMITTED_MS} ms`,
      isMet: committedMs <= COMMITTED_MS,
    },
    {
      what: `last press → all accepted${suffix}`,
      measured: `${tailMs.toFixed(0)} ms (each: p50 ${waits.p50.toFixed(0)} ms, p99 ${waits.p99.toFixed(0)} ms, slowest ${waits.max.toFixed(0)} ms)`,
      bar: `≤ ${ACCEPTED_MS} ms`,
      isMet: tailMs <= ACCEPTED_MS,
    },
    {
      what: `pressed, in the journal once, accepted${suffix}`,
      measured: `${pressed}, ${incidents} incidents, ${accepted}; ${verdict.lost.length} of ${pressed} lost supports fewer than 3 in ${pressed}`,
      bar: "all, once",
      isMet: isOnce,
    },
  ];
}

export async function measureBurst(pillars: number, around?: Surroundings): Promise<BurstFigures> {
  const rig = await openLoad(pillars);
  try {
    await rig.hub.start(around);
    await rig.hub.isReady();
    await rig.fleet.start();
    return await burst(rig, pillars);
  } finally {
    await rig.close();
  }
}

async function burst(rig: LoadRig, pillars: number): Promise<BurstFigures> {
  const journal = rig.journal();
  const pressing = rig.fleet.press({ first: 0, count: pillars, withinMs: WITHIN_MS });
  const end = performance.now() + PATIENCE_MS;
  let committedAt = Number.NaN;
  while (performance.now() < end) {
    if (journal.count() >= pillars) {
      committedAt = performance.timeOrigin + performance.now();
      break;
    }
    await delay(LOOK_EVERY_MS);
  }
  await pressing;
  let report = await rig.fleet.report();
  while (performance.now() < end && report.presses.some(({ acceptedAt }) => acceptedAt === null)) {
    await delay(LOOK_EVERY_MS * 10);
    report = await rig.fleet.report();
  }
  const verdict = judgePresses(report.presses, journal.alarms());
  journal.close();
  const lastPressAt = Math.max(...report.presses.map(({ pressedAt }) => pressedAt));
  return { verdict, committedMs: Math.max(0, committedAt - lastPressAt) };
}
