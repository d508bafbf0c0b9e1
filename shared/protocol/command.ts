/** An order from the hub: named, signed, and dead after its time. */
import { z } from "zod";
import { CommandId, PillarId, SessionNonce, Signature } from "../ids.ts";
import { Version } from "./version.ts";

export const CommandOrder = z.discriminatedUnion("name", [
  /** Lamp and chime for a technician who looks for the pillar. */
  z.strictObject({ name: z.literal("identify"), seconds: z.number().int().min(1).max(60) }),
  /** Send again every kept alarm from this sequence number. */
  z.strictObject({ name: z.literal("resend"), fromSeq: z.number().int().positive() }),
  z.strictObject({ name: z.literal("restart-media") }),
  /** A press that rings nobody but proves the path: an alarm of kind `test`. */
  z.strictObject({ name: z.literal("self-test") }),
  z.strictObject({ name: z.literal("siren"), on: z.boolean() }),
]);
export type CommandOrder = z.infer<typeof CommandOrder>;

/** What the hub signs. */
export const CommandBody = z.strictObject({
  v: Version,
  commandId: CommandId,
  pillarId: PillarId,
  order: CommandOrder,
  /** The pillar's boot this order is meant for: an older boot's order is void. */
  bootEpoch: z.number().int().positive(),
  /** The pillar's connection this order is meant for, from its heartbeat. */
  sessionNonce: SessionNonce,
  issuedWallMs: z.number().int(),
  /** From receipt, monotonic: a late order is refused. */
  expiresInMs: z.number().int().min(1000).max(60_000),
});
export type CommandBody = z.infer<typeof CommandBody>;

export const Command = z.strictObject({ v: Version, body: CommandBody, sig: Signature });
export type Command = z.infer<typeof Command>;
