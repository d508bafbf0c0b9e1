/** One pillar of the world, and what its room takes of the world around it. */
import type { TimerName, Told } from "../../../device/core/events.ts";
import type { Agent } from "../../../device/core/state/agent-state.ts";
import { ownAlarms } from "../../../device/adapters/ledger/ledger-resigned.ts";
import type { LedgerNews, SealedAlarm } from "../../../device/core/state/kept.ts";
import type { EventId, PillarId } from "../../../shared/ids.ts";
import type { Arrival } from "../../../hub/core/incident/arrival.ts";
import type { Chance } from "../chance.ts";
import type { Clock } from "../clock.ts";
import type { Disk } from "../faults/disk.ts";
import type { AnswerRequest, Hub, Identity } from "../hub/hub-state.ts";
import type { Network } from "../network/network-state.ts";
import type { Faults, Watch, WorldBase } from "../ports.ts";
import type { Task } from "../scheduler.ts";
import { isSignedWith, sealWith } from "../seal.ts";
import type { LedgerFile } from "./ledger.ts";
import type { LedgerRecord } from "./ledger-rows.ts";

export interface Pillar {
  readonly index: number;
  readonly id: PillarId;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The ledger's first file; the spare one is on the same disk. */
  readonly disk: Disk<LedgerRecord>;
  readonly spare: Disk<LedgerRecord>;
  readonly ledger: LedgerFile;
  readonly timers: Map<TimerName, Task>;
  agent: Agent | undefined;
  /** Changed while it is off. */
  identity: Identity;
  /** Asked for, whether or not it got them. */
  enrolments: number;
  /** Rises at every start and end, so that answers to an earlier start are dropped. */
  life: number;
  isOn: boolean;
  /** No file of the ledger could be read at its latest start. */
  isBornBlind: boolean;
  /** What the ledger said before the agent listened. */
  early: LedgerNews[];
  /** The newest alarm born here. */
  born: EventId | undefined;
  /** Fresh until an alarm has it. */
  freshId: EventId;
}

export interface PillarWorld extends WorldBase {
  readonly network: Network;
  /** What answers an alarm by HTTPS. */
  readonly hub: Pick<Hub, "isUp">;
  readonly faults: Pick<Faults, "atEffect">;
  readonly watch: Pick<Watch, "words">;
  /** Unix ms at which this pillar's first certificate ends; `undefined`: it does not. */
  expiryOf(pillar: number): number | undefined;
  /** The next event of this pillar's core: an effect that is performed can bring one at once. */
  tellPillar(pillar: Pillar, told: Told): void;
  /** By HTTPS. */
  alarmArrives(arrival: Arrival, request?: AnswerRequest): void;
}

export const keyNamed = (id: PillarId, number: number): string =>
  number === 0 ? `key of ${id}` : `key ${number} of ${id}`;

/** As after an enrolment: what is still owed carries the signature of the present key. */
export const resigned = (
  { identity }: Pillar,
  alarms: readonly SealedAlarm[],
): readonly SealedAlarm[] =>
  ownAlarms(alarms, (alarm) =>
    isSignedWith(identity.key, alarm.event, alarm.sig)
      ? alarm
      : sealWith(identity.key, alarm.event),
  );
