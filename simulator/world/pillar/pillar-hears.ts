/**
 * What a pillar is told by the hub: messages are checked as
 * the device's shell checks them, then given to its core.
 */
import { assertNever } from "../../../shared/assert.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Receipt } from "../../../shared/protocol/accepted.ts";
import type { SignedCall } from "../../../shared/protocol/call.ts";
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import type { Pillar, PillarWorld } from "./pillar-state.ts";

/** Every message that changes what a pillar shows or does must carry the hub's own signature. */
export function pillarHears(world: PillarWorld, pillar: Pillar, down: DownMessage): void {
  if (!pillar.agent) return;
  switch (down.channel) {
    case "accepted": {
      const { receipt, sig } = down.message;
      if (!world.rules.isOfHub(receipt, sig)) return refuse(world, pillar, down.channel);
      return heardOverLink(world, pillar, receipt);
    }
    case "command": {
      const { body, sig } = down.message;
      if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, down.channel);
      world.note(pillar.id, "command heard", body.command.name);
      return world.tellPillar(pillar, { type: "command-received", body });
    }
    case "call":
      return heardCall(world, pillar, down.message);
    case "signal": {
      const { body, sig } = down.message;
      if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, down.channel);
      return world.tellPillar(pillar, { type: "signalled", body });
    }
    default:
      assertNever(down);
  }
}

/** A receipt that the pillar refuses is none. */
function heardOverLink(world: PillarWorld, pillar: Pillar, receipt: Receipt): void {
  const { life } = pillar;
  const refused = pillar.agent?.heeded.refused;
  world.tellPillar(pillar, { type: "accepted", receipt, via: "link" });
  if (pillar.life === life && pillar.agent?.heeded.refused !== refused) return;
  const { eventId, hubEpoch } = receipt;
  heardReceipt(world, pillar, eventId);
  const at = world.scheduler.now();
  world.happened({ type: "database", at, pillar: pillar.id, hubEpoch });
}

function heardCall(world: PillarWorld, pillar: Pillar, { body, sig }: SignedCall): void {
  if (!world.rules.isOfHub(body, sig)) return refuse(world, pillar, "call");
  world.note(pillar.id, "call heard", `${body.call.status} ${body.call.eventId}`);
  return world.tellPillar(pillar, { type: "call-told", body });
}

function refuse(world: PillarWorld, pillar: Pillar, channel: DownMessage["channel"]): void {
  const reason = "it is not signed by our hub";
  world.tellPillar(pillar, { type: "message-refused", channel, reason });
}

export function heardReceipt(world: PillarWorld, { id: pillar }: Pillar, eventId: EventId): void {
  world.note(pillar, "accepted heard", eventId);
  world.happened({ type: "accepted", at: world.scheduler.now(), pillar, eventId });
}

export function pillarAcknowledged(world: PillarWorld, pillar: Pillar, message: UpMessage): void {
  const told = pillar.agent && world.rules.acknowledged(pillar.agent, message);
  if (told) world.tellPillar(pillar, told);
}
