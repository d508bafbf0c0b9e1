/** What the hub's shell needs from the world, and what it offers to the ways in. */
import type { Incident, IncidentPage, IncidentQuery, Recording } from "../shared/api/incident.ts";
import type { Timeline } from "../shared/api/timeline.ts";
import type { AuditPage, AuditQuery } from "../shared/api/audit.ts";
import type { ServerEvent } from "../shared/api/event.ts";
import type { HubStatus } from "../shared/api/hub.ts";
import type { RenewalRequest } from "../shared/api/enrolment.ts";
import type { CommandRequest, Pillar, RevokeRequest } from "../shared/api/pillar.ts";
import type { ProblemCode } from "../shared/api/problem.ts";
import type { Session } from "../shared/api/session.ts";
import type {
  AreaId,
  CellId,
  HubEpoch,
  IncidentId,
  PillarId,
  RecordingId,
  Username,
} from "../shared/ids.ts";
import type { DownMessage, UpMessage } from "../shared/protocol/messages.ts";
import type { z } from "zod";
import type { MediaId } from "../shared/ids.ts";
import type { Accepted } from "../shared/protocol/accepted.ts";
import type { AlarmEvent } from "../shared/protocol/alarm.ts";
import type { KnownAlarm } from "./core/state/known-alarm.ts";
import type { OperatorOrder } from "./core/incident/kinds.ts";
import type { Fact, IdentityFact } from "./core/facts.ts";
import type { Via } from "./core/incident/kinds.ts";
import type { JournalFold } from "./core/refold.ts";
import type { ViewWish } from "./core/view/view-events.ts";
import type { AboutPillar, FromMedia, OfMedia } from "./media/ipc.ts";

/**
 * The append-only, hash-chained store of one cell. One writer; every append is durable when its
 * promise settles. `test/kit/journal/contract.ts` says what any implementation must do.
 */
export interface Journal {
  /** Whose journal it is: a fact's place is this and its index. */
  cell(): CellId;
  /** Of this database: one that was put back from a copy has another. */
  hubEpoch(): HubEpoch;
  /** The index the next appended fact will get: there is no other writer. */
  nextIndex(): number;
  /**
   * Queues facts into the next group commit; resolves with the index of the first after the fsync.
   * Rejects with everything queued behind it when a commit fails; then only `reopen` helps.
   */
  append(facts: readonly Fact[]): Promise<number>;
  /** Folds the latest snapshot and the facts after it, checking the chain on the way. */
  replay(fold: JournalFold): Promise<void>;
  /** Alarms held under this number or id. */
  findAlarms(
    event: Pick<AlarmEvent, "pillarId" | "seq" | "eventId">,
  ): Promise<readonly KnownAlarm[]>;
  /** All facts of identities, of each pillar in their order. */
  identityFacts(): Promise<readonly IdentityFact[]>;
  /** Keeps a folded state, so that a restart need not fold everything. */
  saveSnapshot(index: number, body: string): Promise<void>;
  /** After a failure: a new writer on a checked file. Rejects while the disk is still bad. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Questions the API asks the read models, on a connection of its own. */
export interface ReadModels {
  /** `of`: of these pillars only. */
  incidents(query: IncidentQuery, of?: readonly PillarId[]): Promise<IncidentPage>;
  incident(id: IncidentId): Promise<Incident | undefined>;
  timeline(id: IncidentId): Promise<z.infer<typeof Timeline> | undefined>;
  pillars(): Promise<readonly Pillar[]>;
  pillar(id: PillarId): Promise<Pillar | undefined>;
  recordings(incidentId: IncidentId): Promise<readonly Recording[]>;
  recording(id: RecordingId): Promise<(Recording & { readonly path: string }) | undefined>;
  /** What people did, newest first. */
  audit(query: AuditQuery): Promise<AuditPage>;
  /**
   * Console events after a journal index, oldest first,
   * at most `limit`; `undefined` when too far back.
   */
  eventsAfter(index: number, limit: number): Promise<readonly NumberedEvent[] | undefined>;
}

export interface NumberedEvent {
  readonly index: number;
  readonly event: ServerEvent;
  /** What it is about lies there; absent: it is about the hub, and for everybody. */
  readonly pillarId?: PillarId;
  readonly grid?: string;
}

/**
 * A way for pillars to reach the hub. Messages arrive parsed, authorised and bound to an identity.
 */
export interface PillarLink {
  send(pillarId: PillarId, message: DownMessage): void;
  /**
   * Ends every connection of the pillar, for example when its identity is revoked: nothing more is
   * heard on it, and what was sent before is written first. Another's broker goes on; what comes
   * through it is dropped.
   */
  drop(pillarId: PillarId, reason: string): void;
  close(): Promise<void>;
}

/** A `PillarLink` over MQTT, through the hub's own broker or another one. */
export interface WayIn extends PillarLink {
  /** Once. Before it nothing is sent and nobody is heard. */
  listen(events: PillarLinkEvents): Promise<void>;
  /** Where pillars find it; before it listens, as configured. */
  port(): number;
  health(): { readonly isOk: boolean; readonly detail: string };
}

export interface ConnectedHow {
  /** Of the certificate it showed. */
  readonly serial?: string;
  /** Another connection of the same identity was open, and was closed for this one. */
  readonly hasTakenOver?: boolean;
}

/**
 * What became of an alarm, when its facts are durable.
 *
 * `accepted`: the receipt, which an alarm that came over the link also gets there. `held`: not
 * recorded yet, the pillar has to send it again. `refused`: it is not this pillar's, and sending it
 * again will not help.
 */
export type AlarmAnswer =
  | { readonly outcome: "accepted"; readonly accepted: Accepted }
  | { readonly outcome: "held" }
  | { readonly outcome: "refused"; readonly detail: string };

/** What a `PillarLink` calls. */
export interface PillarLinkEvents {
  onConnected(pillarId: PillarId, how?: ConnectedHow): void;
  onDisconnected(pillarId: PillarId): void;
  /**
   * Resolves when the message's facts are durable: for an alarm with what became of it, for all
   * others with nothing. Rejects when they could not be written.
   */
  onMessage(pillarId: PillarId, message: UpMessage, via: Via): Promise<AlarmAnswer | undefined>;
  /** A broker that is not ours is reached again, or still not; told again while it lasts. */
  onBroker(isReached: boolean, detail: string): void;
}

/** What a media process says, and that one ended. */
export type MediaNews = OfMedia<FromMedia | { readonly type: "ended" }>;

export interface MediaStatus {
  readonly mediaId: MediaId;
  /** It is ready. */
  readonly isUp: boolean;
  /** How often one of this number became ready. */
  readonly starts: number;
}

/** All media processes: each carries the pillars that `mediaOf` gives it. */
export interface MediaPort {
  send(message: AboutPillar): void;
  /** Once. Nothing is sent before. */
  start(onNews: (news: MediaNews) => void): void;
  status(): readonly MediaStatus[];
  close(): Promise<void>;
}

export type Outcome =
  | { readonly ok: true; readonly incident: Incident }
  | {
      readonly ok: false;
      readonly code: ProblemCode;
      readonly detail: string;
      readonly by?: string;
    };

export type Ended =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ProblemCode; readonly detail: string };

export interface RenewalAsked {
  readonly pillarId: PillarId;
  /** Of the certificate shown on this connection, which is good by its dates and its authority. */
  readonly certificateSerial: string;
  readonly request: RenewalRequest;
}

/**
 * Not due: more than half of its time is left. First
 * use: of a renewed one, which is in use from now on.
 */
export type MayRenew =
  | { readonly ok: true; readonly isDue: boolean; readonly isFirstUse: boolean }
  | { readonly ok: false; readonly detail: string };

/** Who gives an order: taken from the session, never from the request's body. */
export type Actor = Pick<Session, "username" | "displayName" | "role" | "scope">;

/** What the API may ask of the hub. */
export interface HubCommands {
  /**
   * Resolves after the commit. `idempotencyKey` answers a repeated order with its first outcome.
   */
  order(
    incidentId: IncidentId,
    order: OperatorOrder,
    by: Actor,
    idempotencyKey?: string,
  ): Promise<Outcome>;
  /** Keeps an incident's recordings, or lets them go again. Resolves after the commit. */
  lock(
    incidentId: IncidentId,
    order: { readonly isLocked: boolean; readonly reason: string },
    by: Actor,
    idempotencyKey?: string,
  ): Promise<Outcome>;
  /** The hub itself, as it is now. */
  status(): HubStatus;
  /** Sends a signed command to a pillar. */
  command(pillarId: PillarId, request: CommandRequest, by: Actor): Promise<CommandSent>;
  /** Ends an identity. Resolves after the commit, when the pillar's connection has been cut. */
  revoke(
    pillarId: PillarId,
    request: RevokeRequest,
    by: Actor,
    idempotencyKey?: string,
  ): Promise<Ended>;
  /** Where a pillar lies in the tree of areas: the whole, and inwards. */
  areasOf(pillarId: PillarId): readonly AreaId[];
  pillarsIn(area: AreaId): readonly PillarId[];
  /** Whether a pillar that has shown its present certificate gets the next. */
  mayRenew(asked: RenewalAsked): Promise<MayRenew>;
  /** WHEP and WHIP: an SDP answer, or why not. */
  view(request: ViewRequest): Promise<ViewAnswer>;
  endView(sessionId: string): void;
  /** Sign-in sessions that watch or talk now. */
  viewingSessions(): ReadonlySet<string>;
  /** Ends what a sign-in session watches and says. */
  endViewsOf(signInId: string): void;
  /** Durable facts that need no decision (sign-ins, views of a recording, enrolments). */
  record(facts: readonly Fact[]): Promise<void>;
  /**
   * A person's event stream began or ended, or they asked
   * for something: whether an owner is still there.
   */
  sawConsole(username: Username, sign: "connected" | "disconnected" | "beat" | "seen"): void;
  /** Every console event, in journal order, as it becomes durable. Returns the way to stop. */
  subscribe(listener: (event: NumberedEvent) => void): () => void;
}

export type ViewRequest = ViewWish & { readonly sdp: string };

export type ViewAnswer =
  | { readonly ok: true; readonly sessionId: string; readonly sdp: string }
  | { readonly ok: false; readonly code: ProblemCode; readonly detail: string };

/**
 * `detail`: what the pillar said, or why nothing was
 * sent (`unavailable` unless `code` says otherwise).
 */
export type CommandSent =
  | {
      readonly ok: true;
      readonly detail: string;
      /** Of a self-test: from its press to the hub's receipt at the pillar. */
      readonly confirmedAfterMs?: number | undefined;
    }
  | { readonly ok: false; readonly detail: string; readonly code?: ProblemCode };
