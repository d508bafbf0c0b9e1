/**
 * Keeps one outside program running: ffmpeg, or the player.
 *
 * Whatever happens to the program (it is missing, ends, fills its error output) becomes one line of
 * explanation and another start after a jittered pause. It is always ended by SIGKILL: it holds
 * nothing that needs saving, and a hanging program would not react to a gentler signal.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fullJitter } from "../../shared/backoff.ts";
import { redact } from "./redact.ts";
import type { MediaTiming } from "./timing.ts";

/** The last words of a program are enough to know why it died. */
const MAX_STDERR_CHARACTERS = 2048;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface ProgramOptions {
  /** As people call it: "camera". */
  readonly name: string;
  readonly timing: MediaTiming;
  /** Asked before every start. Throws with advice when there is nothing to start. */
  readonly command: () => Promise<Command>;
  readonly hasInput: boolean;
  /** A normal end (exit code 0) is the end of a file, and the file begins again at once. */
  readonly repeats: boolean;
  readonly onStart: (child: ChildProcess) => void;
  readonly onEnd: () => void;
  /** `isUnstartable`: there was no program to start. */
  readonly onFailure: (detail: string, isUnstartable: boolean) => void;
}

export interface Program {
  /** Ends the running program, whose end is then reported as `reason`; the next start follows. */
  restart(reason: string): void;
  stop(): void;
}

export function keepRunning(options: ProgramOptions): Program {
  const { name, timing } = options;
  let isStopped = false;
  let attempt = 0;
  let child: ChildProcess | undefined;
  let pause: NodeJS.Timeout | undefined;
  let killedFor: string | undefined;

  const later = (delay: number): void => {
    pause = setTimeout(() => void start(), Math.max(timing.restartAtLeast, delay));
  };

  const fail = (detail: string, isUnstartable: boolean): void => {
    if (isStopped) return;
    options.onFailure(redact(steady(detail)), isUnstartable);
    later(fullJitter(timing.restart, attempt, Math.random()));
    attempt += 1;
  };

  const start = async (): Promise<void> => {
    let command: Command;
    try {
      command = await options.command();
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), true);
    }
    if (isStopped) return;
    run(command);
  };

  const run = ({ file, args }: Command): void => {
    const startedAt = performance.now();
    killedFor = undefined;
    const running = spawn(file, args, {
      stdio: [options.hasInput ? "pipe" : "ignore", "ignore", "pipe"],
    });
    child = running;
    const lastWords = tail(running);
    let hasEnded = false;
    const ended = (how: string, end: "normal" | "failed" | "unstartable"): void => {
      if (hasEnded) return;
      hasEnded = true;
      child = undefined;
      if (performance.now() - startedAt >= timing.steadyAfter) attempt = 0;
      options.onEnd();
      if (isStopped) return;
      if (end === "normal" && options.repeats) return later(timing.restartAtLeast);
      fail(killedFor ?? `${name}: ${file} ${how}${lastWords()}`, end === "unstartable");
    };
    running.on("error", (error) => ended(`cannot be started (${error.message})`, "unstartable"));
    running.on("exit", (code, signal) => {
      const how = code === null ? `was ended by ${signal}` : `stopped with code ${code}`;
      ended(how, code === 0 ? "normal" : "failed");
    });
    // A program that ends while being written to: its exit is reported.
    running.stdin?.on("error", () => undefined);
    if (running.pid !== undefined) options.onStart(running);
  };

  void start();

  return {
    restart(reason) {
      if (child === undefined || killedFor !== undefined) return;
      killedFor = reason;
      child.kill("SIGKILL");
    },
    stop() {
      isStopped = true;
      clearTimeout(pause);
      child?.kill("SIGKILL");
    },
  };
}

/**
 * ffmpeg names its parts by where they lie in memory,
 * so that one cause would look like another each time.
 */
const steady = (text: string): string => text.replace(/ @ 0x[0-9a-f]+\]/g, "]");

/** Reads all of the error output, so that the program never blocks on it, and keeps its end. */
function tail(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (piece: string) => {
    text = (text + piece).slice(-MAX_STDERR_CHARACTERS);
  });
  return () => {
    const lines = text.split("\n").map((line) => line.trim());
    const said = lines.filter((line) => line !== "").slice(-2);
    return said.length === 0 ? "" : `: ${said.join(" / ")}`;
  };
}
