/** The tree of areas, as the settings name it. */
import { listOf } from "../../../shared/access/areas.ts";
import { AreaPage } from "../../../shared/api/area.ts";
import type { Api, ApiContext } from "../context.ts";
import { failures } from "../schemas.ts";

export function areaRoutes(app: Api, { config }: ApiContext): void {
  const items = [...listOf(config.areas)];
  app.get(
    "/api/v1/areas",
    {
      config: { may: "areas:read" },
      schema: {
        summary: "The tree of areas, an outer one before those in it",
        response: { 200: AreaPage, ...failures },
      },
    },
    async () => ({ items, next: null }),
  );
}
