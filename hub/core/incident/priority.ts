/**
 * How urgent an incident is, and why.
 *
 * Rules speak when an alarm comes. Each may raise an incident once and none ever lowers it, so what
 * a person decided stands until something new is known: only a rule that had not spoken yet raises
 * an incident again. A test is nobody's emergency and stays where it is.
 */
import type { Priority, PriorityRule } from "../../../shared/api/incident.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { AlarmKind } from "../../../shared/protocol/alarm.ts";
import { areasOf } from "../pillar/place.ts";
import type { Fact } from "../facts.ts";
import type { IncidentRecord } from "../state/incident-record.ts";
import type { HubState } from "../state/hub-state.ts";
import { isInSpan, minuteOfDay } from "../time/time-of-day.ts";
import type { PrioritySettings } from "./priority-settings.ts";

/** Presses at one pillar until somebody answers. */
export const REPEATED_PRESSES = 3;
/** Pillars of one grid from which somebody calls, pressed within a minute of each other. */
export const SEVERAL_PILLARS = 3;
export const SEVERAL_WITHIN_MS = 60_000;

const BY_KIND: Readonly<Record<AlarmKind, Priority>> = { voice: 2, silent: 1, text: 2, test: 4 };

/** What a new alarm says of the incident that it belongs to. */
export interface GradedPress {
  readonly pillarId: PillarId;
  readonly kind: AlarmKind;
  readonly pressedAt: number;
  readonly text: string | null;
  /** Presses of the incident, this one among them; 0 when somebody has answered it. */
  readonly unanswered: number;
}

export interface Grade {
  readonly priority: Priority;
  /** Those that speak for the first time. */
  readonly rules: readonly PriorityRule[];
  /** The one of them that decided; absent: what decided before. */
  readonly reason?: PriorityRule;
}

type Known = Pick<HubState, "settings" | "pillars">;

/** By the incident's first alarm. */
export function firstGrade(state: Known, pressed: GradedPress): Required<Grade> {
  const rules = rulesOf(state, pressed);
  const [reason = "kind"] = rules;
  const priority = reason === "kind" ? BY_KIND[pressed.kind] : 1;
  return { priority, rules: ["kind", ...rules], reason };
}

/** By a further alarm of the same incident. */
export function nextGrade(
  state: Known,
  before: Pick<IncidentRecord, "priority" | "rules">,
  pressed: GradedPress,
): Grade {
  const rules = rulesOf(state, pressed).filter((rule) => !before.rules.includes(rule));
  const [reason] = rules;
  return reason === undefined || before.priority === 1
    ? { priority: before.priority, rules }
    : { priority: 1, rules, reason };
}

/**
 * When people call from several pillars of one grid at
 * once, something has happened there: each of the calls is urgent.
 */
export function severalFacts(state: HubState, opened: Opened): Fact[] {
  const grid = state.pillars.get(opened.pillarId)?.grid ?? "";
  if (grid === "" || !countsAmongSeveral(opened)) return [];
  const others = [...state.incidents.values()].filter(
    (other) =>
      countsAmongSeveral(other) &&
      state.pillars.get(other.pillarId)?.grid === grid &&
      Math.abs(other.pressedAt - opened.pressedAt) <= SEVERAL_WITHIN_MS,
  );
  if (others.length + 1 < SEVERAL_PILLARS) return [];
  const { at } = opened;
  return [...others.filter(({ rules }) => !rules.includes("several")), opened].map(({ id }) => ({
    type: "incident-graded",
    at,
    incidentId: id,
    priority: 1,
    rule: "several",
  }));
}

interface Opened extends Pick<IncidentRecord, "id" | "pillarId" | "kind" | "pressedAt"> {
  readonly at: number;
  readonly isVerified: boolean;
}

/** Whoever has stolen a pillar's identity does not make its neighbours urgent. */
const countsAmongSeveral = ({ kind, isVerified }: Pick<IncidentRecord, "kind" | "isVerified">) =>
  kind !== "test" && isVerified;

/** Each makes it as urgent as can be; the first of them is the one that is shown. */
function rulesOf(state: Known, pressed: GradedPress): PriorityRule[] {
  if (pressed.kind === "test") return [];
  const { priority } = state.settings;
  const isSo = {
    silent: pressed.kind === "silent",
    words: pressed.text !== null && hasUrgentWord(priority, pressed.text),
    repeated: pressed.unanswered >= REPEATED_PRESSES,
    area: areasOf(state, pressed.pillarId).some((area) => priority.urgentAreas.includes(area)),
    night: isNight(priority, pressed.pressedAt),
  };
  return (["silent", "words", "repeated", "area", "night"] as const).filter((rule) => isSo[rule]);
}

function hasUrgentWord({ urgentWords }: PrioritySettings, text: string): boolean {
  const found = text.toLowerCase();
  return urgentWords.some((word) => found.includes(word.toLowerCase()));
}

const isNight = ({ night, offsetMinutes }: PrioritySettings, at: number): boolean =>
  night !== null && isInSpan(minuteOfDay(at, offsetMinutes), night);
