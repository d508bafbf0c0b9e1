/**
 * The pillar's ledger: the rules of its thread, on the simulated disk.
 *
 * As in the real one, whatever waits goes into one commit; which file it goes into is told in
 * `ledger-files.ts`.
 */
import type { LedgerNews, SealedAlarm } from "../../device/ports.ts";
import type { EventId, HubEpoch } from "../../shared/ids.ts";
import type { Disk } from "./disk.ts";
import { newLedgerFiles } from "./ledger-files.ts";
import type { Base, LedgerFiles, Start, Store } from "./ledger-files.ts";
import { checkKeys, fold, page, type LedgerRecord } from "./ledger-rows.ts";

type Answer = (failure: string | undefined) => void;

export interface LedgerFile {
  /** The next life of the agent, with or without a disk. */
  start(base: Base): Start;
  append(alarm: SealedAlarm, answer: Answer): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): void;
  /** `undefined`: the file is closed after an error. */
  since(fromSeq: number, limit: number): SealedAlarm[] | undefined;
  /** The spare file is in use. */
  isMoved(): boolean;
  /** What is written now is kept. */
  isSound(): boolean;
  /** The thread dies with its process. */
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

interface Desk extends LedgerWorld {
  readonly files: LedgerFiles;
  waiting: { readonly record: LedgerRecord; readonly answer: Answer }[];
  isWriting: boolean;
}

export function newLedgerFile(world: LedgerWorld): LedgerFile {
  const desk: Desk = { ...world, files: newLedgerFiles(world), waiting: [], isWriting: false };
  const add = (record: LedgerRecord, answer: Answer): void => {
    desk.waiting.push({ record, answer });
    if (!desk.isWriting) performGroup(desk);
  };
  return {
    start: (base) => desk.files.start(base),
    append: (alarm, answer) => add({ type: "alarm", alarm }, answer),
    markAccepted: (eventId, hubEpoch) => {
      add({ type: "accepted", eventId, hubEpoch }, () => undefined);
    },
    since: (fromSeq, limit) => {
      try {
        return page(desk.files.opened().rows, fromSeq, limit);
      } catch (error) {
        desk.files.suspect(wordsOf(error));
        return undefined;
      }
    },
    isMoved: desk.files.isMoved,
    isSound: desk.files.isSound,
    stop: () => {
      desk.waiting = [];
      desk.isWriting = false;
      desk.files.stop();
    },
  };
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** One commit of all that waits; the answers come when the disk has answered. */
function performGroup(desk: Desk): void {
  const group = desk.waiting;
  desk.waiting = [];
  if (group.length === 0) return;
  desk.isWriting = true;
  const end = (failure: string | undefined): void => {
    desk.isWriting = false;
    if (failure) desk.files.suspect(failure);
    for (const { answer } of group) answer(failure);
    if (!desk.isWriting) performGroup(desk);
  };
  const records = group.map(({ record }) => record);
  let store: Store;
  try {
    store = desk.files.opened();
    checkKeys(store.rows, records);
    store.disk.write(records);
  } catch (error) {
    desk.plan(1, () => end(wordsOf(error)));
    return;
  }
  const { disk, rows } = store;
  const synced = disk.sync();
  const settle = (): void => {
    for (const record of records) fold(rows, record);
    desk.files.stored(records);
    end(undefined);
  };
  if (!desk.doesSync) {
    desk.plan(1, settle);
    return;
  }
  desk.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) end(failure);
    else settle();
  });
}
