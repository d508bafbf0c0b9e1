/**
 * A picture in memory and the few strokes a night street needs: rectangles, discs, light.
 *
 * Light adds, paint covers. A colour is red, green, blue from 0 to 255 and how strongly it is
 * applied (1 when not said): the opacity of paint, the strength of light.
 */
export type Colour = readonly [red: number, green: number, blue: number, strength?: number];

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, opacity (0-255) of each pixel, row by row. */
  readonly data: Float32Array;
}

export function newPicture(width: number, height: number): Picture {
  return { width, height, data: new Float32Array(width * height * 4) };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Ellipse extends Point {
  readonly rx: number;
  readonly ry: number;
}

/** Covers a rectangle with paint. */
export function paint(
  picture: Picture,
  area: Point & { width: number; height: number },
  colour: Colour,
): void {
  for (let y = area.y; y < area.y + area.height; y += 1) {
    for (let x = area.x; x < area.x + area.width; x += 1) cover(picture, { x, y }, colour);
  }
}

/** Covers an ellipse; its last tenth fades, so that edges do not look cut with scissors. */
export function disc(picture: Picture, ellipse: Ellipse, colour: Colour): void {
  eachPoint(ellipse, (point, distance) => {
    cover(picture, point, withShare(colour, Math.min(1, (1 - distance) * 10)));
  });
}

/** Adds light that fades with the square of the distance. */
export function glow(picture: Picture, ellipse: Ellipse, colour: Colour): void {
  eachPoint(ellipse, (point, distance) => {
    light(picture, point, withShare(colour, (1 - distance) ** 2));
  });
}

function eachPoint(at: Ellipse, visit: (point: Point, distance: number) => void): void {
  for (let y = Math.floor(at.y - at.ry); y <= at.y + at.ry; y += 1) {
    for (let x = Math.floor(at.x - at.rx); x <= at.x + at.rx; x += 1) {
      const distance = Math.hypot((x - at.x) / at.rx, (y - at.y) / at.ry);
      if (distance < 1) visit({ x, y }, distance);
    }
  }
}

/** The same colour with a share of its strength. */
export function withShare(colour: Colour, share: number): Colour {
  return [colour[0], colour[1], colour[2], (colour[3] ?? 1) * share];
}

function cover(picture: Picture, point: Point, colour: Colour): void {
  const i = offset(picture, point);
  if (i === undefined) return;
  const { data } = picture;
  const opacity = colour[3] ?? 1;
  for (let c = 0; c < 3; c += 1) {
    data[i + c] = (data[i + c] ?? 0) * (1 - opacity) + (colour[c] ?? 0) * opacity;
  }
  data[i + 3] = Math.max(data[i + 3] ?? 0, opacity * 255);
}

export function light(picture: Picture, point: Point, colour: Colour): void {
  const i = offset(picture, point);
  if (i === undefined) return;
  const { data } = picture;
  const strength = colour[3] ?? 1;
  const opacity = data[i + 3] ?? 0;
  if (opacity < 255) {
    // Nothing is behind this light yet: it is full colour, seen through as much as it is weak.
    for (let c = 0; c < 3; c += 1) data[i + c] = Math.max(data[i + c] ?? 0, colour[c] ?? 0);
    data[i + 3] = Math.max(opacity, Math.min(254, strength * 255));
    return;
  }
  for (let c = 0; c < 3; c += 1) data[i + c] = (data[i + c] ?? 0) + (colour[c] ?? 0) * strength;
}

/** Where the pixel's four numbers begin; undefined outside the picture. */
export function offset(picture: Picture, { x, y }: Point): number | undefined {
  const isInside = x >= 0 && y >= 0 && x < picture.width && y < picture.height;
  return isInside ? (Math.floor(y) * picture.width + Math.floor(x)) * 4 : undefined;
}

/** Portable arbitrary map (PAM, `P7`), which ffmpeg reads without a library. */
export function pamFile(picture: Picture): Buffer {
  const head =
    `P7\nWIDTH ${picture.width}\nHEIGHT ${picture.height}\nDEPTH 4\nMAXVAL 255\n` +
    "TUPLTYPE RGB_ALPHA\nENDHDR\n";
  const { buffer } = Uint8ClampedArray.from(picture.data);
  return Buffer.concat([Buffer.from(head), new Uint8Array(buffer)]);
}
