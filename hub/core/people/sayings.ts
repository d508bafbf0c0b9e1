/** What the audit and histories make of what people did and saw; no screen changes by it. */
import type { AuditDetail } from "../../../shared/api/audit.ts";
import { iso } from "../../../shared/iso.ts";
import type { FactOf } from "../facts.ts";
import { incidentLine, UNSAID, type Sayings } from "../part.ts";
import type { PeopleHistory } from "./kinds.ts";

export const PEOPLE_SAYINGS: Sayings<PeopleHistory> = {
  "account-changed": {
    ...UNSAID,
    audit: "account",
    timeline: ({ change, role, scope }) => {
      const isNew = change === "created";
      return {
        ...{ kind: "account", change },
        role: isNew || change === "role" ? role : null,
        scope: isNew || change === "scope" ? scope : null,
      };
    },
  },
  "service-changed": {
    ...UNSAID,
    audit: "account",
    timeline: ({ change, scopes, expiresAt }) => ({
      kind: "service",
      change,
      scopes: [...scopes],
      expiresAt: iso(expiresAt),
    }),
  },
  "session-opened": { ...UNSAID, audit: "session" },
  "session-closed": { ...UNSAID, audit: "session" },
  "fact-sealed": {
    ...UNSAID,
    audit: "order",
    timeline: ({ index, reason }) => ({ kind: "sealed", index, reason }),
  },
  "sign-in-refused": { ...UNSAID, audit: "sign-in-refused" },
  "records-read": {
    ...UNSAID,
    audit: ({ what }) => (what === "audit" ? "audit" : "read"),
    timeline: ({ what }) => ({ kind: "read", what }),
  },
  "view-opened": {
    ...UNSAID,
    audit: ({ role }) => role,
    timeline: ({ role }) => ({ kind: "view", role }),
    log: incidentLine((f) => `${f.role === "talk" ? "talked to" : "watched"} by ${f.byName}`),
  },
  "view-closed": {
    ...UNSAID,
    audit: ({ role }) => role,
    timeline: ({ role }) => ({ kind: "view", role }),
  },
  "look-opened": {
    ...UNSAID,
    audit: "watch",
    timeline: ({ purpose, reason }) => ({ kind: "look", purpose, reason }),
    log: ({ pillarId, purpose, byName }) => ({
      level: "info",
      text: `pillar ${pillarId} is looked at by ${byName} (${purpose})`,
      fields: { pillarId },
    }),
  },
  "look-closed": {
    ...UNSAID,
    audit: "watch",
    timeline: ({ purpose, reason }) => ({ kind: "look", purpose, reason }),
  },
  "command-sent": {
    ...UNSAID,
    audit: "order",
    timeline: ({ command }) => ({ kind: "command", name: command.name }),
  },
  "command-result": { ...UNSAID, audit: "order", timeline: commandResult },
  "recording-viewed": {
    ...UNSAID,
    audit: "recording",
    timeline: ({ how }) => ({ kind: "viewed", how }),
  },
};

/** A pillar without anything to add repeats the outcome. */
function commandResult(fact: FactOf<"command-result">): AuditDetail {
  const { name, outcome, detail } = fact;
  return { kind: "command-result", name, outcome, detail: detail === outcome ? "" : detail };
}
