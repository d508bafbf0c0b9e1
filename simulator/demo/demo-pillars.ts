/** The demo's pillars: their clips, their start, and when they are really there. */
import { join } from "node:path";
import type { Pillar } from "../../shared/api/pillar.ts";
import { findChineseFont } from "../../tools/setup/font.ts";
import { until } from "./hub-client.ts";
import type { HubClient } from "./hub-client.ts";
import { startPillar } from "../live/pillar.ts";
import type { PillarOptions, VirtualPillar } from "../live/pillar.ts";
import { renderClip } from "../live/picture/street-clip.ts";
import type { Place } from "./places.ts";

const ONLINE_TIMEOUT_MS = 60_000;
/** One after the other would be slower, and all at once would overload the processor. */
const RENDERERS = 2;

/** Clips by pillar; none without ffmpeg. */
export async function renderClips(
  ffmpeg: string | undefined,
  dir: string,
  places: readonly Place[],
): Promise<ReadonlyMap<string, string>> {
  const clips = new Map<string, string>();
  if (ffmpeg === undefined) return clips;
  const font = findChineseFont();
  const waiting = [...places.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, place] = next;
      clips.set(place.id, await renderClip(ffmpeg, dir, { seed: i + 1, title: place.name, font }));
    }
  };
  await Promise.all(Array.from({ length: RENDERERS }, work));
  return clips;
}

export interface PillarsWanted extends Pick<PillarOptions, "hub" | "onMessage"> {
  readonly places: readonly Place[];
  readonly dataDir: string;
  readonly clips: ReadonlyMap<string, string>;
  readonly enrolmentCode: (place: Place) => Promise<string>;
}

/**
 * Starts all at once; they are put where `pillars` is as each one runs, so that a stop finds them.
 */
export async function startPillars(
  pillars: Map<string, VirtualPillar>,
  known: readonly Pillar[],
  wanted: PillarsWanted,
): Promise<void> {
  const { dataDir, clips, hub, onMessage } = wanted;
  const started = wanted.places.map(async (place) => {
    const pillar = await startPillar({
      id: place.id,
      name: place.name,
      dir: join(dataDir, "pillars", place.id),
      logPath: join(dataDir, "log", `${place.id}.log`),
      clip: clips.get(place.id),
      hub,
      isKnown: known.some(({ id, isEnrolled }) => id === place.id && isEnrolled),
      enrolmentCode: () => wanted.enrolmentCode(place),
      onMessage,
    });
    pillars.set(place.id, pillar);
  });
  const failed = (await Promise.allSettled(started)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/**
 * Waits until each pillar's board is served and the hub has heard it since `startedAt`: what the
 * hub remembers from the run before is no sign of life. Returns those that are not there in time.
 */
export async function notOnline(
  pillars: ReadonlyMap<string, VirtualPillar>,
  client: HubClient,
  startedAt: Date,
): Promise<string[]> {
  let absent: string[] = [];
  await until(ONLINE_TIMEOUT_MS, async () => {
    const heard = (await client.pillars()).filter(
      ({ presence, lastSeenAt }) =>
        presence === "online" && lastSeenAt !== null && new Date(lastSeenAt) > startedAt,
    );
    const isThere = (pillar: VirtualPillar): boolean =>
      isServed(pillar) && heard.some(({ id }) => id === pillar.id);
    absent = [...pillars.values()].filter((one) => !isThere(one)).map(({ id }) => id);
    return absent.length === 0;
  });
  return absent;
}

const isServed = (pillar: VirtualPillar): boolean =>
  !["off", "fault"].includes(pillar.outputs().lamp);
