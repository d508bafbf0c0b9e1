import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { MediaConfig } from "../../../device/config.ts";
import { microphoneArguments } from "../../../device/media/send/microphone.ts";
import { parsePacket } from "../../../device/media/send/packet.ts";
import { AUDIO } from "../../../shared/media/codecs.ts";

/** RFC 6716, table 2: configurations from 16 on use CELT only, which has no error correction. */
const FIRST_CELT_ONLY = 16;

test("no packet of the microphone is CELT alone, so that each can carry the one before it once more", async () => {
  const socket = createSocket("udp4");
  const configurations: number[] = [];
  socket.on("message", (bytes) => {
    const packet = parsePacket(bytes, AUDIO.payloadType);
    if (packet !== undefined) configurations.push((packet.payload[0] ?? 0) >> 3);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const media = MediaConfig.parse({ microphone: { kind: "test" } });
  const given = microphoneArguments(media, socket.address().port) ?? [];
  // Two seconds of a sound like a voice, in the place of the microphone.
  const at = given.indexOf("-i");
  const voice = "sine=frequency=220:sample_rate=48000,volume=0.5";
  const args = [...given.slice(0, at), "-t", "2", "-i", voice, ...given.slice(at + 2)];
  await promisify(execFile)("ffmpeg", args);
  await expect.poll(() => configurations.length).toBeGreaterThan(90);
  socket.close();
  expect(configurations.filter((configuration) => configuration >= FIRST_CELT_ONLY)).toEqual([]);
});
