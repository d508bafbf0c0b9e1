/**
 * Whether people and pillars fit the tree of areas: somebody whose area is not in the settings sees
 * nothing, and a pillar in no area rings only where somebody may see everything.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT_AREA, treeOf, type Area } from "../../shared/access/areas.ts";
import { isWithin, may, personOf } from "../../shared/access/may.ts";
import { Role } from "../../shared/api/session.ts";
import { openForReading } from "../../shared/host/sqlite.ts";
import { AreaId, Username } from "../../shared/ids.ts";
import { visible } from "../../shared/text.ts";
import type { Finding } from "./finding.ts";

const MOST_NAMED = 5;
const Person = z.object({ username: Username, role: Role, scope: AreaId });

/** A file that cannot be read is a finding, and does not hide the others. */
export function examineAreas(dataDir: string, areas: readonly Area[]): Finding[] {
  try {
    return compare(dataDir, areas);
  } catch (error) {
    const detail = `expected accounts and pillars that can be read, found: ${String(error)}`;
    return [{ what: "areas", isOk: false, detail }];
  }
}

function compare(dataDir: string, areas: readonly Area[]): Finding[] {
  const tree = treeOf(areas);
  const people = rowsOf(
    join(dataDir, "accounts.db"),
    "SELECT username, role, scope FROM account WHERE is_disabled = 0 ORDER BY username",
  ).map((row) => Person.parse(row));
  const lost = people.filter(({ scope }) => scope !== ROOT_AREA && !tree.has(scope));
  if (lost.length > 0) {
    const named = namesOf(lost.map(({ username, scope }) => `${username} (${scope})`));
    const detail =
      `expected people in areas of the settings, found ${named}, who see nothing: ` +
      "anzhu-hub user scope";
    return [{ what: "areas", isOk: false, detail }];
  }
  return areas.length === 0 ? [] : [ofPillars(dataDir, tree, people)];
}

function ofPillars(
  dataDir: string,
  tree: ReadonlyMap<string, AreaId>,
  people: readonly z.infer<typeof Person>[],
): Finding {
  const outside = rowsOf(
    join(dataDir, "journal.db"),
    `SELECT id, CASE WHEN json_valid(body) THEN json_extract(body, '$.grid') END AS grid
     FROM pillar ORDER BY id`,
  ).filter(({ grid }) => typeof grid !== "string" || !tree.has(grid));
  const what = "areas";
  if (outside.length === 0) return { what, isOk: true, detail: "every pillar lies in an area" };
  const named = namesOf(outside.map(({ id }) => String(id)));
  const seesAll = people.map(personOf).filter((person) => isWithin(person, [ROOT_AREA]));
  const isHeard = seesAll.some((person) => may(person, "incidents:order"));
  const detail = isHeard
    ? `in no area, and heard only by people with ${ROOT_AREA}: ${named}`
    : `expected somebody at a desk with the area ${ROOT_AREA}, or an area for each pillar's grid, ` +
      `found neither: nobody hears ${named}: anzhu-hub user scope, or areas in the settings`;
  return { what, isOk: isHeard, detail };
}

function rowsOf(file: string, sql: string): readonly Readonly<Record<string, unknown>>[] {
  if (!existsSync(file)) return [];
  const database = openForReading(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

const namesOf = (names: readonly string[]): string =>
  names
    .slice(0, MOST_NAMED)
    .map((name) => visible(name))
    .join(", ") + (names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "");
