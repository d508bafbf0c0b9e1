import { connect } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endlessWavHeader, tone } from "../../../../simulator/live/sound/sound.ts";
import { newSoundSocket } from "../../../../simulator/live/sound/sound-socket.ts";
import { openMicrophone } from "../../../../simulator/live/sound/virtual-microphone.ts";
import { openSpeaker } from "../../../../simulator/live/sound/virtual-speaker.ts";
import { waitFor } from "../../../kit/run/wait.ts";

let dir: string;
let ends: (() => unknown)[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-sound-"));
  ends = [];
});
afterEach(async () => {
  for (const end of ends) await end();
  rmSync(dir, { recursive: true, force: true });
});

async function plug(path: string): Promise<Socket> {
  const socket = connect(path);
  ends.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("the microphone delivers sound at the speed of time and changes without a new connection", async () => {
  const microphone = await openMicrophone(join(dir, "mic"));
  ends.push(() => microphone.socket.close());
  const socket = await plug(join(dir, "mic"));
  const startedAt = performance.now();
  let loudest = 0;
  let count = 0;
  let headBytes = endlessWavHeader().length;
  socket.on("data", (chunk: Buffer) => {
    const bytes = chunk.subarray(headBytes);
    headBytes = Math.max(0, headBytes - chunk.length);
    count += bytes.length / 2;
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      loudest = Math.max(loudest, Math.abs(bytes.readInt16LE(i)));
    }
  });
  await waitFor(() => expect(count).toBeGreaterThan(9600));
  expect(count / 48).toBeLessThanOrEqual(performance.now() - startedAt + 1);
  expect(loudest).toBeLessThan(3000);
  microphone.hear(tone(440));
  await waitFor(() => expect(loudest).toBeGreaterThan(9000));
});

test("the speaker plays everything it was given once, at the speed of time", async () => {
  const speaker = await openSpeaker(join(dir, "speaker"));
  ends.push(() => speaker.socket.close());
  const socket = await plug(join(dir, "speaker"));
  const half = Buffer.alloc(24_000 * 2);
  for (let i = 0; i < 24_000; i += 1) half.writeInt16LE(1000, i * 2);
  const givenAt = performance.now();
  socket.write(half);
  const played = (): number => speaker.last(5).filter((sample) => sample === 1000).length;
  await waitFor(() => expect(played()).toBe(24_000), { timeout: 5000 });
  expect(performance.now() - givenAt).toBeGreaterThanOrEqual(490);
});

test("a pulled device ends its connections, and can be plugged in again", async () => {
  const speaker = await openSpeaker(join(dir, "speaker"));
  ends.push(() => speaker.socket.close());
  const socket = await plug(join(dir, "speaker"));
  const closed = once(socket, "close");
  await speaker.socket.close();
  await closed;
  await expect(once(connect(join(dir, "speaker")), "connect")).rejects.toThrow("ENOENT");
  await speaker.socket.open();
  await plug(join(dir, "speaker"));
});

test("a path too long for a socket is refused with what to do", () => {
  expect(() => newSoundSocket(`/tmp/${"x".repeat(120)}`, () => undefined)).toThrow(/shorter name/);
});
