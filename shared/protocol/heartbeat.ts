/**
 * Every `HEARTBEAT_SECONDS`: the ledger's head and a summary
 * of health, so that silence and gaps are both found.
 */
import { z } from "zod";
import { HubEpoch, SessionNonce, Sha256 } from "../ids.ts";
import { AnyVersion, isNewer } from "./version.ts";

/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 5;

/** What can be wrong with a pillar, in a technician's words; the console translates. */
export const FaultCode = z.enum([
  "board-lost",
  /**
   * Found by the hub: the pillar's faults or alarms have
   * used up what the journal accepts from it in a day.
   */
  "budget-spent",
  "button-stuck",
  "camera-lost",
  /** Found by the hub: less than ten days are left of the certificate, and it was not renewed. */
  "certificate-ending",
  /**
   * Found by the hub: alarms ring as unverified, everything
   * else is refused. Enrol the pillar again.
   */
  "certificate-expired",
  /**
   * Found by the hub: two machines speak with this pillar's
   * keys, or it was set back to an old copy.
   */
  "clone-suspected",
  "clock-unsynced",
  "ffmpeg-missing",
  "ledger-failing",
  /** Found by the hub, never by the pillar: two alarms under one number, or a ledger gone back. */
  "ledger-forked",
  /**
   * Found by the hub: after a reboot the pillar has forgotten
   * alarms it had sent. The hub's journal has them.
   */
  "ledger-lost",
  "ledger-slow",
  /** The contact of the mains supply has closed: the pillar runs on its battery. */
  "mains-lost",
  "media-down",
  /** Messages that were not this hub's came on the pillar's topics. They were refused. */
  "messages-refused",
  "microphone-lost",
  "outbox-full",
  /**
   * Found by the hub: the camera's pictures are shown, and cannot be written into the recording.
   */
  "picture-unrecorded",
  /** Found by the hub: the pillar says what only a newer hub understands. Its alarms ring. */
  "protocol-newer",
  /** The pillar could not renew its certificate, and less than ten days are left of it. */
  "renewal-failing",
  /**
   * Found by the hub: the pillar has had as many certificates
   * today as a day allows, and asks for another.
   */
  "renewal-refused",
  /** The HTTPS fallback is switched off in the settings. */
  "fallback-off",
  "speaker-lost",
  "tamper-open",
]);
export type FaultCode = z.infer<typeof FaultCode>;

/** A newer pillar may know faults that this hub does not. */
export const FaultHeard = z.union([FaultCode, z.string().min(1).max(40)]);
const MAX_FAULTS = 64;

/** A code that this release does not know is shown as `protocol-newer`. */
export const readFault = (heard: string): FaultCode =>
  FaultCode.options.find((known) => known === heard) ?? "protocol-newer";

export const Heartbeat = z.object({
  v: AnyVersion,
  /** Rises by one at each start of the agent. */
  bootEpoch: z.number().int().positive(),
  /** Made anew at every connection; commands to this pillar must repeat it. */
  sessionNonce: SessionNonce,
  /** Since the agent started, monotonic ms. */
  uptimeMs: z.number().int().nonnegative(),
  /** The pillar's wall clock, Unix ms. For the record only. */
  wallMs: z.number().int(),
  /** The newest alarm in the ledger; the hub compares it with its own record. */
  head: z.object({
    /** Its number; 0 when there is none yet. */
    seq: z.number().int().nonnegative(),
    /** Its hash; 64 zeros when there is none yet. */
    hash: Sha256,
  }),
  /** Alarms the hub has not accepted yet. */
  outboxDepth: z.number().int().nonnegative(),
  /** Number of the oldest of them. */
  oldestUnacceptedSeq: z.number().int().positive().optional(),
  hubEpoch: HubEpoch.optional(),
  /** What is wrong now. A code of a newer pillar is shown as `protocol-newer`. */
  faults: z.array(FaultHeard).max(MAX_FAULTS),
  /** The agent's release, for the fleet page. */
  release: z.string().max(40),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** What a heartbeat says is wrong, in the words this program knows. */
export function faultsOf({ v, faults }: Pick<Heartbeat, "v" | "faults">): Set<FaultCode> {
  const known = new Set(faults.map(readFault));
  return isNewer(v) ? known.add("protocol-newer") : known;
}
