/**
 * The inspector in the patrol room: looks at what the hub
 * shows after each of its ticks, and knows the truth.
 *
 * What must hold within seconds cannot be judged from the end of the day. Time here is the world's
 * own; a hub that was away or whose journal failed is judged from when it was back.
 */
import { MAX_RECENT_ALARMS } from "../../../hub/core/pillar/ledger.ts";
import { MAX_CLOSED } from "../../../hub/core/state/hub-state.ts";
import type { Watch } from "../ports.ts";
import { watchDeadlines } from "./deadlines.ts";
import { watchFaults } from "./faults.ts";
import { watchGrids } from "./grids.ts";
import { watchLevels } from "./levels.ts";
import { watchOwners } from "./owners.ts";
import { watchPresence } from "./presence.ts";
import { newRevocations } from "./revocations.ts";
import { watchReach } from "./reach.ts";
import type { Sight, WatchWorld } from "./sight.ts";

export function newWatch(world: WatchWorld): Watch {
  const sight: Sight = {
    world,
    since: 0,
    heardAt: [],
    revocations: newRevocations(),
    sessions: [],
  };
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
  const reach = watchReach(sight);
  return {
    look: () => {
      for (const look of looks) look();
    },
    decided: levels.decided,
    durable: (facts, first) => {
      faults.durable(facts, first);
      sight.revocations.durable(facts, first);
      for (const fact of facts) if (fact.type === "pillar-revoked") reach.revoked(fact.pillarId);
    },
    mayLinger: faults.mayLinger,
    words: reach.words,
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
      sight.revocations.setBack(kept);
    },
  };
}

function watchSizes({ world }: Sight): void {
  const { closed, alarms } = world.hub.state;
  const at = world.scheduler.now();
  for (const [what, size, limit] of [
    ["closed incidents", closed.size, MAX_CLOSED],
    ["alarms", alarms.size, MAX_RECENT_ALARMS],
  ] as const) {
    if (size > limit) world.happened({ type: "outgrown", at, actor: "hub", what, size, limit });
  }
}
