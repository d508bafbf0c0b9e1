/** The demo, started as a person starts it but on free ports and in a directory of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { freePort, freeUdpRange } from "./free-ports.ts";

const ROOT = join(import.meta.dirname, "../../..");

export interface Demo {
  readonly httpUrl: string;
  readonly controlUrl: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export async function startDemo(
  options: { pillars?: number; dataDir?: string } = {},
): Promise<Demo> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "anzhu-demo-"));
  const [http, mqtt, control] = [await freePort(), await freePort(), await freePort()];
  const media = await freeUdpRange(200);
  const child = spawn(
    process.execPath,
    [
      ...[
        "simulator/main.ts",
        "demo",
        "--data",
        dataDir,
        "--pillars",
        String(options.pillars ?? 1),
      ],
      ...[
        "--http-port",
        String(http),
        "--mqtt-port",
        String(mqtt),
        "--control-port",
        String(control),
      ],
      ...["--media-ports", `${media}-${media + 199}`],
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  const isReady = new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (printed.includes(`http://localhost:${http}`)) resolve();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("exit", (code) => reject(new Error(`the demo ended (${code}):\n${printed}`)));
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
  };
  await isReady.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    httpUrl: `http://localhost:${http}`,
    controlUrl: `http://127.0.0.1:${control}`,
    dataDir,
    process: child,
    output: () => printed,
    stop,
  };
}

/** Throws with the server's own words when it refuses. */
export async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return z.json().parse(text === "" ? null : JSON.parse(text));
}
