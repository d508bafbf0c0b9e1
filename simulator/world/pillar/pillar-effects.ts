/**
 * What a pillar's core orders, performed in order, and what it is told in answer.
 *
 * Between any two effects the power may fail.
 */
import type { Effect } from "../../../device/core/events.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import type { SignedCall } from "../../../shared/protocol/call.ts";
import { connect } from "../network/link.ts";
import { sendUp } from "../network/network.ts";
import { keyOf, tellPillar, type Pillar } from "./pillar.ts";
import { postAlarm } from "./https-fallback.ts";
import { sealWith } from "../seal.ts";
import { displays, says } from "./seen.ts";
import type { World } from "../world.ts";

export function performAll(world: World, pillar: Pillar, effects: readonly Effect[]): void {
  const { life } = pillar;
  for (const effect of effects) {
    world.faults.atEffect("pillar", pillar.index);
    if (pillar.life !== life) return;
    perform(world, pillar, effect);
  }
}

// oxlint-disable-next-line complexity -- one flat switch: splitting it would hide which effects exist
function perform(world: World, pillar: Pillar, effect: Effect): void {
  switch (effect.type) {
    case "seal": {
      const { eventId } = effect.draft;
      pillar.born = eventId;
      world.happened({ type: "born", at: world.scheduler.now(), pillar: pillar.id, eventId });
      pillar.freshId = pillar.chance.hex(128) as EventId;
      const alarm = sealWith(keyOf(pillar), effect.draft);
      return tellPillar(world, pillar, { type: "sealed", alarm, edgeAt: effect.edgeAt });
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
      return sendUp(world.network, pillar.index, effect.message);
    case "post-alarm":
      return postAlarm(world, pillar, effect);
    case "connect":
      return connect(world.network, pillar.index);
    case "set-timer":
      return setTimer(world, pillar, effect);
    case "clear-timer":
      world.scheduler.callOff(pillar.timers.get(effect.name));
      pillar.timers.delete(effect.name);
      return;
    case "lamp":
      return world.lampShows(pillar, effect.pattern);
    case "prompt":
      return says(world, pillar, effect.name);
    case "display":
      return displays(world, pillar, effect.display);
    case "siren":
    case "media":
    case "log":
      return;
    default:
      assertNever(effect);
  }
}

function setTimer(
  world: World,
  pillar: Pillar,
  effect: Extract<Effect, { type: "set-timer" }>,
): void {
  const { name } = effect;
  world.scheduler.callOff(pillar.timers.get(name));
  // No timer of Node waits for less than a millisecond.
  const at = Math.max(pillar.clock.worldTimeOf(effect.at), world.scheduler.now() + 1);
  const task = world.scheduler.plan(at, () => {
    pillar.timers.delete(name);
    tellPillar(world, pillar, { type: "timer-due", name });
  });
  pillar.timers.set(name, task);
}

function append(
  world: World,
  pillar: Pillar,
  alarm: Extract<Effect, { type: "append" }>["alarm"],
): void {
  const { eventId } = alarm.event;
  pillar.ledger.append(alarm, (failure) => {
    if (failure) {
      world.note(pillar.id, "not stored", `${eventId} ${failure}`);
      return tellPillar(world, pillar, { type: "append-failed", eventId, reason: failure });
    }
    world.happened({ type: "stored", at: world.scheduler.now(), pillar: pillar.id, eventId });
    world.note(pillar.id, "stored", eventId);
    return tellPillar(world, pillar, { type: "appended", eventId });
  });
}

function fetchKept(
  world: World,
  pillar: Pillar,
  effect: Extract<Effect, { type: "fetch-kept" }>,
): void {
  const { life } = pillar;
  world.scheduler.plan(world.scheduler.now() + 2, () => {
    if (pillar.life !== life) return;
    const { fromSeq, limit } = effect;
    const alarms = pillar.ledger.since(fromSeq, limit);
    world.note(pillar.id, "kept alarms read", `from ${fromSeq}: ${alarms?.length ?? "failed"}`);
    tellPillar(
      world,
      pillar,
      alarms
        ? { type: "kept", alarms }
        : { type: "kept-failed", reason: "the ledger's file is opened again later" },
    );
  });
}

/** Whatever lights a lamp or moves a hand must carry the hub's own signature. */
export function pillarHears(world: World, pillar: Pillar, down: DownMessage): void {
  if (!pillar.agent) return;
  switch (down.channel) {
    case "accepted": {
      const { receipt, sig } = down.message;
      if (!world.rules.isOfHub(receipt, sig)) return refuse(world, pillar, down.channel);
      heardReceipt(world, pillar, receipt.eventId);
      return tellPillar(world, pillar, { type: "accepted", receipt });
    }
    case "command": {
      const { body, sig } = down.message;
      if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, down.channel);
      world.note(pillar.id, "order heard", body.order.name);
      return tellPillar(world, pillar, { type: "ordered", body });
    }
    case "call":
      return heardCall(world, pillar, down.message);
    case "signal": {
      const { body, sig } = down.message;
      if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, down.channel);
      return tellPillar(world, pillar, { type: "signalled", body });
    }
    default:
      assertNever(down);
  }
}

function heardCall(world: World, pillar: Pillar, { body, sig }: SignedCall): void {
  if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, "call");
  world.note(pillar.id, "call heard", `${body.call.status} ${body.call.eventId}`);
  return tellPillar(world, pillar, { type: "call-told", body });
}

function refuse(world: World, pillar: Pillar, channel: DownMessage["channel"]): void {
  const reason = "it is not signed by our hub";
  tellPillar(world, pillar, { type: "message-refused", channel, reason });
}

export function heardReceipt(world: World, { id: pillar }: Pillar, eventId: EventId): void {
  world.note(pillar, "accepted heard", eventId);
  world.happened({ type: "accepted", at: world.scheduler.now(), pillar, eventId });
}

export function pillarAcknowledged(world: World, pillar: Pillar, message: UpMessage): void {
  const told = pillar.agent && world.rules.acknowledged(pillar.agent, message);
  if (told) tellPillar(world, pillar, told);
}
