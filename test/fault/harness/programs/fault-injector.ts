/** Tells a program that was started with `fault-injection.ts` what to do, and when. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { injectedFaultEnv, type InjectedFault } from "./fault-injection.ts";
import type { Surroundings } from "./process.ts";

export interface FaultInjector {
  readonly around: Surroundings;
  inject(pid: number, fault: InjectedFault): void;
  remove(): void;
}

export function newFaultInjector(): FaultInjector {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-injected-fault-"));
  const file = join(dir, "fault.json");
  return {
    around: { env: injectedFaultEnv(file) },
    inject: (pid, fault) => {
      writeFileSync(file, JSON.stringify(fault));
      process.kill(pid, "SIGUSR2");
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
