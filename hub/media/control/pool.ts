/**
 * The hub's media processes: one for each core, each with its own pillars and UDP ports.
 *
 * Each is started, watched and replaced by itself; what one does, or fails to do, delays no other.
 * A message goes to the process that `mediaOf` gives its pillar, and nowhere else.
 */
import { availableParallelism } from "node:os";
import { assert } from "../../../shared/assert.ts";
import { MAX_MEDIA, type MediaId } from "../../../shared/ids.ts";
import { LEAST_MEDIA_PORTS, type HubConfig } from "../../config.ts";
import type { StartLimits } from "../../../shared/start-watch.ts";
import { mediaIds, mediaOf } from "../../core/media-of.ts";
import type { MediaNews, MediaPort, MediaStatus } from "../../ports.ts";
import type { MediaSettings } from "../ipc.ts";
import type { Log } from "../log.ts";
import { createMediaProcess, type MediaProcess } from "./media-process.ts";

export interface MediaPoolOptions {
  readonly processes: number;
  /** Of all together: the UDP ports are divided among them. */
  readonly settings: MediaSettings;
  readonly log: Log;
  /** For tests: the module of one. */
  readonly entryOf?: (mediaId: MediaId) => string | undefined;
  /** For tests: how long the start of one may take. */
  readonly startLimits?: StartLimits;
}

export interface MediaPool extends MediaPort {
  /** Undefined between two processes. */
  pid(mediaId: MediaId): number | undefined;
}

interface Member {
  readonly process: MediaProcess;
  isUp: boolean;
  starts: number;
}

/** Nothing runs before `start`, and what is sent before is lost. */
export function createMediaPool(options: MediaPoolOptions): MediaPool {
  const { processes, settings, log, entryOf, startLimits } = options;
  const members = new Map<MediaId, Member>(
    mediaIds(processes).map((mediaId) => {
      const udpPorts = portsOf(settings.udpPorts, mediaId, processes);
      const entry = entryOf?.(mediaId);
      const process = createMediaProcess({
        ...{ mediaId, settings: { ...settings, udpPorts }, log },
        ...(entry !== undefined && { entry }),
        ...(startLimits && { startLimits }),
      });
      return [mediaId, { process, isUp: false, starts: 0 }];
    }),
  );
  const memberOf = (mediaId: MediaId): Member => {
    const member = members.get(mediaId);
    assert(member, `there is no media process ${mediaId}, but ${processes} in all`);
    return member;
  };
  return {
    send: (message) => memberOf(mediaOf(message.pillarId, processes)).process.send(message),
    start: (onNews) => {
      for (const member of members.values()) {
        member.process.start((news) => {
          note(member, news);
          onNews(news);
        });
      }
    },
    status: () =>
      [...members].map(([mediaId, { isUp, starts }]): MediaStatus => ({ mediaId, isUp, starts })),
    pid: (mediaId) => memberOf(mediaId).process.pid(),
    close: async () => {
      await Promise.all([...members.values()].map(({ process }) => process.close()));
    },
  };
}

function note(member: Member, { type }: MediaNews): void {
  if (type === "ended") member.isUp = false;
  if (type !== "ready") return;
  member.isUp = true;
  member.starts += 1;
}

/** How many there shall be: as configured, or one for each core that has ports enough. */
export function processesOf({ processes, udpPorts }: HubConfig["media"]): number {
  if (processes !== "auto") return processes;
  const wanted = Math.min(MAX_MEDIA, availableParallelism());
  if (isAnyPort(udpPorts)) return wanted;
  const room = Math.floor((udpPorts[1] - udpPorts[0] + 1) / LEAST_MEDIA_PORTS);
  return Math.max(1, Math.min(wanted, room));
}

/** An even part of the ports, that no other process has; any free port stays any free port. */
export function portsOf(
  udpPorts: MediaSettings["udpPorts"],
  mediaId: MediaId,
  processes: number,
): readonly [number, number] {
  if (isAnyPort(udpPorts)) return udpPorts;
  const [first, last] = udpPorts;
  const begin = (n: number): number => first + Math.floor(((last - first + 1) * n) / processes);
  return [begin(mediaId - 1), begin(mediaId) - 1];
}

const isAnyPort = ([first, last]: readonly [number, number]): boolean => first === 0 && last === 0;
