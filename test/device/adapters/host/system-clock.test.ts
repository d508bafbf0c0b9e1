/** Whether the wall clock is trusted: by the files of a time daemon, or by the settings. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../../device/adapters/host/system-clock.ts";

test("a clock is set when any of the marks is there", () => {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-clock-"));
  const marks = [join(dir, "one"), join(dir, "two")];
  expect(systemClock({ trust: "auto", marks }).isSynced()).toBe(false);
  writeFileSync(join(dir, "two"), "");
  expect(systemClock({ trust: "auto", marks }).isSynced()).toBe(true);
  expect(systemClock({ trust: "never", marks }).isSynced()).toBe(false);
  rmSync(dir, { recursive: true });
});

test("a clock that the settings vouch for needs no mark", () => {
  expect(systemClock({ trust: "always", marks: [] }).isSynced()).toBe(true);
});
