/**
 * The hub's single line of decision: event, facts, fold, disk, and only then what was promised.
 *
 * The fold runs ahead of the disk, so that the next decision sees the one before it, but nothing leaves
 * the hub before its facts are durable. When a commit fails, the fold has seen facts that the disk has
 * not: it is thrown away and made again from the journal, in this process. Until then every event is
 * refused, and the pillars, who have no receipt, keep asking.
 */
import { assert } from "../shared/assert.ts";
import type { Decision } from "./core/decision.ts";
import type { HubEvent } from "./core/events.ts";
import type { Fact } from "./core/facts.ts";
import { evolve, handle, unattended } from "./core/hub.ts";
import { hear } from "./core/hear.ts";
import { MAX_PILLARS } from "./core/roster.ts";
import { newState, type HubSettings, type HubState } from "./core/state.ts";
import { readSnapshot, writeSnapshot } from "./core/snapshot.ts";
import type { Journal } from "./ports.ts";

/** Facts between two snapshots: a restart folds at most about this many. */
export const SNAPSHOT_EVERY = 10_000;

/** A decision that is durable. */
export interface Settled extends Decision {
  /** Journal index of its first fact. */
  readonly first: number;
}

/** Gets ready whatever can be, and returns what to do when the facts are durable. */
export type Prepare = (decision: Settled) => () => void;

export interface Loop {
  readonly state: () => HubState;
  /** Why nothing can be decided now. */
  readonly failure: () => Error | undefined;
  /**
   * Decides at once. `prepare` runs while the disk works; what it returns runs in the order of the
   * decisions, each after its facts are durable.
   */
  take(event: HubEvent, prepare: Prepare): Promise<void>;
  /** Facts that need no decision. */
  record(facts: readonly Fact[], prepare: Prepare): Promise<void>;
  /** After a failure: a new writer, and the fold made again from the disk. */
  recover(): Promise<void>;
  /** Commits what waits, and a snapshot for a quick start. */
  close(): Promise<void>;
}

interface Desk {
  readonly journal: Journal;
  readonly settings: HubSettings;
  state: HubState;
  failure: Error | undefined;
  /** Settles when everything decided so far is durable. */
  last: Promise<unknown>;
  snapshotAt: number;
}

export function startLoop(journal: Journal, settings: HubSettings): Loop {
  const desk: Desk = {
    journal,
    settings,
    state: newState(settings),
    failure: undefined,
    last: Promise.resolve(),
    snapshotAt: 0,
  };
  refold(desk);
  return {
    state: () => desk.state,
    failure: () => desk.failure,
    take: (event, prepare) => take(desk, event, prepare),
    record: (facts, prepare) => record(desk, facts, prepare),
    recover: async () => {
      await journal.reopen();
      refold(desk);
      desk.last = Promise.resolve();
      desk.failure = undefined;
    },
    close: async () => {
      if (!desk.failure) await saveSnapshot(desk);
      await journal.close();
    },
  };
}

function refold(desk: Desk): void {
  const { heard } = desk.state;
  desk.state = newState(desk.settings);
  desk.journal.replay({
    snapshot: (body, index) => {
      const state = readSnapshot(desk.settings, body);
      if (!state) return false;
      desk.state = state;
      desk.snapshotAt = index;
      return true;
    },
    fact: (fact, index) => evolve(desk.state, fact, index),
  });
  // What the wire said is still true; but every pillar has to be told again how its call stands.
  for (const voice of heard.voices.values()) voice.isTold = false;
  desk.state = { ...desk.state, heard };
}

async function take(desk: Desk, event: HubEvent, prepare: Prepare): Promise<void> {
  const monotonicMs = performance.now();
  if (desk.failure) {
    hear(desk.state, event, monotonicMs);
    throw desk.failure;
  }
  const first = desk.journal.nextIndex();
  const decision = handle(desk.state, event, { monotonicMs, nextIndex: first });
  if (event.type === "tick" || event.type === "operator-order") {
    const [orphan] = unattended(desk.state);
    assert(orphan === undefined, `incident ${orphan} has neither an owner nor a deadline`);
  }
  await settle(desk, { ...decision, first }, prepare);
}

async function record(desk: Desk, facts: readonly Fact[], prepare: Prepare): Promise<void> {
  if (desk.failure) throw desk.failure;
  refuseStrays(desk.state, facts);
  const first = desk.journal.nextIndex();
  for (const [offset, fact] of facts.entries()) evolve(desk.state, fact, first + offset);
  await settle(desk, { facts, effects: [], first }, prepare);
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

async function settle(desk: Desk, decision: Settled, prepare: Prepare): Promise<void> {
  // A decision without facts may rest on facts that are still on their way to the disk.
  if (decision.facts.length > 0) desk.last = desk.journal.append(decision.facts);
  const durable = desk.last;
  const perform = prepare(decision);
  try {
    await durable;
  } catch (error) {
    desk.failure ??= error instanceof Error ? error : new Error(String(error));
    throw error;
  }
  perform();
  if (decision.first + decision.facts.length - desk.snapshotAt > SNAPSHOT_EVERY) {
    saveSnapshot(desk).catch((error: unknown) => {
      desk.failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }
}

/** Taken of the fold as it is now, which may be ahead of the disk: the journal keeps the order. */
async function saveSnapshot(desk: Desk): Promise<void> {
  const index = desk.journal.nextIndex() - 1;
  if (index === 0 || index === desk.snapshotAt) return;
  desk.snapshotAt = index;
  await desk.journal.saveSnapshot(index, writeSnapshot(desk.state));
}
