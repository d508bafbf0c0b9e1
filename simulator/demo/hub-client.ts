/**
 * The hub's public interface as the demo uses it: is it ready, who is online, what happens.
 *
 * The one limit: it is for showing. A line that is lost
 * while the hub restarts is not asked for again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ServerEvent } from "../../shared/api/event.ts";
import { PillarPage } from "../../shared/api/pillar.ts";
import type { Pillar } from "../../shared/api/pillar.ts";
import { Session } from "../../shared/api/session.ts";
import { parseWith } from "../../shared/parse.ts";

const RECONNECT_MS = 1000;
const LOOK_EVERY_MS = 150;
/** One event is far smaller; a server that sends more without an end is not ours. */
const MAX_EVENT_CHARACTERS = 1_000_000;

export interface HubClient {
  /** Whether the hub answers that it is ready; rejects while it does not answer at all. */
  isReady(): Promise<boolean>;
  pillars(): Promise<readonly Pillar[]>;
  /** Tells events until the signal aborts; connects again when the stream breaks. */
  watch(onEvent: (event: ServerEvent) => void, signal: AbortSignal): Promise<void>;
}

export interface HubAccount {
  readonly username: string;
  readonly password: string;
}

export function hubClient(url: string, account: HubAccount): HubClient {
  let token: string | undefined;
  const signIn = async (): Promise<string> => {
    const answer = await fetch(`${url}/api/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(account),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const session = Session.parse(await answer.json());
    if (session.token === undefined)
      throw new Error("expected a token from signing in, found none");
    return session.token;
  };
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    token ??= await signIn();
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    const answer = await fetch(`${url}${path}`, { ...init, headers });
    if (answer.status === 401) token = undefined;
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const pillars = async (): Promise<readonly Pillar[]> =>
    PillarPage.parse(await (await get("/api/v1/pillars")).json()).items;
  return {
    pillars,
    isReady: async () => (await fetch(`${url}/readyz`)).ok,
    async watch(onEvent, signal) {
      while (!signal.aborted) {
        const headers = { accept: "text/event-stream" };
        const answer = await get("/api/v1/events", { headers, signal }).catch(ignored);
        if (answer?.body) await readEvents(answer.body, onEvent).catch(ignored);
        await delay(RECONNECT_MS, undefined, { signal }).catch(ignored);
      }
    },
  };
}

/** The hub is away or ending; the loop asks again. */
const ignored = (): undefined => undefined;

/** Asks again until yes or too late; an error is a no. */
export async function until(timeoutMs: number, ask: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    if (await ask().catch(() => false)) return true;
    await delay(LOOK_EVERY_MS);
  }
  return false;
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = (blocks.pop() ?? "").slice(-MAX_EVENT_CHARACTERS);
    for (const block of blocks) {
      const event = eventIn(block);
      if (event !== undefined) onEvent(event);
    }
  }
}

function eventIn(block: string): ServerEvent | undefined {
  const data = block.split("\n").filter((line) => line.startsWith("data:"));
  if (data.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(data.map((line) => line.slice(5)).join("\n"));
    const parsed = parseWith(ServerEvent, value);
    return parsed.ok ? parsed.value : undefined;
  } catch {
    // Not JSON: not an event of ours.
    return undefined;
  }
}
