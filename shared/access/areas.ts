/**
 * The tree of areas: the whole, then districts, stations and grids, as the settings name them.
 *
 * A pillar lies in the area that its grid names, and in all those around it; one whose grid no
 * area names lies in the whole alone, where only people see it who may see everything.
 */
import { AreaId } from "../ids.ts";

/** Around all others, and the scope of everybody who was given no other. */
export const ROOT_AREA: AreaId = AreaId.parse("all");

export interface Area {
  readonly id: AreaId;
  /** Shown to people; the id where there is none. */
  readonly name?: string | undefined;
  readonly areas?: readonly Area[] | undefined;
}

/** Of each area but the root the one around it. */
export type AreaTree = ReadonlyMap<string, AreaId>;

export const NO_AREAS: AreaTree = new Map();

export interface ListedArea {
  readonly id: AreaId;
  readonly name: string;
  /** Null: the root. */
  readonly in: AreaId | null;
}

/** Each area once, an outer one before those in it. */
export function listOf(areas: readonly Area[]): readonly ListedArea[] {
  const below = (inner: readonly Area[], around: AreaId): ListedArea[] =>
    inner.flatMap(({ id, name = id, areas: more = [] }) => [
      { id, name, in: around },
      ...below(more, id),
    ]);
  return [{ id: ROOT_AREA, name: ROOT_AREA, in: null }, ...below(areas, ROOT_AREA)];
}

export const treeOf = (areas: readonly Area[]): AreaTree =>
  new Map(listOf(areas).flatMap((area) => (area.in === null ? [] : [[area.id, area.in] as const])));

/** Where a pillar of this grid lies: the root, and inwards. */
export function pathTo(tree: AreaTree, grid: string): readonly AreaId[] {
  const path: AreaId[] = [];
  let around = tree.get(grid);
  if (around !== undefined) path.push(grid as AreaId);
  // Bounded by the depth of the settings, which have no circles.
  while (around !== undefined) {
    path.unshift(around);
    around = tree.get(around);
  }
  return path.length > 0 ? path : [ROOT_AREA];
}

/** In words why there is no such area; undefined where there is one. */
export function whyNoArea(areas: readonly Area[], id: string): string | undefined {
  const ids = listOf(areas).map((area) => area.id);
  if (ids.some((known) => known === id)) return undefined;
  const some = ids.slice(0, 10).join(", ");
  return `expected an area of the settings (${some}${ids.length > 10 ? ", …" : ""}), found ${id}`;
}
