/** The hub of the world, and what its room takes of the world around it. */
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEvent } from "../../../hub/core/events.ts";
import type { KnownAlarm } from "../../../hub/core/state/known-alarm.ts";
import type { OperatorOrder } from "../../../hub/core/incident/kinds.ts";
import type { Fact, IdentityFact } from "../../../hub/core/facts.ts";
import type { HubState } from "../../../hub/core/state/hub-state.ts";
import type { Numbering } from "../../../hub/core/told/call.ts";
import type {
  HubEpoch,
  IncidentId,
  PillarId,
  SessionNonce,
  Username,
} from "../../../shared/ids.ts";
import type { Accepted } from "../../../shared/protocol/accepted.ts";
import type { Chance } from "../chance.ts";
import type { Clock } from "../clock.ts";
import type { Disk } from "../faults/disk.ts";
import type { Network } from "../network/network-state.ts";
import type { Wire } from "../network/wire.ts";
import type { Faults, HubViews, People, Viewers, Watch, WorldBase } from "../ports.ts";
import type { JournalFile } from "./journal.ts";
import type { Reads } from "./reads.ts";

/**
 * What a request of the HTTPS fallback comes to: the receipt, none yet (202), or why there is none.
 */
export type HttpsAnswer = { readonly accepted: Accepted | undefined } | { readonly reason: string };
export type AnswerRequest = (answer: HttpsAnswer) => void;

export interface Hub {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly disk: Disk<Fact>;
  readonly journal: JournalFile;
  state: HubState;
  hubEpoch: HubEpoch;
  isUp: boolean;
  failure: string | undefined;
  /** Commits that failed, over all its starts. */
  failures: number;
  recoveryMs: number;
  life: number;
  /** Of what this life signs for sessions. */
  numbering: Numbering;
  /** Facts told to the history as durable. */
  durable: number;
  snapshot: { readonly index: number; readonly text: string } | undefined;
  /** What the journal's own tables would answer. */
  readonly alarmsByKey: Map<string, KnownAlarm[]>;
  /** Requests by HTTPS that are not answered yet. */
  readonly requests: Set<AnswerRequest>;
  /** What lies beside the authority, and is not put back with an old journal. */
  readonly register: IdentityFact[];
  readonly registerChance: Chance;
  /** When its disk has taken what it was given until now. */
  registerFreeAt: number;
  /** Sessions of identities that have ended, with their last words said. */
  readonly endedSessions: Set<SessionNonce>;
  /** Revoked and told so: it may not be told anything until it is enrolled again. */
  readonly expelled: Set<PillarId>;
  /** The live fold at a clean kill, to compare with the next one. */
  lastFold: string | undefined;
}

/** An operator's order, as a console sends it. */
export interface AskedOrder {
  readonly incidentId: IncidentId;
  readonly order: OperatorOrder;
  readonly by: Username;
  readonly role: "operator" | "supervisor";
}

/** What a pillar proves itself with. */
export interface Identity {
  /** Enrolments before it. */
  readonly number: number;
  /** Signs its alarms. */
  readonly key: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A pillar as the hub knows it: by its identity and its place on the network. */
export interface KnownPillar {
  readonly index: number;
  readonly id: PillarId;
  readonly identity: Identity;
}

export interface HubWorld extends WorldBase {
  readonly hub: Hub;
  readonly network: Network;
  readonly wire: Wire;
  readonly pillars: readonly KnownPillar[];
  readonly pillarById: ReadonlyMap<PillarId, KnownPillar>;
  readonly faults: Pick<Faults, "atEffect">;
  readonly people: Pick<People, "factsBecame" | "hubStarted">;
  readonly watch: Omit<Watch, "mayLinger" | "words" | "hubClockStepped">;
  readonly reads: Reads;
  readonly views: HubViews;
  readonly viewers: Pick<Viewers, "factsBecame" | "hubBegan">;
  /** Unix ms at which this pillar's certificate ends; `undefined`: it does not. */
  expiryOf(pillar: number): number | undefined;
  /** Whether the hub, by its clock, takes no more than alarms from this pillar. */
  isExpired(pillar: number): boolean;
  /** One event for the hub's core; `undefined`: it decides nothing now. */
  takeIn(event: HubEvent): Decision | undefined;
}
