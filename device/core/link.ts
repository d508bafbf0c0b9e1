/**
 * The connection to the hub: up, trying, or waiting to try.
 *
 * A whole city loses its hub in the same second, so every wait is full jitter. A pillar with
 * somebody waiting at it may try twice a second, because few pillars have that at once.
 */
import { fullJitter } from "../../shared/backoff.ts";
import { after, milliseconds, seconds } from "../../shared/duration.ts";
import type { SessionNonce } from "../../shared/ids.ts";
import { step, type Step } from "../../shared/step.ts";
import type { Effect, Moment } from "./events.ts";
import type { Link } from "./state/link-state.ts";

const CALM = { first: seconds(1), most: seconds(15) };
const URGENT = { first: milliseconds(500), most: milliseconds(500) };

/** Attempts counted; after so many the wait grows no more. */
const MAX_COUNTED = 30;

/** A pillar that cannot reach its hub for this long says so on its lamp. */
const MISSING_AFTER = seconds(15);

type LinkStep = Step<Link, Effect>;

/** Who waits for the hub: somebody whose alarm has no receipt, somebody in a call, or nobody. */
export type Waiting = "alarm" | "call" | "nobody";

export function tryLink(link: Link): LinkStep {
  if (link.phase !== "waiting") return step(link);
  return step<Link, Effect>({ ...link, phase: "trying" }, { type: "connect" });
}

export function linkUp(sessionNonce: SessionNonce): LinkStep {
  return step<Link, Effect>(
    { phase: "up", sessionNonce },
    { type: "clear-timer", name: "reconnect" },
    { type: "clear-timer", name: "link-missing" },
    { type: "log", level: "info", text: "hub is reached" },
  );
}

export function linkDown(
  link: Link,
  { reason, waiting }: { readonly reason: string; readonly waiting: Waiting },
  moment: Moment,
): LinkStep {
  const attempt = link.phase === "up" ? 0 : Math.min(link.attempt + 1, MAX_COUNTED);
  const isMissing = link.phase === "up" ? false : link.isMissing;
  const backoff = isUrgent(waiting, attempt) ? URGENT : CALM;
  const delay = fullJitter(backoff, attempt, moment.chance);
  const effects: Effect[] = [
    { type: "set-timer", name: "reconnect", at: after(moment.at, delay) },
    { type: "log", level: "warn", text: `hub is not reached: ${reason}; next try in ${delay} ms` },
  ];
  if (link.phase === "up") {
    effects.push({ type: "set-timer", name: "link-missing", at: after(moment.at, MISSING_AFTER) });
  }
  return step<Link, Effect>({ phase: "waiting", attempt, isMissing }, ...effects);
}

/**
 * An alarm without a receipt keeps the short wait; a call
 * that the hub has waits longer when trying does not help.
 */
const isUrgent = (waiting: Waiting, attempt: number): boolean =>
  waiting === "alarm" || (waiting === "call" && attempt < MAX_COUNTED);

/** From the start: a pillar that never reached its hub is missing it as well. */
export function watchLink(moment: Moment): Effect {
  return { type: "set-timer", name: "link-missing", at: after(moment.at, MISSING_AFTER) };
}

export const linkMissing = (link: Link): Link =>
  link.phase === "up" ? link : { ...link, isMissing: true };

/** Somebody presses while we wait: the long wait becomes a short one. */
export function hurryLink(link: Link, moment: Moment): Effect[] {
  if (link.phase !== "waiting") return [];
  const delay = fullJitter(URGENT, 0, moment.chance);
  return [{ type: "set-timer", name: "reconnect", at: after(moment.at, delay) }];
}
