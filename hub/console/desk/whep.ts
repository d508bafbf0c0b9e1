/**
 * Watching and listening to one incident (WHEP).
 *
 * One connection serves the small picture in the queue, the large one in the call and the sound: answering
 * only opens the loudspeaker, so the first word is never spent on connecting.
 */
import { shallowReactive } from "vue";
import type { FailureCode } from "../api/client.ts";
import { API } from "../api/client.ts";
import { newPicture, stepPicture, type Picture } from "./frozen.ts";
import { endResource, isWorthRetrying, negotiate, newPeer, playSoon, prepare } from "./peer.ts";
import { emptyQuality, readQuality, type Quality } from "./quality.ts";
import { MAX_ATTEMPTS, retryDelay } from "./retry.ts";

const STATS_MS = 500;
/** An ICE connection that stays "disconnected" this long is replaced: waiting for "failed" takes 15 s more. */
const DISCONNECTED_MS = 2000;

export type WatchPhase = "connecting" | "connected" | "failed" | "closed";

export interface Watch {
  readonly incidentId: string;
  readonly state: WatchState;
  retry(): void;
  close(): void;
}

export interface WatchState {
  phase: WatchPhase;
  stream: MediaStream | null;
  picture: Picture;
  quality: Quality;
  failure: FailureCode | null;
}

export function watchIncident(incidentId: string): Watch {
  const state = shallowReactive<WatchState>({
    phase: "connecting",
    stream: null,
    picture: newPicture(Date.now()),
    quality: emptyQuality(),
    failure: null,
  });
  let peer: RTCPeerConnection | null = null;
  let resource: string | null = null;
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function connect(): Promise<void> {
    const mine = newPeer();
    peer = mine;
    const stream = new MediaStream();
    mine.addTransceiver("audio", { direction: "recvonly" });
    mine.addTransceiver("video", { direction: "recvonly" });
    mine.addEventListener("track", (event) => {
      playSoon(event.receiver);
      stream.addTrack(event.track);
    });
    mine.addEventListener("connectionstatechange", () => changed(mine));
    await prepare(mine);
    const answer = await negotiate(mine, `${API}/incidents/${incidentId}/whep`);
    if (peer !== mine) {
      if (answer.ok) endResource(answer.resource);
      return;
    }
    if (!answer.ok) return again(answer.code);
    resource = answer.resource;
    state.stream = stream;
  }

  function changed(mine: RTCPeerConnection): void {
    if (peer !== mine) return;
    clearTimeout(timer);
    if (mine.connectionState === "connected") {
      attempt = 0;
      state.phase = "connected";
      state.failure = null;
    } else if (mine.connectionState === "failed" || mine.connectionState === "closed") {
      again("media-unavailable");
    } else if (mine.connectionState === "disconnected") {
      timer = setTimeout(() => again("media-unavailable"), DISCONNECTED_MS);
    }
  }

  function again(code: FailureCode): void {
    hangUp();
    if (state.phase === "closed") return;
    state.failure = code;
    if (!isWorthRetrying(code) || attempt >= MAX_ATTEMPTS) {
      state.phase = "failed";
      return;
    }
    state.phase = "connecting";
    timer = setTimeout(start, retryDelay(attempt++, Math.random()));
  }

  function hangUp(): void {
    clearTimeout(timer);
    peer?.close();
    peer = null;
    endResource(resource);
    resource = null;
  }

  function start(): void {
    connect().catch((error: unknown) => {
      console.warn("media: watching could not begin", error);
      again("media-unavailable");
    });
  }

  const poll = setInterval(() => {
    const mine = peer;
    if (!mine || mine.connectionState !== "connected") {
      state.picture = stepPicture(state.picture, 0, Date.now());
      return;
    }
    void readQuality(mine, state.quality).then((quality) => {
      if (peer !== mine) return;
      state.quality = quality;
      state.picture = stepPicture(state.picture, quality.framesDecoded, Date.now());
    });
  }, STATS_MS);

  start();
  return {
    incidentId,
    state,
    retry() {
      hangUp();
      attempt = 0;
      state.phase = "connecting";
      start();
    },
    close() {
      state.phase = "closed";
      clearInterval(poll);
      hangUp();
    },
  };
}
