/** Every setting of the agent, with its default and its reason. Read from `agent.yaml`. */
import { z } from "zod";
import { PillarId } from "../shared/ids.ts";

/** Where pictures come from. `-c copy` is used when the source already is H.264. */
const Camera = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("test") }),
  z.strictObject({
    kind: z.literal("file"),
    path: z.string(),
    codec: z.enum(["h264", "other"]).default("h264"),
  }),
  z.strictObject({
    kind: z.literal("rtsp"),
    url: z.url({ protocol: /^rtsps?$/ }),
    codec: z.enum(["h264", "other"]).default("h264"),
  }),
  z.strictObject({
    kind: z.literal("v4l2"),
    device: z.string().startsWith("/dev/"),
    codec: z.enum(["h264", "other"]).default("other"),
  }),
]);

const Microphone = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** A sine, to hear that the path works. */
  z.strictObject({ kind: z.literal("test"), hz: z.number().int().min(50).max(8000).default(440) }),
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("pulse"), source: z.string() }),
  z.strictObject({ kind: z.literal("alsa"), device: z.string() }),
  /** An endless WAVE of s16le mono 48 kHz from a Unix socket: a sound card made of software. */
  z.strictObject({ kind: z.literal("socket"), path: z.string() }),
]);

const Speaker = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("pulse"), sink: z.string() }),
  z.strictObject({ kind: z.literal("alsa"), device: z.string() }),
  /** Raw s16le mono 48 kHz to a Unix socket. */
  z.strictObject({ kind: z.literal("socket"), path: z.string() }),
]);

export const MediaConfig = z.strictObject({
  /**
   * Addresses of this machine by which the hub's media is reached, and the only ones bound. Empty = every IPv4
   * address, whatever its interface is called (a VPN's `tun0` too), also after it has changed.
   */
  addresses: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(8)
    .default([]),
  camera: Camera.default({ kind: "test" }),
  size: z.enum(["640x360", "1280x720"]).default("1280x720"),
  framesPerSecond: z.number().int().min(5).max(30).default(25),
  microphone: Microphone.default({ kind: "test", hz: 440 }),
  speaker: Speaker.default({ kind: "none" }),
  /** Folder of `<name>.wav` prompts; empty = the ones that come with the agent. */
  promptsDir: z.string().default(""),
  /** Playback behind by more than this is dropped: late help must not talk over present help. */
  maxPlaybackMs: z.number().int().min(20).max(60).default(60),
});
export type MediaConfig = z.infer<typeof MediaConfig>;

/** The button and the lamps. */
const Board = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("modbus"),
    /** Serial device: `/dev/ttyS0`, `/dev/ttyUSB0`, or a pseudo-terminal. */
    path: z.string(),
    baudRate: z.number().int().min(1200).max(921_600).default(115_200),
    unit: z.number().int().min(1).max(247).default(1),
    pollMs: z.number().int().min(5).max(100).default(10),
  }),
  z.strictObject({
    kind: z.literal("onoff"),
    /** Line offsets on the chip, never global numbers: kernels since 6.6 moved those. */
    chip: z.string().default("pinctrl-bcm2711"),
    button: z.number().int().nonnegative(),
    silentButton: z.number().int().nonnegative().optional(),
    lamp: z.number().int().nonnegative().optional(),
    siren: z.number().int().nonnegative().optional(),
    tamper: z.number().int().nonnegative().optional(),
    /** Root of the GPIO tree; another one only in tests. */
    sysfs: z.string().default("/sys/class/gpio"),
  }),
]);

export const AgentConfig = z.strictObject({
  pillarId: PillarId,
  /** Keys, certificate, ledger. Must survive a reboot. */
  dataDir: z.string(),
  hub: z.strictObject({
    host: z.string(),
    mqttPort: z.number().int().min(1).max(65_535).default(8883),
    /** For enrolment. */
    httpUrl: z.url({ protocol: /^https?$/ }),
    /**
     * Hubs that take alarms by HTTPS when MQTT brings no receipt, in the order in which they are asked; the
     * certificate is renewed there as well. Without this line: `host`, at the port that the hub named when the
     * pillar was enrolled (8884 unless it was changed there). An empty list switches the fallback off, which is a fault.
     * Their certificates must come from the hub's authority.
     */
    alarmUrls: z
      .array(z.url({ protocol: /^https$/ }))
      .max(4)
      .optional(),
  }),
  board: Board,
  media: MediaConfig.prefault({}),
  /** Whether the wall clock can be believed. It goes into the record; no alarm waits for it. */
  clock: z
    .strictObject({
      /** `auto`: as the marks say. `always`, `never`: something else than a time daemon is known. */
      trust: z.enum(["auto", "always", "never"]).default("auto"),
      /** Files that are there once the clock has been set; any of them. chrony leaves none by itself. */
      marks: z
        .array(z.string().startsWith("/"))
        .max(8)
        .default(["/run/systemd/timesync/synchronized", "/run/chrony/synchronized"]),
    })
    .prefault({}),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
