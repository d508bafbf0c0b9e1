/** What comes in at the hub from pillars and operators, as events of its core. */
import { receiptIn, type Decision } from "../../../hub/core/decision.ts";
import type { HubEvent } from "../../../hub/core/events.ts";
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
import type { AskedOrder, FallbackAnswer, Hub, HubWorld } from "./hub-state.ts";

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
      return alarmArrives(world, message.message);
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

/** As `hub/shell/pillars/ingest.ts`. `request`: the alarm came by HTTPS, and this answers it. */
export function alarmArrives(world: HubWorld, alarm: Alarm, request?: FallbackAnswer): void {
  const { hub } = world;
  if (!hub.isUp) return;
  const { pillarId, seq, eventId } = alarm.event;
  const record = hub.state.pillars.get(pillarId);
  const refusal =
    world.rules.whyNoAlarms(record, pillarId) ??
    (isSignedWith(record?.alarmPublicKey ?? "", alarm.event, alarm.sig) ? undefined : "signature");
  if (refusal !== undefined) {
    world.coverage.count(record?.revocation ? "revoked-alarm-refused" : "alarm-refused");
    request?.(undefined, "403");
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
  const answer = request && waiting(hub, request);
  const event: HubEvent = {
    type: "alarm",
    at: hub.clock.wall(),
    pillarId,
    alarm,
    hash: linkHash(sha256, alarm.event.prevHash, alarm.event),
    via: request ? "https" : "mqtt",
    newIncidentId: hub.chance.hex(128) as IncidentId,
    newRecordingId: hub.chance.hex(128) as RecordingId,
    ...recorded,
  };
  const decision = takeIn(world, event, answer);
  if (!answer) return;
  if (!decision) answer(undefined, "503");
  else if (!receiptIn(decision)) {
    world.coverage.count("held-by-https");
    hub.journal.follow(() => answer(undefined, "202"));
  }
}

/** Answered once; a hub that ends or whose journal fails answers what waits. */
function waiting({ fallbackAnswers }: Hub, request: FallbackAnswer): FallbackAnswer {
  const answer: FallbackAnswer = (accepted, why) => {
    if (fallbackAnswers.delete(answer)) request(accepted, why);
  };
  fallbackAnswers.add(answer);
  return answer;
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
