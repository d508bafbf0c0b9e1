/** Lines of the log about facts, as their parts word them. */
import type { Logger } from "pino";
import type { Fact } from "../core/facts.ts";
import { sayingOf } from "../core/parts.ts";

export function logFacts(log: Logger, facts: readonly Fact[]): void {
  for (const fact of facts) {
    const line = sayingOf(fact)?.log?.(fact);
    if (line) log[line.level](line.fields, line.text);
  }
}
