/**
 * Watching and listening (WHEP) to whatever the hub has under a path: an incident, or a pillar from
 * which nobody calls.
 *
 * One connection serves the small picture in the queue, the large one in the call and the sound:
 * answering only opens the loudspeaker, so the first word is not lost while connecting.
 */
import { shallowReactive } from "vue";
import { API, type FailureCode } from "../../../api/client.ts";
import { newPicture, stepPicture, type Picture } from "../frozen.ts";
import {
  endResource,
  isWorthRetrying,
  negotiate,
  newPeer,
  playSoon,
  prepare,
  type Connected,
} from "./peer.ts";
import { emptyQuality, readQuality, type Quality } from "./quality.ts";
import { newTurns } from "./turn.ts";
import { MAX_ATTEMPTS, retryDelay } from "./retry.ts";

const STATS_MS = 500;
/**
 * An ICE connection that stays "disconnected" this long
 * is replaced: waiting for "failed" takes 15 s more.
 */
const DISCONNECTED_MS = 2000;

const offers = newTurns();
const NOT_WANTED: Connected = { ok: false, code: "offline", detail: "not wanted any more" };

export type WatchPhase = "connecting" | "connected" | "failed" | "closed";

export interface WatchWish {
  /** Below the API, with its query. */
  readonly path: string;
  /** Otherwise no sound is asked for. */
  readonly hasSound: boolean;
  /**
   * Made again by itself when it breaks. Otherwise a person decides: each look at a pillar is an
   * entry of the journal.
   */
  readonly isKept: boolean;
  /** How long the hub's answer is waited for, when it takes longer than usual. */
  readonly answerWithinMs?: number;
}

export interface WatchState {
  phase: WatchPhase;
  stream: MediaStream | null;
  picture: Picture;
  quality: Quality;
  failure: FailureCode | null;
  /** The hub's own words about it. */
  detail: string;
}

export interface Watch {
  readonly wish: WatchWish;
  readonly state: WatchState;
  peer: RTCPeerConnection | null;
  resource: string | null;
  attempt: number;
  retryTimer: ReturnType<typeof setTimeout> | undefined;
  statsTimer: ReturnType<typeof setInterval> | undefined;
}

export function openWatch(wish: WatchWish): Watch {
  const state = shallowReactive<WatchState>({
    phase: "connecting",
    stream: null,
    picture: newPicture(Date.now()),
    quality: emptyQuality(),
    failure: null,
    detail: "",
  });
  const watch: Watch = {
    wish,
    state,
    peer: null,
    resource: null,
    attempt: 0,
    retryTimer: undefined,
    statsTimer: undefined,
  };
  watch.statsTimer = setInterval(() => void measure(watch), STATS_MS);
  start(watch);
  return watch;
}

/** Begins again at once, whatever came before. */
export function retryWatch(watch: Watch): void {
  disconnect(watch);
  watch.attempt = 0;
  watch.state.phase = "connecting";
  start(watch);
}

export function closeWatch(watch: Watch): void {
  watch.state.phase = "closed";
  clearInterval(watch.statsTimer);
  disconnect(watch);
}

function start(watch: Watch): void {
  connect(watch).catch((error: unknown) => {
    console.warn("media: watching could not begin", error);
    again(watch, "media-unavailable");
  });
}

async function connect(watch: Watch): Promise<void> {
  const peer = newPeer();
  watch.peer = peer;
  const stream = new MediaStream();
  const { path, hasSound, answerWithinMs } = watch.wish;
  if (hasSound) peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addTransceiver("video", { direction: "recvonly" });
  peer.addEventListener("track", (event) => {
    playSoon(event.receiver);
    stream.addTrack(event.track);
  });
  peer.addEventListener("connectionstatechange", () => changed(watch, peer));
  await prepare(peer);
  const answer = await offers.take(async () =>
    // By the time of its turn the picture may not be shown any more.
    watch.peer === peer ? await negotiate(peer, API + path, answerWithinMs) : NOT_WANTED,
  );
  if (watch.peer !== peer) {
    if (answer.ok) endResource(answer.resource);
    return;
  }
  if (!answer.ok) {
    again(watch, answer.code, answer.detail);
    return;
  }
  watch.resource = answer.resource;
  watch.state.stream = stream;
}

function changed(watch: Watch, peer: RTCPeerConnection): void {
  if (watch.peer !== peer) return;
  clearTimeout(watch.retryTimer);
  if (peer.connectionState === "connected") {
    watch.attempt = 0;
    watch.state.phase = "connected";
    watch.state.failure = null;
  } else if (peer.connectionState === "failed") {
    again(watch, "media-unavailable");
  } else if (peer.connectionState === "disconnected") {
    watch.retryTimer = setTimeout(() => again(watch, "media-unavailable"), DISCONNECTED_MS);
  }
}

function again(watch: Watch, code: FailureCode, detail = ""): void {
  disconnect(watch);
  if (watch.state.phase === "closed") return;
  watch.state.failure = code;
  watch.state.detail = detail;
  if (!watch.wish.isKept || !isWorthRetrying(code) || watch.attempt >= MAX_ATTEMPTS) {
    watch.state.phase = "failed";
    return;
  }
  watch.state.phase = "connecting";
  watch.retryTimer = setTimeout(() => start(watch), retryDelay(watch.attempt++, Math.random()));
}

function disconnect(watch: Watch): void {
  clearTimeout(watch.retryTimer);
  watch.peer?.close();
  watch.peer = null;
  endResource(watch.resource);
  watch.resource = null;
}

/** Without a connection no frame comes, and the picture ages all the same. */
async function measure(watch: Watch): Promise<void> {
  const { peer, state } = watch;
  if (peer?.connectionState === "connected") {
    const quality = await readQuality(peer, state.quality);
    if (watch.peer !== peer) return;
    state.quality = quality;
    state.picture = stepPicture(state.picture, quality.framesDecoded, Date.now());
  } else state.picture = stepPicture(state.picture, 0, Date.now());
}
