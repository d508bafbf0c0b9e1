/**
 * What people at the consoles watch and say: they open views when something rings or is answered,
 * close some, leave others, and lose their session in the middle.
 *
 * From a stream of chance of its own, in half of the worlds. Their orders are given elsewhere
 * (`people.ts`); here are only the windows in front of them.
 */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import type { ViewSubject } from "../../../hub/core/view/view-events.ts";
import type { Role } from "../../../shared/api/session.ts";
import { LookPurpose } from "../../../shared/protocol/purpose.ts";
import type { MediaSessionId, Username } from "../../../shared/ids.ts";
import { newChance, type Chance } from "../chance.ts";
import type { HubWorld } from "../hub/hub-state.ts";
import type { Viewers } from "../ports.ts";
import { newSignIns, type SignIns } from "./sign-ins.ts";

interface Person {
  readonly username: Username;
  signInId: string | undefined;
}

interface Room {
  readonly world: HubWorld;
  readonly chance: Chance;
  readonly signIns: SignIns;
  readonly people: readonly Person[];
  isOpen: boolean;
}

/** Of all worlds. */
const SHARE = 0.5;
const ROLES: ReadonlyMap<Username, Role> = new Map(
  Object.entries({ li: "operator", wang: "operator", zhao: "supervisor", qian: "technician" }).map(
    ([name, role]) => [name as Username, role as Role],
  ),
);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Mean time between two changes of one person's account or session. */
const CHANGE_EVERY_MS = 3 * HOUR_MS;
/** Mean time between two looks of one person at a pillar from which nobody calls. */
const LOOK_EVERY_MS = 20 * MINUTE_MS;
const MEDIA_KILLED_EVERY_MS = 4 * HOUR_MS;
const SIGN_IN_MS: readonly [number, number] = [5 * MINUTE_MS, 12 * HOUR_MS];

export function newViewers(world: HubWorld): Viewers {
  const chance = newChance(world.settings.seed, "desk");
  const room: Room = {
    ...{ world, chance, signIns: newSignIns(world, ROLES), isOpen: false },
    people: [...ROLES.keys()].map((username) => ({ username, signInId: undefined })),
  };
  return {
    begin: (until) => {
      if (!chance.isTrue(SHARE)) return;
      room.isOpen = true;
      for (const person of room.people) {
        signIn(room, person);
        repeat(room, { until, everyMs: CHANGE_EVERY_MS }, () => loseSession(room, person));
        repeat(room, { until, everyMs: LOOK_EVERY_MS }, () => look(room, person));
      }
      repeat(room, { until, everyMs: MEDIA_KILLED_EVERY_MS }, () => world.views.killMedia());
    },
    heal: () => void (room.isOpen = false),
    factsBecame: (facts) => {
      if (room.isOpen) for (const fact of facts) notice(room, fact);
    },
    hubBegan: () => room.signIns.hubBegan(),
  };
}

function later({ world }: Room, ms: number, run: () => void): void {
  world.scheduler.plan(world.scheduler.now() + ms, run);
}

function repeat(
  room: Room,
  { until, everyMs }: { readonly until: number; readonly everyMs: number },
  run: () => void,
): void {
  const { world, chance } = room;
  const at = world.scheduler.now() + chance.exponential(everyMs);
  if (at >= until) return;
  world.scheduler.plan(at, () => {
    run();
    repeat(room, { until, everyMs }, run);
  });
}

/** Again until the account is good, and when the time is over. */
function signIn(room: Room, person: Person): void {
  const { chance, world, signIns } = room;
  if (!room.isOpen) return;
  if (person.signInId !== undefined && signIns.find(person.signInId)) return;
  const forMs = chance.between(...SIGN_IN_MS);
  person.signInId = world.hub.isUp ? signIns.open(person.username, forMs) : undefined;
  const againMs = person.signInId === undefined ? chance.between(1000, MINUTE_MS) : forMs + 1000;
  later(room, againMs, () => signIn(room, person));
}

/** What rings is watched; who has answered talks; now and then somebody asks for what is over. */
function notice(room: Room, fact: Fact): void {
  const { chance, people } = room;
  if (!("incidentId" in fact)) return;
  const { incidentId } = fact;
  switch (fact.type) {
    case "incident-opened":
    case "incident-reopened":
      for (const person of people) {
        if (chance.isTrue(0.5))
          soon(room, () => view(room, person, { purpose: "call", incidentId, role: "watch" }));
      }
      return;
    case "incident-answered":
      for (const person of people) {
        const share = person.username === fact.by ? 0.9 : 0.1;
        if (chance.isTrue(share))
          soon(room, () => view(room, person, { purpose: "call", incidentId, role: "talk" }));
      }
      return;
    case "incident-closed":
      if (chance.isTrue(0.1)) {
        soon(room, () =>
          view(room, chance.pick(people), { purpose: "call", incidentId, role: "watch" }),
        );
      }
      return;
    default:
      return;
  }
}

const soon = (room: Room, run: () => void): void => later(room, room.chance.between(0, 3000), run);

function view(room: Room, person: Person, wanted: ViewSubject): void {
  const { world, chance, signIns } = room;
  const { signInId, username } = person;
  const found = signInId === undefined ? undefined : signIns.find(signInId);
  if (!found || signInId === undefined || !world.hub.isUp) return;
  const by = { username, displayName: `Name of ${username}`, role: found.role, scope: ROOT_AREA };
  world.views.ask({ ...wanted, by, signInId, from: "127.0.0.1" }, (id, isGiven) => {
    if (!isGiven) return;
    // As `hub/api/routes/media.ts`: the session may have ended while the two negotiated.
    if (!signIns.find(signInId)) world.rules.endSignIn(world.views, signInId);
    use(room, person, id);
  });
  signIns.viewBegan();
  if (chance.isTrue(0.1)) loseSoon(room, person);
}

/** At any pillar: now and then somebody calls there just then. */
function look(room: Room, person: Person): void {
  const { world, chance } = room;
  const { id: pillarId } = chance.pick(world.pillars);
  const purpose = chance.pick(LookPurpose.options);
  const reason = chance.isTrue(0.9) ? "a shout was heard" : "";
  view(room, person, { purpose, pillarId, role: "watch", reason });
}

/** It is closed after a while, left alone, or its window is gone without a word. */
function use(room: Room, person: Person, id: MediaSessionId): void {
  const { world, chance } = room;
  const manner = chance.next();
  const forMs = chance.exponential(MINUTE_MS);
  if (manner < 0.4) later(room, forMs, () => world.views.close(id));
  else if (manner < 0.5) world.views.vanish(id);
  if (chance.isTrue(0.1)) loseSoon(room, person);
  if (chance.isTrue(0.03)) later(room, chance.between(0, 10_000), () => world.views.killMedia());
}

const loseSoon = (room: Room, person: Person): void =>
  later(room, room.chance.between(0, 20_000), () => loseSession(room, person));

function loseSession(room: Room, person: Person): void {
  const { chance, signIns, world } = room;
  const { username, signInId } = person;
  if (!room.isOpen || signInId === undefined || !signIns.find(signInId)) return;
  const way = world.hub.isUp && chance.isTrue(0.5) ? "interface" : "command-line";
  if (world.views.viewers().has(signInId)) world.coverage.count("session-lost-in-view");
  const manner = chance.pick(["sign-out", "password", "disabled", "role"] as const);
  const awayMs = chance.between(1000, 30 * MINUTE_MS);
  if (manner === "sign-out") signIns.close(signInId);
  if (manner === "password") signIns.change(username, { type: "password" }, way);
  if (manner === "disabled") {
    signIns.change(username, { type: manner, isDisabled: true }, way);
    const enable = { type: manner, isDisabled: false } as const;
    later(room, awayMs, () => signIns.change(username, enable, "command-line"));
  }
  if (manner === "role") {
    const other: Role = signIns.roleOf(username) === "technician" ? "operator" : "technician";
    signIns.change(username, { type: manner, role: other }, way);
    const back = { type: manner, role: ROLES.get(username) ?? "operator" } as const;
    later(room, awayMs, () => signIns.change(username, back, "command-line"));
  }
  later(room, chance.between(500, MINUTE_MS), () => signIn(room, person));
}
