/** The fleet's filters and order, as they stand in the address. */
import type { Pillar } from "../../../shared/api/pillar.ts";

export interface FleetFilter {
  readonly state: "all" | "faulty" | "offline";
  readonly text: string;
}

const one = (value: unknown): string => (typeof value === "string" ? value : "");

export function fleetFilterFromQuery(query: Readonly<Record<string, unknown>>): FleetFilter {
  const state = one(query["state"]);
  return {
    state: state === "faulty" || state === "offline" ? state : "all",
    text: one(query["q"]).slice(0, 80),
  };
}

export function queryFromFleetFilter(filter: FleetFilter): Record<string, string> {
  const query: Record<string, string> = {};
  if (filter.state !== "all") query["state"] = filter.state;
  if (filter.text) query["q"] = filter.text;
  return query;
}

/** Sorted: unreachable pillars first, then those with faults, then by name. */
export function fleetRows(pillars: readonly Pillar[], filter: FleetFilter): Pillar[] {
  const words = filter.text.trim().toLowerCase();
  return pillars
    .filter((pillar) => isWanted(pillar, filter.state) && hasWords(pillar, words))
    .sort((a, b) => need(b) - need(a) || a.name.localeCompare(b.name, "zh-CN"));
}

function isWanted(pillar: Pillar, state: FleetFilter["state"]): boolean {
  if (state === "faulty") return pillar.faults.length > 0;
  return state === "all" || pillar.presence !== "online";
}

function hasWords(pillar: Pillar, words: string): boolean {
  if (words === "") return true;
  return [pillar.name, pillar.id, pillar.grid, pillar.address].some((part) =>
    part.toLowerCase().includes(words),
  );
}

function need(pillar: Pillar): number {
  const away = { lost: 100, late: 50, online: 0, "out-of-service": -1 }[pillar.presence];
  return away + pillar.faults.length;
}
