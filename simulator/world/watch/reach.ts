/**
 * Whether the hub could tell a pillar something now: looked at often, while the pillar says
 * something that can become untrue.
 *
 * Only what nothing stands in the way of counts as time in which a word must be taken back.
 */
import { LOOK_EVERY_MS } from "../checkers/words/promise.ts";
import type { Network } from "../network/network-state.ts";
import { GOOD_NETWORK, isCut, routeOf } from "../network/path.ts";
import { MEDIA, type Medium } from "../checkers/words/words.ts";
import type { Watch } from "../ports.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Sight } from "./sight.ts";

/**
 * What a broker took and lost is not known: the hub tells a running call again with every second
 * heartbeat. What it passes on late is late by up to 4 s.
 */
const TOLD_AGAIN_MS = 15_000;

interface ReachWatch {
  /** A pillar's words change. */
  readonly words: Watch["words"];
  /** Its revocation is on the hub's disk. */
  revoked(pillar: PillarId): void;
}

export function watchReach(sight: Sight): ReachWatch {
  const { world } = sight;
  const { scheduler } = world;
  const known: boolean[] = [];
  /** By pillar: those of its words that claim something. Only such pillars are looked at. */
  const claiming = new Map<number, Set<Medium>>();
  let isPlanned = false;
  let forgotAt = Number.NEGATIVE_INFINITY;
  /** By index: revoked pillars that could be told their last words, and hear nothing after them. */
  const toldLast = new Set<number>();
  const canNow = (index: number, now: number): boolean => {
    if (!isHonest(world.network)) forgotAt = now;
    if (now - forgotAt <= TOLD_AGAIN_MS) return false;
    // A revoked pillar hears its last words in the session it is in, and nothing after them.
    const { id } = world.pillars[index] ?? {};
    const isSilenced = id !== undefined && sight.revocations.has(id) && !toldLast.has(index);
    return !isSilenced && doesDiskWork(world) && canBeTold(sight, index);
  };
  const look = (index: number): void => {
    const now = scheduler.now();
    const can = canNow(index, now);
    if (known[index] === can) return;
    known[index] = can;
    const { id: pillar } = world.pillars[index] ?? { id: "" };
    world.happened({ type: "reach", at: now, pillar, canBeTold: can });
  };
  const plan = (): void => {
    if (isPlanned || claiming.size === 0) return;
    isPlanned = true;
    scheduler.plan(scheduler.now() + LOOK_EVERY_MS, () => {
      isPlanned = false;
      for (const index of claiming.keys()) {
        look(index);
        if (!world.pillars[index]?.agent) claiming.delete(index);
      }
      plan();
    });
  };
  const revoked = (pillar: PillarId): void => {
    const found = world.pillars.find(({ id }) => id === pillar);
    if (!found) return;
    toldLast.add(found.index);
    if (!canNow(found.index, scheduler.now())) toldLast.delete(found.index);
    look(found.index);
  };
  const words: Watch["words"] = (index, said) => {
    const media = claiming.get(index) ?? new Set();
    for (const medium of MEDIA) {
      const now = said[medium];
      if (now?.claim === "none") media.delete(medium);
      else if (now) media.add(medium);
    }
    if (media.size === 0) {
      claiming.delete(index);
      return;
    }
    claiming.set(index, media);
    look(index);
    plan();
  };
  return { words, revoked };
}

/**
 * Nothing leaves the hub before its disk has what was decided:
 * a disk that takes nothing for so long holds it up.
 */
const DISK_WAITS_MS = 500;

function doesDiskWork({ hub, scheduler }: Sight["world"]): boolean {
  const since = hub.journal.committingSince();
  return since === undefined || scheduler.now() - since < DISK_WAITS_MS;
}

function canBeTold(sight: Sight, index: number): boolean {
  const { world, heardAt, since } = sight;
  const { network, hub, pillars, scheduler } = world;
  const { connection, hubConnection, ...route } = routeOf(network, index);
  if (!hub.isUp || hub.failure !== undefined || world.isExpired(index)) return false;
  if (pillars[index]?.agent?.link.phase !== "up" || isCut({ connection, hubConnection, ...route }))
    return false;
  if (!isSessionKnown(sight, index)) return false;
  const isWhole = connection !== undefined && connection === hubConnection;
  if (!isWhole || !connection.isAtPillar || !connection.isAtHub) return false;
  if (connection.downAt > scheduler.now() + GOOD_NETWORK.delayMs[1]) return false;
  const { external } = network;
  const doesPass =
    !external || (external.isReached && external.cuts === 0 && external.heard.has(index));
  return isQuick(network) && doesPass && (heardAt[index] ?? -1) > since;
}

/** The hub's process has heard a heartbeat of the session in which the pillar is now. */
function isSessionKnown({ world, sessions }: Sight, index: number): boolean {
  const link = world.pillars[index]?.agent?.link;
  const { nonce, hubLife } = sessions[index] ?? {};
  return link?.phase === "up" && nonce === link.sessionNonce && hubLife === world.hub.life;
}

const isQuick = ({ conditions }: Network): boolean =>
  conditions.lossRate === 0 && conditions.delayMs[1] <= GOOD_NETWORK.delayMs[1];

const isHonest = ({ broker }: Network): boolean =>
  broker.downLossRate === 0 && broker.reorderRate === 0;
