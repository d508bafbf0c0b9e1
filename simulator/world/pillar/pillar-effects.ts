/**
 * The effects of a pillar's core, performed in order.
 *
 * Between any two effects the power may fail.
 */
import type { Effect } from "../../../device/core/events.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Report } from "../../../shared/protocol/report.ts";
import { connect } from "../network/link.ts";
import { sendUp } from "../network/network.ts";
import { resigned, type Pillar, type PillarWorld } from "./pillar-state.ts";
import { sendByFallback } from "./https-fallback.ts";
import { sealWith } from "../seal.ts";
import { displays, gateMoves, lampShows, says } from "./seen.ts";

export function performAll(world: PillarWorld, pillar: Pillar, effects: readonly Effect[]): void {
  const { life } = pillar;
  for (const effect of effects) {
    world.faults.atEffect("pillar", pillar.index);
    if (pillar.life !== life) return;
    perform(world, pillar, effect);
  }
}

// oxlint-disable-next-line complexity -- one flat switch: split, it would hide which effects exist
function perform(world: PillarWorld, pillar: Pillar, effect: Effect): void {
  switch (effect.type) {
    case "seal": {
      const { eventId, kind } = effect.draft;
      pillar.born = eventId;
      world.happened({ type: "born", at: world.scheduler.now(), pillar: pillar.id, eventId, kind });
      pillar.freshId = pillar.chance.hex(128) as EventId;
      const alarm = sealWith(pillar.identity.key, effect.draft);
      return world.tellPillar(pillar, { type: "sealed", alarm, edgeAt: effect.edgeAt });
    }
    case "append":
      return append(world, pillar, effect.alarm);
    case "mark-accepted":
      return pillar.ledger.markAccepted(effect.eventId, effect.hubEpoch);
    case "fetch-kept":
      return fetchKept(world, pillar, effect);
    case "publish":
      if (effect.message.channel === "alarm") {
        const { event, attempt } = effect.message.message;
        world.note(pillar.id, "alarm sent", `${event.eventId} seq ${event.seq} try ${attempt}`);
      }
      if (effect.message.channel === "report") reports(world, pillar, effect.message.message);
      return sendUp(world.network, pillar.index, effect.message);
    case "send-by-fallback":
      return sendByFallback(world, pillar, effect);
    case "connect":
      return connect(world.network, pillar.index);
    case "set-timer":
      return setTimer(world, pillar, effect);
    case "clear-timer":
      world.scheduler.callOff(pillar.timers.get(effect.name));
      pillar.timers.delete(effect.name);
      return;
    case "lamp":
      return lampShows(world, pillar, effect.pattern);
    case "prompt":
      return says(world, pillar, effect.name);
    case "display":
      return displays(world, pillar, effect.display);
    case "media":
      if (effect.message.type === "gate") gateMoves(world, pillar, effect.message.opening);
      return;
    case "siren":
    case "log":
      return;
    default:
      assertNever(effect);
  }
}

function reports(world: PillarWorld, { id: pillar }: Pillar, report: Report): void {
  if (report.type !== "command-result" || report.outcome !== "done") return;
  const { commandId } = report;
  world.happened({ type: "performed", at: world.scheduler.now(), pillar, commandId });
}

function setTimer(
  world: PillarWorld,
  pillar: Pillar,
  effect: Extract<Effect, { type: "set-timer" }>,
): void {
  const { name } = effect;
  world.scheduler.callOff(pillar.timers.get(name));
  // No timer of Node waits for less than a millisecond.
  const at = Math.max(pillar.clock.worldTimeOf(effect.at), world.scheduler.now() + 1);
  const task = world.scheduler.plan(at, () => {
    pillar.timers.delete(name);
    world.tellPillar(pillar, { type: "timer-due", name });
  });
  pillar.timers.set(name, task);
}

function append(
  world: PillarWorld,
  pillar: Pillar,
  alarm: Extract<Effect, { type: "append" }>["alarm"],
): void {
  const { eventId } = alarm.event;
  pillar.ledger.append(alarm, (failure) => {
    if (failure) {
      world.note(pillar.id, "not stored", `${eventId} ${failure}`);
      return world.tellPillar(pillar, { type: "append-failed", eventId, reason: failure });
    }
    world.happened({ type: "stored", at: world.scheduler.now(), pillar: pillar.id, eventId });
    world.note(pillar.id, "stored", eventId);
    return world.tellPillar(pillar, { type: "appended", eventId });
  });
}

function fetchKept(
  world: PillarWorld,
  pillar: Pillar,
  effect: Extract<Effect, { type: "fetch-kept" }>,
): void {
  const { life } = pillar;
  world.scheduler.plan(world.scheduler.now() + 2, () => {
    if (pillar.life !== life) return;
    const { fromSeq, limit } = effect;
    const alarms = pillar.ledger.since(fromSeq, limit);
    world.note(pillar.id, "kept alarms read", `from ${fromSeq}: ${alarms?.length ?? "failed"}`);
    world.tellPillar(
      pillar,
      alarms
        ? { type: "kept", alarms: resigned(pillar, alarms) }
        : { type: "kept-failed", reason: "the ledger's file is opened again later" },
    );
  });
}
