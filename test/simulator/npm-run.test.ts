/**
 * What `npm run` starts ends with it, and help texts name commands that work for who reads them.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { afterEach, expect, test } from "vitest";
import { freePort, freeUdpRange } from "../kit/programs/free-ports.ts";

const ROOT = join(import.meta.dirname, "../..");
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-npm-"));
  dirs.push(dir);
  return dir;
}

interface Run {
  readonly npm: ChildProcess;
  readonly output: () => string;
}

function npmRun(...words: readonly string[]): Run {
  const npm = spawn("npm", ["run", ...words], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.on("data", (chunk: Buffer) => (printed += String(chunk)));
  }
  return { npm, output: () => printed };
}

/** Every process that works in this directory, by its command line. */
function workingIn(dir: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return words.includes(dir) ? [`${pid} ${words}`] : [];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

test("a hub started by npm ends with npm, in order", async () => {
  const dir = newDir();
  const [http, mqtt, alarms] = [await freePort(), await freePort(), await freePort()];
  const file = join(dir, "hub.yaml");
  const host = "127.0.0.1";
  const media = await freeUdpRange(20);
  const settings = {
    dataDir: join(dir, "data"),
    http: { host, port: http },
    mqtt: { host, port: mqtt },
    alarms: { host, port: alarms },
    media: { udpPorts: [media, media + 19] },
  };
  writeFileSync(file, stringify(settings));
  const { npm, output } = npmRun("hub", "--", "start", "-c", file);
  await expect.poll(output, { timeout: 30_000 }).toContain("the hub serves");
  npm.kill("SIGTERM");
  await once(npm, "exit");
  await expect.poll(() => workingIn(dir), { timeout: 15_000 }).toEqual([]);
  expect(output()).toContain("stopped");
});

test("a demo started by npm ends with npm, and everything it started with it", async () => {
  const dir = newDir();
  const [http, mqtt, control] = [await freePort(), await freePort(), await freePort()];
  const media = await freeUdpRange(100);
  const ports = [
    "--http-port",
    `${http}`,
    "--mqtt-port",
    `${mqtt}`,
    "--control-port",
    `${control}`,
  ];
  const { npm, output } = npmRun(
    ...["demo", "--", "--data", dir, "--pillars", "1", ...ports],
    ...["--media-ports", `${media}-${media + 99}`],
  );
  await expect.poll(output, { timeout: 120_000 }).toContain(`http://localhost:${http}`);
  expect(workingIn(dir).length).toBeGreaterThan(3);
  npm.kill("SIGTERM");
  await once(npm, "exit");
  await expect.poll(() => workingIn(dir), { timeout: 20_000 }).toEqual([]);
}, 180_000);

test.each([
  ["hub", "anzhu-hub doctor", "npm run hub -- doctor"],
  ["agent", "anzhu-agent doctor", "npm run agent -- doctor"],
])("the %s's help names what works where it is read", async (script, installed, inCheckout) => {
  const run = promisify(execFile);
  const { npm_lifecycle_event: _, ...env } = process.env;
  const direct = await run(join(ROOT, `tools/bin/anzhu-${script}`), ["--help"], { env });
  expect(direct.stdout).toContain(installed);
  const byNpm = await run("npm", ["run", "-s", script, "--", "--help"], { cwd: ROOT });
  expect(byNpm.stdout).toContain(inCheckout);
  expect(byNpm.stdout).not.toContain(installed);
});
