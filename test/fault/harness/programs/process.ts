/**
 * One program under test in a process of its own: started, killed and started again only when the
 * test says so, under another program (strace, faketime, a namespace) when it says that.
 *
 * It leads a process group, so that nothing it started outlives the test.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import {
  exitWithParentEnv,
  exitWithParentOptions,
} from "../../../../simulator/live/exit-with-parent.ts";
import { ROOT } from "../../../../simulator/live/program.ts";

const END_TIMEOUT_MS = 8000;
/** Lines kept of each start: enough for a whole test. */
const MAX_LINES = 20_000;

export interface Surroundings {
  /** A program that runs ours: `["strace", "-f", …]`. */
  readonly wrap?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Process {
  /** Of Node itself, also under another program. */
  pid(): number;
  isRunning(): boolean;
  /** Everything printed so far. */
  lines(): readonly string[];
  signal(signal: NodeJS.Signals): void;
  /** `kill -9`, of it alone; resolves when it is gone. */
  crash(): Promise<void>;
  /** Stops it and all it started at one instant; a system call under way still ends. */
  freeze(): void;
  /** `kill -9` of it and of all it started, as when the power fails. */
  cutPower(): Promise<void>;
  /** SIGTERM, and the end it needs. */
  stop(): Promise<void>;
}

export function startProcess(command: readonly string[], around: Surroundings = {}): Process {
  const node = [process.execPath, ...exitWithParentOptions, ...command];
  const [file = "", ...args] = [...(around.wrap ?? []), ...node];
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, ...exitWithParentEnv(), ...around.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (lines.length < MAX_LINES) lines.push(line);
    });
  }
  child.once("error", (error) => lines.push(error.message));
  const ended = once(child, "exit").catch(() => undefined);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const pid = (): number => (around.wrap ? nodeBelow(child.pid ?? 0) : (child.pid ?? 0));
  const cutPower = async (): Promise<void> => {
    signalGroup(child, "SIGKILL");
    await ended;
  };
  return {
    pid,
    isRunning,
    lines: () => lines,
    signal: (signal) => void process.kill(pid(), signal),
    freeze: () => signalGroup(child, "SIGSTOP"),
    cutPower,
    async crash() {
      if (isRunning()) process.kill(pid(), "SIGKILL");
      await ended;
    },
    async stop() {
      if (isRunning()) process.kill(pid(), "SIGTERM");
      await Promise.race([ended, delay(END_TIMEOUT_MS, undefined, { ref: false })]);
      await cutPower();
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}

/**
 * The wrapping program may become Node or start it;
 * it is itself the answer while there is none yet.
 */
function nodeBelow(pid: number): number {
  const isNode = (one: number): boolean => commandOf(one).startsWith(process.execPath);
  return [pid, ...below(pid)].find(isNode) ?? pid;
}

/** Every process below this one, parents first. */
export function below(pid: number): number[] {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(below)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .split(" ")
        .filter((text) => text.trim() !== "")
        .map(Number),
    );
  } catch {
    return []; // It ended while we looked.
  }
}

/** The command line, its words separated by spaces; empty when the process is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
