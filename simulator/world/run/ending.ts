/** How everything stands when the day is over: what the checkers compare. */
import { unattended } from "../../../hub/core/hub.ts";
import { markOf } from "../../../hub/core/pillar/ledger.ts";
import type { HubEnding, PillarEnding } from "./history.ts";
import type { Hub } from "../hub/hub-state.ts";
import type { Pillar } from "../pillar/pillar-state.ts";
import type { Watch } from "../ports.ts";

/** 2025: a wall clock before this was never set. */
const EARLIEST_WALL_MS = 1_735_689_600_000;

interface EndingWorld {
  readonly hub: Hub;
  readonly pillars: readonly Pillar[];
  readonly watch: Pick<Watch, "mayLinger">;
  expiryOf(pillar: number): number | undefined;
  isExpired(pillar: number): boolean;
}

export function endingOf(world: EndingWorld): {
  readonly pillars: readonly PillarEnding[];
  readonly hub: HubEnding;
} {
  const { hub } = world;
  const orphans = new Set<string>(unattended(hub.state));
  return {
    pillars: world.pillars.map(({ id, agent, isOn, clock }) => ({
      pillar: id,
      isOn,
      isLinked: agent?.link.phase === "up",
      pending: [...(agent?.outbox.pending.keys() ?? [])],
      unstored: agent?.disk.size ?? 0,
      isReplaying: agent?.outbox.replay !== undefined,
      head: agent?.outbox.head ?? { seq: 0, hash: "" },
      isMoved: agent?.health.isLedgerMoved === true,
      isClockLost: clock.wall() < EARLIEST_WALL_MS,
      ...callOf(agent),
    })),
    hub: {
      isUp: hub.isUp && hub.failure === undefined,
      hubEpoch: hub.hubEpoch,
      journal: hub.disk.records().slice(0, hub.durable),
      open: [...hub.state.incidents.keys()].map((incidentId) => ({
        incidentId,
        isAttended: !orphans.has(incidentId),
      })),
      pillars: world.pillars.map(({ id, index }) => {
        const record = hub.state.pillars.get(id);
        return {
          pillar: id,
          presence: record?.presence ?? "lost",
          faults: (record?.faults ?? []).filter((code) => !world.watch.mayLinger(id, code)),
          headSeq: markOf(hub.state, id).headSeq,
          expiresAt: world.expiryOf(index),
          isExpired: world.isExpired(index),
        };
      }),
    },
  };
}

function callOf(agent: Pillar["agent"]): Pick<PillarEnding, "phase" | "callEvent" | "incident"> {
  const call = agent?.call.call ?? { phase: "idle" };
  return {
    phase: call.phase,
    callEvent: "eventId" in call ? call.eventId : undefined,
    incident: "incidentId" in call ? call.incidentId : undefined,
  };
}
