/**
 * The clip a virtual camera shows: a painted street in which ffmpeg moves a car and a walker.
 *
 * The one idea: rendered once, kept under a name that is a hash of everything that went into it,
 * and sent from then on without encoding: three pillars cost almost nothing. The one limit: twelve
 * seconds, repeated; the picture says that it is a demonstration.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { paintCar, paintStreet, paintWalker, WIDTH } from "./test-scene.ts";
import { pamFile } from "./picture.ts";
import type { Colour } from "./picture.ts";

/** Change it when the painting changes: older clips are then rendered anew. */
const PAINTING = 1;
const LOOP_SECONDS = 12;

/** Ten minutes in one file: whoever reads it from its beginning again does so seldom. */
const LOOPS = 50;
const FRAMES_PER_SECOND = 25;
const RENDER_TIMEOUT_MS = 120_000;

const BODIES: readonly Colour[] = [
  [86, 90, 98],
  [70, 74, 92],
  [104, 44, 40],
];

export interface StreetClip {
  /** Which street; pillars with different numbers look different. */
  readonly seed: number;
  readonly title: string;
  /** Font file for the title; without one the picture has no words. */
  readonly font: string | undefined;
}

/** Returns the path of the clip, rendering it when it is not there yet. */
export async function renderClip(ffmpeg: string, dir: string, clip: StreetClip): Promise<string> {
  const text = JSON.stringify({ PAINTING, ...clip });
  const name = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const path = join(dir, `${name}.mp4`);
  if (existsSync(path)) return path;
  const work = join(dir, `${name}.part`);
  mkdirSync(work, { recursive: true });
  const car = BODIES[clip.seed % BODIES.length] ?? [80, 80, 80];
  writeFileSync(join(work, "street.pam"), pamFile(paintStreet(clip.seed)));
  writeFileSync(join(work, "car.pam"), pamFile(paintCar(car)));
  writeFileSync(join(work, "walk1.pam"), pamFile(paintWalker(true)));
  writeFileSync(join(work, "walk2.pam"), pamFile(paintWalker(false)));
  writeFileSync(join(work, "title.txt"), clip.title);
  const run = promisify(execFile);
  const where = { cwd: work, timeout: RENDER_TIMEOUT_MS };
  await run(ffmpeg, renderOptions(clip), where);
  await run(ffmpeg, REPEAT, where);
  // A clip that exists is whole: a run that was killed half-way leaves only its work folder.
  renameSync(join(work, "clip.mp4"), path);
  rmSync(work, { recursive: true, force: true });
  return path;
}

const QUIETLY = "-hide_banner -loglevel error -nostdin -y";
/**
 * Parameter sets before every key frame (`repeat-headers`):
 * a reader that joins in the middle begins there.
 */
const ENCODING =
  "-c:v libx264 -preset veryfast -profile:v baseline -level 3.1 -pix_fmt yuv420p -bf 0 -g 50 " +
  "-keyint_min 50 -sc_threshold 0 -crf 24 -maxrate 1200k -bufsize 1200k " +
  "-x264-params repeat-headers=1";

const REPEAT = `${QUIETLY} -stream_loop ${LOOPS - 1} -i loop.mp4 -c copy clip.mp4`.split(" ");

function renderOptions(clip: StreetClip): string[] {
  const pictures = ["street.pam", "car.pam", "walk1.pam", "walk2.pam"];
  const inputs = pictures.map((file) => `-framerate ${FRAMES_PER_SECOND} -i ${file}`);
  return [
    ...`${QUIETLY} ${inputs.join(" ")}`.split(" "),
    "-filter_complex",
    filters(clip),
    ...`-map [out] -t ${LOOP_SECONDS} -r ${FRAMES_PER_SECOND} ${ENCODING} loop.mp4`.split(" "),
  ];
}

/** The car and the walker are outside the picture at the loop's ends, so the seam does not show. */
function filters(clip: StreetClip): string {
  const carAt = 2 + (clip.seed % 3) * 2;
  const carX = `-480+(t-${carAt})*420`;
  const walkX = `${WIDTH}+40-t*${(WIDTH + 140) / LOOP_SECONDS}`;
  const walkY = `${370 + (clip.seed % 3) * 6}+2*sin(t*12)`;
  const stride = "lt(mod(t,0.56),0.28)";
  const held = "loop=-1:1:0";
  const parts = [
    // A lens is never as sharp as paint, and a camera at night turns up its gain.
    `[0:v]gblur=sigma=1.1,eq=gamma=1.22:contrast=1.05,format=yuv420p,${held}[street]`,
    `[1:v]format=yuva420p,${held}[car]`,
    `[2:v]format=yuva420p,${held}[walk1]`,
    `[3:v]format=yuva420p,${held}[walk2]`,
    `[street][walk1]overlay=x='${walkX}':y='${walkY}':enable='${stride}'[s1]`,
    `[s1][walk2]overlay=x='${walkX}':y='${walkY}':enable='not(${stride})'[s2]`,
    `[s2][car]overlay=x='${carX}':y=510[s3]`,
    `[s3]noise=c0s=6:c0f=t${words(clip.font)}[out]`,
  ];
  return parts.join(";");
}

function words(font: string | undefined): string {
  if (font === undefined) return "";
  const style = `fontfile='${font}':fontcolor=white@0.92:box=1:boxcolor=black@0.45:boxborderw=8`;
  return (
    `,drawtext=${style}:fontsize=26:x=24:y=22:textfile=title.txt` +
    `,drawtext=${style}:fontsize=22:x=w-tw-24:y=24:text='演示画面 %{pts\\:hms}'`
  );
}
