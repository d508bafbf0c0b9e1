/**
 * The people: citizens who press, often more than once, and operators who answer, close and leave.
 *
 * A citizen comes, presses once, twice, ten times or leans on the button, and comes again while the
 * call still runs. An operator does the next sensible thing, sometimes a silly one, and now and
 * then is gone.
 */
import type { Decision } from "../../hub/core/decision.ts";
import type { HubEvent } from "../../hub/core/events.ts";
import type { OperatorOrder } from "../../hub/core/incident/kinds.ts";
import type { Fact } from "../../hub/core/facts.ts";
import type { IncidentRecord } from "../../hub/core/state/incident-record.ts";
import type { Username } from "../../shared/ids.ts";
import type { ButtonKind } from "../../device/core/events.ts";
import { newChance, type Chance } from "./chance.ts";
import type { AskedOrder, Hub } from "./hub/hub-state.ts";
import type { People, WorldBase } from "./ports.ts";

/** What people reach of the world: buttons, consoles, and what the hub shows. */
export interface PeopleWorld extends WorldBase {
  readonly pillars: readonly { readonly index: number }[];
  readonly hub: Pick<Hub, "state" | "isUp" | "clock">;
  /** Whether there was anything to press. */
  press(pillar: number, kind: ButtonKind): boolean;
  release(pillar: number, kind: ButtonKind): void;
  takeIn(event: HubEvent): Decision | undefined;
  orderHub(asked: AskedOrder): Decision | undefined;
}

interface Operator {
  readonly username: Username;
  readonly role: "operator" | "supervisor";
  awayUntil: number;
  awaySince: number;
  isAwake: boolean;
}

/** Who sits in the patrol room. */
export const OPERATORS: readonly Pick<Operator, "username" | "role">[] = [
  { username: "li" as Username, role: "operator" },
  { username: "wang" as Username, role: "operator" },
  { username: "zhao" as Username, role: "supervisor" },
];

interface Room {
  readonly world: PeopleWorld;
  readonly chance: Chance;
  /** Of its own, so that who changes a priority moves nothing else. */
  readonly grading: Chance;
  readonly operators: readonly Operator[];
  presses: number;
  isHealed: boolean;
}

export function newPeople(world: PeopleWorld): People {
  const operator = (who: (typeof OPERATORS)[number]): Operator => ({
    ...who,
    awayUntil: 0,
    awaySince: Number.POSITIVE_INFINITY,
    isAwake: false,
  });
  const room: Room = {
    world,
    chance: newChance(world.settings.seed, "people"),
    grading: newChance(world.settings.seed, "grading"),
    operators: OPERATORS.map(operator),
    presses: 0,
    isHealed: false,
  };
  const { scheduler } = world;
  return {
    begin: (until) => {
      for (const { index } of world.pillars) planVisit(room, index, until);
    },
    hurry: (inMs, pillar = room.chance.below(world.pillars.length)) => {
      scheduler.plan(scheduler.now() + inMs, () => {
        if (!room.isHealed) visit(room, pillar);
      });
    },
    vanish: (forMs) => {
      const gone = room.chance.isTrue(0.3) ? room.operators : [room.chance.pick(room.operators)];
      for (const one of gone) leave(room, one, forMs);
    },
    return: () => {
      room.isHealed = true;
      for (const one of room.operators) {
        one.awayUntil = 0;
        if (one.awaySince !== Number.POSITIVE_INFINITY) comeBack(room, one);
        wake(room, one);
      }
    },
    factsBecame: (facts) => {
      if (!facts.some((fact) => RINGING.has(fact.type))) return;
      for (const one of room.operators) wake(room, one);
    },
    hubStarted: () => {
      for (const one of room.operators) {
        scheduler.plan(scheduler.now() + room.chance.between(200, 5000), () => {
          if (one.awaySince === Number.POSITIVE_INFINITY) tellConsole(world, one, "connected");
        });
      }
    },
    goneSince: (username) =>
      room.operators.find((one) => one.username === username)?.awaySince ??
      Number.POSITIVE_INFINITY,
    presses: () => room.presses,
  };
}

const RINGING: ReadonlySet<Fact["type"]> = new Set([
  "incident-opened",
  "incident-reopened",
  "incident-transferred",
  "deadline-passed",
]);

function planVisit(room: Room, pillar: number, until: number): void {
  const { world, chance } = room;
  const at = world.scheduler.now() + chance.exponential(world.profile.visitEveryMs);
  if (at >= until) return;
  world.scheduler.plan(at, () => {
    visit(room, pillar);
    planVisit(room, pillar, until);
  });
}

/** One person at one pillar, and what they do with the button. */
function visit(room: Room, pillar: number): void {
  const { chance } = room;
  const kind: ButtonKind = chance.isTrue(0.15) ? "silent" : "voice";
  const push = (delay: number, holdMs: number): void =>
    pushButton(room, { pillar, kind }, [delay, holdMs]);
  const manner = chance.next();
  if (manner < 0.55) push(0, chance.between(60, 800));
  else if (manner < 0.7) {
    push(0, 150);
    push(chance.between(250, 900), 150);
  } else if (manner < 0.78) push(0, chance.between(5000, 40_000));
  else if (manner < 0.86) for (let i = 0; i < 8; i++) push(i * chance.between(90, 200), 60);
  else {
    // Comes back while help is still on its way, or just after it was refused.
    push(0, 200);
    push(chance.between(2000, 120_000), 200);
  }
}

function pushButton(
  room: Room,
  { pillar, kind }: { readonly pillar: number; readonly kind: ButtonKind },
  [delay, holdMs]: readonly [number, number],
): void {
  const { world } = room;
  const now = world.scheduler.now();
  world.scheduler.plan(now + delay, () => {
    if (world.press(pillar, kind)) room.presses += 1;
  });
  world.scheduler.plan(now + delay + holdMs, () => world.release(pillar, kind));
}

/** The console's stream ends at once, or when the hub finds out that nobody reads it. */
function leave(room: Room, operator: Operator, forMs: number): void {
  const { world, chance } = room;
  const now = world.scheduler.now();
  const foundMs = chance.isTrue(0.5) ? 0 : chance.between(0, 10_000);
  operator.awayUntil = now + forMs;
  world.coverage.count("operator-vanished");
  world.scheduler.plan(now + foundMs, () => {
    if (world.scheduler.now() >= operator.awayUntil) return;
    operator.awaySince = world.scheduler.now();
    tellConsole(world, operator, "disconnected");
  });
  world.scheduler.plan(now + forMs, () => {
    const isBack = operator.awaySince !== Number.POSITIVE_INFINITY;
    if (isBack && world.scheduler.now() >= operator.awayUntil) comeBack(room, operator);
  });
}

function comeBack({ world }: Room, operator: Operator): void {
  operator.awaySince = Number.POSITIVE_INFINITY;
  tellConsole(world, operator, "connected");
}

function tellConsole(
  world: PeopleWorld,
  { username }: Operator,
  sign: "connected" | "disconnected",
): void {
  const at = world.hub.clock.wall();
  world.takeIn({ type: `console-${sign}`, at, username });
}

function wake(room: Room, operator: Operator): void {
  if (operator.isAwake) return;
  operator.isAwake = true;
  planAct(room, operator);
}

function planAct(room: Room, operator: Operator): void {
  const { world, chance } = room;
  const pause = chance.between(...world.profile.operatorMs);
  const from = Math.max(world.scheduler.now(), operator.awayUntil);
  world.scheduler.plan(from + (room.isHealed ? pause / 4 : pause), () => {
    const { incidents } = world.hub.state;
    if (incidents.size === 0 && world.hub.isUp) {
      operator.isAwake = false;
      return;
    }
    const isAway = world.scheduler.now() < operator.awayUntil;
    if (!isAway) act(room, operator);
    planAct(room, operator);
  });
}

function act(room: Room, operator: Operator): void {
  const { world, chance } = room;
  const incidents = [...world.hub.state.incidents.values()];
  const own = incidents.filter((one) => one.owner === operator.username);
  const incident = own[0] ?? chance.pick(incidents.length > 0 ? incidents : [undefined]);
  if (!incident) return;
  const { username: by, role } = operator;
  if (!room.isHealed && room.grading.isTrue(0.05)) {
    const priority = room.grading.pick([1, 2, 3] as const);
    give(world, {
      ...{ incidentId: incident.id, by, role },
      order: { name: "grade", priority, reason: "as heard" },
    });
  }
  const order = nextOrder(room, operator, incident);
  if (!order) return;
  give(world, { incidentId: incident.id, order, by, role });
  // A double click, or an order repeated by a console that heard no answer.
  if (chance.isTrue(0.1)) give(world, { incidentId: incident.id, order, by, role });
  if (order.name === "close" && !room.isHealed && chance.isTrue(0.03)) {
    const reopening = { incidentId: incident.id, order: { name: "reopen" }, by, role } as const;
    world.scheduler.plan(world.scheduler.now() + 4000, () => give(world, reopening));
  }
}

function give(world: PeopleWorld, asked: AskedOrder): void {
  const decision = world.orderHub(asked);
  if (!decision) return;
  const isRefused = decision.effects.some(({ type }) => type === "refuse");
  world.coverage.count(isRefused ? "order-refused" : `ordered-${asked.order.name}`);
  const { incidentId, order } = asked;
  const at = world.scheduler.now();
  if (!isRefused) world.happened({ type: "ordered", at, incidentId, order: order.name });
}

function nextOrder(
  room: Room,
  operator: Operator,
  incident: IncidentRecord,
): OperatorOrder | undefined {
  const { chance } = room;
  const isOwn = incident.owner === operator.username;
  const close = { name: "close", disposition: "resolved", note: "" } as const;
  if (incident.state === "open") {
    return { name: chance.isTrue(0.3) ? "acknowledge" : "answer" };
  }
  if (!isOwn) {
    const mayTakeOver = operator.role === "supervisor" && (room.isHealed || chance.isTrue(0.05));
    return mayTakeOver || chance.isTrue(0.05) ? { name: "answer" } : undefined;
  }
  if (room.isHealed) return close;
  if (incident.state === "acknowledged") return { name: "answer" };
  const draw = chance.next();
  if (draw < 0.5) return close;
  if (draw < 0.6) return { name: "hold", held: !incident.isHeld };
  if (draw < 0.7) return { name: "note", text: "on the way" };
  if (draw < 0.75) return { name: "dispatch", unit: "patrol 3" };
  if (draw < 0.8) {
    const to = chance.pick(room.operators).username;
    return { name: "transfer", to, toName: `Name of ${to}` };
  }
  return undefined;
}
