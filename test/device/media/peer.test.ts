import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPeer, type Peer, type PeerState } from "../../../device/media/peer.ts";
import type { VoicePacket } from "../../../device/media/session.ts";
import { MEDIA_TIMING } from "../../../device/media/timing.ts";
import { milliseconds } from "../../../shared/duration.ts";
import { CameraId } from "../../../shared/ids.ts";
import { Signal } from "../../../shared/protocol/signal.ts";
import { newFalseHub, type FalseHub } from "../../kit/media/hub-media-end.ts";
import { waitFor } from "../../kit/run/wait.ts";

const PATIENT = { timeout: 10_000, interval: 5 };
const IMPATIENT = {
  ...MEDIA_TIMING,
  reconnect: { first: milliseconds(10), most: milliseconds(20) },
  reconnectIdle: { first: milliseconds(60_000), most: milliseconds(60_000) },
  answer: milliseconds(1500),
  connect: milliseconds(3000),
  reportSilence: milliseconds(2500),
};
const CLOCK_START = 1_000_000;

let peer: Peer;
let signals: Signal[];
let states: PeerState[];
let voices: VoicePacket[];
let isUrgent: boolean;
const hubs: FalseHub[] = [];

beforeEach(() => {
  signals = [];
  states = [];
  voices = [];
  isUrgent = true;
  peer = newPeer({
    timing: IMPATIENT,
    cameras: () => [CameraId.parse("front")],
    addresses: () => [],
    isUrgent: () => isUrgent,
    outgoing: {
      video: { ssrc: 1111, readingAt: (atMs) => CLOCK_START + Math.round(atMs * 90) },
      audio: { ssrc: 2222, readingAt: (atMs) => CLOCK_START + Math.round(atMs * 48) },
    },
    onVoice: (packet) => voices.push(packet),
    onState: (state) => states.push(state),
    signal: (signal) => signals.push(signal),
    log: () => undefined,
  });
});

afterEach(async () => {
  peer.disconnect("the test is over");
  for (const hub of hubs.splice(0)) await hub.close();
});

const offers = () => signals.flatMap((s) => (s.type === "offer" ? [s] : []));

/** The n-th offer, counted from 1. */
async function offer(number: number) {
  await waitFor(() => expect(offers().length).toBeGreaterThanOrEqual(number), PATIENT);
  return offers()[number - 1]!;
}

async function answer(number: number): Promise<FalseHub> {
  const { sessionId, sdp } = await offer(number);
  const hub = newFalseHub();
  hubs.push(hub);
  peer.receive({ v: 1, sessionId, type: "answer", sdp: await hub.answer(sdp) });
  return hub;
}

const connected = () => waitFor(() => expect(states.at(-1)).toBe("connected"), PATIENT);

/** Sends both kinds, 50 packets a second, until stopped. */
function sendBoth(): () => void {
  let sequenceNumber = 0;
  const sending = setInterval(() => {
    sequenceNumber += 1;
    const packet = {
      sequenceNumber,
      timestamp: 1,
      isMarked: false,
      payload: Uint8Array.of(0x65, 1),
    };
    peer.send("video", packet);
    peer.send("audio", packet);
  }, 20);
  return () => clearInterval(sending);
}

describe("the connection to the hub", () => {
  test("its offer is a valid message with both codecs and our stream numbers", async () => {
    peer.connect();
    const signal = await offer(1);
    expect(Signal.safeParse(signal).success).toBe(true);
    for (const line of [
      "H264/90000",
      "a=msid:front ",
      "opus/48000/2",
      "ssrc:1111",
      "ssrc:2222",
      "candidate:",
    ]) {
      expect(signal.sdp).toContain(line);
    }
    expect(signal.sdp).not.toContain("VP8");
  });

  test("a hub that never answers gets a fresh offer, of another session", async () => {
    peer.connect();
    const [first, second] = [await offer(1), await offer(2)];
    expect(second.sessionId).not.toBe(first.sessionId);
    await answer(offers().length);
    await connected();
    expect(states).toContain("lost");
  });

  test("an answer to an older offer is ignored", async () => {
    peer.connect();
    const first = await offer(1);
    await offer(2);
    peer.receive({ v: 1, sessionId: first.sessionId, type: "answer", sdp: "v=0 nonsense" });
    await answer(offers().length);
    await connected();
    expect(states).toContain("lost");
  });

  test("a malformed answer or candidate costs that session and nothing else", async () => {
    peer.connect();
    const { sessionId } = await offer(1);
    peer.receive({ v: 1, sessionId, type: "candidate", candidate: "nonsense" });
    peer.receive({ v: 1, sessionId, type: "answer", sdp: "v=0\r\nm=video x y z\r\n" });
    await offer(2);
    await answer(offers().length);
    await connected();
    expect(states).toContain("lost");
  });

  test("a hub that says bye gets a fresh offer", async () => {
    peer.connect();
    await answer(1);
    await connected();
    const { sessionId } = await offer(1);
    peer.receive({ v: 1, sessionId, type: "bye", reason: "restarting" });
    expect(states.at(-1)).toBe("lost");
    await offer(2);
  });

  test("a hub that hangs during a call is left for a fresh offer", async () => {
    peer.connect();
    const hub = await answer(1);
    await connected();
    const stop = sendBoth();
    await waitFor(() => expect(hub.reports.length).toBeGreaterThan(0), PATIENT);
    await waitFor(() => expect(hub.received("audio").length).toBeGreaterThan(75), PATIENT);
    expect(offers()).toHaveLength(1);
    hub.stopReporting();
    await offer(2);
    stop();
  }, 20_000);

  test("without a call it takes its time for the next offer, and a call that opens hastens it", async () => {
    isUrgent = false;
    peer.connect();
    const { sessionId } = await offer(1);
    peer.receive({ v: 1, sessionId, type: "bye", reason: "restarting" });
    expect(states.at(-1)).toBe("lost");
    peer.hasten();
    expect(states.at(-1)).toBe("connecting");
    await offer(2);
    peer.hasten();
    await answer(2);
    await connected();
    peer.hasten();
    expect(offers()).toHaveLength(2);
  });

  test("disconnected, it says bye and makes no more offers", async () => {
    peer.connect();
    const { sessionId } = await offer(1);
    peer.disconnect("enough");
    expect(signals.at(-1)).toEqual({ v: 1, sessionId, type: "bye", reason: "enough" });
    expect(states.at(-1)).toBe("lost");
  });

  test("its sender reports tell the right time and the reading of each stream's clock", async () => {
    peer.connect();
    const hub = await answer(1);
    await connected();
    const stop = sendBoth();
    const reports = () => hub.reports.flatMap((report) => ("senderInfo" in report ? [report] : []));
    await waitFor(() => {
      expect(new Set(reports().map(({ ssrc }) => ssrc))).toEqual(new Set([1111, 2222]));
    }, PATIENT);
    stop();
    for (const { ssrc, senderInfo } of reports()) {
      const unixMs = Number(senderInfo.ntpTimestamp >> 32n) * 1000 - 2_208_988_800_000;
      const fraction = Number(senderInfo.ntpTimestamp & 0xffffffffn) / 2 ** 32;
      const at = unixMs + fraction * 1000 - performance.timeOrigin;
      const rate = ssrc === 1111 ? 90 : 48;
      // Both clocks were read a moment apart, so a difference of one millisecond is allowed.
      expect(Math.abs(senderInfo.rtpTimestamp - CLOCK_START - at * rate)).toBeLessThan(rate);
    }
  }, 20_000);

  test("what the hub reports and asks for again finds the stream: a lost picture's packets come back", async () => {
    peer.connect();
    const hub = await answer(1);
    await connected();
    const lost = hub.lose(20);
    const stop = sendBoth();
    await waitFor(() => expect(hub.received("video").length).toBeGreaterThan(150), PATIENT);
    stop();
    await waitFor(() => {
      const numbers = new Set(
        hub.received("video").map(({ packet }) => packet.header.sequenceNumber),
      );
      const last = Math.max(...numbers);
      const missing = Array.from({ length: last }, (_, index) => index + 1).filter(
        (number) => !numbers.has(number),
      );
      expect(missing).toEqual([]);
    }, PATIENT);
    expect(lost()).toBeGreaterThan(10);
  }, 30_000);

  test("what the hub says is handed on", async () => {
    peer.connect();
    const hub = await answer(1);
    await connected();
    const hush = hub.speak(500);
    await waitFor(() => expect(voices.length).toBeGreaterThan(10), PATIENT);
    hush();
    expect(voices[1]!.sequenceNumber).toBe((voices[0]!.sequenceNumber + 1) & 0xffff);
  });
});
