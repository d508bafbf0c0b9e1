/**
 * Looks at everything a pillar needs, and says of each whether it is well and what to do if not.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { AgentConfig } from "../config.ts";
import { dataPaths } from "../adapters/host/data-dir.ts";
import { reasonOf } from "../adapters/host/failure.ts";
import { readIdentity } from "../adapters/identity/identity.ts";
import { findWide } from "../adapters/host/private-files.ts";
import { readTlsPair } from "../adapters/identity/tls-pair.ts";

export interface Finding {
  readonly name: string;
  readonly isWell: boolean;
  /** What was found, and what to do if it is not well. */
  readonly text: string;
}

const LOOK_MS = 10_000;
const DAY_MS = 86_400_000;
/** Two thirds of the time are for renewing; this little is left when nothing did. */
const ENDING_DAYS = 10;

type Check = (config: AgentConfig) => Promise<string>;

const CHECKS: Readonly<Record<string, Check>> = {
  identity: checkIdentity,
  certificate: checkCertificate,
  privacy: checkPrivacy,
  ledger: checkLedger,
  board: checkBoard,
  ffmpeg: checkFfmpeg,
  hub: checkHub,
  fallback: checkFallback,
};

export async function examine(config: AgentConfig): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    findings.push(
      await Promise.resolve(config)
        .then(check)
        .then(
          (text) => ({ name, isWell: true, text }),
          (error: unknown) => ({ name, isWell: false, text: reasonOf(error) }),
        ),
    );
  }
  return findings;
}

function checkIdentity({ dataDir, pillarId }: AgentConfig): Promise<string> {
  readIdentity(dataDir, pillarId);
  return Promise.resolve(`keys and certificate of ${pillarId} are there and fit`);
}

async function checkCertificate({ dataDir }: AgentConfig): Promise<string> {
  const until = readTlsPair(dataPaths(dataDir).tlsPair).certificate.validToDate;
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  const date = until.toISOString().slice(0, 10);
  if (days >= ENDING_DAYS) return `valid until ${date}`;
  const found = days < 0 ? `ended on ${date}` : `ends on ${date}, in ${days} days`;
  throw new Error(
    `the certificate ${found}; the agent should have renewed it: look at its log for "renewal", ` +
      "or enrol again: anzhu-agent enrol",
  );
}

/** The pillar's private keys lie here. */
async function checkPrivacy({ dataDir }: AgentConfig): Promise<string> {
  const { count, named } = findWide(dataDir);
  if (count === 0) return `only its owner can read ${dataDir}`;
  throw new Error(
    `expected directories 0700 and files 0600, found ${count} that others can read: ` +
      `${named.join(", ")}${count > named.length ? ", …" : ""}; ` +
      `restart the agent, which narrows them, or run: chmod -R go= ${dataDir}`,
  );
}

/** The agent of this pillar must be stopped: the device can be opened only once. */
async function checkLedger({ dataDir }: AgentConfig): Promise<string> {
  const { openStore } = await import("../adapters/ledger/ledger-store.ts");
  const file = dataPaths(dataDir).ledger;
  try {
    await access(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (reasonOf(error).includes("ENOENT")) return "not there yet; made at the first start";
    throw error;
  }
  const store = openStore(file);
  try {
    const damage = store.check();
    if (damage.length === 0) return "its newest alarms form an unbroken chain";
    throw new Error(
      `${damage.join("; ")}. Keep the file as evidence and tell the hub's technician`,
    );
  } finally {
    store.close();
  }
}

async function checkBoard({ board }: AgentConfig): Promise<string> {
  if (board.kind === "onoff") {
    const { chipBase } = await import("../adapters/board/gpio-onoff.ts");
    return `chip ${board.chip} starts at line ${chipBase(board.sysfs, board.chip)}`;
  }
  await access(board.path, constants.R_OK | constants.W_OK).catch((error: unknown) => {
    throw new Error(
      `${board.path} cannot be used: ${reasonOf(error)}. Is it plugged in, is its name right, ` +
        "and is this user in the group dialout?",
    );
  });
  const { modbusBoard } = await import("../adapters/board/modbus-board.ts");
  const line = modbusBoard(board);
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer")), LOOK_MS);
      line.onReachable((isReachable, detail) => {
        clearTimeout(timer);
        if (isReachable) resolve(`the I/O board on ${board.path} answers`);
        else reject(new Error(detail));
      });
    });
  } finally {
    await line.close();
  }
}

async function checkFfmpeg(): Promise<string> {
  const { ffmpegVersion, findFfmpeg } = await import("../media/ffmpeg.ts");
  const found = await findFfmpeg();
  if (!found.ok) throw new Error(found.reason);
  return `${found.path}, version ${await ffmpegVersion(found.path)}`;
}

/** Whether an alarm has another way when MQTT is silent. */
async function checkFallback(config: AgentConfig): Promise<string> {
  const { alarmUrlsOf } = await import("../adapters/hub/alarm-urls.ts");
  const urls = alarmUrlsOf(config);
  if (urls.length > 0) return `alarms also go to ${urls.join(", ")}`;
  throw new Error(
    "hub.alarmUrls is an empty list: no alarm goes by HTTPS when MQTT is silent; remove the line",
  );
}

/** A whole connection, as the agent makes it; the hub drops an older one of the same pillar. */
async function checkHub(config: AgentConfig): Promise<string> {
  const { mqttLink } = await import("../adapters/hub/mqtt-link.ts");
  const identity = readIdentity(config.dataDir, config.pillarId);
  const { tlsKey, tlsCert, ca } = identity;
  const { host, mqttPort: port } = config.hub;
  const notEndedBefore = (): number => identity.validity().from;
  const settings = { pillarId: config.pillarId, host, port, tlsKey, tlsCert, ca, notEndedBefore };
  const link = mqttLink(settings, () => undefined);
  try {
    return await new Promise<string>((resolve, reject) => {
      link.onUp(() => resolve(`${host}:${port} accepts this pillar`));
      link.onDown((reason) => reject(new Error(reason)));
      link.connect(false);
    });
  } finally {
    await link.close();
  }
}
