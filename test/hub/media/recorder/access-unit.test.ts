import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newAccessUnits, type VideoPacket } from "../../../../hub/media/recorder/access-unit.ts";
import { videoFormat } from "../../../../hub/media/recorder/parameter-set.ts";

/** From libx264, baseline, 640x360. */
const SPS = Buffer.from("6742c01eda0280bfe5c044000003000400000300c83c58ba80", "hex");
const PPS = Buffer.from("68ce0fc8", "hex");
const idr = (size: number): Buffer => Buffer.concat([Buffer.from([0x65]), Buffer.alloc(size, 7)]);
const slice = (size: number): Buffer => Buffer.concat([Buffer.from([0x41]), Buffer.alloc(size, 9)]);

/** Packets as an encoder sends them: parameter sets in one packet, large units in fragments. */
function packets(pictures: readonly Buffer[][], first = 65_530): VideoPacket[] {
  let sequence = first;
  return pictures.flatMap((units, index) => {
    const payloads = units.flatMap((unit) => (unit.length > 1000 ? fragments(unit) : [unit]));
    return payloads.map((payload, place) => ({
      sequence: sequence++ & 0xffff,
      timestamp: index * 3600,
      marker: place === payloads.length - 1,
      payload,
    }));
  });
}

function fragments(unit: Buffer): Buffer[] {
  const [header = 0] = unit;
  const parts: Buffer[] = [];
  for (let offset = 1; offset < unit.length; offset += 1000) {
    const start = offset === 1 ? 0x80 : 0;
    const end = offset + 1000 >= unit.length ? 0x40 : 0;
    const head = Buffer.from([(header & 0xe0) | 28, start | end | (header & 0x1f)]);
    parts.push(Buffer.concat([head, unit.subarray(offset, offset + 1000)]));
  }
  return parts;
}

const aggregate = (...units: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([24]),
    ...units.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 255]), unit]),
  ]);

const key = [aggregate(SPS, PPS), idr(3000)];

describe("pictures out of packets", () => {
  test("single, aggregated and fragmented units come out as the encoder made them", () => {
    const assembly = newAccessUnits();
    const out = packets([key, [slice(50)], [slice(2500)]]).flatMap((one) => assembly.push(one));
    expect(out.map((unit) => unit.isKeyframe)).toEqual([true, false, false]);
    expect(out[0]?.units.map((unit) => Buffer.from(unit))).toEqual([SPS, PPS, idr(3000)]);
    expect(Buffer.from(out[2]?.units[0] ?? [])).toEqual(slice(2500));
    expect(assembly.lost()).toBe(0);
  });

  test("any disorder within the limit changes nothing", () => {
    const all = packets([key, [slice(50)], [slice(2500)], [slice(10)]]);
    const [first, ...rest] = all;
    fc.assert(
      fc.property(fc.shuffledSubarray(rest, { minLength: rest.length }), (shuffled) => {
        const assembly = newAccessUnits();
        const out = [first, ...shuffled].flatMap((one) => (one ? assembly.push(one) : []));
        expect(out.map((unit) => unit.timestamp)).toEqual([0, 3600, 7200, 10_800]);
      }),
    );
  });

  test("a loss costs the pictures up to the next keyframe, and they are counted", () => {
    const assembly = newAccessUnits();
    const filler = Array.from({ length: 80 }, () => [slice(20)]);
    const all = packets([key, [slice(20)], ...filler, key, [slice(20)]]);
    const lost = all.findIndex((packet) => packet.timestamp === 3600);
    const out = all.filter((_, index) => index !== lost).flatMap((one) => assembly.push(one));
    expect(out.map((unit) => unit.isKeyframe)).toEqual([true, true, false]);
    expect(assembly.lost()).toBeGreaterThan(0);
  });

  test("pictures before the first keyframe are left out", () => {
    const assembly = newAccessUnits();
    const out = packets([[slice(9)], key]).flatMap((one) => assembly.push(one));
    expect(out.map((unit) => unit.timestamp)).toEqual([3600]);
  });

  test("no bytes from a pillar can make it throw, or hold more than its limit", () => {
    const hostile = fc.record({
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: fc.integer({ min: 0, max: 0xffffffff }),
      marker: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 100 }), (all) => {
        const assembly = newAccessUnits();
        for (const one of all) for (const unit of assembly.push(one)) videoFormat(unit.units);
        expect(assembly.lost()).toBeLessThanOrEqual(2 * all.length);
      }),
    );
  });
});

describe("a parameter set", () => {
  test("tells the picture's size", () => {
    expect(videoFormat([SPS, PPS])).toMatchObject({ width: 640, height: 360 });
  });

  test("with scaling lists tells the size as well, as a camera of the field sent it", () => {
    const sps = Buffer.from("6764000bad00b40a0cfcf80880000003008000000a078a1550", "hex");
    expect(videoFormat([sps, PPS])).toMatchObject({ width: 320, height: 180 });
  });

  test("that cannot be read costs the size and never the track; one that is absent is awaited", () => {
    for (let length = 0; length < 4; length += 1) {
      expect(videoFormat([SPS.subarray(0, length), PPS])).toBeUndefined();
    }
    for (let length = 4; length < 8; length += 1) {
      const cut = SPS.subarray(0, length);
      expect(videoFormat([cut, PPS])).toEqual({ width: 1280, height: 720, sps: cut, pps: PPS });
    }
    expect(videoFormat([SPS])).toBeUndefined();
  });
});
