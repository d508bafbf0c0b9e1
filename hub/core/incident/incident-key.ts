/** The key under which a pillar has at most one open incident. */
import type { IncidentRecord } from "../state/incident-record.ts";

/** A test never joins a real call, and a real press never joins a test. */
export const incidentKey = (incident: Pick<IncidentRecord, "pillarId" | "kind">): string =>
  incident.kind === "test" ? `${incident.pillarId}/test` : incident.pillarId;
