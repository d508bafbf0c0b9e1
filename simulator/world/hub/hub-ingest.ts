/** What comes in at the hub from pillars and operators, as events of its core. */
import type { Decision } from "../../../hub/core/decision.ts";
import type { Via } from "../../../hub/core/facts/incident.ts";
import { needsJournal } from "../../../hub/core/pillar/ledger.ts";
import { seqKey } from "../../../hub/core/state/ledger-mark.ts";
import { assertNever } from "../../../shared/assert.ts";
import { linkHash } from "../../../shared/hash-chain.ts";
import type { IncidentId, RecordingId } from "../../../shared/ids.ts";
import type { Alarm } from "../../../shared/protocol/alarm.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { expel } from "../network/link.ts";
import { isSignedWith, sha256 } from "../seal.ts";
import { takeIn } from "./hub.ts";
import type { AskedOrder, HubWorld } from "./hub-state.ts";

export function hubHears(world: HubWorld, from: number, message: UpMessage): void {
  const { hub } = world;
  const pillar = world.pillars[from];
  if (!pillar || !hub.isUp) return;
  const pillarId = pillar.id;
  const at = hub.clock.wall();
  const record = hub.state.pillars.get(pillarId);
  if (message.channel !== "alarm" && world.rules.whyUnheard(record, at) !== undefined) {
    // It was let in while its certificate was good.
    world.coverage.count(record?.revocation ? "revoked-unheard" : "expired-unheard");
    expel(world.network, from);
    return;
  }
  if (!record?.revocation) world.watch.heardFrom(from);
  switch (message.channel) {
    case "alarm":
      return alarmArrives(world, message.message, "mqtt");
    case "heartbeat":
      world.watch.heardBeat(from, message.message.sessionNonce);
      takeIn(world, {
        ...{ type: "heartbeat", at, pillarId, heartbeat: message.message },
        hubEpoch: hub.hubEpoch,
      });
      return;
    case "report":
      takeIn(world, { type: "report", at, pillarId, report: message.message });
      return;
    case "signal":
      return;
    default:
      assertNever(message);
  }
}

export function alarmArrives(world: HubWorld, alarm: Alarm, via: Via): void {
  const { hub } = world;
  if (!hub.isUp) return;
  const { pillarId, seq, eventId } = alarm.event;
  const record = hub.state.pillars.get(pillarId);
  const refusal =
    world.rules.whyNoAlarms(record, pillarId) ??
    (isSignedWith(record?.alarmPublicKey ?? "", alarm.event, alarm.sig) ? undefined : "signature");
  if (refusal !== undefined) {
    world.coverage.count(record?.revocation ? "revoked-alarm-refused" : "alarm-refused");
    for (const answer of hub.fallbackAnswers.get(eventId) ?? []) answer(undefined);
    hub.fallbackAnswers.delete(eventId);
    return;
  }
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
  takeIn(world, {
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

export function orderHub(world: HubWorld, asked: AskedOrder): Decision | undefined {
  const { hub } = world;
  return takeIn(world, {
    type: "operator-order",
    at: hub.clock.wall(),
    ...asked,
    byName: `Name of ${asked.by}`,
    newRecordingId: hub.chance.hex(128) as RecordingId,
  });
}
