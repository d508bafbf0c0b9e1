/**
 * A copy of the tree in which a mutant is planted and the tests are run; the tree itself is never changed.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applied, type Mutant } from "./mutants.ts";

/** Longer than any of the test folders takes; a mutant that needs more hangs and counts as found. */
const TIMEOUT_MS = 180_000;

/** One worker for all files of a folder halves the time; the first failure is enough. */
const HASTE = ["--bail=1", "--no-isolate", "--pool=threads", "--maxWorkers=1"];

export type Outcome = "killed" | "timeout" | "survived";

export interface Sandbox {
  /** Throws when the first of these test folders fails without a mutant: every mutant would count as found. */
  assertSound(folders: readonly (readonly string[])[]): Promise<void>;
  /** Runs the test folders in order until one fails. */
  tryOut(mutant: Mutant, folders: readonly (readonly string[])[]): Promise<Outcome>;
  remove(): void;
}

export function openSandbox(root: string): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "anzhu-mutate-"));
  for (const path of filesOf(root)) cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return {
    assertSound: async ([tests = []]) => {
      const outcome = await runTests(folder, tests);
      if (outcome === "survived") return;
      throw new Error(`expected ${tests.join(" ")} to pass without a mutant; mend the tests first`);
    },
    tryOut: async (mutant, folders) => {
      const path = join(folder, mutant.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, applied(text, mutant));
      try {
        for (const tests of folders) {
          const outcome = await runTests(folder, tests);
          if (outcome !== "survived") return outcome;
        }
        return "survived";
      } finally {
        writeFileSync(path, text);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
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

async function runTests(folder: string, tests: readonly string[]): Promise<Outcome> {
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", ...HASTE, ...tests], {
    cwd: folder,
    stdio: "ignore",
    detached: true,
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    // Its workers too: a mutant that loops for ever would go on.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, TIMEOUT_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  if (isLate) return "timeout";
  return code === 0 ? "survived" : "killed";
}
