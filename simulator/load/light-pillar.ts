/**
 * One of thousands: the agent's own core and shell, on parts that weigh little.
 *
 * What decides is the agent's own code: when to resend, to reconnect, to go by HTTPS, whose receipt
 * counts. Its ledger is in memory, its board is a function, it has no media and no screen.
 */
import { createPrivateKey, createPublicKey, verify, type KeyObject } from "node:crypto";
import { httpsFallback } from "../../device/adapters/hub/https-fallback.ts";
import { sealWith, type Identity } from "../../device/adapters/identity/identity.ts";
import type { Clock } from "../../device/adapters/host/system-clock.ts";
import { newAgent, type Agent } from "../../device/core/state/agent-state.ts";
import type { SealedAlarm } from "../../device/core/state/kept.ts";
import type { HttpsFallback, Board, Ledger, MediaPort, Screen } from "../../device/ports.ts";
import { newShell, type Log } from "../../device/shell/shell.ts";
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { Instant } from "../../shared/duration.ts";
import { GENESIS } from "../../shared/hash-chain.ts";
import type { EventId } from "../../shared/ids.ts";
import type { Enrolled, Trust } from "./enrolment.ts";
import { lightLink } from "./light-link.ts";

export interface LightPillar {
  readonly id: Enrolled["pillarId"];
  state(): Agent;
  start(): void;
  /** The button, for an instant. */
  press(): void;
  stop(): Promise<void>;
}

export interface HubWays {
  readonly host: string;
  readonly mqttPort: number;
  /** The HTTPS fallback. */
  readonly alarmsPort: number;
}

/** What is worth counting; moments are `performance.now()` of this process. */
export interface PillarNews {
  onUp(): void;
  onDown(reason: string): void;
  /** The alarm is sealed and stored: the press counts. */
  onRecorded(alarm: SealedAlarm): void;
  /** A receipt with the hub's signature, for an alarm that waited. */
  onAccepted(eventId: EventId): void;
  onFallbackRequest(): void;
}

export interface LightPillarWanted extends Trust {
  readonly enrolled: Enrolled;
  readonly hub: HubWays;
  readonly from: string;
  readonly news: PillarNews;
}

const quiet = (): void => undefined;
const LOG: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const NO_SCREEN: Screen = { show: quiet, close: () => Promise.resolve() };
const NO_MEDIA: MediaPort = {
  send: quiet,
  onMessage: quiet,
  onRunning: quiet,
  close: () => Promise.resolve(),
};
const CLOCK: Clock = {
  now: () => performance.now() as Instant,
  wallMs: () => Date.now(),
  isSynced: () => true,
};

export function lightPillar(wanted: LightPillarWanted): LightPillar {
  const { enrolled, hub, from, news, ca } = wanted;
  const { pillarId, tlsKey, tlsCert } = enrolled;
  const link = lightLink({
    ...{ pillarId, tlsKey, tlsCert, ca, from },
    host: hub.host,
    port: hub.mqttPort,
  });
  const url = `https://${hub.host}:${hub.alarmsPort}`;
  const fallback = countedFallback(
    httpsFallback({ pillarId, urls: [url], tlsKey, tlsCert, ca }),
    news,
  );
  const ledger = forgetfulLedger(news);
  const { board, press } = handBoard();
  link.onUp(news.onUp);
  link.onDown(news.onDown);
  const world = { clock: CLOCK, board, ledger, link, fallback, media: NO_MEDIA, screen: NO_SCREEN };
  const beginning = newAgent({ ...ledger, pillarId, release: "load", fallbackHubs: 1 });
  const shell = newShell({ ...world, identity: identityOf(wanted), log: LOG }, beginning);
  return {
    id: pillarId,
    state: shell.state,
    start: () => shell.tell({ type: "started" }),
    press,
    stop: async () => {
      shell.stop();
      await Promise.all([link.close(), fallback.close()]);
    },
  };
}

/** Parsed once: all pillars of a process trust the same hub. */
const hubKeys = new Map<string, KeyObject>();

function identityOf({ enrolled, ca, hubPublicKey }: LightPillarWanted): Identity {
  const alarmKey = createPrivateKey(enrolled.alarmKey);
  const hubKey = hubKeys.get(hubPublicKey) ?? createPublicKey(hubPublicKey);
  hubKeys.set(hubPublicKey, hubKey);
  return {
    tlsKey: enrolled.tlsKey,
    tlsCert: enrolled.tlsCert,
    ca,
    seal: (event) => sealWith(alarmKey, event),
    isFromHub: (value, sig) =>
      verify(null, Buffer.from(canonicalJson(value)), hubKey, Buffer.from(sig, "base64url")),
  };
}

function countedFallback(fallback: HttpsFallback, news: PillarNews): HttpsFallback {
  return {
    send: (hub, alarm) => {
      news.onFallbackRequest();
      return fallback.send(hub, alarm);
    },
    close: () => fallback.close(),
  };
}

/** Keeps what it is given for as long as the process lives, at once. */
function forgetfulLedger(news: PillarNews): Ledger {
  const alarms: SealedAlarm[] = [];
  return {
    bootEpoch: 1,
    head: { seq: 0, hash: GENESIS },
    hubEpoch: undefined,
    unaccepted: [],
    replayFrom: undefined,
    lastEventId: undefined,
    boardMark: undefined,
    append: (alarm) => {
      alarms.push(alarm);
      news.onRecorded(alarm);
      return Promise.resolve();
    },
    markAccepted: (eventId) => {
      news.onAccepted(eventId);
      return Promise.resolve();
    },
    since: (fromSeq, limit) =>
      Promise.resolve(alarms.filter(({ event }) => event.seq >= fromSeq).slice(0, limit)),
    onNews: quiet,
    close: () => Promise.resolve(),
  };
}

function handBoard(): { readonly board: Board; readonly press: () => void } {
  let listen: Parameters<Board["onInput"]>[0] = quiet;
  const change = (isActive: boolean): void =>
    listen({ input: "button", isActive, at: performance.now() });
  return {
    press: () => [true, false].forEach(change),
    board: {
      onInput: (listener) => void (listen = listener),
      onReachable: quiet,
      setLamp: quiet,
      setSiren: quiet,
      close: () => Promise.resolve(),
    },
  };
}
