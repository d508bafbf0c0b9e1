/**
 * `anzhu-hub doctor`: what is well, what is not, and what to do about it, one line each.
 *
 * It looks and changes nothing, also while the hub runs.
 * The whole chain is checked, from the first fact.
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { examineAreas } from "./area-doctor.ts";
import { examineBroker } from "./broker-doctor.ts";
import type { HubConfig } from "../config.ts";
import { lockData } from "../storage/data-lock.ts";
import { checkClock, checkDisk } from "../shell/health.ts";
import { BEGINNING, verifyChain } from "../journal/chain.ts";
import { openForReading } from "../../shared/host/sqlite.ts";
import { isNamed } from "../identity/authority.ts";
import { serverNames } from "../identity/server-names.ts";
import { findWide } from "../storage/private-files.ts";
import type { Finding } from "./finding.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_BEFORE_DAYS = 30;

export async function examine(config: HubConfig): Promise<readonly Finding[]> {
  const { dataDir } = config;
  if (!existsSync(dataDir)) {
    const detail = `${dataDir} does not exist yet; the first start makes it`;
    return [{ what: "data", isOk: true, detail }, checkWall(), ...(await ports(config))];
  }
  const { external } = config.mqtt;
  const isHubRunning = isRunning(dataDir);
  const disk = await checkDisk(dataDir);
  return [
    { what: "disk", isOk: disk.isOk, detail: disk.detail },
    checkWall(),
    privacy(dataDir),
    ...journal(join(dataDir, "journal.db")),
    ...certificates(join(dataDir, "authority")),
    ...addresses(config),
    ...examineAreas(dataDir, config.areas),
    ...(isHubRunning
      ? [{ what: "ports", isOk: true, detail: "a hub is running in this directory and holds them" }]
      : await ports(config)),
    ...(external === "none" ? [] : await examineBroker(external, { dataDir, isHubRunning })),
  ];
}

function checkWall(): Finding {
  const clock = checkClock(Date.now());
  return { what: "clock", isOk: clock.isOk, detail: clock.detail };
}

/** Password hashes, keys and recordings of people lie here. */
function privacy(dataDir: string): Finding {
  const what = "privacy";
  const { count, named } = findWide(dataDir);
  if (count === 0) return { what, isOk: true, detail: `only its owner can read ${dataDir}` };
  const detail =
    `expected directories 0700 and files 0600, found ${count} that others can read: ` +
    `${named.join(", ")}${count > named.length ? ", …" : ""}; ` +
    `restart the hub, which narrows them, or run: chmod -R go= ${dataDir}`;
  return { what, isOk: false, detail };
}

function isRunning(dataDir: string): boolean {
  // To try the lock would make its file.
  if (!existsSync(join(dataDir, "hub.lock"))) return false;
  try {
    lockData(dataDir).release();
    return false;
  } catch (error) {
    // Held: that is the answer, not a failure.
    return error instanceof Error;
  }
}

function journal(file: string): Finding[] {
  if (!existsSync(file)) {
    return [{ what: "journal", isOk: true, detail: "none yet; the first start makes it" }];
  }
  try {
    const database = openForReading(file);
    try {
      const [found] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
      const file_ = {
        what: "journal",
        isOk: found === "ok",
        detail:
          found === "ok"
            ? `${file} is whole`
            : `quick_check found ${String(found)}: stop the hub, keep the file, restore a backup`,
      };
      const verdict = verifyChain(database, BEGINNING);
      const chain = {
        what: "chain",
        isOk: verdict.ok,
        detail: verdict.ok
          ? `${verdict.rows} facts, each linked to the one before; sealed: ${verdict.sealed.length}`
          : `${verdict.reason}: keep the file as evidence, restore a backup`,
      };
      return [file_, chain];
    } finally {
      database.close();
    }
  } catch (error) {
    const detail = `${file} cannot be read (${String(error)}): check its owner and the disk`;
    return [{ what: "journal", isOk: false, detail }];
  }
}

function certificates(directory: string): Finding[] {
  return ["ca.cert.pem", "server.cert.pem"].map((name) => {
    const file = join(directory, name);
    const what = `certificate ${name}`;
    if (!existsSync(file))
      return { what, isOk: true, detail: "none yet; the first start makes it" };
    try {
      const { validTo } = new X509Certificate(readFileSync(file));
      const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
      const isOk = days >= RENEW_BEFORE_DAYS;
      const advice = isOk
        ? ""
        : "; a hub that runs renews its server's certificate: look at its log";
      return { what, isOk, detail: `valid for ${days} days, until ${validTo}${advice}` };
    } catch (error) {
      return { what, isOk: false, detail: `${file} is no certificate (${String(error)})` };
    }
  });
}

/**
 * A pillar or a browser at an address that is not in the certificate is refused by its own rules.
 */
function addresses(config: HubConfig): Finding[] {
  const file = join(config.dataDir, "authority", "server.cert.pem");
  if (!existsSync(file)) return [];
  const what = "certificate names";
  try {
    const certificate = new X509Certificate(readFileSync(file));
    const lacking = serverNames(config).filter((name) => !isNamed(certificate, name));
    if (lacking.length === 0) {
      return [{ what, isOk: true, detail: "every address this hub listens on is in it" }];
    }
    const detail =
      `expected ${lacking.join(", ")} in the hub's certificate, found it without: restart the hub, ` +
      "which makes a new one; further names belong in mqtt.names";
    return [{ what, isOk: false, detail }];
  } catch (error) {
    return [{ what, isOk: false, detail: `${file} is no certificate (${String(error)})` }];
  }
}

async function ports({ http, mqtt, alarms }: HubConfig): Promise<Finding[]> {
  return [
    await portFree("port http", http.host, http.port),
    ...(mqtt.external === "none" ? [await portFree("port mqtt", mqtt.host, mqtt.port)] : []),
    await portFree("port alarms", alarms.host, alarms.port),
  ];
}

function portFree(what: string, host: string, port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      const detail = `${host}:${port} cannot be used (${error.message}): free it or change the port`;
      resolve({ what, isOk: false, detail });
    });
    server.listen(port, host, () => {
      server.close(() => resolve({ what, isOk: true, detail: `${host}:${port} is free` }));
    });
  });
}
