/** A command from the hub: named, signed, and void after its time. */
import { z } from "zod";
import { CommandId, GrantId, PillarId, SessionNonce, Signature } from "../ids.ts";
import { GrantedPurpose } from "./purpose.ts";
import { Version } from "./version.ts";

/** What people may order a pillar to do. */
export const OrderedCommand = z.discriminatedUnion("name", [
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
export type OrderedCommand = z.infer<typeof OrderedCommand>;
export const OrderedCommandName = z.enum(
  OrderedCommand.options.map(({ shape }) => shape.name.value),
);

/** A grant is given for so long; while it is wanted it is given again before its end. */
export const MAX_GRANT_SECONDS = 60;

export const PillarCommand = z.discriminatedUnion("name", [
  ...OrderedCommand.options,
  /**
   * Lets picture or sound flow although nobody has called, while the lamp says so. The same grant
   * again goes on from now. Refused during a call, and where the lamp cannot be lit.
   */
  z.strictObject({
    name: z.literal("grant"),
    grantId: GrantId,
    /** What it opens follows from this. */
    purpose: GrantedPurpose,
    /** How long, from its receipt. */
    seconds: z.number().int().min(1).max(MAX_GRANT_SECONDS),
  }),
  /** Ends a grant before its time; one that has ended already is no error. */
  z.strictObject({ name: z.literal("end-grant"), grantId: GrantId }),
]);
export type PillarCommand = z.infer<typeof PillarCommand>;

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
