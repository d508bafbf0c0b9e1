/**
 * A street at night, as a pillar's camera sees it: houses,
 * lamps, a wet road, a car, somebody walking.
 *
 * Everything follows from a seed, so each pillar has its own street and has it again tomorrow.
 */
import { disc, glow, light, newPicture, offset, paint, withShare } from "./picture.ts";
import type { Colour, Picture } from "./picture.ts";

export const WIDTH = 1280;
const HEIGHT = 720;

/** Where houses end and pavement begins, and where pavement ends and road begins. */
const GROUND = 430;
const KERB = 486;

const SODIUM: Colour = [255, 176, 92];
const WARM: Colour = [255, 206, 140];
const COOL: Colour = [176, 208, 255];
const SIGNS: readonly Colour[] = [
  [255, 72, 66],
  [72, 196, 255],
  [255, 186, 60],
  [120, 255, 170],
  [255, 110, 190],
];

type Chance = () => number;

function chance(seed: number): Chance {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((state >>> 8) & 0xffff) / 0x1_0000;
  };
}

export function paintStreet(seed: number): Picture {
  const picture = newPicture(WIDTH, HEIGHT);
  const next = chance(seed);
  sky(picture);
  houses(picture, next, { low: 190, high: 330, shade: 0.55, windows: 0.22 });
  houses(picture, next, { low: 90, high: 240, shade: 1, windows: 0.38 });
  shops(picture, next);
  pavement(picture);
  lamps(picture, 140 + next() * 160);
  reflection(picture, next);
  road(picture);
  trees(picture, next);
  vignette(picture);
  return picture;
}

function sky(picture: Picture): void {
  for (let y = 0; y < GROUND; y += 1) {
    const low = y / GROUND;
    const colour: Colour = [9 + 30 * low ** 2, 13 + 22 * low ** 2, 26 + 20 * low];
    paint(picture, { x: 0, y, width: WIDTH, height: 1 }, colour);
  }
}

interface Row {
  readonly low: number;
  readonly high: number;
  readonly shade: number;
  /** Share of windows with a light on. */
  readonly windows: number;
}

function houses(picture: Picture, next: Chance, row: Row): void {
  for (let x = -20; x < WIDTH;) {
    const width = Math.round(110 + next() * 130);
    const top = Math.round(GROUND - row.low - next() * (row.high - row.low));
    const tint = (16 + next() * 14) * row.shade;
    const wall: Colour = [tint * 1.05, tint * 1.02, tint * 1.25];
    paint(picture, { x, y: top, width, height: GROUND - top }, wall);
    paint(picture, { x, y: top, width, height: 3 }, [tint * 1.8, tint * 1.8, tint * 2.1]);
    for (let wy = top + 16; wy < GROUND - 70; wy += 26) {
      for (let wx = x + 12; wx < x + width - 20; wx += 24) {
        const lit = next() < row.windows;
        const dark: Colour = [wall[0] * 0.6, wall[1] * 0.65, wall[2] * 0.8];
        const bright = (0.28 + next() * 0.5) * row.shade;
        const base = next() < 0.7 ? WARM : COOL;
        const pane = lit ? scaled(base, bright) : dark;
        paint(picture, { x: wx, y: wy, width: 13, height: 15 }, pane);
        if (lit)
          glow(
            picture,
            { x: wx + 6, y: wy + 7, rx: 22, ry: 22 },
            withShare(base, 0.05 * row.shade),
          );
      }
    }
    x += width + Math.round(next() * 14);
  }
}

function shops(picture: Picture, next: Chance): void {
  for (let x = 10; x < WIDTH - 60;) {
    const width = Math.round(70 + next() * 90);
    const sign = SIGNS[Math.floor(next() * SIGNS.length)] ?? WARM;
    if (next() < 0.68) {
      const inside = next() < 0.6 ? WARM : COOL;
      paint(picture, { x, y: GROUND - 46, width, height: 46 }, scaled(inside, 0.5));
      for (let door = x + 20; door < x + width; door += 26) {
        paint(picture, { x: door, y: GROUND - 46, width: 3, height: 46 }, [24, 22, 24]);
      }
      paint(picture, { x, y: GROUND - 62, width, height: 14 }, scaled(sign, 0.85));
      glow(picture, { x: x + width / 2, y: GROUND - 55, rx: width, ry: 60 }, withShare(sign, 0.32));
    } else {
      paint(picture, { x, y: GROUND - 50, width, height: 50 }, [20, 19, 22]);
    }
    x += width + 8;
  }
}

function pavement(picture: Picture): void {
  for (let y = GROUND; y < KERB; y += 1) {
    const near = (y - GROUND) / (KERB - GROUND);
    const grey = 34 + near * 12;
    paint(picture, { x: 0, y, width: WIDTH, height: 1 }, [grey, grey, grey + 4]);
  }
  paint(picture, { x: 0, y: KERB - 5, width: WIDTH, height: 5 }, [74, 72, 72]);
}

function lamps(picture: Picture, first: number): void {
  for (let x = first; x < WIDTH; x += 390) {
    paint(picture, { x: x - 3, y: 150, width: 6, height: KERB - 158 }, [22, 22, 26]);
    paint(picture, { x: x - 3, y: 150, width: 54, height: 4 }, [22, 22, 26]);
    glow(picture, { x: x + 46, y: 158, rx: 210, ry: 210 }, withShare(SODIUM, 0.34));
    glow(picture, { x: x + 46, y: 158, rx: 34, ry: 26 }, [255, 236, 200, 1.2]);
    glow(picture, { x: x + 46, y: KERB + 8, rx: 240, ry: 64 }, withShare(SODIUM, 0.36));
  }
}

/** Points of the street that one point of the wet road mirrors. */
const MIRRORED_POINTS = 14;

/** The wet road holds the street upside down, long and blurred. */
function reflection(picture: Picture, next: Chance): void {
  for (let y = KERB; y < HEIGHT; y += 1) {
    const depth = (y - KERB) / (HEIGHT - KERB);
    const centre = KERB - 10 - (y - KERB) * 1.35;
    const share = (0.62 * (1 - depth * 0.65)) / MIRRORED_POINTS;
    const tarmac = 24 - depth * 7;
    for (let x = 0; x < WIDTH; x += 1) {
      const sum: [number, number, number] = [tarmac, tarmac, tarmac + 3];
      for (let point = 0; point < MIRRORED_POINTS; point += 1) {
        const px = Math.min(WIDTH - 1, Math.max(0, x + (next() + next() - 1) * (4 + depth * 12)));
        const py = Math.max(0, centre + (next() + next() - 1) * (26 + depth * 60));
        const from = offset(picture, { x: px, y: Math.min(py, KERB - 1) }) ?? 0;
        sum[0] += (picture.data[from] ?? 0) * share;
        sum[1] += (picture.data[from + 1] ?? 0) * share;
        sum[2] += (picture.data[from + 2] ?? 0) * share;
      }
      paint(picture, { x, y, width: 1, height: 1 }, sum);
    }
  }
}

function road(picture: Picture): void {
  for (let y = 566; y < 576; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      if ((x + y * 2) % 150 < 86) light(picture, { x, y }, [150, 146, 130, 0.55]);
    }
  }
  for (let y = 690; y < 702; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) light(picture, { x, y }, [150, 146, 130, 0.42]);
  }
}

function trees(picture: Picture, next: Chance): void {
  for (const side of [-40 + next() * 60, WIDTH - 60 + next() * 60]) {
    paint(picture, { x: Math.round(side), y: 240, width: 18, height: KERB - 240 }, [12, 11, 12]);
    for (let leaf = 0; leaf < 150; leaf += 1) {
      const angle = next() * 2 * Math.PI;
      const away = Math.sqrt(next());
      const at = {
        x: side + 8 + Math.cos(angle) * away * 150,
        y: 170 + Math.sin(angle) * away * 130,
      };
      const green: Colour = [12 + next() * 8, 20 + next() * 12, 14 + next() * 6, 0.75];
      disc(picture, { ...at, rx: 10 + next() * 18, ry: 7 + next() * 10 }, green);
    }
  }
}

function vignette(picture: Picture): void {
  const { data } = picture;
  for (let i = 0; i < data.length; i += 4) {
    const x = ((i / 4) % WIDTH) / WIDTH - 0.5;
    const y = Math.floor(i / 4 / WIDTH) / HEIGHT - 0.5;
    const shade = 1 - 0.75 * (x * x + y * y);
    for (let c = 0; c < 3; c += 1) data[i + c] = (data[i + c] ?? 0) * shade;
    data[i + 3] = 255;
  }
}

/** A car from the side, driving to the right, with its light on the wet road. */
export function paintCar(body: Colour): Picture {
  const picture = newPicture(470, 170);
  disc(picture, { x: 120, y: 66, rx: 74, ry: 38 }, scaled(body, 0.8));
  paint(picture, { x: 22, y: 64, width: 206, height: 34 }, body);
  disc(picture, { x: 124, y: 60, rx: 58, ry: 24 }, [46, 54, 66]);
  paint(picture, { x: 120, y: 36, width: 5, height: 30 }, scaled(body, 0.8));
  for (const x of [66, 190]) {
    disc(picture, { x, y: 98, rx: 21, ry: 21 }, [8, 8, 9]);
    disc(picture, { x, y: 98, rx: 10, ry: 10 }, [74, 76, 80]);
  }
  glow(picture, { x: 24, y: 74, rx: 34, ry: 18 }, [255, 30, 20, 1.1]);
  glow(picture, { x: 24, y: 140, rx: 30, ry: 30 }, [255, 30, 20, 0.35]);
  glow(picture, { x: 228, y: 76, rx: 44, ry: 26 }, [255, 246, 220, 1.3]);
  glow(picture, { x: 330, y: 108, rx: 130, ry: 26 }, [255, 240, 206, 0.5]);
  glow(picture, { x: 236, y: 142, rx: 40, ry: 28 }, [255, 240, 206, 0.4]);
  return picture;
}

/** Somebody in a coat, in one of two poses of a stride. */
export function paintWalker(isStriding: boolean): Picture {
  const picture = newPicture(64, 132);
  const coat: Colour = [52, 48, 54];
  const reach = isStriding ? 13 : 3;
  for (let step = 0; step < 46; step += 1) {
    const out = (reach * step) / 46;
    paint(picture, { x: 30 - out, y: 80 + step, width: 9, height: 1 }, [24, 24, 32]);
    paint(picture, { x: 27 + out, y: 80 + step, width: 9, height: 1 }, [30, 30, 40]);
  }
  disc(picture, { x: 32, y: 58, rx: 14, ry: 34 }, coat);
  paint(picture, { x: 20, y: 62, width: 24, height: 28 }, coat);
  paint(picture, { x: 41, y: 40, width: 3, height: 48 }, [112, 92, 72, 0.7]);
  disc(picture, { x: 33, y: 17, rx: 9, ry: 11 }, [128, 98, 80]);
  disc(picture, { x: 32, y: 13, rx: 10, ry: 9 }, [22, 20, 22]);
  disc(picture, { x: 32, y: 128, rx: 22, ry: 3 }, [8, 8, 10, 0.5]);
  return picture;
}

function scaled(colour: Colour, by: number): Colour {
  return [colour[0] * by, colour[1] * by, colour[2] * by];
}
