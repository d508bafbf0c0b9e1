import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MediaConfig } from "../../../../device/config.ts";
import { FRAME_BYTES } from "../../../../device/media/play/pcm.ts";
import { playerCommand, startPlayer, type Player } from "../../../../device/media/play/player.ts";
import { MEDIA_TIMING } from "../../../../device/media/timing.ts";
import { milliseconds } from "../../../../shared/duration.ts";
import { openSocketSpeaker } from "../../../kit/media/socket-speaker.ts";
import { waitFor } from "../../../kit/run/wait.ts";

const PATIENT = { timeout: 10_000, interval: 5 };
const IMPATIENT = {
  ...MEDIA_TIMING,
  restart: { first: milliseconds(5), most: milliseconds(20) },
  restartAtLeast: milliseconds(5),
};

let folder: string;
let readyTimes: number;
const failures: string[] = [];
const stops: (() => void)[] = [];
const path = process.env["PATH"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anzhu-player-"));
  readyTimes = 0;
  failures.length = 0;
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true, force: true });
});

function start(speaker: MediaConfig["speaker"]): Player {
  const player = startPlayer({
    speaker,
    timing: IMPATIENT,
    onReady: () => (readyTimes += 1),
    onFailure: (detail) => failures.push(detail),
  });
  stops.push(() => player.stop());
  return player;
}

/** Puts a shell script in the place of pacat. */
function falsePacat(lines: string): void {
  const file = join(folder, "pacat");
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  process.env["PATH"] = `${folder}${delimiter}${path}`;
}

const frame = new Uint8Array(FRAME_BYTES).fill(7);

describe("a player", () => {
  test("is told the format, the latency and the device", () => {
    const pulse = playerCommand({ kind: "pulse", sink: "horn" });
    expect([pulse.file, ...pulse.args].join(" ")).toBe(
      "pacat --raw --format=s16le --rate=48000 --channels=1 --latency-msec=20 --device=horn",
    );
    const alsa = playerCommand({ kind: "alsa", device: "hw:1,0" });
    expect([alsa.file, ...alsa.args].join(" ")).toBe(
      "aplay -q -t raw -f S16_LE -r 48000 -c 1 --buffer-time=40000 -D hw:1,0",
    );
  });

  test("gets every byte in order", async () => {
    falsePacat(`exec cat > ${folder}/heard`);
    const player = start({ kind: "pulse", sink: "horn" });
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
    player.write(Uint8Array.from({ length: FRAME_BYTES }, (_, i) => i & 0xff));
    const heard = () => readFileSync(join(folder, "heard"));
    await waitFor(() => expect(heard()).toHaveLength(2 * FRAME_BYTES), PATIENT);
    expect([...heard().subarray(FRAME_BYTES, FRAME_BYTES + 4)]).toEqual([0, 1, 2, 3]);
    await waitFor(() => expect(readyTimes).toBe(1), PATIENT);
  });

  test("counts what it was handed until the time for it has passed", async () => {
    falsePacat("exec cat > /dev/null");
    const player = start({ kind: "pulse", sink: "horn" });
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
    player.write(frame);
    expect(player.outstandingMs()).toBeGreaterThan(20);
    expect(player.outstandingMs()).toBeLessThanOrEqual(40);
    await waitFor(() => expect(player.outstandingMs()).toBe(0), PATIENT);
  });

  test("that reads nothing is started again before a quarter of a second waits in it", async () => {
    falsePacat("exec sleep 60");
    const player = start({ kind: "pulse", sink: "horn" });
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
    let taken = 1;
    while (taken < 100 && player.write(frame)) taken += 1;
    expect(taken * 20).toBeLessThan(250);
    await waitFor(() => expect(failures[0]).toContain("pacat fell behind"), PATIENT);
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
  });

  test("that is not installed is a clear message", async () => {
    process.env["PATH"] = folder;
    const player = start({ kind: "alsa", device: "default" });
    await waitFor(() => expect(failures[0]).toContain("aplay cannot be started"), PATIENT);
    expect(player.write(frame)).toBe(false);
  });

  test("that is a socket is used as soon as it is there", async () => {
    const speaker = await openSocketSpeaker();
    stops.push(() => void speaker.close());
    const player = start({ kind: "socket", path: speaker.path });
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
    await waitFor(() => expect(speaker.heardBytes()).toBe(FRAME_BYTES), PATIENT);
  });

  test("that is a file is appended to", async () => {
    const file = join(folder, "heard.raw");
    writeFileSync(file, "before");
    const player = start({ kind: "file", path: file });
    await waitFor(() => expect(player.write(frame)).toBe(true), PATIENT);
    await waitFor(() => expect(readFileSync(file)).toHaveLength(6 + FRAME_BYTES), PATIENT);
  });

  test("whose file cannot be written says which", async () => {
    start({ kind: "file", path: "/nonexistent/heard.raw" });
    await waitFor(() => expect(failures[0]).toContain("/nonexistent/heard.raw"), PATIENT);
  });
});
