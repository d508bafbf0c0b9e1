/**
 * What the hub signs for one pillar, for one session of it, in one order.
 *
 * These messages decide what a person sees and hears, and on an external broker other clients may
 * write to the pillar's topics. So the body names the pillar and its session, and is numbered:
 * forged, foreign, repeated and reordered messages are all refused. A hub that has just started
 * learns the session from the pillar's next heartbeat and sends nothing before.
 */
import { z } from "zod";
import { HubRun, PillarId, SessionNonce, Signature } from "../ids.ts";
import { signedObject, Version } from "./version.ts";

const stamp = {
  v: Version,
  pillarId: PillarId,
  /** The pillar's connection this is meant for, from its heartbeat. */
  sessionNonce: SessionNonce,
  /** Made at each start of the hub; numbers begin anew with it. */
  hubRun: HubRun,
  /** Rises with every message of one run of the hub. */
  number: z.number().int().positive(),
};

export const Stamp = z.object(stamp);
export type Stamp = z.infer<typeof Stamp>;

/**
 * A signed message whose body holds the stamp and `content`.
 * `maxLength`: of the body, in characters.
 */
export function addressed<Content extends z.ZodRawShape>(content: Content, maxLength?: number) {
  return z.object({
    v: Version,
    /** What the hub signs. */
    body: signedObject({ ...stamp, ...content }, maxLength),
    /** Ed25519 by the hub's key over `canonicalJson(body)`. */
    sig: Signature,
  });
}
