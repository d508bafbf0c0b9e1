/**
 * One whole agent in this process, put together from its parts.
 *
 * Parts may be given (a test's board, a bench's media); the others are made from the configuration.
 * A broken ledger does not keep the agent from starting: a press must still go out.
 */
import { readFileSync } from "node:fs";
import type { AgentConfig } from "./config.ts";
import { dataPaths } from "./adapters/host/data-dir.ts";
import { alarmUrlsOf, hubAlarmUrl } from "./adapters/hub/alarm-urls.ts";
import { displayFile } from "./adapters/host/display-file.ts";
import { Failure, reasonOf } from "./adapters/host/failure.ts";
import { hubReach, type Lookup, type Reach } from "./adapters/hub/hub-address.ts";
import { readIdentity, type OwnIdentity } from "./adapters/identity/identity.ts";
import { memoryLedger } from "./adapters/ledger/ledger-memory.ts";
import { ownLedger } from "./adapters/ledger/ledger-resigned.ts";
import { openLedger } from "./adapters/ledger/ledger-sqlite.ts";
import { systemClock, type Clock } from "./adapters/host/system-clock.ts";
import { sureOf } from "./core/renewal.ts";
import type { Agent } from "./core/state/agent-state.ts";
import { newAgent } from "./core/state/agent-state.ts";
import type { HttpsFallback, Board, HubLink, Ledger, MediaPort, Screen } from "./ports.ts";
import { calendarOf, keepCertificate } from "./shell/renewal.ts";
import { TASKS, type Vitals } from "./adapters/host/watchdog.ts";
import { newShell, type Log, type Shell, type World } from "./shell/shell.ts";

export interface AgentParts {
  readonly log: Log;
  readonly board?: Board;
  readonly media?: MediaPort;
  readonly link?: HubLink;
  readonly fallback?: HttpsFallback;
  readonly screen?: Screen;
  readonly clock?: Clock;
  /** Looks up names of hubs. */
  readonly lookup?: Lookup;
  /** Where the critical parts say that they work. */
  readonly vitals?: Vitals;
  /** The first look at the certificate comes within this time. */
  readonly firstLookMs?: number;
}

export interface RunningAgent {
  /** The core's state as it is now, to look at. */
  state(): Agent;
  /** Ms on the agent's clock when ledger, board and link were all there for the first time. */
  readonly armed: Promise<number>;
  /** Closes ports, ends the media process, disconnects from the hub. */
  stop(): Promise<void>;
}

/** Throws a `Failure` when configuration or identity forbid a start. */
export async function startAgent(config: AgentConfig, parts: AgentParts): Promise<RunningAgent> {
  const { log, vitals } = parts;
  const clock = parts.clock ?? systemClock(config.clock);
  const identity = readIdentity(config.dataDir, config.pillarId);
  const reach = hubReach({
    file: dataPaths(config.dataDir).hubAddresses,
    warn: (text) => log.warn(text),
    lookup: parts.lookup,
  });
  const media = parts.media ?? (await startMedia(config, log));
  const [ledger, link, fallback, board] = await Promise.all([
    openOrRemember(config, clock, vitals).then((opened) => ownLedger(opened, identity.resign)),
    parts.link ?? makeLink({ config, identity, clock, log, reach }),
    parts.fallback ?? makeFallback({ config, identity, reach }),
    parts.board ?? makeBoard(config, vitals),
  ]).catch(async (error: unknown) => {
    await media.close();
    throw error;
  });
  const screen =
    parts.screen ?? displayFile(dataPaths(config.dataDir).display, (text) => log.warn(text));
  const beginning = newAgent({
    ...ledger,
    pillarId: config.pillarId,
    release: release(),
    fallbackHubs: alarmUrlsOf(config).length,
    hasLamp: board.hasLamp ?? true,
  });
  const armed = whenArmed({ board, link, clock });
  const parted = { clock, identity, board, ledger, link, fallback, media, screen, log };
  const world = { ...parted, ...(vitals && { vitals }) };
  const shell = newShell(world, beginning);
  shell.tell({ type: "started" });
  if (config.hub.alarmUrls?.length === 0) shell.tell({ type: "fallback-off" });
  vitals?.rest("start");
  const { firstLookMs } = parts;
  const endRenewal = startRenewal(config, { ...world, shell, firstLookMs, reach });
  armed.then(
    (at) => log.info("armed: a press is recorded and sent", { armedMs: Math.round(at) }),
    () => undefined,
  );
  return {
    state: shell.state,
    armed,
    stop: async () => {
      endRenewal();
      shell.stop();
      for (const task of TASKS) vitals?.rest(task);
      await Promise.all([board, media, link, fallback, screen].map((part) => part.close()));
      await ledger.close();
    },
  };
}

async function openOrRemember(
  { dataDir }: AgentConfig,
  clock: Clock,
  vitals?: Vitals,
): Promise<Ledger> {
  try {
    return await openLedger(dataPaths(dataDir).ledger, vitals);
  } catch (error) {
    const trouble = `${reasonOf(error)}. Alarms are sent from memory until it is repaired`;
    return memoryLedger(clock.wallMs(), trouble);
  }
}

async function makeBoard({ board }: AgentConfig, vitals?: Vitals): Promise<Board> {
  switch (board.kind) {
    case "modbus": {
      const { modbusBoard } = await import("./adapters/board/modbus-board.ts");
      return modbusBoard(board, (withinMs) => vitals?.checkIn("board", withinMs));
    }
    case "onoff": {
      const { gpioBoard } = await import("./adapters/board/gpio-onoff.ts");
      return gpioBoard(board);
    }
    default:
      throw new Failure("configuration", "board.kind must be modbus or onoff");
  }
}

interface LinkParts {
  readonly config: AgentConfig;
  readonly identity: OwnIdentity;
  readonly clock: Clock;
  readonly log: Log;
  readonly reach: Reach;
}

async function makeLink({ config, identity, clock, log, reach }: LinkParts): Promise<HubLink> {
  const { mqttLink } = await import("./adapters/hub/mqtt-link.ts");
  const { host, mqttPort: port } = config.hub;
  const settings = {
    ...{ pillarId: config.pillarId, host, port, ca: identity.ca, reach },
    get tlsKey() {
      return identity.tlsKey;
    },
    get tlsCert() {
      return identity.tlsCert;
    },
    notEndedBefore: () => sureOf(identity.validity(), calendarOf(clock)),
  };
  return mqttLink(settings, (text) => log.warn(text));
}

type FallbackParts = Pick<LinkParts, "config" | "identity" | "reach">;

async function makeFallback({ config, identity, reach }: FallbackParts): Promise<HttpsFallback> {
  const { httpsFallback, noFallback } = await import("./adapters/hub/https-fallback.ts");
  const urls = alarmUrlsOf(config);
  if (urls.length === 0) return noFallback;
  return httpsFallback({
    ...{ pillarId: config.pillarId, urls, ca: identity.ca, reach },
    get tlsKey() {
      return identity.tlsKey;
    },
    get tlsCert() {
      return identity.tlsCert;
    },
  });
}

interface RenewalParts extends Pick<World, "clock" | "link" | "log"> {
  readonly identity: OwnIdentity;
  readonly shell: Shell;
  readonly reach: Reach;
  readonly firstLookMs: number | undefined;
}

/** Returns the way to stop. */
function startRenewal(config: AgentConfig, parts: RenewalParts): () => void {
  const { clock, identity, link, log, shell, firstLookMs, reach } = parts;
  const { pillarId } = config;
  const own = alarmUrlsOf(config);
  const urls = own.length > 0 ? own : [hubAlarmUrl(config)];
  const notEndedBefore = (): number => sureOf(identity.validity(), calendarOf(clock));
  return keepCertificate({
    ...{ identity, clock, log, firstLookMs },
    ask: async () => {
      // A library of several megabytes that is needed six times a year.
      const { askForCertificate } = await import("./adapters/hub/renewal.ts");
      return await askForCertificate({ pillarId, urls, identity, notEndedBefore, reach });
    },
    isCalm: () => {
      const { call, outbox } = shell.state();
      return call.call.phase === "idle" && outbox.pending.size === 0;
    },
    startAnew: (reason) => link.startAnew?.(reason),
    tell: shell.tell,
  });
}

async function startMedia(config: AgentConfig, log: Log): Promise<MediaPort> {
  const { mediaProcess } = await import("./adapters/media/media-process.ts");
  return mediaProcess({ media: config.media, warn: (text) => log.warn(text) });
}

/** The button is heard and the hub is reached. */
function whenArmed(world: { board: Board; link: HubLink; clock: Clock }): Promise<number> {
  const heard = new Promise<void>((resolve) => {
    world.board.onReachable((isReachable) => isReachable && resolve());
  });
  const reached = new Promise<void>((resolve) => world.link.onUp(resolve));
  return Promise.all([heard, reached]).then(() => world.clock.now());
}

export function release(): string {
  const file = new URL("../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
