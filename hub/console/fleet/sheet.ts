/** The fleet as a sheet of texts, for a CSV file in the reader's language. */
import type { Pillar } from "../../../shared/api/pillar.ts";
import { keyFor, type Text } from "../i18n/index.ts";

export const faultWords = ({ faults }: Pillar, text: Text): string[] =>
  faults.map((fault) => text(keyFor("fault", fault, "timeline.other")));

const COLUMNS = [
  "fleet.name",
  "fleet.grid",
  "fleet.presence",
  "fleet.faults",
  "fleet.lastSeen",
  "fleet.certificate",
  "fleet.release",
] as const;

/** The titles first. */
export function fleetSheet(rows: readonly Pillar[], text: Text): string[][] {
  const lines = rows.map((pillar) => [
    pillar.id,
    pillar.name,
    pillar.grid,
    text(`presence.${pillar.presence}`),
    faultWords(pillar, text).join("; "),
    pillar.lastSeenAt ?? "",
    pillar.revocation ? text("fleet.revoked") : (pillar.certificate?.validUntil ?? ""),
    pillar.release ?? "",
  ]);
  return [["id", ...COLUMNS.map((key) => text(key))], ...lines];
}
