/**
 * The two files of a pillar's ledger and the rules by which one of them is in use, as
 * `device/adapters/ledger/ledger-files.ts` has them.
 *
 * After an error the file is opened anew, later and by itself; one that fails again and again is
 * left for the other; a start without any goes on in memory until one can be opened, and then tells
 * what it held.
 */
import type { LedgerBase } from "../../../device/core/ledger/ledger-base.ts";
import type { LedgerHead, LedgerNews } from "../../../device/core/state/kept.ts";
import type { LedgerAtStart } from "../../../device/core/state/agent-state.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import { EIO, type Disk } from "../faults/disk.ts";
import { checkKeys, fold, keptIn, newestIn, rowsOf } from "./ledger-rows.ts";
import type { LedgerRecord, Rows } from "./ledger-rows.ts";

/** Failures in a row after which the other file is tried. */
const MOVE_AFTER = 3;
const REOPEN_FIRST_MS = 200;
const REOPEN_MOST_MS = 30_000;
/** Writes remembered, to be written again into a file that was opened anew. */
const MAX_RECENT = 512;

export type Start = Omit<LedgerAtStart, "pillarId" | "release" | "fallbackHubs">;

export interface FilesWorld {
  readonly main: Disk<LedgerRecord>;
  readonly spare: Disk<LedgerRecord>;
  readonly now: () => number;
  /** Called off when the process ends. */
  readonly plan: (delayMs: number, run: () => void) => void;
  readonly news: (news: LedgerNews) => void;
}

export interface Store {
  readonly disk: Disk<LedgerRecord>;
  readonly rows: Rows;
}

export interface LedgerFiles {
  start(base: LedgerBase): Start;
  /** Throws when no file is open, and none can be opened now. */
  opened(): Store;
  stored(records: readonly LedgerRecord[]): void;
  suspect(reason: string): void;
  /** The spare file is in use. */
  isMoved(): boolean;
  /** What is written now is kept. */
  isSound(): boolean;
  stop(): void;
}

interface TwoFiles extends FilesWorld {
  store: Store | undefined;
  /** The file in use, or to be opened next. */
  turn: "main" | "spare";
  inUse: "main" | "spare";
  bootEpoch: number;
  isUnread: boolean;
  failures: number;
  reopenMs: number;
  reopenAt: number;
  /** Raised at each wait, so that an older timer does nothing. */
  waits: number;
  recent: LedgerRecord[];
}

export function newLedgerFiles(world: FilesWorld): LedgerFiles {
  const twoFiles: TwoFiles = { ...world, ...freshProcess() };
  return {
    start: (base) => {
      Object.assign(twoFiles, freshProcess());
      return start(twoFiles, base);
    },
    opened: () => {
      if (twoFiles.store) return twoFiles.store;
      if (twoFiles.now() < twoFiles.reopenAt)
        throw new Error("the ledger's file is opened again later");
      return reopen(twoFiles);
    },
    stored: (records) => {
      twoFiles.failures = 0;
      twoFiles.reopenMs = REOPEN_FIRST_MS;
      twoFiles.recent = [...twoFiles.recent, ...records].slice(-MAX_RECENT);
    },
    suspect: (reason) => suspect(twoFiles, reason),
    isMoved: () => twoFiles.store !== undefined && twoFiles.inUse === "spare",
    isSound: () => twoFiles.store?.disk.isDamaged === false,
    stop: () => void Object.assign(twoFiles, freshProcess()),
  };
}

const freshProcess = (): Omit<TwoFiles, keyof FilesWorld> => ({
  store: undefined,
  turn: "main",
  inUse: "main",
  bootEpoch: 0,
  isUnread: false,
  failures: 0,
  reopenMs: REOPEN_FIRST_MS,
  reopenAt: 0,
  waits: 0,
  recent: [],
});

function start(twoFiles: TwoFiles, base: LedgerBase): Start {
  for (const turn of ["main", "spare"] as const) {
    try {
      const started = startIn(twoFiles, turn, base);
      if (turn === "spare") twoFiles.news({ type: "moved", reason: "the first file fails" });
      return started;
    } catch {
      // The next one, or none.
    }
  }
  twoFiles.news({
    type: "broken",
    reason: "no file of the ledger works; alarms are sent from memory",
  });
  twoFiles.isUnread = true;
  twoFiles.bootEpoch = base.bootEpoch;
  waitToReopen(twoFiles);
  const nothing = { hubEpoch: undefined, unaccepted: [], replayFrom: undefined } as const;
  return { ...base, ...nothing, lastEventId: undefined };
}

function startIn(twoFiles: TwoFiles, turn: TwoFiles["turn"], base: LedgerBase): Start {
  const disk = twoFiles[turn];
  if (turn === "main") takeSpareBack(twoFiles);
  const rows = rowsOf(disk.open());
  const least = turn === "spare" ? base.bootEpoch : 1;
  const bootEpoch = Math.max(rows.bootEpoch + 1, least);
  commit({ disk, rows }, [{ type: "boot", bootEpoch }]);
  const empty = turn === "spare" ? base.head : NEW_PILLAR;
  Object.assign(twoFiles, { store: { disk, rows }, turn, inUse: turn, bootEpoch });
  const newest = newestIn(rows);
  return {
    ...keptIn(rows),
    bootEpoch,
    head: newest?.head ?? empty,
    lastEventId: newest?.lastEventId,
  };
}

const NEW_PILLAR: LedgerHead = { seq: 0, hash: GENESIS };

/** The first file works again: what the spare took meanwhile comes home. */
function takeSpareBack({ main, spare, news }: TwoFiles): void {
  const rows = rowsOf(main.open());
  try {
    const taken = spare.open();
    if (taken.length === 0) return;
    commit({ disk: main, rows }, taken);
    // Renamed: an empty one takes its place.
    spare.restore(0);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    news({ type: "broken", reason: `what the spare holds could not be read: ${reason}` });
  }
}

/** One transaction, waited for. */
function commit({ disk, rows }: Store, records: readonly LedgerRecord[]): void {
  if (records.length === 0) return;
  const isNew = (record: LedgerRecord): boolean =>
    record.type !== "alarm" || !rows.seqByEvent.has(record.alarm.event.eventId);
  const fresh = records.filter(isNew);
  checkKeys(rows, fresh);
  disk.write(fresh);
  const failure = disk.sync().finish();
  if (failure) throw new Error(failure);
  for (const record of fresh) fold(rows, record);
}

/** The same boot goes on in a file that was opened anew. */
function reopen(twoFiles: TwoFiles): Store {
  const disk = twoFiles[twoFiles.turn];
  const rows = rowsOf(disk.open());
  const store: Store = { disk, rows };
  const bootEpoch = Math.max(twoFiles.bootEpoch, rows.bootEpoch);
  commit(store, [{ type: "boot", bootEpoch }, ...twoFiles.recent]);
  if (twoFiles.isUnread) twoFiles.news({ type: "back", ...keptIn(rows) });
  twoFiles.isUnread = false;
  if (twoFiles.turn === "spare" && twoFiles.inUse === "main") {
    twoFiles.news({ type: "moved", reason: "the first file fails" });
  }
  twoFiles.inUse = twoFiles.turn;
  twoFiles.store = store;
  return store;
}

function suspect(twoFiles: TwoFiles, reason: string): void {
  const wasOpen = twoFiles.store !== undefined;
  if (!wasOpen && twoFiles.now() < twoFiles.reopenAt) return;
  blame(twoFiles, reason);
  twoFiles.store = undefined;
  waitToReopen(twoFiles);
}

/** Nobody may press for days, and what the file holds unsent must not wait for that. */
function waitToReopen(twoFiles: TwoFiles): void {
  twoFiles.reopenAt = twoFiles.now() + twoFiles.reopenMs;
  const wait = ++twoFiles.waits;
  twoFiles.plan(twoFiles.reopenMs, () => {
    if (twoFiles.waits !== wait || twoFiles.store) return;
    try {
      reopen(twoFiles);
    } catch (error) {
      blame(twoFiles, error instanceof Error ? error.message : String(error));
      waitToReopen(twoFiles);
    }
  });
  twoFiles.reopenMs = Math.min(twoFiles.reopenMs * 2, REOPEN_MOST_MS);
}

function blame(twoFiles: TwoFiles, reason: string): void {
  if (reason !== EIO) return;
  twoFiles.failures += 1;
  if (twoFiles.failures < MOVE_AFTER) return;
  twoFiles.failures = 0;
  twoFiles.turn = twoFiles.turn === "main" ? "spare" : "main";
}
