/**
 * The operator's microphone, opened when the shift begins.
 *
 * Opening takes up to a second and may ask for permission; neither may happen while somebody calls
 * for help. Between calls the track is silent (`enabled = false`), so nothing is heard that no one
 * answered.
 */
import { shallowReactive } from "vue";
import { choices } from "../../state/choices.ts";

export type MicrophonePhase = "closed" | "opening" | "ready" | "denied" | "missing";

export const microphone = shallowReactive<{
  phase: MicrophonePhase;
  stream: MediaStream | null;
  label: string;
}>({ phase: "closed", stream: null, label: "" });

let opening: Promise<void> | null = null;

export function openMicrophone(): Promise<void> {
  opening ??= open().finally(() => (opening = null));
  return opening;
}

export function closeMicrophone(): void {
  stop(microphone.stream);
  microphone.stream = null;
  microphone.phase = "closed";
}

/** After another device was chosen or plugged in. */
export async function reopenMicrophone(): Promise<void> {
  const before = microphone.stream;
  await openMicrophone();
  if (before !== microphone.stream) stop(before);
}

async function open(): Promise<void> {
  if (!navigator.mediaDevices?.getUserMedia) {
    // Browsers hide the microphone from pages that did not come over HTTPS.
    microphone.phase = "missing";
    return;
  }
  microphone.phase = "opening";
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
        ...(choices.microphoneId ? { deviceId: { ideal: choices.microphoneId } } : {}),
      },
    });
    take(stream);
  } catch (error) {
    microphone.stream = null;
    const name = error instanceof DOMException ? error.name : "";
    microphone.phase =
      name === "NotAllowedError" || name === "SecurityError" ? "denied" : "missing";
    console.warn("microphone: could not be opened", error);
  }
}

function take(stream: MediaStream): void {
  const track = stream.getAudioTracks()[0];
  if (!track) {
    microphone.phase = "missing";
    return;
  }
  track.enabled = false;
  track.addEventListener("ended", () => {
    if (microphone.stream !== stream) return;
    microphone.stream = null;
    microphone.phase = "missing";
  });
  microphone.stream = stream;
  microphone.label = track.label;
  microphone.phase = "ready";
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** A headset plugged in, or permission given later, repairs the desk without a reload. */
export function watchDevices(): void {
  navigator.mediaDevices?.addEventListener("devicechange", () => {
    if (microphone.phase === "missing" || microphone.phase === "denied") void openMicrophone();
  });
  watchPermission().catch((error: unknown) => {
    console.info("microphone: permission cannot be watched", error);
  });
}

async function watchPermission(): Promise<void> {
  const status = await navigator.permissions?.query({ name: "microphone" });
  status?.addEventListener("change", () => {
    if (status.state === "granted") void openMicrophone();
    else closeAsDenied(status.state);
  });
}

function closeAsDenied(state: PermissionState): void {
  if (state !== "denied") return;
  closeMicrophone();
  microphone.phase = "denied";
}
