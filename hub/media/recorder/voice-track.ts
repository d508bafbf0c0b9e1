/**
 * Both voices of a call as one stereo Opus track: the citizen left, the operator right.
 *
 * A timeline of 20 ms frames begins with the recording and never stops; where nobody speaks there
 * is silence, so the track is exactly as long as the recording. Sound is placed by its RTP time, a
 * little late so that jitter can settle. What comes later than that is left out, and counted.
 */
import { Decoder, Encoder } from "@evan/opus";
import { AUDIO } from "../../../shared/media/codecs.ts";
import type { GapTrack } from "./gaps.ts";
import { newMediaClock, type MediaClock } from "./media-clock.ts";
import { OPUS_FRAME, OPUS_PRE_SKIP } from "./mp4-box.ts";

export type Side = "citizen" | "operator";

export interface VoicePacket {
  readonly ssrc: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export interface VoiceTrack {
  push(side: Side, packet: VoicePacket, at: number): void;
  /** The Opus packets of all whole frames up to an instant. */
  encodeUntil(at: number): Uint8Array[];
  late(): number;
}

/** Sound may be this much late and still find its place. */
export const VOICE_DELAY_MS = 300;
/** Of pictures and of sound held before it is encoded. */
const HELD_SAMPLES = 2 * AUDIO.clockRate;
/** A place that differs more than this from the clock's is moved to the clock's. */
const MAX_SLIP_SAMPLES = 0.06 * AUDIO.clockRate;
/** RFC 6716: no packet is longer than 120 ms. */
const MAX_PACKET_SAMPLES = 0.12 * AUDIO.clockRate;
const BITRATE = 48_000;
const SAMPLES_PER_MS = AUDIO.clockRate / 1000;
/**
 * RFC 6716, 4.3: a packet so short can only say that
 * there is silence, and so would every one after it.
 */
const SILENT_BYTES = 3;

interface Voice {
  ssrc: number;
  decoder: Decoder;
  clock: MediaClock;
  /** The place of an RTP timestamp; moves with the stream. */
  anchor: { timestamp: number; place: number } | undefined;
}

/** By the stream's own count, unless that has slipped from the clock. */
function placeOf(voice: Voice, timestamp: number, sinceStartMs: number): number {
  const byClock = Math.round((sinceStartMs * AUDIO.clockRate) / 1000) - OPUS_PRE_SKIP;
  const { anchor } = voice;
  const byStream =
    anchor === undefined ? byClock : anchor.place + ((timestamp - anchor.timestamp) | 0);
  const place = Math.abs(byStream - byClock) > MAX_SLIP_SAMPLES ? byClock : byStream;
  voice.anchor = { timestamp, place };
  return place;
}

const newVoice = (ssrc: number): Voice => ({
  ssrc,
  decoder: new Decoder({ channels: 1, sample_rate: 48_000 }),
  clock: newMediaClock(AUDIO.clockRate),
  anchor: undefined,
});

export function newVoiceTrack(
  startedAt: number,
  gaps: Readonly<Record<Side, GapTrack>>,
): VoiceTrack {
  const held = new Int16Array(HELD_SAMPLES * 2);
  const voiceBySide = new Map<Side, Voice>();
  const encoder = new Encoder({ channels: 2, sample_rate: 48_000, application: "audio" });
  encoder.bitrate = BITRATE;
  encoder.complexity = 5;
  let encoded = 0;
  let late = 0;
  /** Where the latest sound ends. */
  let soundEnd = 0;
  let silence: Uint8Array | undefined;

  const voiceOf = (side: Side, ssrc: number, at: number): Voice => {
    const known = voiceBySide.get(side);
    if (known?.ssrc === ssrc) return known;
    // Another console's voice: nobody spoke between the two, and nothing is missing.
    if (side === "operator") gaps.operator.begin(at - startedAt);
    const voice = newVoice(ssrc);
    voiceBySide.set(side, voice);
    return voice;
  };

  const mix = (side: Side, place: number, samples: Int16Array): void => {
    const channel = side === "citizen" ? 0 : 1;
    if (place + samples.length > encoded + HELD_SAMPLES || place + samples.length <= encoded) {
      late += 1;
      return;
    }
    gaps[side].seen(Math.max(0, place) / SAMPLES_PER_MS, samples.length / SAMPLES_PER_MS);
    soundEnd = Math.max(soundEnd, place + samples.length);
    silence = undefined;
    for (let index = Math.max(0, encoded - place); index < samples.length; index += 1) {
      held[((place + index) % HELD_SAMPLES) * 2 + channel] = samples[index] ?? 0;
    }
  };

  /**
   * Hundreds of recordings at once are mostly silent, and
   * encoding silence costs as much as encoding a voice.
   */
  const nextPacket = (): Uint8Array => {
    if (silence) return silence;
    const from = (encoded % HELD_SAMPLES) * 2;
    const frame = held.subarray(from, from + OPUS_FRAME * 2);
    const packet = Uint8Array.from(encoder.encode(frame));
    frame.fill(0);
    if (encoded >= soundEnd && packet.length <= SILENT_BYTES) silence = packet;
    return packet;
  };

  return {
    push(side, packet, at) {
      const voice = voiceOf(side, packet.ssrc, at);
      const samples = decode(voice.decoder, packet.payload);
      if (samples === undefined) {
        late += 1;
        return;
      }
      const spokenAt = voice.clock.observe(packet.timestamp, at);
      mix(side, placeOf(voice, packet.timestamp, spokenAt - startedAt), samples);
    },
    encodeUntil(at) {
      const until = ((at - startedAt) * AUDIO.clockRate) / 1000;
      const packets: Uint8Array[] = [];
      while (encoded + OPUS_FRAME <= until) {
        packets.push(nextPacket());
        encoded += OPUS_FRAME;
      }
      return packets;
    },
    late: () => late,
  };
}

/** Undefined for what is not an Opus packet: a broken packet must cost itself only. */
function decode(decoder: Decoder, payload: Uint8Array): Int16Array | undefined {
  if (payload.length === 0) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = decoder.decode(payload);
  } catch {
    // The library throws for every malformed packet; the caller counts it.
    return undefined;
  }
  const samples = new Int16Array(bytes.length >> 1);
  new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.length * 2));
  return samples.length <= MAX_PACKET_SAMPLES ? samples : undefined;
}
