/** In virtual time: a renewed certificate is shown to the hub only while there is no call. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OwnIdentity } from "../../../device/adapters/identity/identity.ts";
import { keepCertificate, type RenewalWorld } from "../../../device/shell/renewal.ts";

const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function newWorld(change: Partial<RenewalWorld> = {}) {
  const told: (string | undefined)[] = [];
  const shown: string[] = [];
  const stored: string[] = [];
  const from = Date.now() - 55 * DAY_MS;
  const world = {
    isAtRest: true,
    asked: 0,
    told,
    shown,
    stored,
    answer: (): Promise<{ tlsKey: string; tlsCert: string } | undefined> =>
      Promise.resolve({ tlsKey: "key", tlsCert: "certificate" }),
  };
  let until = from + 60 * DAY_MS;
  const nothing = (): void => undefined;
  const end = keepCertificate({
    identity: {
      validity: () => ({ from, until }),
      replaceTls: ({ tlsCert }: { tlsCert: string }) => {
        stored.push(tlsCert);
        until += 60 * DAY_MS;
      },
    } as unknown as OwnIdentity,
    clock: { now: () => 0 as never, wallMs: () => Date.now(), isSynced: () => true },
    ask: () => {
      world.asked += 1;
      return world.answer();
    },
    isCalm: () => world.isAtRest,
    startAnew: (reason) => void shown.push(reason),
    tell: (event) => void (event.type === "renewal-troubled" && told.push(event.detail)),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    ...change,
  });
  return { world, told, shown, stored, end };
}

test("a renewed certificate is stored at once, and shown when the call is over", async () => {
  const { world, stored, shown, end } = newWorld();
  world.isAtRest = false;
  await vi.advanceTimersByTimeAsync(120_000);
  expect([stored.length, shown.length]).toEqual([1, 0]);
  world.isAtRest = true;
  world.answer = () => Promise.resolve(undefined);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(shown).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  // The second request shows the hub the new certificate; no third is needed.
  expect([world.asked, shown.length]).toEqual([2, 1]);
  end();
});

test("a hub that gives certificates without end is given up, and one that is away is shown it later", async () => {
  const { world, stored, end } = newWorld();
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  expect([world.asked, stored.length]).toEqual([2, 2]);
  end();
  const other = newWorld();
  const { answer } = other.world;
  other.world.answer = () =>
    other.world.asked === 1 ? answer() : Promise.reject(new Error("no answer"));
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(other.world.asked).toBeGreaterThan(3);
  other.world.answer = () => Promise.resolve(undefined);
  await vi.advanceTimersByTimeAsync(DAY_MS);
  const { asked } = other.world;
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect([other.world.asked, other.stored.length]).toEqual([asked, 1]);
  other.end();
});

test("a hub that does not answer is asked again within the hour, and the fault goes when it does", async () => {
  const { world, told, stored, end } = newWorld();
  const { answer } = world;
  world.answer = () => Promise.reject(new Error("no answer"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told[0]).toContain("could not be renewed: no answer");
  await vi.advanceTimersByTimeAsync(6 * 3_600_000);
  expect(world.asked).toBeGreaterThan(6);
  world.answer = () => (stored.length === 0 ? answer() : Promise.resolve(undefined));
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(told.at(-1)).toBeUndefined();
  expect(stored).toEqual(["certificate"]);
  end();
});

test("a disk that cannot store the new pair is a failure like any other, and the old pair does", async () => {
  const identity = {
    validity: () => ({ from: Date.now() - 55 * DAY_MS, until: Date.now() + 5 * DAY_MS }),
    replaceTls: () => {
      throw new Error("no space left");
    },
  };
  const { told, shown, end } = newWorld({ identity: identity as unknown as OwnIdentity });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told.at(-1)).toContain("no space left");
  expect(shown).toEqual([]);
  end();
});

test("once ended it asks nothing more", async () => {
  const { world, end } = newWorld();
  end();
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(world.asked).toBe(0);
});
