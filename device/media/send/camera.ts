/**
 * The command line that turns a camera into H.264 over RTP.
 *
 * A source that already is H.264 is copied, its parameter sets repeated before every keyframe; any
 * other is encoded as constrained baseline, without B-frames, with a keyframe every two seconds. A
 * copied source must be free of B-frames itself: browsers show reordered pictures of WebRTC as
 * jerks.
 */
import { VIDEO } from "../../../shared/media/codecs.ts";
import type { Camera, MediaConfig } from "../../config.ts";
import { QUIET, rtpOutput, words } from "./ffmpeg-arguments.ts";

const KEYFRAME_SECONDS = 2;
/** An RTSP camera that says nothing for this long is connected to anew. */
const RTSP_TIMEOUT_MICROSECONDS = 5_000_000;
/** Pass pictures on as they come; a file would lose its first keyframe by this. */
const PROMPTLY = words("-fflags nobuffer -flags low_delay");

const KBPS_BY_SIZE = { "640x360": 900, "1280x720": 1800 } as const;

type Picture = Pick<MediaConfig, "size" | "framesPerSecond">;

/** Arguments for ffmpeg. `port` is ours, on loopback. */
export function cameraArguments({ source }: Camera, picture: Picture, port: number): string[] {
  const input = cameraInput(source, picture);
  const codec = isCopied(source) ? COPIED : encoded(source, picture);
  return [...QUIET, ...input, ...words("-map 0:v:0 -an"), ...codec, ...rtpOutput(VIDEO, port)];
}

/** A copied file ends, and begins again. */
export function cameraRepeats({ source }: Camera): boolean {
  return source.kind === "file" && source.codec === "h264";
}

function cameraInput(source: Camera["source"], { size, framesPerSecond }: Picture): string[] {
  switch (source.kind) {
    case "test":
      return words(`-re -f lavfi -i testsrc2=size=${size}:rate=${framesPerSecond}`);
    case "file":
      // A filter on copied packets does not survive `-stream_loop`: such a file is started anew.
      return source.codec === "h264"
        ? ["-re", "-i", source.path]
        : ["-re", "-stream_loop", "-1", "-i", source.path];
    case "rtsp": {
      const transport = words(`-rtsp_transport tcp -timeout ${RTSP_TIMEOUT_MICROSECONDS}`);
      return [...transport, ...PROMPTLY, "-i", source.url];
    }
    case "v4l2": {
      const format = source.codec === "h264" ? words("-input_format h264") : [];
      const wanted = words(`-framerate ${framesPerSecond} -video_size ${size}`);
      return ["-f", "v4l2", ...format, ...wanted, ...PROMPTLY, "-i", source.device];
    }
  }
}

function isCopied(source: Camera["source"]): boolean {
  return "codec" in source && source.codec === "h264";
}

/** A file's packets are length-prefixed: the first filter makes them what the second needs. */
const COPIED = words("-c:v copy -bsf:v h264_mp4toannexb,dump_extra=freq=keyframe");

function encoded(source: Camera["source"], { size, framesPerSecond }: Picture): string[] {
  const fit = size.replace("x", ":");
  const shaped =
    `fps=${framesPerSecond},scale=${fit}:force_original_aspect_ratio=decrease,` +
    `pad=${fit}:-1:-1`;
  const group = framesPerSecond * KEYFRAME_SECONDS;
  const kbps = KBPS_BY_SIZE[size];
  return [
    ...(source.kind === "test" ? [] : ["-vf", shaped]),
    ...words("-c:v libx264 -pix_fmt yuv420p -profile:v baseline -level 3.1"),
    ...words("-preset ultrafast -tune zerolatency -bf 0"),
    ...words(`-g ${group} -keyint_min ${group} -sc_threshold 0`),
    ...words(`-b:v ${kbps}k -maxrate ${kbps}k -bufsize ${Math.round(kbps / 3)}k`),
  ];
}
