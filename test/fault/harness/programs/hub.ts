/** A real hub in a process of its own, that can be killed, and the desk that works at it. */
import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { z } from "zod";
import { openAccounts } from "../../../../hub/accounts/accounts.ts";
import { openEnrolments } from "../../../../hub/identity/enrolments.ts";
import type { HubConfig } from "../../../../hub/config.ts";
import { mediaOf } from "../../../../hub/core/media-of.ts";
import { openAuthority } from "../../../../hub/identity/authority.ts";
import { PillarId, Username } from "../../../../shared/ids.ts";
import { ACCOUNTS, PASSWORD } from "../../../../simulator/demo/demo-hub.ts";
import { ROOT } from "../../../../simulator/live/program.ts";
import { readyWhileProgressing } from "../../../../simulator/demo/progress.ts";
import { freePort, freeUdpRange } from "../../../kit/programs/free-ports.ts";
import type { History } from "../judge/history.ts";
import { newOperatorClient, type OperatorClient } from "./operator.ts";
import { startProcess, type Process, type Surroundings } from "./process.ts";

/** A hub that has done nothing for so long will not be ready. */
const PATIENCE_MS = 30_000;
const MEDIA_PORTS = 40;
/** On whatever machine it runs, unless a test is about several. */
const MEDIA_PROCESSES = 1;

/** In the command of the hub's media process that carries this pillar, and of no other. */
export const hubMediaOf = (pillarId: string, processes = MEDIA_PROCESSES): string =>
  `hub/media/main.ts ${mediaOf(PillarId.parse(pillarId), processes)}`;

export interface HubUnderTest {
  readonly url: string;
  readonly mqttPort: number;
  /** The pillars' HTTPS fallback. */
  readonly alarmsPort: number;
  readonly dir: string;
  readonly operator: OperatorClient;
  process(): Process;
  /** Resolves when `/readyz` is good, unless told not to wait. */
  start(around?: Surroundings & { readonly waits?: boolean }): Promise<void>;
  crash(): Promise<void>;
  /** Everything stops at one instant, at which `meanwhile` is done; then nothing is left of it. */
  cutPower(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
  /**
   * The hub's own command line, with these settings; rejects with what it printed when it fails.
   */
  command(...words: readonly string[]): Promise<string>;
  /** Puts back a copy of the journal that was begun then. The hub is stopped. */
  restore(copy: string, begunAt: number): Promise<void>;
  /** A one-time code for a pillar. */
  code(pillarId: string): Promise<string>;
  isReady(): Promise<boolean>;
  /** Lines of all its starts. */
  lines(): readonly string[];
}

export interface HubWanted {
  readonly dir: string;
  readonly history: History;
  readonly settings?: Partial<z.input<typeof HubConfig>>;
}

export async function newHub({ dir, history, settings = {} }: HubWanted): Promise<HubUnderTest> {
  mkdirSync(dir, { recursive: true });
  const [httpPort, mqttPort, alarmsPort] = [await freePort(), await freePort(), await freePort()];
  const media = await freeUdpRange(MEDIA_PORTS);
  const config: z.input<typeof HubConfig> = {
    dataDir: dir,
    ...settings,
    media: {
      processes: MEDIA_PROCESSES,
      udpPorts: [media, media + MEDIA_PORTS - 1],
      ...settings.media,
    },
    http: { ...settings.http, host: "127.0.0.1", port: httpPort },
    alarms: { host: "127.0.0.1", port: alarmsPort, ...settings.alarms },
    mqtt: { host: "127.0.0.1", port: mqttPort, ...settings.mqtt },
  };
  const file = join(dir, "hub.yaml");
  writeFileSync(file, stringify(config));
  await createAccounts(dir);
  const url = `http://127.0.0.1:${httpPort}`;
  const lives: Process[] = [];
  const isReady = (): Promise<boolean> => fetch(`${url}/readyz`).then(({ ok }) => ok, no);
  const current = (): Process => lives.at(-1) ?? fail("the hub was never started");
  const down = async (end: (life: Process) => Promise<void>): Promise<void> => {
    history.record({ what: "hub", at: Date.now(), state: "down" });
    await end(current());
    appendFileSync(join(dir, "hub.log"), `${current().lines().join("\n")}\n--\n`);
  };
  const start: HubUnderTest["start"] = async ({ waits = true, ...around } = {}) => {
    lives.push(startProcess(["hub/main.ts", "start", "-c", file], around));
    if (!waits) return;
    const life = current();
    const isUp = await readyWhileProgressing({
      pid: life.pid,
      lines: () => life.lines().length,
      isReady,
      isGivenUp: () => !life.isRunning(),
      patienceMs: PATIENCE_MS,
    });
    if (isUp) {
      history.record({ what: "hub", at: Date.now(), state: "up" });
      return;
    }
    fail(`the hub is not ready:\n${current().lines().slice(-10).join("\n")}`);
  };
  const command: HubUnderTest["command"] = async (...words) => {
    const node = [join(ROOT, "hub/main.ts"), ...words, "-c", file];
    return (await promisify(execFile)(process.execPath, node)).stdout;
  };
  return {
    url,
    mqttPort,
    alarmsPort,
    dir,
    isReady,
    operator: newOperatorClient(url, PASSWORD),
    process: current,
    start,
    crash: () => down((life) => life.crash()),
    cutPower: (meanwhile) =>
      down(async (life) => {
        life.freeze();
        await meanwhile();
        await life.cutPower();
      }),
    stop: () => down((life) => life.stop()),
    command,
    restore: async (copy, begunAt) => {
      await command("restore", copy);
      history.record({ what: "hub", at: begunAt, state: "down" });
    },
    code: (pillarId) => oneTimeCode(dir, PillarId.parse(pillarId)),
    lines: () => lives.flatMap((life) => life.lines()),
  };
}

const no = (): boolean => false;

function fail(reason: string): never {
  throw new Error(reason);
}

async function createAccounts(dir: string): Promise<void> {
  const accounts = openAccounts(join(dir, "accounts.db"));
  for (const { username, displayName, role } of ACCOUNTS) {
    const account = { username: Username.parse(username), displayName, role };
    await accounts.add({ ...account, password: PASSWORD, isDemo: true }, null);
  }
  accounts.close();
  // Ordinary accounts from here on: tests sign in through
  // proxies too, which a demo account may not.
  const database = new DatabaseSync(join(dir, "accounts.db"));
  database.exec("UPDATE account SET is_demo = 0");
  database.close();
}

async function oneTimeCode(dir: string, pillarId: PillarId): Promise<string> {
  const { caFingerprint } = await openAuthority(dir, []);
  const enrolments = openEnrolments(join(dir, "enrolments.db"));
  const details = { pillarId, name: pillarId, grid: "01", address: "", position: null };
  const secret = await enrolments.create(details);
  enrolments.close();
  return `${pillarId}:${secret}:${caFingerprint}`;
}
