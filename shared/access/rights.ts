/**
 * Who may do what, as one table: every action is a row, and what no row grants is refused.
 *
 * Technicians and administrators may not hear people, and see them only in a check: a picture
 * without sound, short, with the pillar's lamp lit, and in the journal.
 */
import type { ServiceScope } from "../api/service.ts";
import type { Role } from "../api/session.ts";
import type { OrderedCommand } from "../protocol/command.ts";

/** `anybody`: also a caller without a session. `pillar`: whoever has proven to be one. */
export type Grantee = Role | "pillar" | "anybody";

/** What must be so of the person and of what the action is about. */
export type Condition =
  /** The incident is a test. */
  | "is-test"
  /** The incident was taken by this person. */
  | "is-owner"
  /** The incident is this person's, also one that was handed over and still rings. */
  | "is-named"
  /** A reason is given, and kept. */
  | "has-reason"
  /** This person opened the connection. */
  | "is-opener"
  /** The pillar means itself. */
  | "is-itself";

/** To each of these, when all of this is so. */
export interface Grant {
  readonly to: readonly Grantee[];
  readonly when?: readonly Condition[];
}

const DESK = ["operator", "supervisor"] as const;
const REPAIR = ["supervisor", "technician", "admin"] as const;
const EVERYBODY = ["operator", "supervisor", "technician", "admin"] as const;

const ANYBODY: readonly Grant[] = [{ to: ["anybody"] }];
const PILLAR_ITSELF: readonly Grant[] = [{ to: ["pillar"], when: ["is-itself"] }];
const TEST: Grant = { to: EVERYBODY, when: ["is-test"] };
const DESK_OR_TEST: readonly Grant[] = [{ to: DESK }, TEST];
/** Not a supervisor either, who first takes the incident over. */
const OWNER_ONLY: readonly Grant[] = [
  { to: DESK, when: ["is-owner"] },
  { to: EVERYBODY, when: ["is-owner", "is-test"] },
];
const OWNER_OR_SUPERVISOR: readonly Grant[] = [
  { to: ["operator"], when: ["is-owner"] },
  { to: ["supervisor"] },
  TEST,
];

type Named =
  | `session:${"open" | "own"}`
  | "description:read"
  | `health:${"read" | "details"}`
  | "operators:read"
  | "events:read"
  | `incidents:${"read" | "order" | "take-over" | "hold" | "transfer" | "dispatch" | "lower" | "close" | "lock"}`
  | `media:${"use" | "talk" | "end"}`
  | "recordings:read"
  | `pillars:${"read" | "command" | "check" | "listen" | "revoke" | "enrol" | "renew" | "report"}`
  | "siren:sound"
  | "accounts:manage"
  | "services:manage"
  | "areas:read"
  | "audit:read"
  | "hub:read"
  | "metrics:read";

export type Action = Named | `command:${OrderedCommand["name"]}`;

export type Rights = Readonly<Record<Action, readonly Grant[]>>;

export const RIGHTS: Rights = {
  /** The password is what protects it. */
  "session:open": ANYBODY,
  "session:own": [{ to: EVERYBODY }],
  "description:read": ANYBODY,
  "health:read": ANYBODY,
  /** They name directories, ports and versions. */
  "health:details": [{ to: EVERYBODY }],
  "operators:read": [{ to: DESK }],
  "events:read": [{ to: EVERYBODY }],

  "incidents:read": DESK_OR_TEST,
  /** Any order at all; some need one of the next rows besides. */
  "incidents:order": DESK_OR_TEST,
  /** To answer what somebody else has taken. */
  "incidents:take-over": [{ to: ["supervisor"] }],
  "incidents:hold": OWNER_ONLY,
  "incidents:transfer": OWNER_OR_SUPERVISOR,
  "incidents:dispatch": OWNER_OR_SUPERVISOR,
  /** To make less urgent what a rule or a person made urgent. */
  "incidents:lower": OWNER_OR_SUPERVISOR,
  "incidents:close": OWNER_OR_SUPERVISOR,
  /** What is evidence, and must be kept: decided above the desk. */
  "incidents:lock": [{ to: ["supervisor"] }],

  /** Not in a test either: its pillar's picture may be that of somebody else's call. */
  "media:use": [{ to: DESK }],
  "media:talk": [{ to: DESK, when: ["is-owner"] }],
  "media:end": [{ to: EVERYBODY, when: ["is-opener"] }],
  "recordings:read": [{ to: DESK }],

  "pillars:read": [{ to: EVERYBODY }],
  /** Any command at all; each needs its own row besides. */
  "pillars:command": [{ to: EVERYBODY }],
  "command:identify": [{ to: REPAIR }],
  "command:resend": [{ to: REPAIR }],
  "command:restart-media": [{ to: REPAIR }],
  "command:self-test": [{ to: REPAIR }],
  /** To end one; `siren:sound` is needed besides to begin. */
  "command:siren": [{ to: DESK }],
  /** A siren frightens a whole street, so it belongs to whoever handles an incident there. */
  "siren:sound": [
    { to: DESK, when: ["is-named"] },
    { to: ["supervisor"], when: ["has-reason"] },
  ],
  /** To look through the camera of a pillar from which nobody calls, without sound. */
  "pillars:check": [{ to: ["operator", "supervisor", "technician"] }],
  /** With sound: people there have not asked to be heard. */
  "pillars:listen": [{ to: DESK, when: ["has-reason"] }],
  "pillars:revoke": [{ to: ["admin"] }],
  /** The one-time code is what protects it. */
  "pillars:enrol": ANYBODY,
  "pillars:renew": PILLAR_ITSELF,
  "pillars:report": PILLAR_ITSELF,

  "accounts:manage": [{ to: ["admin"] }],
  "services:manage": [{ to: ["admin"] }],
  "areas:read": [{ to: EVERYBODY }],
  "audit:read": [{ to: ["supervisor", "admin"] }],
  "hub:read": [{ to: REPAIR }],
  "metrics:read": [{ to: REPAIR }],
};

/**
 * What is about the hub as a whole, so that a person whose scope is a part of it may not: whoever
 * manages accounts could widen their own, and the audit names what happened everywhere.
 */
export const OF_THE_WHOLE: ReadonlySet<Action> = new Set<Action>([
  "accounts:manage",
  "services:manage",
  "audit:read",
]);

export type Scopes = Readonly<Record<ServiceScope, readonly Action[]>>;

/**
 * What each scope lets a service do. None of them hears or sees anybody live, and none orders
 * anything: what a service does, no person answers for.
 */
export const SCOPES: Scopes = {
  "incidents:read": ["incidents:read"],
  /** The stream; what comes on it is asked for event by event. */
  "events:read": ["events:read"],
  "pillars:read": ["pillars:read"],
  "recordings:read": ["recordings:read"],
  "audit:read": ["audit:read"],
  "hub:read": ["hub:read", "health:details"],
  "metrics:read": ["metrics:read"],
};
