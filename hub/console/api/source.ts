/**
 * Where this window gets the hub's events from: a stream of its own, or another window's.
 *
 * A browser keeps at most six connections to one host (HTTP/1.1), and an event stream holds one for
 * as long as it is open: six windows would leave no connection for orders. So all windows of a
 * browser share one stream. The window that holds a lock (Web Locks) reads it and passes every
 * message on (BroadcastChannel). When that window is closed, the browser gives the lock to the
 * next; one that has stopped answering loses it.
 *
 * Without a secure context there are no locks: each window then has a stream of its own, and the
 * hub allows a session fewer of them than a browser has connections.
 */
import { z } from "zod";
import { EVENT_NAMES } from "../../../shared/api/event.ts";
import { API, BASE, type FailureCode } from "./client.ts";

/** A window that reads for all and says nothing for so long is not waited for. */
const LEADER_ANSWERS_WITHIN_MS = 1500;
/**
 * Each window waits another time, so that several that find this out at once do not act at once.
 */
const SPREAD_MS = 1000;
const NAME = `anzhu-events-1 ${BASE}`;

type State = "connecting" | "open" | "closed";

export interface SourceListener {
  onOpen(): void;
  onFailed(): void;
  /** `isOwn`: this window reads the stream, and answers for all. */
  onMessage(data: string, isOwn: boolean): void;
  /** The window that reads was refused, and found out why. */
  onRefused(code: FailureCode | undefined): void;
}

export interface Source {
  state(): State;
  isOwn(): boolean;
  /** A new stream, or another window to read it. */
  reopen(): void;
  /** Tells the other windows why the hub refuses the stream. */
  tellRefused(code: FailureCode | undefined): void;
  close(): void;
}

export function openSource(listener: SourceListener): Source {
  const { locks } = globalThis.navigator ?? {};
  const canShare = locks !== undefined && typeof BroadcastChannel === "function";
  return canShare ? sharedSource(locks, listener) : ownSource(listener);
}

type OwnListener = Omit<SourceListener, "onMessage" | "onRefused"> & {
  onMessage(data: string, isOwn: true, name: string): void;
};

function ownSource(listener: OwnListener): Source {
  const connect = (): EventSource => {
    const opened = new EventSource(`${API}/events`);
    opened.addEventListener("open", () => listener.onOpen());
    opened.addEventListener("error", () => listener.onFailed());
    for (const name of EVENT_NAMES) {
      opened.addEventListener(name, (event) =>
        listener.onMessage((event as MessageEvent<string>).data, true, name),
      );
    }
    return opened;
  };
  let source = connect();
  return {
    state: () => stateOf(source.readyState),
    isOwn: () => true,
    reopen() {
      source.close();
      source = connect();
    },
    tellRefused() {},
    close: () => source.close(),
  };
}

function stateOf(readyState: number): State {
  if (readyState === EventSource.OPEN) return "open";
  return readyState === EventSource.CLOSED ? "closed" : "connecting";
}

const StateWord = z.enum(["connecting", "open", "closed"]);
const Word = z.discriminatedUnion("type", [
  /** A window asks whether another one reads. */
  z.object({ type: z.literal("join"), from: z.string() }),
  /** The answer: how the stream is, and with what it began. */
  z.object({
    type: z.literal("welcome"),
    to: z.string(),
    state: StateWord,
    hello: z.string().optional(),
  }),
  z.object({ type: z.literal("state"), state: StateWord }),
  z.object({ type: z.literal("message"), data: z.string() }),
  z.object({ type: z.literal("refused"), code: z.string().optional() }),
]);
type Word = z.infer<typeof Word>;

interface Reader extends Source {
  hello(): { readonly hello?: string };
}

/** Reads the stream and passes on all of it. */
function readForAll(say: (word: Word) => void, listener: SourceListener): Reader {
  let hello: string | undefined;
  const source = ownSource({
    onOpen() {
      say({ type: "state", state: "open" });
      listener.onOpen();
    },
    onFailed() {
      say({ type: "state", state: source.state() });
      listener.onFailed();
    },
    onMessage(data, _isOwn, name) {
      if (name === "hello") hello = data;
      say({ type: "message", data });
      listener.onMessage(data, true);
    },
  });
  return { ...source, hello: () => (hello === undefined ? {} : { hello }) };
}

function sharedSource(locks: LockManager, listener: SourceListener): Source {
  const id = crypto.randomUUID();
  const channel = new BroadcastChannel(NAME);
  const say = (word: Word): void => channel.postMessage(word);
  let own: Reader | undefined;
  /** What the window that reads has said of its stream. */
  let theirs: State = "connecting";
  let isClosed = false;
  let doubt: ReturnType<typeof setTimeout> | undefined;

  const tenure = newTenure(locks, {
    onHeld() {
      clearTimeout(doubt);
      say({ type: "state", state: "connecting" });
      own = readForAll(say, listener);
    },
    onLost() {
      own?.close();
      own = undefined;
      theirs = "connecting";
      tenure.compete(false);
      join();
    },
  });

  const join = (): void => {
    clearTimeout(doubt);
    if (own || isClosed) return;
    say({ type: "join", from: id });
    const waitMs = LEADER_ANSWERS_WITHIN_MS + Math.random() * SPREAD_MS;
    doubt = setTimeout(() => !own && !isClosed && tenure.compete(true), waitMs);
  };

  const hear = (word: Word): void => {
    if (word.type === "join") {
      if (own) say({ type: "welcome", to: word.from, state: own.state(), ...own.hello() });
      return;
    }
    if (own) return;
    clearTimeout(doubt);
    if (word.type === "message") listener.onMessage(word.data, false);
    else if (word.type === "refused") listener.onRefused(word.code as FailureCode | undefined);
    else if (word.type === "state" || word.to === id) {
      theirs = word.state;
      if (theirs === "open") listener.onOpen();
      else listener.onFailed();
      if (word.type === "welcome" && word.hello) listener.onMessage(word.hello, false);
    }
  };

  channel.addEventListener("message", ({ data }) => {
    const word = Word.safeParse(data);
    if (word.success) hear(word.data);
  });
  tenure.compete(false);
  join();
  return {
    state: () => own?.state() ?? theirs,
    isOwn: () => own !== undefined,
    reopen() {
      if (own) own.reopen();
      else join();
    },
    tellRefused: (code) => say({ type: "refused", ...(code && { code }) }),
    close() {
      isClosed = true;
      clearTimeout(doubt);
      tenure.leave();
      own?.close();
      own = undefined;
      channel.close();
    },
  };
}

interface Tenure {
  /** Waits for the lock, or takes it from whoever has it. */
  compete(steal: boolean): void;
  /** Ends the request for the lock, or gives it back. */
  leave(): void;
}

/**
 * The right to read for all, held from `onHeld` until `leave` or `onLost`: another window took it.
 */
function newTenure(
  locks: LockManager,
  told: { readonly onHeld: () => void; readonly onLost: () => void },
): Tenure {
  let leave = (): void => {};
  const hold = async (options: LockOptions, asking: AbortSignal): Promise<void> => {
    try {
      await locks.request(NAME, options, () => {
        if (asking.aborted) return undefined;
        told.onHeld();
        return new Promise<void>((resolve) => {
          asking.addEventListener("abort", () => resolve());
        });
      });
    } catch (error) {
      // Given up by this window, or taken by another.
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
    if (!asking.aborted) told.onLost();
  };
  return {
    leave: () => leave(),
    compete(steal) {
      leave();
      const asking = new AbortController();
      leave = () => asking.abort();
      const options: LockOptions = steal ? { steal: true } : { signal: asking.signal };
      hold(options, asking.signal).catch((error: unknown) => {
        // A browser that forbids locks here: this window reads for itself.
        console.warn("events: the stream cannot be shared with other windows", error);
        told.onHeld();
      });
    },
  };
}
