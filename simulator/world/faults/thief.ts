/**
 * A stolen pillar: an identity of its own, whose keys somebody else has, and no machine behind it.
 *
 * Everything it says is correctly signed and none of it is meant well: numbers at the edge of what
 * can be written, words that no screen shows, unknown fields, old alarms again, every family of
 * message. It reaches the hub as bytes, through the real parsers; what those refuse never arrives.
 * The other pillars must not notice.
 */
import type { CanonicalValue } from "../../../shared/canonical-json.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { parseUp, type UpMessage } from "../../../shared/protocol/messages.ts";
import { over, poisonCorpus, type Poison } from "../../poison/corpus.ts";
import type { Fields } from "../../poison/values.ts";
import { newChance, type Chance } from "../chance.ts";
import { signWith } from "../seal.ts";
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEvent } from "../../../hub/core/events.ts";
import type { Arrival } from "../../../hub/core/incident/arrival.ts";
import type { Hub } from "../hub/hub-state.ts";
import type { WorldBase } from "../ports.ts";

export const THIEF = "stolen" as PillarId;

/** Messages of one visit, and how far apart. */
const MOST_AT_ONCE = 60;
const APART_MS: readonly [number, number] = [1, 3000];
const CORPUS = 1200;

interface ThiefWorld extends WorldBase {
  readonly hub: Pick<Hub, "isUp" | "clock">;
  alarmArrives(arrival: Arrival): void;
  takeIn(event: HubEvent): Decision | undefined;
}

export interface Thief {
  /** Comes and sends a burst. */
  attack(): void;
}

interface Hand {
  readonly world: ThiefWorld;
  readonly chance: Chance;
  readonly poison: readonly Poison[];
  next: number;
  seq: number;
  /** What it sent before, to be sent again. */
  readonly sent: Fields[];
}

export function newThief(world: ThiefWorld): Thief {
  const { seed } = world.settings;
  const chance = newChance(seed, "thief");
  let hand: Hand | undefined;
  return {
    attack: () => {
      hand ??= { world, chance, poison: poisonCorpus(seed, CORPUS), next: 0, seq: 0, sent: [] };
      const { scheduler } = world;
      let at = scheduler.now();
      for (let left = 1 + chance.below(MOST_AT_ONCE); left > 0; left--) {
        at += chance.between(...APART_MS);
        const mine = hand;
        scheduler.plan(at, () => send(mine));
      }
    },
  };
}

function send(hand: Hand): void {
  const poison = hand.poison[hand.next++ % hand.poison.length];
  if (!poison || !hand.world.hub.isUp) return;
  switch (poison.family) {
    case "alarm":
    case "https-alarm":
      return sendAlarm(hand, poison);
    case "heartbeat":
      return arrive(hand, "heartbeat", over(goodHeartbeat(hand), poison.message));
    case "report":
      return arrive(hand, "report", over({ v: 1 }, poison.message));
    case "signal":
      // Signals go to the media process and renewals to the authority: neither is here.
      return arrive(hand, "signal", over({ v: 1 }, poison.message));
    case "renewal":
  }
}

const goodHeartbeat = ({ world, chance, seq }: Hand): Fields => ({
  v: 1,
  bootEpoch: 1,
  sessionNonce: chance.hex(128),
  uptimeMs: Math.floor(world.scheduler.now()),
  wallMs: Math.floor(world.hub.clock.wall()),
  head: { seq, hash: GENESIS },
  outboxDepth: 0,
  faults: [],
  release: "world",
});

function sendAlarm(hand: Hand, poison: Poison): void {
  const { world, chance } = hand;
  const old = poison.again > 0 ? hand.sent.at(-poison.again) : undefined;
  hand.seq += 1;
  const good: Fields = {
    v: 1,
    eventId: chance.hex(128),
    pillarId: THIEF,
    bootEpoch: 1,
    seq: hand.seq,
    prevHash: GENESIS,
    kind: "voice",
    wallMs: Math.floor(world.hub.clock.wall()),
    clock: { synced: true },
  };
  const event = over(good, poison.event);
  let sig: string;
  try {
    sig = signWith(`key of ${THIEF}`, event as CanonicalValue);
  } catch {
    // Nothing without a canonical form can be signed.
    return;
  }
  const sessionNonce = "7".repeat(32);
  const envelope: Fields = { v: 1, event, sig, ageMs: 100, attempt: 1, sessionNonce };
  const alarm = old ?? over(envelope, poison.message);
  hand.sent.push(alarm);
  if (hand.sent.length > MOST_AT_ONCE) hand.sent.shift();
  arrive(hand, "alarm", alarm);
}

const encoder = new TextEncoder();

function arrive(hand: Hand, channel: UpMessage["channel"], message: Fields): void {
  const { world } = hand;
  const parsed = parseUp(channel, encoder.encode(JSON.stringify(message)));
  if (!parsed.ok) {
    world.coverage.count("poison-refused");
    return;
  }
  world.coverage.count(`poison-${channel}`);
  world.note(THIEF, "poison", channel);
  take(hand, parsed.value);
}

function take({ world }: Hand, up: UpMessage): void {
  const { hub } = world;
  const at = hub.clock.wall();
  const pillarId = THIEF;
  if (up.channel === "heartbeat") {
    world.takeIn({ type: "heartbeat", at, pillarId, heartbeat: up.message });
  } else if (up.channel === "report") {
    world.takeIn({ type: "report", at, pillarId, report: up.message });
  } else if (up.channel === "alarm") {
    world.alarmArrives({ pillarId, alarm: up.message, via: "mqtt" });
  }
}
