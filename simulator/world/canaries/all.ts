/** Every canary, and how to find one by its name. */
import type { Canary } from "./canary.ts";
import { INCIDENT_CANARIES } from "./incident.ts";
import { OUTBOX_CANARIES } from "./outbox.ts";
import { PRIORITY_CANARIES } from "./priority.ts";
import { READ_CANARIES } from "./reads.ts";
import { RECEIPT_CANARIES } from "./receipt.ts";
import { REVOCATION_CANARIES } from "./revocation.ts";
import { SHELL_CANARIES } from "./shells.ts";
import { STRANGER_CANARIES } from "./stranger.ts";
import { VIEW_CANARIES } from "./views.ts";
import { WORD_CANARIES } from "./words.ts";

export const CANARIES: readonly Canary[] = [
  ...RECEIPT_CANARIES,
  ...OUTBOX_CANARIES,
  ...INCIDENT_CANARIES,
  ...WORD_CANARIES,
  ...PRIORITY_CANARIES,
  ...READ_CANARIES,
  ...STRANGER_CANARIES,
  ...REVOCATION_CANARIES,
  ...VIEW_CANARIES,
  ...SHELL_CANARIES,
];

export function canaryNamed(name: string): Canary {
  const canary = CANARIES.find((one) => one.name === name);
  if (!canary) {
    const names = CANARIES.map((one) => one.name).join(", ");
    throw new Error(`expected a canary's name, found ${name}; there are ${names}`);
  }
  return canary;
}
