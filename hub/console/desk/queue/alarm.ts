/** Ties ringing to what waits: the tone, the title, the notification. Lives as long as the page. */
import { computed, watch, watchEffect } from "vue";
import { link } from "../../state/live-state.ts";
import { mayWatch, me } from "../../state/session.ts";
import { useText } from "../../i18n/index.ts";
import { flashTitle, notifyHidden, setTitle } from "./attention.ts";
import { openSomething, ringingNow, talkingTo, waiting } from "../workspace.ts";
import { playOnce, ring } from "./sound.ts";
import { chooseTone, hasBegun } from "./tone.ts";

export function useAlarm(): void {
  const text = useText();
  const isSeated = computed(() => me.value !== null && mayWatch.value);
  const tone = computed(() => {
    if (!isSeated.value) return null;
    return chooseTone(ringingNow.value, {
      isTalking: talkingTo.value !== undefined,
      isLinkLost: link.value.phase === "lost",
    });
  });
  const first = computed(() => (isSeated.value ? ringingNow.value[0] : undefined));

  watch(tone, ring, { immediate: true });
  watch(
    () => (isSeated.value ? ringingNow.value.map(({ id }) => id) : []),
    (now, before) => {
      if (talkingTo.value && hasBegun(now, before)) playOnce("tick");
    },
  );
  watchEffect(() => setTitle(text("app.title")));
  watch(
    () => first.value?.id,
    () => {
      const incident = first.value;
      flashTitle(incident ? text("ring.flash", { pillar: incident.pillarName }) : null);
      if (incident) notifyHidden(incident, text("ring.heading"));
    },
  );
  watch([waiting, talkingTo], openSomething);
}
