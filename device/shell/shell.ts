/**
 * Takes an event, asks the core, performs its effects in order.
 *
 * Nothing is decided here. On the way of an alarm there is one message to the ledger's thread and
 * one publish, and no line is logged before it has gone.
 */
import { randomBytes } from "node:crypto";
import { assert, assertNever } from "../../shared/assert.ts";
import type { EventId, SessionNonce } from "../../shared/ids.ts";
import { reasonOf } from "../adapters/host/failure.ts";
import type { Clock } from "../adapters/host/system-clock.ts";
import type { Identity } from "../adapters/identity/identity.ts";
import type { Vitals } from "../adapters/host/watchdog.ts";
import { stepAgent } from "../core/agent.ts";
import { isAllStoredWith } from "../core/ledger/disk.ts";
import type { Effect, Event, TimerName, Told } from "../core/events.ts";
import { toldByHttps, toldByLedger, toldByLink } from "../core/told.ts";
import type { Agent } from "../core/state/agent-state.ts";
import type {
  HttpsFallback,
  Board,
  BoardMark,
  HubLink,
  Ledger,
  MediaPort,
  Screen,
} from "../ports.ts";

/** Longer waits than setTimeout can count do not occur; a bug would fire at once. */
const MAX_TIMER_MS = 3_600_000;

export interface Log {
  debug(text: string): void;
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(text: string): void;
  error(text: string): void;
}

export interface World {
  readonly clock: Clock;
  readonly identity: Identity;
  readonly board: Board;
  readonly ledger: Ledger;
  readonly link: HubLink;
  readonly media: MediaPort;
  readonly fallback: HttpsFallback;
  readonly screen: Screen;
  readonly log: Log;
  /** Of the watchdog; none in tests. */
  readonly vitals?: Vitals;
}

/** Two heartbeats. */
const HEART_MISSED_MS = 10_000;
/** From the effect `connect` to its end either way, and from a lost link to the next `connect`. */
const LINK_MISSED_MS = 60_000;

const hex128 = (): string => randomBytes(16).toString("hex");

export interface Shell {
  tell(told: Told): void;
  /** The core's state as it is now, to look at. */
  state(): Agent;
  /** Ends the timers; nothing is performed any more. */
  stop(): void;
}

export function newShell(world: World, beginning: Agent): Shell {
  let agent = beginning;
  let isStopped = false;
  /** Of the last press that the core was told. */
  let mark: BoardMark | undefined;

  const tell = (told: Told): void => {
    if (isStopped) return;
    const event: Event = {
      ...told,
      at: world.clock.now(),
      wallMs: world.clock.wallMs(),
      isClockSynced: world.clock.isSynced(),
      chance: Math.random(),
      freshId: hex128() as EventId,
    };
    const { state, effects } = stepAgent(agent, event);
    agent = state;
    for (const effect of effects) perform(effect);
  };

  const perform = (effect: Effect): void => {
    switch (effect.type) {
      case "seal":
        return tell({
          type: "sealed",
          alarm: world.identity.seal(effect.draft),
          edgeAt: effect.edgeAt,
        });
      case "set-timer":
        if (effect.name === "heartbeat") world.vitals?.checkIn("heart", HEART_MISSED_MS);
        return timers.set(effect.name, effect.at);
      case "clear-timer":
        return timers.clear(effect.name);
      case "append":
      case "mark-accepted":
      case "fetch-kept":
        return onLedger(world, effect, { tell, mark: isAllStoredWith(agent) ? mark : undefined });
      case "publish":
        return world.link.publish(effect.message);
      case "send-by-fallback":
        return fallback(world, effect, tell);
      case "connect":
        world.vitals?.checkIn("link", LINK_MISSED_MS);
        return world.link.connect(agent.outbox.pending.size > 0);
      case "lamp":
        return world.board.setLamp(effect.pattern);
      case "siren":
        return world.board.setSiren(effect.isOn);
      case "display":
        return world.screen.show(effect.display);
      case "prompt":
        world.media.send({ type: "prompt", name: effect.name });
        return world.log.info(`prompt ${effect.name}`, { prompt: effect.name });
      case "media":
        return world.media.send(effect.message);
      case "log":
        return world.log[effect.level](effect.text);
      default:
        return assertNever(effect);
    }
  };

  const timers = newTimers(world.clock, (name) => tell({ type: "timer-due", name }));
  listen(world, tell, (at) => (mark = at));
  return {
    tell,
    state: () => agent,
    stop: () => {
      isStopped = true;
      timers.clearAll();
    },
  };
}

interface Timers {
  set(name: TimerName, at: number): void;
  clear(name: TimerName): void;
  clearAll(): void;
}

function newTimers(clock: Clock, onDue: (name: TimerName) => void): Timers {
  const timers = new Map<TimerName, NodeJS.Timeout>();
  const clear = (name: TimerName): void => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };
  return {
    clear,
    clearAll: () => [...timers.keys()].forEach((name) => clear(name)),
    set: (name, at) => {
      const delay = at - clock.now();
      assert(delay <= MAX_TIMER_MS, `timer ${name} waits for ${delay} ms`);
      clear(name);
      const due = (): void => {
        timers.delete(name);
        onDue(name);
      };
      timers.set(name, setTimeout(due, Math.max(0, delay)));
    },
  };
}

type Tell = (told: Told) => void;
function onLedger(
  { ledger, log }: World,
  effect: Extract<Effect, { type: "append" | "mark-accepted" | "fetch-kept" }>,
  { tell, mark }: { readonly tell: Tell; readonly mark: BoardMark | undefined },
): void {
  if (effect.type === "append") {
    const { eventId } = effect.alarm.event;
    ledger.append(effect.alarm, mark).then(
      () => tell({ type: "appended", eventId }),
      (error: unknown) => tell({ type: "append-failed", eventId, reason: reasonOf(error) }),
    );
  } else if (effect.type === "mark-accepted") {
    // Not written: the alarm is sent once more after the next start, and the hub knows it already.
    ledger.markAccepted(effect.eventId, effect.hubEpoch).catch((error: unknown) => {
      log.warn(`the receipt of ${effect.eventId} could not be stored: ${reasonOf(error)}`);
    });
  } else {
    ledger.since(effect.fromSeq, effect.limit).then(
      (alarms) => tell({ type: "kept", alarms }),
      (error: unknown) => tell({ type: "kept-failed", reason: reasonOf(error) }),
    );
  }
}

function fallback(
  world: World,
  { hub, message }: Extract<Effect, { type: "send-by-fallback" }>,
  tell: Tell,
): void {
  const { eventId } = message.event;
  world.fallback.send(hub, message).then(
    (accepted) => tell(toldByHttps(eventId, accepted, world.identity.isFromHub)),
    (error: unknown) => tell({ type: "fallback-failed", eventId, reason: reasonOf(error) }),
  );
}

function listen(world: World, tell: Tell, onMark: (mark: BoardMark) => void): void {
  const { board, ledger, link, media } = world;
  board.onInput(({ input, isActive, at, mark }) => {
    if (mark) onMark(mark);
    if (input === "tamper") return tell({ type: "tamper-changed", isOpen: isActive });
    if (input === "mains") {
      return tell({ type: "mains-changed", isLost: isActive });
    }
    const kind = input === "button" ? "voice" : "silent";
    if (!isActive) return tell({ type: "button-released", kind });
    const now = world.clock.now();
    const edgeAt = Math.min(now, Math.max(at, now - 60_000)) as typeof now;
    tell({ type: "button-pressed", kind, edgeAt });
  }, ledger.boardMark);
  board.onReachable((isRunning, detail) => tell({ type: "board-running", isRunning, detail }));
  ledger.onNews((news) => tell(toldByLedger(news)));
  link.onUp(() => world.vitals?.rest("link"));
  link.onDown(() => world.vitals?.checkIn("link", LINK_MISSED_MS));
  link.onUp(() => tell({ type: "link-up", sessionNonce: hex128() as SessionNonce }));
  link.onDown((reason) => tell({ type: "link-down", reason }));
  link.onMessage((message) => tell(toldByLink(message, world.identity.isFromHub)));
  link.onUnreadable?.((channel, reason) => tell({ type: "message-refused", channel, reason }));
  media.onMessage((message) => tell({ type: "media-said", message }));
  media.onRunning((isRunning, detail) => tell({ type: "media-running", isRunning, detail }));
}
