/**
 * What consoles cannot be told is reported as a notification, and a failure that nobody waits for
 * does not end the process.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createConsoleFeed } from "../../hub/shell/console-feed.ts";
import { checkHealth } from "../../hub/shell/health.ts";
import { HubConfig } from "../../hub/config.ts";
import { createOnce } from "../../hub/shell/idempotency.ts";
import { MediaId } from "../../shared/ids.ts";
import { createCaller } from "../../hub/shell/webhook.ts";
import { newHub, onlyIncident, person } from "../kit/hub/shell-on-doubles.ts";
import { press } from "../kit/journal/press.ts";
import { waitFor } from "../kit/run/wait.ts";

const log = pino({ level: "silent" });

function unhandled(): unknown[] {
  const found: unknown[] = [];
  const listener = (error: unknown): void => void found.push(error);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return found;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("a row that cannot be read", () => {
  test("is said once on every desk, however often the lists are asked for", async () => {
    const hub = await newHub();
    await hub.press();
    const { id } = await onlyIncident(hub);
    const database = new DatabaseSync(join(hub.dataDir, "journal.db"));
    database.prepare("update incident set body = '{' where id = ?").run(id);
    database.close();
    for (let n = 0; n < 3; n += 1) {
      const { items } = await hub.shell.reads.incidents({ limit: 10 });
      expect(items).toMatchObject([{ id, isDamaged: true, state: "open" }]);
    }
    const notifications = hub.events.filter(
      ({ event }) => event.type === "notification" && event.notification.code === "row-damaged",
    );
    expect(notifications).toHaveLength(1);
    expect(notifications[0]?.event).toMatchObject({
      notification: { level: "error", detail: `incident ${id}` },
    });
  });
});

describe("the readiness of the hub", () => {
  const config = HubConfig.parse({ dataDir: "/tmp" });
  const ask = (whyConsolesMiss: () => Promise<string | undefined>) =>
    checkHealth({
      config,
      loop: { failure: () => undefined },
      media: () => [
        { mediaId: MediaId.parse(1), isUp: true, starts: 1 },
        { mediaId: MediaId.parse(2), isUp: false, starts: 2 },
        { mediaId: MediaId.parse(3), isUp: true, starts: 4 },
      ],
      broker: () => ({ isOk: true, detail: "" }),
      whyConsolesMiss,
    });

  test("is false while consoles cannot be told", async () => {
    const checks = await ask(() => Promise.resolve("the incidents cannot be read: broken"));
    expect(checks.find(({ name }) => name === "consoles")).toMatchObject({ isOk: false });
    const good = await ask(() => Promise.resolve(undefined));
    expect(good.find(({ name }) => name === "consoles")).toMatchObject({ isOk: true });
  });

  test("shows each media process, and is not false while one is away", async () => {
    const checks = await ask(() => Promise.resolve(undefined));
    expect(checks.filter(({ name }) => name.startsWith("media"))).toEqual([
      { name: "media-1", isOk: true, detail: "picture and voice" },
      {
        ...{ name: "media-2", isOk: true },
        detail: "starting; the alarms of its pillars ring without picture",
      },
      { name: "media-3", isOk: true, detail: "picture and voice; started 4 times" },
    ]);
  });

  test("follows the lists of a real hub", async () => {
    const hub = await newHub();
    expect(await hub.shell.whyConsolesMiss()).toBeUndefined();
    const database = new DatabaseSync(join(hub.dataDir, "journal.db"));
    database.exec("alter table incident rename to elsewhere");
    database.close();
    expect(await hub.shell.whyConsolesMiss()).toContain("the incidents cannot be read");
  });
});

test("news that could not be read is said on the desk, and the lists are fetched again", async () => {
  const answers = [Promise.reject(new Error("no such column")), Promise.resolve([])];
  const feed = createConsoleFeed({ eventsOf: () => answers.shift() ?? Promise.resolve([]) }, log);
  const told: unknown[] = [];
  feed.subscribe(({ event }) => void told.push(event));
  feed.tell(press(1), 1);
  await feed.drain();
  expect(feed.trouble()).toContain("no such column");
  expect(told).toEqual([
    { type: "notification", notification: { level: "error", code: "news-unreadable", detail: "" } },
    { type: "reload" },
  ]);
  feed.tell(press(2), 4);
  await feed.drain();
  expect(feed.trouble()).toBeUndefined();
});

test("a call outside about something that cannot be read is a failed call, and ends nothing", async () => {
  const found = unhandled();
  const target = "http://127.0.0.1:9/hook";
  const take = vi.fn(() => Promise.reject(new Error("never")));
  const caller = createCaller({
    webhooks: [{ url: target, secret: `whsec_${"A".repeat(32)}` }],
    state: () => {
      throw new RangeError("Invalid time value");
    },
    take,
    log,
  });
  const call = { type: "call-external", incidentId: "1".repeat(32) as never, ring: 1 } as const;
  caller.call({ ...call, target, attempt: 1 });
  await waitFor(() => expect(take).toHaveBeenCalledOnce());
  expect(take).toHaveBeenCalledWith(
    expect.objectContaining({ outcome: "failed", detail: "Invalid time value" }),
  );
  await caller.stop();
  expect(found).toEqual([]);
});

test("an order that fails is told to who gave it, and ends nothing", async () => {
  const found = unhandled();
  const once = createOnce<{ ok: boolean }>();
  const ASKED = { by: person("wang").username, what: "answer", key: "key" };
  const failing = once(ASKED, () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  await settled();
  expect(found).toEqual([]);
  expect(await once(ASKED, () => Promise.resolve({ ok: true }))).toEqual({ ok: true });
});
