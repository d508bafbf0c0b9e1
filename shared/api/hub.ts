/** The hub itself: its disk, and what a technician has to look at. */
import { z } from "zod";

export const HubFaultCode = z.enum([
  /** Less than a fifth of a disk is free. */
  "disk-low",
  /** Less than a twentieth is free. */
  "disk-critical",
  /** Too little is free for recordings; alarms go on. */
  "recording-stopped",
  /** Recordings that are due cannot be removed. */
  "retention-failing",
]);
export type HubFaultCode = z.infer<typeof HubFaultCode>;

export const HubFault = z.object({
  code: HubFaultCode,
  since: z.iso.datetime(),
  /** What the system said, for a technician; may be empty. */
  detail: z.string(),
});
export type HubFault = z.infer<typeof HubFault>;

export const DiskStatus = z.object({
  freeBytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative(),
  /**
   * Until recordings stop, as it has grown lately; null: it does not grow, or nobody can say yet.
   */
  fullInDays: z.number().nonnegative().nullable(),
});
export type DiskStatus = z.infer<typeof DiskStatus>;

export const HubStatus = z.object({
  /** The disk that holds the recordings; null until it was first checked. */
  disk: DiskStatus.nullable(),
  /** Recordings older than this are removed. */
  keepDays: z.number(),
  /** The oldest are removed earlier when less than this share of the disk is free. */
  leastFreePercent: z.number(),
  faults: z.array(HubFault),
});
export type HubStatus = z.infer<typeof HubStatus>;
