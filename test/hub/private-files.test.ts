/**
 * Who may read the files of hub and pillar: files that are made, files with wider rights from older
 * starts, and what the doctors report.
 */
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AgentConfig } from "../../device/config.ts";
import { examine as examinePillar } from "../../device/command/doctor.ts";
import { HubConfig } from "../../hub/config.ts";
import { examine as examineHub } from "../../hub/command/doctor.ts";
import { findWide, narrow } from "../../hub/storage/private-files.ts";
import { tempDir } from "../kit/journal/directory.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** A directory with the rights that a start with umask 022 gives. */
function wideDirectory(): string {
  const dir = tempDir();
  mkdirSync(join(dir, "recordings/2026-11-01"), { recursive: true });
  writeFileSync(join(dir, "recordings/2026-11-01/a.mp4"), "a");
  writeFileSync(join(dir, "accounts.db"), "hashes");
  for (const path of ["", "recordings", "recordings/2026-11-01"]) chmodSync(join(dir, path), 0o755);
  for (const path of ["recordings/2026-11-01/a.mp4", "accounts.db"]) {
    chmodSync(join(dir, path), 0o644);
  }
  return dir;
}

test("what an older start left for everybody to read is narrowed, at every depth", () => {
  const dir = wideDirectory();
  expect(findWide(dir)).toMatchObject({ count: 5 });
  expect(narrow(dir)).toEqual([]);
  expect(findWide(dir)).toEqual({ count: 0, named: [] });
  expect(modeOf(dir)).toBe("700");
  expect(modeOf(join(dir, "recordings/2026-11-01/a.mp4"))).toBe("600");
});

test("what a link points to is somebody else's and keeps its permissions", () => {
  const dir = tempDir();
  const other = join(tempDir(), "board");
  writeFileSync(other, "");
  chmodSync(other, 0o666);
  symlinkSync(other, join(dir, "board"));
  expect(narrow(dir)).toEqual([]);
  expect(modeOf(other)).toBe("666");
});

test("a directory that is not there has nothing wide", () => {
  const dir = join(tempDir(), "none");
  expect([narrow(dir), findWide(dir)]).toEqual([[], { count: 0, named: [] }]);
});

test("the hub's doctor names what others can read and what to do, and changes nothing", async () => {
  const dataDir = wideDirectory();
  const config = HubConfig.parse({
    dataDir,
    http: { port: 0 },
    mqtt: { port: 0 },
    alarms: { port: 0 },
  });
  const finding = async () => (await examineHub(config)).find(({ what }) => what === "privacy");
  expect(await finding()).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/found 5 that others can read: .*restart the hub.*chmod -R go= /),
  });
  expect(modeOf(dataDir)).toBe("755");
  narrow(dataDir);
  expect(await finding()).toMatchObject({ isOk: true });
});

test("the agent's doctor names what others can read and what to do", async () => {
  const dataDir = wideDirectory();
  const config = AgentConfig.parse({
    pillarId: "pillar-1",
    dataDir,
    hub: { host: "127.0.0.1", httpUrl: "http://127.0.0.1:1" },
    board: { kind: "modbus", path: join(dataDir, "board") },
    media: { cameras: [], microphone: { kind: "none" } },
  });
  const finding = async () => (await examinePillar(config)).find(({ name }) => name === "privacy");
  expect(await finding()).toMatchObject({
    isWell: false,
    text: expect.stringMatching(/found 5 that others can read: .*restart the agent.*chmod -R go= /),
  });
  narrow(dataDir);
  expect(await finding()).toMatchObject({ isWell: true });
});
