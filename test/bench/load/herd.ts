/** Ten thousand pillars lose their hub in the same second and connect again. */
import {
  acceptedRow,
  listensRow,
  measureRestart,
  onceRow,
  seconds,
  type RestartFigures,
} from "./hub-restart.ts";
import { percentile } from "../rig/percentile.ts";
import type { Row, Section } from "../rig/section.ts";

const PILLARS = 10_000;
const PRESSING = 100;
const BACK_MS = 60_000;
const ACCEPTED_MS = 2000;

export async function benchHerd(): Promise<Section> {
  const figures = await measureRestart({ pillars: PILLARS, pressing: PRESSING });
  return {
    name: "herd",
    title: "Ten thousand pillars come back",
    method:
      `${PILLARS} connected pillars with a heartbeat every 5 s; the hub is killed, ${PRESSING} of them press within a second, the hub is ` +
      "started. Times count from the moment its port accepts. Every pillar runs the agent's own core, with its jitter, and makes a full " +
      "handshake; pillars and hub share two cores, and a pillar's half of a handshake costs as much as the hub's. Those who press " +
      "run in a process of their own, because on a street each pillar has its own processor.",
    rows: [
      acceptedRow(figures, `listening → the ${PRESSING} alarms accepted`, ACCEPTED_MS),
      backRow(figures),
      onceRow(figures),
      ...costRows(figures),
      listensRow(figures),
    ],
    notTested: "a network between pillars and hub; session resumption, which pillars do not use.",
  };
}

function backRow({ upMs }: RestartFigures): Row {
  const most = Math.max(...upMs);
  const half = percentile(upMs, 0.5);
  return {
    what: "listening → all connected again",
    measured: `${seconds(most)} (half of them after ${seconds(half)})`,
    bar: `≤ ${BACK_MS / 1000} s`,
    isMet: most <= BACK_MS,
  };
}

function costRows({ cost, failed, fallbackRequests }: RestartFigures): Row[] {
  const each = (cost.cpuSeconds / PILLARS) * 1000;
  const row = (what: string, measured: string): Row => ({
    ...{ what, measured },
    bar: "none",
    isMet: true,
  });
  return [
    row(
      "attempts that failed, alarms that also went by HTTPS",
      `${failed} (${(failed / PILLARS).toFixed(1)} a pillar, the time before the port was open included), ${fallbackRequests}`,
    ),
    row(
      "hub: processor time of its new life",
      `${cost.cpuSeconds.toFixed(1)} s, ${each.toFixed(2)} ms a pillar`,
    ),
    row("hub: most memory resident", `${Math.round(cost.peakKib / 1024)} MiB`),
  ];
}
