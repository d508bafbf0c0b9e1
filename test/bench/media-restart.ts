/**
 * What is missing of a running call when the hub's media process is killed: from the last sample in
 * the file before to the first one in the file after.
 *
 * The clock is the hub's: each recording's begin in its journal, and within a recording its own
 * time.
 */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import type { MediaConfig } from "../../device/config.ts";
import type { Recording } from "../../shared/api/incident.ts";
import { until } from "../../simulator/demo/hub-client.ts";
import { hubMediaOf } from "../fault/harness/programs/hub.ts";
import { below, commandOf } from "../fault/harness/programs/process.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { summarise } from "./rig/percentile.ts";
import type { Section } from "./rig/section.ts";

const PILLAR = "pillar-1";
const KILLS = 10;
const PATIENCE_MS = 30_000;
/**
 * A process that ran less than ten seconds is started again more slowly. The kills fall at any
 * moment of a fragment.
 */
const APART_MS = 12_000;

const MEDIA: z.input<typeof MediaConfig> = {
  cameras: [{ id: "front", source: { kind: "test" } }],
  size: "640x360",
  framesPerSecond: 25,
  microphone: { kind: "test" },
};

export async function benchMediaRestart(): Promise<Section> {
  const street = await openStreet();
  try {
    const pillar = await street.add(PILLAR, { media: MEDIA });
    pillar.start();
    await pillar.untilLamp("standby");
    await pillar.press();
    await pillar.untilLamp("received");
    const { id } = (await street.hub.operator.active())[0]!;
    await street.hub.operator.order(id, "answer");
    await running(street, id, 1);
    for (let n = 1; n <= KILLS; n += 1) {
      await delay(APART_MS + Math.random() * 1000);
      await killMedia(street);
      await running(street, id, n + 1);
    }
    await delay(3000);
    await street.hub.operator.order(id, "close", { disposition: "resolved", note: "" });
    await until(PATIENCE_MS, async () => !(await recordings(street, id)).some(isRunning));
    return sectionOf(await gapsOf(street, await recordings(street, id)));
  } finally {
    await street.close();
  }
}

const recordings = (street: Street, id: string): Promise<readonly Recording[]> =>
  street.hub.operator.recordings(id);

const isRunning = ({ state }: Recording): boolean => state === "recording";

async function running(street: Street, id: string, count: number): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const found = await recordings(street, id);
    return found.length === count && isRunning(found.at(-1)!);
  };
  if (!(await until(PATIENCE_MS, isThere))) throw new Error(`recording ${count} did not begin`);
}

async function killMedia(street: Street): Promise<void> {
  const pids = below(street.hub.process().pid());
  const pid = pids.find((one) => commandOf(one).includes(hubMediaOf(PILLAR)));
  if (pid === undefined) throw new Error("expected a media process of the hub, found none");
  process.kill(pid, "SIGKILL");
}

interface GapsFound {
  /** From the end of what is in one file to the first picture in the next. */
  readonly picture: number[];
  /** The same to the first sound of the pillar. */
  readonly voice: number[];
  /** Of both, what the recordings' own lists of gaps leave out. */
  readonly undeclared: number[];
}

async function gapsOf(street: Street, all: readonly Recording[]): Promise<GapsFound> {
  const found: GapsFound = { picture: [], voice: [], undeclared: [] };
  for (const [n, after] of all.entries()) {
    const before = all[n - 1];
    if (!before) continue;
    const between = Date.parse(after.startedAt) - endOf(before);
    const picture = between + (await firstPictureMs(street, after));
    const voice = between + (leadOf(after, "citizen") ?? 0);
    found.picture.push(picture);
    found.voice.push(voice);
    const declared = before.gaps?.missingMs.everything ?? 0;
    found.undeclared.push(picture - declared - (leadOf(after, "picture") ?? 0));
  }
  return found;
}

const endOf = ({ startedAt, durationMs }: Recording): number =>
  Date.parse(startedAt) + (durationMs ?? 0);

const leadOf = ({ gaps }: Recording, track: "picture" | "citizen"): number | undefined =>
  gaps?.spans.find((span) => span.track === track && span.fromMs === 0)?.toMs;

/** The track's first sample, from the recording's begin. */
async function firstPictureMs(street: Street, { id }: Recording): Promise<number> {
  const answer = await street.hub.operator.request(`/recordings/${id}/media`);
  const file = join(street.dir, `${id}.mp4`);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  const shown = "-select_streams v:0 -show_entries stream=start_time -of csv=p=0".split(" ");
  const text = execFileSync("ffprobe", ["-v", "error", ...shown, file], { encoding: "utf8" });
  return Number(text) * 1000;
}

function sectionOf({ picture, voice, undeclared }: GapsFound): Section {
  const row = (what: string, list: readonly number[], barMs?: number) => {
    const { p50, max: worst } = summarise(list);
    return {
      what,
      measured: `p50 ${(p50 / 1000).toFixed(2)} s, longest ${(worst / 1000).toFixed(2)} s (${list.length})`,
      bar: barMs === undefined ? "none" : `longest ≤ ${(barMs / 1000).toFixed(2)} s`,
      isMet: list.length === KILLS && worst <= (barMs ?? Number.POSITIVE_INFINITY),
    };
  };
  return {
    name: "media-restart",
    title: "The hub's media process is killed in a call",
    method:
      `${KILLS} kills (kill -9) in one answered call of a pillar with a test camera (640x360, 25 pictures a second) and a test ` +
      "microphone, twelve to thirteen seconds apart. From the end of what is in the file that the killed process left to the first sample " +
      "in the next file, by the hub's clock; up to 1.4 s of it are what the process had not written yet. Undeclared is what of it the two recordings' lists of gaps leave out.",
    rows: [
      row("last stored → first stored picture", picture),
      row("last stored → first stored sound of the pillar", voice),
      row("of the picture's, undeclared", undeclared, UNDECLARED_MS),
    ],
    notTested: "a network between pillar and hub, many calls at once, a disk that is slow.",
  };
}

/** A pause that is the rhythm of a camera is no gap. */
const UNDECLARED_MS = 500;
