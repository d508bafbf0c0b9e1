/** Chromium with the real media process: what a browser decodes, plays and sends. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Decoder } from "@evan/opus";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ViewerRole } from "../../hub/media/ipc.ts";
import type { MediaSessionId, PillarId } from "../../shared/ids.ts";
import {
  connectPillar,
  newId,
  newRig,
  PICTURE,
  sendTo,
  startSource,
  tone,
  type FakePillar,
  type Rig,
  type Source,
} from "../kit/media/media-rig.ts";
import { waitUntil } from "../kit/run/wait.ts";

const pillarId = "pillar-1" as PillarId;
let rig: Rig;
let pillar: FakePillar;
let sources: Source[] = [];
let server: Server;
let browser: Browser;
let page: Page;

/** The code of the test page: plain WHEP and WHIP without the console. */
const script = `
const wait = (check, ms) => new Promise((resolve, reject) => {
  const end = performance.now() + ms;
  const look = () => check() ? resolve() : performance.now() > end
    ? reject(new Error("waited " + ms + " ms for " + check)) : setTimeout(look, 10);
  look();
});
async function watch() {
  const start = performance.now();
  const pc = new RTCPeerConnection();
  window.watching = pc;
  const stream = new MediaStream();
  const video = Object.assign(document.createElement("video"), { muted: true, autoplay: true });
  document.body.append(video);
  pc.ontrack = (event) => { stream.addTrack(event.track); video.srcObject = stream; };
  pc.addTransceiver("video", { direction: "recvonly" });
  pc.addTransceiver("audio", { direction: "recvonly" });
  await pc.setLocalDescription();
  let frames = 0, first;
  const count = () => { frames += 1; first ??= performance.now() - start;
    video.requestVideoFrameCallback(count); };
  video.requestVideoFrameCallback(count);
  await pc.setRemoteDescription(
    { type: "answer", sdp: await window.offer("watch", pc.localDescription.sdp) });
  await wait(() => frames > 30, 15000);
  const context = new AudioContext();
  const analyser = Object.assign(context.createAnalyser(), { fftSize: 8192 });
  context.createMediaStreamSource(stream).connect(analyser);
  await context.resume();
  const bins = new Float32Array(analyser.frequencyBinCount);
  const loudest = () => { analyser.getFloatFrequencyData(bins);
    return bins.indexOf(Math.max(...bins)) * context.sampleRate / analyser.fftSize; };
  await wait(() => Math.abs(loudest() - 440) < 20, 10000);
  const read = async () => [...(await pc.getStats()).values()]
    .find((one) => one.type === "inbound-rtp" && one.kind === "video");
  // A busy machine may stop the decoder once, so the test waits for sixty pictures in a row without
  // a freeze.
  let stats = await read(), before;
  do {
    before = stats.freezeCount;
    const enough = frames + 60;
    await wait(() => frames > enough, 15000);
    stats = await read();
  } while (stats.freezeCount > before && performance.now() - start < 20000);
  return { first, width: video.videoWidth, hertz: loudest(), freezes: stats.freezeCount - before,
    lost: stats.packetsLost };
}
async function talk() {
  const context = new AudioContext();
  await context.resume();
  const tone = new OscillatorNode(context, { frequency: 1000 });
  const target = context.createMediaStreamDestination();
  tone.connect(target);
  tone.start();
  const pc = new RTCPeerConnection();
  window.talking = pc;
  pc.addTransceiver(target.stream.getAudioTracks()[0], { direction: "sendonly" });
  await pc.setLocalDescription();
  await pc.setRemoteDescription(
    { type: "answer", sdp: await window.offer("talk", pc.localDescription.sdp) });
}`;

beforeAll(async () => {
  rig = await newRig({ udpPorts: [44_000, 44_999] });
  server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><script>${script}</script>`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  page = await browser.newPage();
  await page.exposeFunction("offer", answerTo);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  pillar = await connectPillar(rig, pillarId);
  sources = await Promise.all([
    startSource(PICTURE, sendTo(pillar.video)),
    startSource(tone(440), sendTo(pillar.audio)),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all(sources.map((source) => source.stop()));
  await pillar?.connection.close();
  await rig?.media.close();
  server?.close();
});

async function answerTo(role: ViewerRole, sdp: string): Promise<string> {
  const sessionId = newId<MediaSessionId>();
  rig.media.send({ type: "viewer-offer", sessionId, pillarId, role, isWithoutVoice: false, sdp });
  const answer = await rig.wait("viewer-answer", (message) => message.sessionId === sessionId);
  return answer.sdp;
}

/** Rising zero crossings per second: the frequency of a plain tone. */
function frequencyOf(payloads: readonly Uint8Array[]): number {
  const decoder = new Decoder({ channels: 1, sample_rate: 48_000 });
  let crossings = 0;
  let samples = 0;
  let previous = 0;
  for (const payload of payloads) {
    const bytes = decoder.decode(payload);
    for (const sample of new Int16Array(Uint8Array.from(bytes).buffer)) {
      if (previous <= 0 && sample > 0) crossings += 1;
      previous = sample;
      samples += 1;
    }
  }
  return (crossings * 48_000) / samples;
}

test("Chromium shows the pillar's picture without a freeze and hears its tone", async () => {
  const seen = await page.evaluate<Record<string, number>>("watch()");
  expect(seen).toMatchObject({ width: 640, freezes: 0, lost: 0 });
  expect(Math.abs((seen["hertz"] ?? 0) - 440)).toBeLessThan(20);
});

test("a browser that leaves is noticed", async () => {
  await page.evaluate("watching.close()");
  const closed = await rig.wait("viewer-closed");
  expect(closed.reason).toBe("the other side hung up");
});

test("the tone of a browser arrives at the pillar", async () => {
  await page.evaluate("talk()");
  await waitUntil(() => pillar.heard.length > 150, { timeout: 15_000 });
  const frequency = frequencyOf(pillar.heard.slice(-75).map((packet) => packet.payload));
  expect(Math.abs(frequency - 1000)).toBeLessThan(15);
});
