/**
 * The hub's single line of decisions: event, facts, fold, disk, and only then the effects.
 *
 * The fold runs ahead of the disk, so that the next decision sees the one before it, but nothing leaves the hub
 * before its facts are durable. When a commit fails, the fold has seen facts that the disk has not: it is thrown
 * away and made again from the journal, in this process. Until then every event is refused, and the pillars, which
 * have no receipt, send their alarms again.
 */
import { assert } from "../../shared/assert.ts";
import type { Decision } from "../core/decision.ts";
import type { HubEvent } from "../core/events.ts";
import type { Fact } from "../core/facts.ts";
import { evolve, handle, unattended } from "../core/hub.ts";
import { hear } from "../core/hear.ts";
import { MAX_PILLARS } from "../core/pillar/pillar-registry.ts";
import { newState, type HubSettings, type HubState } from "../core/state/hub-state.ts";
import { readSnapshot, writeSnapshot } from "../core/snapshot.ts";
import type { Journal } from "../ports.ts";

/** Facts between two snapshots: a restart folds at most about this many. */
export const SNAPSHOT_EVERY = 10_000;

/** A decision that is durable. */
export interface Settled extends Decision {
  /** Journal index of its first fact. */
  readonly first: number;
}

/** Prepares the effects as far as possible, and returns what to do when the facts are durable. */
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

interface Deciding {
  readonly journal: Journal;
  readonly settings: HubSettings;
  state: HubState;
  failure: Error | undefined;
  /** Settles when everything decided so far is durable. */
  last: Promise<unknown>;
  snapshotAt: number;
}

export function startLoop(journal: Journal, settings: HubSettings): Loop {
  const deciding: Deciding = {
    journal,
    settings,
    state: newState(settings),
    failure: undefined,
    last: Promise.resolve(),
    snapshotAt: 0,
  };
  refold(deciding);
  return {
    state: () => deciding.state,
    failure: () => deciding.failure,
    take: (event, prepare) => take(deciding, event, prepare),
    record: (facts, prepare) => record(deciding, facts, prepare),
    recover: async () => {
      await journal.reopen();
      refold(deciding);
      deciding.last = Promise.resolve();
      deciding.failure = undefined;
    },
    close: async () => {
      if (!deciding.failure) await saveSnapshot(deciding);
      await journal.close();
    },
  };
}

function refold(deciding: Deciding): void {
  const { heard } = deciding.state;
  deciding.state = newState(deciding.settings);
  deciding.journal.replay({
    snapshot: (body, index) => {
      const state = readSnapshot(deciding.settings, body);
      if (!state) return false;
      deciding.state = state;
      deciding.snapshotAt = index;
      return true;
    },
    fact: (fact, index) => evolve(deciding.state, fact, index),
  });
  // What was received from pillars is still true; but every pillar has to be told again how its call stands.
  for (const voice of heard.contacts.values()) voice.isTold = false;
  deciding.state = { ...deciding.state, heard };
}

async function take(deciding: Deciding, event: HubEvent, prepare: Prepare): Promise<void> {
  const monotonicMs = performance.now();
  if (deciding.failure) {
    hear(deciding.state, event, monotonicMs);
    throw deciding.failure;
  }
  const first = deciding.journal.nextIndex();
  const decision = handle(deciding.state, event, { monotonicMs, nextIndex: first });
  if (event.type === "tick" || event.type === "operator-order") {
    const [orphan] = unattended(deciding.state);
    assert(orphan === undefined, `incident ${orphan} has neither an owner nor a deadline`);
  }
  await settle(deciding, { ...decision, first }, prepare);
}

async function record(deciding: Deciding, facts: readonly Fact[], prepare: Prepare): Promise<void> {
  if (deciding.failure) throw deciding.failure;
  refuseStrays(deciding.state, facts);
  const first = deciding.journal.nextIndex();
  for (const [offset, fact] of facts.entries()) evolve(deciding.state, fact, first + offset);
  await settle(deciding, { facts, effects: [], first }, prepare);
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

async function settle(deciding: Deciding, decision: Settled, prepare: Prepare): Promise<void> {
  // A decision without facts may rest on facts that are still on their way to the disk.
  if (decision.facts.length > 0) deciding.last = deciding.journal.append(decision.facts);
  const durable = deciding.last;
  const perform = prepare(decision);
  try {
    await durable;
  } catch (error) {
    deciding.failure ??= error instanceof Error ? error : new Error(String(error));
    throw error;
  }
  perform();
  if (decision.first + decision.facts.length - deciding.snapshotAt > SNAPSHOT_EVERY) {
    saveSnapshot(deciding).catch((error: unknown) => {
      deciding.failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }
}

/** Taken of the fold as it is now, which may be ahead of the disk: the journal keeps the order. */
async function saveSnapshot(deciding: Deciding): Promise<void> {
  const index = deciding.journal.nextIndex() - 1;
  if (index === 0 || index === deciding.snapshotAt) return;
  deciding.snapshotAt = index;
  await deciding.journal.saveSnapshot(index, writeSnapshot(deciding.state));
}
