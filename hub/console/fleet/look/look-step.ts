/**
 * One look through a pillar's camera, from the click to its end.
 *
 * It ends in one of a few ways, and the page names which. A press at the pillar is told to a desk by
 * the event stream, and for everybody the connection ends; either may be noticed first.
 */
import { assertNever } from "../../../../shared/assert.ts";
import type { Incident } from "../../../../shared/api/incident.ts";
import type { Pillar } from "../../../../shared/api/pillar.ts";
import { LOOK_AT_MOST_MS, type LookPurpose } from "../../../../shared/protocol/purpose.ts";
import type { FailureCode } from "../../api/client.ts";

/** Ms of a clock that never steps. */
export type Millis = number;

export type Ending =
  | { readonly why: "stopped" | "time" }
  /** Somebody pressed there. */
  | { readonly why: "called"; readonly incidentId: string }
  /** No connection any more: the hub ended it, or the line did. A browser cannot tell which. */
  | { readonly why: "lost" }
  /** The hub has not allowed it. */
  | { readonly why: "refused"; readonly code: FailureCode; readonly detail: string };

export type LookState =
  | { readonly phase: "off" }
  | { readonly phase: "asking"; readonly purpose: LookPurpose }
  | { readonly phase: "looking"; readonly purpose: LookPurpose; readonly since: Millis }
  | { readonly phase: "over"; readonly ending: Ending; readonly at: Millis };

export type LookEvent = { readonly at: Millis } & (
  | { readonly type: "asked"; readonly purpose: LookPurpose }
  | { readonly type: "given" | "tick" | "stopped" | "lost" }
  | { readonly type: "refused"; readonly code: FailureCode; readonly detail: string }
  | { readonly type: "called"; readonly incidentId: string }
);

/** A call that becomes known this long after the end may be why it ended. */
const CALL_EXPLAINS_MS = 10_000;

export function stepLook(state: LookState, event: LookEvent): LookState {
  const { at } = event;
  const isOpen = state.phase === "asking" || state.phase === "looking";
  const over = (ending: Ending): LookState => (isOpen ? { phase: "over", ending, at } : state);
  switch (event.type) {
    case "asked":
      return isOpen ? state : { phase: "asking", purpose: event.purpose };
    case "given":
      return state.phase === "asking"
        ? { phase: "looking", purpose: state.purpose, since: at }
        : state;
    case "tick":
      return leftMs(state, at) === 0 ? over({ why: "time" }) : state;
    case "stopped":
    case "lost":
      return over({ why: event.type });
    case "refused":
      return over({ why: "refused", code: event.code, detail: event.detail });
    case "called":
      return called(state, event);
    default:
      return assertNever(event);
  }
}

function called(state: LookState, event: Extract<LookEvent, { type: "called" }>): LookState {
  const { at, incidentId } = event;
  const ending: Ending = { why: "called", incidentId };
  if (state.phase === "asking" || state.phase === "looking") return { phase: "over", ending, at };
  return state.phase === "over" && mayBeOfCall(state.ending) && at - state.at < CALL_EXPLAINS_MS
    ? { ...state, ending }
    : state;
}

const mayBeOfCall = (ending: Ending): boolean =>
  ending.why === "lost" || (ending.why === "refused" && ending.code === "conflict");

/** Until nobody may look any more; undefined while nobody does. */
export function leftMs(state: LookState, at: Millis): number | undefined {
  if (state.phase !== "looking") return undefined;
  return Math.max(0, state.since + LOOK_AT_MOST_MS[state.purpose] - at);
}

/** `mm:ss`, begun seconds counted whole: it shows zero when it is over, and not before. */
export function formatLeft(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(total / 60))}:${two(total % 60)}`;
}

export const lookPath = (
  pillarId: string,
  { purpose, reason }: { readonly purpose: LookPurpose; readonly reason: string },
): string => `/pillars/${pillarId}/whep?${new URLSearchParams({ purpose, reason })}`;

/** The call that goes before a look at this pillar, when who sits here may know of it. */
export const callAt = (pillarId: string, incidents: readonly Incident[]): Incident | undefined =>
  incidents.find(
    (one) => one.pillarId === pillarId && one.kind !== "test" && one.state !== "closed",
  );

export type WhyNot = "hub-lost" | "revoked" | "called" | "offline" | "no-lamp";

interface LookedAt extends Pick<Pillar, "presence" | "revocation"> {
  readonly faults: readonly Pillar["faults"][number][];
}

/** Why nobody can look there now, as far as this page knows; the hub decides. */
export function whyNoLook(
  { presence, revocation, faults }: LookedAt,
  { isCalled, isHubLost }: { readonly isCalled: boolean; readonly isHubLost: boolean },
): WhyNot | undefined {
  if (isHubLost) return "hub-lost";
  if (revocation) return "revoked";
  if (isCalled) return "called";
  if (presence === "lost" || presence === "out-of-service") return "offline";
  return faults.includes("board-lost") ? "no-lamp" : undefined;
}
