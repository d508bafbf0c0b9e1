/**
 * What belongs to a sign-in session ends with it: its event streams, what it watches and says, and
 * recordings it is being sent. So does what belongs to a service's token, which is the same here.
 *
 * When that is noticed is decided in `hub/core/view/sign-in.ts`; asking the database for its
 * version costs microseconds. Facts that the accounts left for the journal are taken there on the
 * way.
 */
import type { Logger } from "pino";
import type { AccountFact, Accounts } from "../accounts/ports.ts";
import {
  isSignInOver,
  LOOK_EVERY_MS,
  noSignInsSeen,
  signInsToLookUp,
  type SignInsSeen,
} from "../core/view/sign-in.ts";
import type { HubCommands, ReadModels } from "../ports.ts";
import type { EventStreams } from "./event-streams.ts";
import { stillGood } from "./signed-in.ts";
import type { Transfers } from "./transfers.ts";

/** Account changes within one millisecond. */
const MAX_AT_ONCE = 200;

export interface SessionWatch {
  /** Looks now, for a change made here. */
  look(): Promise<void>;
  /** Ends what belongs to a session that is over. */
  end(id: string): void;
  close(): void;
}

export interface SessionWatchOptions {
  readonly accounts: Pick<
    Accounts,
    "sessionById" | "serviceById" | "version" | "waitingFacts" | "forgetFacts"
  >;
  readonly hub: Pick<HubCommands, "viewingSessions" | "endViewsOf" | "record">;
  readonly reads: Pick<ReadModels, "audit">;
  readonly streams: Pick<EventStreams, "sessions" | "endSession">;
  readonly transfers: Pick<Transfers, "sessions" | "endSession">;
  readonly log: Pick<Logger, "error">;
}

interface WatchState extends SessionWatchOptions {
  readonly seen: SignInsSeen;
  isTaking: boolean;
  /**
   * Whether changes that wait may be in the journal already: from a start, or a failure, to the
   * next success.
   */
  isUnsure: boolean;
  /** The last failure, so that one that lasts is one line. */
  complaint: string;
}

export function watchSessions(options: SessionWatchOptions): SessionWatch {
  const watch: WatchState = {
    ...options,
    seen: noSignInsSeen(),
    isTaking: false,
    isUnsure: true,
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
  const { streams, transfers, hub, seen } = watch;
  const inUse = new Set([...streams.sessions(), ...transfers.sessions(), ...hub.viewingSessions()]);
  const version = watch.accounts.version();
  for (const id of signInsToLookUp(seen, { inUse, version, at: Date.now() })) {
    const session = await stillGood(watch.accounts, id);
    if (isSignInOver(seen, id, session)) endAll(watch, id);
  }
  seen.version = version;
}

/**
 * Into the journal first: a change is never left out, and is told once also when the hub ends
 * between the two writes.
 */
async function takeFacts(watch: WatchState): Promise<void> {
  if (watch.isTaking) return;
  watch.isTaking = true;
  try {
    const waiting = watch.accounts.waitingFacts();
    const last = waiting.at(-1);
    if (!last) return;
    const facts = waiting.map(({ fact }) => fact);
    const untold = watch.isUnsure ? await untoldOf(watch, facts) : facts;
    watch.isUnsure = true;
    if (untold.length > 0) await watch.hub.record(untold);
    watch.accounts.forgetFacts(last.id);
    watch.isUnsure = false;
  } finally {
    watch.isTaking = false;
  }
}

async function untoldOf(
  { reads }: WatchState,
  facts: readonly AccountFact[],
): Promise<readonly AccountFact[]> {
  const untold: AccountFact[] = [];
  for (const fact of facts) {
    const { at, username, change } = fact;
    const [from, to] = [at, at + 1].map((ms) => new Date(ms).toISOString());
    const { items } = await reads.audit({ kind: "account", from, to, limit: MAX_AT_ONCE });
    const isTold = items.some(
      ({ account, detail }) =>
        account === username && detail && "change" in detail && detail.change === change,
    );
    if (!isTold) untold.push(fact);
  }
  return untold;
}

function complain(watch: WatchState, reason: string): void {
  if (watch.complaint === reason) return;
  watch.complaint = reason;
  watch.log.error({ reason }, "sessions could not be checked, or account changes not recorded");
}
