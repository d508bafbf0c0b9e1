/** The tree of areas: as the settings give it, and as `GET /api/v1/areas` answers it. */
import { z } from "zod";
import { listOf, type Area as Node } from "../access/areas.ts";
import { AreaId } from "../ids.ts";
import { PlainName } from "../text.ts";

export const Area = z.object({
  id: AreaId,
  name: z.string(),
  /** The area around it; null for the whole. */
  in: AreaId.nullable(),
});
export type Area = z.infer<typeof Area>;
/** An outer one before those in it. */
export const AreaPage = z.object({ items: z.array(Area), next: z.null() });

const Grid = z.strictObject({
  /** What `anzhu-hub enrol --grid` is given. */
  id: AreaId,
  /** Of the grid, as people call it; without one the id is shown. */
  name: PlainName.optional(),
});
const Station = z.strictObject({
  /** Names the station. */
  id: AreaId,
  /** Of the station, as people call it. */
  name: PlainName.optional(),
  /** Its grids. */
  areas: z.array(Grid).max(500).default([]),
});
const District = z.strictObject({
  /** Names the district. */
  id: AreaId,
  /** Of the district, as people call it. */
  name: PlainName.optional(),
  /** Its stations; a pillar's grid may also be one of them, or the district itself. */
  areas: z.array(Station).max(200).default([]),
});

const areDifferent = (areas: readonly Node[]): boolean => {
  const ids = listOf(areas).map(({ id }) => id);
  return new Set(ids).size === ids.length;
};

export const AreaSettings = z
  .array(District)
  .max(200)
  .default([])
  .refine((areas) => areDifferent(areas), "expected each area's id once, and none called all");
