/**
 * The hub's journal: group commit on the simulated disk.
 *
 * While one batch is being committed, everything that arrives waits and becomes the next. A failed commit
 * rejects its batch and everything behind it, and the journal stays shut until it is opened anew.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { Disk } from "../faults/disk.ts";

export interface Waiting {
  readonly first: number;
  readonly facts: readonly Fact[];
  readonly done: () => void;
}

export interface JournalWorld {
  readonly disk: Disk<Fact>;
  readonly plan: (delayMs: number, run: () => void) => void;
  readonly durable: (facts: readonly Fact[], first: number) => void;
  readonly failed: (reason: string) => void;
}

export interface JournalFile {
  nextIndex(): number;
  /** `done` runs after the facts, and all before them, are durable. */
  append(facts: readonly Fact[], done: () => void): void;
  /** Runs after what was decided so far is durable; at once when nothing waits. */
  follow(done: () => void): void;
  isIdle(): boolean;
  /** Facts a reader finds, index 1 first. */
  open(): Fact[];
  stop(): void;
}

interface Committing extends JournalWorld {
  nextIndex: number;
  waiting: Waiting[];
  inFlight: Waiting[];
}

export function newJournalFile(world: JournalWorld): JournalFile {
  const committing: Committing = { ...world, nextIndex: 1, waiting: [], inFlight: [] };
  return {
    nextIndex: () => committing.nextIndex,
    append: (facts, done) => {
      committing.waiting.push({ first: committing.nextIndex, facts, done });
      committing.nextIndex += facts.length;
      if (committing.inFlight.length === 0) sendNext(committing);
    },
    follow: (done) => {
      const last = committing.waiting.length > 0 ? committing.waiting : committing.inFlight;
      if (last.length === 0) done();
      else last.push({ first: committing.nextIndex, facts: [], done });
    },
    isIdle: () => committing.inFlight.length === 0,
    open: () => {
      const facts = committing.disk.records();
      committing.nextIndex = facts.length + 1;
      committing.waiting = [];
      committing.inFlight = [];
      return facts;
    },
    stop: () => {
      committing.waiting = [];
      committing.inFlight = [];
    },
  };
}

function sendNext(committing: Committing): void {
  const batch = committing.waiting;
  committing.waiting = [];
  committing.inFlight = batch;
  if (batch.length === 0) return;
  const facts = batch.flatMap((one) => one.facts);
  const [head] = batch;
  const fail = (reason: string): void => {
    committing.inFlight = [];
    committing.waiting = [];
    committing.failed(reason);
  };
  try {
    committing.disk.write(facts);
  } catch (error) {
    committing.plan(1, () => fail(error instanceof Error ? error.message : String(error)));
    return;
  }
  const synced = committing.disk.sync();
  committing.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) {
      fail(failure);
      return;
    }
    committing.durable(facts, head?.first ?? 0);
    const finished = committing.inFlight;
    committing.inFlight = [];
    sendNext(committing);
    for (const { done } of finished) done();
  });
}
