/**
 * The media process's work: a message in, connections changed, messages out.
 *
 * Bad input of a peer ends that peer's connection, with a reason it can show, and touches no other. Every table is
 * bounded.
 */
import { RTCDtlsTransport } from "werift";
import { assertNever } from "../../shared/assert.ts";
import { allowsLoopback } from "./addresses.ts";
import type { FromMedia, MediaSettings, ToMedia } from "./ipc.ts";
import type { Log } from "./log.ts";
import { newCandidateBook } from "./relay/candidates.ts";
import { readOffer } from "./relay/offer.ts";
import { endPillar, pillarSignal } from "./relay/pillar-signal.ts";
import { newRecorder } from "./recorder/recorder.ts";
import { firstLine, roomOf, type Switchboard } from "./process-state.ts";
import { newViewerPeer, type ViewerPeer } from "./relay/viewer-peer.ts";

type Message<T extends ToMedia["type"]> = Extract<ToMedia, { type: T }>;

export interface Relay {
  handle(message: ToMedia): void;
  /** Ends every connection; resolves when the recordings are safe. */
  close(): Promise<void>;
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

function viewerOffer(board: Switchboard, message: Message<"viewer-offer">): void {
  const { sessionId, pillarId, incidentId, role } = message;
  const { settings, log } = board;
  const refuse: Refuse = (code, detail) => {
    log("info", `viewer ${sessionId} of ${pillarId} refused: ${detail}`);
    board.send({ type: "viewer-refused", sessionId, code, detail });
  };
  const room = settings && roomOf(board, pillarId);
  if (settings === undefined || room === undefined) {
    return refuse("media-unavailable", "the hub's media is starting; try again in a second");
  }
  const offer = readOffer(message.sdp, role, newCandidateBook(allowsLoopback(settings)));
  if (!offer.ok) return refuse("bad-request", offer.reason);
  if (board.viewerBySession.size >= settings.maxViewers) {
    const detail = `expected at most ${settings.maxViewers} viewers (maxViewers); close one and try again`;
    return refuse("too-many-requests", detail);
  }
  const viewer = newViewerPeer({
    sessionId,
    incidentId,
    pillarId,
    role,
    room,
    settings,
    log,
    onLost: (reason) => closeViewer(board, sessionId, reason),
  });
  closeViewer(board, sessionId, "replaced by a new offer");
  board.viewerBySession.set(sessionId, viewer);
  if (role === "talk") endOtherTalkers(board, viewer);
  answerViewer(board, viewer, { sdp: offer.value, refuse }).catch((error: unknown) =>
    log("error", `viewer ${sessionId} could not be answered: ${String(error)}`),
  );
}

type Refuse = (
  code: Extract<FromMedia, { type: "viewer-refused" }>["code"],
  detail: string,
) => void;

async function answerViewer(
  board: Switchboard,
  viewer: ViewerPeer,
  offer: { readonly sdp: string; readonly refuse: Refuse },
): Promise<void> {
  const { sessionId } = viewer;
  const isCurrent = (): boolean => board.viewerBySession.get(sessionId) === viewer;
  try {
    const sdp = await viewer.peer.answer(offer.sdp);
    if (isCurrent()) board.send({ type: "viewer-answer", sessionId, sdp });
  } catch (error) {
    viewer.close();
    if (isCurrent()) board.viewerBySession.delete(sessionId);
    offer.refuse("bad-request", `the offer was refused: ${firstLine(error)}`);
  }
}

/** Two voices at once from one speaker cannot be understood: the newest talker is played. */
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
