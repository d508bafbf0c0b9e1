/**
 * Who may: the one function that the HTTP interface, the hub's decisions and the console ask.
 *
 * What is not told about the subject counts as not so. Without a subject the answer is therefore
 * what somebody may do whatever it is about.
 */
import type { Incident } from "../api/incident.ts";
import { ServiceScope } from "../api/service.ts";
import { Role } from "../api/session.ts";
import type { AreaId, PillarId, Username } from "../ids.ts";
import { ROOT_AREA } from "./areas.ts";
import {
  OF_THE_WHOLE,
  RIGHTS,
  SCOPES,
  type Action,
  type Condition,
  type Grantee,
  type Rights,
  type Scopes,
} from "./rights.ts";

export type Principal =
  | {
      readonly kind: "person";
      readonly username: Username;
      readonly roles: readonly Role[];
      /** The area that they may see and act in. */
      readonly scope: AreaId;
    }
  | {
      readonly kind: "service";
      readonly name: Username;
      readonly scopes: readonly ServiceScope[];
    }
  | { readonly kind: "pillar"; readonly pillarId: PillarId };

export type IncidentFacts = Pick<Incident, "kind" | "state" | "owner">;

/** What an action is about: of each action only what its row in the table looks at. */
export interface Subject {
  readonly incident?: IncidentFacts | undefined;
  readonly hasReason?: boolean;
  /** Who opened the connection. */
  readonly openedBy?: Username | undefined;
  /**
   * Where it lies: the root, and inwards (`pathTo`). Not told: it lies nowhere, like a person's own
   * session; what lies somewhere is told of wherever one object is asked for.
   */
  readonly areas?: readonly AreaId[] | undefined;
  /** The pillar that is spoken for. */
  readonly pillarId?: PillarId | undefined;
}

type May = (principal: Principal, action: Action, subject?: Subject) => boolean;

interface MoreTables {
  readonly scopes?: Scopes;
  readonly ofTheWhole?: ReadonlySet<Action>;
}

/** Any tables' rules, so that a test can show that a wrong table is noticed. */
export const mayBy =
  (rights: Rights, { scopes = SCOPES, ofTheWhole = OF_THE_WHOLE }: MoreTables = {}): May =>
  (principal, action, subject = {}) => {
    if (
      principal.kind === "service" &&
      principal.scopes.some((one) => scopes[one].includes(action))
    )
      return true;
    const areas = ofTheWhole.has(action) ? [ROOT_AREA] : subject.areas;
    if (areas && !isWithin(principal, areas)) return false;
    return rights[action].some(
      ({ to, when = [] }) =>
        to.some((grantee) => isGrantee(principal, grantee)) &&
        when.every((condition) => IS_SO[condition](principal, subject)),
    );
  };

export const may: May = mayBy(RIGHTS);

export const personOf = (who: {
  readonly username: Username;
  readonly role: Role;
  readonly scope: AreaId;
}): Principal & { kind: "person" } => ({
  kind: "person",
  username: who.username,
  roles: [who.role],
  scope: who.scope,
});

export const serviceOf = (who: {
  readonly username: Username;
  readonly scopes: readonly ServiceScope[];
}): Principal => ({ kind: "service", name: who.username, scopes: who.scopes });

export const pillarOf = (pillarId: PillarId): Principal => ({ kind: "pillar", pillarId });

/**
 * Whether what lies there is there for somebody at all. What is outside a person's scope is answered
 * as if it did not exist.
 */
export const isWithin = (principal: Principal, areas: readonly AreaId[]): boolean =>
  principal.kind !== "person" || areas.includes(principal.scope);

/** An incident that was handed over and still rings is nobody's yet. */
export const isOwner = (principal: Principal, incident: IncidentFacts): boolean =>
  incident.state !== "open" && isNamed(principal, incident);

/**
 * Whether it takes a person who is signed in, or a service; otherwise something else shows who it
 * is.
 */
export const isForPeople = (action: Action): boolean =>
  RIGHTS[action].every(({ to }) => to.every((grantee) => isRole(grantee)));

/** Who may do it whatever it is about. */
export const rolesOf = (action: Action): readonly Role[] =>
  Role.options.filter((role) => RIGHTS[action].some(({ to, when }) => !when && to.includes(role)));

/** With which of them a service may do it. */
export const scopesOf = (action: Action): readonly ServiceScope[] =>
  ServiceScope.options.filter((scope) => SCOPES[scope].includes(action));

const isRole = (grantee: Grantee): grantee is Role => grantee !== "anybody" && grantee !== "pillar";

function isGrantee(principal: Principal, grantee: Grantee): boolean {
  if (grantee === "anybody") return true;
  if (grantee === "pillar") return principal.kind === "pillar";
  return principal.kind === "person" && principal.roles.includes(grantee);
}

const isNamed = (principal: Principal, { owner }: IncidentFacts): boolean =>
  principal.kind === "person" && owner === principal.username;

const IS_SO: Readonly<Record<Condition, (principal: Principal, subject: Subject) => boolean>> = {
  "is-test": (_principal, { incident }) => incident?.kind === "test",
  "is-owner": (principal, { incident }) => incident !== undefined && isOwner(principal, incident),
  "is-named": (principal, { incident }) => incident !== undefined && isNamed(principal, incident),
  "has-reason": (_principal, { hasReason }) => hasReason === true,
  "is-opener": (principal, { openedBy }) =>
    principal.kind === "person" && openedBy === principal.username,
  "is-itself": (principal, { pillarId }) =>
    principal.kind === "pillar" && pillarId === principal.pillarId,
};
