/**
 * A view ends together with its session, with real picture and sound: after a second nothing more
 * arrives at either end.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../kit/browser/chromium.ts";
import { postJson, startDemo, type Demo } from "../kit/programs/demo.ts";
import { pcmOf } from "../kit/media/wav-file.ts";

let demo: Demo;
let browser: Browser;
let page: Page;
const tokens = new Map<string, string>();

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  page = await browser.newPage();
  await page.goto(demo.httpUrl);
  await postJson(`${demo.controlUrl}/pillars/demo-001/press`, { kind: "voice", holdMs: 200 });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function ask(who: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = {
    authorization: `Bearer ${tokens.get(who)}`,
    "content-type": "application/json",
  };
  const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  return await fetch(`${demo.httpUrl}/api/v1${path}`, init);
}

async function signIn(who: string): Promise<void> {
  const answer = await ask(who, "POST", "/sessions", { username: who, password: "demo" });
  tokens.set(who, ((await answer.json()) as { token: string }).token);
}

async function openIncident(): Promise<string> {
  const answer = await ask("supervisor", "GET", "/incidents?state=active");
  const { items } = (await answer.json()) as { items: { id: string }[] };
  return items[0]?.id ?? "";
}

/**
 * A plain WHEP or WHIP client in the page, whose counters can still be read after the session has
 * ended.
 */
async function openMedia(path: string, who: string, direction: "recvonly" | "sendonly") {
  const given = { url: `${demo.httpUrl}/api/v1${path}`, token: tokens.get(who), direction };
  await page.evaluate(async ({ url, token, direction }) => {
    const pc = new RTCPeerConnection();
    Object.assign(globalThis, { [direction]: pc });
    if (direction === "recvonly") {
      pc.addTransceiver("video", { direction });
      pc.addTransceiver("audio", { direction });
    } else {
      const { stream } = tone();
      pc.addTransceiver(stream.getAudioTracks()[0] as MediaStreamTrack, { direction });
    }
    await pc.setLocalDescription();
    await new Promise<void>((resolve) => {
      if (pc.iceGatheringState === "complete") resolve();
      pc.addEventListener("icegatheringstatechange", () => {
        if (pc.iceGatheringState === "complete") resolve();
      });
    });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/sdp" };
    const body = pc.localDescription?.sdp ?? "";
    const answer = await fetch(url, { method: "POST", headers, body });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    function tone() {
      const context = new AudioContext();
      void context.resume();
      const oscillator = new OscillatorNode(context, { frequency: 1000 });
      const target = context.createMediaStreamDestination();
      oscillator.connect(target);
      oscillator.start();
      return target;
    }
  }, given);
}

const packets = (kind: "audio" | "video"): Promise<number> =>
  page.evaluate(async (kind) => {
    const pc = (globalThis as unknown as { recvonly: RTCPeerConnection }).recvonly;
    const all = [
      ...((await pc.getStats()) as unknown as Map<string, RTCInboundRtpStreamStats>).values(),
    ];
    return all.find((one) => one.type === "inbound-rtp" && one.kind === kind)?.packetsReceived ?? 0;
  }, kind);

/** The loudness of the last half second that the pillar's loudspeaker played. */
async function loudness(): Promise<number> {
  const answer = await fetch(`${demo.controlUrl}/pillars/demo-001/speaker.wav?seconds=1`);
  const pcm = pcmOf(Buffer.from(await answer.arrayBuffer()));
  const half = pcm.subarray(pcm.length >> 1);
  let sum = 0;
  for (let at = 0; at + 1 < half.length; at += 2) sum += half.readInt16LE(at) ** 2;
  return Math.sqrt(sum / Math.max(1, half.length / 2));
}

const WAYS = {
  "signing out": (who: string) => ask(who, "DELETE", "/sessions/current"),
  disabling: (who: string) => ask("admin", "PATCH", `/accounts/${who}`, { isDisabled: true }),
};

test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
  "%s ends picture and voice within a second",
  { timeout: 60_000 },
  async (way) => {
    const who = "operator";
    for (const name of ["supervisor", "admin", who]) await signIn(name);
    await expect.poll(openIncident, { timeout: 20_000 }).not.toBe("");
    const incident = await openIncident();
    await ask(who, "POST", `/incidents/${incident}/answer`, {});
    await openMedia(`/incidents/${incident}/whep`, who, "recvonly");
    await openMedia(`/incidents/${incident}/whip`, who, "sendonly");
    const seen = { video: await packets("video"), audio: await packets("audio") };
    await expect.poll(() => packets("video"), { timeout: 20_000 }).toBeGreaterThan(seen.video + 20);
    await expect.poll(() => packets("audio"), { timeout: 20_000 }).toBeGreaterThan(seen.audio + 20);
    await expect.poll(loudness, { timeout: 20_000 }).toBeGreaterThan(500);

    expect((await WAYS[way](who)).ok).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const atEnd = [await packets("video"), await packets("audio")];
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect([await packets("video"), await packets("audio")]).toEqual(atEnd);
    expect(await loudness()).toBeLessThan(100);
  },
);

test("and the audit says so", async () => {
  const answer = await ask("supervisor", "GET", "/audit?person=operator");
  const { items } = (await answer.json()) as { items: { type: string; kind: string }[] };
  const told = items.map(({ type, kind }) => `${type} ${kind}`);
  for (const line of [
    "session-opened session",
    "session-closed session",
    "view-opened watch",
    "view-closed watch",
    "view-opened talk",
    "view-closed talk",
    "incident-answered order",
  ]) {
    expect(told).toContain(line);
  }
});
