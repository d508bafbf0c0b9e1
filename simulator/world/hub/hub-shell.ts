/**
 * The hub's desk: what comes in from pillars and operators, and what the core orders, performed.
 *
 * Power may fail between any two orders; what is then not yet said was not promised.
 */
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEffect, OperatorOrder } from "../../../hub/core/events.ts";
import { needsJournal } from "../../../hub/core/pillar/ledger.ts";
import { seqKey } from "../../../hub/core/state/ledger-mark.ts";
import type { Via } from "../../../hub/core/facts.ts";
import { assertNever } from "../../../shared/assert.ts";
import { linkHash } from "../../../shared/hash-chain.ts";
import type {
  CommandId,
  HubRun,
  IncidentId,
  PillarId,
  RecordingId,
  Username,
} from "../../../shared/ids.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { takeIn, type Hub } from "./hub.ts";
import { expel } from "../network/link.ts";
import { sendDown } from "../network/network.ts";
import { keyOf } from "../pillar/pillar.ts";
import { isSignedWith, sha256, signWith } from "../seal.ts";
import type { World } from "../world.ts";

const COMMAND_EXPIRES_MS = 10_000;

export function hubHears(world: World, from: number, message: UpMessage): void {
  const { hub } = world;
  const pillar = world.pillars[from];
  if (!pillar || !hub.isUp) return;
  const pillarId = pillar.id;
  const at = hub.clock.wall();
  if (message.channel !== "alarm" && world.isExpired(from)) {
    // It was let in while its certificate was good.
    world.coverage.count("expired-unheard");
    expel(world.network, from);
    return;
  }
  world.watch.heardFrom(from);
  switch (message.channel) {
    case "alarm":
      return alarmArrives(world, message.message, "mqtt");
    case "heartbeat":
      world.watch.heardBeat(from, message.message.sessionNonce);
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

export function alarmArrives(world: World, alarm: Alarm, via: Via): void {
  const { hub } = world;
  if (!hub.isUp) return;
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
    hash: linkHash(sha256, alarm.event.prevHash, alarm.event),
    via,
    newIncidentId: hub.chance.hex(128) as IncidentId,
    newRecordingId: hub.chance.hex(128) as RecordingId,
    ...recorded,
  });
}

export function orderHub(
  world: World,
  asked: {
    readonly incidentId: IncidentId;
    readonly order: OperatorOrder;
    readonly by: Username;
    readonly role: "operator" | "supervisor";
  },
): Decision | undefined {
  const { hub } = world;
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
      for (const answer of hub.posts.get(eventId) ?? []) answer(message);
      hub.posts.delete(eventId);
      return sendTo(world, pillarId, { channel: "accepted", message });
    }
    case "tell-pillar":
      return tellCall(world, effect);
    case "ask-resend": {
      const { pillarId, fromSeq, bootEpoch, sessionNonce } = effect;
      const body = {
        v: 1,
        commandId: hub.chance.hex(128) as CommandId,
        pillarId,
        order: { name: "resend", fromSeq },
        bootEpoch,
        sessionNonce,
        issuedWallMs: hub.clock.wall(),
        expiresInMs: COMMAND_EXPIRES_MS,
      } as const;
      world.coverage.count("resend-asked");
      world.note("hub", "resend asked", `${pillarId} from ${fromSeq}`);
      const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
      return sendTo(world, pillarId, { channel: "command", message });
    }
    case "call-external":
      return callOutside(world, effect);
    case "start-recording":
    case "stop-recording":
    case "end-views":
    case "expel-pillar":
    case "refuse":
      return;
    default:
      assertNever(effect);
  }
}

/** As `hub/shell/telling.ts`: nothing is signed for a session that has not shown itself. */
function tellCall(
  world: World,
  { pillarId, call }: Extract<HubEffect, { type: "tell-pillar" }>,
): void {
  const { hub } = world;
  const sessionNonce = hub.state.heard.contacts.get(pillarId)?.sessionNonce;
  if (!sessionNonce) return;
  hub.told += 1;
  const hubRun = hub.life.toString(16).padStart(32, "0") as HubRun;
  const body = { v: 1, pillarId, sessionNonce, hubRun, number: hub.told, call } as const;
  const message = { v: 1, body, sig: signWith("key of the hub", body) } as const;
  sendTo(world, pillarId, { channel: "call", message });
}

function sendTo(world: World, pillarId: PillarId, message: Parameters<typeof sendDown>[2]): void {
  const pillar = world.pillarById.get(pillarId);
  if (pillar) sendDown(world.network, pillar.index, world.wire.down(message));
}

/** Somebody outside, who is sometimes out of reach and sometimes never answers. */
function callOutside(
  world: World,
  { incidentId, ring, target }: Extract<HubEffect, { type: "call-external" }>,
): void {
  const { hub, scheduler } = world;
  const { life } = hub;
  world.coverage.count("called-outside");
  world.note("hub", "calls outside", `incident ${incidentId.slice(0, 6)} ring ${ring}`);
  const draw = hub.chance.next();
  if (draw < 0.1) return;
  const outcome = draw < 0.6 ? "delivered" : "failed";
  scheduler.plan(scheduler.now() + hub.chance.between(100, 9000), () => {
    if (hub.life !== life) return;
    const at = hub.clock.wall();
    const answered = { type: "external-answered", at, incidentId, ring, target } as const;
    takeIn(world, hub, { ...answered, outcome, detail: outcome });
  });
}
