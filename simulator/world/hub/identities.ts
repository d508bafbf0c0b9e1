/**
 * Identities given and taken in the world: the register
 * beside the authority, enrolment, revocation.
 *
 * As `hub/identity/identities.ts`: an identity goes into the register first, and what the register
 * knows and a journal put back does not is added to it at the next start.
 */
import { handleFacts } from "../../../hub/core/hub.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { decideRevoke } from "../../../hub/core/pillar/revocation.ts";
import { forgottenOf, isIdentityFact } from "../../../hub/identity/identities.ts";
import type { PillarId, Username } from "../../../shared/ids.ts";
import { performAll } from "./hub-effects.ts";
import { takeIn } from "./hub.ts";
import type { HubWorld } from "./hub-state.ts";

const ADMIN = { by: "sun" as Username, byName: "Name of sun" };

/** Whether the hub can take an order now. */
const isWorking = ({ hub }: HubWorld): boolean => hub.isUp && hub.failure === undefined;

/** Facts that need no decision, as `hub/shell/loop.ts` records them. `done`: they are durable. */
function recordFacts(world: HubWorld, facts: readonly Fact[], done: () => void): void {
  const { hub } = world;
  keep(world, facts);
  const first = hub.journal.nextIndex();
  const decision = handleFacts(hub.state, facts, first);
  world.watch.decided(facts);
  hub.journal.append(facts, () => {
    done();
    performAll(world, { ...decision, first });
  });
}

function keep({ hub }: HubWorld, facts: readonly Fact[]): void {
  hub.register.push(...facts.filter(isIdentityFact));
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
  keep(world, decideRevoke(hub.state, order).facts);
  takeIn(world, order);
  return true;
}

export interface NewIdentity {
  readonly pillarId: PillarId;
  readonly serial: string;
  readonly key: string;
  readonly expiresAt: number;
}

/** A new identity for a pillar; `done`: the journal has it, and the pillar may use it. */
export function enrol(world: HubWorld, given: NewIdentity, done: () => void): boolean {
  if (!isWorking(world)) return false;
  const { pillarId, serial: certificateSerial, key: alarmPublicKey, expiresAt } = given;
  const keys = { certificateSerial, alarmPublicKey, certificateExpiresAt: expiresAt };
  const at = world.hub.clock.wall();
  world.hub.expelled.delete(pillarId);
  recordFacts(world, [{ type: "pillar-enrolled", at, pillarId, ...keys }], done);
  return true;
}

/** Before anything listens: what a journal that was put back has forgotten. */
export function recallIdentities(world: HubWorld): void {
  const { hub } = world;
  const kept = Map.groupBy(hub.register, ({ pillarId }) => pillarId);
  const forgotten = [...kept].flatMap(([pillarId, facts]) =>
    forgottenOf(hub.state, pillarId, facts),
  );
  if (forgotten.length === 0) return;
  world.coverage.count("identities-recalled");
  const first = hub.journal.nextIndex();
  handleFacts(hub.state, forgotten, first);
  hub.journal.append(forgotten, () => undefined);
}
