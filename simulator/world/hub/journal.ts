/**
 * The hub's journal: group commit on the simulated disk.
 *
 * While one batch is being committed, everything that arrives waits and becomes the next. A failed
 * commit rejects its batch and everything behind it, and the journal stays shut until it is opened
 * anew.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { Disk } from "../faults/disk.ts";

export interface QueuedFacts {
  readonly first: number;
  readonly facts: readonly Fact[];
  readonly done: () => void;
}

export interface JournalWorld {
  readonly disk: Disk<Fact>;
  /** World time. */
  readonly now: () => number;
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
  /** World time at which the commit under way began; undefined: there is none. */
  committingSince(): number | undefined;
  /** Facts a reader finds, index 1 first. */
  open(): Fact[];
  stop(): void;
}

interface Commits extends JournalWorld {
  nextIndex: number;
  waiting: QueuedFacts[];
  inFlight: QueuedFacts[];
  /** World time at which what is in flight was sent. */
  since: number;
}

export function newJournalFile(world: JournalWorld): JournalFile {
  const commits: Commits = { ...world, nextIndex: 1, waiting: [], inFlight: [], since: 0 };
  return {
    nextIndex: () => commits.nextIndex,
    append: (facts, done) => {
      commits.waiting.push({ first: commits.nextIndex, facts, done });
      commits.nextIndex += facts.length;
      if (commits.inFlight.length === 0) sendNext(commits);
    },
    follow: (done) => {
      const last = commits.waiting.length > 0 ? commits.waiting : commits.inFlight;
      if (last.length === 0) done();
      else last.push({ first: commits.nextIndex, facts: [], done });
    },
    committingSince: () => (commits.inFlight.length === 0 ? undefined : commits.since),
    open: () => {
      const facts = commits.disk.records();
      commits.nextIndex = facts.length + 1;
      commits.waiting = [];
      commits.inFlight = [];
      return facts;
    },
    stop: () => {
      commits.waiting = [];
      commits.inFlight = [];
    },
  };
}

function sendNext(commits: Commits): void {
  const batch = commits.waiting;
  commits.waiting = [];
  commits.inFlight = batch;
  commits.since = commits.now();
  if (batch.length === 0) return;
  const facts = batch.flatMap((one) => one.facts);
  const [head] = batch;
  const fail = (reason: string): void => {
    commits.inFlight = [];
    commits.waiting = [];
    commits.failed(reason);
  };
  try {
    commits.disk.write(facts);
  } catch (error) {
    commits.plan(1, () => fail(error instanceof Error ? error.message : String(error)));
    return;
  }
  const synced = commits.disk.sync();
  commits.plan(synced.ms, () => {
    const failure = synced.finish();
    if (failure) {
      fail(failure);
      return;
    }
    commits.durable(facts, head?.first ?? 0);
    const finished = commits.inFlight;
    commits.inFlight = [];
    sendNext(commits);
    for (const { done } of finished) done();
  });
}
