/**
 * The hub's shell: gives ids, clock and signatures to the core, and performs its effects.
 *
 * Its parts need each other in a circle: what they take in leads to effects, and effects lead back
 * to them. Each is made with functions that call the others, and nothing calls anything before all
 * are made and `start` is called.
 */
import type { Logger } from "pino";
import type { HubStatus } from "../../shared/api/hub.ts";
import type { PillarId } from "../../shared/ids.ts";
import { createCommander, type Commander } from "./pillars/pillar-commands.ts";
import type { Webhook } from "../settings/incidents.ts";
import { createConsoleFeed, type ConsoleFeed } from "./console-feed.ts";
import type { HubEvent } from "../core/events.ts";
import type { Fact } from "../core/facts.ts";
import { areasOf, pillarsIn } from "../core/pillar/place.ts";
import type { RetentionSettings } from "../core/state/storage-state.ts";
import type { HubSettings } from "../core/state/hub-state.ts";
import { createEffects, type Taken } from "./effects.ts";
import {
  createIdentities,
  NO_REGISTER,
  type Identities,
  type IdentityRegister,
} from "../identity/identities.ts";
import { watchDamagedRows } from "./damaged-rows.ts";
import { watchFiles } from "./file-watch.ts";
import { createIngest } from "./pillars/ingest.ts";
import { createIntake, type Intake } from "./intake.ts";
import { createSampledLog, type SampledLog } from "../link/sampled-log.ts";
import { mergeLog } from "../../shared/host/sqlite.ts";
import { openReads, type Reads } from "../journal/read/reads.ts";
import { startLoop, type Loop } from "./loop.ts";
import { createOrders } from "./orders.ts";
import type { Authority } from "../identity/ports.ts";
import type {
  HubCommands,
  Journal,
  MediaNews,
  MediaPort,
  PillarLink,
  PillarLinkEvents,
} from "../ports.ts";
import { createRecordings, type Inspected } from "../media/control/recordings.ts";
import { openReserve } from "../storage/journal-reserve.ts";
import { createStorage, type Storage } from "../storage/storage.ts";
import { createPillarMessages, type PillarMessages } from "./pillars/pillar-messages.ts";
import { createViews, type Views } from "../media/control/media-sessions.ts";
import { createCaller } from "./webhook.ts";

const TICK_MS = 1000;

export interface ShellOptions {
  readonly dataDir: string;
  readonly journalFile: string;
  readonly journal: Journal;
  readonly settings: HubSettings;
  readonly maxViewers: number;
  /** With their secrets; the settings hold the addresses. */
  readonly webhooks?: readonly Webhook[];
  readonly authority: Pick<Authority, "sign" | "verify">;
  /** Nothing is sent before it listens; what is owed is told again when pillars connect. */
  readonly link: Pick<PillarLink, "send" | "drop">;
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
  /** Journal and register of identities get what each of them lacks. Before anything listens. */
  reconcileIdentities(): Promise<void>;
  /** From now on time passes for it, and it hears the media processes. */
  start(): void;
  /**
   * Ends orderly: what was taken is committed. The link
   * and the media processes must be closed before.
   */
  stop(): Promise<void>;
}

export async function createShell(options: ShellOptions): Promise<Shell> {
  const { dataDir, journalFile: file, journal, authority, link, media, log } = options;
  const { refused = createSampledLog(log), register = NO_REGISTER } = options;
  const { send, drop } = link;
  const loop = await startLoop(journal, options.settings);
  const { state, failure } = loop;
  const status = (): HubStatus => storage.status();
  const { reads, feed } = openScreens({ file, dataDir, state, status, log });
  const take = (event: HubEvent): Promise<Taken> => intake.take(event);
  const write = (facts: readonly Fact[]): Promise<void> => intake.record(facts);
  const caller = createCaller({ webhooks: options.webhooks ?? [], state, take, log });
  const identities = createIdentities({
    ...{ authority, register, state, take, write, log },
    journalled: journal.identityFacts,
  });
  const { record } = identities;
  const commander = createCommander({ authority, state, send, record });
  const views = createViews({
    media,
    grants: commander,
    maxViewers: options.maxViewers,
    state,
    record: (fact) => record([fact]),
    log,
  });
  const recordings = createRecordings({ dataDir, inspect: options.inspect, state, take, log });
  const messages = createPillarMessages({ authority, state, send });
  const reserve = openReserve(dataDir, log);
  const disk = { settings: options.retention, reads, reserve };
  const storage = createStorage({ ...disk, dataDir, state, failure, take, log });
  const world = { dataDir, journal, authority, media, send, drop, state, messages, log };
  const prepare = createEffects({ ...world, views, call: caller.call, recordings });
  const onRecovered = (): void => {
    storage.onRecovered();
    views.review();
    // A commit that failed may be on the disk all the same.
    identities.reconcile().catch((error: unknown) => {
      log.error({ error }, `identities could not be compared: ${String(error)}`);
    });
  };
  const intake = createIntake({ loop, feed, reserve, prepare, onRecovered, log });
  const ends: (() => void)[] = [];
  return {
    commands: commandsOf({ intake, state, feed, storage, commander, identities, views }),
    linkEvents: createIngest({ ...world, commander, feed, failure, take, refused }),
    reads,
    loop,
    whyConsolesMiss: () => whyConsolesMiss(feed, reads),
    reconcileIdentities: identities.reconcile,
    start: () => {
      media.start(mediaListener({ messages, feed, listeners: [views, recordings] }));
      storage.start();
      ends.push(startTicking(intake), watchFiles(feed, log));
    },
    stop: async () => {
      for (const end of ends) end();
      intake.stop();
      for (const part of [caller, recordings, storage]) await part.stop();
      await loop.close();
      await feed.drain();
      reads.close();
      mergeJournal(file, log);
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
async function whyConsolesMiss(feed: ConsoleFeed, reads: Reads): Promise<string | undefined> {
  try {
    await reads.incidents({ state: "active", limit: 1 });
  } catch (error) {
    return `the incidents cannot be read: ${String(error)}`;
  }
  return feed.trouble();
}

interface CommandParts {
  readonly intake: Intake;
  readonly state: Loop["state"];
  readonly feed: ConsoleFeed;
  readonly storage: Storage;
  readonly commander: Commander;
  readonly identities: Identities;
  readonly views: Views;
}

/** What the API may ask of the hub. */
function commandsOf(parts: CommandParts): HubCommands {
  const { intake, state, feed, storage, commander, identities, views } = parts;
  return {
    order: createOrders({ take: intake.take, state }),
    lock: storage.lock,
    status: storage.status,
    command: commander.command,
    revoke: identities.revoke,
    mayRenew: identities.mayRenew,
    areasOf: (pillarId) => areasOf(state(), pillarId),
    pillarsIn: (area) => pillarsIn(state(), area),
    view: (request) => views.open(request),
    endView: (sessionId) => views.close(sessionId),
    viewingSessions: () => views.viewers(),
    endViewsOf: (signInId) => views.endOf(signInId),
    record: identities.record,
    sawConsole: (username, sign) =>
      intake.tell({ type: `console-${sign}`, at: Date.now(), username }),
    subscribe: (listener) => feed.subscribe(listener),
  };
}

interface MediaListeners {
  readonly messages: Pick<PillarMessages, "signal">;
  readonly feed: Pick<ConsoleFeed, "notify">;
  readonly listeners: readonly { onMedia(news: MediaNews): void }[];
}

const mediaListener =
  ({ messages, feed, listeners }: MediaListeners) =>
  (news: MediaNews): void => {
    if (news.type === "pillar-signal") messages.signal(news.pillarId, news.signal);
    if (news.type === "ready") feed.notify({ level: "info", code: "media-started", detail: "" });
    for (const listener of listeners) listener.onMedia(news);
  };

function mergeJournal(file: string, log: Logger): void {
  try {
    mergeLog(file);
  } catch (error) {
    log.warn({ error }, `the journal stays in two files: ${String(error)}`);
  }
}

/** Returns what ends it. */
function startTicking(intake: Pick<Intake, "tell">): () => void {
  const tick = (): void => intake.tell({ type: "tick", at: Date.now() });
  tick();
  const ticker = setInterval(tick, TICK_MS);
  return () => clearInterval(ticker);
}
