/** Where pillars lie in the tree of areas. */
import { NO_AREAS, pathTo } from "../../../shared/access/areas.ts";
import type { AreaId, PillarId } from "../../../shared/ids.ts";
import type { HubState } from "../state/hub-state.ts";

type Known = Pick<HubState, "settings" | "pillars">;

/** The root, and inwards; a pillar that is not known lies in the whole alone. */
export const areasOf = ({ settings, pillars }: Known, pillarId: PillarId): readonly AreaId[] =>
  pathTo(settings.areas ?? NO_AREAS, pillars.get(pillarId)?.grid ?? "");

export const pillarsIn = (known: Known, area: AreaId): readonly PillarId[] =>
  [...known.pillars.keys()].filter((id) => areasOf(known, id).includes(area));
