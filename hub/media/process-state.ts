/** What the media process holds: rooms, pillars, viewers and recordings, each table with its limit. */
import type { PillarId } from "../../shared/ids.ts";
import type { FromMedia, MediaSettings } from "./ipc.ts";
import type { Log } from "./log.ts";
import type { PillarPeer } from "./relay/pillar-peer.ts";
import type { Recorder } from "./recorder/recorder.ts";
import { newRoom, type Room } from "./relay/room.ts";
import type { ViewerPeer } from "./relay/viewer-peer.ts";

/** One hub's pillars, see its broker's limit. */
export const MAX_ROOMS = 12_000;

export interface Switchboard {
  readonly send: (message: FromMedia) => void;
  readonly log: Log;
  readonly roomByPillar: Map<PillarId, Room>;
  readonly pillarById: Map<PillarId, PillarPeer>;
  readonly viewerBySession: Map<string, ViewerPeer>;
  readonly recorder: Recorder;
  settings: MediaSettings | undefined;
}

/** The pillar's room; a new one when there is a place. */
export function roomOf(board: Switchboard, pillarId: PillarId): Room | undefined {
  const known = board.roomByPillar.get(pillarId);
  if (known !== undefined) return known;
  if (board.roomByPillar.size >= MAX_ROOMS) {
    for (const [id, idle] of board.roomByPillar) {
      const isIdle = idle.watchers.size === 0 && idle.recordings.size === 0;
      if (isIdle && !board.pillarById.has(id) && !hasTalker(board, id)) {
        board.roomByPillar.delete(id);
        break;
      }
    }
  }
  if (board.roomByPillar.size >= MAX_ROOMS) return undefined;
  const room = newRoom();
  board.roomByPillar.set(pillarId, room);
  return room;
}

const hasTalker = (board: Switchboard, pillarId: PillarId): boolean =>
  [...board.viewerBySession.values()].some(
    (viewer) => viewer.role === "talk" && viewer.pillarId === pillarId,
  );

/** What a library said, without its stack. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
