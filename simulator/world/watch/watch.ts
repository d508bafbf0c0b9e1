/**
 * The inspector in the patrol room: looks at what the hub shows after each of its ticks, and knows the truth.
 *
 * What must hold within seconds cannot be judged from the end of the day. Time here is the world's own; a hub
 * that was away or whose journal failed is judged from when it was back.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import { MAX_RECENT_ALARMS } from "../../../hub/core/pillar/ledger.ts";
import { MAX_CLOSED } from "../../../hub/core/state/hub-state.ts";
import type { PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import type { Medium, Words } from "../checkers/words.ts";
import type { World } from "../world.ts";
import { watchDeadlines } from "./deadlines.ts";
import { watchFaults } from "./faults.ts";
import { watchGrids } from "./grids.ts";
import { watchLevels } from "./levels.ts";
import { watchOwners } from "./owners.ts";
import { watchPresence } from "./presence.ts";
import { watchReach } from "./reach.ts";

export interface Watch {
  /** After each tick of the hub. */
  look(): void;
  /** Told before they are durable. */
  decided(facts: readonly Fact[]): void;
  durable(facts: readonly Fact[], first: number): void;
  /** Whether the hub may still show this fault, although it is over. */
  mayLinger(pillar: PillarId, code: FaultCode): boolean;
  /** This pillar shows or says something else now. */
  words(pillar: number, words: Partial<Record<Medium, Words>>): void;
  /** The hub heard something of this pillar that counts. */
  heardFrom(pillar: number): void;
  /** The hub heard a heartbeat of this pillar. */
  heardBeat(pillar: number, nonce: SessionNonce): void;
  hubBegan(isLive: boolean): void;
  hubClockStepped(ms: number): void;
  /** An older copy of the journal was put back. */
  hubRestored(kept: number): void;
}

/** What the parts of the watch share. */
export interface Sight {
  readonly world: World;
  /** Since when the hub has been watching undisturbed. */
  since: number;
  /** By pillar: when the hub last heard something that counts. */
  readonly heardAt: number[];
  /** By pillar: the session of its latest heartbeat, and which life of the hub heard it. */
  readonly sessions: { readonly nonce: SessionNonce; readonly hubLife: number }[];
}

export function newWatch(world: World): Watch {
  const sight: Sight = { world, since: 0, heardAt: [], sessions: [] };
  const deadlines = watchDeadlines(sight);
  const levels = watchLevels(sight);
  const faults = watchFaults(sight);
  const looks = [
    watchPresence(sight),
    faults.look,
    watchGrids(sight),
    watchOwners(sight),
    deadlines.look,
    levels.look,
    () => watchSizes(sight),
  ];
  const now = (): number => world.scheduler.now();
  return {
    look: () => {
      for (const look of looks) look();
    },
    decided: levels.decided,
    durable: faults.durable,
    mayLinger: faults.mayLinger,
    words: watchReach(sight),
    heardFrom: (pillar) => void (sight.heardAt[pillar] = now()),
    heardBeat: (pillar, nonce) => {
      sight.sessions[pillar] = { nonce, hubLife: world.hub.life };
    },
    hubBegan: (isLive) => {
      sight.since = isLive ? now() : Number.POSITIVE_INFINITY;
      deadlines.forget();
      if (isLive) levels.begin();
      world.happened({ type: "hub-up", at: now(), isLive });
    },
    hubClockStepped: (ms) => {
      sight.since = Math.max(sight.since, now());
      deadlines.forget();
      levels.clockStepped();
      world.happened({ type: "hub-clock-stepped", at: now(), ms });
    },
    hubRestored: (kept) => {
      levels.forget();
      faults.setBack(kept);
    },
  };
}

function watchSizes({ world }: Sight): void {
  const { closed, alarms } = world.hub.state;
  if (closed.size > MAX_CLOSED) {
    world.outgrown("hub", { what: "closed incidents", size: closed.size, limit: MAX_CLOSED });
  }
  if (alarms.size > MAX_RECENT_ALARMS) {
    world.outgrown("hub", { what: "alarms", size: alarms.size, limit: MAX_RECENT_ALARMS });
  }
}
