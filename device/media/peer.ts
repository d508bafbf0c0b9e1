/**
 * The always-on connection to the hub: made anew until it stands, and watched while it does.
 *
 * The pillar offers, the hub answers. Whatever goes wrong (no answer, a malformed one, a hub that dies
 * without a word) ends the session and leads to a fresh offer after full jitter, because thousands of
 * pillars may have lost the same hub. Only the newest session counts; messages of older ones are ignored.
 */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { fullJitter } from "../../shared/backoff.ts";
import { MediaSessionId } from "../../shared/ids.ts";
import { MAX_CANDIDATES, type Signal } from "../../shared/protocol/signal.ts";
import type { OutgoingPacket } from "./gate.ts";
import { newSession, type MediaKind, type Session, type SessionOptions } from "./session.ts";
import type { MediaTiming } from "./timing.ts";

/** The hub reports about once a second on what it receives; this much silence means that it is gone. */
const REPORT_SILENCE_MS = 4000;
const WATCH_EVERY_MS = 500;

export type PeerState = "connecting" | "connected" | "lost";

export interface PeerOptions extends Pick<SessionOptions, "outgoing" | "onVoice"> {
  readonly timing: MediaTiming;
  readonly signal: (signal: Signal) => void;
  readonly onState: (state: PeerState, detail: string) => void;
  readonly log: (level: "debug" | "info" | "warn", text: string) => void;
}

export interface Peer {
  /** Replaces whatever connection there is. */
  connect(): void;
  disconnect(reason: string): void;
  receive(signal: Signal): void;
  send(kind: MediaKind, packet: OutgoingPacket): void;
}

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

export function newPeer(options: PeerOptions): Peer {
  const { timing, log } = options;
  let current: Attempt | undefined;
  let failures = 0;
  let pause: NodeJS.Timeout | undefined;

  const close = (attempt: Attempt): void => {
    clearTimeout(attempt.deadline);
    if (current === attempt) current = undefined;
    attempt.session.close();
  };

  const fail = (attempt: Attempt, reason: string): void => {
    if (current !== attempt) return;
    close(attempt);
    const delay = fullJitter(timing.reconnect, failures, Math.random());
    failures += 1;
    log("info", `${reason}; the next offer follows in ${delay} ms`);
    options.onState("lost", reason);
    pause = setTimeout(begin, delay);
  };

  const expect = (attempt: Attempt, delay: number, reason: string): void => {
    clearTimeout(attempt.deadline);
    attempt.deadline = setTimeout(() => fail(attempt, reason), delay);
  };

  const connected = (attempt: Attempt): void => {
    if (current !== attempt || attempt.isConnected) return;
    clearTimeout(attempt.deadline);
    attempt.isConnected = true;
    failures = 0;
    options.onState("connected", "");
  };

  const begin = (): void => {
    const attempt: Attempt = {
      ...{ isAnswered: false, isConnected: false, candidates: 0 },
      ...{ sendingSince: 0, lastSentAt: 0, deadline: undefined },
      session: newSession({
        id: MediaSessionId.parse(randomBytes(16).toString("hex")),
        outgoing: options.outgoing,
        onConnected: () => connected(attempt),
        onLost: (reason) => fail(attempt, reason),
        onVoice: (packet) => {
          if (current === attempt) options.onVoice(packet);
        },
        onTrouble: (text) => log("debug", `media session: ${text}`),
      }),
    };
    current = attempt;
    options.onState("connecting", "");
    expect(attempt, timing.answer, "the hub did not answer the media offer in time");
    attempt.session.offer().then(
      (sdp) => {
        if (current !== attempt) return;
        options.signal({ v: 1, sessionId: attempt.session.id, type: "offer", sdp });
      },
      (error: unknown) => fail(attempt, `no media offer could be made (${String(error)})`),
    );
  };

  const answered = (attempt: Attempt, sdp: string): void => {
    if (attempt.isAnswered) return;
    attempt.isAnswered = true;
    expect(attempt, timing.connect, "the media connection did not come up in time");
    attempt.session.answer(sdp).catch((error: unknown) => {
      fail(attempt, `the hub's media answer cannot be used (${String(error)})`);
    });
  };

  const addCandidate = (attempt: Attempt, signal: Signal & { type: "candidate" }): void => {
    attempt.candidates += 1;
    if (attempt.candidates > MAX_CANDIDATES) return;
    attempt.session.addCandidate(signal).catch((error: unknown) => {
      log("debug", `a candidate of the hub cannot be used (${String(error)})`);
    });
  };

  // Unreferenced: a watch alone must not keep the process alive.
  setInterval(() => {
    if (current?.isConnected === true && isAbandoned(current)) {
      fail(current, "the hub no longer reports on what it receives");
    }
  }, WATCH_EVERY_MS).unref();

  const end = (): void => {
    clearTimeout(pause);
    if (current !== undefined) close(current);
  };

  return {
    connect() {
      end();
      begin();
    },
    disconnect(reason) {
      const sessionId = current?.session.id;
      end();
      if (sessionId !== undefined) options.signal({ v: 1, sessionId, type: "bye", reason });
      options.onState("lost", reason);
    },
    receive(signal) {
      const attempt = current;
      if (attempt?.session.id !== signal.sessionId) {
        log("debug", `a media ${signal.type} of another session was ignored`);
        return;
      }
      switch (signal.type) {
        case "answer":
          return answered(attempt, signal.sdp);
        case "candidate":
          return addCandidate(attempt, signal);
        case "bye":
          return fail(attempt, `the hub ended the media session: ${signal.reason}`);
        case "offer":
          return log("warn", "the hub sent a media offer; the pillar offers, the hub answers");
      }
    },
    send(kind, packet) {
      if (current?.isConnected !== true) return;
      const now = performance.now();
      if (now - current.lastSentAt > WATCH_EVERY_MS) current.sendingSince = now;
      current.lastSentAt = now;
      current.session.send(kind, packet);
    },
  };
}

/** Only a hub that has reported before, while we are sending, can be missed. */
function isAbandoned({ session, sendingSince, lastSentAt }: Attempt): boolean {
  const now = performance.now();
  const reportAt = session.lastReportAt();
  if (reportAt === undefined || now - lastSentAt > WATCH_EVERY_MS) return false;
  return now - Math.max(reportAt, sendingSince) > REPORT_SILENCE_MS;
}
