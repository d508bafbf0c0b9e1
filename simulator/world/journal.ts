/**
 * The hub's journal: group commit on the simulated disk.
 *
 * While one batch is being committed, everything that arrives waits and becomes the next. A failed commit
 * rejects its batch and everything behind it, and the journal stays shut until it is opened anew.
 */
import type { Fact } from "../../hub/core/facts.ts";
import type { Disk } from "./disk.ts";

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

interface Desk extends JournalWorld {
  nextIndex: number;
  waiting: Waiting[];
  inFlight: Waiting[];
}

export function newJournalFile(world: JournalWorld): JournalFile {
  const desk: Desk = { ...world, nextIndex: 1, waiting: [], inFlight: [] };
  return {
    nextIndex: () => desk.nextIndex,
    append: (facts, done) => {
      desk.waiting.push({ first: desk.nextIndex, facts, done });
      desk.nextIndex += facts.length;
      if (desk.inFlight.length === 0) sendNext(desk);
    },
    follow: (done) => {
      const last = desk.waiting.length > 0 ? desk.waiting : desk.inFlight;
      if (last.length === 0) done();
      else last.push({ first: desk.nextIndex, facts: [], done });
    },
    isIdle: () => desk.inFlight.length === 0,
    open: () => {
      const facts = desk.disk.records();
      desk.nextIndex = facts.length + 1;
      desk.waiting = [];
      desk.inFlight = [];
      return facts;
    },
    stop: () => {
      desk.waiting = [];
      desk.inFlight = [];
    },
  };
}

function sendNext(desk: Desk): void {
  const batch = desk.waiting;
  desk.waiting = [];
  desk.inFlight = batch;
  if (batch.length === 0) return;
  const facts = batch.flatMap((one) => one.facts);
  const [head] = batch;
  const fail = (reason: string): void => {
    desk.inFlight = [];
    desk.waiting = [];
    desk.failed(reason);
  };
  try {
    desk.disk.write(facts);
  } catch (error) {
    desk.plan(1, () => fail(error instanceof Error ? error.message : String(error)));
    return;
  }
  const synced = desk.disk.sync();
  desk.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) {
      fail(failure);
      return;
    }
    desk.durable(facts, head?.first ?? 0);
    const finished = desk.inFlight;
    desk.inFlight = [];
    sendNext(desk);
    for (const { done } of finished) done();
  });
}
