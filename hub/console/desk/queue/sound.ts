/**
 * Sound out of this browser: whether it is allowed, which tone rings, and through which device.
 *
 * Browsers keep a page silent until somebody touches it. A desk that cannot ring is a fault, so it
 * is said in red until the first click or key.
 */
import { ref, shallowRef, watch } from "vue";
import { choices } from "../../state/choices.ts";
import { isForHeadset, NOTES, REPEAT_MS, ringVolume, type Tone } from "./tone.ts";

type SinkContext = AudioContext & { setSinkId?: (id: string) => Promise<void> };

let ringContext: SinkContext | null = null;
let headsetContext: SinkContext | null = null;
let analysisContext: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | undefined;
let playing: OscillatorNode[] = [];

export const isSoundOn = ref(false);
export const ringing = shallowRef<Tone | null>(null);
/** Rises when sound was unlocked: players that were refused try again. */
export const unlocks = ref(0);

/** Levels are measured in a context of their own, so that the ring may use another device. */
export function analyser(): AudioContext {
  analysisContext ??= new AudioContext({ latencyHint: "interactive" });
  return analysisContext;
}

export function startSound(): void {
  ringContext ??= new AudioContext();
  headsetContext ??= new AudioContext();
  ringContext.addEventListener("statechange", update);
  applyRingDevice();
  applyHeadset();
  update();
  for (const gesture of ["pointerdown", "keydown"]) {
    document.addEventListener(gesture, () => void unlockSound(), { capture: true });
  }
}

function update(): void {
  isSoundOn.value = ringContext?.state === "running";
}

export async function unlockSound(): Promise<void> {
  if (!ringContext || isSoundOn.value) return;
  await Promise.all([ringContext.resume(), headsetContext?.resume(), analyser().resume()]);
  update();
  if (isSoundOn.value) unlocks.value++;
}

watch(() => choices.ringDeviceId, applyRingDevice);
watch(() => choices.voiceDeviceId, applyHeadset);

function applyRingDevice(): void {
  ringContext?.setSinkId?.(choices.ringDeviceId).catch((error: unknown) => {
    console.warn("sound: the ring's device is gone, the default one rings", error);
    choices.ringDeviceId = "";
  });
}

function applyHeadset(): void {
  // The voice says so when it is gone, and chooses the default one.
  headsetContext?.setSinkId?.(choices.voiceDeviceId).catch((error: unknown) => {
    console.warn("sound: the headset is gone, its tones go to the default device", error);
  });
}

export function ring(tone: Tone | null): void {
  if (tone === ringing.value) return;
  ringing.value = tone;
  clearInterval(timer);
  silence();
  if (tone === null) return;
  playOnce(tone);
  timer = setInterval(() => playOnce(tone), REPEAT_MS);
}

/** Also the sound check of the settings. */
export function playOnce(tone: Tone): void {
  const context = isForHeadset(tone) ? headsetContext : ringContext;
  if (!context || context.state !== "running") return;
  const volume = ringVolume(choices.ringVolume) * 0.5;
  for (const note of NOTES[tone]) {
    const start = context.currentTime + note.startMs / 1000;
    const end = start + note.lengthMs / 1000;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume, start + 0.012);
    gain.gain.setValueAtTime(volume, end - 0.03);
    gain.gain.linearRampToValueAtTime(0, end);
    const oscillator = new OscillatorNode(context, { type: "triangle", frequency: note.hz });
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(end);
    playing.push(oscillator);
    oscillator.addEventListener("ended", () => {
      playing = playing.filter((other) => other !== oscillator);
    });
  }
}

function silence(): void {
  for (const oscillator of playing) oscillator.disconnect();
  playing = [];
}
