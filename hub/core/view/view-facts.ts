/** What the journal keeps of a view: who sees and hears whom, why, and until when. */
import type { FactOf } from "../facts.ts";
import type { ViewWish } from "./view-events.ts";
import type { CallWish, LookWish } from "./view-right.ts";

export const openedFact = (
  wish: ViewWish,
  at: number,
): FactOf<"view-opened"> | FactOf<"look-opened"> =>
  wish.purpose === "call"
    ? { type: "view-opened", ...aboutCall(wish, at), from: wish.from }
    : { type: "look-opened", ...aboutLook(wish, at) };

export const closedFact = (
  wish: ViewWish,
  at: number,
): FactOf<"view-closed"> | FactOf<"look-closed"> =>
  wish.purpose === "call"
    ? { type: "view-closed", ...aboutCall(wish, at) }
    : { type: "look-closed", ...aboutLook(wish, at) };

const aboutCall = (wish: CallWish, at: number) => ({
  at,
  incidentId: wish.incidentId,
  role: wish.role,
  ...whose(wish),
});

const aboutLook = (wish: LookWish, at: number) => ({
  at,
  pillarId: wish.pillarId,
  purpose: wish.purpose,
  reason: wish.reason,
  from: wish.from,
  ...whose(wish),
});

const whose = ({ by }: ViewWish) => ({ by: by.username, byName: by.displayName });
