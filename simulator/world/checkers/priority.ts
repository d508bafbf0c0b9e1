/**
 * I15: how urgent an incident is, by the facts of the journal and by rules of the judge's own.
 *
 * A silent alarm, a press by night, the third press that nobody answered and the third pillar of a
 * grid within a minute make it as urgent as can be, each once. Nothing makes it less urgent but a
 * person who answers for it, or a supervisor.
 */
import type { Fact, FactOf } from "../../../hub/core/facts.ts";
import type { EventId, IncidentId, PillarId, Username } from "../../../shared/ids.ts";
import { kindOf, type AlarmKind } from "../../../shared/protocol/alarm.ts";
import type { History, Violation } from "../run/history.ts";
import { PLACE_OFFSET_MINUTES } from "../clock.ts";
import { OPERATORS } from "../people.ts";

const MINUTE_MS = 60_000;

interface Seen {
  readonly pillarId: PillarId;
  readonly isTest: boolean;
  readonly pressedAt: number;
  readonly spoken: Set<string>;
  priority: number;
  presses: number;
  isVerified: boolean;
  isAnswered: boolean;
  isClosed: boolean;
  /** Who has taken it; a hand-over that rings belongs to nobody. */
  owner: Username | undefined;
}

interface Judge {
  readonly grids: Map<PillarId, string>;
  readonly alarms: Map<EventId, { readonly kind: AlarmKind; readonly pressedAt: number }>;
  readonly incidents: Map<IncidentId, Seen>;
  readonly complain: (fact: Fact, detail: string) => void;
}

export function checkPriority({ hub, endedAt: at }: History): Violation[] {
  const violations: Violation[] = [];
  const judge: Judge = {
    ...{ grids: new Map(), alarms: new Map(), incidents: new Map() },
    complain: (fact, detail) => {
      const id = "incidentId" in fact ? fact.incidentId : "";
      violations.push({
        ...{ invariant: "I15", at, about: ["hub"] },
        detail: `${fact.type} of ${id.slice(-6)}: ${detail}`,
      });
    },
  };
  for (const fact of hub.journal) look(judge, fact);
  return violations;
}

function look(judge: Judge, fact: Fact): void {
  switch (fact.type) {
    case "pillar-registered":
      judge.grids.set(fact.pillarId, fact.grid);
      return;
    case "alarm-recorded":
      judge.alarms.set(fact.event.eventId, {
        ...{ kind: kindOf(fact.event), pressedAt: fact.pressedAt },
      });
      return;
    case "incident-opened":
      return opened(judge, fact);
    case "deadline-set":
      return several(judge, fact);
    default:
      return changed(judge, fact);
  }
}

function changed(judge: Judge, fact: Fact): void {
  const one = "incidentId" in fact ? judge.incidents.get(fact.incidentId) : undefined;
  if (!one) return;
  switch (fact.type) {
    case "incident-joined":
      return joined(judge, one, fact);
    case "incident-graded":
      return raised(judge, one, fact);
    case "incident-regraded":
      return regraded(judge, one, fact);
    case "incident-acknowledged":
      one.owner = fact.by;
      return;
    case "incident-answered":
      one.owner = fact.by;
      one.isAnswered = true;
      return;
    case "incident-transferred":
    case "incident-released":
    case "deadline-passed":
      one.owner = undefined;
      return;
    case "incident-reopened":
      one.owner = undefined;
      one.isClosed = false;
      return;
    case "incident-closed":
      one.isClosed = true;
      return;
    case "incident-pillar-revoked":
      one.isVerified = false;
      return;
    default:
      return;
  }
}

const isNight = (pressedAt: number): boolean => {
  const hour = new Date(pressedAt + PLACE_OFFSET_MINUTES * MINUTE_MS).getUTCHours();
  return hour >= 23 || hour < 5;
};

const rulesOf = ({ kind, pressedAt }: { kind: AlarmKind; pressedAt: number }): string[] => [
  ...(kind === "silent" ? ["silent"] : []),
  ...(kind !== "test" && isNight(pressedAt) ? ["night"] : []),
];

function opened(judge: Judge, fact: FactOf<"incident-opened">): void {
  const isTest = fact.kind === "test";
  const rules = rulesOf(fact);
  const expected = isTest ? 4 : rules.length > 0 ? 1 : 2;
  if (fact.priority !== expected) {
    judge.complain(fact, `expected priority ${expected}, found ${fact.priority}`);
  }
  judge.incidents.set(fact.incidentId, {
    ...{ pillarId: fact.pillarId, isTest, pressedAt: fact.pressedAt, spoken: new Set(rules) },
    ...{ priority: fact.priority, presses: 1, isVerified: fact.isVerified ?? true },
    ...{ isAnswered: false, isClosed: false, owner: undefined },
  });
}

function joined(judge: Judge, one: Seen, fact: FactOf<"incident-joined">): void {
  const alarm = judge.alarms.get(fact.eventId);
  if (!alarm) return judge.complain(fact, "joined by an alarm that is not recorded");
  one.presses += 1;
  one.isVerified ||= fact.isVerified ?? true;
  const isRepeated = !one.isTest && !one.isAnswered && one.presses >= 3;
  const fresh = [...rulesOf(alarm), ...(isRepeated ? ["repeated"] : [])].filter(
    (rule) => !one.spoken.has(rule),
  );
  for (const rule of fresh) one.spoken.add(rule);
  const expected = fresh.length > 0 ? 1 : one.priority;
  if (fact.priority !== expected) {
    judge.complain(fact, `expected priority ${expected}, found ${fact.priority}`);
  }
  one.priority = fact.priority;
}

/** Calls beside which this one is one of several; itself among them. */
function beside({ grids, incidents }: Judge, one: Seen): Seen[] {
  const grid = grids.get(one.pillarId) ?? "";
  if (grid === "" || one.isTest || !one.isVerified) return [];
  return [...incidents.values()].filter(
    (other) =>
      !other.isClosed &&
      !other.isTest &&
      other.isVerified &&
      grids.get(other.pillarId) === grid &&
      Math.abs(other.pressedAt - one.pressedAt) <= MINUTE_MS,
  );
}

function raised(judge: Judge, one: Seen, fact: FactOf<"incident-graded">): void {
  if (fact.rule !== "several" || fact.priority !== 1) judge.complain(fact, `by rule ${fact.rule}`);
  if (beside(judge, one).length < 2) judge.complain(fact, "nobody calls beside it");
  if (one.spoken.has("several")) judge.complain(fact, "said twice");
  one.spoken.add("several");
  one.priority = 1;
}

/** The deadline of a new incident follows everything that its alarm decided. */
function several(judge: Judge, fact: FactOf<"deadline-set">): void {
  const one = judge.incidents.get(fact.incidentId);
  if (!one || one.spoken.has("ring")) return;
  one.spoken.add("ring");
  const calls = beside(judge, one);
  const untold = calls.filter(({ spoken }) => !spoken.has("several"));
  if (calls.length >= 3 && untold.length > 0) {
    judge.complain(fact, `${calls.length} pillars call, and ${untold.length} are not raised`);
  }
}

const isSupervisor = (name: Username): boolean =>
  OPERATORS.some(({ username, role }) => username === name && role === "supervisor");

function regraded(judge: Judge, one: Seen, fact: FactOf<"incident-regraded">): void {
  const mayLower = one.owner === fact.by || isSupervisor(fact.by);
  if (fact.priority > one.priority && !mayLower) judge.complain(fact, `lowered by ${fact.by}`);
  if (one.isTest || one.isClosed) judge.complain(fact, "of a test, or after its end");
  one.priority = fact.priority;
}
