/**
 * An administrator who revokes pillars, whatever state
 * they are in, and has them enrolled again later.
 *
 * A pillar is revoked in a call, while it calls, when nobody is there, or while it is away; now and
 * then it is enrolled again without having been revoked. People go on pressing meanwhile. From a
 * stream of chance of its own, in some of the worlds. Limit: the pillar whose certificate ends by
 * itself is left alone.
 */
import { newChance, type Chance } from "../chance.ts";
import { NO_END_MS } from "../clock.ts";
import { enrol, revoke } from "../hub/identities.ts";
import { crashHub } from "../hub/hub-life.ts";
import type { HubWorld } from "../hub/hub-state.ts";
import { crashPillar } from "../pillar/pillar.ts";
import { keyNamed, type Pillar, type PillarWorld } from "../pillar/pillar-state.ts";
import type { People } from "../ports.ts";

interface AdministratorWorld extends HubWorld, PillarWorld {
  readonly hub: HubWorld["hub"];
  readonly faults: HubWorld["faults"];
  readonly watch: HubWorld["watch"] & PillarWorld["watch"];
  readonly people: HubWorld["people"] & Pick<People, "hurry">;
  readonly pillars: readonly Pillar[];
}

export interface Administrator {
  begin(until: number): void;
  /** Each revoked pillar is enrolled again. */
  heal(): void;
}

interface Office {
  readonly world: AdministratorWorld;
  readonly chance: Chance;
  readonly restarts: Chance;
  /** Pillars that are being revoked or are so, or get their new identity. */
  readonly busy: Map<Pillar, "revoked" | "enrolled">;
  isHealed: boolean;
}

/** Mean time between two visits. */
const EVERY_MS = 3_600_000;
/** Of what is asked, and how soon after. */
const ENDS_SHARE = 0.1;
const ENDS_WITHIN_MS = 3000;
/** Of all worlds. */
const SHARE = 0.4;
const MOST_AWAY_MS = 3_600_000;
const AGAIN_MS = 3000;
/** A pillar that was enrolled again starts, connects and sends what it still has. */
const SETTLES_MS = 120_000;

export function newAdministrator(world: AdministratorWorld): Administrator {
  const chance = newChance(world.settings.seed, "administrator");
  const restarts = newChance(world.settings.seed, "administrator-restarts");
  const office: Office = { world, chance, restarts, busy: new Map(), isHealed: false };
  return {
    begin: (until) => {
      if (chance.isTrue(SHARE)) planNext(office, until);
    },
    heal: () => {
      office.isHealed = true;
      for (const pillar of office.busy.keys()) {
        later(office, chance.between(500, 5000), () => enrolAgain(office, pillar));
      }
    },
  };
}

function later({ world }: Office, ms: number, run: () => void): void {
  world.scheduler.plan(world.scheduler.now() + ms, run);
}

function planNext(office: Office, until: number): void {
  const { world, chance } = office;
  const at = world.scheduler.now() + chance.exponential(EVERY_MS);
  if (at >= until) return;
  world.scheduler.plan(at, () => {
    if (!office.isHealed) visit(office);
    planNext(office, until);
  });
}

function visit(office: Office): void {
  const { world, chance, busy } = office;
  const inCalls = new Set([...world.hub.state.incidents.values()].map(({ pillarId }) => pillarId));
  const free = world.pillars.filter(
    (one) => world.expiryOf(one.index) === undefined && !busy.has(one),
  );
  const calling = free.filter(({ id }) => inCalls.has(id));
  const pillar = chance.pick(
    calling.length > 0 && chance.isTrue(0.8) ? calling : [...free, undefined],
  );
  if (!pillar) return;
  busy.set(pillar, "revoked");
  const waitMs = chance.pick([0, 500, 5000, 60_000]) * chance.next();
  if (chance.isTrue(0.6)) world.people.hurry(0, pillar.index);
  const isRevoked = chance.isTrue(0.8);
  later(office, waitMs, () => {
    if (isRevoked) strip(office, pillar);
    else enrolAgain(office, pillar);
  });
}

function trouble({ world }: Office, { id: pillar }: Pillar, forMs: number): void {
  const at = world.scheduler.now();
  world.happened({ type: "trouble", at, until: at + forMs, pillar });
}

/** Asked again until it is on the hub's disk. */
function strip(office: Office, pillar: Pillar): void {
  const { world, chance } = office;
  trouble(office, pillar, AGAIN_MS);
  if (office.isHealed) return;
  if (!recordOf(office, pillar)?.revocation) {
    perhapsEnd(office);
    if (revoke(world, pillar.id)) world.coverage.count(`revoked-${stateOf(pillar)}`);
    later(office, AGAIN_MS, () => strip(office, pillar));
    return;
  }
  const awayMs = 1000 * (MOST_AWAY_MS / 1000) ** chance.next();
  trouble(office, pillar, awayMs);
  world.note("world", "revoked", `${pillar.id} for ${Math.round(awayMs / 1000)} s`);
  if (chance.isTrue(0.7)) world.people.hurry(chance.between(0, awayMs), pillar.index);
  later(office, awayMs, () => enrolAgain(office, pillar));
}

/** Now and then the hub ends while it writes down what was asked. */
function perhapsEnd(office: Office): void {
  const { world, restarts } = office;
  if (office.isHealed || !restarts.isTrue(ENDS_SHARE)) return;
  later(office, restarts.between(0, ENDS_WITHIN_MS), () => {
    if (!office.isHealed) crashHub(world, "killed");
  });
}

const recordOf = ({ world }: Office, { id }: Pillar) => world.hub.state.pillars.get(id);

function stateOf({ agent }: Pillar): string {
  if (!agent) return "off";
  return agent.link.phase === "up" ? agent.call.call.phase : "offline";
}

function enrolAgain(office: Office, pillar: Pillar): void {
  if (office.busy.get(pillar) !== "revoked") return;
  office.busy.set(pillar, "enrolled");
  renew(office, pillar);
}

/**
 * Somebody with a code comes to the pillar: a new identity,
 * and a start with it. Again until it works.
 */
function renew(office: Office, pillar: Pillar): void {
  const { world, busy } = office;
  const { hub } = world;
  const number = ++pillar.enrolments;
  const key = keyNamed(pillar.id, number);
  const identity = { number, key, expiresAt: hub.clock.wall() + NO_END_MS };
  const { life, failures } = hub;
  perhapsEnd(office);
  const isAsked = enrol(world, { pillarId: pillar.id, serial: `${number}`, ...identity }, () => {
    busy.delete(pillar);
    trouble(office, pillar, SETTLES_MS);
    world.coverage.count("enrolled-again");
    crashPillar(world, pillar, "killed");
    pillar.identity = identity;
  });
  const wait = (): void => {
    trouble(office, pillar, SETTLES_MS);
    later(office, AGAIN_MS, () => {
      if (pillar.identity.number === number) return;
      const hasFailed = !isAsked || hub.life !== life || hub.failures !== failures;
      if (hasFailed) renew(office, pillar);
      else wait();
    });
  };
  wait();
}
