/** Signalling with pillars: an offer answered, candidates taken, a session replaced or ended. */
import { assertNever } from "../../../shared/assert.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import { allowsLoopback } from "../addresses.ts";
import { newCandidateBook } from "./candidates.ts";
import { readOffer } from "./offer.ts";
import { newPillarPeer } from "./pillar-peer.ts";
import { firstLine, roomOf, type Switchboard } from "../process-state.ts";

export function pillarSignal(board: Switchboard, pillarId: PillarId, signal: Signal): void {
  switch (signal.type) {
    case "offer":
      pillarOffer(board, pillarId, signal).catch((error: unknown) => {
        const why = `the offer was refused: ${firstLine(error)}`;
        sendBye(board, { pillarId, to: signal, why });
      });
      return;
    case "candidate":
      return pillarCandidate(board, pillarId, signal);
    case "bye":
      if (board.pillarById.get(pillarId)?.sessionId === signal.sessionId) {
        endPillar(board, pillarId, signal.reason);
      }
      return;
    case "answer":
      return sendBye(board, {
        pillarId,
        to: signal,
        why: "expected an offer: the hub answers, found an answer",
      });
    default:
      return assertNever(signal);
  }
}

async function pillarOffer(
  board: Switchboard,
  pillarId: PillarId,
  signal: Extract<Signal, { type: "offer" }>,
): Promise<void> {
  const { settings, log } = board;
  const room = settings && roomOf(board, pillarId);
  if (settings === undefined || room === undefined) {
    return sendBye(board, {
      pillarId,
      to: signal,
      why: "the hub's media is full or not ready; offer again",
    });
  }
  const book = newCandidateBook(allowsLoopback(settings));
  const offer = readOffer(signal.sdp, "pillar", book);
  if (!offer.ok) return sendBye(board, { pillarId, to: signal, why: offer.reason });
  const pillar = newPillarPeer({
    sessionId: signal.sessionId,
    book,
    room,
    settings,
    log,
    onState(state, reason) {
      const isCurrent = board.pillarById.get(pillarId) === pillar;
      if (!isCurrent) return;
      log("info", `media of ${pillarId} ${state}${reason === "" ? "" : `: ${reason}`}`);
      if (state === "lost") {
        board.pillarById.delete(pillarId);
        // Also while its offer is still being answered: a pillar that is told nothing would wait for its
        // time-out.
        sendBye(board, { pillarId, to: signal, why: reason });
      }
      board.send({ type: "pillar-media", pillarId, state });
    },
  });
  const before = board.pillarById.get(pillarId);
  board.pillarById.set(pillarId, pillar);
  before?.peer.close();
  try {
    const sdp = await pillar.peer.answer(offer.value);
    if (board.pillarById.get(pillarId) !== pillar) return;
    const { v, sessionId } = signal;
    board.send({ type: "pillar-signal", pillarId, signal: { v, sessionId, type: "answer", sdp } });
  } catch (error) {
    pillar.peer.close();
    if (board.pillarById.get(pillarId) === pillar) board.pillarById.delete(pillarId);
    throw error;
  }
}

function pillarCandidate(
  board: Switchboard,
  pillarId: PillarId,
  signal: Extract<Signal, { type: "candidate" }>,
): void {
  const pillar = board.pillarById.get(pillarId);
  if (pillar?.sessionId !== signal.sessionId || !pillar.book.take(signal.candidate)) return;
  const { candidate, sdpMid, sdpMLineIndex } = signal;
  const where = sdpMid === undefined ? { sdpMLineIndex: sdpMLineIndex ?? 0 } : { sdpMid };
  pillar.peer.connection.addIceCandidate({ candidate, ...where }).catch((error: unknown) => {
    board.log("warn", `${pillarId} sent a candidate that cannot be used: ${firstLine(error)}`);
  });
}

export function endPillar(board: Switchboard, pillarId: PillarId, reason: string): void {
  const pillar = board.pillarById.get(pillarId);
  if (pillar === undefined) return;
  board.pillarById.delete(pillarId);
  const room = board.roomByPillar.get(pillarId);
  if (room !== undefined) room.downlink = undefined;
  pillar.peer.close();
  board.log("info", `media of ${pillarId} ended: ${reason}`);
  board.send({ type: "pillar-media", pillarId, state: "lost" });
}

interface Bye {
  readonly pillarId: PillarId;
  readonly to: Signal;
  readonly why: string;
}

function sendBye(board: Switchboard, { pillarId, to, why }: Bye): void {
  const reason = why.slice(0, 200);
  board.log("warn", `media session ${to.sessionId} of ${pillarId}: ${reason}`);
  const { v, sessionId } = to;
  board.send({ type: "pillar-signal", pillarId, signal: { v, sessionId, type: "bye", reason } });
}
