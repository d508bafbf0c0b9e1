/**
 * I7: no message counts again in another time. A receipt that was signed before the hub's database
 * was set back leads no pillar to that database again, and a command is performed once.
 *
 * Only receipts over the link are judged: by HTTPS an
 * answer belongs to its request, and may come late.
 */
import type { History, Violation } from "../run/history.ts";

interface Known {
  now: string;
  readonly left: Set<string>;
}

export function checkReplay({ happenings }: History): Violation[] {
  const violations: Violation[] = [];
  const byPillar = new Map<string, Known>();
  const performed = new Set<string>();
  for (const one of happenings) {
    if (one.type === "performed") {
      const { at, pillar, commandId } = one;
      const detail = `${pillar} performs the command ${commandId.slice(0, 6)} a second time`;
      if (performed.has(commandId)) {
        violations.push({ invariant: "I7", at, detail, about: [pillar] });
      }
      performed.add(commandId);
    }
    if (one.type === "pillar-down") byPillar.delete(one.pillar);
    if (one.type !== "database") continue;
    const { at, pillar, hubEpoch } = one;
    const known = byPillar.get(pillar) ?? { now: hubEpoch, left: new Set() };
    byPillar.set(pillar, known);
    if (known.now === hubEpoch) continue;
    known.left.add(known.now);
    known.now = hubEpoch;
    if (!known.left.has(hubEpoch)) continue;
    const detail = `${pillar} takes a receipt of the database ${hubEpoch.slice(0, 6)}, which it had left`;
    violations.push({ invariant: "I7", at, detail, about: [pillar] });
  }
  return violations;
}
