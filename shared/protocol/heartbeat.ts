/** Every 5 s: the ledger's head and a summary of health, so that silence and gaps are both found. */
import { z } from "zod";
import { HubEpoch, SessionNonce, Sha256 } from "../ids.ts";
import { Version } from "./version.ts";

/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 5;

/** What can be wrong with a pillar, in a technician's words; the console translates. */
export const FaultCode = z.enum([
  "board-lost",
  "button-stuck",
  "camera-lost",
  /** Found by the hub: two machines speak with this pillar's keys, or it was set back to an old copy. */
  "clone-suspected",
  "clock-unsynced",
  "ffmpeg-missing",
  "ledger-failing",
  /** Found by the hub, never by the pillar: two alarms under one number, or a ledger gone back. */
  "ledger-forked",
  "ledger-slow",
  "media-down",
  "microphone-lost",
  "outbox-full",
  "speaker-lost",
  "tamper-open",
]);
export type FaultCode = z.infer<typeof FaultCode>;

export const Heartbeat = z.strictObject({
  v: Version,
  bootEpoch: z.number().int().positive(),
  /** Made anew at every connection; orders to this pillar must repeat it. */
  sessionNonce: SessionNonce,
  uptimeMs: z.number().int().nonnegative(),
  wallMs: z.number().int(),
  head: z.strictObject({ seq: z.number().int().nonnegative(), hash: Sha256 }),
  /** Alarms the hub has not accepted yet. */
  outboxDepth: z.number().int().nonnegative(),
  oldestUnacceptedSeq: z.number().int().positive().optional(),
  hubEpoch: HubEpoch.optional(),
  faults: z.array(FaultCode).max(FaultCode.options.length),
  /** The agent's release, for the fleet page. */
  release: z.string().max(40),
});
export type Heartbeat = z.infer<typeof Heartbeat>;
