/** How soon the agent is armed, and what each process keeps resident when nothing happens. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemo } from "../kit/programs/demo.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const SETTLE_MS = 20_000;
const STARTS = 5;

export async function benchResident(): Promise<Section> {
  const dataDir = mkdtempSync(join(tmpdir(), "anzhu-bench-"));
  // The first start of a release compiles it and makes keys; the figures are of every later one.
  await (await startDemo({ pillars: 1, dataDir })).stop();
  const demo = await startDemo({ pillars: 1, dataDir });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rows = [
    ...[
      residentRow(demo.dataDir, "agent main", { has: "device/main.ts", bar: 110 }),
      residentRow(demo.dataDir, "hub main", { has: "hub/main.ts", bar: 150 }),
      residentRow(demo.dataDir, "pillar media, idle", { has: "device/media/main.ts", bar: 140 }),
      residentRow(demo.dataDir, "hub media, idle", { has: "hub/media/main.ts", bar: 140 }),
    ],
    await armedRow(demo.controlUrl, demo.dataDir),
  ];
  await demo.stop();
  rmSync(dataDir, { recursive: true, force: true });
  return {
    name: "resident",
    title: "Start and memory",
    method:
      `The demo with one pillar, started for the second time, ${SETTLE_MS / 1000} s after it was ready; resident set sizes from ` +
      "/proc. A release's first start compiles it and takes more; that is not measured here. The agent is then killed " +
      `${STARTS} times and started again by its supervisor; the time is its own log line "armed", counted from the start of its process.`,
    rows,
    notTested: "a small board's processor and storage.",
  };
}

interface Wanted {
  readonly has: string;
  readonly bar: number;
}

function residentRow(dataDir: string, what: string, { has, bar }: Wanted): Row {
  const mib = processesOf(dataDir)
    .filter(({ command }) => command.includes(has))
    .map(({ pid }) => residentMib(pid));
  const most = Math.max(...mib);
  return {
    what: `${what}, resident`,
    measured: `${most.toFixed(0)} MB`,
    bar: `≤ ${bar} MB`,
    isMet: most <= bar,
  };
}

/** The demo's processes: those that name its data and their children. */
function processesOf(dataDir: string): { pid: number; command: string }[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null)
    .map(([, pid, parent, command = ""]) => ({
      pid: Number(pid),
      parent: Number(parent),
      command,
    }));
  const ours = new Set(
    table.filter(({ command }) => command.includes(dataDir)).map(({ pid }) => pid),
  );
  for (const { pid, parent } of table) if (ours.has(parent)) ours.add(pid);
  return table.filter(({ pid }) => ours.has(pid));
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1000;
}

async function armedRow(controlUrl: string, dataDir: string): Promise<Row> {
  const logged = (): number[] => {
    const [file = ""] = readdirSync(join(dataDir, "log")).filter((name) =>
      name.startsWith("demo-"),
    );
    const text = readFileSync(join(dataDir, "log", file), "utf8");
    return [...text.matchAll(/"armedMs":(\d+)/g)].map(([, ms]) => Number(ms));
  };
  const before = logged().length;
  for (let n = 1; n <= STARTS; n += 1) {
    await fetch(`${controlUrl}/pillars/demo-001/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fault: "agent-crash", on: true }),
    });
    while (logged().length < before + n) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { p50, max } = summarise(logged().slice(before));
  return {
    what: "agent armed after its start",
    measured: `p50 ${p50} ms, slowest ${max} ms (${STARTS} starts)`,
    bar: "≤ 1500 ms",
    isMet: max <= 1500,
  };
}
