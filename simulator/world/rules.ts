/**
 * The rules by which the world runs the programs: the real cores, and the order of their shells.
 *
 * A canary replaces one of them by a known bug, and the checkers must find it. Nothing else does.
 */
import { stepAgent } from "../../device/core/agent.ts";
import type { Event, Told } from "../../device/core/events.ts";
import type { Agent, AgentStep, LedgerAtStart } from "../../device/core/state/agent-state.ts";
import { ledgerBase } from "../../device/core/ledger/ledger-base.ts";
import { toldByHttps, toldByLink } from "../../device/core/told.ts";
import { alarmEvent, whyRefused } from "../../hub/core/incident/arrival.ts";
import { settle, takeEvent } from "../../hub/core/line.ts";
import { isExpired, whyNotAdmitted, whyUnheard } from "../../hub/core/pillar/certificate.ts";
import { beginFold } from "../../hub/core/refold.ts";
import { callFor, lastWords } from "../../hub/core/told/call.ts";
import { resendOf } from "../../hub/core/told/command.ts";
import { receiptFor } from "../../hub/core/told/receipt.ts";
import type { Decision } from "../../hub/core/decision.ts";
import type { HubEvent } from "../../hub/core/events.ts";
import { handle, type Now } from "../../hub/core/hub.ts";
import type { PillarRecord } from "../../hub/core/state/pillar-record.ts";
import type { HubState } from "../../hub/core/state/hub-state.ts";
import { decideView } from "../../hub/core/view/view.ts";
import { toIncident } from "../../hub/journal/read/api-shape.ts";
import type { UpMessage } from "../../shared/protocol/messages.ts";
import type { Show } from "./hub/reads.ts";

export interface Rules {
  readonly step: (agent: Agent, event: Event) => AgentStep;
  /** What a pillar makes of its ledger at a start. */
  readonly begin: (found: LedgerAtStart) => LedgerAtStart;
  /** What a pillar makes of the broker's acknowledgement of its message. */
  readonly acknowledged: (agent: Agent, message: UpMessage) => Told | undefined;
  readonly handle: (state: HubState, event: HubEvent, now: Now) => Decision;
  /** Which events the hub decides, and in which order what was decided leaves it. */
  readonly takeEvent: typeof takeEvent;
  readonly settle: typeof settle;
  /** What a hub makes of its journal at a start, and after a commit that failed. */
  readonly beginFold: typeof beginFold;
  /** What it makes of an alarm that arrives. */
  readonly whyRefused: typeof whyRefused;
  readonly alarmEvent: typeof alarmEvent;
  /** What it tells pillars. */
  readonly receiptFor: typeof receiptFor;
  readonly resendOf: typeof resendOf;
  readonly callFor: typeof callFor;
  readonly lastWords: typeof lastWords;
  /** Whether the hub takes no more than alarms from this pillar. */
  readonly isExpired: (record: PillarRecord, at: number) => boolean;
  /** Whether the hub's own broker lets this certificate in. */
  readonly isKnown: (record: PillarRecord | undefined, serial: string, at: number) => boolean;
  /** Why the hub hears nothing but alarms of this pillar. */
  readonly whyUnheard: typeof whyUnheard;
  /** What a pillar makes of what arrives. */
  readonly toldByLink: typeof toldByLink;
  readonly toldByHttps: typeof toldByHttps;
  /** Where a pillar's numbers begin without a ledger. */
  readonly ledgerBase: typeof ledgerBase;
  /** Who may watch and talk. */
  readonly decideView: typeof decideView;
  /** What the watch over sessions does with one that is over. */
  readonly endSignIn: (views: { endOf(signInId: string): void }, signInId: string) => void;
  /** How what is folded becomes what consoles are sent. */
  readonly show: Show;
  /** An identity goes into the register when the journal has it. */
  readonly doesJournalComeFirst: boolean;
  /** The pillar's new state is in place before the first effect of its step is performed. */
  readonly doesStateComeFirst: boolean;
  /** A pillar's alarm counts as stored when its sync has succeeded. */
  readonly doesLedgerSync: boolean;
}

export const HONEST: Rules = {
  step: stepAgent,
  begin: (found) => found,
  acknowledged: () => undefined,
  handle,
  takeEvent,
  settle,
  beginFold,
  whyRefused,
  alarmEvent,
  receiptFor,
  resendOf,
  callFor,
  lastWords,
  isExpired,
  isKnown: (record, serial, at) => whyNotAdmitted(record, serial, at) === undefined,
  whyUnheard,
  toldByLink,
  toldByHttps,
  ledgerBase,
  decideView,
  endSignIn: (views, signInId) => views.endOf(signInId),
  show: { incident: toIncident },
  doesJournalComeFirst: true,
  doesStateComeFirst: true,
  doesLedgerSync: true,
};
