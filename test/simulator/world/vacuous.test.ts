import { expect, test } from "vitest";
import { FALLBACK_HUB_KINDS } from "../../../simulator/world/faults/profile.ts";
import { vacuous } from "../../../simulator/world/run/vacuous.ts";

test("nothing that must happen in a run is named twice", () => {
  const names = vacuous(new Map(), 3);
  expect(names).toEqual([...new Set(names)]);
});

test("an alarm must have been sent to each kind of fallback hub", () => {
  const names = vacuous(new Map(), 3);
  for (const kind of FALLBACK_HUB_KINDS) expect(names).toContain(`fallback-to-${kind}-hub`);
});
