/** The length guard on streams that are cut at any place. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  FIRST_BYTE,
  FIRST_BYTE_OF_BROKER,
  inspect,
  MAX_BROKER_PACKET_BYTES,
  MAX_BYTES_BEFORE_CONNECT,
  MAX_PACKET_BYTES,
  type LinkPhase,
  type Verdict,
} from "../../../../hub/link/entrance/length-guard.ts";

/** One packet with its fixed header, MQTT 3.1.1 section 2.2. */
function packet(type: number, bodyBytes: number): Buffer {
  const length: number[] = [];
  let left = bodyBytes;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    length.push(left > 0 ? digit | 0x80 : digit);
  } while (left > 0);
  return Buffer.concat([Buffer.from([type << 4, ...length]), Buffer.alloc(bodyBytes, 0xff)]);
}

function follow(chunks: readonly Uint8Array[], phase: LinkPhase): Verdict {
  let verdict: Verdict = { ok: true, framing: FIRST_BYTE };
  for (const chunk of chunks) {
    if (!verdict.ok) return verdict;
    verdict = inspect(verdict.framing, chunk, phase);
  }
  return verdict;
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("whole packets of allowed size pass, wherever the stream is cut", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: MAX_PACKET_BYTES }), { maxLength: 4 });
  fc.assert(
    fc.property(sizes, cuts, (bodies, at) => {
      const stream = Buffer.concat([packet(1, 20), ...bodies.map((body) => packet(3, body))]);
      const verdict = follow(cut(stream, at), "connected");
      expect(verdict).toMatchObject({ ok: true, framing: { bodyBytesLeft: 0, headerBytes: 0 } });
    }),
    { numRuns: 60 },
  );
});

test("a packet that announces too much is refused before its body, wherever it is cut", () => {
  const tooLong = fc.integer({ min: MAX_PACKET_BYTES + 1, max: 268_435_455 });
  fc.assert(
    fc.property(tooLong, cuts, (announced, at) => {
      const header = packet(3, 0).subarray(0, 1);
      const length: number[] = [];
      for (let left = announced; ; left = Math.floor(left / 128)) {
        length.push(left >= 128 ? (left % 128) | 0x80 : left);
        if (left < 128) break;
      }
      const stream = Buffer.concat([packet(1, 20), header, Buffer.from(length)]);
      expect(follow(cut(stream, at), "connected").ok).toBe(false);
    }),
  );
});

test("the same bytes get the same verdict however they are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
      const stream = Buffer.concat([packet(1, 3), bytes]);
      expect(follow(cut(stream, at), "connected").ok).toBe(follow([stream], "connected").ok);
    }),
  );
});

test("no bytes make the guard throw or remember more than numbers", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), (bytes, isConnected) => {
      const verdict = follow([bytes], isConnected ? "connected" : "connecting");
      const kept = verdict.ok ? Object.values(verdict.framing) : [];
      expect(kept.every(Number.isSafeInteger)).toBe(true);
      expect(verdict.ok ? "expected, found" : verdict.reason).toMatch(/expected.*found/);
    }),
  );
});

test("before CONNECT is accepted 4096 bytes pass in all, and not one more", () => {
  const full = packet(1, MAX_BYTES_BEFORE_CONNECT - 3);
  expect(full).toHaveLength(MAX_BYTES_BEFORE_CONNECT);
  expect(follow([full], "connecting").ok).toBe(true);
  expect(follow([full, Buffer.from([0xc0])], "connecting").ok).toBe(false);
});

test("a broker that is not ours begins with CONNACK and may send more, but not without end", () => {
  const from = (bytes: Buffer): Verdict => inspect(FIRST_BYTE_OF_BROKER, bytes, "connected");
  expect(from(packet(1, 3)).ok).toBe(false);
  expect(from(Buffer.concat([packet(2, 2), packet(3, MAX_BROKER_PACKET_BYTES)])).ok).toBe(true);
  const tooLong = packet(3, MAX_BROKER_PACKET_BYTES + 1).subarray(0, 5);
  expect(from(Buffer.concat([packet(2, 2), tooLong])).ok).toBe(false);
});
