/**
 * The demo's hub: its settings, its accounts, its process.
 *
 * The one limit: everybody knows the password. The hub listens on loopback only.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import type { Role } from "../../shared/api/session.ts";
import { Username } from "../../shared/ids.ts";
import { openAccounts } from "../../hub/accounts/accounts.ts";
import type { HubConfig } from "../../hub/config.ts";
import { runProgram, startProgram } from "../live/program.ts";
import type { Program } from "../live/program.ts";
import type { Place } from "./places.ts";

export const PASSWORD = "demo";

export const ACCOUNTS: readonly { username: string; displayName: string; role: Role }[] = [
  { username: "operator", displayName: "王警官", role: "operator" },
  { username: "operator2", displayName: "李警官", role: "operator" },
  { username: "supervisor", displayName: "陈值班长", role: "supervisor" },
  { username: "technician", displayName: "赵工", role: "technician" },
  { username: "admin", displayName: "管理员", role: "admin" },
];

export interface HubOptions {
  /** Everything of the hub lies here. */
  readonly dir: string;
  readonly logPath: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly mediaPorts: readonly [first: number, last: number];
  readonly onMessage: (text: string) => void;
}

export interface DemoHub {
  readonly program: Program;
  enrolmentCode(place: Place): Promise<string>;
}

export async function startHub(options: HubOptions): Promise<DemoHub> {
  mkdirSync(options.dir, { recursive: true });
  const config = join(options.dir, "hub.yaml");
  writeFileSync(config, stringify(hubConfig(options)));
  await createAccounts(options.dir);
  const program = startProgram({
    name: "hub",
    // As in `npm run hub`: a smaller young generation, 10 % less memory.
    command: ["--max-semi-space-size=1", "hub/main.ts", "start", "-c", config],
    logPath: options.logPath,
    onMessage: options.onMessage,
  });
  return { program, enrolmentCode: (place) => enrolmentCode(config, place) };
}

/** The port of the pillars' HTTPS fallback lies beside that of MQTT. */
export const alarmsPortOf = (mqttPort: number): number => mqttPort + 1;

function hubConfig(options: HubOptions): z.input<typeof HubConfig> {
  const { dir, httpPort, mqttPort, mediaPorts } = options;
  return {
    dataDir: dir,
    http: { host: "127.0.0.1", port: httpPort },
    mqtt: { host: "127.0.0.1", port: mqttPort },
    alarms: { host: "127.0.0.1", port: alarmsPortOf(mqttPort) },
    media: { udpPorts: [mediaPorts[0], mediaPorts[1]] },
  };
}

/** Those that are missing: a password somebody changed stays changed. */
async function createAccounts(dir: string): Promise<void> {
  const accounts = openAccounts(join(dir, "accounts.db"));
  const known = new Set((await accounts.list()).map((account) => String(account.username)));
  for (const account of ACCOUNTS) {
    if (known.has(account.username)) continue;
    const username = Username.parse(account.username);
    await accounts.add({ ...account, username, password: PASSWORD, isDemo: true }, null);
  }
  accounts.close();
}

async function enrolmentCode(config: string, place: Place): Promise<string> {
  const [longitude, latitude] = place.position;
  const details = ["--name", place.name, "--grid", place.grid, "--address", place.address];
  const where = ["--position", `${longitude},${latitude}`];
  const command = ["hub/main.ts", "enrol", "-c", config, place.id, ...details, ...where];
  const result = await runProgram(command);
  const code = /^\s*([a-z0-9-]+:[A-Za-z0-9_-]{22}:[0-9a-f]{64})\s*$/m.exec(result.output)?.[1];
  if (result.code === 0 && code !== undefined) return code;
  throw new Error(`no enrolment code for ${place.id}: ${result.errors || result.output}`);
}
