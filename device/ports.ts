/** What the agent's shell needs from the world, and the adapters give it. */
import type { Accepted } from "../shared/protocol/accepted.ts";
import type { Alarm } from "../shared/protocol/alarm.ts";
import type { DownMessage, UpMessage } from "../shared/protocol/messages.ts";
import type { DownChannel } from "../shared/protocol/topics.ts";
import type { EventId, HubEpoch } from "../shared/ids.ts";
import type { Kept, LedgerHead, LedgerNews, SealedAlarm } from "./core/state/kept.ts";
import type { Display, LampPattern } from "./core/state/shown.ts";
import type { FromMedia } from "./core/state/media-channel.ts";
import type { ToMedia } from "./media/ipc.ts";

export type InputName = "button" | "silent-button" | "tamper" | "mains";

export interface InputChange {
  readonly input: InputName;
  /** Contact closed (button pressed, case open, mains failed). */
  readonly isActive: boolean;
  /** Monotonic ms of the edge, from the kernel or the board where it can tell. */
  readonly at: number;
  /** With a press, from a board that counts them. */
  readonly mark?: BoardMark;
}

/** Where the board's counters stood after a press. */
export interface BoardMark {
  readonly boots: number;
  readonly presses: number;
  readonly silentPresses: number;
}

/** The pillar's own screen, or what feeds it. */
export interface Screen {
  show(display: Display): void;
  close(): Promise<void>;
}

/** Button, lamp, siren, tamper: one I/O board or a set of GPIO lines. */
export interface Board {
  /** False only where it is known that there is none. */
  readonly hasLamp?: boolean;
  /**
   * `since`: the last press that an earlier life told
   * and stored; a counting board tells those after it.
   */
  onInput(listener: (change: InputChange) => void, since?: BoardMark): void;
  /** `false`: the board cannot be reached; `true`: it can again, and outputs were set anew. */
  onReachable(listener: (isReachable: boolean, detail: string) => void): void;
  setLamp(pattern: LampPattern): void;
  setSiren(isOn: boolean): void;
  close(): Promise<void>;
}

/** The pillar's own truth: SQLite, WAL, FULL, on its own thread. */
export interface Ledger extends Kept {
  readonly bootEpoch: number;
  readonly head: LedgerHead;
  /** The newest alarm that is no self-test: a hub may still be in a call about it. */
  readonly lastEventId: EventId | undefined;
  /**
   * Where the board stood when every press before was stored;
   * none for a new ledger or another kind of board.
   */
  readonly boardMark: BoardMark | undefined;
  /**
   * Resolves when the alarm is on the disk, and with it
   * that all presses up to `mark` are; rejects when not.
   */
  append(alarm: SealedAlarm, mark?: BoardMark): Promise<void>;
  /** What was said before anybody listened is said then. */
  onNews(listener: (news: LedgerNews) => void): void;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): Promise<void>;
  /** Kept alarms from this sequence number on, oldest first, at most `limit`. */
  since(fromSeq: number, limit: number): Promise<readonly SealedAlarm[]>;
  close(): Promise<void>;
}

/** A way to the hub. Messages arrive parsed. */
export interface HubLink {
  /**
   * One attempt, bounded in time; it ends in `onUp` or in `onDown`. The core decides when to try
   * again. `hasAlarm`: one that no hub has accepted waits, so the hub should let us in first.
   */
  connect(hasAlarm: boolean): void;
  /** Dropped when the link is down: whoever needs an answer asks again. */
  publish(message: UpMessage): void;
  onUp(listener: () => void): void;
  onDown(listener: (reason: string) => void): void;
  onMessage(listener: (message: DownMessage) => void): void;
  /** Bytes on one of our topics that are no message of the protocol. */
  onUnreadable?(listener: (channel: DownChannel, reason: string) => void): void;
  /** Ends the connection, so that the next one shows the new certificate. */
  startAnew?(reason: string): void;
  close(): Promise<void>;
}

/** The HTTPS fallback, for alarms alone. */
export interface HttpsFallback {
  /**
   * One request to the hub of that number, bounded in time. Resolves with what it answered, its
   * signature not looked at; `undefined`: taken, the receipt is still to come. Rejects with the
   * reason.
   */
  send(hub: number, alarm: Alarm): Promise<Accepted | undefined>;
  close(): Promise<void>;
}

export interface MediaPort {
  send(message: ToMedia): void;
  onMessage(listener: (message: FromMedia) => void): void;
  /** The process runs (again), or it does not and why. */
  onRunning(listener: (isRunning: boolean, detail: string) => void): void;
  close(): Promise<void>;
}
