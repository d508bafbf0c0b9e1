/** The hub: the real core and its real line of decisions, on a journal of the simulated disk. */
import type { HubEvent } from "../../../hub/core/events.ts";
import type { KnownAlarm } from "../../../hub/core/state/known-alarm.ts";
import type { Decision } from "../../../hub/core/decision.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { orphanAfter } from "../../../hub/core/line.ts";
import { seqKey } from "../../../hub/core/state/ledger-mark.ts";
import { writeSnapshot } from "../../../hub/core/snapshot.ts";
import { performAll } from "./hub-effects.ts";
import type { AnswerRequest, Hub, HubWorld } from "./hub-state.ts";

const SNAPSHOT_EVERY = 200;

export function indexAlarms(hub: Hub, facts: readonly Fact[]): void {
  hub.alarmsByKey.clear();
  for (const [i, fact] of facts.slice(0, hub.durable).entries()) indexAlarm(hub, fact, i + 1);
}

function indexAlarm(hub: Hub, fact: Fact, index: number): void {
  if (fact.type !== "alarm-recorded") return;
  const { pillarId, seq, eventId, bootEpoch } = fact.event;
  const { incidentId, sig } = fact;
  const known: KnownAlarm = { pillarId, seq, eventId, bootEpoch, incidentId, sig, index };
  for (const key of [seqKey(pillarId, seq), eventId]) {
    const all = hub.alarmsByKey.get(key);
    if (all) all.push(known);
    else hub.alarmsByKey.set(key, [known]);
  }
}

interface BecameDurable {
  readonly facts: readonly Fact[];
  readonly first: number;
  /** A commit had failed or was cut off, and they are on the disk all the same. */
  readonly isFound?: boolean;
}

export function becameDurable(
  world: HubWorld,
  { facts, first, isFound = false }: BecameDurable,
): void {
  const { hub } = world;
  const at = world.scheduler.now();
  for (const [offset, fact] of facts.entries()) {
    const index = first + offset;
    world.happened({ type: "durable", at, index, fact, ...(isFound && { isFound }) });
    world.note("hub", fact.type, wordsOf(fact));
    countFact(world, fact);
    indexAlarm(hub, fact, index);
  }
  hub.durable = first + facts.length - 1;
  world.watch.durable(facts, first);
  world.reads.took(facts, first);
  world.people.factsBecame(facts);
  world.viewers.factsBecame(facts);
  const isDue = hub.durable - (hub.snapshot?.index ?? 0) >= SNAPSHOT_EVERY;
  // Taken only when the fold is not ahead of the disk:
  // the real journal keeps that order by its queue.
  if (isDue && hub.journal.nextIndex() === hub.durable + 1) {
    const text = writeSnapshot(hub.state);
    world.reads.snapshot(hub.state, text);
    hub.snapshot = { index: hub.durable, text };
  }
}

function countFact({ coverage }: HubWorld, fact: Fact): void {
  if (fact.type === "grid-lost" || fact.type === "grid-back") coverage.count(fact.type);
  if (fact.type === "alarm-recorded" && fact.isVerified === false) {
    coverage.count("recorded-unverified");
  }
}

function wordsOf(fact: Fact): string {
  const parts: string[] = [];
  if ("incidentId" in fact) parts.push(`incident ${fact.incidentId.slice(0, 6)}`);
  if (fact.type === "alarm-recorded") {
    parts.push(`alarm ${fact.event.eventId} ${fact.event.pillarId} seq ${fact.event.seq}`);
  } else if ("eventId" in fact) parts.push(`alarm ${fact.eventId}`);
  if ("pillarId" in fact) parts.push(fact.pillarId);
  if (fact.type === "presence-changed") parts.push(fact.presence);
  if (fact.type === "pillar-fault") parts.push(`${fact.code} ${fact.isActive ? "on" : "off"}`);
  if ("by" in fact) parts.push(`by ${fact.by}`);
  return parts.join(" ");
}

/** One event. Returns what was decided, or nothing when nothing can be. */
export function takeIn(
  world: HubWorld,
  event: HubEvent,
  answer?: AnswerRequest,
): Decision | undefined {
  const { hub, rules } = world;
  if (!hub.isUp) return undefined;
  const { state, failure, journal } = hub;
  world.trace.count(world.scheduler.now(), "hub", event.type);
  const line = { state, hasFailed: failure !== undefined, handle: rules.handle };
  const now = { monotonicMs: hub.clock.monotonic(), nextIndex: journal.nextIndex() };
  const decision = rules.takeEvent(line, event, now);
  if (!decision) return undefined;
  const orphan = orphanAfter(state, event);
  if (orphan !== undefined) {
    const reason = `incident ${orphan} has neither an owner nor a deadline`;
    world.happened({ type: "broken", at: world.scheduler.now(), actor: "hub", reason });
  }
  if (decision.facts.length > 0) world.watch.decided(decision.facts);
  rules.settle(journal, decision, () => performAll(world, { ...decision, answer }));
  return decision;
}
