/**
 * What a fact of an incident says besides its type,
 * its time and who did it: values, and no sentences.
 */
import type { IncidentDetail } from "../../../shared/api/timeline.ts";
import { kindOf } from "../../../shared/protocol/alarm.ts";
import type { FactOf, IncidentFact } from "../../core/facts.ts";
import { iso } from "./api-shape.ts";

type Details = {
  readonly [T in IncidentFact["type"]]: (fact: FactOf<T>) => IncidentDetail | null;
};

const DETAILS: Details = {
  "alarm-recorded": ({ event, via }) => ({
    ...{ kind: "alarm", alarm: kindOf(event), seq: event.seq, via },
  }),
  "incident-opened": ({ text }) => typed(text),
  "incident-joined": ({ text }) => typed(text),
  "alarm-equivocation": ({ seq, earlierEventId }) => ({ kind: "same-number", seq, earlierEventId }),
  "deadline-set": ({ dueAt, reason }) => ({ kind: "due", at: iso(dueAt), reason }),
  "deadline-passed": ({ reason }) => ({ kind: "overdue", reason }),
  "incident-escalated": ({ level }) => ({ kind: "escalation", level }),
  "incident-released": ({ fromName }) => ({ kind: "from-person", name: fromName }),
  "external-delivered": ({ target }) => receiver(target, null),
  "external-failed": ({ target, detail }) => receiver(target, detail),
  "external-gone": ({ target }) => receiver(target, null),
  "incident-pillar-revoked": ({ reason }) => ({ kind: "revocation", reason }),
  "incident-acknowledged": () => null,
  "incident-answered": ({ fromName }) =>
    fromName === null ? null : { kind: "from-person", name: fromName },
  "incident-held": ({ held }) => ({ kind: "hold", isHeld: held }),
  "incident-transferred": ({ toName }) => ({ kind: "to-person", name: toName }),
  "incident-noted": ({ text }) => ({ kind: "note", text }),
  "unit-dispatched": ({ unit }) => ({ kind: "unit", unit }),
  "incident-closed": ({ disposition, note }) => ({ kind: "close", disposition, note }),
  "incident-reopened": () => null,
  "recording-started": ({ recordingId }) => ({ kind: "recording", recordingId }),
  "recording-ended": ({ recordingId, state, durationMs, gaps = null }) => ({
    ...{ kind: "recording-end", recordingId, state, durationMs, gaps },
  }),
  "recording-deleted": ({ reason }) => ({ kind: "deletion", reason }),
  "incident-locked": ({ reason }) => ({ kind: "lock", reason }),
  "incident-unlocked": ({ reason }) => ({ kind: "lock", reason }),
  "view-opened": ({ role }) => ({ kind: "view", role }),
  "view-closed": ({ role }) => ({ kind: "view", role }),
};

export function incidentDetail(fact: IncidentFact): IncidentDetail | null {
  // A newer hub may have written facts of which this one knows nothing.
  const detail = DETAILS[fact.type] as ((fact: IncidentFact) => IncidentDetail | null) | undefined;
  return detail?.(fact) ?? null;
}

const typed = (text: string | null): IncidentDetail | null =>
  text === null ? null : { kind: "typed", text };

/** Only the host: the address may hold a secret in its path. */
const receiver = (target: string, failure: string | null): IncidentDetail => ({
  kind: "receiver",
  host: URL.canParse(target) ? new URL(target).host : target,
  failure,
});
