/** Why an incident is as urgent as it is, in the reader's language. */
import type { Incident } from "../../../../shared/api/incident.ts";
import { isolated } from "../../../../shared/text.ts";
import type { useText } from "../../i18n/index.ts";

type Text = ReturnType<typeof useText>;

/**
 * What stands beside the priority; empty where its kind says everything. A person's own words stand
 * in the history.
 */
export function priorityReason({ priorityReason: reason }: Incident, text: Text): string {
  if (reason.kind === "rule") {
    return IS_SAID_BY_KIND.has(reason.rule) ? "" : text(`priorityRule.${reason.rule}`);
  }
  return text("grade.byPerson", { name: isolated(reason.byName) });
}

const IS_SAID_BY_KIND: ReadonlySet<string> = new Set(["kind", "silent"]);
