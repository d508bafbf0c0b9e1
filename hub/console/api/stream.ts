/**
 * The one event stream, and the watch over it.
 *
 * All windows of a browser share it (`source.ts`). The browser repairs a short break by itself and
 * says what it had last. When it gives up, or when a cut cable leaves the stream silent, we open a
 * new one. Every stream begins with `hello`, and after `hello` everything is fetched again, because
 * a new stream cannot say what the old one had seen.
 */
import { ServerEvent } from "../../../shared/api/event.ts";
import { boundsOf, type Bounds } from "../state/offset.ts";
import { API, BASE, failure, type FailureCode } from "./client.ts";
import {
  MUTE_AFTER_MS,
  newLink,
  REOPEN_AFTER_MS,
  stepLink,
  type Link,
  type LinkEvent,
} from "./link.ts";
import { openSource } from "./source.ts";

const TICK_MS = 250;
/** Silence this long makes us ask whether the hub is still there. */
const PROBE_AFTER_MS = 800;
const PROBE_TIMEOUT_MS = 1200;
const PING_TIMEOUT_MS = 5000;

export interface StreamListener {
  onEvent(event: ServerEvent): void;
  onLink(link: Link): void;
  onHubTime(bounds: Bounds): void;
  /** The hub refused the stream, because the session ended or for another reason it gave. */
  onRefused(code: FailureCode | undefined): void;
  /** The hub said something that cannot be read: what it was about is fetched instead. */
  onUnreadable(): void;
}

export interface Stream {
  close(): void;
}

export function openStream(listener: StreamListener): Stream {
  let link = newLink(Date.now());
  let openedAt = Date.now();
  /** The stream itself, not the hub by another connection. */
  let saidAt = openedAt;
  let isProbing = false;

  function step(event: LinkEvent): void {
    const next = stepLink(link, event);
    if (next === link) return;
    link = next;
    listener.onLink(link);
  }

  const heard = (): void => step({ type: "heard", at: Date.now() });

  const source = openSource({
    onOpen: heard,
    onFailed: () => step({ type: "failed", at: Date.now() }),
    onMessage(data, isOwn) {
      saidAt = Date.now();
      heard();
      receive(listener, data, isOwn);
    },
    onRefused: listener.onRefused,
  });

  function reopen(): void {
    source.reopen();
    openedAt = Date.now();
    saidAt = openedAt;
  }

  async function findRefusal(): Promise<void> {
    // Asked by one window: many that ask at once would be refused for being many.
    if (!source.isOwn()) return;
    const code = await whyRefused();
    source.tellRefused(code);
    listener.onRefused(code);
    reopen();
  }

  async function probe(at: number): Promise<void> {
    if (isProbing) return;
    isProbing = true;
    const isThere = await doesHubAnswer(listener);
    isProbing = false;
    if (!isThere) return;
    const state = source.state();
    if (state === "open" && Date.now() - saidAt >= MUTE_AFTER_MS) {
      step({ type: "failed", at: Date.now() });
      reopen();
    } else if (state === "open") {
      if (link.phase === "lost" && at - openedAt > REOPEN_AFTER_MS) reopen();
      else step({ type: "heard", at: Date.now() });
    } else if (state === "closed") {
      if (Date.now() - openedAt >= REOPEN_AFTER_MS) await findRefusal();
    } else if (!source.isOwn() && Date.now() - saidAt >= MUTE_AFTER_MS) reopen();
  }

  const timer = setInterval(() => {
    const at = Date.now();
    step({ type: "tick", at });
    const isQuiet = link.phase !== "live" || at - link.heardAt >= PROBE_AFTER_MS;
    if (isQuiet) void probe(at);
  }, TICK_MS);

  return {
    close() {
      clearInterval(timer);
      source.close();
    },
  };
}

/** A stream's own object does not tell why it was refused: the same is asked once more. */
async function whyRefused(): Promise<FailureCode | undefined> {
  const asking = new AbortController();
  const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  try {
    const answer = await fetch(`${API}/events`, { signal });
    return answer.ok ? undefined : failure(answer.status, await answer.json()).code;
  } catch {
    return undefined;
  } finally {
    asking.abort();
  }
}

async function doesHubAnswer(listener: StreamListener): Promise<boolean> {
  const sentAt = Date.now();
  const answer = await fetch(`${BASE}healthz`, {
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    cache: "no-store",
  }).catch(() => undefined);
  if (!answer?.ok) return false;
  const hubAt = Date.parse(answer.headers.get("date") ?? "");
  if (!Number.isNaN(hubAt)) {
    listener.onHubTime(boundsOf(hubAt, 1000, { sentAt, heardAt: Date.now() }));
  }
  return true;
}

function receive(listener: StreamListener, data: string, isOwn: boolean): void {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (error) {
    console.warn("events: expected JSON, found something else; the message is skipped", error);
    listener.onUnreadable();
    return;
  }
  const event = ServerEvent.safeParse(json);
  if (event.success && event.data.type === "ping") {
    if (isOwn) void answerPing();
  } else if (event.success) listener.onEvent(event.data);
  else {
    console.warn("events: a message outside the contract is skipped", event.error.issues);
    listener.onUnreadable();
  }
}

/** The hub's ping starts it, because timers of a hidden page are slowed down. */
async function answerPing(): Promise<void> {
  const options = { method: "POST", signal: AbortSignal.timeout(PING_TIMEOUT_MS) };
  await fetch(`${API}/presence`, options).catch((error: unknown) =>
    console.warn("events: a ping could not be answered", error),
  );
}
