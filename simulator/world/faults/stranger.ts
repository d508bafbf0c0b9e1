/**
 * A stranger who may write to a broker that is not the hub's own: forges calls to pillars, and repeats real ones.
 *
 * It has no key of the hub, but has overheard what the hub told, and knows the pillar's session from it. From a stream of
 * chance of its own, in half of the worlds with such a broker.
 */
import type { SignedCall } from "../../../shared/protocol/call.ts";
import { newChance } from "../chance.ts";
import { strangerSends } from "../network/network.ts";
import { signWith } from "../seal.ts";
import type { Network } from "../network/network-state.ts";
import type { WorldBase } from "../ports.ts";

interface StrangerWorld extends WorldBase {
  readonly network: Network;
  readonly pillars: readonly { readonly index: number }[];
}

export interface Stranger {
  begin(until: number): void;
}

/** Mean time between two visits: no pillar refuses so often in a day that its hub stops telling when it is over. */
const EVERY_MS = 2_400_000;
/** A pillar tells of refused messages until none has come for ten minutes: at the end of the day it has done so. */
const ENDS_EARLIER_MS = 900_000;
const MOST_REPEATED = 8;
/** So far ahead of the hub's own number that a pillar that takes it heeds the hub no more. */
const AHEAD = 1000;

export function newStranger(world: StrangerWorld): Stranger {
  const chance = newChance(world.settings.seed, "stranger");
  const { scheduler, network, pillars } = world;
  const send = (pillar: number, what: "forged" | "repeated", message: SignedCall): void => {
    if (!strangerSends(network, pillar, { channel: "call", message })) return;
    const { status, eventId } = message.body.call;
    world.coverage.count(`stranger-${what}`);
    world.note("world", `stranger ${what}`, `${status} ${eventId} to pillar-${pillar}`);
  };
  const visit = (): void => {
    const { index } = chance.pick(pillars);
    const overheard = network.external?.overheard.get(index) ?? [];
    const last = overheard.at(-1);
    if (!last) return;
    if (chance.isTrue(0.5)) {
      send(index, "forged", forged(last));
      return;
    }
    for (let left = MOST_REPEATED; left > 0; left--) {
      send(index, "repeated", chance.pick(overheard));
    }
  };
  const planNext = (until: number): void => {
    const at = scheduler.now() + chance.exponential(EVERY_MS);
    if (at >= until) return;
    scheduler.plan(at, () => {
      visit();
      planNext(until);
    });
  };
  return {
    begin: (until) => {
      if (network.external && chance.isTrue(0.5)) planNext(until - ENDS_EARLIER_MS);
    },
  };
}

function forged({ v, body }: SignedCall): SignedCall {
  const call = { ...body.call, status: "answered", by: "Nobody" } as const;
  const next = { ...body, number: body.number + AHEAD, call };
  return { v, body: next, sig: signWith("key of a stranger", next) };
}
