import { afterEach, describe, expect, test, vi } from "vitest";
import { carriesKeyframe } from "../../../shared/media/h264.ts";
import { newFalseHub, type FalseHub } from "../../instrument/false-hub.ts";
import { forkMedia, type MediaChild } from "../../instrument/media-child.ts";
import { openSocketMicrophone } from "../../instrument/socket-microphone.ts";
import { openSocketSpeaker } from "../../instrument/socket-speaker.ts";
import { toneShare } from "../../instrument/tone.ts";

const PATIENT = { timeout: 15_000, interval: 10 };
const SMALL = { camera: { kind: "test" }, size: "640x360", framesPerSecond: 15 };

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function start(media: Record<string, unknown>): Promise<MediaChild> {
  const child = forkMedia();
  endings.push(() => child.close());
  await vi.waitFor(() => expect(child.latest("ready")).toBeDefined(), PATIENT);
  child.configure(media);
  return child;
}

/** Answers the newest offer of the child with a hub of its own. */
async function connect(child: MediaChild): Promise<FalseHub> {
  const before = offersOf(child).length;
  child.send({ type: "connect" });
  return answerAfter(child, before);
}

const offersOf = (child: MediaChild) =>
  child.messages.flatMap((m) =>
    m.type === "signal" && m.signal.type === "offer" ? [m.signal] : [],
  );

async function answerAfter(child: MediaChild, before: number): Promise<FalseHub> {
  await vi.waitFor(() => expect(offersOf(child).length).toBeGreaterThan(before), PATIENT);
  const offer = offersOf(child).at(-1)!;
  const hub = newFalseHub();
  endings.push(() => hub.close());
  const sdp = await hub.answer(offer.sdp);
  child.send({ type: "signal", signal: { v: 1, sessionId: offer.sessionId, type: "answer", sdp } });
  await vi.waitFor(() => expect(child.state()?.peer).toBe("connected"), PATIENT);
  return hub;
}

const numbersOf = (hub: FalseHub, kind: "video" | "audio") =>
  hub.received(kind).map(({ packet }) => packet.header.sequenceNumber);

const hasGap = (numbers: readonly number[]): boolean =>
  numbers.some((n, i) => i > 0 && ((n - numbers[i - 1]!) & 0xffff) !== 1);

describe("the pillar's media process", () => {
  test("an open gate sends a keyframe first, and sound; a shut one sends nothing", async () => {
    const child = await start({ ...SMALL, microphone: { kind: "test", hz: 440 } });
    const hub = await connect(child);
    await vi.waitFor(() => {
      expect(child.state()).toMatchObject({ camera: "ready", microphone: "ready" });
    }, PATIENT);
    expect(hub.received("video")).toEqual([]);
    expect(hub.received("audio")).toEqual([]);

    child.send({ type: "gate", isOpen: true });
    await vi.waitFor(() => {
      expect(hub.received("video").length).toBeGreaterThan(30);
      expect(hub.received("audio").length).toBeGreaterThan(30);
    }, PATIENT);
    expect(child.state()).toMatchObject({ camera: "sending", microphone: "sending" });
    expect(carriesKeyframe(hub.received("video")[0]!.packet.payload)).toBe(true);
    expect(hasGap(numbersOf(hub, "video"))).toBe(false);
    expect(hasGap(numbersOf(hub, "audio"))).toBe(false);

    child.send({ type: "gate", isOpen: false });
    await vi.waitFor(() => expect(child.state()?.camera).toBe("ready"), PATIENT);
    const [video, audio] = [numbersOf(hub, "video").length, numbersOf(hub, "audio").length];
    // Two groups of pictures pass by unsent.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(numbersOf(hub, "video")).toHaveLength(video);
    expect(numbersOf(hub, "audio")).toHaveLength(audio);

    child.send({ type: "gate", isOpen: true });
    await vi.waitFor(() => {
      expect(hub.received("video").length).toBeGreaterThan(video + 30);
      expect(hub.received("audio").length).toBeGreaterThan(audio + 30);
    }, PATIENT);
    expect(hasGap(numbersOf(hub, "video"))).toBe(false);
    expect(hasGap(numbersOf(hub, "audio"))).toBe(false);
    const ssrcs = new Set(hub.received("video").map(({ packet }) => packet.header.ssrc));
    expect(ssrcs.size).toBe(1);
  }, 30_000);

  test("a tone spoken by the hub comes out of the speaker, and only while the gate is open", async () => {
    const speaker = await openSocketSpeaker();
    endings.push(() => speaker.close());
    const child = await start({
      camera: { kind: "none" },
      microphone: { kind: "none" },
      speaker: { kind: "socket", path: speaker.path },
    });
    const hub = await connect(child);
    await vi.waitFor(() => expect(child.state()?.speaker).toBe("ready"), PATIENT);
    const hush = hub.speak(620);
    endings.push(async () => hush());

    child.send({ type: "gate", isOpen: true });
    await vi.waitFor(() => expect(speaker.heard().length).toBeGreaterThan(24_000), PATIENT);
    expect(child.state()?.speaker).toBe("playing");
    expect(toneShare(speaker.heard().slice(4800), 620)).toBeGreaterThan(0.9);
    expect(toneShare(speaker.heard().slice(4800), 440)).toBeLessThan(0.05);

    child.send({ type: "gate", isOpen: false });
    await vi.waitFor(() => expect(child.state()?.speaker).toBe("ready"), PATIENT);
    const heard = speaker.heardBytes();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(speaker.heardBytes()).toBe(heard);
  }, 30_000);

  test("a microphone that is a socket is heard, also when it comes late", async () => {
    const microphone = await openSocketMicrophone(0);
    await microphone.close();
    const child = await start({
      camera: { kind: "none" },
      microphone: { kind: "socket", path: microphone.path },
    });
    await vi.waitFor(() => expect(child.state()?.microphone).toBe("failed"), PATIENT);
    expect(child.state()?.detail).toContain(microphone.path);
  }, 30_000);

  test("it ends when the agent does", async () => {
    const child = await start(SMALL);
    child.process.disconnect();
    await vi.waitFor(() => expect(child.process.exitCode).toBe(0), PATIENT);
  });

  test("without ffmpeg it says what to install, and goes on living", async () => {
    const child = forkMedia({ PATH: "/nonexistent", FFMPEG_BIN: "" });
    endings.push(() => child.close());
    child.configure({ ...SMALL });
    await vi.waitFor(() => expect(child.state()?.camera).toBe("failed"), PATIENT);
    expect(child.state()?.detail).toContain("apt-get install ffmpeg");
    await connect(child);
  }, 30_000);
});
