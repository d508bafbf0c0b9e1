/** Presses and releases of a pillar's button, and what each press did, for the history. */
import type { ButtonKind } from "../../../device/core/events.ts";
import type { Instant } from "../../../shared/duration.ts";
import type { Pillar, PillarWorld } from "./pillar-state.ts";

/** Whether there was anything to press: without power there is no edge. */
export function press(world: PillarWorld, pillar: Pillar, kind: ButtonKind): boolean {
  const before = pillar.agent;
  if (!before) return false;
  const at = world.scheduler.now();
  const { call } = before.call;
  const edgeAt = pillar.clock.monotonic() as Instant;
  const bornBefore = pillar.born;
  const { syncMs, isFull, isDead, errorRate } = pillar.disk.conditions;
  const areConditionsGood = syncMs[1] < 250 && !isFull && !isDead && errorRate === 0;
  const isIdle = call.phase === "idle";
  world.happened({ type: "pushed", at, pillar: pillar.id, kind, isIdle });
  world.tellPillar(pillar, { type: "button-pressed", kind, edgeAt });
  const eventId = pillar.born === bornBefore ? undefined : pillar.born;
  world.note(pillar.id, "pressed", `${kind} ${eventId ?? "no new alarm"} in ${call.phase}`);
  world.happened({
    type: "pressed",
    at,
    pillar: pillar.id,
    eventId,
    call: call.phase === "idle" ? undefined : call.eventId,
    incident: "incidentId" in call ? call.incidentId : undefined,
    isDiskGood: areConditionsGood && pillar.ledger.isSound(),
  });
  world.coverage.count(eventId ? "pressed-alarm" : "pressed-in-call");
  return true;
}

export function release(world: PillarWorld, pillar: Pillar, kind: ButtonKind): void {
  world.tellPillar(pillar, { type: "button-released", kind });
}
