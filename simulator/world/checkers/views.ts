/**
 * I8: nobody sees or hears a pillar without the right to, and a view ends with that right. The end
 * of one media process ends no view that another one carries.
 *
 * A right is a sign-in session that is not over, and an incident that allows it by the facts on the
 * hub's disk: it is not closed, its pillar's identity is not revoked, and only its owner talks,
 * until somebody presses silently. Where nobody calls, an operator may look and listen, and a
 * technician may look. What has lost its right ends within the promised time.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import { PROMISED_MS } from "../../../shared/promises.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

type Begun = Extract<Happening, { type: "view-begins" }>;
type Ended = Extract<Happening, { type: "view-ends" }>;

interface Seen {
  readonly view: Begun;
  /** It was given after somebody had pressed silently: by a decision of its operator. */
  readonly isSilentKnown: boolean;
  wrong: { readonly since: number; readonly why: string } | undefined;
}

interface Case {
  readonly pillar: string;
  isClosed: boolean;
  isAnswered: boolean;
  isSilent: boolean;
  /** Nobody is heard or seen in it. */
  readonly isTest: boolean;
  owner: string | undefined;
}

interface Rights {
  readonly cases: Map<string, Case>;
  readonly revoked: Set<string>;
  readonly over: Set<string>;
  readonly seen: Map<string, Seen>;
}

export function checkViews({ happenings, endedAt }: History): Violation[] {
  const rights: Rights = {
    cases: new Map(),
    revoked: new Set(),
    over: new Set(),
    seen: new Map(),
  };
  const violations: Violation[] = [];
  const late = (at: number): void => {
    for (const [id, { view, wrong }] of rights.seen) {
      if (!wrong || at - wrong.since <= PROMISED_MS.viewEnded) continue;
      const detail = `${view.username} goes on to ${view.role} ${view.pillar}: ${wrong.why}`;
      violations.push({ invariant: "I8", at, detail, about: [view.pillar, view.username] });
      rights.seen.delete(id);
    }
  };
  for (const one of happenings) {
    if (rights.seen.size > 0) late(one.at);
    if (one.type === "view-ends") violations.push(...beside(rights, one));
    if (!note(rights, one)) continue;
    for (const seen of rights.seen.values()) {
      const why = whyNot(rights, seen);
      if (why === undefined) seen.wrong = undefined;
      else seen.wrong ??= { since: one.at, why };
    }
  }
  late(endedAt);
  return violations;
}

/** What a process that ended carried is over before the next one begins. */
function beside({ seen }: Rights, { at, id, because }: Ended): Violation[] {
  const { view } = seen.get(id) ?? {};
  if (!view || because !== "media-ready") return [];
  const detail = `a view of ${view.pillar} ended because another media process began`;
  return [{ invariant: "I8", at, detail, about: [view.pillar, view.username] }];
}

/** Returns whether it may concern a view. */
function note(rights: Rights, one: Happening): boolean {
  switch (one.type) {
    case "durable":
      return noteFact(rights, one.fact);
    case "restored":
      // Nobody watches while the hub is away, and what is left of the journal is not told again.
      rights.cases.clear();
      rights.revoked.clear();
      return true;
    case "sign-in-over":
      rights.over.add(one.signInId);
      return true;
    case "view-begins": {
      const isSilentKnown = caseOf(rights, one)?.isSilent === true;
      rights.seen.set(one.id, { view: one, isSilentKnown, wrong: undefined });
      return true;
    }
    case "view-ends":
      rights.seen.delete(one.id);
      return false;
    default:
      return false;
  }
}

const caseOf = ({ cases }: Rights, { incidentId }: Begun): Case | undefined =>
  incidentId && cases.get(incidentId);

function noteFact({ cases, revoked }: Rights, fact: Fact): boolean {
  if (fact.type === "pillar-revoked") revoked.add(fact.pillarId);
  else if (fact.type === "pillar-enrolled") revoked.delete(fact.pillarId);
  else if (fact.type === "incident-opened") {
    cases.set(fact.incidentId, {
      ...{ pillar: fact.pillarId, isClosed: false, isAnswered: false, owner: undefined },
      ...{ isSilent: fact.kind === "silent", isTest: fact.kind === "test" },
    });
  } else {
    const found = "incidentId" in fact ? cases.get(fact.incidentId) : undefined;
    return found !== undefined && noteOf(found, fact);
  }
  return true;
}

function noteOf(found: Case, fact: Fact): boolean {
  switch (fact.type) {
    case "incident-joined":
      if (fact.kind === "silent") found.isSilent = true;
      return true;
    case "incident-acknowledged":
      found.owner = fact.by;
      return true;
    case "incident-answered":
      found.owner = fact.by;
      found.isAnswered = true;
      return true;
    case "incident-transferred":
      found.owner = fact.to;
      found.isAnswered = false;
      return true;
    case "incident-released":
      found.owner = undefined;
      found.isAnswered = false;
      return true;
    case "incident-closed":
      found.isClosed = true;
      found.isAnswered = false;
      return true;
    case "incident-reopened":
      found.isClosed = false;
      found.owner = undefined;
      return true;
    default:
      return false;
  }
}

function whyNot(
  { cases, revoked, over }: Rights,
  { view, isSilentKnown }: Seen,
): string | undefined {
  if (over.has(view.signInId)) return "the sign-in session is over";
  if (view.incidentId === undefined) return whyNoLook({ cases, revoked }, view);
  const found = cases.get(view.incidentId);
  if (!found) return undefined;
  if (!view.isOperator) return "a technician may see nobody who calls";
  if (found.isTest) return "a self-test has nobody in it, and its pillar may have";
  if (found.pillar !== view.pillar) return "the incident is of another pillar";
  if (found.isClosed) return "the incident is closed";
  if (revoked.has(view.pillar)) return "the pillar's identity is revoked";
  if (view.role === "watch") return undefined;
  if (!found.isAnswered || found.owner !== view.username) return "somebody else owns the call";
  return found.isSilent && !isSilentKnown ? "somebody has pressed silently" : undefined;
}

function whyNoLook({ cases, revoked }: Pick<Rights, "cases" | "revoked">, view: Begun) {
  if (revoked.has(view.pillar)) return "the pillar's identity is revoked";
  if (!view.isOperator && view.purpose !== "check") return "a technician may hear nobody";
  const isCalled = [...cases.values()].some(
    ({ pillar, isClosed, isTest }) => pillar === view.pillar && !isClosed && !isTest,
  );
  return isCalled ? "somebody calls there" : undefined;
}
