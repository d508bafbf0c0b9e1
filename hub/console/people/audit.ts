/**
 * The audit as pages of a filtered list, whose filters
 * stand in the address; and its facts in words.
 */
import { ref, shallowRef, watch, type Ref } from "vue";
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import {
  AuditKind,
  AuditPage,
  type AuditDetail,
  type AuditEntry,
} from "../../../shared/api/audit.ts";
import type { ServiceScope } from "../../../shared/api/service.ts";
import { ask } from "../api/client.ts";
import { filterFromQuery, requestFromFilter } from "../archive/filter.ts";
import { describeDetail, describeFact, type Described } from "../archive/detail.ts";
import { keyFor, type Text, type TextKey } from "../i18n/index.ts";

export interface AuditFilter {
  readonly person: string;
  readonly kind: AuditKind | "";
  readonly incident: string;
  /** Local days, `YYYY-MM-DD`, both included; empty = no limit. */
  readonly from: string;
  readonly to: string;
}

const PAGE = 50;
/** At most so many rows are loaded; for more, the filters are needed. */
const MAX_ROWS = 2000;
/** While a name is typed, the hub is asked once and not for each letter. */
const ASK_AFTER_MS = 300;
const PERSON = /^[a-z][a-z0-9._-]{0,31}$/;
const INCIDENT = /^[0-9a-f]{32}$/;

const one = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

/** Whatever stands in the address: unknown values read as "no filter". */
export function auditFilterFromQuery(query: Readonly<Record<string, unknown>>): AuditFilter {
  const { from, to } = filterFromQuery(query);
  const kind = AuditKind.safeParse(query["kind"]);
  return {
    person: one(query["person"]).toLowerCase().slice(0, 32),
    kind: kind.success ? kind.data : "",
    incident: one(query["incident"]).toLowerCase().slice(0, 32),
    from,
    to,
  };
}

export function queryFromAuditFilter(filter: AuditFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}

/** A half-typed name or number is not asked for. */
function requestFrom(filter: AuditFilter): Record<string, string> {
  const { from, to } = filter;
  const days = requestFromFilter({ state: "all", pillarId: "", from, to, text: "" });
  return {
    ...days,
    ...(filter.kind ? { kind: filter.kind } : {}),
    ...(PERSON.test(filter.person) ? { person: filter.person } : {}),
    ...(INCIDENT.test(filter.incident) ? { incidentId: filter.incident } : {}),
  };
}

export function useAudit(filter: Ref<AuditFilter>) {
  const rows = shallowRef<readonly AuditEntry[]>([]);
  const next = ref<string | null>(null);
  const isLoading = ref(false);
  const problem = ref("");
  let asked = 0;

  async function load(cursor: string | null): Promise<void> {
    const mine = ++asked;
    isLoading.value = true;
    const query = new URLSearchParams({ ...requestFrom(filter.value), limit: String(PAGE) });
    if (cursor !== null) query.set("cursor", cursor);
    const answer = await ask(`/audit?${query}`, AuditPage);
    if (mine !== asked) return;
    isLoading.value = false;
    problem.value = answer.ok ? "" : answer.detail || answer.code;
    if (!answer.ok) return;
    rows.value = cursor === null ? answer.value.items : [...rows.value, ...answer.value.items];
    next.value = rows.value.length < MAX_ROWS ? answer.value.next : null;
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => new URLSearchParams(requestFrom(filter.value)).toString(),
    (_now, before) => {
      clearTimeout(timer);
      timer = setTimeout(() => void load(null), before === undefined ? 0 : ASK_AFTER_MS);
    },
    { immediate: true },
  );
  return { rows, next, isLoading, problem, more: () => load(next.value) };
}

export const scopesInWords = (scopes: readonly ServiceScope[], text: Text): string =>
  scopes.map((scope) => text(`scope.${keyOfScope(scope)}`)).join(text("services.joint"));

/** `incidents:read` as `incidents`: a colon would end the key. */
export const keyOfScope = <T extends string>(scope: `${T}:read`): T =>
  scope.replace(":read", "") as T;

/** What was done. */
export function describeEntry({ type, detail }: Pick<AuditEntry, "type" | "detail">): TextKey {
  switch (detail?.kind) {
    case "account":
    case "service":
      return `auditFact.${detail.change}`;
    case "read":
      return `auditFact.${detail.what}`;
    case "viewed":
      return `auditFact.${detail.how}`;
    case "look":
      return keyFor("auditFact", type, "timeline.other");
    case "command":
      return "auditFact.command-sent";
    case "command-result":
      return "auditFact.command-result";
    case "sealed":
      return "auditFact.fact-sealed";
    default: {
      const key = keyFor("auditFact", type, "timeline.other");
      return key === "timeline.other" ? describeFact(type, detail) : key;
    }
  }
}

/** What the name of the fact does not say: the role, the unit, the note. */
export function describeAuditDetail(detail: AuditDetail, text: Text): Described {
  switch (detail.kind) {
    case "account":
      return {
        phrase: detail.role === null ? "" : text(`role.${detail.role}`),
        quoted: detail.scope === null || detail.scope === ROOT_AREA ? "" : detail.scope,
      };
    case "service":
      return { phrase: scopesInWords(detail.scopes, text), quoted: "" };
    case "read":
    case "viewed":
      return { phrase: "", quoted: "" };
    case "look":
      return { phrase: text(`purpose.${detail.purpose}`), quoted: detail.reason };
    case "command":
      return { phrase: text(`command.${detail.name}`), quoted: "" };
    case "command-result": {
      const command = text(`command.${detail.name}`);
      const outcome = text(`outcome.${detail.outcome}`);
      return { phrase: text("detail.command-result", { command, outcome }), quoted: detail.detail };
    }
    case "sealed":
      return { phrase: text("detail.sealed", { index: detail.index }), quoted: detail.reason };
    default:
      return describeDetail(detail, text);
  }
}
