/**
 * The history's filters, as they stand in the address so that a list can be sent to a colleague.
 */
import type { Incident } from "../../../shared/api/incident.ts";

export interface ArchiveFilter {
  readonly state: "all" | "active" | "closed";
  readonly pillarId: string;
  /** Local days, `YYYY-MM-DD`, both included; empty = no limit. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

type Query = Readonly<Record<string, unknown>>;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const one = (value: unknown): string => (typeof value === "string" ? value : "");
const day = (value: unknown): string => (DAY.test(one(value)) ? one(value) : "");

/** Whatever stands in the address: unknown values read as "no filter". */
export function filterFromQuery(query: Query): ArchiveFilter {
  const state = one(query["state"]);
  return {
    state: state === "active" || state === "closed" ? state : "all",
    pillarId: one(query["pillar"]).slice(0, 63),
    from: day(query["from"]),
    to: day(query["to"]),
    text: one(query["q"]).slice(0, 80),
  };
}

export function queryFromFilter(filter: ArchiveFilter): Record<string, string> {
  const query: Record<string, string> = {};
  if (filter.state !== "all") query["state"] = filter.state;
  if (filter.pillarId) query["pillar"] = filter.pillarId;
  if (filter.from) query["from"] = filter.from;
  if (filter.to) query["to"] = filter.to;
  if (filter.text) query["q"] = filter.text;
  return query;
}

/** The request to the hub. Days begin and end in the time zone of the desk. */
export function requestFromFilter(filter: ArchiveFilter): Record<string, string> {
  const request: Record<string, string> = {};
  if (filter.state !== "all") request["state"] = filter.state;
  if (filter.pillarId) request["pillarId"] = filter.pillarId;
  if (filter.from) request["from"] = startOfDay(filter.from, 0);
  if (filter.to) request["to"] = startOfDay(filter.to, 1);
  return request;
}

function startOfDay(text: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = text.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}

/** The words are searched in the texts that the row shows. */
export function matchesText(incident: Incident, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return true;
  const shown = [
    incident.pillarName,
    incident.pillarId,
    incident.ownerName,
    incident.note,
    incident.id,
  ];
  return shown.some((part) => part?.toLowerCase().includes(wanted));
}
