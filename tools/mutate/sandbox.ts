/**
 * A copy of the tree in which a mutant is planted and
 * the tests are run; the tree itself is never changed.
 */
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { applied, type Mutant } from "./mutants.ts";
import type { Answer, Ask } from "./runner.ts";

/**
 * Longer than any of the test folders takes; a mutant that needs more hangs and counts as found.
 */
const TIMEOUT_MS = 300_000;

export type Outcome = "killed" | "timeout" | "survived";

export interface Sandbox {
  /**
   * Throws when the first of these test folders fails without
   * a mutant: every mutant would count as found.
   */
  assertSound(folders: readonly (readonly string[])[]): Promise<void>;
  /** Runs the test folders in order until one fails. */
  tryOut(mutant: Mutant, folders: readonly (readonly string[])[]): Promise<Outcome>;
  remove(): void;
}

export function openSandbox(root: string): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-mutate-"));
  for (const path of filesOf(root)) cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const runner = openRunner(folder);
  /** The file of the mutant before, which is as it was again. */
  let last: string | undefined;
  return {
    assertSound: async ([folders = []]) => {
      const { outcome, failed } = await runner.run({ changed: [], folders, first: [] });
      if (outcome === "survived") return;
      const found = failed ?? outcome;
      throw new Error(
        `expected ${folders.join(" ")} to pass without a mutant, found ${found}; mend the tests first`,
      );
    },
    tryOut: async (mutant, stages) => {
      const path = join(folder, mutant.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, applied(text, mutant));
      try {
        for (const folders of stages) {
          const name = basename(mutant.file, ".ts");
          // `disk-state.ts` is what `disk.ts` works on.
          const first = [name, name.replace(/-(?:state|record|mark)$/, "")];
          const { outcome } = await runner.run({ changed: [path, last ?? path], folders, first });
          if (outcome !== "survived") return outcome;
        }
        return "survived";
      } finally {
        writeFileSync(path, text);
        last = path;
      }
    },
    remove: () => {
      runner.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** What git knows or would take. */
function filesOf(root: string): string[] {
  const { stdout } = spawnSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\0").filter((path) => path !== "");
}

/** One test process, started anew after one that hung. */
function openRunner(folder: string) {
  let child: ChildProcess | undefined;
  const start = (): ChildProcess =>
    fork(join(folder, "tools/mutate/runner.ts"), {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      detached: true,
    });
  // Its workers too: a mutant that loops for ever would go on.
  const end = (): void => {
    if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    child = undefined;
  };
  const run = async (ask: Ask): Promise<{ outcome: Outcome; failed?: string | undefined }> => {
    child ??= start();
    const waiting = new AbortController();
    const { signal } = waiting;
    const answered = once(child, "message", { signal }).then(([one]) => one as Answer);
    const ended = once(child, "exit", { signal }).then(() => "ended" as const);
    const late = delay(TIMEOUT_MS, "late" as const, { signal });
    child.send(ask);
    const answer = await Promise.race([answered, ended, late]);
    waiting.abort();
    await Promise.allSettled([answered, ended, late]);
    if (answer === "late" || answer === "ended") {
      end();
      return { outcome: answer === "late" ? "timeout" : "killed" };
    }
    return { outcome: answer.hasPassed ? "survived" : "killed", failed: answer.failed };
  };
  return { run, end };
}
