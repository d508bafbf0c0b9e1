/**
 * Grants of looks in the world: as `hub/shell/pillars/pillar-commands.ts`, signed for the pillar's
 * present session, and the pillar's answer awaited for a while.
 */
import { RENEW_EVERY_MS } from "../../../hub/core/view/view.ts";
import type { ViewEffect, ViewTold } from "../../../hub/core/view/view-events.ts";
import { addressed, addressee } from "../../../hub/core/told/command.ts";
import type { CommandId, GrantId, MediaSessionId, PillarId } from "../../../shared/ids.ts";
import type { PillarCommand } from "../../../shared/protocol/command.ts";
import type { Report } from "../../../shared/protocol/report.ts";
import type { Chance } from "../chance.ts";
import { sendCommand } from "./hub-effects.ts";
import type { HubWorld } from "./hub-state.ts";
import { laterInHub } from "./media.ts";

const RESULT_WITHIN_MS = 5000;

export interface Grants {
  give(effect: Extract<ViewEffect, { type: "grant-look" }>): void;
  end(id: MediaSessionId, pillarId: PillarId): void;
  heard(pillarId: PillarId, report: Report): void;
  hubBegan(): void;
  hubEnded(): void;
}

export interface GrantsOptions {
  readonly world: HubWorld;
  readonly chance: Chance;
  readonly tell: (told: ViewTold) => void;
}

export function newGrants({ world, chance, tell }: GrantsOptions): Grants {
  const awaited = new Map<
    CommandId,
    { readonly id: MediaSessionId; readonly pillarId: PillarId }
  >();

  const fail = (id: MediaSessionId, code: "conflict" | "media-unavailable", detail: string): void =>
    tell({ type: "view-failed", id, code, detail });

  const send = (pillarId: PillarId, command: PillarCommand): CommandId | undefined => {
    const found = addressee(world.hub.state, pillarId, world.hub.clock.wall());
    if (!found.ok) return undefined;
    const commandId = chance.hex(128) as CommandId;
    sendCommand(world, addressed(found, command), commandId);
    return commandId;
  };

  const renew = (): void =>
    laterInHub(world, RENEW_EVERY_MS, () => {
      tell({ type: "looks-due", monotonicMs: world.scheduler.now() });
      renew();
    });

  return {
    give({ id, pillarId, purpose, seconds }) {
      const grantId = id as string as GrantId;
      const commandId = send(pillarId, { name: "grant", grantId, purpose, seconds });
      if (!commandId) return fail(id, "media-unavailable", "it cannot be told");
      awaited.set(commandId, { id, pillarId });
      laterInHub(world, RESULT_WITHIN_MS, () => {
        if (awaited.delete(commandId)) fail(id, "media-unavailable", "no answer");
      });
    },
    end: (id, pillarId) =>
      void send(pillarId, { name: "end-grant", grantId: id as string as GrantId }),
    heard(pillarId, report) {
      if (report.type !== "command-result") return;
      const asked = awaited.get(report.commandId);
      if (asked?.pillarId !== pillarId) return;
      awaited.delete(report.commandId);
      world.coverage.count(`grant-${report.outcome}`);
      if (report.outcome !== "done") return fail(asked.id, "conflict", report.detail);
      const monotonicMs = world.scheduler.now();
      tell({ type: "look-granted", id: asked.id, monotonicMs });
    },
    hubBegan: renew,
    hubEnded: () => awaited.clear(),
  };
}
