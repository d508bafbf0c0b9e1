/**
 * The pillar's ledger: the rules of its thread, on the simulated disk.
 *
 * As in the real one, whatever waits goes into one commit; which file it goes into is told in
 * `ledger-files.ts`.
 */
import type { LedgerBase } from "../../../device/core/ledger/ledger-base.ts";
import type { LedgerNews, SealedAlarm } from "../../../device/core/state/kept.ts";
import type { EventId, HubEpoch } from "../../../shared/ids.ts";
import type { Disk } from "../faults/disk.ts";
import { newLedgerFiles } from "./ledger-files.ts";
import type { LedgerFiles, Start, Store } from "./ledger-files.ts";
import { checkKeys, fold, page, type LedgerRecord } from "./ledger-rows.ts";

type Answer = (failure: string | undefined) => void;

export interface LedgerFile {
  /** The next start of the agent, with or without a disk. */
  start(base: LedgerBase): Start;
  append(alarm: SealedAlarm, answer: Answer): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): void;
  /** `undefined`: the file is closed after an error. */
  since(fromSeq: number, limit: number): SealedAlarm[] | undefined;
  /** The spare file is in use. */
  isMoved(): boolean;
  /** What is written now is kept. */
  isSound(): boolean;
  /** The thread ends with its process. */
  stop(): void;
}

export interface LedgerWorld {
  readonly main: Disk<LedgerRecord>;
  readonly spare: Disk<LedgerRecord>;
  readonly now: () => number;
  readonly plan: (delayMs: number, run: () => void) => void;
  readonly news: (news: LedgerNews) => void;
  readonly doesSync: boolean;
}

interface LedgerThread extends LedgerWorld {
  readonly files: LedgerFiles;
  waiting: { readonly record: LedgerRecord; readonly answer: Answer }[];
  isWriting: boolean;
}

export function newLedgerFile(world: LedgerWorld): LedgerFile {
  const thread: LedgerThread = {
    ...world,
    files: newLedgerFiles(world),
    waiting: [],
    isWriting: false,
  };
  const add = (record: LedgerRecord, answer: Answer): void => {
    thread.waiting.push({ record, answer });
    if (!thread.isWriting) performGroup(thread);
  };
  return {
    start: (base) => thread.files.start(base),
    append: (alarm, answer) => add({ type: "alarm", alarm }, answer),
    markAccepted: (eventId, hubEpoch) => {
      add({ type: "accepted", eventId, hubEpoch }, () => undefined);
    },
    since: (fromSeq, limit) => {
      try {
        return page(thread.files.opened().rows, fromSeq, limit);
      } catch (error) {
        thread.files.suspect(wordsOf(error));
        return undefined;
      }
    },
    isMoved: thread.files.isMoved,
    isSound: thread.files.isSound,
    stop: () => {
      thread.waiting = [];
      thread.isWriting = false;
      thread.files.stop();
    },
  };
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** One commit of all that waits; the answers come when the disk has answered. */
function performGroup(thread: LedgerThread): void {
  const group = thread.waiting;
  thread.waiting = [];
  if (group.length === 0) return;
  thread.isWriting = true;
  const end = (failure: string | undefined): void => {
    thread.isWriting = false;
    if (failure) thread.files.suspect(failure);
    for (const { answer } of group) answer(failure);
    if (!thread.isWriting) performGroup(thread);
  };
  const records = group.map(({ record }) => record);
  let store: Store;
  try {
    store = thread.files.opened();
    checkKeys(store.rows, records);
    store.disk.write(records);
  } catch (error) {
    thread.plan(1, () => end(wordsOf(error)));
    return;
  }
  const { disk, rows } = store;
  const synced = disk.sync();
  const settle = (): void => {
    for (const record of records) fold(rows, record);
    thread.files.stored(records);
    end(undefined);
  };
  if (!thread.doesSync) {
    thread.plan(1, settle);
    return;
  }
  thread.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) end(failure);
    else settle();
  });
}
