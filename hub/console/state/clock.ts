/**
 * One clock for the whole page, in the hub's time: waits on two desks must show the same second.
 */
import { computed, ref } from "vue";
import { moveInto, type Bounds } from "./offset.ts";

/** Nothing on the page is shown more finely, and each tick paints every open window. */
const TICK_MS = 1000;
/** With more than this the desk is told that its own clock is wrong. */
export const OFFSET_WARNING_MS = 1000;

const local = ref(Date.now());
const offset = ref(0);

function tick(): void {
  local.value = Date.now();
  // A little after the hub's own second, so that a clock never shows the one before.
  const untilNext = TICK_MS - ((local.value + offset.value) % TICK_MS);
  setTimeout(tick, untilNext + 5);
}
tick();

export const now = computed(() => local.value + offset.value);
export const clockOffsetMs = computed(() => offset.value);
export const isClockOff = computed(() => Math.abs(offset.value) > OFFSET_WARNING_MS);

export function heardHubTime(bounds: Bounds): void {
  offset.value = moveInto(offset.value, bounds);
}

/** The hub's time at this very instant, not at the last tick. */
export const hubNow = (): number => Date.now() + offset.value;
