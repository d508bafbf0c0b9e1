/**
 * The hub's media processes in the world, without what they carry: each begins, ends and begins
 * again by itself, and what was on its way to one that ended reaches nobody.
 */
import { mediaIds, mediaOf } from "../../../hub/core/media-of.ts";
import type { MediaId, PillarId } from "../../../shared/ids.ts";
import type { Chance } from "../chance.ts";
import type { HubWorld } from "./hub-state.ts";

interface Process {
  readonly mediaId: MediaId;
  /** Changes with each process of this number. */
  life: number;
  isUp: boolean;
}

export interface MediaOptions {
  readonly world: HubWorld;
  readonly chance: Chance;
  readonly onReady: (mediaId: MediaId) => void;
  readonly onEnded: (mediaId: MediaId) => void;
}

export interface Media {
  /** With the hub. */
  begin(): void;
  end(): void;
  /** One of them, and now and then rather one that is in use. */
  kill(isInUse: (mediaId: MediaId) => boolean): void;
  isOf(pillarId: PillarId, mediaId: MediaId): boolean;
  /** In the process that carries this pillar, unless it ends before. */
  later(pillarId: PillarId, ms: number, run: () => void): void;
  /** From that process to the hub, unless one of them ends before. */
  toHub(pillarId: PillarId, run: () => void): void;
}

export const CHANNEL_MS: readonly [number, number] = [0.1, 20];
const START_MS: readonly [number, number] = [300, 4000];

export function newMedia(options: MediaOptions): Media {
  const { world, chance } = options;
  // Made at the first use: the hub is not, when this is.
  let processes: ReadonlyMap<MediaId, Process> | undefined;
  const count = (): number => world.hub.state.settings.mediaProcesses;
  const all = (): Process[] => {
    processes ??= new Map(
      mediaIds(count()).map((mediaId) => [mediaId, { mediaId, life: 0, isUp: false }]),
    );
    return [...processes.values()];
  };
  const isOf = (pillarId: PillarId, mediaId: MediaId): boolean =>
    mediaOf(pillarId, count()) === mediaId;
  const carrier = (pillarId: PillarId): Process | undefined =>
    all().find(({ mediaId }) => isOf(pillarId, mediaId));
  return {
    isOf,
    begin: () => {
      for (const process of all()) start(options, process);
    },
    end: () => {
      for (const process of all()) end(options, process);
    },
    kill: (isInUse) => {
      const up = all().filter(({ isUp }) => isUp);
      const used = up.filter(({ mediaId }) => isInUse(mediaId));
      if (up.length === 0 || !world.hub.isUp) return;
      const process = chance.pick(used.length > 0 && chance.isTrue(0.5) ? used : up);
      if (used.includes(process)) world.coverage.count("media-killed-in-view");
      if (used.some((other) => other !== process)) world.coverage.count("media-killed-beside-view");
      end(options, process);
      start(options, process);
    },
    later: (pillarId, ms, run) => {
      const process = carrier(pillarId);
      const life = process?.life;
      world.scheduler.plan(world.scheduler.now() + ms, () => {
        if (process?.isUp === true && process.life === life) run();
      });
    },
    toHub: (pillarId, run) => {
      const process = carrier(pillarId);
      const life = process?.life;
      laterInHub(world, chance.between(...CHANNEL_MS), () => {
        if (process?.life === life) run();
      });
    },
  };
}

/** What was planned for a hub that died is nothing to the next. */
export function laterInHub({ hub, scheduler }: HubWorld, ms: number, run: () => void): void {
  const { life } = hub;
  scheduler.plan(scheduler.now() + ms, () => {
    if (hub.life === life) run();
  });
}

function start({ world, chance, onReady }: MediaOptions, process: Process): void {
  const { life } = process;
  laterInHub(world, chance.between(...START_MS), () => {
    if (process.life !== life) return;
    process.isUp = true;
    onReady(process.mediaId);
  });
}

function end({ onEnded }: MediaOptions, process: Process): void {
  onEnded(process.mediaId);
  process.isUp = false;
  process.life += 1;
}
