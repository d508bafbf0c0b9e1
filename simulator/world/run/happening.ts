/**
 * What happens in the world, one by one: what people did, machines showed and disks held.
 *
 * It is written by the world, which sees everything, and never read by the programs under test.
 * `at` is the world's own time, in ms, whatever any clock in it says.
 */
import type { Fact, IdentityFact } from "../../../hub/core/facts.ts";
import type { ViewEvent } from "../../../hub/core/view/view-events.ts";
import type { EscalationLevel } from "../../../hub/core/incident/kinds.ts";
import type { ButtonKind } from "../../../device/core/events.ts";
import type { PromptName } from "../../../device/core/call/prompt.ts";
import type { DisplayPhase, LampPattern } from "../../../device/core/state/shown.ts";
import type { CommandId, EventId, HubEpoch, IncidentId } from "../../../shared/ids.ts";
import type { Presence } from "../../../shared/api/pillar.ts";
import type { Opening, Purpose } from "../../../shared/protocol/purpose.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";

export type Happening =
  /** Told before the pillar knows of it. `isIdle`: it knew of no call. */
  | {
      readonly type: "pushed";
      readonly at: number;
      readonly pillar: string;
      readonly kind: ButtonKind;
      readonly isIdle: boolean;
    }
  /** `eventId`: of the alarm it gave birth to; otherwise the call it fell into. */
  | {
      readonly type: "pressed";
      readonly at: number;
      readonly pillar: string;
      readonly eventId: EventId | undefined;
      readonly call: EventId | undefined;
      /** The incident of that call, where the pillar knows it. */
      readonly incident: IncidentId | undefined;
      readonly isDiskGood: boolean;
    }
  /** Sealed. */
  | {
      readonly type: "born";
      readonly at: number;
      readonly pillar: string;
      readonly eventId: EventId;
      readonly kind: string;
    }
  /** The pillar's own disk has it. */
  | {
      readonly type: "stored";
      readonly at: number;
      readonly pillar: string;
      readonly eventId: EventId;
    }
  /** The hub's receipt has reached it. */
  | {
      readonly type: "accepted";
      readonly at: number;
      readonly pillar: string;
      readonly eventId: EventId;
    }
  /** A receipt over the link, which the pillar took: of the hub with this database. */
  | {
      readonly type: "database";
      readonly at: number;
      readonly pillar: string;
      readonly hubEpoch: HubEpoch;
    }
  /** The pillar did what a command of the hub asks. */
  | {
      readonly type: "performed";
      readonly at: number;
      readonly pillar: string;
      readonly commandId: CommandId;
    }
  /** `unstored`: alarms that were in its memory only. */
  | {
      readonly type: "pillar-down";
      readonly at: number;
      readonly pillar: string;
      readonly unstored: number;
    }
  /** `isBornBlind`: no file of its ledger could be read. */
  | {
      readonly type: "pillar-up";
      readonly at: number;
      readonly pillar: string;
      readonly isBornBlind: boolean;
    }
  /** Somebody or something makes trouble until then; without `pillar` it may touch everybody. */
  | {
      readonly type: "trouble";
      readonly at: number;
      readonly until: number;
      readonly pillar?: string;
    }
  | {
      readonly type: "shown";
      readonly at: number;
      readonly pillar: string;
      readonly lamp: LampPattern;
      readonly eventId: EventId | undefined;
    }
  /** The pillar's voice said this. */
  | {
      readonly type: "said";
      readonly at: number;
      readonly pillar: string;
      readonly prompt: PromptName;
      readonly eventId: EventId | undefined;
    }
  /** The words on its screen from now on. */
  | {
      readonly type: "displayed";
      readonly at: number;
      readonly pillar: string;
      readonly phase: DisplayPhase;
      readonly zh: string;
      readonly en: string;
      readonly eventId: EventId | undefined;
    }
  /** The pillar has been told that its link is up or lost. */
  | { readonly type: "link"; readonly at: number; readonly pillar: string; readonly isUp: boolean }
  /**
   * Whether the hub, as everything is now, could tell this pillar something at once. Looked at
   * while it matters.
   */
  | {
      readonly type: "reach";
      readonly at: number;
      readonly pillar: string;
      readonly canBeTold: boolean;
    }
  /** The hub signs something for a pillar that may not be told anything any more. */
  | { readonly type: "told-expelled"; readonly at: number; readonly pillar: string }
  /** An operator's order that was not refused. */
  | {
      readonly type: "ordered";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly order: string;
    }
  /**
   * A fact reached the hub's disk for certain. `isFound`: its commit was not known to have
   * succeeded, until it was read.
   */
  | {
      readonly type: "durable";
      readonly at: number;
      readonly index: number;
      readonly fact: Fact;
      readonly isFound?: boolean;
    }
  /** The hub begins to write down that an identity is given or taken. */
  | { readonly type: "identity-asked"; readonly at: number; readonly fact: IdentityFact }
  | { readonly type: "hub-down"; readonly at: number }
  | { readonly type: "hub-up"; readonly at: number; readonly isLive: boolean }
  /** An older copy of the journal was put back: facts from `keptIndex + 1` on are gone. */
  | { readonly type: "restored"; readonly at: number; readonly keptIndex: number }
  | { readonly type: "hub-clock-stepped"; readonly at: number; readonly ms: number }
  /**
   * The hub shows a pillar as present that has said nothing for `silentMs` of undisturbed watching.
   */
  | {
      readonly type: "stale";
      readonly at: number;
      readonly pillar: string;
      readonly presence: Presence;
      readonly silentMs: number;
    }
  /** The owner of an incident has no console any more, and still owns it. */
  | {
      readonly type: "abandoned";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly owner: string;
      readonly goneMs: number;
    }
  /** A deadline of an open incident has not been acted upon, though the hub was watching. */
  | {
      readonly type: "overdue";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly lateMs: number;
    }
  /** A level of escalation came `offMs` after its time was over, or before it. */
  | {
      readonly type: "untimely";
      readonly at: number;
      readonly incidentId: IncidentId;
      readonly level: EscalationLevel;
      readonly offMs: number;
    }
  /** The hub shows a fault that the pillar no longer has, or none that it has. */
  | {
      readonly type: "fault-unseen";
      readonly at: number;
      readonly pillar: string;
      readonly code: FaultCode;
      readonly isRaised: boolean;
      readonly lateMs: number;
    }
  /** A whole grid is gone and that was not told, or it is back and still shown as gone. */
  | { readonly type: "grid-untold"; readonly at: number; readonly isGone: boolean }
  /** The program's own assertion, or an unexpected exception. */
  | {
      readonly type: "broken";
      readonly at: number;
      readonly actor: string;
      readonly reason: string;
    }
  /** Something has grown past its named limit. */
  | {
      readonly type: "outgrown";
      readonly at: number;
      readonly actor: string;
      readonly what: string;
      readonly size: number;
      readonly limit: number;
    }
  /** Something a console would ask for throws, or breaks the schema of the interface. */
  | {
      readonly type: "unreadable";
      readonly at: number;
      readonly what: string;
      readonly reason: string;
    }
  /** What of the pillar's gate is open from now on. */
  | {
      readonly type: "gate";
      readonly at: number;
      readonly pillar: string;
      readonly opening: Opening;
    }
  /** Picture or voice of a pillar begins to flow to a console, or from it. */
  | {
      readonly type: "view-begins";
      readonly at: number;
      readonly id: string;
      readonly pillar: string;
      readonly purpose: Purpose;
      /** Undefined for a pillar from which nobody calls. */
      readonly incidentId: IncidentId | undefined;
      readonly username: string;
      readonly role: "watch" | "talk";
      /** By the session it was asked with. */
      readonly isOperator: boolean;
      readonly signInId: string;
    }
  | {
      readonly type: "view-ends";
      readonly at: number;
      readonly id: string;
      /** What the hub was told, or what happened to it without the hub. */
      readonly because: ViewEvent["type"] | "media-ended" | "connection-lost";
    }
  /** Signed out, disabled, given another role or password, or its time is over. */
  | { readonly type: "sign-in-over"; readonly at: number; readonly signInId: string }
  /** The fold of the journal and the live state are not the same. */
  | { readonly type: "diverged"; readonly at: number; readonly detail: string };
