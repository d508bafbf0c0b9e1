/**
 * The audit: facts that say what a person did, as rows to search by, and as entries to read.
 *
 * Which facts belong to it, their parts say. A row holds only what is searched by; the fact itself
 * is read from the journal. Rows are written in the fact's own transaction and can be made from the
 * journal again.
 */
import type { AuditEntry, AuditKind } from "../../shared/api/audit.ts";
import type { Fact } from "../core/facts.ts";
import { iso } from "../../shared/iso.ts";
import { sayingOf } from "../core/parts.ts";

export interface AuditRow {
  readonly person: string | null;
  readonly kind: AuditKind;
  readonly incidentId: string | null;
}

/** Undefined for a fact that does not belong to the audit. */
export function auditRow(fact: Fact): AuditRow | undefined {
  const rule = sayingOf(fact)?.audit;
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
  return "of" in fact ? fact.of : null;
}

export function auditEntry(fact: Fact, index: number): AuditEntry | undefined {
  const row = auditRow(fact);
  if (!row) return undefined;
  const isAccount = fact.type === "account-changed" || fact.type === "service-changed";
  const by = "by" in fact ? fact.by : "username" in fact ? fact.username : null;
  return {
    index,
    at: iso(fact.at),
    kind: row.kind,
    type: fact.type,
    by,
    byName: "byName" in fact ? fact.byName : null,
    from: "from" in fact ? addressOf(fact) : null,
    incidentId: incidentOf(fact),
    pillarId: "pillarId" in fact ? fact.pillarId : null,
    recordingId: "recordingId" in fact ? fact.recordingId : null,
    account: isAccount ? fact.username : null,
    detail: sayingOf(fact)?.timeline(fact) ?? null,
    count: "count" in fact ? fact.count : 1,
  };
}

/** `from` of a taken call and of a released one is a person. */
function addressOf(fact: Fact): string | null {
  if (fact.type === "incident-answered" || fact.type === "incident-released") return null;
  return "from" in fact ? (fact.from ?? null) : null;
}
