import { describe, expect, test } from "vitest";
import { formatCoordinates, MAX_DOTS, sketchOf } from "../../hub/console/place/sketch.ts";
import { pillar } from "../kit/console/incidents.ts";

const FRAME = { width: 640, height: 320, margin: 40 };
const stands = (n: number, lon: number, lat: number) =>
  pillar(n, { position: { type: "Point", coordinates: [lon, lat] } });

describe("the sketch of a place", () => {
  test("the ringing pillar is in the middle, north is up and east is right", () => {
    const fleet = [stands(1, 118.78, 32.04), stands(2, 118.78, 32.05), stands(3, 118.79, 32.04)];
    const [here, north, east] = ["pillar-1", "pillar-2", "pillar-3"].map((id) =>
      sketchOf(fleet, "pillar-1", FRAME)?.dots.find((dot) => dot.id === id),
    );
    expect([here!.x, here!.y]).toEqual([320, 160]);
    expect(north!.y).toBeLessThan(160);
    expect(north!.x).toBeCloseTo(320);
    expect(east!.x).toBeGreaterThan(320);
  });

  test("distances are metres on the ground: a hundredth of a degree north is 1.1 km", () => {
    const fleet = [stands(1, 118.78, 32.04), stands(2, 118.78, 32.05)];
    const far = sketchOf(fleet, "pillar-1", FRAME)?.dots[1];
    expect(far?.metres).toBe(1113);
  });

  test("every dot lies inside the frame, and names do not lie on each other", () => {
    const fleet = Array.from({ length: 40 }, (_, n) =>
      stands(n, 118.7 + (n % 7) * 0.003, 32 + Math.floor(n / 7) * 0.002),
    );
    const dots = sketchOf(fleet, "pillar-0", FRAME)?.dots ?? [];
    expect(dots).toHaveLength(40);
    for (const { x, y } of dots) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(FRAME.width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(FRAME.height);
    }
    expect(dots.filter((dot) => dot.label !== null).length).toBeLessThan(10);
  });

  test("thousands of pillars are drawn as the nearest few", () => {
    const fleet = Array.from({ length: 1000 }, (_, n) => stands(n, 118 + n * 0.001, 32));
    expect(sketchOf(fleet, "pillar-0", FRAME)?.dots).toHaveLength(MAX_DOTS);
  });

  test("one pillar alone, or two on the same spot, still make a sketch with a scale", () => {
    const fleet = [stands(1, 118.78, 32.04), stands(2, 118.78, 32.04)];
    expect(sketchOf(fleet, "pillar-1", FRAME)?.scale.metres).toBeGreaterThan(0);
  });

  test("a pillar without a position has no sketch", () => {
    expect(sketchOf([pillar(1)], "pillar-1", FRAME)).toBeNull();
    expect(sketchOf([], "pillar-1", FRAME)).toBeNull();
  });

  test("coordinates are read latitude first", () => {
    expect(formatCoordinates([118.7805, 32.0428])).toBe("32.04280° N  118.78050° E");
    expect(formatCoordinates([-70.5, -33.4])).toBe("33.40000° S  70.50000° W");
  });
});
