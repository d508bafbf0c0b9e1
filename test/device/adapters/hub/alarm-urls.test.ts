/**
 * Which addresses the HTTPS fallback uses: without a setting, with one, and when it is switched
 * off.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { alarmUrlsOf } from "../../../../device/adapters/hub/alarm-urls.ts";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import { AgentConfig } from "../../../../device/config.ts";

function configOf(hub: object = {}): AgentConfig {
  const dataDir = mkdtempSync(join(tmpdir(), "anzhu-urls-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  mkdirSync(dataPaths(dataDir).identityDir);
  return AgentConfig.parse({
    ...{ pillarId: "gate-1", dataDir, board: { kind: "modbus", path: "/dev/null" } },
    hub: { host: "hub.example", httpUrl: "https://hub.example:8110", ...hub },
  });
}

test("a minimal configuration has an HTTPS fallback, at the port the hub named when it was enrolled", () => {
  const config = configOf();
  expect(alarmUrlsOf(config)).toEqual(["https://hub.example:8884"]);
  writeFileSync(dataPaths(config.dataDir).alarmsPort, "9443");
  expect(alarmUrlsOf(config)).toEqual(["https://hub.example:9443"]);
  writeFileSync(dataPaths(config.dataDir).alarmsPort, "nonsense");
  expect(alarmUrlsOf(config)).toEqual(["https://hub.example:8884"]);
});

test("what is set is used instead, and an empty list switches it off", () => {
  const alarmUrls = ["https://other.example:1"];
  expect(alarmUrlsOf(configOf({ alarmUrls }))).toEqual(alarmUrls);
  expect(alarmUrlsOf(configOf({ alarmUrls: [] }))).toEqual([]);
});

test("an IPv6 address stands in brackets", () => {
  expect(alarmUrlsOf(configOf({ host: "2001:db8::1" }))).toEqual(["https://[2001:db8::1]:8884"]);
});
