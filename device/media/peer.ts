/**
 * The always-on connection to the hub: made anew until it stands, and watched while it does.
 *
 * The pillar offers, the hub answers. Whatever goes wrong (no answer, a malformed one, a hub that
 * dies without a word) ends the session and leads to a fresh offer after full jitter, because
 * thousands of pillars may have lost the same hub. Only the newest session counts; messages of
 * older ones are ignored.
 */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { fullJitter } from "../../shared/backoff.ts";
import { type CameraId, MediaSessionId } from "../../shared/ids.ts";
import { MAX_CANDIDATES, type Signal } from "../../shared/protocol/signal.ts";
import type { OutgoingPacket } from "./send/gate.ts";
import { newSession, type MediaKind, type Session, type SessionOptions } from "./session.ts";
import type { MediaTiming } from "./timing.ts";

const WATCH_EVERY_MS = 500;

export type PeerState = "connecting" | "connected" | "lost";

export interface PeerOptions extends Pick<SessionOptions, "outgoing" | "onVoice"> {
  readonly timing: MediaTiming;
  /** Addresses of this machine to be used from the next offer on. */
  readonly addresses: () => readonly string[];
  /** Cameras the next offer names. */
  readonly cameras: () => readonly CameraId[];
  readonly signal: (signal: Signal) => void;
  /**
   * Somebody waits for the connection: a call is open.
   * Otherwise thousands of pillars may take their time.
   */
  readonly isUrgent: () => boolean;
  readonly onState: (state: PeerState, detail: string) => void;
  readonly log: (level: "debug" | "info" | "warn", text: string) => void;
}

export interface Peer {
  /** Replaces whatever connection there is. */
  connect(): void;
  disconnect(reason: string): void;
  /** A call has opened: what waits for its next offer makes it now. */
  hasten(): void;
  receive(signal: Signal): void;
  send(kind: MediaKind, packet: OutgoingPacket): void;
}

/** One offer and what becomes of it. */
interface Attempt {
  readonly session: Session;
  isAnswered: boolean;
  isConnected: boolean;
  candidates: number;
  /** When packets last began to flow without a pause, and when the newest left. */
  sendingSince: number;
  lastSentAt: number;
  deadline: NodeJS.Timeout | undefined;
}

interface Line {
  readonly options: PeerOptions;
  current: Attempt | undefined;
  failures: number;
  pause: NodeJS.Timeout | undefined;
}

export function newPeer(options: PeerOptions): Peer {
  const line: Line = { options, current: undefined, failures: 0, pause: undefined };

  // Unreferenced: a watch alone must not keep the process alive.
  setInterval(() => {
    if (line.current?.isConnected === true && isAbandoned(line.current, options.timing)) {
      fail(line, line.current, "the hub no longer reports on what it receives");
    }
  }, WATCH_EVERY_MS).unref();

  return {
    connect() {
      end(line);
      begin(line);
    },
    disconnect(reason) {
      const sessionId = line.current?.session.id;
      end(line);
      if (sessionId !== undefined) options.signal({ v: 1, sessionId, type: "bye", reason });
      options.onState("lost", reason);
    },
    hasten() {
      if (line.pause === undefined || line.current !== undefined) return;
      clearTimeout(line.pause);
      begin(line);
    },
    receive: (signal) => receive(line, signal),
    send(kind, packet) {
      const attempt = line.current;
      if (attempt?.isConnected !== true) return;
      const now = performance.now();
      if (now - attempt.lastSentAt > WATCH_EVERY_MS) attempt.sendingSince = now;
      attempt.lastSentAt = now;
      attempt.session.send(kind, packet);
    },
  };
}

function begin(line: Line): void {
  const { addresses, cameras, outgoing, onVoice, onState, signal, log, timing } = line.options;
  const attempt: Attempt = {
    isAnswered: false,
    isConnected: false,
    candidates: 0,
    sendingSince: 0,
    lastSentAt: 0,
    deadline: undefined,
    session: newSession({
      id: MediaSessionId.parse(randomBytes(16).toString("hex")),
      addresses: addresses(),
      cameras: cameras(),
      outgoing,
      onConnected: () => connected(line, attempt),
      onLost: (reason) => fail(line, attempt, reason),
      onVoice: (packet) => {
        if (line.current === attempt) onVoice(packet);
      },
      onTrouble: (text) => log("debug", `media session: ${text}`),
    }),
  };
  line.current = attempt;
  line.pause = undefined;
  onState("connecting", "");
  const late = (): void => fail(line, attempt, "the hub did not answer the media offer in time");
  attempt.deadline = setTimeout(late, timing.answer);
  const offer = async (): Promise<void> => {
    const sdp = await attempt.session.offer();
    if (line.current !== attempt) return;
    signal({ v: 1, sessionId: attempt.session.id, type: "offer", sdp });
  };
  offer().catch((error: unknown) => {
    fail(line, attempt, `no media offer could be made (${String(error)})`);
  });
}

function connected(line: Line, attempt: Attempt): void {
  if (line.current !== attempt || attempt.isConnected) return;
  clearTimeout(attempt.deadline);
  attempt.isConnected = true;
  line.failures = 0;
  line.options.onState("connected", "");
}

function fail(line: Line, attempt: Attempt, reason: string): void {
  if (line.current !== attempt) return;
  const { timing, isUrgent, log, onState } = line.options;
  end(line);
  const backoff = isUrgent() ? timing.reconnect : timing.reconnectIdle;
  const delay = fullJitter(backoff, line.failures, Math.random());
  line.failures += 1;
  log("info", `${reason}; the next offer follows in ${delay} ms`);
  onState("lost", reason);
  line.pause = setTimeout(() => begin(line), delay);
}

function end(line: Line): void {
  clearTimeout(line.pause);
  line.pause = undefined;
  const attempt = line.current;
  line.current = undefined;
  clearTimeout(attempt?.deadline);
  attempt?.session.close();
}

function receive(line: Line, signal: Signal): void {
  const { log } = line.options;
  const attempt = line.current;
  if (attempt?.session.id !== signal.sessionId) {
    log("debug", `a media ${signal.type} of another session was ignored`);
    return;
  }
  switch (signal.type) {
    case "answer":
      return answered(line, attempt, signal.sdp);
    case "candidate":
      attempt.candidates += 1;
      if (attempt.candidates > MAX_CANDIDATES) return;
      attempt.session.addCandidate(signal).catch((error: unknown) => {
        log("debug", `a candidate of the hub cannot be used (${String(error)})`);
      });
      return;
    case "bye":
      return fail(line, attempt, `the hub ended the media session: ${signal.reason}`);
    case "offer":
      return log("warn", "the hub sent a media offer; the pillar offers, the hub answers");
  }
}

function answered(line: Line, attempt: Attempt, sdp: string): void {
  if (attempt.isAnswered) return;
  attempt.isAnswered = true;
  clearTimeout(attempt.deadline);
  const late = (): void => fail(line, attempt, "the media connection did not come up in time");
  attempt.deadline = setTimeout(late, line.options.timing.connect);
  attempt.session.answer(sdp).catch((error: unknown) => {
    fail(line, attempt, `the hub's media answer cannot be used (${String(error)})`);
  });
}

/** Only a hub that has reported before, while we are sending, can be missed. */
function isAbandoned(attempt: Attempt, timing: MediaTiming): boolean {
  const { session, sendingSince, lastSentAt } = attempt;
  const now = performance.now();
  const reportAt = session.lastReportAt();
  if (reportAt === undefined || now - lastSentAt > WATCH_EVERY_MS) return false;
  return now - Math.max(reportAt, sendingSince) > timing.reportSilence;
}
