/**
 * The command line that turns a microphone into Opus over RTP.
 *
 * Frames of 20 ms: with 10 ms ffmpeg's bursts made a browser's jitter buffer grow past half a
 * second. Mono, with forward error correction, because nothing retransmits a lost sound. That lives
 * in the speech coder of Opus (RFC 6716, 2.1.7), which `-application lowdelay` leaves out: `voip`
 * costs 4 ms of look-ahead more.
 */
import { AUDIO } from "../../../shared/media/codecs.ts";
import type { MediaConfig } from "../../config.ts";
import { QUIET, rtpOutput, words } from "./ffmpeg-arguments.ts";

const RATE = AUDIO.clockRate;
/** 10 ms of s16le mono: the piece in which the sound server hands over what it heard. */
const FRAGMENT_BYTES = 960;
/** 20 ms: one Opus frame. */
const FRAME_BYTES = 2 * FRAGMENT_BYTES;
/** Without this ffmpeg listens for seconds before it believes what the source is. */
const NO_PROBE = words("-fflags nobuffer -probesize 32 -analyzeduration 0");

/** Arguments for ffmpeg; `undefined` when no microphone is configured. */
export function microphoneArguments(media: MediaConfig, port: number): string[] | undefined {
  const input = microphoneInput(media);
  if (input === undefined) return undefined;
  return [
    ...QUIET,
    ...input,
    ...words("-map 0:a:0 -vn -c:a libopus -application voip -frame_duration 20"),
    // `-fec` alone would also reach the RTP protocol, which has another option of that name.
    ...words(`-b:a 32k -ac 1 -ar ${RATE} -fec:a 1 -packet_loss:a 10`),
    ...rtpOutput(AUDIO, port),
  ];
}

function microphoneInput({ microphone }: MediaConfig): string[] | undefined {
  switch (microphone.kind) {
    case "none":
      return undefined;
    case "test":
      return words(`-re -f lavfi -i sine=frequency=${microphone.hz}:sample_rate=${RATE}`);
    case "file":
      return ["-re", "-stream_loop", "-1", "-i", microphone.path];
    case "pulse": {
      const format = words(`-f pulse -ac 1 -sample_rate ${RATE} -fragment_size ${FRAGMENT_BYTES}`);
      return [...NO_PROBE, ...format, "-i", microphone.source];
    }
    case "alsa":
      return [...NO_PROBE, ...words(`-f alsa -ac 1 -ar ${RATE}`), "-i", microphone.device];
    case "socket": {
      // The demuxer of raw samples cuts pieces of 21 ms, which
      // come out as an uneven rhythm; this one obeys.
      const format = words(`-f wav -ignore_length 1 -max_size ${FRAME_BYTES} -fflags nobuffer`);
      return [...format, "-i", `unix:${microphone.path}`];
    }
  }
}
