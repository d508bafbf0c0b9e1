/**
 * What pillars are told of calls and of their picture's connection:
 * signed, for their present session, numbered.
 *
 * The session stands in each heartbeat, and a pillar sends one as soon as it is connected, so what
 * is not known is known a moment later: the core then tells the call again, and signals wait for it
 * here.
 */
import { randomBytes } from "node:crypto";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import type { HubRun, PillarId, SessionNonce } from "../../../shared/ids.ts";
import type { Stamp } from "../../../shared/protocol/addressed.ts";
import type { Call } from "../../../shared/protocol/call.ts";
import type { Signal } from "../../../shared/protocol/signal.ts";
import { sessionOf } from "../../core/pillar/session.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import type { Authority } from "../../identity/ports.ts";
import type { PillarLink } from "../../ports.ts";

/** Of one pillar: an answer and its candidates. */
const MAX_WAITING_SIGNALS = 40;
/** Pillars whose signals wait at once. */
const MAX_WAITING_PILLARS = 1000;

export interface LastWords {
  readonly sessionNonce: SessionNonce | null;
  readonly lastCalls: readonly Call[];
}

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
  const waiting = new Map<PillarId, Signal[]>();
  let number = 0;
  const signed = <Content extends object>(stamp: Stamp, content: Content) => {
    const body = { ...stamp, ...content };
    return { v: 1, body, sig: options.authority.sign(canonicalJson(body)) } as const;
  };
  const stampFor = (pillarId: PillarId, sessionNonce: SessionNonce): Stamp => {
    number += 1;
    return { v: 1, pillarId, sessionNonce, hubRun, number };
  };
  const sendSignal = (to: Stamp, signal: Signal): void =>
    options.send(to.pillarId, { channel: "signal", message: signed(to, { signal }) });
  const sendCall = (to: Stamp, call: Call): void =>
    options.send(to.pillarId, { channel: "call", message: signed(to, { call }) });

  return {
    hubRun,
    call: (pillarId, call) => {
      const session = sessionOf(options.state(), pillarId);
      if (session) sendCall(stampFor(pillarId, session), call);
    },
    dismiss: (pillarId, { sessionNonce, lastCalls }) => {
      waiting.delete(pillarId);
      if (!sessionNonce) return;
      for (const call of lastCalls) sendCall(stampFor(pillarId, sessionNonce), call);
    },
    signal: (pillarId, signal) => {
      if (options.state().pillars.get(pillarId)?.revocation) return;
      const session = sessionOf(options.state(), pillarId);
      if (session) return sendSignal(stampFor(pillarId, session), signal);
      if (!waiting.has(pillarId) && waiting.size >= MAX_WAITING_PILLARS) return;
      const signals = waiting.get(pillarId) ?? [];
      waiting.set(pillarId, [...signals, signal].slice(-MAX_WAITING_SIGNALS));
    },
    onHeartbeat: (pillarId) => {
      const signals = waiting.get(pillarId);
      const session = sessionOf(options.state(), pillarId);
      if (!signals || !session) return;
      waiting.delete(pillarId);
      for (const signal of signals) sendSignal(stampFor(pillarId, session), signal);
    },
  };
}
