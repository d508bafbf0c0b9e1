/**
 * The media process's switchboard: a message in, connections changed, messages out.
 *
 * Bad input of a peer costs that peer its connection, with a reason it can show, and nobody else
 * anything. Every table is bounded.
 */
import { RTCDtlsTransport } from "werift";
import type { PillarId } from "../../shared/ids.ts";
import { assertNever } from "../../shared/assert.ts";
import { MAX_CANDIDATES, type Signal } from "../../shared/protocol/signal.ts";
import type { FromMedia, MediaSettings, ToMedia } from "./ipc.ts";
import type { Log } from "./log.ts";
import { isUsableCandidate, readOffer } from "./offer.ts";
import { newPillarPeer, type PillarPeer } from "./pillar-peer.ts";
import { newRecorder, type Recorder } from "./recorder.ts";
import { newRoom, type Room } from "./room.ts";
import { newViewerPeer, type ViewerPeer } from "./viewer-peer.ts";

/** One hub's pillars, see its broker's limit. */
export const MAX_ROOMS = 12_000;

type Message<T extends ToMedia["type"]> = Extract<ToMedia, { type: T }>;

export interface Relay {
  handle(message: ToMedia): void;
  /** Ends every connection; resolves when the recordings are safe. */
  close(): Promise<void>;
}

interface Switchboard {
  readonly send: (message: FromMedia) => void;
  readonly log: Log;
  readonly roomByPillar: Map<PillarId, Room>;
  readonly pillarById: Map<PillarId, PillarPeer>;
  readonly viewerBySession: Map<string, ViewerPeer>;
  readonly recorder: Recorder;
  settings: MediaSettings | undefined;
}

export function newRelay(send: (message: FromMedia) => void, log: Log): Relay {
  const board: Switchboard = {
    send,
    log,
    roomByPillar: new Map(),
    pillarById: new Map(),
    viewerBySession: new Map(),
    recorder: newRecorder(send, log),
    settings: undefined,
  };
  return {
    handle: (message) => handle(board, message),
    async close() {
      board.viewerBySession.forEach((viewer) => viewer.close());
      board.pillarById.forEach((pillar) => pillar.peer.close());
      await board.recorder.close();
    },
  };
}

function handle(board: Switchboard, message: ToMedia): void {
  switch (message.type) {
    case "configure":
      return configure(board, message.settings);
    case "pillar-signal":
      return pillarSignal(board, message.pillarId, message.signal);
    case "pillar-gone":
      return endPillar(board, message.pillarId, "the pillar is gone");
    case "viewer-offer":
      return viewerOffer(board, message);
    case "viewer-close":
      return closeViewer(board, message.sessionId, "closed by the console");
    case "record-start":
      return board.recorder.start(message, () => roomOf(board, message.pillarId));
    case "record-stop":
      return board.recorder.stop(message.recordingId);
    case "ping":
      return board.send({ type: "pong" });
    case "shutdown":
      return undefined;
    default:
      return assertNever(message);
  }
}

function configure(board: Switchboard, settings: MediaSettings): void {
  board.settings = settings;
  // The certificate takes a moment to make: before the first call, not during it.
  RTCDtlsTransport.SetupCertificate().then(
    () => board.send({ type: "ready" }),
    (error: unknown) => board.log("error", `cannot make a certificate: ${String(error)}`),
  );
}

function roomOf(board: Switchboard, pillarId: PillarId): Room | undefined {
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

function pillarSignal(board: Switchboard, pillarId: PillarId, signal: Signal): void {
  switch (signal.type) {
    case "offer":
      pillarOffer(board, pillarId, signal).catch((error: unknown) => {
        sendBye(board, pillarId, signal, `the offer was refused: ${firstLine(error)}`);
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
      return sendBye(
        board,
        pillarId,
        signal,
        "expected an offer: the hub answers, found an answer",
      );
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
  const room = roomOf(board, pillarId);
  const offer = readOffer(signal.sdp, "pillar");
  if (!offer.ok) return sendBye(board, pillarId, signal, offer.reason);
  if (settings === undefined || room === undefined) {
    return sendBye(board, pillarId, signal, "the hub's media is full or not ready; offer again");
  }
  const pillar = newPillarPeer({
    sessionId: signal.sessionId,
    room,
    settings,
    log,
    onState(state, reason) {
      const isCurrent = board.pillarById.get(pillarId) === pillar;
      if (!isCurrent) return;
      if (state === "lost") board.pillarById.delete(pillarId);
      log("info", `media of ${pillarId} ${state}${reason === "" ? "" : `: ${reason}`}`);
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
  if (pillar?.sessionId !== signal.sessionId || !isUsableCandidate(signal.candidate)) return;
  pillar.candidates += 1;
  if (pillar.candidates > MAX_CANDIDATES) {
    board.log(
      "warn",
      `${pillarId} sent more than ${MAX_CANDIDATES} candidates; the rest is ignored`,
    );
    return;
  }
  const { candidate, sdpMid, sdpMLineIndex } = signal;
  const where = sdpMid === undefined ? { sdpMLineIndex: sdpMLineIndex ?? 0 } : { sdpMid };
  pillar.peer.connection.addIceCandidate({ candidate, ...where }).catch((error: unknown) => {
    board.log("warn", `${pillarId} sent a candidate that cannot be used: ${firstLine(error)}`);
  });
}

function endPillar(board: Switchboard, pillarId: PillarId, reason: string): void {
  const pillar = board.pillarById.get(pillarId);
  if (pillar === undefined) return;
  board.pillarById.delete(pillarId);
  const room = board.roomByPillar.get(pillarId);
  if (room !== undefined) room.downlink = undefined;
  pillar.peer.close();
  board.log("info", `media of ${pillarId} ended: ${reason}`);
  board.send({ type: "pillar-media", pillarId, state: "lost" });
}

function sendBye(board: Switchboard, pillarId: PillarId, to: Signal, why: string): void {
  const reason = why.slice(0, 200);
  board.log("warn", `media session ${to.sessionId} of ${pillarId}: ${reason}`);
  const { v, sessionId } = to;
  board.send({ type: "pillar-signal", pillarId, signal: { v, sessionId, type: "bye", reason } });
}

function viewerOffer(board: Switchboard, message: Message<"viewer-offer">): void {
  const { sessionId, pillarId, incidentId, role } = message;
  const { settings, log } = board;
  const refuse = (
    code: Extract<FromMedia, { type: "viewer-refused" }>["code"],
    detail: string,
  ): void => {
    log("info", `viewer ${sessionId} of ${pillarId} refused: ${detail}`);
    board.send({ type: "viewer-refused", sessionId, code, detail });
  };
  const offer = readOffer(message.sdp, role);
  if (!offer.ok) return refuse("bad-request", offer.reason);
  const room = roomOf(board, pillarId);
  if (settings === undefined || room === undefined) {
    return refuse("media-unavailable", "the hub's media is starting; try again in a second");
  }
  if (board.viewerBySession.size >= settings.maxViewers) {
    const detail = `expected at most ${settings.maxViewers} viewers (maxViewers); close one and try again`;
    return refuse("too-many-requests", detail);
  }
  const viewer = newViewerPeer({
    ...{ sessionId, incidentId, pillarId, role, room, settings, log },
    onLost: (reason) => closeViewer(board, sessionId, reason),
  });
  closeViewer(board, sessionId, "replaced by a new offer");
  board.viewerBySession.set(sessionId, viewer);
  if (role === "talk") endOtherTalkers(board, viewer);
  viewer.peer.answer(offer.value).then(
    (sdp) => {
      if (board.viewerBySession.get(sessionId) !== viewer) return;
      board.send({ type: "viewer-answer", sessionId, sdp });
    },
    (error: unknown) => {
      viewer.close();
      if (board.viewerBySession.get(sessionId) === viewer) board.viewerBySession.delete(sessionId);
      refuse("bad-request", `the offer was refused: ${firstLine(error)}`);
    },
  );
}

/** Two voices at once from one speaker help nobody: the newest has the floor. */
function endOtherTalkers(board: Switchboard, talker: ViewerPeer): void {
  for (const other of board.viewerBySession.values()) {
    if (other === talker || other.role !== "talk" || other.pillarId !== talker.pillarId) continue;
    closeViewer(board, other.sessionId, "another console talks to this pillar now");
  }
}

function closeViewer(board: Switchboard, sessionId: string, reason: string): void {
  const viewer = board.viewerBySession.get(sessionId);
  if (viewer === undefined) return;
  board.viewerBySession.delete(sessionId);
  viewer.close();
  board.send({ type: "viewer-closed", sessionId: viewer.sessionId, reason });
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
