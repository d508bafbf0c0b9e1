/** What comes in at the hub from pillars and operators, as events of its core. */
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { receiptIn, type Decision } from "../../../hub/core/decision.ts";
import type { KnownAlarm } from "../../../hub/core/state/known-alarm.ts";
import { needsJournal } from "../../../hub/core/pillar/ledger.ts";
import type { Arrival } from "../../../hub/core/incident/arrival.ts";
import { seqKey } from "../../../hub/core/state/ledger-mark.ts";
import { assertNever } from "../../../shared/assert.ts";
import type { IncidentId, RecordingId } from "../../../shared/ids.ts";
import type { AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import { expel } from "../network/link.ts";
import { isSignedWith, sha256 } from "../seal.ts";
import { takeIn } from "./hub.ts";
import type { AnswerRequest, AskedOrder, Hub, HubWorld } from "./hub-state.ts";

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
      return alarmArrives(world, { pillarId, alarm: message.message, via: "mqtt" });
    case "heartbeat":
      world.watch.heardBeat(from, message.message.sessionNonce);
      takeIn(world, {
        ...{ type: "heartbeat", at, pillarId, heartbeat: message.message },
        hubEpoch: hub.hubEpoch,
      });
      return;
    case "report":
      takeIn(world, { type: "report", at, pillarId, report: message.message });
      world.views.heard(pillarId, message.message);
      return;
    case "signal":
      return;
    default:
      assertNever(message);
  }
}

/** `request`: the alarm came by HTTPS, and this answers it. */
export function alarmArrives(world: HubWorld, arrival: Arrival, request?: AnswerRequest): void {
  const { hub, rules, coverage } = world;
  if (!hub.isUp) return;
  const { pillarId, alarm } = arrival;
  const { seq, eventId } = alarm.event;
  if (rules.whyRefused(hub.state, arrival, isSignedWith) !== undefined) {
    const isRevoked = hub.state.pillars.get(pillarId)?.revocation;
    coverage.count(isRevoked ? "revoked-alarm-refused" : "alarm-refused");
    request?.({ reason: "403" });
    return;
  }
  world.note("hub", "alarm heard", `${eventId} ${pillarId} seq ${seq}`);
  const answer = request && waiting(hub, request);
  const isAsked = hub.failure === undefined && needsJournal(hub.state, alarm);
  const event = rules.alarmEvent(arrival, {
    at: hub.clock.wall(),
    digest: sha256,
    newIncidentId: hub.chance.hex(128) as IncidentId,
    newRecordingId: hub.chance.hex(128) as RecordingId,
    recorded: isAsked ? findAlarms(hub, alarm.event) : undefined,
  });
  const decision = takeIn(world, event, answer);
  if (!answer) return;
  if (!decision) answer({ reason: "503" });
  else if (!receiptIn(decision)) {
    coverage.count("held-by-https");
    hub.journal.follow(() => answer({ accepted: undefined }));
  }
}

const findAlarms = ({ alarmsByKey }: Hub, { pillarId, seq, eventId }: AlarmEvent): KnownAlarm[] => [
  ...(alarmsByKey.get(seqKey(pillarId, seq)) ?? []),
  ...(alarmsByKey.get(eventId) ?? []),
];

/** Answered once; a hub that ends or whose journal fails answers what waits. */
function waiting({ requests }: Hub, request: AnswerRequest): AnswerRequest {
  const answer: AnswerRequest = (given) => {
    if (requests.delete(answer)) request(given);
  };
  requests.add(answer);
  return answer;
}

export function orderHub(world: HubWorld, asked: AskedOrder): Decision | undefined {
  const { hub } = world;
  return takeIn(world, {
    type: "operator-order",
    at: hub.clock.wall(),
    ...asked,
    byName: `Name of ${asked.by}`,
    scope: ROOT_AREA,
    newRecordingId: hub.chance.hex(128) as RecordingId,
  });
}
