/**
 * What the media process holds: rooms, pillars, viewers and recordings, each table with its limit.
 */
import type { PillarId } from "../../shared/ids.ts";
import type { FromMedia, MediaSettings } from "./ipc.ts";
import type { Log } from "./log.ts";
import type { PillarPeer } from "./relay/pillar-peer.ts";
import type { Recorder } from "./recorder/recorder.ts";
import { newRoom, type Room } from "./relay/room.ts";
import type { ViewerPeer } from "./relay/viewer-peer.ts";

/** One hub's pillars, see its broker's limit. */
export const MAX_ROOMS = 12_000;

export interface MediaState {
  readonly send: (message: FromMedia) => void;
  readonly log: Log;
  readonly roomByPillar: Map<PillarId, Room>;
  readonly pillarById: Map<PillarId, PillarPeer>;
  readonly viewerBySession: Map<string, ViewerPeer>;
  readonly recorder: Recorder;
  settings: MediaSettings | undefined;
}

/** The pillar's room; a new one when there is a place. */
export function roomOf(media: MediaState, pillarId: PillarId): Room | undefined {
  const known = media.roomByPillar.get(pillarId);
  if (known !== undefined) return known;
  if (media.roomByPillar.size >= MAX_ROOMS) {
    for (const [id, idle] of media.roomByPillar) {
      const isIdle = idle.watchers.size === 0 && idle.recordings.size === 0;
      if (isIdle && !media.pillarById.has(id) && !hasTalker(media, id)) {
        media.roomByPillar.delete(id);
        break;
      }
    }
  }
  if (media.roomByPillar.size >= MAX_ROOMS) return undefined;
  const room = newRoom();
  media.roomByPillar.set(pillarId, room);
  return room;
}

const hasTalker = (media: MediaState, pillarId: PillarId): boolean =>
  [...media.viewerBySession.values()].some(
    (viewer) => viewer.role === "talk" && viewer.pillarId === pillarId,
  );

/** What a library said, without its stack. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
