/**
 * Looks at the disk every few seconds, and removes the recordings that were decided to go.
 *
 * The decisions are made in the core (`core/retention.ts`); here space is measured and files are
 * removed. A file is removed only when the fact about it is on the disk, and its removal is
 * reported only when that is on the disk.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { DiskStatus, HubStatus } from "../../shared/api/hub.ts";
import type { HubEvent } from "../core/events.ts";
import { MAX_PER_TURN } from "../core/recording/retention.ts";
import type { RetentionSettings, Space } from "../core/state/storage-state.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { openDiskSamples, type DiskSamples } from "./disk-samples.ts";
import type { JournalReserve } from "./journal-reserve.ts";
import { newPatience, type Patience } from "./patience.ts";
import { diskPort, newRemovals, type Removals } from "./removals.ts";
import type { Reads } from "../journal/read/reads.ts";
import { iso } from "../../shared/iso.ts";
import { recordingPath } from "../journal/read/api-shape.ts";
import type { Settled } from "../core/decision.ts";

const TURN_MS = 10_000;
/** A disk that takes longer over one file is called failing. */
const ANSWER_WITHIN_MS = 10_000;
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
  /** The first turn; others follow. */
  start(): void;
  disk(): DiskStatus | null;
  /**
   * Looks now, and not at the end of the pause: the journal
   * can be written again, perhaps not for long.
   */
  lookNow(): void;
  /** Resolves when the turn under way is done. */
  stop(): Promise<void>;
}

interface RetentionState extends RetentionOptions {
  readonly samples: DiskSamples;
  readonly startedAt: number;
  readonly patience: Patience;
  readonly removals: Removals;
  spaces: Spaces | undefined;
  disk: DiskStatus | null;
}

export function createRetention(options: RetentionOptions): Retention {
  const { dataDir, log } = options;
  const patience = newPatience(ANSWER_WITHIN_MS);
  const retention: RetentionState = {
    ...options,
    samples: openDiskSamples(dataDir, log),
    startedAt: performance.now(),
    patience,
    removals: newRemovals(diskPort, patience),
    spaces: undefined,
    disk: null,
  };
  let isStopped = false;
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();
  const again = async (): Promise<void> => {
    let isBusy = false;
    isWanted = false;
    try {
      isBusy = await turn(retention);
    } catch (error) {
      log.warn({ error }, `the disk could not be looked after: ${String(error)}`);
    }
    const pauseMs = isBusy ? BUSY_TURN_MS : TURN_MS;
    if (!isStopped) timer = setTimeout(next, isWanted ? 0 : pauseMs);
  };
  const next = (): void => {
    timer = undefined;
    work = again();
  };
  return {
    start: next,
    disk: () => retention.disk,
    lookNow: () => {
      isWanted = true;
      // A turn that is under way may have failed already: it is followed by another one.
      if (isStopped || timer === undefined) return;
      clearTimeout(timer);
      next();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await work;
    },
  };
}

/** True when the next turn has more to do. */
async function turn(retention: RetentionState): Promise<boolean> {
  const { settings, reads, reserve, take } = retention;
  await removeDecided(retention);
  const { journal, recordings, failure } = await look(retention);
  const { freeBytes, totalBytes } = recordings;
  const days = await retention.samples.note({ at: Date.now(), freeBytes });
  retention.disk = { freeBytes, totalBytes, fullInDays: days };
  const { facts } = await take({
    type: "storage-checked",
    at: Date.now(),
    recordings,
    journal,
    settings,
    candidates: await reads.deletable(MAX_PER_TURN),
    failure: retention.removals.failure() ?? failure,
  });
  await removeDecided(retention);
  if (performance.now() - retention.startedAt > RESERVE_AFTER_MS)
    await reserve.keep(journal.freeBytes);
  return facts.filter(({ type }) => type === "recording-deleted").length >= MAX_PER_TURN;
}

interface Spaces {
  readonly journal: Space;
  readonly recordings: Space;
}

/**
 * Free space where the journal and the recordings lie. A disk that does not tell is judged by what
 * it last told, or by the journal's, and that it does not is a failure. Rejects when nothing was
 * ever told.
 */
async function look(
  retention: RetentionState,
): Promise<Spaces & { readonly failure: string | null }> {
  const { dataDir, patience, spaces: before } = retention;
  let failure: string | null = null;
  const ask = async (directory: string, otherwise: Space | undefined): Promise<Space> => {
    try {
      return await patience.ask(() => spaceOf(directory, otherwise));
    } catch (error) {
      if (otherwise === undefined) throw error;
      failure = `free space is not known: ${String(error)}`;
      return otherwise;
    }
  };
  const journal = await ask(dataDir, before?.journal);
  const recordings = await ask(join(dataDir, "recordings"), before?.recordings ?? journal);
  retention.spaces = { journal, recordings };
  return { journal, recordings, failure };
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
async function removeDecided(retention: RetentionState): Promise<void> {
  if (retention.failure()) return;
  const files = [...retention.state().deleting].map(([id, { startedAt }]) => ({
    id,
    path: join(retention.dataDir, recordingPath({ id, startedAt })),
    isDayOver: Date.now() - startedAt > DAY_IS_OVER_MS,
  }));
  const before = retention.removals.failure();
  const removed = await retention.removals.run(files);
  const failed = retention.removals.failure();
  if (failed !== null && failed !== before) retention.log.error(`a recording stays: ${failed}`);
  if (removed.length === 0) return;
  await retention.take({ type: "recordings-removed", at: Date.now(), recordingIds: removed });
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
