/**
 * The console's event streams (server-sent events, WHATWG HTML 9.2).
 *
 * Each client has its own bounded queue: one that does not read is disconnected, and comes back
 * with `Last-Event-ID` to be told what it missed. No client waits for another.
 */
import type { ServerResponse } from "node:http";
import type { Logger } from "pino";
import { may } from "../../shared/access/may.ts";
import { PING_INTERVAL_MS, type ServerEvent } from "../../shared/api/event.ts";
import { pathTo, treeOf } from "../../shared/access/areas.ts";
import type { AreaId } from "../../shared/ids.ts";
import type { HubConfig } from "../config.ts";
import type { Accounts, FoundService, FoundSession } from "../accounts/ports.ts";
import type { HubCommands, NumberedEvent, ReadModels } from "../ports.ts";
import { cursorOf, indexAt, type JournalName } from "./cursor.ts";
import { principalOf, type Caller } from "./signed-in.ts";

export const MAX_STREAMS = 500;
/**
 * A browser has six connections to one host, and all its windows share one stream; where they
 * cannot, two are left for everything else.
 */
export const MAX_STREAMS_PER_SESSION = 4;
/** All desks, tablets and programs of one account. */
export const MAX_STREAMS_PER_ACCOUNT = 32;
/** Bytes written and not yet taken by the client's side of the network. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** More than this missed: the client fetches everything again. */
export const MAX_REPLAYED = 1000;
const RETRY_MS = 2000;

export interface EventStreams {
  /** Whether one more may open; otherwise why not. */
  refusal(session: Caller): string | undefined;
  open(client: StreamClient): Promise<void>;
  /** Sessions with a stream. */
  sessions(): ReadonlySet<string>;
  /** Ends the streams of a session that is over. */
  endSession(id: string): void;
  count(): number;
  close(): void;
}

export interface StreamClient {
  readonly session: Caller;
  /** Headers are sent already. */
  readonly response: ServerResponse;
  /** Of the last event it had; undefined: it begins. */
  readonly cursor: string | undefined;
}

export interface StreamsOptions {
  readonly hub: Pick<HubCommands, "subscribe" | "sawConsole" | "areasOf">;
  readonly config: Pick<HubConfig, "areas">;
  readonly reads: Pick<ReadModels, "eventsAfter">;
  readonly accounts: Pick<Accounts, "session" | "service">;
  readonly journal: () => JournalName;
  readonly log: Pick<Logger, "error">;
}

interface Stream {
  readonly session: Caller;
  readonly response: ServerResponse;
  /** New events wait here while the missed ones are read. */
  waiting: Placed[] | undefined;
}

/** Where what it is about lies; undefined: it is about the hub itself. */
type AreasOf = (event: NumberedEvent) => readonly AreaId[] | undefined;

interface Placed {
  readonly event: NumberedEvent;
  readonly areas: readonly AreaId[] | undefined;
}

export function createEventStreams(options: StreamsOptions): EventStreams {
  const streams = new Set<Stream>();
  const tree = treeOf(options.config.areas);
  const areasOf: AreasOf = ({ pillarId, grid }) => {
    if (pillarId !== undefined) return options.hub.areasOf(pillarId);
    return grid === undefined ? undefined : pathTo(tree, grid);
  };
  const tellAll = (event: NumberedEvent): void => {
    // Written once for all who may see it.
    const text = format(event, options.journal());
    const areas = areasOf(event);
    for (const stream of streams) deliver(stream, { event, areas }, text);
  };
  let unsubscribe: (() => void) | undefined;
  const enter = (stream: Stream): void => {
    streams.add(stream);
    unsubscribe ??= options.hub.subscribe(tellAll);
  };
  // Without listeners the journal need not be read.
  const leave = (stream: Stream): void => {
    streams.delete(stream);
    if (streams.size > 0) return;
    unsubscribe?.();
    unsubscribe = undefined;
  };
  const ping = setInterval(() => {
    for (const stream of streams) pingIfSignedIn(stream, options);
  }, PING_INTERVAL_MS);
  ping.unref();
  return {
    refusal: (session) => refusalOf(streams, session),
    open: async (client) => {
      const stream: Stream = { session: client.session, response: client.response, waiting: [] };
      enter(stream);
      const { username, kind } = client.session;
      const isConsole = kind === "person";
      if (isConsole) options.hub.sawConsole(username, "connected");
      const expiry = setTimeout(
        () => client.response.end(),
        Math.min(client.session.expiresAt - Date.now(), 2 ** 31 - 1),
      );
      client.response.once("close", () => {
        clearTimeout(expiry);
        leave(stream);
        if (isConsole) options.hub.sawConsole(username, "disconnected");
      });
      const hello: ServerEvent = {
        type: "hello",
        at: new Date().toISOString(),
        hubEpoch: options.journal().hubEpoch,
      };
      client.response.write(`retry: ${RETRY_MS}\n\n${formatPlain(hello)}`);
      try {
        await catchUp(stream, client.cursor, { ...options, areasOf });
      } catch (error) {
        options.log.error({ err: error }, "event stream: what was missed could not be read");
        client.response.destroy();
      }
    },
    sessions: () => new Set([...streams].map(({ session }) => session.id)),
    endSession: (id) => {
      for (const stream of streams) if (stream.session.id === id) stream.response.end();
    },
    count: () => streams.size,
    close: () => {
      clearInterval(ping);
      unsubscribe?.();
      for (const stream of streams) stream.response.destroy();
    },
  };
}

function refusalOf(streams: Set<Stream>, session: Caller): string | undefined {
  const own = [...streams].filter((stream) => stream.session.id === session.id);
  if (own.length >= MAX_STREAMS_PER_SESSION) {
    return `a session may hold at most ${MAX_STREAMS_PER_SESSION} streams: close a window`;
  }
  const ofAccount = streamsByAccount(streams).get(session.username) ?? [];
  if (ofAccount.length >= MAX_STREAMS_PER_ACCOUNT) {
    return `an account may hold at most ${MAX_STREAMS_PER_ACCOUNT} streams: close a window`;
  }
  if (streams.size < MAX_STREAMS || giveWay(streams, ofAccount.length + 1)) return undefined;
  return `the hub serves at most ${MAX_STREAMS} streams`;
}

function streamsByAccount(streams: ReadonlySet<Stream>): Map<string, Stream[]> {
  const found = new Map<string, Stream[]>();
  for (const stream of streams) {
    const own = found.get(stream.session.username) ?? [];
    found.set(stream.session.username, own);
    own.push(stream);
  }
  return found;
}

/**
 * When all places are taken, the newest stream of the account with most of them is closed for an
 * account that holds fewer.
 */
function giveWay(streams: Set<Stream>, than: number): boolean {
  let largest: Stream[] = [];
  for (const own of streamsByAccount(streams).values()) {
    if (own.length > largest.length) largest = own;
  }
  const newest = largest.at(-1);
  if (!newest || largest.length <= than) return false;
  streams.delete(newest);
  newest.response.end();
  return true;
}

function deliver(stream: Stream, placed: Placed, text: string): void {
  if (stream.waiting) {
    if (stream.waiting.length >= MAX_REPLAYED) stream.response.destroy();
    else stream.waiting.push(placed);
    return;
  }
  if (!maySee(stream.session, placed)) return;
  stream.response.write(text);
  if (stream.response.writableLength > MAX_QUEUED_BYTES) stream.response.destroy();
}

async function catchUp(
  stream: Stream,
  cursor: string | undefined,
  of: Pick<StreamsOptions, "reads" | "journal"> & { readonly areasOf: AreasOf },
): Promise<void> {
  const { reads, journal, areasOf } = of;
  const name = journal();
  let last = -1;
  if (cursor !== undefined) {
    const from = indexAt(name, cursor);
    const missed = from === undefined ? undefined : await reads.eventsAfter(from, MAX_REPLAYED);
    last = from ?? -1;
    if (missed === undefined || missed.length >= MAX_REPLAYED) {
      stream.response.write(formatPlain({ type: "reload" }));
    } else {
      for (const event of missed) {
        if (maySee(stream.session, { event, areas: areasOf(event) }))
          stream.response.write(format(event, name));
        last = event.index;
      }
    }
  }
  const waiting = stream.waiting ?? [];
  stream.waiting = undefined;
  for (const placed of waiting) {
    if (placed.event.index > last) deliver(stream, placed, format(placed.event, name));
  }
}

function pingIfSignedIn(stream: Stream, options: StreamsOptions): void {
  stillSignedIn(stream, options).catch((error: unknown) => {
    options.log.error({ err: error }, "event stream: a ping could not be sent");
    stream.response.destroy();
  });
}

/** The ping keeps the line open through proxies; a session may have been ended from elsewhere. */
async function stillSignedIn(stream: Stream, options: StreamsOptions): Promise<void> {
  try {
    const { kind, token } = stream.session;
    const session =
      kind === "person"
        ? await options.accounts.session(token)
        : await options.accounts.service(token);
    if (session && hasSameRights(session, stream.session)) stream.response.write(PING);
    else stream.response.end();
  } catch (error) {
    // A desk keeps its stream when the accounts cannot be read for a moment.
    options.log.error({ err: error }, "event stream: a session could not be checked");
    stream.response.write(PING);
  }
}

/** A session's role or scope may have changed; a service's scopes never do. */
const hasSameRights = (now: FoundSession | FoundService, before: Caller): boolean =>
  now.kind === "person" && before.kind === "person"
    ? now.role === before.role && now.scope === before.scope
    : now.kind === before.kind;

function maySee(session: Caller, { event: { event }, areas }: Placed): boolean {
  const person = principalOf(session);
  switch (event.type) {
    case "incident":
      return may(person, "incidents:read", { incident: event.incident, areas });
    case "hub":
      return may(person, "hub:read");
    case "recording":
      return may(person, "recordings:read", { areas });
    case "pillar":
      return may(person, "pillars:read", { areas });
    case "notification":
      return may(person, "events:read", { areas });
    case "hello":
    case "ping":
    case "reload":
      return true;
  }
}

/** JSON has no line breaks of its own, so one `data:` line is enough. */
const formatPlain = (event: ServerEvent): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

const format = ({ index, event }: NumberedEvent, journal: JournalName): string =>
  `id: ${cursorOf(journal, index)}\n${formatPlain(event)}`;

const PING = formatPlain({ type: "ping" });
