/**
 * Runs the line of decisions (`hub/core/line.ts`): event, facts, fold, disk, and only then the
 * effects.
 *
 * When a commit fails, the fold has seen facts that the disk has not: it is thrown away and made
 * again from the journal, in this process. Until then every event is refused, and the pillars,
 * which have no receipt, send their alarms again.
 */
import { assert } from "../../shared/assert.ts";
import type { Settled } from "../core/decision.ts";
import type { HubEvent } from "../core/events.ts";
import type { Fact } from "../core/facts.ts";
import { handle, handleFacts } from "../core/hub.ts";
import { orphanAfter, settle, takeEvent } from "../core/line.ts";
import { MAX_PILLARS } from "../core/pillar/pillar-registry.ts";
import { beginFold } from "../core/refold.ts";
import type { HubSettings, HubState } from "../core/state/hub-state.ts";
import { newState } from "../core/parts.ts";
import { writeSnapshot } from "../core/snapshot.ts";
import type { Journal } from "../ports.ts";

/** Facts between two snapshots: a restart folds at most about this many. */
export const SNAPSHOT_EVERY = 10_000;

/** What to do when the facts of a decision are durable. */
export interface Outgoing {
  /** Sends the receipt of the alarm that the decision took in, if it took one in. */
  readonly answer: (() => void) | undefined;
  /** Everything else. */
  readonly perform: () => void;
}

/** Prepares the effects as far as possible. */
export type Prepare = (decision: Settled) => Outgoing;

export interface Loop {
  readonly state: () => HubState;
  /** Why nothing can be decided now. */
  readonly failure: () => Error | undefined;
  /**
   * Decides at once. `prepare` runs while the disk works. Answers, and behind them everything else,
   * leave in the order of the decisions, each after its facts are durable.
   */
  take(event: HubEvent, prepare: Prepare): Promise<void>;
  /** Facts that need no decision. */
  record(facts: readonly Fact[], prepare: Prepare): Promise<void>;
  /** After a failure: a new writer, and the fold made again from the disk. */
  recover(): Promise<void>;
  /** Commits what waits, and a snapshot for a quick start. */
  close(): Promise<void>;
}

interface LoopState {
  readonly journal: Journal;
  readonly settings: HubSettings;
  state: HubState;
  failure: Error | undefined;
  /** Settles when everything decided so far is durable. */
  last: Promise<unknown>;
  /** Waits until the answers before it have left the process. */
  due: (() => void)[];
  snapshotAt: number;
}

export async function startLoop(journal: Journal, settings: HubSettings): Promise<Loop> {
  const loop: LoopState = {
    journal,
    settings,
    state: newState(settings),
    failure: undefined,
    last: Promise.resolve(),
    due: [],
    snapshotAt: 0,
  };
  await foldAgain(loop);
  return {
    state: () => loop.state,
    failure: () => loop.failure,
    take: (event, prepare) => take(loop, event, prepare),
    record: (facts, prepare) => record(loop, facts, prepare),
    recover: async () => {
      await journal.reopen();
      await foldAgain(loop);
      loop.last = Promise.resolve();
      loop.failure = undefined;
    },
    close: async () => {
      if (!loop.failure) await saveSnapshot(loop);
      await journal.close();
    },
  };
}

async function foldAgain(loop: LoopState): Promise<void> {
  const folding = beginFold(loop.settings);
  await loop.journal.replay(folding.fold);
  Object.assign(loop, folding.end(loop.state.heard));
}

async function take(loop: LoopState, event: HubEvent, prepare: Prepare): Promise<void> {
  const { state, failure, journal } = loop;
  const now = { monotonicMs: performance.now(), nextIndex: journal.nextIndex() };
  const decision = takeEvent({ state, hasFailed: failure !== undefined, handle }, event, now);
  if (!decision) throw failure ?? new Error("bug: nothing was decided");
  const orphan = orphanAfter(state, event);
  assert(orphan === undefined, `incident ${orphan} has neither an owner nor a deadline`);
  await leaveWhenDurable(loop, decision, prepare);
}

async function record(loop: LoopState, facts: readonly Fact[], prepare: Prepare): Promise<void> {
  if (loop.failure) throw loop.failure;
  refuseStrays(loop.state, facts);
  const first = loop.journal.nextIndex();
  await leaveWhenDurable(loop, { ...handleFacts(loop.state, facts, first), first }, prepare);
}

/** Facts about a pillar nobody registered would stop the fold, now and at every start after. */
function refuseStrays(state: HubState, facts: readonly Fact[]): void {
  const registered = new Set<string>();
  for (const fact of facts) {
    if (fact.type === "pillar-registered") {
      registered.add(fact.pillarId);
    } else if ("pillarId" in fact && !("incidentId" in fact)) {
      const isKnown = registered.has(fact.pillarId) || state.pillars.has(fact.pillarId);
      if (!isKnown) throw new Error(`expected a registered pillar, found ${fact.pillarId}`);
    }
  }
  if (state.pillars.size + registered.size > MAX_PILLARS) {
    throw new Error(`expected at most ${MAX_PILLARS} pillars in one hub`);
  }
}

async function leaveWhenDurable(
  loop: LoopState,
  decision: Settled,
  prepare: Prepare,
): Promise<void> {
  const durable = durableOf(loop, decision);
  const outgoing = prepare(decision);
  try {
    await durable;
  } catch (error) {
    loop.failure ??= error instanceof Error ? error : new Error(String(error));
    throw error;
  }
  await send(loop, outgoing);
  if (decision.first + decision.facts.length - loop.snapshotAt > SNAPSHOT_EVERY) {
    saveSnapshot(loop).catch((error: unknown) => {
      loop.failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }
}

/** Resolves when what was decided may leave. */
function durableOf(loop: LoopState, decision: Settled): Promise<void> {
  return new Promise((resolve, reject) => {
    const last = (leave: () => void): void => void loop.last.then(leave, reject);
    const append = (facts: readonly Fact[], leave: () => void): void => {
      loop.last = loop.journal.append(facts);
      last(leave);
    };
    settle({ append, follow: last }, decision, resolve);
  });
}

/**
 * An answer is written to its socket when this turn of the event loop ends, so what is behind it
 * begins in the next: a new recording alone takes longer than the receipt. Without an answer before
 * it nothing waits.
 */
async function send(loop: LoopState, { answer, perform }: Outgoing): Promise<void> {
  answer?.();
  if (!answer && loop.due.length === 0) return perform();
  await new Promise<void>((resolve, reject) => {
    loop.due.push(() => {
      try {
        resolve(perform());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    if (loop.due.length > 1) return;
    setImmediate(() => {
      for (const next of loop.due.splice(0)) next();
    });
  });
}

/** Taken of the fold as it is now, which may be ahead of the disk: the journal keeps the order. */
async function saveSnapshot(loop: LoopState): Promise<void> {
  const index = loop.journal.nextIndex() - 1;
  if (index === 0 || index === loop.snapshotAt) return;
  loop.snapshotAt = index;
  await loop.journal.saveSnapshot(index, writeSnapshot(loop.state));
}
