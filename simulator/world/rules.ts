/**
 * The rules by which the world runs the programs: the real cores, and the order of their shells.
 *
 * A canary replaces one of them by a known bug, and the checkers must find it. Nothing else does.
 */
import { stepAgent } from "../../device/core/agent.ts";
import type { Event, Told } from "../../device/core/events.ts";
import type { Agent, AgentStep, LedgerAtStart } from "../../device/core/state/agent-state.ts";
import {
  isExpired,
  whyNoAlarms,
  whyNotAdmitted,
  whyUnheard,
} from "../../hub/core/pillar/certificate.ts";
import type { Decision } from "../../hub/core/decision.ts";
import type { HubEvent } from "../../hub/core/events.ts";
import { handle, type Now } from "../../hub/core/hub.ts";
import type { PillarRecord } from "../../hub/core/state/pillar-record.ts";
import type { HubState } from "../../hub/core/state/hub-state.ts";
import { decideView } from "../../hub/core/view/view.ts";
import { toIncident } from "../../hub/journal/read/api-shape.ts";
import type { UpMessage } from "../../shared/protocol/messages.ts";
import type { CanonicalValue } from "../../shared/canonical-json.ts";
import type { Signature } from "../../shared/ids.ts";
import type { Show } from "./hub/reads.ts";
import { isSignedWith } from "./seal.ts";

export interface Rules {
  readonly step: (agent: Agent, event: Event) => AgentStep;
  /** What a pillar makes of its ledger at a start. */
  readonly begin: (found: LedgerAtStart) => LedgerAtStart;
  /** What a pillar makes of the broker's acknowledgement of its message. */
  readonly acknowledged: (agent: Agent, message: UpMessage) => Told | undefined;
  readonly handle: (state: HubState, event: HubEvent, now: Now) => Decision;
  /** What a hub makes of its journal at a start. */
  readonly refolded: (state: HubState) => HubState;
  /** Whether the hub takes no more than alarms from this pillar. */
  readonly isExpired: (record: PillarRecord, at: number) => boolean;
  /** Whether the hub's own broker lets this certificate in. */
  readonly isKnown: (record: PillarRecord | undefined, serial: string, at: number) => boolean;
  /** Why the hub hears nothing but alarms of this pillar, and why not even those. */
  readonly whyUnheard: typeof whyUnheard;
  readonly whyNoAlarms: typeof whyNoAlarms;
  /** Whether the pillar takes this for something that the hub has signed. */
  readonly isOfHub: (body: CanonicalValue, sig: Signature) => boolean;
  /** Who may watch and talk. */
  readonly decideView: typeof decideView;
  /** What the watch over sessions does with one that is over. */
  readonly endSignIn: (views: { endOf(signInId: string): void }, signInId: string) => void;
  /** How what is folded becomes what consoles are sent. */
  readonly show: Show;
  /** Orders wait until the facts decided with them are durable. */
  readonly doOrdersWait: boolean;
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
  refolded: (state) => state,
  isExpired,
  isKnown: (record, serial, at) => whyNotAdmitted(record, serial, at) === undefined,
  whyUnheard,
  whyNoAlarms,
  isOfHub: (body, sig) => isSignedWith("key of the hub", body, sig),
  decideView,
  endSignIn: (views, signInId) => views.endOf(signInId),
  show: { incident: toIncident },
  doOrdersWait: true,
  doesJournalComeFirst: true,
  doesStateComeFirst: true,
  doesLedgerSync: true,
};
