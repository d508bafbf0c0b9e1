/**
 * One call from the press to the archive, with real processes, a real serial line, real media and a
 * real browser.
 *
 * The tests run in order and share one demo and one desk; each is one step of the call.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findFfmpeg } from "../../device/media/ffmpeg.ts";
import { Incident, RecordingPage, type Recording } from "../../shared/api/incident.ts";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { openOperatorDesk, type OperatorDesk } from "../kit/browser/operator-desk.ts";
import { loudestInPage } from "../kit/browser/remote-sound.ts";
import { samplesOf, sine, toneShare } from "../kit/media/tone.ts";
import { wavFile } from "../../simulator/live/sound/sound.ts";
import { pcmOf } from "../kit/media/wav-file.ts";
import { waitFor } from "../kit/run/wait.ts";

const PILLAR_HZ = 700;
const OPERATOR_HZ = 1000;
const patient = { timeout: 20_000, interval: 100 };

let demo: Demo;
let browser: Browser;
let desk: OperatorDesk;
let incidentId: string;
const directory = mkdtempSync(join(tmpdir(), "anzhu-story-"));

beforeAll(async () => {
  const microphone = join(directory, "operator.wav");
  writeFileSync(microphone, wavFile(sine(OPERATOR_HZ, { samples: 48_000 * 5 })));
  [demo, browser] = await Promise.all([startDemo(), openBrowser({ microphone })]);
  await postJson(`${demo.controlUrl}/pillars/demo-001/microphone`, { kind: "tone", hz: PILLAR_HZ });
  desk = await openOperatorDesk(browser, demo.httpUrl);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("a press becomes a conversation", () => {
  test("a press on the pillar's board rings at the desk", async () => {
    await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
    const row = desk.page.getByTestId("queue-row");
    await row.waitFor();
    incidentId = (await row.getAttribute("data-incident-id")) ?? "";
    expect(incidentId).toMatch(/^[0-9a-f]{32}$/);
    await expect.poll(() => outputs("lamp"), patient).toBe("received");
  });

  test("the picture moves before anybody has answered", async () => {
    await expect.poll(frames, patient).toBeGreaterThan(0);
    const before = await frames();
    await expect.poll(frames, patient).toBeGreaterThan(before + 10);
  });

  test("one key answers, and the pillar says so", async () => {
    await desk.page.keyboard.press("F2");
    await expect.poll(() => outputs("lamp"), patient).toBe("answered");
    expect((await incident()).owner).toBe("operator");
  });

  test("the operator hears the tone at the pillar's microphone", async () => {
    await waitFor(async () => {
      const { hz, db } = await loudestInPage(desk.page);
      expect(hz).toBeGreaterThan(PILLAR_HZ - 15);
      expect(hz).toBeLessThan(PILLAR_HZ + 15);
      expect(db).toBeGreaterThan(-60);
    }, patient);
  });

  test("the person at the pillar hears the tone at the operator's microphone", async () => {
    await waitFor(async () => {
      const response = await fetch(`${demo.controlUrl}/pillars/demo-001/speaker.wav?seconds=1`);
      const sound = samplesOf(pcmOf(Buffer.from(await response.arrayBuffer())));
      expect(toneShare(sound, OPERATOR_HZ)).toBeGreaterThan(0.5);
    }, patient);
  });

  test("a disposition closes the incident, and the pillar stands by", async () => {
    await desk.page.getByTestId("disposition-resolved").click();
    await desk.page.getByTestId("close").click();
    await expect.poll(async () => (await incident()).state, patient).toBe("closed");
    expect((await incident()).disposition).toBe("resolved");
    await expect.poll(() => outputs("lamp"), patient).toBe("standby");
  });

  test("the recording has picture and both voices, and its duration is right", async () => {
    await expect
      .poll(async () => (await recordings()).map(({ state }) => state), patient)
      .toEqual(["closed"]);
    const [recording] = await recordings();
    const file = join(directory, "recording.mp4");
    const media = await desk.page.request.get(
      `${demo.httpUrl}/api/v1/recordings/${recording?.id}/media`,
    );
    writeFileSync(file, await media.body());
    const { openedAt, closedAt } = await incident();
    const lasted = (Date.parse(closedAt ?? "") - Date.parse(openedAt)) / 1000;
    expect(Math.abs(probe(file, "format=duration") - lasted)).toBeLessThan(1);
    expect(
      probe(file, "stream=nb_read_frames", "-count_frames", "-select_streams", "v"),
    ).toBeGreaterThan(25);
    expect(toneShare(await channel(file, "left"), PILLAR_HZ)).toBeGreaterThan(0.3);
    expect(toneShare(await channel(file, "right"), OPERATOR_HZ)).toBeGreaterThan(0.3);
  });

  test("the archive plays it", async () => {
    await desk.page.getByTestId("nav-archive").click();
    await desk.page.getByTestId("archive-row").first().click();
    const video = desk.page.getByTestId("recording-video");
    await video.waitFor();
    await video.evaluate((element: HTMLVideoElement) => element.play());
    await expect
      .poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime), patient)
      .toBeGreaterThan(1);
    expect(await video.evaluate((element: HTMLVideoElement) => element.videoWidth)).toBe(1280);
  });

  test("the browser reported no error", () => {
    expect(desk.complaints).toEqual([]);
  });

  test("the demo ends what it started", async () => {
    await demo.stop();
    expect(demo.process.exitCode).toBe(0);
    const left = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
    expect(left.split("\n").filter((line) => line.includes(demo.dataDir))).toEqual([]);
  });
});

async function outputs(name: string): Promise<unknown> {
  const response = await fetch(`${demo.controlUrl}/pillars/demo-001/outputs`);
  return ((await response.json()) as Record<string, unknown>)[name];
}

async function get(path: string): Promise<unknown> {
  const response = await desk.page.request.get(demo.httpUrl + path);
  expect(response.status()).toBe(200);
  return response.json();
}

const recordings = async (): Promise<Recording[]> =>
  RecordingPage.parse(await get(`/api/v1/incidents/${incidentId}/recordings`)).items;

const incident = async (): Promise<Incident> =>
  Incident.parse(await get(`/api/v1/incidents/${incidentId}`));

function frames(): Promise<number> {
  return desk.page.evaluate(
    () =>
      [...document.querySelectorAll("video")]
        .map((video) => video.getVideoPlaybackQuality().totalVideoFrames)
        .toSorted((a, b) => b - a)[0] ?? 0,
  );
}

/** One number from the output of ffprobe. */
function probe(file: string, entries: string, ...more: string[]): number {
  const format = ["-show_entries", entries, "-of", "default=nw=1:nk=1"];
  const said = execFileSync("ffprobe", ["-v", "error", ...more, ...format, file], {
    encoding: "utf8",
  });
  return Number(said.trim().split("\n")[0]);
}

/**
 * The last seconds of one side of the conversation, decoded; people speak at the end of the
 * recording.
 */
async function channel(file: string, side: "left" | "right"): Promise<Int16Array> {
  const ffmpeg = await findFfmpeg();
  if (!ffmpeg.ok) throw new Error(ffmpeg.reason);
  const pan = `pan=mono|c0=${side === "left" ? "c0" : "c1"}`;
  const args = ["-v", "error", "-sseof", "-2", "-i", file, "-af", pan, "-ar", "48000"];
  const pcm = execFileSync(ffmpeg.path, [...args, "-f", "s16le", "pipe:1"], {
    maxBuffer: 2 ** 26,
  });
  return samplesOf(pcm);
}
