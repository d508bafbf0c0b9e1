/**
 * The events that the agent's core is told, and the effects it decides on.
 *
 * The core reads no clock and draws no random number: every event carries them. Effects are
 * performed by the shell in the order given.
 */
import type { Instant } from "../../shared/duration.ts";
import type { EventId, HubEpoch, SessionNonce } from "../../shared/ids.ts";
import type { Receipt } from "../../shared/protocol/accepted.ts";
import type { Alarm, AlarmEvent } from "../../shared/protocol/alarm.ts";
import type { CallBody } from "../../shared/protocol/call.ts";
import type { CommandBody } from "../../shared/protocol/command.ts";
import type { UpMessage } from "../../shared/protocol/messages.ts";
import type { SignalBody } from "../../shared/protocol/signal.ts";
import type { DownChannel } from "../../shared/protocol/topics.ts";
import type { Display, LampPattern } from "./state/shown.ts";
import type { Kept, SealedAlarm } from "./state/kept.ts";
import type { FromMedia, MediaEffect } from "./state/media-channel.ts";
import type { PromptName } from "./call/prompt.ts";

/** When an event is told, by both clocks, and one random number for whatever it starts. */
export interface Moment {
  /** Monotonic ms since the agent's start. */
  readonly at: Instant;
  /** Unix ms, for the record only. */
  readonly wallMs: number;
  readonly isClockSynced: boolean;
  /** In [0, 1). */
  readonly chance: number;
  /** 128 fresh random bits, for an alarm that this event may create. */
  readonly freshId: EventId;
}

export type ButtonKind = "voice" | "silent";

/** A press told at a moment; `edgeAt`: when the contact closed. */
export interface Press extends Moment {
  readonly kind: ButtonKind;
  readonly edgeAt: Instant;
}

export type TimerName =
  | "heartbeat"
  | "ledger-late"
  | "ledger-retry"
  | "ledger-calm"
  | "resend"
  | "https-fallback"
  | "replay"
  | "dial-110"
  | "call-silence"
  | "answer-stale"
  | "refusals-calm"
  | "press-again"
  | "ended-shown"
  | "reconnect"
  | "link-missing"
  | "stuck-voice"
  | "stuck-silent"
  | "identify"
  | "self-test"
  | "siren"
  | "grant";

export type Told =
  | { readonly type: "started" }
  /**
   * Why the certificate could not be renewed in good time; `undefined`: nothing is wrong with it.
   */
  | { readonly type: "renewal-troubled"; readonly detail: string | undefined }
  /** `edgeAt`: when the contact closed, at or before this moment. */
  | { readonly type: "button-pressed"; readonly kind: ButtonKind; readonly edgeAt: Instant }
  | { readonly type: "button-released"; readonly kind: ButtonKind }
  | { readonly type: "tamper-changed"; readonly isOpen: boolean }
  | { readonly type: "mains-changed"; readonly isLost: boolean }
  /** `hub.alarmUrls` is an empty list: the HTTPS fallback is switched off. */
  | { readonly type: "fallback-off" }
  | { readonly type: "board-running"; readonly isRunning: boolean; readonly detail: string }
  /** The shell hashed and signed the draft. */
  | { readonly type: "sealed"; readonly alarm: SealedAlarm; readonly edgeAt: Instant }
  | { readonly type: "appended"; readonly eventId: EventId }
  | { readonly type: "append-failed"; readonly eventId: EventId; readonly reason: string }
  /** The ledger was found damaged, or cannot store anything for now. */
  | { readonly type: "ledger-broken"; readonly reason: string }
  /** The spare file is in use until somebody comes. */
  | { readonly type: "ledger-moved"; readonly reason: string }
  /** The disk failed at the start and works again: this is what it holds. */
  | ({ readonly type: "ledger-back" } & Kept)
  /** A page of the ledger, oldest first; empty at its end. */
  | { readonly type: "kept"; readonly alarms: readonly SealedAlarm[] }
  | { readonly type: "kept-failed"; readonly reason: string }
  | { readonly type: "link-up"; readonly sessionNonce: SessionNonce }
  /** No receipt by HTTPS: refused, unreachable, or taken with the receipt still to come. */
  | { readonly type: "fallback-failed"; readonly eventId: EventId; readonly reason: string }
  | { readonly type: "link-down"; readonly reason: string }
  /** The hub's receipt; its signature is good. `https`: the answer to a request for this alarm. */
  | { readonly type: "accepted"; readonly receipt: Receipt; readonly via: "link" | "https" }
  /** What became of the call; its signature is good. */
  | { readonly type: "call-told"; readonly body: CallBody }
  /** A command of the hub; its signature is good. */
  | { readonly type: "command-received"; readonly body: CommandBody }
  /** Signalling for picture and voice; its signature is good. */
  | { readonly type: "signalled"; readonly body: SignalBody }
  /**
   * A message on a topic of ours that is not our hub's: unreadable, unsigned, or signed by another.
   */
  | {
      readonly type: "message-refused";
      readonly channel: DownChannel;
      readonly reason: string;
    }
  | { readonly type: "media-said"; readonly message: FromMedia }
  | { readonly type: "media-running"; readonly isRunning: boolean; readonly detail: string }
  | { readonly type: "timer-due"; readonly name: TimerName };

export type Event = Told & Moment;

export type Effect =
  /** Hash and sign now, before anything else happens; answered by `sealed`. */
  | { readonly type: "seal"; readonly draft: AlarmEvent; readonly edgeAt: Instant }
  /** Answered by `appended` or `append-failed`. */
  | { readonly type: "append"; readonly alarm: SealedAlarm }
  | { readonly type: "mark-accepted"; readonly eventId: EventId; readonly hubEpoch: HubEpoch }
  /** Answered by `kept` or `kept-failed`. */
  | { readonly type: "fetch-kept"; readonly fromSeq: number; readonly limit: number }
  | { readonly type: "publish"; readonly message: UpMessage }
  /** By HTTPS to the hub of that number, from 0; answered by `accepted` or `fallback-failed`. */
  | { readonly type: "send-by-fallback"; readonly hub: number; readonly message: Alarm }
  /** One attempt; answered by `link-up` or `link-down`. */
  | { readonly type: "connect" }
  | { readonly type: "lamp"; readonly pattern: LampPattern }
  | { readonly type: "display"; readonly display: Display }
  | { readonly type: "siren"; readonly isOn: boolean }
  | { readonly type: "prompt"; readonly name: PromptName }
  | { readonly type: "media"; readonly message: MediaEffect }
  /** A timer of the same name is replaced. */
  | { readonly type: "set-timer"; readonly name: TimerName; readonly at: Instant }
  | { readonly type: "clear-timer"; readonly name: TimerName }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly text: string;
    };
