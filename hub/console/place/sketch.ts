/**
 * Where pillars stand in relation to each other, without a map.
 *
 * Equirectangular around their middle: exact enough for
 * a precinct, and it needs no network. North is up.
 */
import type { Pillar } from "../../../shared/api/pillar.ts";

const METRES_PER_DEGREE = 111_320;
/** Below this width the sketch would show errors of the survey as distances. */
const LEAST_SPAN_M = 120;
/** More dots than this would not be readable. */
export const MAX_DOTS = 200;

const MAX_LABELS = 9;
/** Room one name takes, in the units of the frame. */
const LABEL = { width: 190, height: 36 };

export interface Dot {
  readonly id: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly metres: number;
  /** Where its name goes, or nowhere when it would lie on another. */
  readonly label: "above" | "below" | null;
}

export interface Sketch {
  readonly dots: readonly Dot[];
  /** A round length and how wide it is drawn. */
  readonly scale: { readonly metres: number; readonly width: number };
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly margin: number;
}

/** The pillar `centreId` is in the middle; the nearest `MAX_DOTS` others are drawn around it. */
export function sketchOf(
  pillars: readonly Pillar[],
  centreId: string,
  frame: Frame,
): Sketch | null {
  const centre = pillars.find((pillar) => pillar.id === centreId)?.position?.coordinates;
  if (!centre) return null;
  const [lon, lat] = centre;
  const perDegreeEast = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  const placed = pillars
    .flatMap((pillar) => {
      if (!pillar.position) return [];
      const [x, y] = pillar.position.coordinates;
      const east = (x - lon) * perDegreeEast;
      const north = (y - lat) * METRES_PER_DEGREE;
      return [{ id: pillar.id, name: pillar.name, east, north, metres: Math.hypot(east, north) }];
    })
    .sort((a, b) => a.metres - b.metres)
    .slice(0, MAX_DOTS);
  const reach = Math.max(
    LEAST_SPAN_M,
    ...placed.flatMap((p) => [Math.abs(p.east), Math.abs(p.north)]),
  );
  const half = Math.min(frame.width, frame.height) / 2 - frame.margin;
  const perMetre = half / reach;
  const dots = placed.map((p) => ({
    id: p.id,
    name: p.name,
    x: frame.width / 2 + p.east * perMetre,
    y: frame.height / 2 - p.north * perMetre,
    metres: Math.round(p.metres),
    label: p.north >= 0 ? ("above" as const) : ("below" as const),
  }));
  return { dots: withRoom(dots), scale: roundScale(frame.width / 4, perMetre) };
}

/** Nearest first: a name that would lie on one already written is left out. */
function withRoom(dots: readonly Dot[]): Dot[] {
  const written: Dot[] = [];
  return dots.map((dot) => {
    const isFree = written.every(
      (other) =>
        Math.abs(other.x - dot.x) > LABEL.width || Math.abs(other.y - dot.y) > LABEL.height,
    );
    if (isFree && written.length < MAX_LABELS) written.push(dot);
    return written.includes(dot) ? dot : { ...dot, label: null };
  });
}

/** The largest 1, 2 or 5 times a power of ten that fits. */
function roundScale(width: number, perMetre: number): Sketch["scale"] {
  const most = width / perMetre;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((n) => n * power).find((n) => n <= most) ?? power;
  return { metres, width: metres * perMetre };
}

/** `39.90421° N 116.40739° E`: what a patrol reads back over the radio. */
export function formatCoordinates([lon, lat]: readonly [number, number]): string {
  const ns = lat < 0 ? "S" : "N";
  const ew = lon < 0 ? "W" : "E";
  return `${Math.abs(lat).toFixed(5)}° ${ns}  ${Math.abs(lon).toFixed(5)}° ${ew}`;
}
