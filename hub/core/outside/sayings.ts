/** What screens, histories and the log make of calls to somebody outside. */
import type { IncidentDetail } from "../../../shared/api/timeline.ts";
import { incidentLine, notification, UNSAID, type Sayings } from "../part.ts";
import type { OutsideHistory } from "./kinds.ts";

export const OUTSIDE_SAYINGS: Sayings<OutsideHistory> = {
  "external-delivered": {
    ...UNSAID,
    timeline: ({ target }) => receiver(target, null),
    log: incidentLine(({ attempt }) => `told to the outside (attempt ${attempt})`),
  },
  "external-failed": {
    ...UNSAID,
    subjects: ({ type, detail }) => [notification("warning", type, detail)],
    timeline: ({ target, detail }) => receiver(target, detail),
    log: incidentLine((f) => `not told to the outside (attempt ${f.attempt}): ${f.detail}`),
  },
  "external-gone": {
    ...UNSAID,
    subjects: ({ type, incidentId }) => [notification("error", type, incidentId)],
    timeline: ({ target }) => receiver(target, null),
    log: incidentLine(() => "not told to the outside: the receiver wants no more calls"),
  },
};

/** Only the host: the address may hold a secret in its path. */
const receiver = (target: string, failure: string | null): IncidentDetail => ({
  kind: "receiver",
  host: URL.canParse(target) ? new URL(target).host : target,
  failure,
});
