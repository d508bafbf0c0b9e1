/**
 * The audit: facts that say what a person did, as rows to search by, and as entries to read.
 *
 * A row holds only what is searched by; the fact itself is read from the journal. Rows are written
 * in the fact's own transaction and can be made from the journal again.
 */
import type { AuditDetail, AuditEntry, AuditKind } from "../../shared/api/audit.ts";
import type { Fact, FactOf } from "../core/facts.ts";
import { iso } from "./read/api-shape.ts";
import { incidentDetail } from "./read/incident-detail.ts";

export interface AuditRow {
  readonly person: string | null;
  readonly kind: AuditKind;
  readonly incidentId: string | null;
}

type KindOf<T extends Fact["type"]> = AuditKind | null | ((fact: FactOf<T>) => AuditKind);

/** Null: no person did it, or another fact of the same act says it. */
const KINDS: { readonly [T in Fact["type"]]: KindOf<T> } = {
  "pillar-registered": null,
  "pillar-enrolled": null,
  "certificate-renewed": null,
  "certificate-adopted": null,
  "certificate-expired": null,
  "pillar-revoked": "order",
  "pillar-session-ended": null,
  "alarm-recorded": null,
  "incident-opened": null,
  "incident-joined": null,
  "alarm-equivocation": null,
  "deadline-set": null,
  "deadline-passed": null,
  "incident-escalated": null,
  "incident-released": null,
  "external-delivered": null,
  "external-failed": null,
  "external-gone": null,
  "incident-pillar-revoked": null,
  "incident-acknowledged": "order",
  "incident-answered": "order",
  "incident-held": "order",
  "incident-transferred": "order",
  "incident-noted": "order",
  "unit-dispatched": "order",
  "incident-closed": "order",
  "incident-reopened": "order",
  "incident-locked": "order",
  "incident-unlocked": "order",
  "recording-started": null,
  "recording-deleted": null,
  "recordings-removed": null,
  "hub-fault": null,
  "recording-ended": null,
  "pillar-started": null,
  "presence-changed": null,
  "pillar-fault": null,
  "pillar-cloned": null,
  "grid-lost": null,
  "grid-back": null,
  "account-changed": "account",
  "fact-sealed": "order",
  "session-opened": "session",
  "session-closed": "session",
  "sign-in-refused": "sign-in-refused",
  "records-read": ({ what }) => (what === "audit" ? "audit" : "read"),
  "view-opened": ({ role }) => role,
  "view-closed": ({ role }) => role,
  "command-sent": "order",
  "command-result": "order",
  "recording-viewed": "recording",
};

/** Undefined for a fact that does not belong to the audit. */
export function auditRow(fact: Fact): AuditRow | undefined {
  const rule = KINDS[fact.type] as AuditKind | null | ((fact: Fact) => AuditKind) | undefined;
  const kind = typeof rule === "function" ? rule(fact) : rule;
  if (!kind) return undefined;
  return { kind, person: personOf(fact), incidentId: incidentOf(fact) };
}

/** A change by the command line is found under the account that was changed. */
function personOf(fact: Fact): string | null {
  const by = "by" in fact ? fact.by : null;
  return by ?? ("username" in fact ? fact.username : null);
}

function incidentOf(fact: Fact): AuditEntry["incidentId"] {
  if ("incidentId" in fact) return fact.incidentId;
  return "of" in fact ? (fact.of ?? null) : null;
}

export function auditEntry(fact: Fact, index: number): AuditEntry | undefined {
  const row = auditRow(fact);
  if (!row) return undefined;
  const isAccount = fact.type === "account-changed";
  const by = "by" in fact ? fact.by : "username" in fact ? fact.username : null;
  return {
    index,
    at: iso(fact.at),
    kind: row.kind,
    type: fact.type,
    by,
    byName: "byName" in fact ? (fact.byName ?? null) : null,
    from: "from" in fact ? addressOf(fact) : null,
    incidentId: incidentOf(fact),
    pillarId: "pillarId" in fact ? fact.pillarId : null,
    recordingId: "recordingId" in fact ? fact.recordingId : null,
    account: isAccount ? fact.username : null,
    detail: detailOf(fact),
    count: "count" in fact ? fact.count : 1,
  };
}

/** `from` of a taken call and of a released one is a person. */
function addressOf(fact: Fact): string | null {
  if (fact.type === "incident-answered" || fact.type === "incident-released") return null;
  return "from" in fact ? (fact.from ?? null) : null;
}

function detailOf(fact: Fact): AuditDetail | null {
  if ("incidentId" in fact) return incidentDetail(fact);
  switch (fact.type) {
    case "account-changed": {
      const { change, role } = fact;
      const isOfRole = change === "role" || change === "created";
      return { kind: "account", change, role: isOfRole ? role : null };
    }
    case "records-read":
      return { kind: "read", what: fact.what };
    case "recording-viewed":
      return { kind: "viewed", how: fact.how ?? "play" };
    case "command-sent":
      return { kind: "command", name: fact.command.name };
    case "command-result":
      return commandResult(fact);
    case "pillar-revoked":
      return { kind: "revocation", reason: fact.reason };
    case "fact-sealed":
      return { kind: "sealed", index: fact.index, reason: fact.reason };
    default:
      return null;
  }
}

/** A pillar without anything to add repeats the outcome. */
const commandResult = ({ name, outcome, detail }: FactOf<"command-result">): AuditDetail => ({
  kind: "command-result",
  name,
  outcome,
  detail: detail === outcome ? "" : detail,
});
