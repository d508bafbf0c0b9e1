/** Everything the agent's core knows, one part a module. */
import type { Step } from "../../../shared/step.ts";
import type { EventId, HubEpoch, PillarId } from "../../../shared/ids.ts";
import type { Display } from "./shown.ts";
import type { LedgerHead, SealedAlarm } from "./kept.ts";
import { IDLE, type CallState } from "./call-state.ts";
import { EMPTY_DISK, type Disk } from "./disk-state.ts";
import type { Effect } from "../events.ts";
import { UNHEARD, type Heeded } from "./heeded-state.ts";
import { HEALTHY, type Health } from "./health-state.ts";
import { emptyOutbox, type Outbox } from "./outbox-state.ts";
import { WAITING, type Link } from "./link-state.ts";
import { NO_COMMANDS, type Commands } from "./command-state.ts";
import { NO_GRANTS, type Grants } from "./grant-state.ts";

export interface Agent {
  readonly pillarId: PillarId;
  readonly release: string;
  readonly bootEpoch: number;
  readonly call: CallState;
  readonly outbox: Outbox;
  readonly disk: Disk;
  readonly link: Link;
  readonly health: Health;
  readonly commands: Commands;
  readonly heeded: Heeded;
  readonly grants: Grants;
  /** A pillar without one cannot say that it is looked at, and so it is not. */
  readonly hasLamp: boolean;
  /** Hubs that can be reached by HTTPS. */
  readonly fallbackHubs: number;
  readonly display: Display;
}

export type AgentStep = Step<Agent, Effect>;

/** What the ledger held when the agent started. */
export interface LedgerAtStart {
  readonly pillarId: PillarId;
  readonly release: string;
  readonly bootEpoch: number;
  readonly head: LedgerHead;
  readonly hubEpoch: HubEpoch | undefined;
  readonly unaccepted: readonly SealedAlarm[];
  readonly replayFrom: number | undefined;
  readonly lastEventId: EventId | undefined;
  /** Number of `hub.alarmUrls`; none unless it is said. */
  readonly fallbackHubs?: number;
  /** Of the board; it has one unless it is said. */
  readonly hasLamp?: boolean;
}

export function newAgent(from: LedgerAtStart): Agent {
  return {
    pillarId: from.pillarId,
    release: from.release,
    bootEpoch: from.bootEpoch,
    call: { ...IDLE, lastEventId: from.lastEventId },
    outbox: emptyOutbox(from),
    disk: EMPTY_DISK,
    link: WAITING,
    health: HEALTHY,
    commands: NO_COMMANDS,
    heeded: UNHEARD,
    grants: NO_GRANTS,
    hasLamp: from.hasLamp ?? true,
    fallbackHubs: from.fallbackHubs ?? 0,
    display: BLANK,
  };
}
/** Before the first step: nothing has been shown. */
export const BLANK: Display = { phase: "standby", zh: "", en: "", since: 0 };
