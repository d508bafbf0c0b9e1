/**
 * The second way: an alarm by HTTPS, past the broker, answered by its receipt or by nothing.
 *
 * It shares the cable with the first way unless the seed gives the pillar a second interface; cuts and lost
 * packets hold it up as they hold up everything else.
 */
import type { Accepted } from "../../shared/protocol/accepted.ts";
import type { Alarm } from "../../shared/protocol/alarm.ts";
import { alarmArrives } from "./desk.ts";
import { tellPillar, type Pillar } from "./pillar.ts";
import { isSignedWith } from "./seal.ts";
import type { World } from "./world.ts";

const REQUEST_MS = 10_000;
/** The hub answers 202 when the receipt is not there by then. */
const RECEIPT_MS = 5000;

export function postAlarm(world: World, pillar: Pillar, alarm: Alarm): void {
  const { scheduler, hub, coverage } = world;
  const { life } = pillar;
  const { eventId } = alarm.event;
  let isOver = false;
  const answer = (accepted: Accepted | undefined, reason: string): void => {
    if (isOver || pillar.life !== life) return;
    isOver = true;
    const isOurs = accepted && isSignedWith("key of the hub", accepted.receipt, accepted.sig);
    if (!isOurs) {
      tellPillar(world, pillar, { type: "post-failed", eventId, reason });
      return;
    }
    coverage.count("accepted-by-https");
    world.note(pillar.id, "accepted by https", eventId);
    tellPillar(world, pillar, { type: "accepted", receipt: accepted.receipt });
  };
  coverage.count("posted");
  world.note(pillar.id, "alarm posted", eventId);
  const later = (ms: number, run: () => void): void =>
    void scheduler.plan(scheduler.now() + ms, run);
  const travelMs = (): number => pillar.chance.between(...world.network.mood.delayMs) * 2;
  later(REQUEST_MS, () => answer(undefined, "no answer within 10 s"));
  if (!isOpen(world, pillar, "up")) return;
  later(travelMs(), () => {
    if (!hub.isUp) {
      answer(undefined, "ECONNREFUSED");
      return;
    }
    const back = (accepted: Accepted | undefined): void => {
      if (isOpen(world, pillar, "down")) later(travelMs(), () => answer(accepted, "202"));
    };
    const waiting = hub.posts.get(eventId);
    if (waiting) waiting.push(back);
    else hub.posts.set(eventId, [back]);
    later(RECEIPT_MS, () => back(undefined));
    alarmArrives(world, alarm, "https");
  });
}

function isOpen(world: World, pillar: Pillar, direction: "up" | "down"): boolean {
  const route = world.network.routes[pillar.index];
  const { lossRate } = world.network.mood;
  if (lossRate > 0 && pillar.chance.isTrue(lossRate / 3)) return false;
  if (world.profile.isSecondWaySeparate || !route) return true;
  return (direction === "up" ? route.upCuts : route.downCuts) === 0;
}
