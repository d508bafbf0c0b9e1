/**
 * What real programs leave on the disk: who may read it,
 * and whether one file is the whole of a database.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findWide } from "../../hub/storage/private-files.ts";
import type { Surroundings } from "./harness/programs/process.ts";
import { endCall, openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;
/** Whatever the umask of the process that starts it. */
const OPEN_MASK: Surroundings = { wrap: ["sh", "-c", 'umask 000 && exec "$@"', "sh"] };

let street: Street;
beforeEach(async () => {
  street = await openStreet();
});
afterEach(() => street.close());

test(
  "hub and agent keep their data to themselves from the first file on, whatever mask they were started with",
  { timeout: SLOW },
  async () => {
    const pillar = await street.add("private");
    await street.hub.stop();
    await street.hub.start(OPEN_MASK);
    pillar.start(OPEN_MASK);
    await pillar.untilArmed();
    await pillar.press();
    await pillar.untilLamp("received");
    const made = readdirSync(street.hub.dir, { recursive: true }).map(String);
    expect(made).toEqual(expect.arrayContaining(["journal.db-wal", "accounts.db", "recordings"]));
    await expect
      .poll(() => readdirSync(street.hub.dir, { recursive: true }).map(String))
      .toContainEqual(expect.stringMatching(/recordings\/.*\.mp4$/));
    expect(findWide(street.hub.dir)).toEqual({ count: 0, named: [] });
    expect(findWide(pillar.dataDir)).toEqual({ count: 0, named: [] });
    await endCall(street, pillar);
  },
);

const sideFiles = (dir: string): string[] =>
  readdirSync(dir).filter((name) => /-(?:wal|shm|journal)$/.test(name));

test(
  "a clean end leaves one whole file of each database, at the hub and at the pillar",
  { timeout: SLOW },
  async () => {
    const pillar = await street.add("whole");
    pillar.start();
    await pillar.untilArmed();
    await pillar.press();
    await endCall(street, pillar);
    expect(sideFiles(street.hub.dir)).not.toEqual([]);
    await pillar.process().stop();
    await street.hub.stop();
    expect(sideFiles(street.hub.dir)).toEqual([]);
    expect(sideFiles(pillar.dataDir)).toEqual([]);
    expect(readdirSync(join(street.hub.dir))).toContain("journal.db");
    await street.hub.start();
  },
);
