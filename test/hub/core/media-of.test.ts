/** Which media process carries which pillar: always the same one, and each carries its share. */
import { assert, integer, property, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { mediaIds, mediaOf } from "../../../hub/core/media-of.ts";
import { MAX_MEDIA, MediaId, PillarId } from "../../../shared/ids.ts";

const anyPillar = stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/).map((text) =>
  PillarId.parse(text),
);
const anyCount = integer({ min: 1, max: MAX_MEDIA });

/** As people name them. */
const STREETS: readonly [string, (n: number) => string][] = [
  ["pillar-7", (n) => `pillar-${n}`],
  ["pillar-0007", (n) => `pillar-${String(n).padStart(4, "0")}`],
  ["one side of a street", (n) => `dongmen-${2 * n}`],
  ["dongmen-7-a", (n) => `dongmen-${n}-a`],
  ["a serial number", (n) => `az${(0x5f00_0000 + 16 * n).toString(16)}`],
];

const shares = (ids: readonly PillarId[], count: number): number[] =>
  mediaIds(count).map((one) => ids.filter((id) => mediaOf(id, count) === one).length);

test("a pillar always belongs to the same one of the processes that there are", () => {
  assert(
    property(anyPillar, anyCount, (id, count) => {
      const mediaId = mediaOf(id, count);
      expect(mediaIds(count)).toContain(mediaId);
      expect(mediaOf(id, count)).toBe(mediaId);
      expect(MediaId.parse(mediaId)).toBe(mediaId);
    }),
  );
});

test.each(STREETS)(
  "of 1,000 pillars named like %s each of two has half within 15 %%",
  (_, name) => {
    const ids = Array.from({ length: 1000 }, (__, n) => PillarId.parse(name(n)));
    for (const share of shares(ids, 2)) expect(Math.abs(share - 500)).toBeLessThanOrEqual(75);
  },
);

test.each(STREETS)("10,000 pillars named like %s are spread evenly over up to 16", (_, name) => {
  const ids = Array.from({ length: 10_000 }, (__, n) => PillarId.parse(name(n)));
  for (const count of [3, 4, 8, MAX_MEDIA]) {
    const even = ids.length / count;
    for (const share of shares(ids, count)) {
      expect(Math.abs(share - even) / even).toBeLessThanOrEqual(0.15);
    }
  }
});

test("without a process there is nobody to carry it, which is a bug", () => {
  expect(() => mediaOf(PillarId.parse("pillar-1"), 0)).toThrow(
    "expected at least one media process, found 0",
  );
});
