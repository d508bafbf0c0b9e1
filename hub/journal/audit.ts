/**
 * The audit: facts that say what a person did, as rows to search by, and as entries to read.
 *
 * A row holds only what is searched by; the fact itself is read from the journal. Rows are written in the fact's own
 * transaction and can be made from the journal again.
 */
import type { AuditEntry, AuditKind } from "../../shared/api/audit.ts";
import type { Fact, FactOf } from "../core/facts.ts";
import { iso } from "./read/api-shape.ts";

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

function detailOf(fact: Fact): string | null {
  if (fact.type === "account-changed") {
    return fact.change === "role" || fact.change === "created"
      ? `${fact.change}: ${fact.role}`
      : fact.change;
  }
  if (fact.type === "records-read") return fact.what;
  if (fact.type === "recording-viewed") return fact.how ?? "play";
  if (fact.type === "command-sent") return fact.order.name;
  if (fact.type === "command-result") return resultOf(fact);
  if (fact.type === "pillar-revoked") return fact.reason;
  if (fact.type === "fact-sealed") return `#${fact.index}: ${fact.reason}`;
  return orderDetail(fact);
}

const resultOf = ({ name, outcome, detail }: FactOf<"command-result">): string =>
  detail === "" || detail === outcome ? `${name}: ${outcome}` : `${name}: ${outcome}: ${detail}`;

function orderDetail(fact: Fact): string | null {
  if (fact.type === "incident-answered") return fact.fromName;
  if (fact.type === "incident-held") return fact.held ? "held" : "resumed";
  if (fact.type === "incident-transferred") return fact.toName;
  if (fact.type === "incident-noted") return fact.text;
  if (fact.type === "unit-dispatched") return fact.unit;
  if (fact.type === "incident-closed") return fact.disposition;
  if (fact.type === "incident-locked" || fact.type === "incident-unlocked") return fact.reason;
  return null;
}
