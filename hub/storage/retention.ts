/**
 * Looks at the disk every few seconds, and removes the recordings that were decided to go.
 *
 * What goes is decided in the core (`core/retention.ts`); here space is measured and files are removed. A file
 * goes only when the fact that it goes is on the disk, and its removal is told only when that is on the disk.
 */
import { open, rmdir, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import type { DiskStatus, HubStatus } from "../../shared/api/hub.ts";
import type { RecordingId } from "../../shared/ids.ts";
import type { HubEvent } from "../core/events.ts";
import { MAX_PER_TURN, type RetentionSettings, type Space } from "../core/retention.ts";
import type { HubState } from "../core/state.ts";
import { openDiskSamples, type DiskSamples } from "./disk-samples.ts";
import type { JournalReserve } from "./journal-reserve.ts";
import type { Reads } from "../journal/reads.ts";
import { iso, recordingPath } from "../journal/view.ts";
import type { Settled } from "../loop.ts";

const TURN_MS = 10_000;
/** While there is more to remove than one turn does. */
const BUSY_TURN_MS = 1000;
/** Writing the reserve takes the disk for a moment, which a start does not have. */
const RESERVE_AFTER_MS = 60_000;
/** A day that may still get a recording keeps its directory. */
const DAY_IS_OVER_MS = 2 * 86_400_000;

export interface RetentionOptions {
  readonly dataDir: string;
  readonly settings: RetentionSettings;
  readonly reads: Pick<Reads, "deletable">;
  readonly reserve: JournalReserve;
  readonly state: () => HubState;
  /** Why nothing can be decided now: what the fold holds may then not be on the disk. */
  readonly failure: () => Error | undefined;
  readonly take: (event: HubEvent) => Promise<Settled>;
  readonly log: Logger;
}

export interface Retention {
  disk(): DiskStatus | null;
  /** Resolves when the turn under way is done. */
  stop(): Promise<void>;
}

interface Desk extends RetentionOptions {
  readonly samples: DiskSamples;
  readonly startedAt: number;
  disk: DiskStatus | null;
  failed: string | null;
}

export function startRetention(options: RetentionOptions): Retention {
  const { dataDir, log } = options;
  const desk: Desk = {
    ...options,
    samples: openDiskSamples(dataDir, log),
    startedAt: performance.now(),
    disk: null,
    failed: null,
  };
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();
  const again = async (): Promise<void> => {
    let isBusy = false;
    try {
      isBusy = await turn(desk);
    } catch (error) {
      log.warn({ error }, `the disk could not be looked after: ${String(error)}`);
    }
    if (!isStopped) timer = setTimeout(next, isBusy ? BUSY_TURN_MS : TURN_MS);
  };
  const next = (): void => {
    work = again();
  };
  next();
  return {
    disk: () => desk.disk,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await work;
    },
  };
}

/** True when the next turn has more to do. */
async function turn(desk: Desk): Promise<boolean> {
  const { dataDir, settings, reads, reserve, take } = desk;
  await removeDecided(desk);
  const journal = await spaceOf(dataDir);
  const recordings = await spaceOf(join(dataDir, "recordings"), journal);
  const { freeBytes, totalBytes } = recordings;
  const days = await desk.samples.note({ at: Date.now(), freeBytes });
  desk.disk = { freeBytes, totalBytes, fullInDays: days };
  const { facts } = await take({
    type: "storage-checked",
    at: Date.now(),
    recordings,
    journal,
    settings,
    candidates: await reads.deletable(MAX_PER_TURN),
    failure: desk.failed,
  });
  await removeDecided(desk);
  if (performance.now() - desk.startedAt > RESERVE_AFTER_MS) await reserve.keep(journal.freeBytes);
  return facts.filter(({ type }) => type === "recording-deleted").length >= MAX_PER_TURN;
}

async function spaceOf(directory: string, otherwise?: Space): Promise<Space> {
  try {
    const { bavail, blocks, bsize } = await statfs(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    // Made with the first recording.
    if (otherwise && (error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}

/** All that was decided on, also before a restart. */
async function removeDecided(desk: Desk): Promise<void> {
  if (desk.failure()) return;
  const removed: RecordingId[] = [];
  const directories = new Map<string, boolean>();
  let failed: string | null = null;
  for (const [id, { startedAt }] of desk.state().deleting) {
    const path = join(desk.dataDir, recordingPath({ id, startedAt }));
    try {
      await removeFile(path);
      directories.set(dirname(path), Date.now() - startedAt > DAY_IS_OVER_MS);
      removed.push(id);
    } catch (error) {
      failed ??= String(error);
    }
  }
  if (failed !== null && failed !== desk.failed) desk.log.error(`a recording stays: ${failed}`);
  desk.failed = failed;
  if (removed.length === 0) return;
  for (const [directory, isOver] of directories) await flush(directory, isOver);
  await desk.take({ type: "recordings-removed", at: Date.now(), recordingIds: removed });
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    // Removed before a restart, or never written.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** A removal that a power cut takes back would leave a file nobody looks for. An empty day that is over goes too. */
async function flush(directory: string, isOver: boolean): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (isOver) await rmdir(directory);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}

/** Of a hub that is not told to delete anything. */
const KEEPS_ALL: RetentionSettings = { keepDays: 3650, leastFreePercent: 0 };

export function hubStatusOf(
  state: HubState,
  settings: RetentionSettings = KEEPS_ALL,
  disk: DiskStatus | null = null,
): HubStatus {
  const faults = [...state.hubFaults].map(([code, { since, detail }]) => ({
    code,
    since: iso(since),
    detail,
  }));
  return { disk, ...settings, faults };
}
