/**
 * The hub's shell: gives ids, clock and signatures to the core, and performs its effects.
 *
 * When the journal fails nothing is promised: alarms are told to every console as unrecorded, pillars
 * get no receipt and keep asking, and the journal is opened again until it holds.
 */
import type { Logger } from "pino";
import type { PillarId } from "../../shared/ids.ts";
import { createCommander, type Commander } from "./pillar-commands.ts";
import type { Webhook } from "../config.ts";
import { createConsoleFeed, type ConsoleFeed } from "./console-feed.ts";
import type { HubEvent } from "../core/events.ts";
import type { RetentionSettings } from "../core/state/storage-state.ts";
import type { HubSettings } from "../core/state/hub-state.ts";
import { createEffects, type Prepared, type Taken } from "./effects.ts";
import {
  createIdentities,
  NO_REGISTER,
  type Identities,
  type IdentityRegister,
} from "../identity/identities.ts";
import { watchDamagedRows } from "./damaged-rows.ts";
import { watchFiles } from "./file-watch.ts";
import { logFacts } from "./incident-log.ts";
import { createIngest } from "./ingest.ts";
import { createSampledLog, type SampledLog } from "../link/sampled-log.ts";
import { mergeLog } from "../journal/database.ts";
import { openReads, type Reads } from "../journal/read/reads.ts";
import { startLoop, type Loop, type Settled } from "./loop.ts";
import type { FromMedia } from "../media/ipc.ts";
import { createOrders } from "./orders.ts";
import type {
  Authority,
  HubCommands,
  Journal,
  MediaPort,
  PillarLink,
  PillarLinkEvents,
} from "../ports.ts";
import { createRecordings, type Inspected } from "../media/control/recordings.ts";
import { openReserve, type JournalReserve } from "../storage/journal-reserve.ts";
import { openStorage, type Storage } from "../storage/storage.ts";
import { createTelling, type Telling } from "./telling.ts";
import { createViews, type Views } from "../media/control/media-sessions.ts";
import { createCaller } from "./webhook.ts";

const TICK_MS = 1000;
const FIRST_RECOVERY_MS = 1000;
const MOST_RECOVERY_MS = 10_000;

export interface ShellOptions {
  readonly dataDir: string;
  readonly journalFile: string;
  readonly journal: Journal;
  readonly settings: HubSettings;
  readonly maxViewers: number;
  /** With their secrets; the settings hold the addresses. */
  readonly webhooks?: readonly Webhook[];
  readonly authority: Pick<Authority, "sign" | "verify">;
  readonly media: MediaPort;
  /** Without one a restored journal forgets what was revoked since. */
  readonly register?: IdentityRegister;
  /** Without it nothing is deleted and the disk is not watched. */
  readonly retention?: RetentionSettings;
  /** Length of what a dead recorder left behind. */
  readonly inspect: (path: string) => Promise<Inspected>;
  readonly log: Logger;
  /** Of the whole hub; unless given, its own. */
  readonly refused?: SampledLog;
}

export interface Shell {
  readonly commands: HubCommands;
  readonly linkEvents: PillarLinkEvents;
  readonly reads: Reads;
  readonly loop: Loop;
  /** Why consoles cannot be told what happens; `undefined` while they can. */
  whyConsolesMiss(): Promise<string | undefined>;
  /** What a restored journal has forgotten of identities, from the register. Before anything listens. */
  recallIdentities(): Promise<void>;
  /** Nothing is sent before there is a link; what is owed is told again when pillars connect. */
  attach(link: Pick<PillarLink, "send" | "drop">): void;
  /** Ends orderly: what was taken is committed. The link and the media process must be closed before. */
  stop(): Promise<void>;
}

/** What every part of the shell works with. */
interface Core {
  readonly loop: Loop;
  readonly feed: ConsoleFeed;
  readonly reserve: JournalReserve;
  readonly log: Logger;
  prepare: (settled: Settled) => Prepared;
  onRecovered: () => void;
  recovery: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

const newCore = (parts: Pick<Core, "loop" | "feed" | "reserve" | "log">): Core => ({
  ...parts,
  prepare: () => ({ perform: () => {} }),
  onRecovered: () => {},
  recovery: undefined,
  isStopped: false,
});

export function startShell(options: ShellOptions): Shell {
  const { dataDir, journalFile: file, journal, authority, media, log } = options;
  const { refused = createSampledLog(log) } = options;
  const loop = startLoop(journal, options.settings);
  const { state, failure } = loop;
  const status = () => storage.status();
  const { reads, feed } = openScreens({ file, dataDir, state, status, log });
  const reserve = openReserve(dataDir, log);
  const core = newCore({ loop, feed, reserve, log });
  let link: Pick<PillarLink, "send" | "drop"> | undefined;
  const send: PillarLink["send"] = (pillarId, message) => link?.send(pillarId, message);
  const drop: PillarLink["drop"] = (pillarId, reason) => link?.drop(pillarId, reason);
  const take = (event: HubEvent): Promise<Taken> => takeIn(core, event);
  const caller = createCaller({ webhooks: options.webhooks ?? [], state, take, log });
  const { register = NO_REGISTER } = options;
  const identities = createIdentities({ authority, register, state, take, write: writer(core) });
  const { record } = identities;

  const views = createViews({
    media,
    maxViewers: options.maxViewers,
    incident: (id) => state().incidents.get(id) ?? state().closed.get(id),
    isRevoked: (id) => Boolean(state().pillars.get(id)?.revocation),
    record: (fact) => record([fact]),
    log,
  });
  const recordings = createRecordings({ dataDir, inspect: options.inspect, state, take, log });
  const commander = createCommander({ authority, state, send, record });
  const telling = createTelling({ authority, state, send });
  const world = { dataDir, journal, authority, media, send, drop, state, telling, log };
  core.prepare = createEffects({
    ...world,
    views,
    call: (effect) => caller.call(effect),
    recordingFailed: (id) => recordings.failed(id),
  });
  media.onMessage(mediaListener({ telling, feed, listeners: [views, recordings] }));
  const disk = { settings: options.retention, reads, reserve };
  const storage = openStorage({ ...disk, dataDir, state, failure, take, log });
  core.onRecovered = storage.onRecovered;
  const endTicking = startTicking(core);
  return {
    commands: commandsOf(core, { take, storage, commander, identities, views }),
    linkEvents: createIngest({ ...world, commander, feed, failure, take, refused }),
    reads,
    loop,
    whyConsolesMiss: () => whyConsolesMiss(core, reads),
    recallIdentities: identities.recall,
    attach: (given) => {
      link = given;
    },
    stop: async () => {
      endTicking();
      await stop(core, {
        first: [caller, recordings, storage],
        reads,
        file,
      });
    },
  };
}

/** What consoles ask and are told. */
function openScreens(of: {
  readonly file: string;
  readonly dataDir: string;
  readonly state: Loop["state"];
  readonly status: Storage["status"];
  readonly log: Logger;
}): { readonly reads: Reads; readonly feed: ConsoleFeed } {
  const { file, dataDir, state, status: hubStatus, log } = of;
  const { onDamaged } = watchDamagedRows(() => feed, log);
  const heardAt = (id: PillarId) => state().heard.contacts.get(id)?.heardAt;
  const reads = openReads({ file, dataDir, heardAt, hubStatus, onDamaged });
  const feed = createConsoleFeed(reads, log);
  return { reads, feed };
}

/** The list that every desk begins with, and the last news that was to be told. */
async function whyConsolesMiss({ feed }: Core, reads: Reads): Promise<string | undefined> {
  try {
    await reads.incidents({ state: "active", limit: 1 });
  } catch (error) {
    return `the incidents cannot be read: ${String(error)}`;
  }
  return feed.trouble();
}

interface CommandParts {
  readonly take: (event: HubEvent) => Promise<Settled>;
  readonly storage: Storage;
  readonly commander: Commander;
  readonly identities: Identities;
  readonly views: Views;
}

/** What the API may ask of the hub. */
function commandsOf(core: Core, parts: CommandParts): HubCommands {
  const { take, storage, commander, identities, views } = parts;
  return {
    order: createOrders({ take, state: core.loop.state }),
    lock: storage.lock,
    status: storage.status,
    command: commander.command,
    revoke: identities.revoke,
    mayRenew: identities.mayRenew,
    view: (request) => views.open(request),
    endView: (sessionId) => views.close(sessionId),
    viewingSessions: () => views.viewers(),
    endViewsOf: (signInId) => views.endOf(signInId),
    record: identities.record,
    sawConsole: (username, sign) =>
      tell(core, { type: `console-${sign}`, at: Date.now(), username }),
    subscribe: (listener) => core.feed.subscribe(listener),
  };
}

interface MediaListeners {
  readonly telling: Pick<Telling, "signal">;
  readonly feed: Pick<ConsoleFeed, "notice">;
  readonly listeners: readonly { onMedia(message: FromMedia): void }[];
}

const mediaListener =
  ({ telling, feed, listeners }: MediaListeners) =>
  (message: FromMedia): void => {
    if (message.type === "pillar-signal") {
      telling.signal(message.pillarId, message.signal);
    }
    if (message.type === "ready") feed.notice({ level: "info", code: "media-started", detail: "" });
    for (const listener of listeners) listener.onMedia(message);
  };

async function stop(
  core: Core,
  parts: {
    readonly first: readonly { stop(): Promise<void> }[];
    readonly reads: Reads;
    readonly file: string;
  },
): Promise<void> {
  core.isStopped = true;
  clearTimeout(core.recovery);
  for (const part of parts.first) await part.stop();
  await core.loop.close();
  await core.feed.drain();
  parts.reads.close();
  try {
    mergeLog(parts.file);
  } catch (error) {
    core.log.warn({ error }, `the journal stays in two files: ${String(error)}`);
  }
}

const writer =
  (core: Core): HubCommands["record"] =>
  (facts) =>
    guarded(core, () => core.loop.record(facts, (settled) => prepared(core, settled).perform));

/** For what nobody waits for. */
function tell(core: Core, event: HubEvent): void {
  takeIn(core, event).catch((error: unknown) => {
    core.log.debug({ error }, `${event.type} was not taken in: ${String(error)}`);
  });
}

/** Returns what ends it. */
function startTicking(core: Core): () => void {
  const tick = (): void => tell(core, { type: "tick", at: Date.now() });
  tick();
  const ticker = setInterval(tick, TICK_MS);
  const endFileWatch = watchFiles(core.feed, core.log);
  return () => {
    clearInterval(ticker);
    endFileWatch();
  };
}

function prepared(core: Core, settled: Settled): Prepared {
  const { perform, ...answer } = core.prepare(settled);
  const performAndTell = (): void => {
    perform();
    core.feed.tell(settled.facts, settled.first);
    try {
      logFacts(core.log, settled.facts);
    } catch (error) {
      // A line of the log must not make an alarm look unrecorded that is.
      core.log.error({ error }, `${settled.facts.length} facts were not logged: ${String(error)}`);
    }
  };
  return { ...answer, perform: performAndTell };
}

async function takeIn(core: Core, event: HubEvent): Promise<Taken> {
  let decision: Taken | undefined;
  await guarded(core, () =>
    core.loop.take(event, (settled) => {
      const { perform, ...answer } = prepared(core, settled);
      decision = { ...settled, ...answer };
      return perform;
    }),
  );
  if (!decision) throw new Error(`bug: ${event.type} was taken and not settled`);
  return decision;
}

/** Any failure to write starts the recovery, once. */
async function guarded(core: Core, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (core.loop.failure() && !core.recovery && !core.isStopped) {
      core.log.error({ error }, `${String(error)}; nothing is accepted until it can be`);
      core.feed.notice({ level: "error", code: "journal-failing", detail: String(error) });
      recoverIn(core, FIRST_RECOVERY_MS);
    }
    throw error;
  }
}

function recoverIn(core: Core, delayMs: number): void {
  core.recovery = setTimeout(() => {
    recover(core, delayMs).catch((error: unknown) => {
      core.log.error({ error }, `bug in the recovery of the journal: ${String(error)}`);
    });
  }, delayMs);
}

async function recover(core: Core, delayMs: number): Promise<void> {
  try {
    core.reserve.release();
    await core.loop.recover();
  } catch (error) {
    core.log.error({ error }, `the journal still fails: ${String(error)}`);
    if (!core.isStopped) recoverIn(core, Math.min(delayMs * 2, MOST_RECOVERY_MS));
    return;
  }
  core.recovery = undefined;
  core.log.info("the journal holds again; alarms are accepted");
  core.feed.notice({ level: "info", code: "journal-recovered", detail: "" });
  core.onRecovered();
}
