/** An alarm as it arrives: why it is refused, and the event that it becomes. */
import { linkHash, type Digest } from "../../../shared/hash-chain.ts";
import type { IncidentId, PillarId, RecordingId, Signature } from "../../../shared/ids.ts";
import type { Alarm, AlarmEvent } from "../../../shared/protocol/alarm.ts";
import type { EventOf } from "../events.ts";
import type { KnownAlarm } from "../state/known-alarm.ts";
import type { Via } from "./kinds.ts";
import { whyNoAlarms } from "../pillar/certificate.ts";
import type { HubState } from "../state/hub-state.ts";

/** `pillarId`: who sends it, by its certificate or by the address it is sent to. */
export interface Arrival {
  readonly pillarId: PillarId;
  readonly alarm: Alarm;
  readonly via: Via;
}

/** Whether `sig` is the signature of `event` by this key. */
export type Verify = (key: string, event: AlarmEvent, sig: Signature) => boolean;

export function whyRefused(
  state: HubState,
  { pillarId, alarm: { event, sig } }: Arrival,
  verify: Verify,
): string | undefined {
  const record = state.pillars.get(pillarId);
  const refusal = whyNoAlarms(record, pillarId);
  if (refusal !== undefined) return refusal;
  if (event.pillarId !== pillarId) {
    return `expected an alarm of ${pillarId}, found one of ${event.pillarId}`;
  }
  if (verify(record?.alarmPublicKey ?? "", event, sig)) return undefined;
  return `the signature of ${pillarId} does not fit its alarm key; enrol it again`;
}

export interface Given {
  /** Unix ms. */
  readonly at: number;
  readonly digest: Digest;
  readonly newIncidentId: IncidentId;
  readonly newRecordingId: RecordingId;
  /** What the journal holds under this number or id, where it had to be asked (`needsJournal`). */
  readonly recorded: readonly KnownAlarm[] | undefined;
}

export function alarmEvent(
  arrival: Arrival,
  { digest, recorded, ...given }: Given,
): EventOf<"alarm"> {
  const { event } = arrival.alarm;
  return {
    type: "alarm",
    ...arrival,
    ...given,
    hash: linkHash(digest, event.prevHash, event),
    ...(recorded && { recorded }),
  };
}
