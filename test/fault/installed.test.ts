/**
 * An installation as `docs/installing.md` says, by the
 * commands and settings of that page, whose MQTT fails.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { until } from "../../simulator/demo/hub-client.ts";
import { openBoard, type VirtualBoard } from "../../simulator/live/board/virtual-board.ts";
import { ROOT } from "../../simulator/live/program.ts";
import { freePort, freeUdpRange } from "../kit/programs/free-ports.ts";
import { newLine } from "./harness/network/line.ts";
import { startProcess, type Process } from "./harness/programs/process.ts";

const SLOW = 120_000;
const START_MS = 60_000;
/** Five seconds of waiting for MQTT, and a busy machine. */
const RECEIVED_MS = 20_000;
const MEDIA_PORTS = 40;
const HERE = "127.0.0.1";

/** What the tests share to be quicker; an installed machine has its own. */
delete process.env["NODE_COMPILE_CACHE"];

const page = readFileSync(join(ROOT, "docs/installing.md"), "utf8");

/** The first settings of that name on the page. */
function settingsOf(name: "hub.yaml" | "agent.yaml"): Record<string, unknown> {
  const [, text = ""] = new RegExp(`\`\`\`yaml\\n# ${name}\\n([^]*?)\`\`\``).exec(page) ?? [];
  return parse(text) as Record<string, unknown>;
}

async function run(program: string, ...words: readonly string[]): Promise<string> {
  const command = [join(ROOT, program, "main.ts"), ...words];
  return (await promisify(execFile)(process.execPath, command)).stdout;
}

function started(command: readonly string[]): Process {
  const life = startProcess(command);
  onTestFinished(() => life.stop());
  return life;
}

async function untilSo(what: string, life: Process, isSo: () => boolean | Promise<boolean>) {
  if (await until(START_MS, async () => isSo())) return;
  throw new Error(`expected ${what}, found:\n${life.lines().slice(-12).join("\n")}`);
}

async function pressed(board: VirtualBoard, agent: Process): Promise<void> {
  await board.press("button", 90);
  await expect
    .poll(() => board.outputs().lamp, { timeout: RECEIVED_MS, message: agent.lines().join("\n") })
    .toBe("received");
}

test(
  "an alarm of a pillar installed by the documents is received by HTTPS when MQTT is refused",
  { timeout: SLOW },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "anzhu-installed-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const [http, mqtt, alarms] = [await freePort(), await freePort(), await freePort()];
    const media = await freeUdpRange(MEDIA_PORTS);
    const hubFile = join(dir, "hub.yaml");
    const hubSettings = {
      ...settingsOf("hub.yaml"),
      dataDir: join(dir, "hub"),
      http: { host: HERE, port: http },
      mqtt: { host: HERE, port: mqtt },
      alarms: { host: HERE, port: alarms },
      media: { addresses: [HERE], udpPorts: [media, media + MEDIA_PORTS - 1] },
    };
    writeFileSync(hubFile, stringify(hubSettings));
    const hub = started(["hub/main.ts", "start", "-c", hubFile]);
    const ready = `http://${HERE}:${http}/readyz`;
    await untilSo("a ready hub", hub, () =>
      fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    await untilSo("compiled code kept", hub, () => existsSync(join(dir, "hub", "compile-cache")));

    // MQTT alone goes through a cable that can be cut.
    const cable = await newLine(mqtt);
    onTestFinished(() => cable.close());
    const board = await openBoard(join(dir, "board"));
    onTestFinished(() => board.close());
    const agentFile = join(dir, "agent.yaml");
    const said = settingsOf("agent.yaml");
    expect(Object.keys(said["hub"] as object)).toEqual(["host", "httpUrl"]);
    const agentSettings = {
      ...said,
      dataDir: join(dir, "agent"),
      hub: { host: HERE, mqttPort: cable.port, httpUrl: `http://${HERE}:${http}` },
      board: { kind: "modbus", path: board.path },
      media: { cameras: [], microphone: { kind: "none" } },
    };
    writeFileSync(agentFile, stringify(agentSettings));
    const pillarId = String(said["pillarId"]);
    const printed = await run("hub", "enrol", pillarId, "--name", "东门", "-c", hubFile);
    const [code = printed] = /[a-z0-9-]+:[A-Za-z0-9_-]{22}:[0-9a-f]{64}/.exec(printed) ?? [];
    await run("device", "enrol", "-c", agentFile, "--code", code);
    const agent = started(["device/main.ts", "start", "-c", agentFile]);
    await untilSo("an armed agent", agent, () =>
      agent.lines().some((line) => line.includes("armed:")),
    );

    cable.set("cut");
    await untilSo("a lost link", agent, () =>
      agent.lines().some((line) => line.includes("hub is not reached")),
    );
    await pressed(board, agent);
    expect(cable.connections()).toBe(0);
  },
);
