/**
 * The HTTPS fallback: an alarm by HTTPS, past the broker, answered by its receipt or by nothing.
 *
 * The pillar asks one address after the other; some lead to nothing, some are late. It shares the
 * cable with the first way unless the seed gives the pillar a second interface; cuts and lost
 * packets hold it up as they hold up everything else.
 */
import type { Effect, Told } from "../../../device/core/events.ts";
import type { AnswerRequest } from "../hub/hub-state.ts";
import { routeOf } from "../network/path.ts";
import { heardReceipt, isOfHub } from "./pillar-hears.ts";
import type { Pillar, PillarWorld } from "./pillar-state.ts";

/** As the real one waits: for the connection, and again for the answer. */
const WITHIN_MS = 5000;
/** Each way to a hub that is slow: the answer may come too late. */
const SLOW_MS: readonly [number, number] = [500, 7000];

export function sendByFallback(
  world: PillarWorld,
  pillar: Pillar,
  { hub: number, message: alarm }: Extract<Effect, { type: "send-by-fallback" }>,
): void {
  const { scheduler, hub, coverage } = world;
  const { life } = pillar;
  const { eventId } = alarm.event;
  const target = world.profile.fallbackHubs[number];
  let isOver = false;
  const over = (told: Told): void => {
    if (isOver || pillar.life !== life) return;
    isOver = true;
    if (told.type === "accepted") {
      coverage.count(number > 0 ? "accepted-by-later-hub" : "accepted-by-https");
      heardReceipt(world, pillar, eventId);
    }
    world.tellPillar(pillar, told);
  };
  const failed = (reason: string): void => over({ type: "fallback-failed", eventId, reason });
  coverage.count(`fallback-to-${target}-hub`);
  world.note(pillar.id, "alarm by fallback", `${eventId} to hub ${number}`);
  const later = (ms: number, run: () => void): void =>
    void scheduler.plan(scheduler.now() + ms, run);
  const { chance } = pillar;
  const travelMs = (): number =>
    chance.between(...world.network.conditions.delayMs) * 2 +
    (target === "slow" ? chance.between(...SLOW_MS) : 0);
  const unreached = (): void => later(WITHIN_MS, () => failed("no connection in 5 s"));
  if (!isOpen(world, pillar, "up")) return unreached();
  if (target === "dead") {
    // The address belongs to a machine that refuses, or to none, and then nothing answers.
    if (chance.isTrue(0.5)) later(travelMs(), () => failed("ECONNREFUSED"));
    return unreached();
  }
  const thereMs = travelMs();
  if (thereMs > WITHIN_MS) return unreached();
  later(thereMs, () => {
    later(WITHIN_MS, () => failed("no answer in 5 s"));
    const back: AnswerRequest = (answer) => {
      if (!isOpen(world, pillar, "down")) return;
      later(travelMs(), () => {
        if ("reason" in answer) failed(answer.reason);
        else over(world.rules.toldByHttps(eventId, answer.accepted, isOfHub));
      });
    };
    if (hub.isUp) world.alarmArrives({ pillarId: pillar.id, alarm, via: "https" }, back);
    else back({ reason: "ECONNREFUSED" });
  });
}

function isOpen(world: PillarWorld, pillar: Pillar, direction: "up" | "down"): boolean {
  const route = routeOf(world.network, pillar.index);
  const { lossRate } = world.network.conditions;
  if (lossRate > 0 && pillar.chance.isTrue(lossRate / 3)) return false;
  if (world.profile.isFallbackSeparate) return true;
  return (direction === "up" ? route.upCuts : route.downCuts) === 0;
}
