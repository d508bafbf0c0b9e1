/**
 * The look that this page has: its connection, its clock, and its end. One at a time.
 *
 * Whoever leaves the pillar's panel ends it, and so does whoever closes the window.
 */
import { onScopeDispose, ref, shallowRef, watch as observe, type Ref, type ShallowRef } from "vue";
import type { Incident } from "../../../../shared/api/incident.ts";
import type { LookPurpose } from "../../../../shared/protocol/purpose.ts";
import { closeWatch, openWatch, type Watch } from "../../desk/call/connection/whep.ts";
import { leftMs, lookPath, stepLook, type LookEvent, type LookState } from "./look-step.ts";

const TICK_MS = 250;
/** The hub asks its media, the journal and the pillar: more than 8 s in all are not waited there. */
const ANSWER_WITHIN_MS = 10_000;

type Told<E = LookEvent> = E extends LookEvent ? Omit<E, "at"> : never;

export interface Look {
  readonly state: Readonly<ShallowRef<LookState>>;
  readonly watch: Readonly<ShallowRef<Watch | undefined>>;
  /** Ms until its time is over; undefined while nobody looks. */
  readonly left: Readonly<Ref<number | undefined>>;
  begin(purpose: LookPurpose, reason: string): void;
  stop(): void;
}

/** For one panel; ends with it. `call`: the open call at this pillar, where it is known. */
export function useLook(pillarId: string, call: Readonly<Ref<Incident | undefined>>): Look {
  const state = shallowRef<LookState>({ phase: "off" });
  const watch = shallowRef<Watch>();
  const left = ref<number>();

  function tell(told: Told): void {
    const at = performance.now();
    state.value = stepLook(state.value, { ...told, at });
    left.value = leftMs(state.value, at);
    const isOpen = state.value.phase === "asking" || state.value.phase === "looking";
    if (isOpen || !watch.value) return;
    closeWatch(watch.value);
    watch.value = undefined;
  }

  function begin(purpose: LookPurpose, reason: string): void {
    tell({ type: "asked", purpose });
    if (state.value.phase !== "asking" || watch.value) return;
    watch.value = openWatch({
      path: lookPath(pillarId, { purpose, reason }),
      hasSound: purpose === "listen",
      isKept: false,
      answerWithinMs: ANSWER_WITHIN_MS,
    });
  }

  observe(
    () => watch.value?.state.stream,
    (stream) => stream && tell({ type: "given" }),
  );
  observe(
    () => watch.value?.state.phase,
    (phase) => {
      const opened = watch.value?.state;
      if (phase !== "failed" || !opened) return;
      if (state.value.phase === "looking") tell({ type: "lost" });
      else {
        const { failure, detail } = opened;
        tell({ type: "refused", code: failure ?? "media-unavailable", detail });
      }
    },
  );
  observe(
    () => call.value?.id,
    (incidentId) => incidentId !== undefined && tell({ type: "called", incidentId }),
  );

  const stop = (): void => tell({ type: "stopped" });
  const timer = setInterval(() => tell({ type: "tick" }), TICK_MS);
  addEventListener("pagehide", stop);
  onScopeDispose(() => {
    stop();
    clearInterval(timer);
    removeEventListener("pagehide", stop);
  });
  return { state, watch, left, begin, stop };
}
