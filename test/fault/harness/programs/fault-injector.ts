/** Tells a program that was started with `fault-injection.ts` what to do, and when. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mischiefEnv, type Mischief } from "./fault-injection.ts";
import type { Surroundings } from "./process.ts";

export interface MischiefMaker {
  readonly around: Surroundings;
  make(pid: number, mischief: Mischief): void;
  remove(): void;
}

export function newMischiefMaker(): MischiefMaker {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-mischief-"));
  const file = join(dir, "mischief.json");
  return {
    around: { env: mischiefEnv(file) },
    make: (pid, mischief) => {
      writeFileSync(file, JSON.stringify(mischief));
      process.kill(pid, "SIGUSR2");
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
