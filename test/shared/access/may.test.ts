/**
 * Who may: every action by every role in every situation, against a table that was written by hand.
 *
 * The table here says it in other words than `shared/access/rights.ts`, so that a mistake there is
 * not repeated here. A door that somebody opens is found: the last tests open each one.
 */
import { pathTo, ROOT_AREA, treeOf } from "../../../shared/access/areas.ts";
import { describe, expect, test } from "vitest";
import {
  isForPeople,
  may,
  mayBy,
  pillarOf,
  rolesOf,
  serviceOf,
} from "../../../shared/access/may.ts";
import type { Principal, Subject } from "../../../shared/access/may.ts";
import {
  OF_THE_WHOLE,
  RIGHTS,
  SCOPES,
  type Action,
  type Grant,
  type Rights,
  type Scopes,
} from "../../../shared/access/rights.ts";
import { ServiceScope } from "../../../shared/api/service.ts";
import { IncidentState } from "../../../shared/api/incident.ts";
import { Role } from "../../../shared/api/session.ts";
import { AreaId, PillarId, Username } from "../../../shared/ids.ts";
import { AlarmKind } from "../../../shared/protocol/alarm.ts";

/**
 * `-` never, `yes` always, otherwise in one of these situations: `test` the incident is one, `taken`
 * it was taken by whoever asks, `theirs` they are its owner even if it rings, `why` they give a
 * reason, `opened` they opened the connection, `self` it is about themselves; `a+b` in both at once.
 */
const EXPECTED = `
  action               operator    supervisor  technician  admin       pillar
  session:open         yes         yes         yes         yes         yes
  session:own          yes         yes         yes         yes         -
  description:read     yes         yes         yes         yes         yes
  health:read          yes         yes         yes         yes         yes
  health:details       yes         yes         yes         yes         -
  operators:read       yes         yes         -           -           -
  events:read          yes         yes         yes         yes         -
  incidents:read       yes         yes         test        test        -
  incidents:order      yes         yes         test        test        -
  incidents:take-over  -           yes         -           -           -
  incidents:hold       taken       taken       taken+test  taken+test  -
  incidents:transfer   taken,test  yes         test        test        -
  incidents:dispatch   taken,test  yes         test        test        -
  incidents:close      taken,test  yes         test        test        -
  incidents:lower      taken,test  yes         test        test        -
  incidents:lock       -           yes         -           -           -
  media:use            yes         yes         -           -           -
  media:talk           taken       taken       -           -           -
  media:end            opened      opened      opened      opened      -
  recordings:read      yes         yes         -           -           -
  pillars:read         yes         yes         yes         yes         -
  pillars:command      yes         yes         yes         yes         -
  pillars:check        yes         yes         yes         -           -
  pillars:listen       why         why         -           -           -
  command:identify     -           yes         yes         yes         -
  command:resend       -           yes         yes         yes         -
  command:restart-media -          yes         yes         yes         -
  command:self-test    -           yes         yes         yes         -
  command:siren        yes         yes         -           -           -
  siren:sound          theirs      theirs,why  -           -           -
  pillars:revoke       -           -           -           yes         -
  pillars:enrol        yes         yes         yes         yes         yes
  pillars:renew        -           -           -           -           self
  pillars:report       -           -           -           -           self
  accounts:manage      -           -           -           yes         -
  services:manage      -           -           -           yes         -
  areas:read           yes         yes         yes         yes         -
  audit:read           -           yes         -           yes         -
  hub:read             -           yes         yes         yes         -
  metrics:read         -           yes         yes         yes         -
`;

/** What a service may, by hand as well. Whatever it is about: no row has a condition. */
const OF_SERVICES = `
  incidents:read   incidents:read
  events:read      events:read
  pillars:read     pillars:read
  recordings:read  recordings:read
  audit:read       audit:read
  hub:read         hub:read health:details
  metrics:read     metrics:read
`;
const actionsByScope = new Map(
  OF_SERVICES.trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([scope, ...granted]) => [scope as ServiceScope, granted] as const),
);

const [COLUMNS = [], ...LINES] = EXPECTED.trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));
const cells = new Map(
  LINES.flatMap(([action, ...row]) =>
    row.map((cell, at) => [`${action} ${COLUMNS[at + 1]}`, cell] as const),
  ),
);
const actions = LINES.map(([action]) => action as Action);

const ME = Username.parse("wang");
const OTHER = Username.parse("li");
const MY_PILLAR = PillarId.parse("demo-001");
const OTHER_PILLAR = PillarId.parse("demo-002");

const person = (...roles: Role[]): Principal => ({
  kind: "person",
  username: ME,
  roles,
  scope: ROOT_AREA,
});
const ASKING: readonly (readonly [column: string, principal: Principal])[] = [
  ...Role.options.map((role) => [role, person(role)] as const),
  ["pillar", pillarOf(MY_PILLAR)],
];

/** A subject, and what is so in it, known from how it was made. */
interface Situation {
  readonly subject: Subject;
  readonly isSo: ReadonlySet<string>;
}

function* everySituation(): Generator<Situation> {
  const incidents = AlarmKind.options.flatMap((kind) =>
    IncidentState.options.flatMap((state) =>
      [null, ME, OTHER].map((owner) => ({ kind, state, owner })),
    ),
  );
  for (const incident of [undefined, ...incidents]) {
    for (const hasReason of [false, true]) {
      for (const openedBy of [undefined, ME, OTHER]) {
        for (const pillarId of [undefined, MY_PILLAR, OTHER_PILLAR]) {
          const isTheirs = incident?.owner === ME;
          const isSo = new Set([
            ...(incident?.kind === "test" ? ["test"] : []),
            ...(isTheirs ? ["theirs"] : []),
            ...(isTheirs && ["acknowledged", "answered", "closed"].includes(incident.state)
              ? ["taken"]
              : []),
            ...(hasReason ? ["why"] : []),
            ...(openedBy === ME ? ["opened"] : []),
            ...(pillarId === MY_PILLAR ? ["self"] : []),
          ]);
          yield { subject: { incident, hasReason, openedBy, pillarId }, isSo };
        }
      }
    }
  }
}
const SITUATIONS = [...everySituation()];

function isExpected(cell: string | undefined, isSo: ReadonlySet<string>): boolean {
  if (cell === "yes" || cell === "-" || cell === undefined) return cell === "yes";
  return cell.split(",").some((all) => all.split("+").every((one) => isSo.has(one)));
}

/** Where a table of rights answers otherwise than the one above. */
function differences(rights: Rights, of: readonly Action[] = actions): string[] {
  const ask = mayBy(rights);
  return of.flatMap((action) =>
    ASKING.flatMap(([column, principal]) =>
      SITUATIONS.flatMap(({ subject, isSo }) => {
        const found = ask(principal, action, subject);
        if (found === isExpected(cells.get(`${action} ${column}`), isSo)) return [];
        return [`${column} ${action} ${found ? "allowed" : "refused"}: ${[...isSo].join()}`];
      }),
    ),
  );
}

describe("who may", () => {
  test("every action stands in the table above, and every situation was tried", () => {
    expect(actions.toSorted()).toEqual((Object.keys(RIGHTS) as Action[]).toSorted());
    expect(cells.size).toBe(actions.length * ASKING.length);
    expect(SITUATIONS.length).toBeGreaterThan(500);
  });

  test("every role gets what the table above says, in every situation", () => {
    expect(differences(RIGHTS)).toEqual([]);
  });

  test.each(actions)("%s about nothing in particular needs a `yes` in the table", (action) => {
    for (const [column, principal] of ASKING) {
      const cell = cells.get(`${action} ${column}`);
      expect([column, may(principal, action)]).toEqual([column, cell === "yes"]);
    }
  });

  test("several roles give what each of them gives, and no role gives what anybody has", () => {
    for (const action of actions) {
      for (const { subject } of SITUATIONS) {
        const each = Role.options.map((role) => may(person(role), action, subject));
        expect(may(person(...Role.options), action, subject)).toBe(each.includes(true));
      }
      expect(may(person(), action)).toBe(may(pillarOf(OTHER_PILLAR), action));
    }
  });

  test("only these need nobody who is signed in", () => {
    const open = ["description:read", "health:read", "session:open"];
    const ofPillars = ["pillars:enrol", "pillars:renew", "pillars:report"];
    const found = actions.filter((action) => !isForPeople(action)).toSorted();
    expect(found).toEqual([...open, ...ofPillars].toSorted());
  });

  test("the roles of an action are those with a `yes`", () => {
    for (const action of actions.filter(isForPeople)) {
      const expected = Role.options.filter((role) => cells.get(`${action} ${role}`) === "yes");
      expect([action, rolesOf(action)]).toEqual([action, expected]);
    }
  });
});

/** Where a table of scopes lets a service do otherwise than the one above. */
function differencesOfServices(scopes: Scopes): string[] {
  const ask = mayBy(RIGHTS, { scopes });
  return ServiceScope.options.flatMap((scope) =>
    actions.flatMap((action) => {
      const expected =
        actionsByScope.get(scope)?.includes(action) || cells.get(`${action} pillar`) === "yes";
      const principal = serviceOf({ username: ME, scopes: [scope] });
      const isSame = SITUATIONS.every(
        ({ subject }) => ask(principal, action, subject) === expected,
      );
      return isSame ? [] : [`${scope} ${action}`];
    }),
  );
}

describe("a service", () => {
  test("every scope gives what the table above says, in every situation", () => {
    expect([...actionsByScope.keys()].toSorted()).toEqual(ServiceScope.options.toSorted());
    expect(differencesOfServices(SCOPES)).toEqual([]);
  });

  test("no scope lets a service order, command, manage, watch or talk, and all of them neither", () => {
    const all = serviceOf({ username: ME, scopes: ServiceScope.options });
    const open = actions.filter((action) => cells.get(`${action} pillar`) === "yes");
    const granted = [...actionsByScope.values()].flat();
    const found = actions.filter((action) =>
      SITUATIONS.some(({ subject }) => may(all, action, subject)),
    );
    expect(found.toSorted()).toEqual([...new Set([...open, ...granted])].toSorted());
    expect(
      found.filter((one) => /order|command|manage|media|siren|revoke|close/.test(one)),
    ).toEqual([]);
    expect(may(serviceOf({ username: ME, scopes: [] }), "pillars:read")).toBe(false);
  });

  test.each(ServiceScope.options)("one action more in %s is found", (scope) => {
    const isMore = (action: Action): boolean =>
      !actionsByScope.get(scope)?.includes(action) && cells.get(`${action} pillar`) !== "yes";
    for (const action of actions.filter(isMore)) {
      const planted = { ...SCOPES, [scope]: [...SCOPES[scope], action] };
      expect(differencesOfServices(planted)).toEqual([`${scope} ${action}`]);
    }
  });
});

/** Refused to a person whose scope is a part of the whole, by hand as well. */
const WHOLE = ["accounts:manage", "services:manage", "audit:read"];
const [EAST, GRID, WEST] = [
  AreaId.parse("east"),
  AreaId.parse("A1"),
  AreaId.parse("west"),
] as const;
/** Where something may lie; undefined: nowhere. */
const PLACES = [undefined, [ROOT_AREA], [ROOT_AREA, EAST], [ROOT_AREA, EAST, GRID]] as const;

/** Where scopes make a table answer otherwise than the root's answer and the lists above say. */
function differencesOfScopes(ofTheWhole: ReadonlySet<Action>): string[] {
  const ask = mayBy(RIGHTS, { ofTheWhole });
  return actions.flatMap((action) =>
    Role.options.flatMap((role) =>
      [ROOT_AREA, EAST, GRID, WEST].flatMap((scope) =>
        PLACES.filter((areas) => {
          const isInside = WHOLE.includes(action)
            ? scope === ROOT_AREA
            : areas === undefined || (areas as readonly AreaId[]).includes(scope);
          return SITUATIONS.some(({ subject, isSo }) => {
            const cell = cells.get(`${action} ${role}`);
            const found = ask({ ...person(role), scope } as Principal, action, {
              ...subject,
              areas,
            });
            return found !== (isInside && isExpected(cell, isSo));
          });
        }).map((areas) => `${role} in ${scope} ${action} at ${areas?.at(-1)}`),
      ),
    ),
  );
}

describe("a scope", () => {
  test("is what decides whether something is there at all, whatever the role and the action", () => {
    expect(differencesOfScopes(OF_THE_WHOLE)).toEqual([]);
  });

  test.each(WHOLE as Action[])("%s for somebody of a part is found", (action) => {
    const fewer = new Set([...OF_THE_WHOLE].filter((one) => one !== action));
    expect(differencesOfScopes(fewer).length).toBeGreaterThan(0);
  });

  test("of a pillar is its grid's area and those around it, or the whole alone", () => {
    const tree = treeOf([{ id: EAST, areas: [{ id: GRID }] }, { id: WEST }]);
    expect(pathTo(tree, "A1")).toEqual([ROOT_AREA, EAST, GRID]);
    expect(pathTo(tree, "east")).toEqual([ROOT_AREA, EAST]);
    for (const grid of ["", "all", "A2", "__proto__"]) expect(pathTo(tree, grid)).toEqual(["all"]);
  });
});

describe("a door that is opened is found", () => {
  const found = (action: Action, grants: readonly Grant[]): boolean =>
    differences({ ...RIGHTS, [action]: grants }, [action]).length > 0;
  const isOpen = (action: Action): boolean => cells.get(`${action} pillar`) === "yes";
  const guarded = actions.filter((action) => !isOpen(action));

  test.each(guarded)("%s for anybody", (action) => {
    expect(found(action, [{ to: ["anybody"] }])).toBe(true);
    expect(found(action, [...RIGHTS[action], { to: Role.options }])).toBe(
      Role.options.some((role) => cells.get(`${action} ${role}`) !== "yes"),
    );
  });

  test.each(guarded)("%s for one role more", (action) => {
    for (const role of Role.options) {
      const isMore = cells.get(`${action} ${role}`) !== "yes";
      expect([role, found(action, [...RIGHTS[action], { to: [role] }])]).toEqual([role, isMore]);
    }
  });

  test.each(actions)("%s with a grant or a condition less", (action) => {
    const grants = RIGHTS[action];
    for (const [at, { to, when = [] }] of grants.entries()) {
      expect(found(action, grants.toSpliced(at, 1))).toBe(true);
      for (const condition of when) {
        const fewer = when.filter((one) => one !== condition);
        expect([condition, found(action, grants.toSpliced(at, 1, { to, when: fewer }))]).toEqual([
          condition,
          true,
        ]);
      }
    }
  });
});
