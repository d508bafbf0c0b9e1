/**
 * Both directions of a talk: the loudspeaker for the person
 * at the pillar, the gate on our own microphone.
 *
 * A silent alarm begins with our microphone shut: a voice from the pillar may cost the caller's
 * life, so the operator opens it on purpose. A call that becomes a silent one, because the person
 * pressed again silently, shuts it at once, also in the middle of a word.
 */
import { computed, ref, shallowReactive, watch } from "vue";
import { choices } from "../../state/choices.ts";
import {
  barLength,
  decibels,
  isSilent,
  SOUND_ABOVE_DB,
  stepSilence,
  type Silence,
} from "./level.ts";
import { mark } from "./marks.ts";
import { microphone } from "./microphone.ts";
import { selectedId, talkingTo, watchOf } from "../workspace.ts";
import { analyser, isSoundOn, unlocks } from "../queue/sound.ts";
import { prepareSpare, startTalk, stopTalk, swapMicrophone, talk } from "./connection/whip.ts";

/** Fine enough to time the first sound, cheap enough to run all shift. */
const SAMPLE_MS = 25;
/** Meters move ten times a second, as fast as an eye can use. */
const METER_EVERY = 4;
const SAMPLES = 1024;

export const isMuted = ref(false);
export const isTalkKeyDown = ref(false);
export const levels = shallowReactive({
  pillar: 0,
  own: 0,
  isPillarSilent: false,
  isOwnSilent: false,
});

/** The microphone is open and somebody hears it. */
export const isOnAir = computed(
  () =>
    talkingTo.value !== undefined &&
    !isMuted.value &&
    (!choices.isPushToTalk || isTalkKeyDown.value),
);

const speaker = new Audio();
speaker.autoplay = true;

const heardId = computed(() => talkingTo.value?.id ?? selectedId.value);
const heardStream = computed(() => watchOf(heardId.value)?.state.stream ?? null);

interface Ear {
  readonly node: AnalyserNode;
  readonly source: MediaStreamAudioSourceNode;
  readonly samples: Float32Array<ArrayBuffer>;
}
let pillarEar: Ear | null = null;
let ownEar: Ear | null = null;
let pillarSilence: Silence = { heardAt: 0 };
let ownSilence: Silence = { heardAt: 0 };
let firstSoundFor: string | null = null;
let ticks = 0;
let hasStarted = false;

function listenTo(stream: MediaStream | null): Ear | null {
  if (!stream || stream.getAudioTracks().length === 0) return null;
  const node = analyser().createAnalyser();
  node.fftSize = SAMPLES;
  const source = analyser().createMediaStreamSource(stream);
  source.connect(node);
  return { node, source, samples: new Float32Array(SAMPLES) };
}

function levelOf(ear: Ear | null): number {
  if (!ear) return -Infinity;
  ear.node.getFloatTimeDomainData(ear.samples);
  return decibels(ear.samples);
}

function play(): void {
  speaker.play().catch((error: unknown) => {
    // The red bar is up already; the first click or key tries again.
    if (isSoundOn.value) console.warn("sound: the pillar's voice could not be played", error);
  });
}

/**
 * Once per page: nothing here depends on which page is
 * shown, so a call survives a look at the history.
 */
export function startVoice(): void {
  if (hasStarted) return;
  hasStarted = true;
  watch(heardStream, hear, { immediate: true });
  watch(() => talkingTo.value?.id, turnTo, { immediate: true });
  watch(() => talkingTo.value?.kind, hush, { flush: "sync" });
  watch(unlocks, play);
  watch(isOnAir, openGate, { immediate: true });
  watch(() => microphone.stream, takeMicrophone, { immediate: true });
  watch(() => choices.voiceDeviceId, applyVoiceDevice, { immediate: true });
  watch(
    () => talk.phase,
    (phase) => {
      openGate();
      if (phase === "connected") mark("anzhu:talk-ready", { incidentId: talk.incidentId });
    },
  );
  setInterval(sample, SAMPLE_MS);
}

function hear(stream: MediaStream | null): void {
  pillarEar?.source.disconnect();
  pillarEar = listenTo(stream);
  pillarSilence = { heardAt: Date.now() };
  speaker.srcObject = stream;
  if (stream) play();
}

function turnTo(id: string | undefined): void {
  speaker.muted = id === undefined;
  firstSoundFor = id ?? null;
  pillarSilence = ownSilence = { heardAt: Date.now() };
  isTalkKeyDown.value = false;
  isMuted.value = talkingTo.value?.kind === "silent";
  openGate();
  if (id === undefined) stopTalk();
  else startTalk(id);
}

function hush(kind: string | undefined): void {
  if (kind !== "silent") return;
  isMuted.value = true;
  isTalkKeyDown.value = false;
  openGate();
}

function openGate(): void {
  const track = microphone.stream?.getAudioTracks()[0];
  if (track) track.enabled = isOnAir.value;
  ownSilence = { heardAt: Date.now() };
}

function takeMicrophone(stream: MediaStream | null): void {
  ownEar?.source.disconnect();
  ownEar = listenTo(stream);
  openGate();
  if (stream && talk.incidentId !== null) void swapMicrophone();
  else void prepareSpare();
}

function applyVoiceDevice(): void {
  if (!("setSinkId" in speaker)) return;
  speaker.setSinkId(choices.voiceDeviceId).catch((error: unknown) => {
    console.warn("sound: the headset is gone, the default device speaks", error);
    choices.voiceDeviceId = "";
  });
}

function sample(): void {
  const at = Date.now();
  const pillar = levelOf(pillarEar);
  if (firstSoundFor !== null && pillar > SOUND_ABOVE_DB && !speaker.paused && !speaker.muted) {
    mark("anzhu:first-sound", { incidentId: firstSoundFor, db: Math.round(pillar) });
    firstSoundFor = null;
  }
  if (++ticks % METER_EVERY !== 0) return;
  const own = isOnAir.value ? levelOf(ownEar) : -Infinity;
  pillarSilence = stepSilence(pillarSilence, pillar, at);
  ownSilence = stepSilence(ownSilence, own, at);
  levels.pillar = barLength(pillar);
  levels.own = barLength(own);
  levels.isPillarSilent = talkingTo.value !== undefined && isSilent(pillarSilence, at);
  levels.isOwnSilent = isOnAir.value && isSilent(ownSilence, at);
}
