/** Signalling with pillars: an offer answered, candidates taken, a session replaced or ended. */
import { assertNever } from "../../../shared/assert.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import { allowsLoopback } from "../addresses.ts";
import { newCandidateBook } from "./candidates.ts";
import { readOffer } from "./offer.ts";
import { newPillarPeer } from "./pillar-peer.ts";
import { firstLine, roomOf, type MediaState } from "../process-state.ts";

export function pillarSignal(media: MediaState, pillarId: PillarId, signal: Signal): void {
  switch (signal.type) {
    case "offer":
      pillarOffer(media, pillarId, signal).catch((error: unknown) => {
        const why = `the offer was refused: ${firstLine(error)}`;
        sendBye(media, { pillarId, to: signal, why });
      });
      return;
    case "candidate":
      return pillarCandidate(media, pillarId, signal);
    case "bye":
      if (media.pillarById.get(pillarId)?.sessionId === signal.sessionId) {
        endPillar(media, pillarId, signal.reason);
      }
      return;
    case "answer":
      return sendBye(media, {
        pillarId,
        to: signal,
        why: "expected an offer: the hub answers, found an answer",
      });
    default:
      return assertNever(signal);
  }
}

async function pillarOffer(
  media: MediaState,
  pillarId: PillarId,
  signal: Extract<Signal, { type: "offer" }>,
): Promise<void> {
  const { settings, log } = media;
  const room = settings && roomOf(media, pillarId);
  if (settings === undefined || room === undefined) {
    return sendBye(media, {
      pillarId,
      to: signal,
      why: "the hub's media is full or not ready; offer again",
    });
  }
  const book = newCandidateBook(allowsLoopback(settings));
  const offer = readOffer(signal.sdp, "pillar", book);
  if (!offer.ok) return sendBye(media, { pillarId, to: signal, why: offer.reason });
  const pillar = newPillarPeer({
    sessionId: signal.sessionId,
    book,
    room,
    cameras: offer.value.cameras,
    settings,
    log,
    onState(state, reason) {
      const isCurrent = media.pillarById.get(pillarId) === pillar;
      if (!isCurrent) return;
      log("info", `media of ${pillarId} ${state}${reason === "" ? "" : `: ${reason}`}`);
      if (state === "lost") {
        media.pillarById.delete(pillarId);
        // Also while its offer is still being answered: a pillar
        // that is told nothing would wait for its time-out.
        sendBye(media, { pillarId, to: signal, why: reason });
      }
      media.send({ type: "pillar-media", pillarId, state });
    },
  });
  const before = media.pillarById.get(pillarId);
  media.pillarById.set(pillarId, pillar);
  before?.peer.close();
  try {
    const sdp = await pillar.peer.answer(offer.value.sdp);
    if (media.pillarById.get(pillarId) !== pillar) return;
    const { v, sessionId } = signal;
    media.send({ type: "pillar-signal", pillarId, signal: { v, sessionId, type: "answer", sdp } });
  } catch (error) {
    pillar.peer.close();
    if (media.pillarById.get(pillarId) === pillar) media.pillarById.delete(pillarId);
    throw error;
  }
}

function pillarCandidate(
  media: MediaState,
  pillarId: PillarId,
  signal: Extract<Signal, { type: "candidate" }>,
): void {
  const pillar = media.pillarById.get(pillarId);
  if (pillar?.sessionId !== signal.sessionId || !pillar.book.take(signal.candidate)) return;
  const { candidate, sdpMid, sdpMLineIndex } = signal;
  const where = sdpMid === undefined ? { sdpMLineIndex: sdpMLineIndex ?? 0 } : { sdpMid };
  pillar.peer.connection.addIceCandidate({ candidate, ...where }).catch((error: unknown) => {
    media.log("warn", `${pillarId} sent a candidate that cannot be used: ${firstLine(error)}`);
  });
}

export function endPillar(media: MediaState, pillarId: PillarId, reason: string): void {
  const pillar = media.pillarById.get(pillarId);
  if (pillar === undefined) return;
  media.pillarById.delete(pillarId);
  const room = media.roomByPillar.get(pillarId);
  if (room !== undefined) room.downlink = undefined;
  pillar.peer.close();
  media.log("info", `media of ${pillarId} ended: ${reason}`);
  media.send({ type: "pillar-media", pillarId, state: "lost" });
}

interface Bye {
  readonly pillarId: PillarId;
  readonly to: Signal;
  readonly why: string;
}

function sendBye(media: MediaState, { pillarId, to, why }: Bye): void {
  const reason = why.slice(0, 200);
  media.log("warn", `media session ${to.sessionId} of ${pillarId}: ${reason}`);
  const { v, sessionId } = to;
  media.send({ type: "pillar-signal", pillarId, signal: { v, sessionId, type: "bye", reason } });
}
