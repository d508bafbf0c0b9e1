/**
 * Questions to the audit, newest first.
 *
 * Ordered by time and then by place, so that every filter by time is a range of an index however
 * long the journal is; the cursor is both of the last entry.
 */
import type { Kysely } from "kysely";
import type { AuditPage, AuditQuery } from "../../../shared/api/audit.ts";
import { auditEntryOf, type OnDamaged } from "./rows.ts";
import type { Tables } from "../schema.ts";

export async function audit(
  { db, onDamaged }: { readonly db: Kysely<Tables>; readonly onDamaged: OnDamaged },
  query: AuditQuery,
): Promise<AuditPage> {
  const rows = await chosen(db, query)
    .innerJoin("journal", "journal.idx", "audit.idx")
    .select(["audit.idx", "audit.at", "journal.body"])
    .orderBy("audit.at", "desc")
    .orderBy("audit.idx", "desc")
    .limit(query.limit + 1)
    .execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const next = rows.length > page.length && last ? `${last.at}.${last.idx}` : null;
  return { items: page.flatMap((row) => auditEntryOf(row, onDamaged) ?? []), next };
}

function chosen(db: Kysely<Tables>, query: AuditQuery) {
  let found = db.selectFrom("audit");
  if (query.person) found = found.where("audit.person", "=", query.person);
  if (query.kind) found = found.where("audit.kind", "=", query.kind);
  if (query.incidentId) found = found.where("audit.incident_id", "=", query.incidentId);
  if (query.from) found = found.where("audit.at", ">=", Date.parse(query.from));
  if (query.to) found = found.where("audit.at", "<", Date.parse(query.to));
  const [at, idx] = (query.cursor ?? "").split(".").map(Number);
  if (at === undefined || idx === undefined) return found;
  return found.where(({ eb, refTuple, tuple }) =>
    eb(refTuple("audit.at", "audit.idx"), "<", tuple(at, idx)),
  );
}
