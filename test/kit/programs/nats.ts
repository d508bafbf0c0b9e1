/**
 * A real nats-server with the configuration that stands in
 * docs/external-broker.md, so that the document is proven.
 *
 * The one limit: it must be installed; without it the tests say so and are skipped.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Authority } from "../../../hub/identity/ports.ts";
import { until } from "../../../simulator/demo/hub-client.ts";
import { findProgram } from "../../../tools/setup/search-path.ts";
import { documented, listens } from "./broker-document.ts";
import { freePort } from "./free-ports.ts";

const READY_MS = 10_000;
const MAX_LINES = 20_000;

export interface Nats {
  readonly port: number;
  /** What it has written to its log. */
  lines(): readonly string[];
  close(): Promise<void>;
}

export interface NatsWanted {
  readonly dir: string;
  readonly authority: Pick<Authority, "caCertificate" | "certifyBroker">;
  /** Changes the settings, for a test that needs others. */
  readonly settings?: (documented: string) => string;
}

/** Why a test cannot run here; `undefined` when it can. */
export function noNats(): string | undefined {
  return program() ? undefined : "needs nats-server; install it with apt-get";
}

const program = (): string | undefined => findProgram("nats-server");

export async function startNats(wanted: NatsWanted): Promise<Nats> {
  const { dir, authority, settings = (text) => text } = wanted;
  mkdirSync(dir, { recursive: true });
  const [port, clientPort] = [await freePort(), await freePort()];
  const { key, cert } = await authority.certifyBroker(["127.0.0.1", "localhost"]);
  const file = join(dir, "anzhu.conf");
  writeFileSync(join(dir, "ca.pem"), authority.caCertificate);
  writeFileSync(join(dir, "broker.key.pem"), key);
  writeFileSync(join(dir, "broker.cert.pem"), cert);
  const conf = documented("nats")
    .replaceAll("/etc/nats/anzhu/", `${dir}/`)
    .replaceAll("/var/lib/nats/", `${dir}/data/`)
    .replace("127.0.0.1:4222", `127.0.0.1:${clientPort}`)
    .replace("0.0.0.0:8883", `127.0.0.1:${port}`);
  writeFileSync(file, settings(conf));
  const lines: string[] = [];
  const child = spawn(program() ?? "nats-server", ["-c", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (lines.length < MAX_LINES) lines.push(line);
    });
  }
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  if (await until(READY_MS, () => listens(port))) return { port, lines: () => lines, close };
  await close();
  throw new Error(`nats-server does not listen:\n${lines.slice(-10).join("\n")}`);
}
