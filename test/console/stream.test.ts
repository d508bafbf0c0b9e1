/** The events that the hub sends are those the console listens for: `shared/api/event.ts`. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  EVENT_NAMES,
  NOTIFICATION_CODES,
  PING_INTERVAL_MS,
  ServerEvent,
} from "../../shared/api/event.ts";
import type { CellId, HubEpoch } from "../../shared/ids.ts";
import { createEventStreams, type StreamClient } from "../../hub/api/event-streams.ts";
import { en } from "../../hub/console/i18n/en.ts";

/**
 * An `EventSource` for tests: it records the event names that are listened for, and sends what the
 * test tells it.
 */
class HandStream extends EventTarget {
  static readonly names: string[] = [];
  static readonly OPEN = 1;
  static latest: HandStream | undefined;
  readonly readyState = HandStream.OPEN;
  constructor() {
    super();
    HandStream.latest = this;
  }
  override addEventListener(name: string, listener: EventListener): void {
    HandStream.names.push(name);
    super.addEventListener(name, listener);
  }
  close(): void {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", HandStream);
  // Without the browser's locks each window opens a stream of its own.
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("document", { baseURI: "http://hub.test/" });
  vi.stubGlobal("location", { href: "http://hub.test/" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the console listens for the names of the contract, for each of them and for no other", async () => {
  const { openStream } = await import("../../hub/console/api/stream.ts");
  const heard: string[] = [];
  const stream = openStream({
    onEvent: ({ type }) => heard.push(type),
    onLink: () => undefined,
    onHubTime: () => undefined,
    onRefused: () => undefined,
    onUnreadable: () => heard.push("unreadable"),
  });
  const ofTheBrowser = new Set(["open", "error"]);
  const names = HandStream.names.filter((name) => !ofTheBrowser.has(name));
  expect(names.toSorted()).toEqual(EVENT_NAMES.toSorted());
  const say = (name: string, data: unknown): void =>
    void HandStream.latest?.dispatchEvent(
      new MessageEvent(name, { data: JSON.stringify(data) }) as Event,
    );
  say("reload", { type: "reload" });
  say("presence", { type: "presence" });
  expect(heard).toEqual(["reload"]);
  stream.close();
});

test("the hub says the names of the contract, and a ping each interval of the contract", async () => {
  const written: string[] = [];
  const response = {
    write: (text: string) => written.push(text),
    once: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
  const session = {
    id: "s",
    token: "t",
    username: "lin",
    ...{ kind: "person", role: "operator", scope: "all" },
    expiresAt: 1e15,
  } as never;
  const streams = createEventStreams({
    hub: { subscribe: () => () => undefined, sawConsole: () => undefined },
    config: { areas: [] },
    reads: { eventsAfter: async () => [] },
    accounts: { session: async () => session },
    journal: () => ({ cell: "1" as CellId, hubEpoch: "e" as HubEpoch }),
    log: { error: () => undefined },
  } as never);
  await streams.open({ session, response, cursor: undefined } as unknown as StreamClient);
  await vi.advanceTimersByTimeAsync(3 * PING_INTERVAL_MS + 1);
  streams.close();
  const said = written.flatMap((text) =>
    [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name),
  );
  expect(said).toEqual(["hello", "ping", "ping", "ping"]);
  for (const text of written) {
    const [, data] = /^data: (.*)$/m.exec(text) ?? [];
    expect(ServerEvent.safeParse(JSON.parse(data ?? "")).success).toBe(true);
  }
});

test("the console has words for each notification that the hub can send", () => {
  // A passed deadline is shown as a step of its incident, not as a notification.
  const shown = NOTIFICATION_CODES.filter((code) => code !== "deadline-passed");
  expect(shown.filter((code) => !(code in en.notification))).toEqual([]);
});
