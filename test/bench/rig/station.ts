/**
 * A hub process of its own and one enrolled agent in this process, whose board the test presses.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgent, type RunningAgent } from "../../../device/agent.ts";
import { enrol } from "../../../device/adapters/hub/enrolment.ts";
import { AgentConfig } from "../../../device/config.ts";
import type { LampPattern } from "../../../device/core/state/shown.ts";
import type { Board, InputChange, MediaPort } from "../../../device/ports.ts";
import { ACCOUNTS, PASSWORD, startHub } from "../../../simulator/demo/demo-hub.ts";
import { until } from "../../../simulator/demo/hub-client.ts";
import { demoPlaces } from "../../../simulator/demo/places.ts";
import { freePort, freeUdpRange } from "../../kit/programs/free-ports.ts";

export interface Station {
  /** Presses the button for an instant, now. */
  press(): void;
  /** Resolves with `performance.now()` of the moment the lamp shows the pattern next. */
  lamp(pattern: LampPattern): Promise<number>;
  /** Answers and closes what is open, so that the next press opens a new incident. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function openStation(): Promise<Station> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-bench-"));
  const [httpPort, mqttPort, media] = [await freePort(), await freePort(), await freeUdpRange(100)];
  const hub = await startHub({
    ...{ dir: join(dir, "hub"), logPath: join(dir, "hub.log"), httpPort, mqttPort },
    mediaPorts: [media, media + 99],
    onMessage: (text) => console.error(text),
  });
  const url = `http://127.0.0.1:${httpPort}`;
  if (!(await until(20_000, async () => (await fetch(`${url}/readyz`)).ok))) {
    throw new Error(`the hub is not ready; see ${dir}/hub.log`);
  }
  const config = AgentConfig.parse({
    pillarId: "demo-001",
    dataDir: join(dir, "pillar"),
    hub: { host: "127.0.0.1", mqttPort, httpUrl: url },
    board: { kind: "modbus", path: "/dev/null" },
  });
  const [place] = demoPlaces(1);
  if (!place) throw new Error("bug: the demo has no place");
  await enrol(config, await hub.enrolmentCode(place));
  const board = handBoard();
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (text: string) => console.error(text),
  };
  const agent: RunningAgent = await startAgent(config, { log, board, media: NO_MEDIA });
  await agent.armed;
  const operator = await signIn(url);
  return {
    press: board.press,
    lamp: board.lamp,
    clear: operator.clear,
    stop: async () => {
      await agent.stop();
      await hub.program.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const quiet = (): void => undefined;

const NO_MEDIA: MediaPort = {
  send: quiet,
  onMessage: quiet,
  onRunning: quiet,
  close: () => Promise.resolve(),
};

function handBoard(): Board & Pick<Station, "press" | "lamp"> {
  const listeners: ((change: InputChange) => void)[] = [];
  let waiting: { pattern: LampPattern; resolve: (at: number) => void }[] = [];
  const tell = (isActive: boolean): void =>
    listeners.forEach((listener) => listener({ input: "button", isActive, at: performance.now() }));
  return {
    press: () => [true, false].forEach(tell),
    lamp: (pattern) => new Promise((resolve) => waiting.push({ pattern, resolve })),
    onInput: (listener) => void listeners.push(listener),
    onReachable: (listener) => listener(true, ""),
    setLamp: (shown) => {
      const at = performance.now();
      const met = waiting.filter(({ pattern }) => pattern === shown);
      waiting = waiting.filter(({ pattern }) => pattern !== shown);
      met.forEach(({ resolve }) => resolve(at));
    },
    setSiren: quiet,
    close: () => Promise.resolve(),
  };
}

async function signIn(url: string): Promise<Pick<Station, "clear">> {
  const post = async (path: string, body: unknown, token?: string): Promise<unknown> => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const username = ACCOUNTS[0]?.username;
  const session = (await post("/sessions", { username, password: PASSWORD })) as { token: string };
  const clear = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${session.token}` };
    const list = await fetch(`${url}/api/v1/incidents?state=active`, { headers });
    const { items } = (await list.json()) as { items: { id: string }[] };
    for (const { id } of items) {
      await post(`/incidents/${id}/answer`, {}, session.token);
      await post(`/incidents/${id}/close`, { disposition: "test", note: "" }, session.token);
    }
  };
  return { clear };
}
