/**
 * What pillars are told of calls and of their picture's connection:
 * signed, for their present session, numbered (`hub/core/told/call.ts`).
 *
 * Until a heartbeat has shown the session, signals wait for it here; calls are told again.
 */
import { randomBytes } from "node:crypto";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import type { HubRun, PillarId } from "../../../shared/ids.ts";
import type { Stamp } from "../../../shared/protocol/addressed.ts";
import type { Call, CallBody } from "../../../shared/protocol/call.ts";
import type { Signal, SignalBody } from "../../../shared/protocol/signal.ts";
import { sessionOf } from "../../core/pillar/session.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import {
  callFor,
  lastWords,
  newNumbering,
  nextStamp,
  type LastWords,
} from "../../core/told/call.ts";
import type { Authority } from "../../identity/ports.ts";
import type { PillarLink } from "../../ports.ts";

/** Of one pillar: an answer and its candidates. */
const MAX_WAITING_SIGNALS = 40;
/** Pillars whose signals wait at once. */
const MAX_WAITING_PILLARS = 1000;

export interface PillarMessages {
  /** Made at this start of the hub. */
  readonly hubRun: HubRun;
  call(pillarId: PillarId, call: Call): void;
  signal(pillarId: PillarId, signal: Signal): void;
  /**
   * The last it is told in this session; what waits for the next is not meant for whoever has that.
   */
  dismiss(pillarId: PillarId, last: LastWords): void;
  /** A heartbeat was taken in. */
  onHeartbeat(pillarId: PillarId): void;
}

export function createPillarMessages(options: {
  readonly authority: Pick<Authority, "sign">;
  readonly state: () => HubState;
  readonly send: PillarLink["send"];
}): PillarMessages {
  const hubRun = randomBytes(16).toString("hex") as HubRun;
  const numbering = newNumbering(hubRun);
  const waiting = new Map<PillarId, Signal[]>();
  const signed = <Body extends CallBody | SignalBody>(body: Body) =>
    ({ v: 1, body, sig: options.authority.sign(canonicalJson(body)) }) as const;
  const sendSignal = (to: Stamp, signal: Signal): void =>
    options.send(to.pillarId, { channel: "signal", message: signed({ ...to, signal }) });
  const sendCall = (body: CallBody): void =>
    options.send(body.pillarId, { channel: "call", message: signed(body) });

  return {
    hubRun,
    call: (pillarId, call) => {
      const body = callFor(numbering, options.state(), { pillarId, call });
      if (body) sendCall(body);
    },
    dismiss: (pillarId, last) => {
      waiting.delete(pillarId);
      for (const body of lastWords(numbering, pillarId, last)) sendCall(body);
    },
    signal: (pillarId, signal) => {
      if (options.state().pillars.get(pillarId)?.revocation) return;
      const session = sessionOf(options.state(), pillarId);
      if (session) return sendSignal(nextStamp(numbering, pillarId, session), signal);
      if (!waiting.has(pillarId) && waiting.size >= MAX_WAITING_PILLARS) return;
      const signals = waiting.get(pillarId) ?? [];
      waiting.set(pillarId, [...signals, signal].slice(-MAX_WAITING_SIGNALS));
    },
    onHeartbeat: (pillarId) => {
      const signals = waiting.get(pillarId);
      const session = sessionOf(options.state(), pillarId);
      if (!signals || !session) return;
      waiting.delete(pillarId);
      for (const signal of signals) sendSignal(nextStamp(numbering, pillarId, session), signal);
    },
  };
}
