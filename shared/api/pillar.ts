/** A pillar as the fleet sees it. */
import { z } from "zod";
import { PillarId } from "../ids.ts";
import { CommandOrder } from "../protocol/command.ts";
import { FaultCode } from "../protocol/heartbeat.ts";

export const Presence = z.enum(["online", "late", "lost", "out-of-service"]);
export type Presence = z.infer<typeof Presence>;

/** GeoJSON point (RFC 7946): WGS-84, longitude then latitude. */
export const Position = z.object({
  type: z.literal("Point"),
  coordinates: z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]),
});
export type Position = z.infer<typeof Position>;

export const Pillar = z.object({
  id: PillarId,
  name: z.string().min(1).max(80),
  /** Grid cell or street office the pillar belongs to. */
  grid: z.string().max(40),
  /** What an operator reads to a patrol: crossing, landmark. */
  address: z.string().max(200),
  position: Position.nullable(),
  presence: Presence,
  lastSeenAt: z.iso.datetime().nullable(),
  isEnrolled: z.boolean(),
  faults: z.array(FaultCode),
  release: z.string().nullable(),
});
export type Pillar = z.infer<typeof Pillar>;
export const PillarPage = z.object({ items: z.array(Pillar), next: z.string().nullable() });

export const CommandRequest = z.strictObject({ order: CommandOrder });
