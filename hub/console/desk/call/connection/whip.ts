/**
 * Talking to the person at a pillar (WHIP).
 *
 * A spare connection, with its offer made and its candidates gathered, waits for the next answer;
 * so answering costs one request and one handshake.
 */
import { shallowReactive } from "vue";
import { API } from "../../../api/client.ts";
import type { FailureCode } from "../../../api/client.ts";
import { microphone } from "../microphone.ts";
import { endResource, isWorthRetrying, negotiate, newPeer, prepare } from "./peer.ts";
import { MAX_ATTEMPTS, retryDelay } from "./retry.ts";

/** Interfaces come and go: a spare older than this is made anew. */
const SPARE_FOR_MS = 5 * 60_000;

export type TalkPhase = "off" | "connecting" | "connected" | "failed";

export const talk = shallowReactive<{
  phase: TalkPhase;
  incidentId: string | null;
  failure: FailureCode | null;
}>({ phase: "off", incidentId: null, failure: null });

let peer: RTCPeerConnection | null = null;
let resource: string | null = null;
let attempt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let spare: { peer: RTCPeerConnection; stream: MediaStream; madeAt: number } | null = null;

/** Makes the spare connection. Called when the microphone is ready and after each talk. */
export async function prepareSpare(): Promise<void> {
  const stream = microphone.stream;
  if (!stream) return dropSpare();
  if (spare && spare.stream === stream && Date.now() - spare.madeAt < SPARE_FOR_MS) return;
  dropSpare();
  const made = newTalker(stream);
  await prepare(made);
  spare?.peer.close();
  spare = { peer: made, stream, madeAt: Date.now() };
}

function dropSpare(): void {
  spare?.peer.close();
  spare = null;
}

function newTalker(stream: MediaStream): RTCPeerConnection {
  const made = newPeer();
  const track = stream.getAudioTracks()[0];
  if (track) made.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  return made;
}

export function startTalk(incidentId: string): void {
  if (talk.incidentId === incidentId && talk.phase !== "off" && talk.phase !== "failed") return;
  stopTalk();
  talk.incidentId = incidentId;
  attempt = 0;
  start();
}

export function stopTalk(): void {
  talk.phase = "off";
  talk.incidentId = null;
  talk.failure = null;
  hangUp();
  void prepareSpare();
}

function start(): void {
  talk.phase = "connecting";
  connect().catch((error: unknown) => {
    console.warn("media: talking could not begin", error);
    again("media-unavailable");
  });
}

async function connect(): Promise<void> {
  const incidentId = talk.incidentId;
  const stream = microphone.stream;
  if (incidentId === null) return;
  if (!stream) {
    // Listening goes on; the red bar says why the operator is not heard.
    talk.phase = "failed";
    return;
  }
  const mine = await takePeer(stream);
  peer = mine;
  mine.addEventListener("connectionstatechange", () => changed(mine));
  const answer = await negotiate(mine, `${API}/incidents/${incidentId}/whip`);
  if (peer !== mine) {
    if (answer.ok) endResource(answer.resource);
    return;
  }
  if (answer.ok) resource = answer.resource;
  else again(answer.code);
}

async function takePeer(stream: MediaStream): Promise<RTCPeerConnection> {
  const ready = spare;
  spare = null;
  if (ready?.stream === stream && Date.now() - ready.madeAt < SPARE_FOR_MS) return ready.peer;
  ready?.peer.close();
  const made = newTalker(stream);
  await prepare(made);
  return made;
}

function changed(mine: RTCPeerConnection): void {
  if (peer !== mine) return;
  if (mine.connectionState === "connected") {
    attempt = 0;
    talk.phase = "connected";
    talk.failure = null;
  } else if (mine.connectionState === "failed" || mine.connectionState === "disconnected") {
    again("media-unavailable");
  }
}

function again(code: FailureCode): void {
  hangUp();
  if (talk.incidentId === null) return;
  talk.failure = code;
  if (!isWorthRetrying(code) || attempt >= MAX_ATTEMPTS) {
    talk.phase = "failed";
    return;
  }
  talk.phase = "connecting";
  timer = setTimeout(start, retryDelay(attempt++, Math.random()));
}

function hangUp(): void {
  clearTimeout(timer);
  peer?.close();
  peer = null;
  endResource(resource);
  resource = null;
}

/** Another microphone, without a new connection. */
export async function swapMicrophone(): Promise<void> {
  const track = microphone.stream?.getAudioTracks()[0];
  const sender = peer?.getSenders()[0];
  if (track && sender) await sender.replaceTrack(track);
  else if (talk.incidentId !== null && talk.phase === "failed") startTalk(talk.incidentId);
  dropSpare();
  await prepareSpare();
}
