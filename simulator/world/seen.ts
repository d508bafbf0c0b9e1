/** What a pillar shows to the street, told to the history. */
import { MAX_UNSTORED } from "../../device/core/disk.ts";
import { MAX_OUTBOX } from "../../device/core/outbox.ts";
import type { LampPattern } from "../../device/ports.ts";
import type { Pillar } from "./pillar.ts";
import type { World } from "./world.ts";

export function pillarChanged(world: World, pillar: Pillar): void {
  const { agent } = pillar;
  if (!agent) return;
  for (const [what, size, limit] of [
    ["outbox", agent.outbox.pending.size, MAX_OUTBOX],
    ["unstored alarms", agent.disk.size, MAX_UNSTORED],
  ] as const) {
    if (size > limit) world.outgrown(pillar.id, { what, size, limit });
  }
  const { call } = agent.call;
  world.note(pillar.id, "call", `${call.phase} ${"eventId" in call ? call.eventId : ""}`);
}

export function lampShows(world: World, pillar: Pillar, lamp: LampPattern): void {
  const call = pillar.agent?.call.call;
  world.happened({
    type: "shown",
    at: world.scheduler.now(),
    pillar: pillar.id,
    lamp,
    eventId: call && "eventId" in call ? call.eventId : undefined,
    incident: call && "incidentId" in call ? call.incidentId : undefined,
    by: call?.phase === "answered" ? call.by : undefined,
  });
  world.note(pillar.id, "lamp", lamp);
}

export function outgrown(
  world: World,
  actor: string,
  found: { readonly what: string; readonly size: number; readonly limit: number },
): void {
  world.happened({ type: "outgrown", at: world.scheduler.now(), actor, ...found });
}
