/** Several media processes, with children that only say what a test wants: who hears what, and who waits for whom. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { assert, integer, property, tuple } from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { HubConfig } from "../../../../hub/config.ts";
import { mediaIds, mediaOf } from "../../../../hub/core/media-of.ts";
import {
  createMediaPool,
  portsOf,
  processesOf,
  type MediaPool,
} from "../../../../hub/media/control/pool.ts";
import type { MediaSettings } from "../../../../hub/media/ipc.ts";
import type { MediaNews } from "../../../../hub/ports.ts";
import { MediaId, type MediaSessionId, type PillarId } from "../../../../shared/ids.ts";
import type { StartLimits } from "../../../../shared/start-watch.ts";
import { waitFor } from "../../../kit/run/wait.ts";

const [FIRST, SECOND] = [1, 2].map((n) => MediaId.parse(n)) as [MediaId, MediaId];
const SETTINGS: MediaSettings = {
  udpPorts: [42_000, 42_039],
  addresses: [],
  offersLoopback: true,
  maxViewers: 1,
};

/** Ready when it is configured; ends a view as soon as it is told to, and says so. */
const GOOD = `
const mediaId = Number(process.argv[2]);
const say = (message) => process.send({ mediaId, ...message });
process.on("disconnect", () => process.exit(0));
process.on("message", (message) => {
  if (message.mediaId !== mediaId) process.exit(9);
  if (message.type === "configure") say({ type: "ready" });
  if (message.type === "ping") say({ type: "pong" });
  if (message.type === "shutdown") process.exit(0);
  if (message.type === "viewer-close")
    say({ ...message, type: "viewer-closed", reason: "told" });
});`;
/** Is alive, does no work, and never says anything. */
const SILENT = `
process.on("disconnect", () => process.exit(0));
process.on("message", ({ type }) => { if (type === "shutdown") process.exit(0); });`;
/** Works for three seconds before it is ready, as on a machine that is busy. */
const SLOW = `${GOOD.replace('say({ type: "ready" })', "setTimeout(work, 0)")}
let [rounds, end] = [0, 0];
function work() {
  end ||= Date.now() + 3000;
  for (const until = Date.now() + 50; Date.now() < until; ) rounds += 1;
  if (Date.now() < end) setTimeout(work, 10);
  else say({ type: "ready" });
}`;
/** Takes itself for another one. */
const CONFUSED = GOOD.replace("process.send({ mediaId,", "process.send({ mediaId: 3 - mediaId,");

interface Started {
  readonly pool: MediaPool;
  readonly news: MediaNews[];
  readonly lines: string[];
}

const start = (...sources: readonly string[]): Started => startWith(undefined, ...sources);

function startWith(limits: StartLimits | undefined, ...sources: readonly string[]): Started {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-pool-"));
  const entries = sources.map((source, n) => {
    const file = join(dir, `child-${n + 1}.mjs`);
    writeFileSync(file, source);
    return file;
  });
  const lines: string[] = [];
  const pool = createMediaPool({
    processes: sources.length,
    settings: SETTINGS,
    log: (level, text) => void lines.push(`${level} ${text}`),
    entryOf: (mediaId) => entries[mediaId - 1],
    ...(limits && { startLimits: limits }),
  });
  onTestFinished(async () => {
    await pool.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const news: MediaNews[] = [];
  pool.start((one) => void news.push(one));
  return { pool, news, lines };
}

const upOf = ({ pool }: Started): MediaId[] =>
  pool.status().flatMap(({ mediaId, isUp }) => (isUp ? [mediaId] : []));
const pillarOf = (mediaId: MediaId, processes: number): PillarId =>
  Array.from({ length: 100 }, (_, n) => `pillar-${n}` as PillarId).find(
    (id) => mediaOf(id, processes) === mediaId,
  )!;
const told = ({ news }: Started, type: MediaNews["type"]): MediaId[] =>
  news.filter((one) => one.type === type).map(({ mediaId }) => mediaId);

describe("a pool", () => {
  test("sends what is about a pillar to the process that carries it, and to no other", async () => {
    const started = start(GOOD, GOOD, GOOD);
    await waitFor(() => expect(upOf(started)).toHaveLength(3));
    for (const mediaId of mediaIds(3)) {
      const pillarId = pillarOf(mediaId, 3);
      const sessionId = `session-${mediaId}` as MediaSessionId;
      started.pool.send({ type: "viewer-close", pillarId, sessionId });
      await waitFor(() =>
        expect(started.news.at(-1)).toMatchObject({
          ...{ type: "viewer-closed", mediaId, pillarId, sessionId },
        }),
      );
    }
    expect(told(started, "viewer-closed")).toEqual(mediaIds(3));
  });

  test("replaces the one that ended; the other is not even asked", async () => {
    const started = start(GOOD, GOOD);
    const { pool } = started;
    await waitFor(() => expect(upOf(started)).toEqual([FIRST, SECOND]));
    const [ended, other] = [pool.pid(FIRST)!, pool.pid(SECOND)!];
    process.kill(ended, "SIGKILL");
    await waitFor(() =>
      expect(told(started, "ready")).toEqual(expect.arrayContaining([FIRST, SECOND, FIRST])),
    );
    await waitFor(() =>
      expect(pool.status()).toEqual([
        { mediaId: FIRST, isUp: true, starts: 2 },
        { mediaId: SECOND, isUp: true, starts: 1 },
      ]),
    );
    expect(told(started, "ended")).toEqual([FIRST]);
    expect(pool.pid(SECOND)).toBe(other);
    expect(pool.pid(FIRST)).not.toBe(ended);
  });

  test("has the others ready and serving while one never becomes ready", async () => {
    const started = start(SILENT, GOOD, GOOD);
    await waitFor(() => expect(upOf(started)).toEqual([2, 3]));
    const pillarId = pillarOf(SECOND, 3);
    started.pool.send({ type: "viewer-close", pillarId, sessionId: "s" as MediaSessionId });
    await waitFor(() => expect(told(started, "viewer-closed")).toEqual([SECOND]));
    expect(started.pool.status()[0]).toEqual({ mediaId: FIRST, isUp: false, starts: 0 });
    // It is within its time, so nobody has killed it.
    expect(told(started, "ended")).toEqual([]);
  });

  test("replaces one that does nothing at its start, and lets one go on that is slow and works", async () => {
    const started = startWith({ idleMs: 1000, mostMs: 60_000 }, SILENT, SLOW, GOOD);
    await waitFor(() => expect(upOf(started)).toEqual([3]));
    await waitFor(() => expect(upOf(started)).toEqual([2, 3]));
    expect(told(started, "ended")).not.toContain(SECOND);
    await waitFor(() => expect(told(started, "ended")).toContain(FIRST));
    expect(started.lines.join("\n")).toMatch(/media process 1: process \d+ is .*: killed/);
    expect(upOf(started)).toEqual([2, 3]);
  });

  test("has the others serve while one ends at each start", async () => {
    const started = start("process.exit(3);", GOOD);
    await waitFor(() => expect(told(started, "ended").length).toBeGreaterThan(2));
    expect(upOf(started)).toEqual([SECOND]);
    expect(new Set(told(started, "ended"))).toEqual(new Set([FIRST]));
    expect(started.lines.join("\n")).toMatch(
      /error media process 1 ended \(exit code 3\); a new one/,
    );
  });

  test("does not believe a process that speaks as another one", async () => {
    const started = start(CONFUSED, GOOD);
    await waitFor(() =>
      expect(started.lines).toContain("error bug: media process 1 sent ready as 2; ignored"),
    );
    await waitFor(() => expect(upOf(started)).toEqual([SECOND]));
    expect(told(started, "ready")).toEqual([SECOND]);
  });
});

describe("the UDP ports", () => {
  test("are divided so that no port belongs to two processes, and none is left over", () => {
    const range = tuple(integer({ min: 1, max: 60_000 }), integer({ min: 160, max: 5000 }));
    assert(
      property(range, integer({ min: 1, max: 16 }), ([first, count], processes) => {
        const parts = mediaIds(processes).map((id) =>
          portsOf([first, first + count - 1], id, processes),
        );
        expect(parts.at(-1)![1]).toBe(first + count - 1);
        for (const [n, [begin, end]] of parts.entries()) {
          expect(end - begin + 1).toBeGreaterThanOrEqual(Math.floor(count / processes));
          expect(begin).toBe(n === 0 ? first : parts[n - 1]![1] + 1);
        }
      }),
    );
  });

  test("are any free ones for each process when they are for the hub", () => {
    expect(mediaIds(3).map((id) => portsOf([0, 0], id, 3))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("how many there are", () => {
  const media = (given: object) => HubConfig.parse({ dataDir: "/d", media: given }).media;
  const cores = Math.min(16, availableParallelism());

  test("is one for each core, as far as there are ports, unless it is said", () => {
    expect(processesOf(media({}))).toBe(cores);
    expect(processesOf(media({ udpPorts: [0, 0] }))).toBe(cores);
    expect(processesOf(media({ udpPorts: [40_000, 40_009] }))).toBe(1);
    expect(processesOf(media({ udpPorts: [40_000, 40_004] }))).toBe(1);
    expect(processesOf(media({ processes: 7 }))).toBe(7);
    expect(processesOf(media({ processes: 1, udpPorts: [40_000, 40_000] }))).toBe(1);
  });

  test.each([
    [{ processes: 0 }, /processes/],
    [{ processes: 17 }, /processes/],
    [{ processes: 1.5 }, /processes/],
    [{ processes: "all" }, /processes/],
    [
      { processes: 4, udpPorts: [40_000, 40_038] },
      /expected at least 40 UDP ports for 4 media processes, found 39 \(40000 to 40038\); give more ports or fewer processes/,
    ],
    [
      { udpPorts: [40_999, 40_000] },
      /expected the first port and then the last, found 40999 and 40000/,
    ],
  ])("is refused in words: %j", (given, words) => {
    expect(() => media(given)).toThrow(words);
  });
});
