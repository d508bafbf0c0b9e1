/** What a process supervisor should know: whether an alarm that comes now would be accepted. */
import { statfs } from "node:fs/promises";
import type { HubConfig } from "../config.ts";
import type { Loop } from "./loop.ts";
import type { MediaPort, MediaStatus, WayIn } from "../ports.ts";

/**
 * Below this the disk counts as full: the journal needs room for alarms, whatever recordings take.
 */
export const LEAST_FREE_BYTES = 512 * 1024 * 1024;
/** Before this the clock cannot have been set. */
const EARLIEST_WALL_MS = Date.UTC(2026, 0, 1);

export interface HealthSources {
  readonly config: HubConfig;
  readonly loop: Pick<Loop, "failure">;
  readonly media: MediaPort["status"];
  readonly broker: WayIn["health"];
  /** Why consoles cannot be told what happens; `undefined` while they can. */
  readonly whyConsolesMiss: () => Promise<string | undefined>;
}

export async function checkHealth(sources: HealthSources): Promise<readonly HealthCheck[]> {
  const failure = sources.loop.failure();
  const missed = await sources.whyConsolesMiss();
  return [
    { name: "journal", isOk: !failure, detail: failure?.message ?? "facts are durable" },
    { name: "broker", ...sources.broker() },
    { name: "consoles", isOk: !missed, detail: missed ?? "desks are told what happens" },
    await checkDisk(sources.config.dataDir),
    checkClock(Date.now()),
    ...sources.media().map(checkMedia),
  ];
}

/** Without media an alarm still rings, so this alone never makes the hub unready. */
const checkMedia = ({ mediaId, isUp, starts }: MediaStatus): HealthCheck => ({
  name: `media-${mediaId}`,
  isOk: true,
  detail: isUp
    ? `picture and voice${starts > 1 ? `; started ${starts} times` : ""}`
    : "starting; the alarms of its pillars ring without picture",
});

export async function checkDisk(dataDir: string): Promise<HealthCheck> {
  const { bavail, bsize } = await statfs(dataDir);
  const freeBytes = bavail * bsize;
  const isOk = freeBytes >= LEAST_FREE_BYTES;
  const advice = isOk ? "" : `; expected at least ${LEAST_FREE_BYTES / 2 ** 20} MiB: make room`;
  const detail = `${Math.round(freeBytes / 2 ** 20)} MiB free in ${dataDir}${advice}`;
  return { name: "disk", isOk, detail };
}

export function checkClock(now: number): HealthCheck {
  const isOk = now >= EARLIEST_WALL_MS;
  const detail = isOk
    ? new Date(now).toISOString()
    : `expected a clock that was set, found ${new Date(now).toISOString()}: start a time service`;
  return { name: "clock", isOk, detail };
}
export interface HealthCheck {
  /** `journal`, `broker`, `disk`, `clock`, … */
  readonly name: string;
  readonly isOk: boolean;
  readonly detail: string;
}
