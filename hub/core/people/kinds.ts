/** What people did and saw: for the record, and mostly for that alone. */
import type { CommandOutcome } from "../../../shared/api/audit.ts";
import type { ServiceScope } from "../../../shared/api/service.ts";
import type { Role } from "../../../shared/api/session.ts";
import type {
  AreaId,
  CommandId,
  IncidentId,
  PillarId,
  RecordingId,
  Sha256,
  Username,
} from "../../../shared/ids.ts";
import type { LookPurpose } from "../../../shared/protocol/purpose.ts";
import type { OrderedCommand } from "../../../shared/protocol/command.ts";
import type { At, ByOperator } from "../fact-base.ts";

interface OfSession extends At {
  readonly username: Username;
  /** Address. */
  readonly from: string;
}

interface OfLook extends At {
  readonly pillarId: PillarId;
  readonly purpose: LookPurpose;
  /** Why, in the words of whoever asked; may be empty for a check. */
  readonly reason: string;
  readonly by: Username;
  readonly byName: string;
  /** Address. */
  readonly from: string;
}

export type PeopleHistory =
  /** `by` is null for the command line, which only the machine's own administrators can use. */
  | (At & {
      readonly type: "account-changed";
      readonly username: Username;
      readonly displayName: string;
      readonly role: Role;
      readonly scope: AreaId;
      readonly change:
        | "created"
        | "renamed"
        | "role"
        | "scope"
        | "disabled"
        | "enabled"
        | "password";
      readonly by: Username | null;
      readonly byName: string | null;
    })
  /** A service's token was made or ended. `username`: the service's name; `expiresAt`: Unix ms. */
  | (At & {
      readonly type: "service-changed";
      readonly username: Username;
      readonly scopes: readonly ServiceScope[];
      readonly expiresAt: number;
      readonly change: "made" | "revoked";
      readonly by: Username | null;
      readonly byName: string | null;
    })
  | (OfSession & { readonly type: "session-opened" })
  | (OfSession & { readonly type: "session-closed" })
  /**
   * The words of an earlier fact were taken out of the journal, because they hold a secret. The row
   * at `index` keeps its hash (`originalHash`), which no longer fits its body; what stands there
   * now gives `replacementHash`.
   */
  | (At & {
      readonly type: "fact-sealed";
      readonly index: number;
      readonly originalHash: Sha256;
      readonly replacementHash: Sha256;
      readonly reason: string;
      /** The command line, which only the machine's own administrators can use. */
      readonly by: null;
      readonly byName: string;
    })
  /**
   * `count` wrong sign-ins of a few minutes. Null: names
   * nobody has, or more than are told one by one.
   */
  | (At & {
      readonly type: "sign-in-refused";
      readonly username: Username | null;
      readonly from: string | null;
      readonly count: number;
    })
  /**
   * Somebody read what is personal, `count` times within
   * a few minutes. `of`: one incident; null for lists.
   */
  | (At & {
      readonly type: "records-read";
      readonly what: "incident" | "incidents" | "audit" | "accounts" | "services";
      readonly of: IncidentId | null;
      readonly by: Username;
      readonly byName: string;
      readonly from: string;
      readonly count: number;
    })
  /** Somebody watches and listens (`watch`) or talks (`talk`), by name. */
  | (ByOperator & {
      readonly type: "view-opened";
      readonly role: "watch" | "talk";
      readonly from?: string;
    })
  | (ByOperator & { readonly type: "view-closed"; readonly role: "watch" | "talk" })
  /** Somebody looks at a pillar from which nobody calls, by name and with a purpose. */
  | (OfLook & { readonly type: "look-opened" })
  | (OfLook & { readonly type: "look-closed" })
  | (At & {
      readonly type: "command-sent";
      readonly pillarId: PillarId;
      readonly commandId: CommandId;
      readonly command: OrderedCommand;
      readonly by: Username;
      /** Of a siren that a supervisor ordered without owning an incident there. */
      readonly reason?: string;
    })
  /** What became of a command. `by`: who gave it. */
  | (At & {
      readonly type: "command-result";
      readonly pillarId: PillarId;
      readonly commandId: CommandId;
      readonly name: OrderedCommand["name"];
      readonly outcome: CommandOutcome;
      readonly detail: string;
      /** Of a self-test: from its press to the hub's receipt at the pillar. */
      readonly confirmedAfterMs?: number;
      readonly by: Username;
    })
  | (At & {
      readonly type: "recording-viewed";
      readonly recordingId: RecordingId;
      readonly by: Username;
      readonly byName: string;
      /** Address. */
      readonly from: string;
      readonly of: IncidentId;
      readonly how: "play" | "download";
    });

/** Their facts are for the record: nothing is decided, and no state follows from them. */
export interface PeopleKinds {
  readonly fact: PeopleHistory;
  readonly event: never;
  readonly slice: object;
}
