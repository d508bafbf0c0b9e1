/**
 * What happened, as the journal keeps it for ever.
 *
 * Facts are evidence: they say what was, never what to do, and they must mean the same after an
 * upgrade. `at` is the hub's wall clock, Unix ms.
 */
import type { IncidentId } from "../../shared/ids.ts";
import type { Kinds } from "./kinds.ts";

export type Fact = Kinds["fact"];

/** Facts of one incident: its timeline. */
export type IncidentFact = Extract<Fact, { incidentId: IncidentId }>;
/** What becomes of an identity after the enrolment. */
export type CertificateFact = FactOf<
  "certificate-renewed" | "certificate-adopted" | "certificate-expired" | "pillar-revoked"
>;
/**
 * What gives a pillar its identity or takes it: kept beside the authority as well
 * (`hub/identity/`).
 */
export const OF_IDENTITY = [
  "pillar-registered",
  "pillar-enrolled",
  "certificate-renewed",
  "pillar-revoked",
] as const satisfies readonly Fact["type"][];
export type IdentityFact = FactOf<(typeof OF_IDENTITY)[number]>;
const ofIdentity: ReadonlySet<string> = new Set(OF_IDENTITY);
export const isIdentityFact = (fact: Fact): fact is IdentityFact => ofIdentity.has(fact.type);

/** Facts that change a pillar's row. */
export type PillarFact = FactOf<
  | "pillar-registered"
  | "pillar-enrolled"
  | CertificateFact["type"]
  | "pillar-session-ended"
  | "pillar-started"
  | "presence-changed"
  | "pillar-fault"
  | "pillar-cloned"
>;
export type RecordingFact = FactOf<"recording-started" | "recording-ended" | "recording-deleted">;

export type FactOf<T extends Fact["type"]> = Extract<Fact, { type: T }>;
