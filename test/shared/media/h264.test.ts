import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carriesKeyframe } from "../../../shared/media/h264.ts";

const SLICE = 0x41;
const IDR = 0x65;
const SPS = 0x67;
const PPS = 0x68;
const SEI = 0x06;

const stapA = (...units: number[][]): Uint8Array =>
  Uint8Array.from([0x78, ...units.flatMap((u) => [u.length >> 8, u.length & 0xff, ...u])]);

describe("a payload of H.264", () => {
  test("a single IDR or SPS unit begins a keyframe", () => {
    expect(carriesKeyframe(Uint8Array.of(IDR, 1, 2))).toBe(true);
    expect(carriesKeyframe(Uint8Array.of(SPS, 0x42))).toBe(true);
  });

  test("an ordinary slice, a PPS or an SEI does not", () => {
    for (const header of [SLICE, PPS, SEI])
      expect(carriesKeyframe(Uint8Array.of(header, 1, 2, 3))).toBe(false);
  });

  test("an SPS is found behind other units of an aggregate", () => {
    expect(carriesKeyframe(stapA([SEI, 1], [SPS, 0x42, 0], [PPS, 2]))).toBe(true);
    expect(carriesKeyframe(stapA([SEI, 1], [PPS, 2], [SLICE, 3]))).toBe(false);
  });

  test("an aggregate whose sizes lie is searched only as far as its bytes go", () => {
    expect(carriesKeyframe(Uint8Array.of(0x78, 0xff, 0xff, SEI, 0, 1, IDR))).toBe(false);
    expect(carriesKeyframe(Uint8Array.of(0x78, 0, 0, 0, 1, IDR))).toBe(true);
    expect(carriesKeyframe(Uint8Array.of(0x78, 0, 0))).toBe(false);
  });

  test("only the first fragment of an IDR slice begins a keyframe", () => {
    expect(carriesKeyframe(Uint8Array.of(0x7c, 0x85, 1))).toBe(true);
    expect(carriesKeyframe(Uint8Array.of(0x7c, 0x05, 1))).toBe(false);
    expect(carriesKeyframe(Uint8Array.of(0x7c, 0x45, 1))).toBe(false);
    expect(carriesKeyframe(Uint8Array.of(0x7c, 0x81, 1))).toBe(false);
    expect(carriesKeyframe(Uint8Array.of(0x7c))).toBe(false);
  });

  test("no bytes can make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof carriesKeyframe(bytes)).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  test("an SPS anywhere in a well-formed aggregate is found", () => {
    const unit = fc
      .tuple(fc.constantFrom(SLICE, PPS, SEI), fc.array(fc.nat(255), { maxLength: 20 }))
      .map(([header, rest]) => [header, ...rest]);
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 4 }), fc.array(unit, { maxLength: 4 }), (a, b) => {
        expect(carriesKeyframe(stapA(...a, [SPS, 1, 2], ...b))).toBe(true);
        expect(carriesKeyframe(stapA(...a, ...b))).toBe(false);
      }),
    );
  });
});
