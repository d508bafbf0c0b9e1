import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Decoder } from "@evan/opus";
import { afterEach, describe, expect, test } from "vitest";
import { carriesKeyframe } from "../../../shared/media/h264.ts";
import { OPENED_FOR, SHUT } from "../../../shared/protocol/purpose.ts";
import { newFalseHub, type FalseHub } from "../../kit/media/hub-media-end.ts";
import { forkMedia, type MediaChild } from "../../kit/media/pillar-media-child.ts";
import { openSocketMicrophone } from "../../kit/media/socket-microphone.ts";
import { openSocketSpeaker } from "../../kit/media/socket-speaker.ts";
import { medianToneShare, samplesOf } from "../../kit/media/tone.ts";
import { waitFor } from "../../kit/run/wait.ts";

const PATIENT = { timeout: 15_000, interval: 10 };
const SMALL = {
  cameras: [{ id: "front", source: { kind: "test" } }],
  size: "640x360",
  framesPerSecond: 15,
};

const SILENT = { cameras: [], microphone: { kind: "none" } };

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function start(media: Record<string, unknown>): Promise<MediaChild> {
  const child = forkMedia();
  endings.push(() => child.close());
  await waitFor(() => expect(child.latest("ready")).toBeDefined(), PATIENT);
  child.configure(media);
  return child;
}

/** Answers the child's newest offer as a hub would. */
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
  await waitFor(() => expect(offersOf(child).length).toBeGreaterThan(before), PATIENT);
  const offer = offersOf(child).at(-1)!;
  const hub = newFalseHub();
  endings.push(() => hub.close());
  const sdp = await hub.answer(offer.sdp);
  child.send({ type: "signal", signal: { v: 1, sessionId: offer.sessionId, type: "answer", sdp } });
  await waitFor(() => expect(child.state()?.peer).toBe("connected"), PATIENT);
  return hub;
}

const numbersOf = (hub: FalseHub, kind: "video" | "audio") =>
  hub.received(kind).map(({ packet }) => packet.header.sequenceNumber);

/** A busy machine may lose datagrams. A stream that starts again loses many more. */
const MAX_LOST = 50;
const hasJump = (numbers: readonly number[]): boolean =>
  numbers.some((n, i) => {
    const step = i === 0 ? 1 : (n - numbers[i - 1]!) & 0xffff;
    return step === 0 || step > MAX_LOST;
  });

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return list === "" ? [] : list.split(" ").map(Number);
}

/** The process exists and is not a zombie. */
function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !readFileSync(path, "utf8").includes(") Z ");
}

describe("the pillar's media process", () => {
  test("an open gate sends a keyframe first, and sound; a shut one sends nothing", async () => {
    const child = await start({ ...SMALL, microphone: { kind: "test", hz: 440 } });
    const hub = await connect(child);
    await waitFor(() => {
      expect(child.state()).toMatchObject({
        cameras: [{ id: "front", state: "ready" }],
        microphone: "ready",
      });
    }, PATIENT);
    expect(hub.received("video")).toEqual([]);
    expect(hub.received("audio")).toEqual([]);

    child.send({ type: "gate", opening: OPENED_FOR.call });
    await waitFor(() => {
      expect(hub.received("video").length).toBeGreaterThan(30);
      expect(hub.received("audio").length).toBeGreaterThan(30);
    }, PATIENT);
    expect(child.state()).toMatchObject({
      cameras: [{ id: "front", state: "sending" }],
      microphone: "sending",
    });
    expect(carriesKeyframe(hub.received("video")[0]!.packet.payload)).toBe(true);
    expect(hasJump(numbersOf(hub, "video"))).toBe(false);
    expect(hasJump(numbersOf(hub, "audio"))).toBe(false);

    child.send({ type: "gate", opening: SHUT });
    await waitFor(() => expect(child.state()?.cameras[0]?.state).toBe("ready"), PATIENT);
    const [video, audio] = [numbersOf(hub, "video").length, numbersOf(hub, "audio").length];
    // Another sender report shows that the connection goes on without picture and sound.
    const reports = hub.reports.length;
    await waitFor(() => expect(hub.reports.length).toBeGreaterThan(reports), PATIENT);
    expect(numbersOf(hub, "video")).toHaveLength(video);
    expect(numbersOf(hub, "audio")).toHaveLength(audio);

    child.send({ type: "gate", opening: OPENED_FOR.call });
    await waitFor(() => {
      expect(hub.received("video").length).toBeGreaterThan(video + 30);
      expect(hub.received("audio").length).toBeGreaterThan(audio + 30);
    }, PATIENT);
    expect(hasJump(numbersOf(hub, "video"))).toBe(false);
    expect(hasJump(numbersOf(hub, "audio"))).toBe(false);
    const ssrcs = new Set(hub.received("video").map(({ packet }) => packet.header.ssrc));
    expect(ssrcs.size).toBe(1);
  }, 30_000);

  test("a check shows the picture and sends no sound; a shout only plays", async () => {
    const speaker = await openSocketSpeaker();
    endings.push(() => speaker.close());
    const child = await start({
      ...{ ...SMALL, microphone: { kind: "test", hz: 440 } },
      speaker: { kind: "socket", path: speaker.path },
    });
    const hub = await connect(child);
    await waitFor(
      () => expect(child.state()).toMatchObject({ microphone: "ready", speaker: "ready" }),
      PATIENT,
    );
    const hush = hub.speak(620);
    endings.push(async () => hush());

    child.send({ type: "gate", opening: OPENED_FOR.check });
    await waitFor(() => expect(hub.received("video").length).toBeGreaterThan(30), PATIENT);
    expect(child.state()).toMatchObject({
      cameras: [{ id: "front", state: "sending" }],
      ...{ microphone: "ready", speaker: "ready" },
    });
    expect(hub.received("audio")).toEqual([]);
    expect(speaker.heardBytes()).toBe(0);

    child.send({ type: "gate", opening: OPENED_FOR.shout });
    await waitFor(() => expect(speaker.heard().length).toBeGreaterThan(24_000), PATIENT);
    expect(child.state()).toMatchObject({
      cameras: [{ id: "front", state: "ready" }],
      microphone: "ready",
    });
    expect(hub.received("audio")).toEqual([]);
  }, 30_000);

  test("a tone spoken by the hub comes out of the speaker, and only while the gate is open", async () => {
    const speaker = await openSocketSpeaker();
    endings.push(() => speaker.close());
    const child = await start({
      ...SILENT,
      speaker: { kind: "socket", path: speaker.path },
    });
    const hub = await connect(child);
    await waitFor(() => expect(child.state()?.speaker).toBe("ready"), PATIENT);
    const hush = hub.speak(620);
    endings.push(async () => hush());

    child.send({ type: "gate", opening: OPENED_FOR.call });
    await waitFor(() => expect(speaker.heard().length).toBeGreaterThan(24_000), PATIENT);
    expect(child.state()?.speaker).toBe("playing");
    expect(medianToneShare(speaker.heard().slice(4800), 620)).toBeGreaterThan(0.9);
    expect(medianToneShare(speaker.heard().slice(4800), 440)).toBeLessThan(0.05);

    child.send({ type: "gate", opening: SHUT });
    await waitFor(() => expect(child.state()?.speaker).toBe("ready"), PATIENT);
    const heard = speaker.heardBytes();
    const spoken = hub.spoken();
    await waitFor(() => expect(hub.spoken()).toBeGreaterThan(spoken + 10), PATIENT);
    expect(speaker.heardBytes()).toBe(heard);
  }, 30_000);

  test("a prompt is played without the hub, and a voice stops it", async () => {
    const speaker = await openSocketSpeaker();
    endings.push(() => speaker.close());
    const child = await start({
      ...SILENT,
      speaker: { kind: "socket", path: speaker.path },
    });
    await waitFor(() => expect(child.state()?.speaker).toBe("ready"), PATIENT);
    child.send({ type: "prompt", name: "identify" });
    await waitFor(() => expect(child.state()?.speaker).toBe("playing"), PATIENT);
    // The sound lasts 1.6 s; all of it is played, at normal speed.
    await waitFor(() => expect(speaker.heard()).toHaveLength(1.6 * 48_000), PATIENT);
    expect(medianToneShare(speaker.heard().slice(2400, 24_000), 784)).toBeGreaterThan(0.6);

    child.send({ type: "prompt", name: "no-such-prompt" });
    await waitFor(() => expect(child.latest("log")?.text).toContain("no-such-prompt"), PATIENT);

    const hub = await connect(child);
    child.send({ type: "gate", opening: OPENED_FOR.call });
    child.send({ type: "prompt", name: "received" });
    await waitFor(() => expect(child.state()?.speaker).toBe("playing"), PATIENT);
    const hush = hub.speak(620);
    endings.push(async () => hush());
    await waitFor(() => expect(hub.spoken()).toBeGreaterThan(10), PATIENT);
    speaker.forget();
    await waitFor(() => expect(speaker.heard().length).toBeGreaterThan(24_000), PATIENT);
    expect(medianToneShare(speaker.heard().slice(9600), 620)).toBeGreaterThan(0.9);
  }, 30_000);

  test("a speaker and a microphone that come late, or come back, are used", async () => {
    const [first, firstMicrophone] = [await openSocketSpeaker(), await openSocketMicrophone(0)];
    await Promise.all([first.close(), firstMicrophone.close()]);
    const paths = { speaker: `${first.path}-2`, microphone: `${firstMicrophone.path}-2` };
    for (const path of Object.values(paths)) mkdirSync(dirname(path), { recursive: true });
    endings.push(async () => {
      for (const path of Object.values(paths)) rmSync(dirname(path), { recursive: true });
    });
    const child = await start({
      cameras: [],
      microphone: { kind: "socket", path: paths.microphone },
      speaker: { kind: "socket", path: paths.speaker },
    });
    await waitFor(() => {
      expect(child.state()).toMatchObject({ microphone: "failed", speaker: "failed" });
    }, PATIENT);
    expect(child.state()?.detail).toContain(paths.microphone);
    expect(child.state()?.detail).toContain(paths.speaker);

    const speaker = await openSocketSpeaker(paths.speaker);
    endings.push(() => speaker.close());
    const microphone = await openSocketMicrophone(550, paths.microphone);
    endings.push(() => microphone.close());
    await waitFor(() => {
      expect(child.state()).toMatchObject({ microphone: "ready", speaker: "ready", detail: "" });
    }, PATIENT);

    const hub = await connect(child);
    child.send({ type: "gate", opening: OPENED_FOR.call });
    await waitFor(() => expect(hub.received("audio").length).toBeGreaterThan(60), PATIENT);
    const decoder = new Decoder({ channels: 1, sample_rate: 48_000 });
    const pieces = hub.received("audio").map(({ packet }) => decoder.decode(packet.payload));
    const heard = samplesOf(Buffer.concat(pieces));
    expect(medianToneShare(heard.slice(9600), 550)).toBeGreaterThan(0.9);

    speaker.drop();
    await waitFor(() => expect(child.state()?.speaker).toBe("failed"), PATIENT);
    await waitFor(() => expect(child.state()?.speaker).not.toBe("failed"), PATIENT);
  }, 30_000);

  test("killed without warning, it leaves no ffmpeg behind", async () => {
    const child = await start({ ...SMALL, microphone: { kind: "test" } });
    await waitFor(() => {
      expect(child.state()).toMatchObject({
        cameras: [{ id: "front", state: "ready" }],
        microphone: "ready",
      });
    }, PATIENT);
    const orphans = childrenOf(child.process.pid!);
    expect(orphans).toHaveLength(2);
    child.process.kill("SIGKILL");
    await waitFor(() => expect(orphans.filter(isAlive)).toEqual([]), PATIENT);
  }, 30_000);

  test("ffmpeg killed during a call costs moments, and the hub sees one stream", async () => {
    const child = await start({ ...SMALL, microphone: { kind: "none" } });
    const hub = await connect(child);
    child.send({ type: "gate", opening: OPENED_FOR.call });
    await waitFor(() => expect(hub.received("video").length).toBeGreaterThan(10), PATIENT);
    const [ffmpeg] = childrenOf(child.process.pid!);
    process.kill(ffmpeg!, "SIGKILL");
    await waitFor(() => expect(child.state()?.cameras[0]?.state).toBe("failed"), PATIENT);
    expect(child.state()?.detail).toContain("SIGKILL");
    await waitFor(() => expect(child.state()?.cameras[0]?.state).toBe("sending"), PATIENT);
    const before = hub.received("video").length;
    await waitFor(() => expect(hub.received("video").length).toBeGreaterThan(before), PATIENT);
    expect(hasJump(numbersOf(hub, "video"))).toBe(false);
    expect(child.state()?.peer).toBe("connected");
  }, 30_000);

  test("it answers every ping", async () => {
    const child = await start(SILENT);
    child.send({ type: "ping" });
    await waitFor(() => expect(child.latest("pong")).toBeDefined(), PATIENT);
  });

  test("it ends when the agent does", async () => {
    const child = await start(SMALL);
    child.process.disconnect();
    await waitFor(() => expect(child.process.exitCode).toBe(0), PATIENT);
  });

  test("without ffmpeg it says what to do, and goes on living", async () => {
    const child = forkMedia({ FFMPEG_BIN: "/nonexistent/ffmpeg" });
    endings.push(() => child.close());
    child.configure(SMALL);
    await waitFor(() => expect(child.state()?.cameras[0]?.state).toBe("failed"), PATIENT);
    expect(child.state()?.detail).toContain("FFMPEG_BIN is /nonexistent/ffmpeg");
    await connect(child);
  }, 30_000);
});
