/**
 * One clock for the whole page, in the hub's time: waits on two desks must show the same second.
 */
import { computed, ref } from "vue";
import { moveInto, type Bounds } from "./offset.ts";

const TICK_MS = 250;
/** With more than this the desk is told that its own clock is wrong. */
export const OFFSET_WARNING_MS = 1000;

const local = ref(Date.now());
const offset = ref(0);

setInterval(() => (local.value = Date.now()), TICK_MS);

export const now = computed(() => local.value + offset.value);
export const clockOffsetMs = computed(() => offset.value);
export const isClockOff = computed(() => Math.abs(offset.value) > OFFSET_WARNING_MS);

export function heardHubTime(bounds: Bounds): void {
  offset.value = moveInto(offset.value, bounds);
}

/** The hub's time at this very instant, not at the last tick. */
export const hubNow = (): number => Date.now() + offset.value;
