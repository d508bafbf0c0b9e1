/** What a pillar is told by the hub, and by the broker on the way. */
import type { Told } from "../../../device/core/events.ts";
import type { IsFromHub } from "../../../device/core/told.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { DownMessage, UpMessage } from "../../../shared/protocol/messages.ts";
import { isSignedWith } from "../seal.ts";
import type { Pillar, PillarWorld } from "./pillar-state.ts";

export function pillarHears(world: PillarWorld, pillar: Pillar, down: DownMessage): void {
  if (!pillar.agent) return;
  const told = world.rules.toldByLink(down, isOfHub);
  switch (told.type) {
    case "accepted":
      return heardOverLink(world, pillar, told);
    case "command-received":
      world.note(pillar.id, "command heard", told.body.command.name);
      return world.tellPillar(pillar, told);
    case "call-told": {
      const { status, eventId } = told.body.call;
      world.note(pillar.id, "call heard", `${status} ${eventId}`);
      return world.tellPillar(pillar, told);
    }
    default:
      return world.tellPillar(pillar, told);
  }
}

export const isOfHub: IsFromHub = (body, sig) => isSignedWith("key of the hub", body, sig);

/** A receipt that the pillar refuses is none. */
function heardOverLink(
  world: PillarWorld,
  pillar: Pillar,
  told: Extract<Told, { type: "accepted" }>,
): void {
  const { life } = pillar;
  const refused = pillar.agent?.heeded.refused;
  world.tellPillar(pillar, told);
  if (pillar.life === life && pillar.agent?.heeded.refused !== refused) return;
  const { eventId, hubEpoch } = told.receipt;
  heardReceipt(world, pillar, eventId);
  const at = world.scheduler.now();
  world.happened({ type: "database", at, pillar: pillar.id, hubEpoch });
}

export function heardReceipt(world: PillarWorld, { id: pillar }: Pillar, eventId: EventId): void {
  world.note(pillar, "accepted heard", eventId);
  world.happened({ type: "accepted", at: world.scheduler.now(), pillar, eventId });
}

export function pillarAcknowledged(world: PillarWorld, pillar: Pillar, message: UpMessage): void {
  const told = pillar.agent && world.rules.acknowledged(pillar.agent, message);
  if (told) world.tellPillar(pillar, told);
}
