/**
 * I13: the loss of a whole grid is one piece of news,
 * and so is its return: in turn, and never twice.
 */
import type { History, Violation } from "../run/history.ts";

export function checkGrids({ hub, endedAt: at }: History): Violation[] {
  const gone = new Set<string>();
  const violations: Violation[] = [];
  for (const fact of hub.journal) {
    if (fact.type !== "grid-lost" && fact.type !== "grid-back") continue;
    const { type, grid } = fact;
    const isNews = gone.has(grid) === (type === "grid-back");
    if (!isNews) {
      violations.push({ invariant: "I13", at, detail: `${type} of ${grid} twice`, about: ["hub"] });
    }
    if (type === "grid-lost") gone.add(grid);
    else gone.delete(grid);
  }
  return violations;
}
