/**
 * The pictures of a room, one for each camera of its pillar, and who is shown which.
 *
 * Who names no camera is shown the first of the pillar's list, which is also the one that is
 * recorded. A stored picture is forgotten after a moment without packets, because nothing stale may
 * be shown as live. Bounded: a connection brings the whole list, and an offer holds few cameras.
 */
import type { CameraId } from "../../../shared/ids.ts";
import { VIDEO } from "../../../shared/media/codecs.ts";
import { newGopCache, type GopCache } from "../../../shared/media/gop-cache.ts";
import type { IncomingPacket } from "./incoming.ts";
import type { MediaPacket, Outgoing, OutgoingPicture } from "./outgoing.ts";
import type { Stream, Streams } from "./stream.ts";

/** A gap longer than this ends a live picture: the gate was shut, or the camera died. */
export const STALE_PICTURE_MS = 1500;

export interface Watcher {
  /** Undefined: the first of the pillar's list, whichever that is. */
  readonly camera: CameraId | undefined;
  readonly picture: OutgoingPicture | undefined;
  readonly voice: Outgoing | undefined;
  isReady(): boolean;
}

export interface StoredPicture {
  /** Undefined while the pillar has no such camera. */
  readonly camera: CameraId | undefined;
  readonly source: number;
  readonly packets: readonly MediaPacket[];
}

export interface Pictures {
  /** In the pillar's order; undefined until it was connected for the first time. */
  cameras(): readonly CameraId[] | undefined;
  /** A new connection of the pillar: each picture begins anew. */
  begin(cameras: readonly CameraId[]): void;
  /** Stored, and sent to who watches it. Undefined for a camera that was not named. */
  push(
    camera: CameraId,
    packet: IncomingPacket,
    at: number,
  ): { readonly source: number; readonly isFirst: boolean } | undefined;
  stored(camera: CameraId | undefined): StoredPicture;
  timeAt(camera: CameraId | undefined, at: number): number | undefined;
}

interface Picture {
  readonly stream: Stream;
  readonly store: GopCache<MediaPacket>;
  /** When its newest packet came. */
  at: number;
}

export function newPictures(watchers: ReadonlySet<Watcher>, streams: Streams): Pictures {
  let pictureByCamera = new Map<CameraId, Picture>();
  let cameras: readonly CameraId[] | undefined;

  const nameOf = (camera: CameraId | undefined): CameraId | undefined => camera ?? cameras?.[0];
  const pictureOf = (camera: CameraId | undefined): Picture | undefined => {
    const name = nameOf(camera);
    return name && pictureByCamera.get(name);
  };

  const watchersOf = (camera: CameraId): Watcher[] =>
    [...watchers].filter((watcher) => nameOf(watcher.camera) === camera);

  return {
    cameras: () => cameras,
    begin(named) {
      cameras = named;
      pictureByCamera = new Map(named.map((camera) => [camera, newPicture(streams)]));
      watchers.forEach((watcher) => watcher.picture?.restart());
    },
    push(camera, packet, at) {
      const picture = pictureByCamera.get(camera);
      if (picture === undefined) return undefined;
      const { stream, store } = picture;
      const isStale = at - picture.at > STALE_PICTURE_MS;
      picture.at = at;
      if (streams.observe(stream, packet, at) || isStale) {
        store.clear();
        for (const watcher of watchersOf(camera)) watcher.picture?.restart();
      }
      store.push(packet);
      for (const watcher of watchersOf(camera)) {
        if (watcher.isReady()) watcher.picture?.live(stream.source, packet, at);
      }
      return { source: stream.source, isFirst: camera === cameras?.[0] };
    },
    stored(wanted) {
      const [camera, picture] = [nameOf(wanted), pictureOf(wanted)];
      if (picture === undefined) return { camera: undefined, source: 0, packets: [] };
      const isLive = performance.now() - picture.at <= STALE_PICTURE_MS;
      const packets = isLive ? picture.store.snapshot() : [];
      return { camera, source: picture.stream.source, packets };
    },
    timeAt: (camera, at) => pictureOf(camera)?.stream.clock.timestampAt(at),
  };
}

const newPicture = (streams: Streams): Picture => ({
  stream: streams.begin(VIDEO.clockRate),
  store: newGopCache<MediaPacket>((packet) => packet),
  at: -Infinity,
});
