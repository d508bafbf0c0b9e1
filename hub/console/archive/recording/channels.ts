/**
 * Hearing one side of a recording: left is the person at the pillar, right the operator.
 *
 * The sound is only taken through Web Audio once somebody asks for one side; until then the browser
 * plays the file as it is.
 */
import { onBeforeUnmount, watch, type Ref } from "vue";

export type Channels = "both" | "pillar" | "operator";

export function useChannels(
  video: Readonly<Ref<HTMLVideoElement | null>>,
  channels: Readonly<Ref<Channels>>,
): void {
  let context: AudioContext | null = null;
  let gains: readonly [GainNode, GainNode] | null = null;

  function tap(element: HTMLVideoElement): readonly [GainNode, GainNode] {
    context = new AudioContext();
    const splitter = context.createChannelSplitter(2);
    const left = context.createGain();
    const right = context.createGain();
    context.createMediaElementSource(element).connect(splitter);
    splitter.connect(left, 0);
    splitter.connect(right, 1);
    // Each side is heard in both ears, alone or together.
    left.connect(context.destination);
    right.connect(context.destination);
    return [left, right];
  }

  watch(channels, (chosen) => {
    const element = video.value;
    if (!element || (chosen === "both" && !gains)) return;
    gains ??= tap(element);
    gains[0].gain.value = chosen === "operator" ? 0 : 1;
    gains[1].gain.value = chosen === "pillar" ? 0 : 1;
    void context?.resume();
  });
  onBeforeUnmount(() => void context?.close());
}
