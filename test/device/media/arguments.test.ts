import { describe, expect, test } from "vitest";
import { MediaConfig, type Camera } from "../../../device/config.ts";
import { cameraArguments, cameraRepeats } from "../../../device/media/send/camera.ts";
import { microphoneArguments } from "../../../device/media/send/microphone.ts";

const camera = (source: unknown, picture: object = {}): string[] => {
  const media = MediaConfig.parse({ cameras: [{ id: "front", source }], ...picture });
  return cameraArguments(media.cameras[0]!, media, 6004);
};
const microphone = (media: unknown): string[] =>
  microphoneArguments(MediaConfig.parse({ microphone: media }), 6006) ?? [];

const file = (codec: string): Camera =>
  MediaConfig.parse({ cameras: [{ id: "front", source: { kind: "file", path: "a.mp4", codec } }] })
    .cameras[0]!;

/** The value behind an option; `undefined` when the option is not there. */
const valueOf = (args: readonly string[], option: string): string | undefined => {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args[at + 1];
};

describe("the camera's command line", () => {
  test("encodes constrained baseline with a keyframe every two seconds", () => {
    const args = camera({ kind: "test" }, { size: "640x360", framesPerSecond: 15 });
    expect(valueOf(args, "-i")).toBe("testsrc2=size=640x360:rate=15");
    expect(valueOf(args, "-c:v")).toBe("libx264");
    expect(valueOf(args, "-profile:v")).toBe("baseline");
    expect(valueOf(args, "-g")).toBe("30");
    expect(valueOf(args, "-bf")).toBe("0");
    expect(valueOf(args, "-sc_threshold")).toBe("0");
    expect(valueOf(args, "-tune")).toBe("zerolatency");
    expect(valueOf(args, "-payload_type")).toBe("102");
  });

  test("ends at our port on loopback, and stops when nobody is there", () => {
    expect(camera({ kind: "test" }).at(-1)).toBe(
      "rtp://127.0.0.1:6004?pkt_size=1200&rtcpport=6004&connect=1",
    );
  });

  test("copies what already is H.264, with parameter sets before every keyframe", () => {
    const sources = [
      { kind: "file", path: "/clips/street one.mp4" },
      { kind: "rtsp", url: "rtsp://camera.local/main" },
      { kind: "v4l2", device: "/dev/video0", codec: "h264" },
    ];
    for (const source of sources) {
      const args = camera(source);
      expect(valueOf(args, "-c:v")).toBe("copy");
      expect(valueOf(args, "-bsf:v")).toContain("dump_extra");
      expect(args).not.toContain("-vf");
    }
  });

  test("fits any other picture into the configured size", () => {
    const args = camera({ kind: "file", path: "a.avi", codec: "other" });
    expect(valueOf(args, "-vf")).toContain("scale=1280:720");
    expect(valueOf(args, "-stream_loop")).toBe("-1");
  });

  test("a path stays one argument, whatever is in it", () => {
    const path = "/clips/a b; rm -rf $HOME.mp4";
    expect(valueOf(camera({ kind: "file", path }), "-i")).toBe(path);
  });

  test("a copied file is started anew at its end, an encoded one loops by itself", () => {
    expect(cameraRepeats(file("h264"))).toBe(true);
    expect(cameraRepeats(file("other"))).toBe(false);
  });
});

describe("the microphone's command line", () => {
  test("is Opus of 20 ms, mono, with error correction, whatever the source", () => {
    const sources = [
      { kind: "test", hz: 440 },
      { kind: "file", path: "/voice.wav" },
      { kind: "pulse", source: "pillar" },
      { kind: "alsa", device: "hw:1,0" },
      { kind: "socket", path: "/run/microphone.sock" },
    ];
    for (const source of sources) {
      const args = microphone(source);
      expect(valueOf(args, "-c:a")).toBe("libopus");
      expect(valueOf(args, "-frame_duration")).toBe("20");
      expect(args.slice(args.indexOf("-i")).join(" ")).toContain("-ac 1 -ar 48000 -fec:a 1");
      expect(valueOf(args, "-payload_type")).toBe("111");
    }
  });

  test("names each source in ffmpeg's form", () => {
    expect(valueOf(microphone({ kind: "test", hz: 620 }), "-i")).toContain("frequency=620");
    expect(valueOf(microphone({ kind: "pulse", source: "pillar" }), "-fragment_size")).toBe("960");
    expect(valueOf(microphone({ kind: "socket", path: "/run/m" }), "-i")).toBe("unix:/run/m");
    expect(valueOf(microphone({ kind: "alsa", device: "hw:1" }), "-i")).toBe("hw:1");
  });
});
