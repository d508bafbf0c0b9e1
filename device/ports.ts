/** What the agent's shell needs from the world. */
import type { AlarmEvent } from "../shared/protocol/alarm.ts";
import type { DownMessage, UpMessage } from "../shared/protocol/messages.ts";
import type { EventId, HubEpoch, Sha256, Signature } from "../shared/ids.ts";
import type { FromMedia, ToMedia } from "./media/ipc.ts";

export type InputName = "button" | "silent-button" | "tamper" | "mains";

export interface InputChange {
  readonly input: InputName;
  /** Contact closed (button pressed, case open, mains failed). */
  readonly isActive: boolean;
  /** Monotonic ms of the edge, from the kernel or the board where it can tell. */
  readonly at: number;
}

export type LampPattern = "off" | "standby" | "calling" | "received" | "answered" | "fault";

/** Button, lamp, siren, tamper: one I/O board or a set of GPIO lines. */
export interface Board {
  onInput(listener: (change: InputChange) => void): void;
  /** `false`: the board cannot be reached; `true`: it can again, and outputs were set anew. */
  onReachable(listener: (isReachable: boolean, detail: string) => void): void;
  setLamp(pattern: LampPattern): void;
  setSiren(isOn: boolean): void;
  close(): Promise<void>;
}

export interface SealedAlarm {
  readonly event: AlarmEvent;
  readonly hash: Sha256;
  readonly sig: Signature;
}

export interface LedgerHead {
  readonly seq: number;
  readonly hash: Sha256;
}

/** The pillar's own truth: SQLite, WAL, FULL, on its own thread. */
export interface Ledger {
  readonly bootEpoch: number;
  readonly head: LedgerHead;
  readonly hubEpoch: HubEpoch | undefined;
  /** Alarms not yet accepted, oldest first. */
  readonly unaccepted: readonly SealedAlarm[];
  append(alarm: SealedAlarm): Promise<void>;
  markAccepted(eventId: EventId, hubEpoch: HubEpoch): Promise<void>;
  since(seq: number): Promise<readonly SealedAlarm[]>;
  close(): Promise<void>;
}

/** A way to the hub. Messages arrive parsed. */
export interface HubLink {
  publish(message: UpMessage): void;
  onUp(listener: () => void): void;
  onDown(listener: (reason: string) => void): void;
  onMessage(listener: (message: DownMessage) => void): void;
  close(): Promise<void>;
}

export interface MediaPort {
  send(message: ToMedia): void;
  onMessage(listener: (message: FromMedia) => void): void;
  close(): Promise<void>;
}
