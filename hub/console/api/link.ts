/**
 * Whether messages pass between this page and the hub, in both directions.
 *
 * An event stream over a cut cable looks alive for minutes, so silence counts too: live means that
 * something arrived within `LOST_AFTER_MS`, not that nobody reported an error.
 */

import { PING_INTERVAL_MS } from "../../../shared/api/event.ts";
import { assertNever } from "../../../shared/assert.ts";

/** The banner is promised within 3 s: this leaves time for one tick and one repaint. */
export const LOST_AFTER_MS = 2250;
/** A stream that the browser has given up, or that stays silent, is opened anew. */
export const REOPEN_AFTER_MS = 4000;
/** A stream without a ping for so long is cut, even when the hub answers on other connections. */
export const MUTE_AFTER_MS = PING_INTERVAL_MS + 2000;

export type Link =
  | { readonly phase: "connecting"; readonly since: number }
  | { readonly phase: "live"; readonly heardAt: number }
  | { readonly phase: "lost"; readonly since: number; readonly heardAt: number };

export type LinkEvent =
  | { readonly type: "heard"; readonly at: number }
  | { readonly type: "failed"; readonly at: number }
  | { readonly type: "tick"; readonly at: number };

export const newLink = (at: number): Link => ({ phase: "connecting", since: at });

export function stepLink(link: Link, event: LinkEvent): Link {
  switch (event.type) {
    case "heard":
      return { phase: "live", heardAt: event.at };
    case "failed":
      return link.phase === "lost" ? link : lost(link, event.at);
    case "tick":
      return isOverdue(link, event.at) ? lost(link, event.at) : link;
    default:
      return assertNever(event);
  }
}

function isOverdue(link: Link, at: number): boolean {
  if (link.phase === "live") return at - link.heardAt >= LOST_AFTER_MS;
  return link.phase === "connecting" && at - link.since >= LOST_AFTER_MS;
}

function lost(link: Link, at: number): Link {
  const heardAt = link.phase === "live" || link.phase === "lost" ? link.heardAt : link.since;
  return { phase: "lost", since: at, heardAt };
}
