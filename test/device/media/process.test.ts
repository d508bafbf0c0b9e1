import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startCapture, type Capture } from "../../../device/media/send/capture.ts";
import { findFfmpeg } from "../../../device/media/ffmpeg.ts";
import type { MediaPacket } from "../../../device/media/send/packet.ts";
import { keepRunning, type Program } from "../../../device/media/process.ts";
import { MEDIA_TIMING, type MediaTiming } from "../../../device/media/timing.ts";
import { milliseconds } from "../../../shared/duration.ts";
import { waitFor } from "../../kit/run/wait.ts";

const PATIENT = { timeout: 10_000, interval: 5 };
const IMPATIENT: MediaTiming = {
  ...MEDIA_TIMING,
  restart: { first: milliseconds(5), most: milliseconds(20) },
  restartAtLeast: milliseconds(5),
  firstPacket: milliseconds(600),
  silence: milliseconds(400),
};

let folder: string;
const stops: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anzhu-process-"));
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a shell script in the place of ffmpeg. */
function script(lines: string): string {
  const path = join(folder, "ffmpeg");
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

interface Watched {
  readonly program: Program;
  readonly pids: number[];
  readonly failures: string[];
}

function run(file: string, more: { repeats?: boolean } = {}): Watched {
  const pids: number[] = [];
  const failures: string[] = [];
  const program = keepRunning({
    name: "camera",
    timing: IMPATIENT,
    hasInput: false,
    repeats: more.repeats ?? false,
    command: () => Promise.resolve({ file, args: [] }),
    onStart: (child) => pids.push(child.pid ?? 0),
    onEnd: () => undefined,
    onFailure: (detail) => failures.push(detail),
  });
  stops.push(() => program.stop());
  return { program, pids, failures };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("a kept program", () => {
  test("that dies is started again, and its last words are told", async () => {
    const { pids, failures } = run(script('echo "cannot open /dev/video0" >&2; exit 7'));
    await waitFor(() => expect(pids.length).toBeGreaterThan(2), PATIENT);
    expect(failures[0]).toContain("stopped with code 7: cannot open /dev/video0");
  });

  test("that is not there is reported and tried again", async () => {
    const path = join(folder, "nothing");
    const { failures } = run(path);
    await waitFor(() => expect(failures.length).toBeGreaterThan(2), PATIENT);
    expect(failures[0]).toContain(`${path} cannot be started`);
  });

  test("that floods its error output neither blocks nor fills our memory", async () => {
    const { failures } = run(script("yes complaint | head -c 4000000 >&2; exit 1"));
    await waitFor(() => expect(failures.length).toBeGreaterThan(0), PATIENT);
    expect(failures[0]?.length).toBeLessThanOrEqual(300);
    expect(failures[0]).toContain("complaint");
  });

  test("that reads a camera does not give away the camera's password", async () => {
    const { failures } = run(
      script('echo "rtsp://admin:s3cret@10.0.0.9/main: refused" >&2; exit 1'),
    );
    await waitFor(() => expect(failures.length).toBeGreaterThan(0), PATIENT);
    expect(failures[0]).toContain("rtsp://admin:***@10.0.0.9/main");
  });

  test("whose source is a file begins again at its end, and that is no failure", async () => {
    const { pids, failures } = run(script("exit 0"), { repeats: true });
    await waitFor(() => expect(pids.length).toBeGreaterThan(2), PATIENT);
    expect(failures).toEqual([]);
  });

  test("that ignores every gentle signal is ended all the same", async () => {
    const { program, pids } = run(script("trap '' TERM INT HUP; while :; do sleep 0.1; done"));
    await waitFor(() => expect(pids).toHaveLength(1), PATIENT);
    program.stop();
    await waitFor(() => expect(isAlive(pids[0]!)).toBe(false), PATIENT);
  });
});

describe("a capture", () => {
  const packets: MediaPacket[] = [];
  const failures: string[] = [];

  function capture(ffmpeg: string, timing = IMPATIENT): Capture {
    packets.length = 0;
    failures.length = 0;
    const started = startCapture({
      name: "camera",
      payloadType: 102,
      repeats: false,
      timing,
      findFfmpeg: () => Promise.resolve({ ok: true, path: ffmpeg }),
      argumentsFor: (port) => [String(port)],
      onPacket: (packet) => packets.push(packet),
      onFlow: () => undefined,
      onFailure: (detail) => failures.push(detail),
    });
    stops.push(started.stop);
    return started;
  }

  test("that never sends is killed and started again", async () => {
    const pids = join(folder, "pids");
    capture(script(`echo $$ >> ${pids}; exec sleep 60`));
    const started = () => readFileSync(pids, "utf8").trim().split("\n").map(Number);
    await waitFor(() => expect(started().length).toBeGreaterThan(1), PATIENT);
    expect(failures[0]).toContain("no packet from ffmpeg for 600 ms");
    expect(isAlive(started()[0]!)).toBe(false);
  });

  test("that stops sending is killed and started again", async () => {
    const found = await findFfmpeg();
    const real = found.ok ? found.path : "ffmpeg";
    const input = `-re -f lavfi -t 0.5 -i testsrc2=size=160x120:rate=10`;
    const output = `-c:v libx264 -tune zerolatency -payload_type 102 -f rtp`;
    capture(script(`${real} -v error ${input} ${output} "rtp://127.0.0.1:$1"; exec sleep 60`), {
      ...IMPATIENT,
      firstPacket: MEDIA_TIMING.firstPacket,
    });
    await waitFor(() => expect(failures.length).toBeGreaterThan(0), PATIENT);
    expect(packets.length).toBeGreaterThan(0);
    expect(failures[0]).toContain("no packet from ffmpeg for 400 ms");
    const seen = packets.length;
    await waitFor(() => expect(packets.length).toBeGreaterThan(seen), PATIENT);
  });
});

describe("the search for ffmpeg", () => {
  test("uses the program that FFMPEG_BIN names", async () => {
    const path = script("exit 0");
    expect(await findFfmpeg({ FFMPEG_BIN: path })).toEqual({ ok: true, path });
  });

  test("refuses a wrong FFMPEG_BIN instead of taking another", async () => {
    const found = await findFfmpeg({ FFMPEG_BIN: join(folder, "no"), PATH: process.env["PATH"] });
    expect(found).toMatchObject({ ok: false, reason: expect.stringContaining("FFMPEG_BIN") });
  });

  test("looks along PATH", async () => {
    const path = script("exit 0");
    const found = await findFfmpeg({ PATH: `/nonexistent:${folder}` });
    expect(found.ok && (found.path === path || found.path.includes("ffmpeg-static"))).toBe(true);
  });
});
