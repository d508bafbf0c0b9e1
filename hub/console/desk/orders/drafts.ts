/**
 * Half-written words belong to their incident: they wait there while the operator looks at another.
 */
import { computed, shallowReactive, type WritableComputedRef } from "vue";
import { dropOldest } from "../../../../shared/bounded-map.ts";

const MAX_DRAFTS = 200;
const draftByPlace = shallowReactive(new Map<string, string>());

export function useDraft(
  name: "note" | "unit" | "remark",
  incidentId: () => string,
): WritableComputedRef<string> {
  const place = (): string => `${name}:${incidentId()}`;
  return computed({
    get: () => draftByPlace.get(place()) ?? "",
    set: (words) => {
      draftByPlace.delete(place());
      if (words !== "") draftByPlace.set(place(), words);
      dropOldest(draftByPlace, MAX_DRAFTS);
    },
  });
}
