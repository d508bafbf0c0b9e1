import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePacket } from "../../../../device/media/send/packet.ts";
import { readPrompt } from "../../../../device/media/play/prompt.ts";
import { newRedactor, redact } from "../../../../device/media/redact.ts";
import { parseWav } from "../../../../device/media/play/wav.ts";

const header = (second: number, flags = 0x80): number[] => [
  flags,
  second,
  1,
  2,
  0,
  0,
  3,
  4,
  9,
  8,
  7,
  6,
];

/** A WAV file of two samples. */
const wavOf = (rate: number): Uint8Array => {
  const bytes = Buffer.from("RIFF....WAVEfmt ....................data....abcd");
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt16LE(16, 34);
  bytes.writeUInt32LE(4, 40);
  return bytes;
};

describe("an RTP packet", () => {
  test("is read as sent", () => {
    expect(parsePacket(Uint8Array.from([...header(0x80 | 102), 0x65, 1]), 102)).toEqual({
      ssrc: 0x09080706,
      sequenceNumber: 0x0102,
      timestamp: 0x0304,
      isMarked: true,
      payload: Uint8Array.of(0x65, 1),
    });
  });

  test("RTCP on the same port is not one", () => {
    for (let type = 200; type <= 204; type += 1) {
      expect(parsePacket(Uint8Array.from([...header(type), 1, 2, 3, 4]), 102)).toBeUndefined();
    }
  });

  test("contributing sources, an extension and padding are no payload", () => {
    const flags = 0x80 | 0x20 | 0x10 | 1;
    const extra = [0, 0, 0, 1, 0xbe, 0xde, 0, 1, 1, 1, 1, 1];
    const bytes = Uint8Array.from([...header(102, flags), ...extra, 0x41, 7, 0, 0, 3]);
    expect(parsePacket(bytes, 102)?.payload).toEqual(Uint8Array.of(0x41, 7));
  });

  test("no bytes can make the parser throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(127), (bytes, type) => {
        const packet = parsePacket(bytes, type);
        expect(packet === undefined || packet.payload.length > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a prompt", () => {
  const names = ["calling", "received", "answered", "held", "ended", "network-fault-dial-110"];

  test.each([...names, "identify"])("%s comes with the agent", async (name) => {
    const wav = await readPrompt("", name);
    expect(wav).toMatchObject({ ok: true });
  });

  test("that does not exist, or reaches out of its folder, is refused with a reason", async () => {
    for (const name of ["nothing-of-the-kind", "../agent", "/etc/passwd", ""]) {
      expect(await readPrompt("", name)).toMatchObject({ ok: false });
    }
  });

  test("of another form is refused with what was found", () => {
    expect(parseWav(wavOf(48_000))).toMatchObject({ ok: true });
    expect(parseWav(wavOf(44_100))).toEqual({
      ok: false,
      reason: "expected PCM, 1 channel, 48000 Hz, 16 bit; found PCM, 1 channel, 44100 Hz, 16 bit",
    });
  });

  test("no bytes can make its parser throw", () => {
    const riff = [...Buffer.from("RIFF....WAVE")];
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 80 }), (isRiff, rest) => {
        const wav = parseWav(isRiff ? Uint8Array.from([...riff, ...rest]) : rest);
        expect(typeof wav.ok).toBe("boolean");
      }),
    );
  });
});

describe("redaction", () => {
  test("takes passwords out of addresses and leaves the rest", () => {
    expect(redact("open rtsp://u:p@ss@cam/1 and rtsp://v:q@cam2")).toBe(
      "open rtsp://u:***@cam/1 and rtsp://v:***@cam2",
    );
    expect(redact("rtsp://cam:554/1 at 10:30")).toBe("rtsp://cam:554/1 at 10:30");
  });

  /** Where camera addresses hold passwords, and the forms in which programs print them. */
  const SECRET = "Str4sse#9";
  const ENCODED = encodeURIComponent(SECRET);
  test.each([
    ["user and password", `rtsp://admin:${ENCODED}@cam:554/main`],
    ["the path", `rtsp://cam/user=admin_password=${ENCODED}_channel=1.sdp`],
    ["a part of the path", `rtsp://cam/live/${ENCODED}/ch1`],
    ["the query", `rtsp://cam/live?user=admin&pwd=${ENCODED}&channel=1`],
    ["the password, unescaped", `rtsp://admin:${SECRET}@cam/main`],
    ["the password, with a slash", `rtsp://admin:${SECRET}/x@cam/main`],
  ])("removes a secret that stands in %s, in every form of it", (_where, address) => {
    const clean = newRedactor([address]);
    const decoded = decodeURIComponent(address);
    const path = address.slice(address.indexOf("cam") + 3);
    const forms = [address, decoded, encodeURIComponent(address), path, decodeURIComponent(path)];
    for (const form of [...forms, ENCODED, SECRET]) {
      const said = clean(`camera: [rtsp] method DESCRIBE failed at ${form}: 401 Unauthorized`);
      expect(said).not.toContain("Str4sse");
      expect(said).toContain("method DESCRIBE failed");
      expect(said).toContain("401 Unauthorized");
    }
  });

  test("leaves words that stand in an address by chance, and says which camera it was", () => {
    const clean = newRedactor(["rtsp://admin:secret77@cam:554/live"]);
    expect(clean("rtsp://admin:secret77@cam:554/live: a live stream")).toBe(
      "rtsp://cam:554/***: a *** stream",
    );
    expect(newRedactor(["rtsp://cam/1"])("frame 1 of 10")).toBe("frame 1 of 10");
  });
});
