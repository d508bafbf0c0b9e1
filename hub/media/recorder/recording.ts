/**
 * One recording: the pillar's picture and both voices,
 * from start to stop, whichever of them are missing.
 *
 * The timeline begins when the hub says so. About every second what has settled becomes a fragment
 * on the disk, with a keyframe in it or without: a fragment that waited for a picture would be lost
 * with the process. The limit: pictures from a source that changes its size keep the first size in
 * the header; their own parameter sets travel with them.
 */
import { everythingMissing, type Gaps } from "../../../shared/api/recording-gap.ts";
import type { CameraId } from "../../../shared/ids.ts";
import type { ToMedia } from "../ipc.ts";
import type { VideoPacket } from "./access-unit.ts";
import { gapsUntil, newGapBook } from "./gaps.ts";
import { fileHead, OPUS_FRAME, VIDEO_TIMESCALE } from "./mp4-box.ts";
import { fragmentBytes, indexBytes, indexEntries, type IndexEntry } from "./mp4-fragment.ts";
import { MAX_PARAMETER_SET_BYTES } from "./parameter-set.ts";
import { newPictureTrack, type PictureSource } from "./picture-track.ts";
import { openRecordingFile } from "./recording-file.ts";
import { newVoiceTrack, VOICE_DELAY_MS, type Side, type VoicePacket } from "./voice-track.ts";

/** A fragment holds at most this much of the timeline, and one tick more. */
export const FRAGMENT_MS = 1000;
/** A camera shows at least five pictures a second, a voice is a packet every 20 ms. */
const PICTURE_GAP_MS = 500;
const VOICE_GAP_MS = 200;
/** From the press until picture and voice arrive. */
const LEAD_MS = 2000;
/**
 * So many pictures without one that can be written: a second of most cameras, five of the slowest.
 */
const ENOUGH_PICTURES = 25;
/** A day: the index must not grow for ever when a stop was lost. */
export const MAX_RECORDING_MS = 24 * 60 * 60 * 1000;

export interface RecordingEnd {
  readonly state: "closed" | "failed";
  readonly durationMs: number;
  readonly bytes: number;
  readonly detail: string;
  readonly gaps: Gaps;
  /** Whose pictures are in the file. */
  readonly cameras: readonly CameraId[];
}

/** Whether pictures are in the file; `undefined` while none came, or too few to tell. */
export interface PictureState {
  readonly isWritten: boolean;
  readonly detail: string;
}

export interface Recording {
  picture(packet: VideoPacket, from: PictureSource, at: number): void;
  voice(side: Side, packet: VoicePacket, at: number): void;
  /** Called about every 100 ms. False once the recording cannot go on. */
  tick(at: number): boolean;
  /** `isOver`: nothing more comes, so that the few pictures there are decide. */
  pictureState(isOver: boolean): PictureState | undefined;
  stop(at: number): Promise<RecordingEnd>;
}

export function startRecording(
  path: string,
  startedAt: number,
  { isCallRunning }: Pick<Extract<ToMedia, { type: "record-start" }>, "isCallRunning">,
): Recording {
  const file = openRecordingFile(path, fileHead({ video: undefined, durationMs: 0 }));
  const gaps = newGapBook();
  const leadMs = (leastMs: number): number => (isCallRunning ? leastMs : LEAD_MS);
  const citizen = gaps.track("citizen", { leastMs: VOICE_GAP_MS, leadMs: leadMs(VOICE_GAP_MS) });
  const operator = gaps.track("operator", { leastMs: VOICE_GAP_MS, leadMs: undefined });
  const voices = newVoiceTrack(startedAt, { citizen, operator });
  const shown = gaps.track("picture", { leastMs: PICTURE_GAP_MS, leadMs: leadMs(PICTURE_GAP_MS) });
  const pictures = newPictureTrack(startedAt, shown, (format) => {
    file.rewriteHead(fileHead({ video: format, durationMs: 0 }));
  });
  const index: IndexEntry[] = [];
  let audio: Uint8Array[] = [];
  let audioTime = 0;
  let sequence = 0;

  const cut = (isLast: boolean): void => {
    const samples = audioTime + audio.length * OPUS_FRAME;
    const video = pictures.takeUntil((samples * VIDEO_TIMESCALE) / 48_000, isLast);
    if (audio.length === 0 && video.length === 0) return;
    sequence += 1;
    const fragment = { sequence, audioTime, audio, video, gaps: gaps.soFar() };
    const offset = file.append(fragmentBytes(fragment), Math.round(samples / 48));
    index.push(...indexEntries(fragment, offset));
    audioTime = samples;
    audio = [];
  };

  const advance = (until: number): void => {
    for (const packet of voices.encodeUntil(until)) {
      audio.push(packet);
      if (audio.length * 20 >= FRAGMENT_MS) cut(false);
    }
  };

  return {
    picture: (packet, from, at) => pictures.push(packet, from, at),
    voice: (side, packet, at) => voices.push(side, packet, at),
    tick(at) {
      advance(Math.min(at, startedAt + MAX_RECORDING_MS) - VOICE_DELAY_MS);
      return file.failure() === undefined && at - startedAt < MAX_RECORDING_MS;
    },
    pictureState(isOver) {
      const received = pictures.received();
      if (pictures.format() !== undefined) return { isWritten: true, detail: "" };
      if (received < (isOver ? 1 : ENOUGH_PICTURES)) return undefined;
      return { isWritten: false, detail: `${pictures.camera() ?? ""}: ${noPicture(received)}` };
    },
    async stop(at) {
      advance(Math.min(at, startedAt + MAX_RECORDING_MS));
      cut(true);
      const wholeMs = Math.round(audioTime / 48);
      file.append(indexBytes(index), wholeMs);
      file.rewriteHead(fileHead({ video: pictures.format(), durationMs: wholeMs }));
      await file.close();
      const failure = file.failure();
      const durationMs = failure === undefined ? wholeMs : file.safeUntilMs();
      const lost = `${pictures.lost()} pictures and ${voices.late()} sounds lost`;
      return {
        state: failure === undefined ? "closed" : "failed",
        durationMs,
        bytes: file.bytes(),
        detail: failure ?? lost,
        gaps: everythingMissing(gapsUntil(gaps.soFar(), durationMs), durationMs, wholeMs),
        cameras: pictures.cameras(),
      };
    },
  };
}

const noPicture = (count: number): string =>
  `${count} pictures came and none could be written: expected an H.264 SPS and PPS of together at most ` +
  `${MAX_PARAMETER_SET_BYTES} bytes in front of a keyframe; set the camera to H.264 baseline, main or high`;
