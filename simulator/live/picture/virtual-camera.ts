/**
 * A camera made of a clip: a link that the agent reads as a file.
 *
 * Switching it off takes the link away and kills the agent's reader, as a pulled cable would.
 */
import { readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";

export interface VirtualCamera {
  readonly path: string;
  isOn(): boolean;
  switchOn(): void;
  /** `agentPid`: whose reader to stop. */
  switchOff(agentPid: number | undefined): void;
}

export function openCamera(path: string, clip: string): VirtualCamera {
  let isOn = false;
  const switchOn = (): void => {
    rmSync(path, { force: true });
    symlinkSync(clip, path);
    isOn = true;
  };
  switchOn();
  return {
    path,
    isOn: () => isOn,
    switchOn,
    switchOff(agentPid) {
      rmSync(path, { force: true });
      isOn = false;
      if (agentPid === undefined) return;
      for (const pid of readersOf(path, agentPid)) process.kill(pid, "SIGKILL");
    },
  };
}

interface ProcessEntry {
  readonly parent: number;
  readonly command: string;
}

/** Processes below `ancestor` whose command line names the file. */
function readersOf(path: string, ancestor: number): number[] {
  const running = new Map<number, ProcessEntry>();
  for (const name of readdirSync("/proc")) {
    const found = /^\d+$/.test(name) ? readRunning(name) : undefined;
    if (found !== undefined) running.set(Number(name), found);
  }
  const isBelow = (pid: number): boolean => {
    const parent = running.get(pid)?.parent;
    return parent !== undefined && parent > 1 && (parent === ancestor || isBelow(parent));
  };
  return [...running.keys()].filter(
    (pid) => running.get(pid)?.command.includes(path) === true && isBelow(pid),
  );
}

/** Undefined when the process ended while we looked. */
function readRunning(pid: string): ProcessEntry | undefined {
  try {
    const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, "utf8") };
  } catch {
    return undefined;
  }
}
