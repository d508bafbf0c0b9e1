/**
 * The hub is killed while people press, and started again.
 *
 * Presses while it is down wait in the pillars; what counts is how soon after its port opens they
 * have their receipts, and when everybody else is back.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { FleetReport } from "../../../simulator/load/fleet.ts";
import {
  isExactlyOnce,
  judgePresses,
  type PressVerdict,
} from "../../../simulator/load/press-verdict.ts";
import type { Cost } from "../../../simulator/load/process-cost.ts";
import { openLoad, type LoadRig } from "../rig/load-rig.ts";
import { percentile } from "../rig/percentile.ts";
import type { Row, Section } from "../rig/section.ts";

const PILLARS = 1000;
const PRESS_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 500;
const PATIENCE_MS = 120_000;
const ACCEPTED_MS = 3000;
const RESTARTS = 5;

export interface RestartPlan {
  readonly pillars: number;
  /** How many of them press while the hub is down. */
  readonly pressing: number;
}

export interface RestartFigures {
  /** From the start of the process to the open port. */
  readonly listensMs: number;
  readonly verdict: PressVerdict;
  /** From the open port to each receipt, and to each link; sorted by nothing. */
  readonly acceptedMs: readonly number[];
  readonly upMs: readonly number[];
  /** Attempts that came to nothing since the kill. */
  readonly failed: number;
  readonly fallbackRequests: number;
  /** From the hub's restart to the moment when all pillars are back. */
  readonly cost: Cost;
}

export async function benchHubRestart(): Promise<Section> {
  const runs: RestartFigures[] = [];
  for (let n = 0; n < RESTARTS; n += 1) {
    runs.push(await measureRestart({ pillars: PILLARS, pressing: PILLARS }));
  }
  return {
    name: "hub-restart",
    title: "A restart with a thousand alarms outstanding",
    method:
      `${PILLARS} connected pillars; the hub is killed, all of them press within ${PRESS_WITHIN_MS / 1000} s, the hub is started. Times count ` +
      "from the moment its port accepts. Each pillar comes back by a full handshake, on its own jitter (0-500 ms); pillars and hub share " +
      `two cores, and a pillar's half of a handshake costs as much as the hub's. The slowest of ${RESTARTS} restarts counts. The pillars leave out the look at the name in the hub's certificate.`,
    rows: [slowestRow(runs), onceRow(...runs), listensRow(...runs)],
    notTested: "a network between pillars and hub.",
  };
}

function slowestRow(runs: readonly RestartFigures[]): Row {
  const lasts = runs.map(({ acceptedMs }) => Math.max(...acceptedMs));
  const slowest = Math.max(...lasts);
  const all = lasts.toSorted((a, b) => a - b).map(seconds);
  return {
    what: `listening → all accepted, the slowest of ${runs.length} restarts`,
    measured: `${seconds(slowest)} (${all.join(", ")})`,
    bar: `≤ ${ACCEPTED_MS / 1000} s`,
    isMet: slowest <= ACCEPTED_MS,
  };
}

export function acceptedRow({ acceptedMs }: RestartFigures, what: string, bar: number): Row {
  const most = acceptedMs.length > 0 ? Math.max(...acceptedMs) : Number.NaN;
  const half = percentile(acceptedMs, 0.5);
  return {
    what,
    measured: `${seconds(most)} (half of them after ${seconds(half)})`,
    bar: `≤ ${bar / 1000} s`,
    isMet: most <= bar,
  };
}

export function onceRow(...runs: readonly RestartFigures[]): Row {
  const sum = (count: (verdict: PressVerdict) => number): number =>
    runs.reduce((total, { verdict }) => total + count(verdict), 0);
  const pressed = sum((verdict) => verdict.pressed);
  const accepted = sum((verdict) => verdict.accepted);
  const incidents = sum((verdict) => verdict.incidents);
  const lost = sum((verdict) => verdict.lost.length);
  const isOnce = runs.every(({ verdict }) => isExactlyOnce(verdict));
  return {
    what: "pressed, in the journal once, accepted",
    measured: `${pressed}, ${incidents} incidents, ${accepted}; ${lost} of ${pressed} lost supports fewer than 3 in ${pressed}`,
    bar: "all, once",
    isMet: isOnce && accepted === pressed && incidents === pressed,
  };
}

export const listensRow = (...runs: readonly RestartFigures[]): Row => ({
  what: "process started → port open",
  measured: runs.map(({ listensMs }) => seconds(listensMs)).join(", "),
  bar: "none",
  isMet: true,
});

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

export async function measureRestart(plan: RestartPlan): Promise<RestartFigures> {
  const rig = await openLoad(plan.pillars, plan.pressing);
  try {
    await rig.hub.start();
    await rig.hub.isReady();
    await rig.fleet.start();
    return await killAndStart(rig, plan);
  } finally {
    await rig.close();
  }
}

async function killAndStart(rig: LoadRig, plan: RestartPlan): Promise<RestartFigures> {
  const { hub, fleet } = rig;
  await hub.crash();
  const before = failures(await fleet.report());
  await fleet.press({ first: 0, count: plan.pressing, withinMs: PRESS_WITHIN_MS });
  const { at, tookMs } = await hub.start();
  const end = performance.now() + PATIENCE_MS;
  let report = await fleet.report();
  while (performance.now() < end && !isOver(report)) {
    await delay(LOOK_EVERY_MS);
    report = await fleet.report();
  }
  const cost = hub.cost();
  const journal = rig.journal();
  const verdict = judgePresses(report.presses, journal.alarms());
  journal.close();
  return {
    ...{ listensMs: tookMs, verdict, cost, fallbackRequests: report.fallbackRequests },
    acceptedMs: report.presses.map(({ acceptedAt }) => (acceptedAt ?? Number.NaN) - at),
    upMs: report.pillars.map(({ upAt }) => (upAt ?? Number.NaN) - at),
    failed: failures(report) - before,
  };
}

const isOver = ({ pillars, presses }: FleetReport): boolean =>
  pillars.every(({ upAt }) => upAt !== null) &&
  presses.every(({ acceptedAt }) => acceptedAt !== null);

const failures = ({ downs }: FleetReport): number =>
  downs.reduce((sum, [, count]) => sum + count, 0);
