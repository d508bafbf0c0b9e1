/**
 * A stranger who may write to a broker that is not the hub's own: forges calls to pillars, and
 * repeats real messages.
 *
 * It has no key of the hub, but has overheard what the hub told, and knows the pillar's session
 * from it. What it repeats are calls, commands, signals and receipts; receipts above all when the
 * hub's database was set back, because what an older one says is then no longer true. From a stream
 * of chance of its own, in half of the worlds with such a broker.
 */
import type { HubEpoch } from "../../../shared/ids.ts";
import type { SignedCall } from "../../../shared/protocol/call.ts";
import type { DownMessage } from "../../../shared/protocol/messages.ts";
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

/**
 * Mean time between two visits: no pillar refuses so often
 * in a day that its hub stops telling when it is over.
 */
const EVERY_MS = 2_400_000;
/**
 * A pillar tells of refused messages until none has come
 * for ten minutes: at the end of the day it has done so.
 */
const ENDS_EARLIER_MS = 900_000;
const MOST_REPEATED = 8;
/** So far ahead of the hub's own number that a pillar that takes it heeds the hub no more. */
const AHEAD = 1000;
/** From the first receipt of another database to the older ones, ms. */
const REPEATS_AFTER_MS: readonly [number, number] = [1, 5000];

export function newStranger(world: StrangerWorld): Stranger {
  const chance = newChance(world.settings.seed, "stranger");
  const { scheduler, network, pillars } = world;
  const overheardBy = (pillar: number): readonly DownMessage[] =>
    network.external?.overheard.get(pillar) ?? [];
  const send = (pillar: number, what: "forged" | "repeated", message: DownMessage): void => {
    if (!strangerSends(network, pillar, message)) return;
    world.coverage.count(`stranger-${what}`);
    world.note("world", `stranger ${what}`, `${message.channel} to pillar-${pillar}`);
  };
  const visit = (): void => {
    const { index } = chance.pick(pillars);
    const overheard = overheardBy(index);
    const last = overheard.findLast((one) => one.channel === "call")?.message;
    if (!last) return;
    if (chance.isTrue(0.5)) {
      send(index, "forged", { channel: "call", message: forged(last) });
      return;
    }
    const channels = [...new Set(overheard.map((one) => one.channel))];
    for (let left = MOST_REPEATED; left > 0; left--) {
      const channel = chance.pick(channels);
      send(index, "repeated", chance.pick(overheard.filter((one) => one.channel === channel)));
    }
  };
  const repeatOlder = (pillar: number, hubEpoch: HubEpoch): void => {
    const older = overheardBy(pillar).filter(
      (one) => one.channel === "accepted" && one.message.receipt.hubEpoch !== hubEpoch,
    );
    if (older.length > 0) world.coverage.count("stranger-repeats-older-receipts");
    for (const one of older.slice(-MOST_REPEATED)) send(pillar, "repeated", one);
  };
  const epochs = new Map<number, HubEpoch>();
  const readAlong = (pillar: number, message: DownMessage): void => {
    if (message.channel !== "accepted") return;
    const { hubEpoch } = message.message.receipt;
    const before = epochs.get(pillar);
    epochs.set(pillar, hubEpoch);
    if (before === undefined || before === hubEpoch) return;
    const after = chance.between(...REPEATS_AFTER_MS);
    scheduler.plan(scheduler.now() + after, () => repeatOlder(pillar, hubEpoch));
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
      if (!network.external || !chance.isTrue(0.5)) return;
      network.external.reader = readAlong;
      planNext(until - ENDS_EARLIER_MS);
    },
  };
}

function forged({ v, body }: SignedCall): SignedCall {
  const call = { ...body.call, status: "answered", by: "Nobody" } as const;
  const next = { ...body, number: body.number + AHEAD, call };
  return { v, body: next, sig: signWith("key of a stranger", next) };
}
