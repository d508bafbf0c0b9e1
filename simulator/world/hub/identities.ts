/**
 * Identities given and taken in the world: the register beside the authority, enrolment,
 * revocation.
 *
 * As `hub/identity/identities.ts`: an identity goes into the journal first and into the register
 * some time later, and whoever asked is told after both. At a start, and when the journal holds
 * again, the two are compared.
 */
import { handleFacts } from "../../../hub/core/hub.ts";
import { isIdentityFact, type Fact, type IdentityFact } from "../../../hub/core/facts.ts";
import { reconcile, sinceEnrolment } from "../../../hub/identity/reconcile.ts";
import type { PillarId, Username } from "../../../shared/ids.ts";
import { performAll } from "./hub-effects.ts";
import { takeIn } from "./hub.ts";
import type { HubWorld } from "./hub-state.ts";

const ADMIN = { by: "sun" as Username, byName: "Name of sun" };
/** The register's disk: mostly at once, now and then late. */
const KEPT_MS: readonly [number, number] = [1, 20];
const KEPT_LATE_MS: readonly [number, number] = [500, 5000];
const LATE_SHARE = 0.3;

/** Whether the hub can take an order now. */
const isWorking = ({ hub }: HubWorld): boolean => hub.isUp && hub.failure === undefined;

/**
 * Facts that need no decision, as `hub/shell/loop.ts` records them. `done`: they are in the journal
 * and the register.
 */
function recordFacts(world: HubWorld, facts: readonly Fact[], done: () => void): void {
  const { hub } = world;
  begin(world, facts);
  const first = hub.journal.nextIndex();
  const decision = handleFacts(hub.state, facts, first);
  world.watch.decided(decision.facts);
  hub.journal.append(decision.facts, () => {
    keepSoon(world, facts, done);
    performAll(world, { ...decision, first });
  });
}

function begin(world: HubWorld, facts: readonly Fact[]): void {
  const at = world.scheduler.now();
  const kept = facts.filter(isIdentityFact);
  for (const fact of kept) world.happened({ type: "identity-asked", at, fact });
  if (!world.rules.doesJournalComeFirst) world.hub.register.push(...kept);
}

function keepSoon(world: HubWorld, facts: readonly Fact[], done: () => void): void {
  const { hub, scheduler, rules } = world;
  const { life, registerChance: chance } = hub;
  const ms = chance.between(...(chance.isTrue(LATE_SHARE) ? KEPT_LATE_MS : KEPT_MS));
  // One after the other.
  hub.registerFreeAt = Math.max(hub.registerFreeAt, scheduler.now()) + ms;
  scheduler.plan(hub.registerFreeAt, () => {
    if (hub.life !== life) return;
    if (rules.doesJournalComeFirst) hub.register.push(...facts.filter(isIdentityFact));
    done();
  });
}

/** Returns whether the hub has taken the order; it may still fail to write it down. */
export function revoke(world: HubWorld, pillarId: PillarId): boolean {
  if (!isWorking(world)) return false;
  const { hub } = world;
  const at = hub.clock.wall();
  const order = {
    type: "revoke-order",
    at,
    pillarId,
    reason: "other",
    note: "",
    ...ADMIN,
  } as const;
  const { facts = [] } = takeIn(world, order) ?? {};
  if (facts.length === 0) return true;
  begin(world, facts);
  hub.journal.follow(() => keepSoon(world, facts, () => undefined));
  return true;
}

export interface NewIdentity {
  readonly pillarId: PillarId;
  readonly serial: string;
  readonly key: string;
  readonly expiresAt: number;
}

/** A new identity for a pillar; `done`: the hub has written it down, and the pillar may use it. */
export function enrol(world: HubWorld, given: NewIdentity, done: () => void): boolean {
  if (!isWorking(world)) return false;
  const { pillarId, serial: certificateSerial, key: alarmPublicKey, expiresAt } = given;
  const keys = { certificateSerial, alarmPublicKey, certificateExpiresAt: expiresAt };
  const at = world.hub.clock.wall();
  world.hub.expelled.delete(pillarId);
  recordFacts(world, [{ type: "pillar-enrolled", at, pillarId, ...keys }], done);
  return true;
}

/** Journal and register get what each of them lacks. */
export function reconcileIdentities(world: HubWorld): void {
  const { hub } = world;
  const kept = byPillar(hub.register);
  const journalled = byPillar(hub.disk.records().filter(isIdentityFact));
  const lacking = [...new Set([...journalled.keys(), ...kept.keys()])].map((pillarId) =>
    reconcile(
      journalled.get(pillarId) ?? [],
      (kept.get(pillarId) ?? []).reduce<readonly IdentityFact[]>(sinceEnrolment, []),
    ),
  );
  const unkept = lacking.flatMap(({ register }) => register);
  if (unkept.length > 0) world.coverage.count("register-completed");
  hub.register.push(...unkept);
  const forgotten = lacking.flatMap(({ journal }) => journal);
  if (forgotten.length === 0) return;
  world.coverage.count("identities-recalled");
  const first = hub.journal.nextIndex();
  const decision = handleFacts(hub.state, forgotten, first);
  hub.journal.append(decision.facts, () => performAll(world, { ...decision, first }));
}

const byPillar = (facts: readonly IdentityFact[]): Map<PillarId, IdentityFact[]> =>
  Map.groupBy(facts, ({ pillarId }) => pillarId);
