import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RtpPacket } from "werift";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startRecording, type Recording } from "../../../../hub/media/recorder/recording.ts";
import { inspectRecording } from "../../../../hub/media/recorder/recover.ts";
import { CameraId } from "../../../../shared/ids.ts";
import { PICTURE, startSource, tone } from "../../../kit/media/media-rig.ts";
import { waitFor, waitUntil } from "../../../kit/run/wait.ts";

/** Three seconds of real packets, captured once; the tests replay them in virtual time. */
const captured: Record<"picture" | "citizen" | "operator", Arrival[]> = {
  picture: [],
  citizen: [],
  operator: [],
};
interface Arrival {
  readonly packet: RtpPacket;
  readonly at: number;
}
const FRONT = CameraId.parse("front");
let dir = "";
let path = "";
let count = 0;

const span = (list: readonly Arrival[]): number => (list.at(-1)?.at ?? 0) - (list[0]?.at ?? 0);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "anzhu-recording-"));
  const start = performance.now();
  const into = (list: Arrival[]) => (packet: RtpPacket) =>
    list.push({ packet, at: performance.now() - start });
  const sources = await Promise.all([
    startSource(PICTURE, into(captured.picture)),
    startSource(tone(440), into(captured.citizen)),
    startSource(tone(1000), into(captured.operator)),
  ]);
  const isEnough = (): boolean => Math.min(...Object.values(captured).map(span)) > 3000;
  try {
    await waitUntil(isEnough, { timeout: 20_000 });
  } finally {
    await Promise.all(sources.map((source) => source.stop()));
  }
  for (const list of Object.values(captured)) {
    const first = list[0]?.at ?? 0;
    list.splice(0, list.length, ...list.map(({ packet, at }) => ({ packet, at: at - first })));
  }
});
beforeEach(() => {
  count += 1;
  path = join(dir, `${count}.mp4`);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Plan {
  readonly totalMs: number;
  /** When each stream begins, in ms; a stream that is not named never begins. */
  readonly begins: Partial<Record<keyof typeof captured, number>>;
  readonly onTick?: (at: number, recording: Recording) => void;
  readonly isCallRunning?: boolean;
}

/** Runs the plan against a recording in virtual time. */
function play(plan: Plan): Promise<Awaited<ReturnType<Recording["stop"]>>> {
  return begin(plan).stop(plan.totalMs);
}

function begin({ totalMs, begins, onTick, isCallRunning = false }: Plan): Recording {
  const recording = startRecording(path, 0, { isCallRunning });
  const events: { at: number; run: () => void }[] = [];
  for (const [kind, begin] of Object.entries(begins)) {
    for (const { packet, at } of captured[kind as keyof typeof captured]) {
      if (begin + at >= totalMs) continue;
      events.push({ at: begin + at, run: () => feed(recording, kind, { packet, at: begin + at }) });
    }
  }
  for (let at = 100; at < totalMs; at += 100) {
    events.push({
      at,
      run: () => {
        recording.tick(at);
        onTick?.(at, recording);
      },
    });
  }
  for (const event of events.toSorted((a, b) => a.at - b.at)) event.run();
  return recording;
}

function feed(recording: Recording, kind: string, { packet, at }: Arrival): void {
  const { ssrc, timestamp, sequenceNumber, marker } = packet.header;
  const { payload } = packet;
  if (kind === "picture") {
    const from = { camera: FRONT, source: ssrc };
    recording.picture({ sequence: sequenceNumber, timestamp, marker, payload }, from, at);
  } else recording.voice(kind as "citizen" | "operator", { ssrc, timestamp, payload }, at);
}

interface Probe {
  readonly format: { readonly duration: string };
  readonly streams: readonly {
    readonly codec_name: string;
    readonly channels?: number;
    readonly width?: number;
    readonly start_time: string;
    readonly duration: string;
  }[];
}

function probe(): Probe {
  const shown = ["-show_entries", "stream:format", "-of", "json", path];
  return JSON.parse(execFileSync("ffprobe", ["-v", "error", ...shown], { encoding: "utf8" }));
}

const startOf = (codec: string): string | undefined =>
  probe().streams.find((stream) => stream.codec_name === codec)?.start_time;

/** The decoder's error messages for the file. */
function complaints(): string {
  const run = spawnSync(
    "ffmpeg",
    ["-v", "warning", "-i", path, "-fps_mode", "vfr", "-f", "null", "-"],
    {
      encoding: "utf8",
    },
  );
  return run.stderr;
}

/** Loudness of one channel near one frequency, in decibels. */
function loudness(channel: 0 | 1, frequency: number, from = 1): number {
  const filter = `pan=mono|c0=c${channel},bandpass=f=${frequency}:width_type=h:w=60,volumedetect`;
  const run = spawnSync(
    "ffmpeg",
    ["-hide_banner", "-ss", `${from}`, "-i", path, "-vn", "-af", filter, "-f", "null", "-"],
    { encoding: "utf8" },
  );
  return Number(/mean_volume: (\S+) dB/.exec(run.stderr)?.[1]);
}

const everything = { picture: 500, citizen: 200, operator: 700 };

describe("a recording", () => {
  test("has the picture, the citizen left and the operator right, and decodes cleanly", async () => {
    const end = await play({ totalMs: 3500, begins: everything });
    expect(end).toMatchObject({ state: "closed", durationMs: 3500 });
    expect(
      probe()
        .streams.map((stream) => stream.codec_name)
        .toSorted(),
    ).toEqual(["h264", "opus"]);
    expect(Number(probe().format.duration)).toBeCloseTo(3.5, 1);
    expect(Number(startOf("h264"))).toBeCloseTo(0.5, 1);
    expect(complaints()).toBe("");
    expect(loudness(0, 440)).toBeGreaterThan(loudness(1, 440) + 20);
    expect(loudness(1, 1000)).toBeGreaterThan(loudness(0, 1000) + 20);
  });

  test("is as long as it took when nobody speaks and nothing is seen", async () => {
    expect(await play({ totalMs: 4000, begins: {} })).toMatchObject({ durationMs: 4000 });
    expect(Number(probe().format.duration)).toBeCloseTo(4, 1);
    expect(probe().streams).toHaveLength(1);
    expect(complaints()).toBe("");
  });

  test("keeps the picture alone when there is no sound", async () => {
    await play({ totalMs: 3000, begins: { picture: 0 } });
    expect(probe().streams).toHaveLength(2);
    expect(complaints()).toBe("");
  });

  test("goes on when the picture stops", async () => {
    const recording = play({ totalMs: 9000, begins: { picture: 1000, citizen: 0 } });
    expect(await recording).toMatchObject({ state: "closed", durationMs: 9000 });
    expect(complaints()).toBe("");
  });

  test("places a voice where it was heard, within 20 ms", async () => {
    await play({ totalMs: 3000, begins: { citizen: 1200 } });
    const run = spawnSync(
      "ffmpeg",
      ["-hide_banner", "-i", path, "-af", "silencedetect=n=-40dB:d=0.5", "-f", "null", "-"],
      { encoding: "utf8" },
    );
    const begins = Number(/silence_end: (\S+)/.exec(run.stderr)?.[1]);
    expect(Math.abs(begins - 1.2)).toBeLessThan(0.02);
  });

  test("survives packets that are no sound and no picture", async () => {
    const noise = new Uint8Array([0xff, 0xff, 0xff]);
    const end = await play({
      totalMs: 2000,
      begins: everything,
      onTick: (at, recording) => {
        recording.voice("citizen", { ssrc: at, timestamp: at, payload: noise }, at);
        const packet = { sequence: at, timestamp: at, marker: true, payload: noise };
        recording.picture(packet, { camera: FRONT, source: at }, at);
      },
    });
    expect(end.state).toBe("closed");
    expect(probe().streams.length).toBeGreaterThan(0);
  });

  test("fails visibly when its file cannot be written", async () => {
    path = join(dir, "no", "such", "directory.mp4");
    const end = await play({ totalMs: 1000, begins: {} });
    expect(end.state).toBe("failed");
    expect(end.detail).toMatch(/cannot create .*directory\.mp4/);
    expect(end.durationMs).toBe(0);
    expect(end.gaps.spans).toEqual([{ track: "everything", fromMs: 0, toMs: 1000 }]);
  });

  test("says what is missing of picture and voices, and that a voice nobody spoke is not missing", async () => {
    const hole = (list: readonly Arrival[], from: number, to: number): Arrival[] =>
      list.filter(({ at }) => at < from || at >= to);
    const whole = { ...captured };
    captured.picture = hole(captured.picture, 1000, 2200);
    captured.citizen = hole(captured.citizen, 500, 900);
    try {
      const end = await play({ totalMs: 3000, begins: { picture: 0, citizen: 0, operator: 1000 } });
      const tracks = end.gaps.spans.map(({ track }) => track).toSorted();
      expect(tracks).toEqual(["citizen", "picture"]);
      const picture = end.gaps.spans.find(({ track }) => track === "picture");
      expect(picture?.fromMs).toBeGreaterThan(900);
      expect(picture?.fromMs).toBeLessThan(1100);
      expect(picture?.toMs).toBeGreaterThanOrEqual(2100);
      expect(end.gaps.missingMs.citizen).toBeGreaterThan(300);
      expect(end.gaps.missingMs.citizen).toBeLessThan(500);
      expect(end.gaps.missingMs.operator).toBe(0);
    } finally {
      Object.assign(captured, whole);
    }
  });

  test("whose process dies keeps the gaps that were noted, and says what was missing at its last fragment", async () => {
    const whole = { ...captured };
    const hole = (list: readonly Arrival[], from: number, to: number): Arrival[] =>
      list.filter(({ at }) => at < from || at >= to);
    captured.picture = hole(captured.picture, 700, 1400);
    captured.citizen = captured.citizen.filter(({ at }) => at < 2000);
    try {
      begin({ totalMs: 3500, begins: { picture: 0, citizen: 0, operator: 1000 } });
    } finally {
      Object.assign(captured, whole);
    }
    // Its writes are still under way: a copy is what a process that dies now would leave behind.
    const copy = `${path}.copy`;
    const found = await waitFor(async () => {
      await copyFile(path, copy);
      const inspected = await inspectRecording(copy);
      if ("failed" in inspected) throw new Error(inspected.reason);
      expect(inspected.durationMs).toBeGreaterThanOrEqual(3000);
      return inspected;
    });
    path = copy;
    expect(found.durationMs).toBeLessThan(3200);
    expect(found.gaps.count).toBe(2);
    const [picture, citizen] = found.gaps.spans;
    expect(picture).toMatchObject({ track: "picture" });
    expect(Math.abs((picture?.fromMs ?? 0) - 700)).toBeLessThan(150);
    // Until the next keyframe, because nothing before it can be shown.
    expect(picture?.toMs).toBeGreaterThan(1300);
    expect(picture?.toMs).toBeLessThan(found.durationMs);
    expect(citizen).toMatchObject({ track: "citizen", toMs: found.durationMs });
    expect(Math.abs((citizen?.fromMs ?? 0) - 2000)).toBeLessThan(150);
    expect(complaints()).toBe("");
  });

  test("of a call that runs already misses the first moment too", async () => {
    const late = { totalMs: 3000, begins: { picture: 1500, citizen: 600 } };
    const pressed = await play(late);
    expect(pressed.gaps.spans).toEqual([]);
    count += 1;
    path = join(dir, `${count}.mp4`);
    const running = await play({ ...late, isCallRunning: true });
    expect(running.gaps.spans.map(({ track, fromMs }) => [track, fromMs])).toEqual([
      ["citizen", 0],
      ["picture", 0],
    ]);
    expect(Math.abs(running.gaps.missingMs.picture - 1500)).toBeLessThan(150);
  });

  test("without a picture and a voice says so of its whole time", async () => {
    const end = await play({ totalMs: 3000, begins: {} });
    const whole = { fromMs: 0, toMs: end.durationMs };
    expect(end.gaps.spans).toEqual([
      { track: "citizen", ...whole },
      { track: "picture", ...whole },
    ]);
  });

  test("of a camera with B-frames shows every picture in its order, at its time", async () => {
    const reordered =
      "-f lavfi -i testsrc2=size=320x180:rate=25 -c:v libx264 -pix_fmt yuv420p -preset veryfast " +
      "-bf 3 -b_strategy 0 -g 50 -bsf:v dump_extra -payload_type 102";
    const arrivals: Arrival[] = [];
    const start = performance.now();
    const source = await startSource(reordered.split(" "), (packet) => {
      arrivals.push({ packet, at: performance.now() - start });
    });
    await waitUntil(() => span(arrivals) > 3000, { timeout: 20_000 });
    await source.stop();
    const first = arrivals[0]?.at ?? 0;
    const own = arrivals.map(({ packet, at }) => ({ packet, at: at - first }));
    const before = captured.picture;
    captured.picture = own;
    try {
      await play({ totalMs: 3000, begins: { picture: 0 } });
    } finally {
      captured.picture = before;
    }
    const shown = "-select_streams v -show_entries packet=pts,dts -of json".split(" ");
    const json = execFileSync("ffprobe", ["-v", "error", ...shown, path], { encoding: "utf8" });
    const packets = (JSON.parse(json) as { packets: { pts: number; dts: number }[] }).packets;
    const [pts, dts] = [packets.map((one) => one.pts), packets.map((one) => one.dts)];
    expect(packets.length).toBeGreaterThan(50);
    expect(dts).toEqual(dts.toSorted((a, b) => a - b));
    expect(pts).not.toEqual(pts.toSorted((a, b) => a - b));
    const sorted = pts.toSorted((a, b) => a - b);
    const steps = sorted.slice(1).map((time, index) => time - (sorted[index] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    // The distance is 40 ms, apart from small corrections by the clock of arrival. The first
    // pictures are left out because that clock is not known yet, and the last ones because the file
    // ends between them.
    const settled = steps.slice(12, -4);
    expect(Math.min(...settled)).toBeGreaterThan(40 * 90 * 0.5);
    expect(Math.max(...settled)).toBeLessThan(40 * 90 * 1.5);
    const decoded = spawnSync("ffmpeg", [
      "-v",
      "error",
      "-i",
      path,
      "-fps_mode",
      "vfr",
      "-f",
      "null",
      "-",
    ]);
    expect(String(decoded.stderr)).toBe("");
  });
});
