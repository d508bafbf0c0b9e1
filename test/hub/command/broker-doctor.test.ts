/** `doctor` with real mosquittos: configured as documented, and with one rule missing each. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { examineBroker } from "../../../hub/command/broker-doctor.ts";
import { HubConfig } from "../../../hub/config.ts";
import { openAuthority } from "../../../hub/identity/authority.ts";
import { newMosquitto, noMosquitto, type MosquittoWanted } from "../../kit/programs/mosquitto.ts";

const skipped = noMosquitto();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Changes = Pick<MosquittoWanted, "settings" | "acl">;

/** The names of the faults that it finds. */
async function faults(changes: Changes, isHubRunning = false): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-doctor-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  const authority = await openAuthority(dir, []);
  const mosquitto = await newMosquitto({ dir: join(dir, "broker"), authority, ...changes });
  await mosquitto.start();
  closers.push(() => mosquitto.close());
  const findings = await examineBroker(externalAt(mosquitto.port), { dataDir: dir, isHubRunning });
  return findings.filter(({ isOk }) => !isOk).map(({ what }) => what);
}

function externalAt(port: number) {
  const url = `mqtts://127.0.0.1:${port}`;
  const { external } = HubConfig.parse({ dataDir: "/", mqtt: { external: { url } } }).mqtt;
  if (external === "none") throw new Error("bug: no external broker");
  return external;
}

const without =
  (line: string) =>
  (documented: string): string => {
    if (!documented.includes(`${line}\n`)) throw new Error(`expected "${line}" in the document`);
    return documented.replace(`${line}\n`, "");
  };
const after =
  (line: string, more: string) =>
  (documented: string): string =>
    documented.replace(line, `${line}\n${more}`);

describe.skipIf(skipped)(`the doctor before a broker (${skipped ?? "mosquitto"})`, () => {
  test("finds nothing wrong with the documented one", async () => {
    expect(await faults({})).toEqual([]);
    expect(await faults({}, true)).toEqual([]);
  });

  test.each<readonly [string, Changes, readonly string[]]>([
    [
      "a hub that may not read",
      { acl: (documented) => documented.replace("readwrite", "write") },
      ["broker"],
    ],
    [
      "pillars that may not write",
      { acl: without("pattern write anzhu/v1/%u/up/#") },
      ["broker pillars"],
    ],
    [
      "pillars that may write anything",
      { acl: after("pattern write anzhu/v1/%u/up/#", "pattern write anzhu/v1/#") },
      ["broker access list"],
    ],
    [
      "pillars that may read anything",
      { acl: after("pattern write anzhu/v1/%u/up/#", "pattern read anzhu/v1/#") },
      ["broker access list"],
    ],
    ["free client ids", { settings: without("use_username_as_clientid true") }, ["broker names"]],
    [
      "messages of any length",
      { settings: without("message_size_limit 65536") },
      ["broker limits"],
    ],
    [
      "clients without certificate",
      {
        settings: (text) =>
          text.replace(
            /require_certificate[^]*/,
            "require_certificate false\nallow_anonymous true\n",
          ),
        acl: () => "topic readwrite anzhu/v1/#\n",
      },
      ["broker strangers", "broker access list", "broker names"],
    ],
  ])("finds %s", async (_what, changes, expected) => {
    expect(await faults(changes)).toEqual(expected);
  });

  test("names a broker that is not there", async () => {
    const dir = mkdtempSync(join(tmpdir(), "anzhu-doctor-"));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    await openAuthority(dir, []);
    const findings = await examineBroker(externalAt(1), { dataDir: dir, isHubRunning: false });
    expect(findings[0]).toMatchObject({ what: "broker", isOk: false });
    expect(findings[0]?.detail).toContain("is it running?");
  });
});
