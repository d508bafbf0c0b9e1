/**
 * The media process's work: a message in, connections changed, messages out.
 *
 * Bad input of a peer ends that peer's connection, with a reason it can show, and touches no other.
 * Every table is bounded.
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
import { firstLine, roomOf, type MediaState } from "./process-state.ts";
import { newViewerPeer, type ViewerPeer } from "./relay/viewer-peer.ts";

type Message<T extends ToMedia["type"]> = Extract<ToMedia, { type: T }>;

export interface Relay {
  handle(message: ToMedia): void;
  /** Ends every connection; resolves when the recordings are safe. */
  close(): Promise<void>;
}

export function newRelay(send: (message: FromMedia) => void, log: Log): Relay {
  const media: MediaState = {
    send,
    log,
    roomByPillar: new Map(),
    pillarById: new Map(),
    viewerBySession: new Map(),
    recorder: newRecorder(send, log),
    settings: undefined,
  };
  return {
    handle: (message) => handle(media, message),
    async close() {
      media.viewerBySession.forEach((viewer) => viewer.close());
      media.pillarById.forEach((pillar) => pillar.peer.close());
      await media.recorder.close();
    },
  };
}

function handle(media: MediaState, message: ToMedia): void {
  switch (message.type) {
    case "configure":
      return configure(media, message.settings);
    case "pillar-signal":
      return pillarSignal(media, message.pillarId, message.signal);
    case "pillar-gone":
      return endPillar(media, message.pillarId, "the pillar is gone");
    case "viewer-offer":
      return viewerOffer(media, message);
    case "viewer-close":
      return closeViewer(media, message.sessionId, "closed by the console");
    case "record-start":
      return media.recorder.start(message, () => roomOf(media, message.pillarId));
    case "record-stop":
      return media.recorder.stop(message.recordingId);
    case "ping":
      return media.send({ type: "pong" });
    case "shutdown":
      return undefined;
    default:
      return assertNever(message);
  }
}

function configure(media: MediaState, settings: MediaSettings): void {
  media.settings = settings;
  // The certificate takes a moment to make: before the first call, not during it.
  RTCDtlsTransport.SetupCertificate().then(
    () => media.send({ type: "ready" }),
    (error: unknown) => media.log("error", `cannot make a certificate: ${String(error)}`),
  );
}

function viewerOffer(media: MediaState, message: Message<"viewer-offer">): void {
  const { sessionId, pillarId, role, camera, isWithoutVoice } = message;
  const { settings, log } = media;
  const refuse: Refuse = (code, detail) => {
    log("info", `viewer ${sessionId} of ${pillarId} refused: ${detail}`);
    media.send({ type: "viewer-refused", pillarId, sessionId, code, detail });
  };
  const room = settings && roomOf(media, pillarId);
  if (settings === undefined || room === undefined) {
    return refuse("media-unavailable", "the hub's media is starting; try again in a second");
  }
  const offer = readOffer(message.sdp, role, newCandidateBook(allowsLoopback(settings)));
  if (!offer.ok) return refuse("bad-request", offer.reason);
  const known = room.cameras();
  if (camera !== undefined && known?.includes(camera) === false) {
    const names = known.join(", ") || "none";
    return refuse("not-found", `expected a camera of this pillar (${names}), found ${camera}`);
  }
  if (media.viewerBySession.size >= settings.maxViewers) {
    const detail = `expected at most ${settings.maxViewers} viewers (maxViewers); close one and try again`;
    return refuse("too-many-requests", detail);
  }
  const viewer = newViewerPeer({
    sessionId,
    pillarId,
    role,
    camera,
    isWithoutVoice,
    room,
    settings,
    log,
    onLost: (reason) => closeViewer(media, sessionId, reason),
  });
  closeViewer(media, sessionId, "replaced by a new offer");
  media.viewerBySession.set(sessionId, viewer);
  if (role === "talk") endOtherTalkers(media, viewer);
  answerViewer(media, viewer, { sdp: offer.value.sdp, refuse }).catch((error: unknown) =>
    log("error", `viewer ${sessionId} could not be answered: ${String(error)}`),
  );
}

type Refuse = (
  code: Extract<FromMedia, { type: "viewer-refused" }>["code"],
  detail: string,
) => void;

async function answerViewer(
  media: MediaState,
  viewer: ViewerPeer,
  offer: { readonly sdp: string; readonly refuse: Refuse },
): Promise<void> {
  const { pillarId, sessionId } = viewer;
  const isCurrent = (): boolean => media.viewerBySession.get(sessionId) === viewer;
  try {
    const sdp = await viewer.peer.answer(offer.sdp);
    if (isCurrent()) media.send({ type: "viewer-answer", pillarId, sessionId, sdp });
  } catch (error) {
    viewer.close();
    if (isCurrent()) media.viewerBySession.delete(sessionId);
    offer.refuse("bad-request", `the offer was refused: ${firstLine(error)}`);
  }
}

/** Two voices at once from one speaker cannot be understood: the newest talker is played. */
function endOtherTalkers(media: MediaState, talker: ViewerPeer): void {
  for (const other of media.viewerBySession.values()) {
    if (other === talker || other.role !== "talk" || other.pillarId !== talker.pillarId) continue;
    closeViewer(media, other.sessionId, "another console talks to this pillar now");
  }
}

function closeViewer(media: MediaState, sessionId: string, reason: string): void {
  const viewer = media.viewerBySession.get(sessionId);
  if (viewer === undefined) return;
  media.viewerBySession.delete(sessionId);
  viewer.close();
  const { pillarId } = viewer;
  media.send({ type: "viewer-closed", pillarId, sessionId: viewer.sessionId, reason });
}
