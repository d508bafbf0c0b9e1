/**
 * The hub's desk: what comes in from pillars and operators, and what the core orders, performed.
 *
 * Power may fail between any two orders; what is then not yet said was not promised.
 */
import type { Decision } from "../../hub/core/decision.ts";
import type { HubEffect, OperatorOrder } from "../../hub/core/events.ts";
import { needsJournal, seqKey } from "../../hub/core/ledger.ts";
import { assertNever } from "../../shared/assert.ts";
import type { CommandId, IncidentId, PillarId, RecordingId, Username } from "../../shared/ids.ts";
import type { Alarm } from "../../shared/protocol/alarm.ts";
import type { UpMessage } from "../../shared/protocol/messages.ts";
import { takeIn, type Hub } from "./hub.ts";
import { sendDown } from "./network.ts";
import { keyOf } from "./pillar.ts";
import { isSignedWith, signWith } from "./seal.ts";
import type { World } from "./world.ts";

const COMMAND_EXPIRES_MS = 10_000;

export function hubHears(world: World, hub: Hub, from: number, message: UpMessage): void {
  const pillar = world.pillars[from];
  if (!pillar || !hub.isUp) return;
  const pillarId = pillar.id;
  const at = hub.clock.wall();
  world.heardFrom(from);
  switch (message.channel) {
    case "alarm":
      return alarmArrives(world, hub, message.message);
    case "heartbeat":
      takeIn(world, hub, { type: "heartbeat", at, pillarId, heartbeat: message.message });
      return;
    case "report":
      takeIn(world, hub, { type: "report", at, pillarId, report: message.message });
      return;
    case "signal":
      return;
    default:
      assertNever(message);
  }
}

function alarmArrives(world: World, hub: Hub, alarm: Alarm): void {
  const { pillarId, seq, eventId } = alarm.event;
  if (!isSignedWith(keyOf({ id: pillarId }), alarm.event, alarm.sig)) return;
  world.note("hub", "alarm heard", `${eventId} ${pillarId} seq ${seq}`);
  const recorded =
    hub.failure === undefined && needsJournal(hub.state, alarm)
      ? {
          recorded: [
            ...(hub.alarmsByKey.get(seqKey(pillarId, seq)) ?? []),
            ...(hub.alarmsByKey.get(eventId) ?? []),
          ],
        }
      : {};
  takeIn(world, hub, {
    type: "alarm",
    at: hub.clock.wall(),
    pillarId,
    alarm,
    via: "mqtt",
    newIncidentId: hub.chance.hex(128) as IncidentId,
    newRecordingId: hub.chance.hex(128) as RecordingId,
    ...recorded,
  });
}

export function orderHub(
  world: World,
  hub: Hub,
  asked: {
    readonly incidentId: IncidentId;
    readonly order: OperatorOrder;
    readonly by: Username;
    readonly role: "operator" | "supervisor";
  },
): Decision | undefined {
  return takeIn(world, hub, {
    type: "operator-order",
    at: hub.clock.wall(),
    ...asked,
    byName: `Name of ${asked.by}`,
    newRecordingId: hub.chance.hex(128) as RecordingId,
  });
}

/** A decision, and the journal index of its first fact. */
export interface Settled extends Decision {
  readonly first: number;
}

export function performAll(world: World, hub: Hub, settled: Settled): void {
  const { life } = hub;
  for (const effect of settled.effects) {
    world.faults.atEffect("hub", 0);
    if (hub.life !== life) return;
    perform(world, hub, { effect, settled });
  }
}

function perform(
  world: World,
  hub: Hub,
  { effect, settled }: { readonly effect: HubEffect; readonly settled: Settled },
): void {
  switch (effect.type) {
    case "accept": {
      const { eventId, pillarId, seq, incidentId } = effect;
      const offset = settled.facts.findIndex(({ type }) => type === "alarm-recorded");
      const journalIndex = effect.index ?? settled.first + offset;
      const { hubEpoch } = hub;
      const receipt = { v: 1, eventId, pillarId, seq, incidentId, hubEpoch, journalIndex } as const;
      const message = { v: 1, receipt, sig: signWith("key of the hub", receipt) } as const;
      world.note("hub", "accepted sent", eventId);
      return sendTo(world, pillarId, { channel: "accepted", message });
    }
    case "tell-pillar":
      return sendTo(world, effect.pillarId, { channel: "call", message: effect.call });
    case "ask-resend": {
      const { pillarId, fromSeq, bootEpoch } = effect;
      const body = {
        v: 1,
        commandId: hub.chance.hex(128) as CommandId,
        pillarId,
        order: { name: "resend", fromSeq },
        bootEpoch,
        issuedWallMs: hub.clock.wall(),
        expiresInMs: COMMAND_EXPIRES_MS,
      } as const;
      world.coverage.count("resend-asked");
      world.note("hub", "resend asked", `${pillarId} from ${fromSeq}`);
      const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
      return sendTo(world, pillarId, { channel: "command", message });
    }
    case "start-recording":
    case "stop-recording":
    case "end-views":
    case "refuse":
      return;
    default:
      assertNever(effect);
  }
}

function sendTo(world: World, pillarId: PillarId, message: Parameters<typeof sendDown>[2]): void {
  const pillar = world.pillarById.get(pillarId);
  if (pillar) sendDown(world.network, pillar.index, world.wire.down(message));
}
