/**
 * The ledger's two files, of which one is in use: `ledger.db`, and a spare beside it.
 *
 * After an error of the disk the file is closed and opened anew, because a later success on the
 * same handle proves nothing: Linux drops the pages of a failed fsync. What was written last is
 * written once more, for the same reason. A file that fails again and again is left for the other
 * one; the next good start takes the spare's alarms back into the first.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LedgerBase } from "../../core/ledger/ledger-base.ts";
import type { LedgerNews } from "../../core/state/kept.ts";
import { reasonOf } from "../host/failure.ts";
import { openStore, type LedgerStart, type LedgerStore, type LedgerWrite } from "./ledger-store.ts";

/** Failures in a row after which the other file is tried. */
const MOVE_AFTER = 3;
const REOPEN_FIRST_MS = 200;
const REOPEN_MOST_MS = 30_000;
/** Writes remembered, to be written again into a file that was opened anew. */
const MAX_RECENT = 512;
/**
 * Result codes by which SQLite says that this file is at fault, not the room on the disk or a lock.
 */
const FILE_AT_FAULT: ReadonlySet<number> = new Set([8, 10, 11, 14, 26]);

export class LedgerFiles {
  readonly #files: readonly [main: string, spare: string];
  readonly #onNews: (news: LedgerNews) => void;
  #store: LedgerStore | undefined;
  /** The number of the file in use, or to be opened next. */
  #turn: 0 | 1 = 0;
  #inUse: 0 | 1 = 0;
  #bootEpoch = 0;
  /** The files were not read at the start: what they hold is told when they are. */
  #isUnread = false;
  #failures = 0;
  #reopenMs = REOPEN_FIRST_MS;
  #reopenAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #recent: LedgerWrite[] = [];

  constructor(main: string, onNews: (news: LedgerNews) => void) {
    this.#files = [main, join(dirname(main), "ledger-2.db")];
    this.#onNews = onNews;
  }

  /** A new boot, with or without a file. */
  start(base: LedgerBase): LedgerStart {
    const reasons: string[] = [];
    for (const turn of [0, 1] as const) {
      const file = this.#files[turn];
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const start = this.#startIn(turn, base);
        if (turn === 1) this.#moved(reasons[0]);
        return start;
      } catch (error) {
        reasons.push(`the ledger ${file} does not work: ${reasonOf(error)}`);
      }
    }
    this.#onNews({ type: "broken", reason: `${reasons.join("; ")}; alarms are sent from memory` });
    this.#isUnread = true;
    this.#bootEpoch = base.bootEpoch;
    this.#waitToReopen();
    return { ...base, ...NOTHING_KEPT };
  }

  /** The same boot, in a thread that takes another's place; what the files hold is told as news. */
  resume(bootEpoch: number, isMoved: boolean): void {
    this.#bootEpoch = bootEpoch;
    this.#isUnread = true;
    this.#turn = this.#inUse = isMoved ? 1 : 0;
    this.#tryAgain();
  }

  /** The store in use. Throws when there is none yet, and says when it is tried again. */
  opened(): LedgerStore {
    if (this.#store) return this.#store;
    const waitMs = this.#reopenAt - performance.now();
    if (waitMs > 0) throw new Error(`the ledger's file is opened again in ${Math.ceil(waitMs)} ms`);
    return this.#reopen();
  }

  /** A commit has succeeded; these writes are on the disk, unless the disk reports falsely. */
  stored(writes: readonly LedgerWrite[]): void {
    this.#failures = 0;
    this.#reopenMs = REOPEN_FIRST_MS;
    this.#recent = [...this.#recent, ...writes].slice(-MAX_RECENT);
  }

  /** An open handle is not trusted any more. */
  suspect(error: unknown): void {
    const broken = this.#store;
    if (!broken && performance.now() < this.#reopenAt) return;
    this.#blame(error);
    this.#store = undefined;
    this.#waitToReopen();
    if (broken) this.#closeQuietly(broken);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#store?.close();
    this.#store = undefined;
  }

  #startIn(turn: 0 | 1, base: LedgerBase): LedgerStart {
    const opening = openStore(this.#files[turn]);
    try {
      if (turn === 0) takeSpareBack(opening, this.#files[1], this.#onNews);
      // A first file without rows belongs to a new pillar;
      // a spare file without rows only lacks the past.
      const start = opening.start(turn === 0 ? undefined : base);
      this.#store = opening;
      this.#turn = turn;
      this.#inUse = turn;
      this.#bootEpoch = start.bootEpoch;
      return start;
    } catch (error) {
      this.#closeQuietly(opening);
      throw error;
    }
  }

  #reopen(): LedgerStore {
    const file = this.#files[this.#turn];
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const opening = openStore(file);
    try {
      const damage = opening.check();
      const kept = opening.adopt(this.#bootEpoch);
      writeAgain(opening, this.#recent);
      if (damage.length > 0) this.#onNews({ type: "broken", reason: damage.join("; ") });
      if (this.#isUnread) this.#onNews({ type: "back", ...kept });
    } catch (error) {
      this.#closeQuietly(opening);
      throw error;
    }
    this.#isUnread = false;
    if (this.#turn === 1 && this.#inUse === 0) this.#moved();
    this.#inUse = this.#turn;
    this.#store = opening;
    return opening;
  }

  /** There may be no press for days, and unsent alarms in the file must not wait for one. */
  #waitToReopen(): void {
    this.#reopenAt = performance.now() + this.#reopenMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tryAgain(), this.#reopenMs);
    this.#reopenMs = Math.min(this.#reopenMs * 2, REOPEN_MOST_MS);
  }

  #tryAgain(): void {
    if (this.#store) return;
    try {
      this.#reopen();
    } catch (error) {
      this.#blame(error);
      this.#waitToReopen();
    }
  }

  #blame(error: unknown): void {
    if (!isFileAtFault(error)) return;
    this.#failures += 1;
    if (this.#failures < MOVE_AFTER) return;
    this.#failures = 0;
    this.#turn = this.#turn === 0 ? 1 : 0;
  }

  #moved(because = "the first file fails"): void {
    const reason = `${because}; alarms are stored in ${this.#files[1]}: replace the card`;
    this.#onNews({ type: "moved", reason });
  }

  #closeQuietly(broken: LedgerStore): void {
    try {
      broken.rollback();
      broken.close();
    } catch (error) {
      const reason = `the ledger's file could not be closed: ${reasonOf(error)}`;
      this.#onNews({ type: "broken", reason });
    }
  }
}

const NOTHING_KEPT = {
  hubEpoch: undefined,
  unaccepted: [],
  replayFrom: undefined,
  lastEventId: undefined,
  boardMark: undefined,
  damage: [],
} as const;

function isFileAtFault(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return FILE_AT_FAULT.has(code & 0xff);
}

function writeAgain(store: LedgerStore, writes: readonly LedgerWrite[]): void {
  if (writes.length === 0) return;
  store.begin();
  for (const one of writes) {
    if (one.type === "append") store.append(one, Date.now());
    else store.markAccepted(one.eventId, one.hubEpoch);
  }
  store.commit();
}

/** The first file works again: it takes in what the spare holds, and the spare is put aside. */
function takeSpareBack(
  store: LedgerStore,
  spare: string,
  onNews: (news: LedgerNews) => void,
): void {
  if (!existsSync(spare)) return;
  try {
    openStore(spare).close();
    store.takeBack(spare);
    renameSync(spare, `${spare}.taken-back`);
  } catch (error) {
    const reason = `what ${spare} holds could not be read: ${reasonOf(error)}; keep it as evidence`;
    onNews({ type: "broken", reason });
  }
}
