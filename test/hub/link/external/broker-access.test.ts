/** How the hub's settings become the connection to an external broker. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import type { ExternalBroker } from "../../../../hub/config.ts";
import { accessTo } from "../../../../hub/link/external/broker-access.ts";
import { loadConfig } from "../../../../hub/command/settings-file.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "anzhu-access-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const own = {
  caCertificate: "own ca",
  brokerClient: async (name: string) => ({ key: `key of ${name}`, cert: `cert of ${name}` }),
};

function load(external: object, env: Record<string, string> = {}): ExternalBroker {
  const file = join(dir, "hub.yaml");
  writeFileSync(file, stringify({ dataDir: "data", mqtt: { external } }));
  const found = loadConfig(file, env).mqtt.external;
  if (found === "none") throw new Error("expected a broker");
  return found;
}

test("an address alone is enough: the hub's own authority speaks for both ends", async () => {
  const access = await accessTo(load({ url: "mqtts://broker.example" }), own);
  expect(access).toEqual({
    host: "broker.example",
    port: 8883,
    ca: "own ca",
    key: "key of anzhu_hub",
    cert: "cert of anzhu_hub",
    clientId: "anzhu_hub",
    username: undefined,
    password: undefined,
  });
});

test("files are meant from where the settings lie, and a password may come from the environment", async () => {
  for (const name of ["ca", "cert", "key"])
    writeFileSync(join(dir, `${name}.pem`), `their ${name}`);
  const files = { ca: "ca.pem", certificate: "cert.pem", key: "key.pem" };
  const given = { url: "mqtts://[::1]:18883", username: "anzhu", ...files };
  const external = load(given, { ANZHU_HUB__MQTT__EXTERNAL__PASSWORD: "secret" });
  expect(await accessTo(external, own)).toMatchObject({
    ...{ host: "::1", port: 18_883, ca: "their ca", cert: "their cert", key: "their key" },
    ...{ username: "anzhu", password: "secret" },
  });
});

test("a file that is not there is named, with its setting and what to do", async () => {
  const external = load({ url: "mqtts://broker.example", ca: "gone.pem" });
  await expect(accessTo(external, own)).rejects.toThrow(
    /mqtt\.external\.ca must be a PEM file, found .*gone\.pem.*leave it out/s,
  );
});

test.each([
  ["an address without TLS", { url: "mqtt://broker.example" }, "url"],
  ["a name a pillar could have", { url: "mqtts://broker.example", clientId: "hub" }, "clientId"],
  [
    "a certificate without its key",
    { url: "mqtts://broker.example", certificate: "cert.pem" },
    "certificate and key together",
  ],
])("%s is refused with line and column", (_what, external, words) => {
  expect(() => load(external)).toThrow(new RegExp(`hub\\.yaml:\\d+:\\d+[^]*${words}`));
});
