/** A command from the hub: named, signed, and void after its time. */
import { z } from "zod";
import { CommandId, PillarId, SessionNonce, Signature } from "../ids.ts";
import { Version } from "./version.ts";

export const PillarCommand = z.discriminatedUnion("name", [
  /** Lamp and chime for a technician who looks for the pillar. */
  z.strictObject({
    name: z.literal("identify"),
    /** How long. */
    seconds: z.number().int().min(1).max(60),
  }),
  /** Send again every kept alarm from this sequence number. */
  z.strictObject({
    name: z.literal("resend"),
    /** Number of the first alarm to send again. */
    fromSeq: z.number().int().positive(),
  }),
  /** Ends the media process; it starts again by itself. */
  z.strictObject({ name: z.literal("restart-media") }),
  /** A press that rings nobody but proves the path: an alarm of kind `test`. */
  z.strictObject({ name: z.literal("self-test") }),
  /** Sounds the siren or ends it. */
  z.strictObject({
    name: z.literal("siren"),
    /** Whether it shall sound. */
    on: z.boolean(),
  }),
]);
export type PillarCommand = z.infer<typeof PillarCommand>;
export const PillarCommandName = z.enum(PillarCommand.options.map(({ shape }) => shape.name.value));

/** What the hub signs. */
export const CommandBody = z.strictObject({
  v: Version,
  /** Named again in the result. */
  commandId: CommandId,
  pillarId: PillarId,
  /** What the pillar shall do. */
  command: PillarCommand,
  /** The pillar's boot this command is meant for: a command for an older boot is void. */
  bootEpoch: z.number().int().positive(),
  /** The pillar's connection this command is meant for, from its heartbeat. */
  sessionNonce: SessionNonce,
  /** The hub's wall clock, Unix ms. For the record only. */
  issuedWallMs: z.number().int(),
  /** Counted from the receipt, monotonic: a late command is refused. */
  expiresInMs: z.number().int().min(1000).max(60_000),
});
export type CommandBody = z.infer<typeof CommandBody>;

export const Command = z.strictObject({ v: Version, body: CommandBody, sig: Signature });
export type Command = z.infer<typeof Command>;
