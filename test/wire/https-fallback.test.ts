/** The HTTPS fallback of an alarm, over real TLS: the hub's own receipt or none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startAgent } from "../../device/agent.ts";
import { httpsFallback } from "../../device/adapters/hub/https-fallback.ts";
import { readIdentity } from "../../device/adapters/identity/identity.ts";
import type { LampPattern } from "../../device/core/state/shown.ts";
import type { HttpsFallback } from "../../device/ports.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import type { Authority } from "../../hub/identity/ports.ts";
import {
  alarmListener,
  receiptFrom,
  silentBroker,
  type AlarmListener,
} from "../kit/wire/alarm-listener.ts";
import { deafMedia, handBoard } from "../kit/wire/hand-board.ts";
import { makeAlarm } from "../kit/wire/pillar-clients.ts";
import { enrolledPillar, PILLAR, type Pillar } from "../kit/wire/small-hub.ts";
import { waitFor } from "../kit/run/wait.ts";

let dir: string;
let authority: Authority;
let hub: AlarmListener;
let pillar: Pillar;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-alarm-listener-"));
  authority = await openAuthority(dir, []);
  hub = await alarmListener(authority);
  pillar = await enrolledPillar({ authority, port: 1 });
});
afterEach(async () => {
  await hub?.close();
  pillar.remove();
  rmSync(dir, { recursive: true, force: true });
});

function link(urls: readonly string[], requestMs?: number): HttpsFallback {
  const { tlsKey, tlsCert, ca } = readIdentity(pillar.dir, PILLAR);
  return httpsFallback({
    pillarId: PILLAR,
    urls,
    tlsKey,
    tlsCert,
    ca,
    ...(requestMs && { requestMs }),
  });
}

describe("an alarm by HTTPS", () => {
  test("comes back with the hub's receipt, and shows the pillar's certificate", async () => {
    const alarm = makeAlarm(PILLAR);
    expect(await link([hub.url]).send(0, alarm)).toEqual(receiptFrom(authority, alarm));
    expect(hub.alarms).toEqual([alarm]);
    expect(hub.shownBy).toEqual([PILLAR]);
    expect(hub.paths).toEqual([`/api/v1/pillars/${PILLAR}/alarms`]);
  });

  test("taken without a receipt has none", async () => {
    hub.answer = () => ({ status: 202, body: "null" });
    expect(await link([hub.url]).send(0, makeAlarm(PILLAR))).toBeUndefined();
  });

  test.each([
    [403, "{}", /refused the alarm \(403\)/],
    [200, "received!", /no receipt: expected JSON/],
    [200, '{"v":1}', /no receipt/],
  ])("answered with %i and %s has no receipt", async (status, text, reason) => {
    hub.answer = () => ({ status, body: text });
    await expect(link([hub.url]).send(0, makeAlarm(PILLAR))).rejects.toThrow(reason);
  });

  test("answered without end, or cut off in the middle, has no receipt", async () => {
    hub.answer = () => ({ status: 200, body: "x".repeat(70_000) });
    const asked = link([hub.url]).send(0, makeAlarm(PILLAR));
    await expect(asked).rejects.toThrow("found an answer above 65536 bytes");
    hub.answer = () => undefined;
    const cut = link([hub.url]).send(0, makeAlarm(PILLAR));
    const closing = waitFor(() => expect(hub.alarms).toHaveLength(2)).then(() => hub.close());
    await expect(cut).rejects.toThrow(/expected the hub at/);
    await closing;
  });

  test("that is not answered ends in its time, and only once at a time is it asked", async () => {
    hub.answer = () => undefined;
    const slow = link([hub.url], 300);
    const alarm = makeAlarm(PILLAR);
    const first = slow.send(0, alarm);
    await expect(slow.send(0, alarm)).rejects.toThrow("still under way");
    await expect(first).rejects.toThrow("no answer within 0.3 s");
    expect(hub.alarms).toHaveLength(1);
  });

  test("is never told to a hub of another authority", async () => {
    const otherDir = mkdtempSync(join(tmpdir(), "anzhu-other-"));
    const other = await alarmListener(await openAuthority(otherDir, []));
    try {
      await expect(link([other.url]).send(0, makeAlarm(PILLAR))).rejects.toThrow(/certificate/);
      expect(other.alarms).toEqual([]);
    } finally {
      await other.close();
      rmSync(otherDir, { recursive: true, force: true });
    }
  });
});

describe("a hub whose certificate is out of date", () => {
  const inPast = async <T>(make: () => Promise<T>): Promise<T> => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2025, 0, 1) });
    return make().finally(() => vi.useRealTimers());
  };

  test("still takes alarms of its own pillars", async () => {
    const oldDir = mkdtempSync(join(tmpdir(), "anzhu-old-"));
    const old = await inPast(() => openAuthority(oldDir, []));
    const oldHub = await alarmListener(old);
    const own = await enrolledPillar({ authority: old, port: 1 });
    try {
      const { tlsKey, tlsCert, ca } = readIdentity(own.dir, PILLAR);
      const urls = [oldHub.url];
      const alarm = makeAlarm(PILLAR);
      const post = httpsFallback({ pillarId: PILLAR, urls, tlsKey, tlsCert, ca }).send(0, alarm);
      expect(await post).toEqual(receiptFrom(old, alarm));
      await expect(link(urls).send(0, alarm)).rejects.toThrow(/certificate/);
      expect(oldHub.alarms).toHaveLength(1);
    } finally {
      await oldHub.close();
      own.remove();
      rmSync(oldDir, { recursive: true, force: true });
    }
  });
});

describe("a pillar whose broker takes the connection and says nothing", () => {
  test("is received by HTTPS, from the second hub when the first is dead", async () => {
    const broker = await silentBroker(authority);
    const { config } = pillar;
    const board = handBoard();
    const lines: string[] = [];
    const log = (text: string): void => void lines.push(text);
    const agent = await startAgent(
      {
        ...config,
        hub: { ...config.hub, mqttPort: broker.port, alarmUrls: ["https://127.0.0.1:1", hub.url] },
      },
      { log: { debug: log, info: log, warn: log, error: log }, board, media: deafMedia() },
    );
    const lamp = (): LampPattern | undefined => board.lamps.at(-1);
    try {
      board.press();
      await waitFor(() => expect(lamp()).toBe("received"), { timeout: 15_000 });
      const [alarm] = hub.alarms;
      expect(alarm?.event).toMatchObject({ kind: "voice", seq: 1 });
      expect(alarm?.ageMs).toBeGreaterThanOrEqual(5000);
      expect(lines.join("\n")).toContain("by HTTPS: expected the hub at 127.0.0.1:1");
      expect(agent.state().outbox.pending.size).toBe(0);
    } finally {
      await agent.stop();
      await broker?.close();
    }
  });

  test("is not received because somebody answers who cannot sign for the hub", async () => {
    const otherDir = mkdtempSync(join(tmpdir(), "anzhu-other-"));
    const other = await openAuthority(otherDir, []);
    hub.answer = (alarm) => ({ status: 200, body: JSON.stringify(receiptFrom(other, alarm)) });
    const { config } = pillar;
    const board = handBoard();
    const lines: string[] = [];
    const log = (text: string): void => void lines.push(text);
    const agent = await startAgent(
      { ...config, hub: { ...config.hub, alarmUrls: [hub.url] } },
      { log: { debug: log, info: log, warn: log, error: log }, board, media: deafMedia() },
    );
    try {
      board.press();
      const dropped = "the receipt is not signed by our hub";
      await waitFor(() => expect(lines.join("\n")).toContain(dropped), { timeout: 15_000 });
      expect(board.lamps.at(-1)).toBe("calling");
      await waitFor(() => expect(hub.alarms.length).toBeGreaterThan(1), { timeout: 15_000 });
    } finally {
      await agent.stop();
      rmSync(otherDir, { recursive: true, force: true });
    }
  });
});
