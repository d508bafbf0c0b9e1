/**
 * A program of ours in a process of its own: started, logged, started again when it ends.
 *
 * The one idea: it leads a process group, so ending it ends everything it started.
 * The one limit: a program that refuses its configuration (exit codes 2 and 78) is not tried again.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { exitWithParentEnv, exitWithParentOptions } from "./exit-with-parent.ts";
import { openLog } from "./log-file.ts";

export const ROOT = join(import.meta.dirname, "../..");

const END_TIMEOUT_MS = 6000;
const RESTART_FIRST_MS = 500;
const RESTART_MOST_MS = 10_000;
/** A program that ran this long is started again without delay. */
const SETTLED_MS = 30_000;
const REFUSED_CONFIGURATION = new Set([2, 78]);

export interface ProgramOptions {
  readonly name: string;
  /** File below the project's root, and its arguments. */
  readonly command: readonly string[];
  readonly logPath: string;
  /** Every line it prints. */
  readonly onLine?: (line: string) => void;
  /** Something a person should know: it died, it is started again, it was given up. */
  readonly onMessage: (text: string) => void;
}

export type ProgramState = "running" | "waiting" | "off" | "refused";

export interface Program {
  state(): ProgramState;
  pid(): number | undefined;
  restarts(): number;
  /** How many lines it has printed, over all its starts. */
  lines(): number;
  /** `kill -9`, as a crash; it is then started again. */
  crash(): void;
  /** Power off (kept off, the whole group killed at once) and on again. */
  setPower(isOn: boolean): void;
  stop(): Promise<void>;
}

export function startProgram(options: ProgramOptions): Program {
  const log = openLog(options.logPath);
  let child: ChildProcess | undefined;
  let state: ProgramState = "off";
  let restarts = 0;
  let lines = 0;
  let pauseMs = RESTART_FIRST_MS;
  let timer: NodeJS.Timeout | undefined;

  const run = (): void => {
    const startedAt = performance.now();
    state = "running";
    const current = launch(options.command);
    child = current;
    for (const stream of [current.stdout, current.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines += 1;
        log.write(`${line}\n`);
        options.onLine?.(line);
      });
    }
    current.once("error", (error) => options.onMessage(`${options.name}: ${error.message}`));
    current.once("exit", (code, signal) => {
      endGroup(current);
      if (child !== current) return;
      child = undefined;
      if (state === "running") died(code, signal, performance.now() - startedAt);
    });
  };
  const died = (code: number | null, signal: string | null, livedMs: number): void => {
    if (code !== null && REFUSED_CONFIGURATION.has(code)) {
      state = "refused";
      options.onMessage(`${options.name} refuses its settings; see ${options.logPath}`);
      return;
    }
    pauseMs = livedMs > SETTLED_MS ? RESTART_FIRST_MS : pauseMs;
    const why = signal ?? `exit code ${code}`;
    options.onMessage(`${options.name} ended (${why}); started again in ${pauseMs / 1000} s`);
    state = "waiting";
    restarts += 1;
    timer = setTimeout(run, pauseMs);
    pauseMs = Math.min(pauseMs * 2, RESTART_MOST_MS);
  };
  run();
  return {
    state: () => state,
    pid: () => child?.pid,
    restarts: () => restarts,
    lines: () => lines,
    crash: () => void child?.kill("SIGKILL"),
    setPower(isOn) {
      if (isOn === (state !== "off")) return;
      clearTimeout(timer);
      if (isOn) run();
      else {
        state = "off";
        if (child !== undefined) endGroup(child);
      }
    },
    async stop() {
      state = "off";
      clearTimeout(timer);
      if (child !== undefined) await end(child);
      log.close();
    },
  };
}

function launch(command: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...exitWithParentOptions, ...command], {
    cwd: ROOT,
    // Threads that each keep an arena of their own cost a hub 12 MB for nothing.
    env: { MALLOC_ARENA_MAX: "2", ...process.env, ...exitWithParentEnv() },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group: Ctrl+C in the terminal reaches the
    // simulator only, which ends the others in order.
    detached: true,
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const isLate = await Promise.race([
    ended.then(() => false),
    delay(END_TIMEOUT_MS, true, { ref: false }),
  ]);
  endGroup(child);
  if (isLate) await ended;
}

/** What a program left behind in its group goes with it. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}

export type RunResult = { readonly code: number; readonly output: string; readonly errors: string };

/** Runs one of our commands to its end. */
export async function runProgram(command: readonly string[]): Promise<RunResult> {
  const child = launch(command);
  let output = "";
  let errors = "";
  child.stdout?.on("data", (bytes: Buffer) => (output += String(bytes)));
  child.stderr?.on("data", (bytes: Buffer) => (errors += String(bytes)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, output, errors };
}
