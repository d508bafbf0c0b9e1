/** Every setting of the agent, with its default and its reason. Read from `agent.yaml`. */
import { z } from "zod";
import { CameraId, PillarId } from "../shared/ids.ts";
import { MAX_CAMERAS } from "../shared/protocol/signal.ts";

/** So many of the list are sent today. */
const SENT_CAMERAS = 1;

/** Where pictures come from. */
const CameraSource = z.discriminatedUnion("kind", [
  /** A moving test picture. */
  z.strictObject({ kind: z.literal("test") }),
  z.strictObject({
    kind: z.literal("file"),
    /** Video file that is played again and again instead of a camera. */
    path: z.string(),
    /**
     * `h264`: the file holds H.264 without B-frames and is sent as it is. `other`: it is encoded.
     */
    codec: z.enum(["h264", "other"]).default("h264"),
  }),
  z.strictObject({
    kind: z.literal("rtsp"),
    /**
     * Address of the network camera, with user and password
     * where it asks for them. They are kept out of logs.
     */
    url: z.url({ protocol: /^rtsps?$/ }),
    /**
     * `h264`: the camera sends H.264 without B-frames, which
     * is passed on as it is. `other`: its stream is encoded.
     */
    codec: z.enum(["h264", "other"]).default("h264"),
  }),
  z.strictObject({
    kind: z.literal("v4l2"),
    /** Video device of the kernel: `/dev/video0`. */
    device: z.string().startsWith("/dev/"),
    /**
     * `h264`: the camera encodes by itself, without B-frames.
     * `other`: its pictures are encoded here.
     */
    codec: z.enum(["h264", "other"]).default("other"),
  }),
]);

const Camera = z.strictObject({
  /**
   * Name of this camera: a lower-case letter and up to 15 letters and digits. It stands in
   * recordings, faults and addresses, so it should say where the camera looks.
   */
  id: CameraId,
  /** Where its pictures come from. */
  source: CameraSource,
});
export type Camera = z.infer<typeof Camera>;

/** Where the caller's voice comes from. */
const Microphone = z.discriminatedUnion("kind", [
  /** No microphone. */
  z.strictObject({ kind: z.literal("none") }),
  /** A sine, to hear that the path works. */
  z.strictObject({
    kind: z.literal("test"),
    /** Pitch of the sine. */
    hz: z.number().int().min(50).max(8000).default(440),
  }),
  z.strictObject({
    kind: z.literal("file"),
    /** Sound file that is played again and again instead of a microphone. */
    path: z.string(),
  }),
  z.strictObject({
    kind: z.literal("pulse"),
    /**
     * PulseAudio source, as `pactl list short sources` names it; `default`: the system's choice.
     */
    source: z.string(),
  }),
  z.strictObject({
    kind: z.literal("alsa"),
    /** ALSA capture device, as `arecord -L` names it: `plughw:1,0`. */
    device: z.string(),
  }),
  /** Sound from another program, for tests: an endless WAVE of s16le mono 48 kHz. */
  z.strictObject({
    kind: z.literal("socket"),
    /** Unix socket the sound is read from. */
    path: z.string(),
  }),
]);

/** Where the operator's voice and the prompts are heard. */
const Speaker = z.discriminatedUnion("kind", [
  /** No speaker. */
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("file"),
    /**
     * File the sound is written to, raw s16le mono 48 kHz,
     * 64 MiB at most: for looking at what was played.
     */
    path: z.string(),
  }),
  z.strictObject({
    kind: z.literal("pulse"),
    /** PulseAudio sink, as `pactl list short sinks` names it; `default`: the system's choice. */
    sink: z.string(),
  }),
  z.strictObject({
    kind: z.literal("alsa"),
    /** ALSA playback device, as `aplay -L` names it: `plughw:1,0`. */
    device: z.string(),
  }),
  /** Sound to another program, for tests: raw s16le mono 48 kHz. */
  z.strictObject({
    kind: z.literal("socket"),
    /** Unix socket the sound is written to. */
    path: z.string(),
  }),
]);

function haveOwnNames(cameras: readonly Camera[]): boolean {
  return new Set(cameras.map(({ id }) => id)).size === cameras.length;
}

function areSent(cameras: readonly Camera[]): boolean {
  return cameras.length <= SENT_CAMERAS;
}

export const MediaConfig = z.strictObject({
  /**
   * Addresses of this machine by which the hub's media is reached, and the only ones bound. Empty =
   * every IPv4 address, whatever its interface is called (a VPN's `tun0` too), also after it has
   * changed.
   */
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(8)
    .default([]),
  /**
   * The pillar's cameras, each with a name of its own. Empty = no camera. The list is for those
   * to come: this release sends one.
   */
  cameras: z
    .array(Camera)
    .max(MAX_CAMERAS)
    .refine(haveOwnNames, "expected a different id for each camera")
    .refine(areSent, `expected ${SENT_CAMERAS} camera: this release sends no more; remove the rest`)
    .default([{ id: CameraId.parse("front"), source: { kind: "test" } }]),
  /**
   * Width and height of the picture that is sent. A
   * source that is passed on as it is keeps its own.
   */
  size: z.enum(["640x360", "1280x720"]).default("1280x720"),
  /**
   * Pictures sent each second. A source that is passed on as it is keeps its own rate.
   * @unit pictures per second
   */
  framesPerSecond: z.number().int().min(5).max(30).default(25),
  microphone: Microphone.default({ kind: "test", hz: 440 }),
  speaker: Speaker.default({ kind: "none" }),
  /** Folder of `<name>.wav` prompts; empty = the ones that come with the agent. */
  promptsDir: z.string().default(""),
  /**
   * Sound of the operator that is later than this is
   * dropped, so that the conversation stays in step.
   */
  maxPlaybackMs: z.number().int().min(20).max(60).default(60),
});
export type MediaConfig = z.infer<typeof MediaConfig>;

/** The button and the lamps. */
const Board = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("modbus"),
    /** Serial device: `/dev/ttyS0`, `/dev/ttyUSB0`, or a pseudo-terminal. */
    path: z.string(),
    /**
     * Speed of the serial line; the board must be set
     * to the same. 8 data bits, no parity, 1 stop bit.
     */
    baudRate: z.number().int().min(1200).max(921_600).default(115_200),
    /**
     * Address of the board on the line.
     * @unit Modbus unit number
     */
    unit: z.number().int().min(1).max(247).default(1),
    /** Time between two readings of the board's inputs. */
    pollMs: z.number().int().min(5).max(100).default(10),
  }),
  z.strictObject({
    kind: z.literal("onoff"),
    /**
     * Label of the GPIO chip. The lines below are offsets on it, never global numbers: kernels
     * since 6.6 moved those.
     */
    chip: z.string().default("pinctrl-bcm2711"),
    /**
     * Input of the alarm button; low is pressed.
     * @unit line of the chip
     */
    button: z.number().int().nonnegative(),
    /**
     * Input of the button for silent alarms; low is pressed. Without it the pillar has none.
     * @unit line of the chip
     */
    silentButton: z.number().int().nonnegative().optional(),
    /**
     * Output of the lamp. Without it the pillar shows nothing.
     * @unit line of the chip
     */
    lamp: z.number().int().nonnegative().optional(),
    /**
     * Output of the siren. Without it an operator cannot sound one.
     * @unit line of the chip
     */
    siren: z.number().int().nonnegative().optional(),
    /**
     * Input of the contact at the door of the housing; low
     * is open. Without it an opened housing is not noticed.
     * @unit line of the chip
     */
    tamper: z.number().int().nonnegative().optional(),
    /** Folder of the kernel's GPIO tree; another one only in tests. */
    sysfs: z.string().default("/sys/class/gpio"),
  }),
]);

export const AgentConfig = z.strictObject({
  /**
   * Name of this pillar, as it was enrolled at the hub:
   * lower-case letters, digits and inner hyphens.
   */
  pillarId: PillarId,
  /** Folder for keys, certificate and ledger. It must survive a reboot. */
  dataDir: z.string(),
  /** The hub this pillar belongs to. */
  hub: z.strictObject({
    /** Name or address of the hub, as in its certificate. */
    host: z.string(),
    /** Port of the hub's broker, or of the external broker in front of it. */
    mqttPort: z.number().int().min(1).max(65_535).default(8883),
    /** Address of the hub's API, asked once: at the enrolment. HTTPS, or plain HTTP on loopback. */
    httpUrl: z.url({ protocol: /^https?$/ }),
    /**
     * Hubs that take alarms by HTTPS when MQTT brings no receipt, in the order in which they are
     * asked; the certificate is renewed there as well. Without this line: `host`, at the port that
     * the hub named when the pillar was enrolled (8884 unless it was changed there). An empty list
     * switches the fallback off, which is a fault. Their certificates must come from the hub's
     * authority.
     */
    alarmUrls: z
      .array(z.url({ protocol: /^https$/ }))
      .max(4)
      .optional(),
  }),
  board: Board,
  /** Camera, microphone and speaker. */
  media: MediaConfig.prefault({}),
  /** Whether the wall clock can be believed. It goes into the record; no alarm waits for it. */
  clock: z
    .strictObject({
      /**
       * `auto`: the clock is believed when one of the files of `marks` exists. `always`, `never`:
       * it is, or is not, whatever they say.
       */
      trust: z.enum(["auto", "always", "never"]).default("auto"),
      /** Files of which one exists once the clock has been set. chrony makes none by itself. */
      marks: z
        .array(z.string().startsWith("/"))
        .max(8)
        .default(["/run/systemd/timesync/synchronized", "/run/chrony/synchronized"]),
    })
    .prefault({}),
  /** Least important log line that is written. `debug` is for finding a fault. */
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
