/**
 * What belongs to a sign-in session ends with it: its event streams, what it watches and says, and
 * recordings it is being sent.
 *
 * A session ends by signing out, by its time, and by a new password, a new role or disabling, which
 * the command line may do in another process. So the database's version is asked a few times a
 * second, which costs microseconds, and when it changed every session that is in use is looked at
 * again. Facts that the accounts left for the journal are taken there on the way.
 */
import type { Logger } from "pino";
import type { Accounts } from "../accounts/ports.ts";
import type { HubCommands } from "../ports.ts";
import type { EventStreams } from "./event-streams.ts";
import type { Transfers } from "./transfers.ts";

/** With the media process's own time, a view is over well within a second. */
const LOOK_EVERY_MS = 250;

export interface SessionWatch {
  /** Looks now, for a change made here. */
  look(): Promise<void>;
  /** Ends what belongs to a session that is over. */
  end(id: string): void;
  close(): void;
}

export interface SessionWatchOptions {
  readonly accounts: Pick<Accounts, "sessionById" | "version" | "waitingFacts" | "forgetFacts">;
  readonly hub: Pick<HubCommands, "viewingSessions" | "endViewsOf" | "record">;
  readonly streams: Pick<EventStreams, "sessions" | "endSession">;
  readonly transfers: Pick<Transfers, "sessions" | "endSession">;
  readonly log: Pick<Logger, "error">;
}

interface WatchState extends SessionWatchOptions {
  /** When the sessions in use were last found good. */
  seenVersion: string;
  readonly expiryById: Map<string, number>;
  isTaking: boolean;
  /** The last failure, so that one that lasts is one line. */
  complaint: string;
}

export function watchSessions(options: SessionWatchOptions): SessionWatch {
  const watch: WatchState = {
    ...options,
    seenVersion: "",
    expiryById: new Map(),
    isTaking: false,
    complaint: "",
  };
  const look = async (): Promise<void> => {
    try {
      await endOver(watch);
      await takeFacts(watch);
      watch.complaint = "";
    } catch (error) {
      // A desk keeps its streams when the accounts cannot be read for a moment.
      complain(watch, String(error));
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();
  return { look, end: (id) => endAll(watch, id), close: () => clearInterval(timer) };
}

function endAll({ streams, transfers, hub }: WatchState, id: string): void {
  streams.endSession(id);
  transfers.endSession(id);
  hub.endViewsOf(id);
}

async function endOver(watch: WatchState): Promise<void> {
  const { streams, transfers, hub } = watch;
  const inUse = new Set([...streams.sessions(), ...transfers.sessions(), ...hub.viewingSessions()]);
  const version = watch.accounts.version();
  const isChanged = version !== watch.seenVersion;
  for (const id of watch.expiryById.keys()) if (!inUse.has(id)) watch.expiryById.delete(id);
  for (const id of inUse) {
    const expiresAt = watch.expiryById.get(id);
    const isDue = expiresAt === undefined || expiresAt <= Date.now();
    if (!isChanged && !isDue) continue;
    const session = await watch.accounts.sessionById(id);
    if (session) {
      watch.expiryById.set(id, session.expiresAt);
      continue;
    }
    endAll(watch, id);
    watch.expiryById.delete(id);
  }
  watch.seenVersion = version;
}

/** A change may be told twice when the hub ends between the two writes; it is never left out. */
async function takeFacts(watch: WatchState): Promise<void> {
  if (watch.isTaking) return;
  watch.isTaking = true;
  try {
    const waiting = watch.accounts.waitingFacts();
    const last = waiting.at(-1);
    if (!last) return;
    await watch.hub.record(waiting.map(({ fact }) => fact));
    watch.accounts.forgetFacts(last.id);
  } finally {
    watch.isTaking = false;
  }
}

function complain(watch: WatchState, reason: string): void {
  if (watch.complaint === reason) return;
  watch.complaint = reason;
  watch.log.error({ reason }, "sessions could not be checked, or account changes not recorded");
}
