/**
 * Which media process carries a pillar.
 *
 * A hash of the pillar's id, so that nobody has to keep a table and every start of the hub with the
 * same number of processes answers the same. With another number most pillars move: that needs a
 * restart of the hub, which begins every media session anew in any case.
 */
import { assert } from "../../shared/assert.ts";
import type { MediaId, PillarId } from "../../shared/ids.ts";

/** From 1 to `processes`. */
export function mediaOf(pillarId: PillarId, processes: number): MediaId {
  assert(processes >= 1, `expected at least one media process, found ${processes}`);
  return (processes === 1 ? 1 : (hash(pillarId) % processes) + 1) as MediaId;
}

/** All of them, in order. */
export const mediaIds = (processes: number): MediaId[] =>
  Array.from({ length: processes }, (_, n) => (n + 1) as MediaId);

/** FNV-1a, mixed once more (MurmurHash3's last step): ids that differ in one digit lie far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let n = 0; n < text.length; n += 1) {
    value = Math.imul(value ^ text.charCodeAt(n), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
