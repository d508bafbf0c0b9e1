/**
 * A part of the hub's core: one aggregate, in a folder of its own.
 *
 * It says how it begins, how facts change it, what it decides, how it is saved in a snapshot, and of
 * each of its facts what screens, histories, the audit and the log make of it. Parts are listed in
 * `parts.ts`, their types in `kinds.ts`.
 */
import type { AuditDetail, AuditKind } from "../../shared/api/audit.ts";
import type { HubNotification, NotificationCode } from "../../shared/api/event.ts";
import type { IncidentDetail } from "../../shared/api/timeline.ts";
import type { IncidentId } from "../../shared/ids.ts";
import type { Decision } from "./decision.ts";
import type { EventOf, HubEvent } from "./events.ts";
import type { Fact, FactOf } from "./facts.ts";
import type { HubState } from "./state/hub-state.ts";

export interface Part<Slice extends object, Own extends Fact, Saved> {
  readonly name: string;
  initial(): Slice;
  /**
   * Folds one fact into its slice, whoever's fact it is. The maps of the slice change in place, the
   * records in them never do. Parts are asked in the order of their list.
   */
  evolve(state: HubState, fact: Fact, index: number): void;
  /** What it decides, by event; of an event that several parts decide, in the order of the list. */
  readonly decide: Deciders;
  /** What a snapshot keeps of the slice: plain data. */
  save(slice: Slice): Saved;
  load(slice: Slice, saved: Saved): void;
  readonly says: Sayings<Own>;
}

export type Deciders = {
  readonly [T in HubEvent["type"]]?: (state: HubState, event: EventOf<T>) => Decision;
};

export type Sayings<Own extends Fact> = {
  readonly [T in Own["type"]]: Saying<FactOf<T>>;
};

/** What becomes of one fact outside the core. */
export interface Saying<F extends Fact> {
  /** Which screens change by it. */
  readonly subjects: (fact: F) => readonly Subject[];
  /** What it says in a history besides its type, its time and who did it: values, no sentences. */
  readonly timeline: (fact: F) => (F extends OfIncident ? IncidentDetail : AuditDetail) | null;
  /** Null: no person did it, or another fact of the same act says it. */
  readonly audit: ((fact: F) => AuditKind) | AuditKind | null;
  /** Null: no line. */
  readonly log: ((fact: F) => LogLine | undefined) | null;
}

interface OfIncident {
  readonly incidentId: IncidentId;
}

export type Subject =
  | { readonly type: "incident" | "pillar" | "recording"; readonly id: string }
  | { readonly type: "hub" }
  | { readonly type: "notification"; readonly notification: HubNotification };

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
  /** What it is about, to search by. */
  readonly fields: Readonly<Record<string, string>>;
}

/** How a row of the read models is made: folded from the same facts by the same function. */
export interface RowFold<Stored> {
  /** Of the row that this fact may change. */
  key(fact: Fact): string | undefined;
  /** The same record: nothing changes. */
  evolve(before: Stored | undefined, fact: Fact): Stored | undefined;
}

/** A fact that changes no screen, is nobody's act and has no line in the log. */
export const UNSAID = {
  subjects: () => [],
  timeline: () => null,
  audit: null,
  log: null,
} as const satisfies Saying<Fact>;

export const notification = (
  level: HubNotification["level"],
  code: NotificationCode,
  detail: string,
): Subject => ({ type: "notification", notification: { level, code, detail } });

export const incidentSubject = ({ incidentId }: OfIncident): readonly Subject[] => [
  { type: "incident", id: incidentId },
];

/** A line of an incident's log: its id follows a press through every log. */
export const incidentLine =
  <F extends Fact & OfIncident>(words: (fact: F) => string | undefined) =>
  (fact: F): LogLine | undefined => {
    const text = words(fact);
    if (!text) return undefined;
    const { incidentId, type } = fact;
    const fields = { traceId: incidentId, fact: type };
    return { level: "info", text: `incident ${incidentId.slice(0, 8)} ${text}`, fields };
  };
