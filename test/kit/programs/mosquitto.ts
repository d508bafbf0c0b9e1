/**
 * A real mosquitto with the configuration that stands in docs/external-broker.md,
 * so that the document is proven.
 *
 * The one limit: it must be installed; without it the tests say so and are skipped.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Authority } from "../../../hub/identity/ports.ts";
import { until } from "../../../simulator/demo/hub-client.ts";
import { documented, listens } from "./broker-document.ts";
import { freePort } from "./free-ports.ts";

const READY_MS = 10_000;
const MAX_LINES = 20_000;
const PLACES = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"];

export interface Mosquitto {
  readonly port: number;
  readonly dir: string;
  start(): Promise<void>;
  /** `kill -9`. */
  crash(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Everything it kept is gone; certificates and settings are there. */
  wipe(): void;
  lines(): readonly string[];
  close(): Promise<void>;
}

export interface MosquittoWanted {
  readonly dir: string;
  readonly authority: Pick<Authority, "caCertificate" | "certifyBroker">;
  /** Changes the settings, for a test that needs others. */
  readonly settings?: (documented: string) => string;
  readonly acl?: (documented: string) => string;
}

/** Why a test cannot run here; `undefined` when it can. */
export function noMosquitto(): string | undefined {
  return program() ? undefined : "needs mosquitto; install it with apt-get";
}

const program = (): string | undefined => PLACES.find((path) => existsSync(path));

export async function newMosquitto(wanted: MosquittoWanted): Promise<Mosquitto> {
  const { dir, authority, settings = same, acl = same } = wanted;
  mkdirSync(join(dir, "data"), { recursive: true });
  const port = await freePort();
  const { key, cert } = await authority.certifyBroker(["127.0.0.1", "localhost"]);
  const file = join(dir, "anzhu.conf");
  writeFileSync(join(dir, "ca.pem"), authority.caCertificate);
  writeFileSync(join(dir, "broker.key.pem"), key);
  writeFileSync(join(dir, "broker.cert.pem"), cert);
  writeFileSync(join(dir, "anzhu.acl"), acl(documented("acl")));
  const conf = documented("conf")
    .replaceAll("/etc/mosquitto/anzhu/", `${dir}/`)
    .replace("listener 8883", `listener ${port} 127.0.0.1`);
  // It would become the user mosquitto, who may not read a test's directory.
  const user = process.getuid?.() === 0 ? "user root\n" : "";
  writeFileSync(file, `${user}persistence_location ${dir}/data/\n${settings(conf)}`);
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  return {
    port,
    dir,
    lines: () => lines,
    async start() {
      child = spawn(program() ?? "mosquitto", ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) {
        if (!stream) continue;
        createInterface({ input: stream }).on("line", (line) => {
          if (lines.length < MAX_LINES) lines.push(line);
        });
      }
      if (await until(READY_MS, () => listens(port))) return;
      throw new Error(`mosquitto does not listen:\n${lines.slice(-10).join("\n")}`);
    },
    crash: () => end("SIGKILL"),
    signal: (signal) => void child?.kill(signal),
    wipe() {
      rmSync(join(dir, "data"), { recursive: true, force: true });
      mkdirSync(join(dir, "data"));
    },
    close: () => end("SIGKILL"),
  };
}

const same = (text: string): string => text;
