/** The hub's name does not lead to the hub: no answer, none in time, a wrong one. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import { hubReach, type Lookup } from "../../device/adapters/hub/hub-address.ts";
import { startAgent, type RunningAgent } from "../../device/agent.ts";
import type { AgentConfig } from "../../device/config.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import { alarmListener } from "../kit/wire/alarm-listener.ts";
import { deafMedia, handBoard, type HandBoard } from "../kit/wire/hand-board.ts";
import { enrolledPillar, smallHub, type Pillar, type SmallHub } from "../kit/wire/small-hub.ts";
import { waitFor } from "../kit/run/wait.ts";

const NAME = "hub.example";
const HERE = "127.0.0.1";
const ELSEWHERE = "127.0.0.2";
/** Longer than the time after which the display says 110. */
const WITHIN = { timeout: 9000, interval: 20 };

let hub: SmallHub;
let pillar: Pillar;
let config: AgentConfig;

beforeEach(async () => {
  hub = await smallHub([NAME]);
  pillar = await enrolledPillar(hub);
  config = { ...pillar.config, hub: { ...pillar.config.hub, host: NAME, alarmUrls: [] } };
});
afterEach(async () => {
  await hub?.close();
  pillar.remove();
});

const notFound: Lookup = (name) =>
  Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" }));
const never: Lookup = () => new Promise(() => undefined);
const leadsTo =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses);

interface Life {
  readonly agent: RunningAgent;
  readonly board: HandBoard;
  readonly lines: string[];
}

async function live(lookup: Lookup, of: AgentConfig = config): Promise<Life> {
  const board = handBoard();
  const lines: string[] = [];
  const take = (text: string): void => void lines.push(text);
  const log = { debug: take, info: take, warn: take, error: take };
  const agent = await startAgent(of, { log, board, media: deafMedia(), lookup });
  onTestFinished(() => agent.stop());
  return { agent, board, lines };
}

/** A start in which the name led to the hub. */
async function earlierLife(): Promise<void> {
  const { agent } = await live(leadsTo(HERE));
  await waitFor(() => expect(agent.state().link.phase).toBe("up"), WITHIN);
  await agent.stop();
}

const kept = (): unknown =>
  JSON.parse(readFileSync(dataPaths(pillar.dir).hubAddresses, "utf8")) as unknown;

/** At the hub's own port, on another address of this machine. */
function listenElsewhere(server: ReturnType<typeof createServer>): Promise<void> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => void sockets.add(socket));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(hub.port, ELSEWHERE, resolve);
  });
}

async function strangeHub(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-strange-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const { server } = await openAuthority(dir, [NAME]);
  await listenElsewhere(createTlsServer({ ...server, minVersion: "TLSv1.3" }));
}

describe("a pillar that reached its hub by name before", () => {
  test.each([
    ["does not exist", notFound, undefined],
    ["is not answered for", never, undefined],
    ["has no address", leadsTo(), undefined],
    ["leads to an address where nobody listens", leadsTo(ELSEWHERE), undefined],
    ["leads to another hub", leadsTo(ELSEWHERE), strangeHub],
    [
      "leads to something that says nothing",
      leadsTo(ELSEWHERE),
      () => listenElsewhere(createServer()),
    ],
  ])(
    "D10 is received by MQTT at the last good address when the name %s",
    async (...[, lookup, wrong]) => {
      await earlierLife();
      await wrong?.();
      const { board, lines } = await live(lookup);
      board.press();
      await waitFor(() => expect(board.lamps.at(-1)).toBe("received"), WITHIN);
      expect(hub.alarms()).toHaveLength(1);
      const said = `the name ${NAME} did not lead to the hub; its last good address ${HERE} did`;
      expect(lines).toContain(said);
      expect(kept()).toEqual({ v: 1, addresses: [{ name: NAME, address: HERE }] });
    },
  );

  test("D10 keeps the address for itself, and a damaged file costs nothing but that", async () => {
    await earlierLife();
    const file = dataPaths(pillar.dir).hubAddresses;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, '{"v":1,"addresses":[{"name":"hub.example","address":"nowhere"}]}');
    const { agent, lines } = await live(leadsTo(HERE));
    await waitFor(() => expect(agent.state().link.phase).toBe("up"), WITHIN);
    expect(lines.join("\n")).toContain("is not used, and written anew");
    expect(kept()).toEqual({ v: 1, addresses: [{ name: NAME, address: HERE }] });
  });

  test("D10 is received by HTTPS at the last good address when MQTT is dead as well", async () => {
    const listener = await alarmListener(hub.authority);
    onTestFinished(() => listener.close());
    const url = listener.url.replace(HERE, NAME);
    const deaf = { ...config, hub: { ...config.hub, mqttPort: 1, alarmUrls: [url] } };
    await earlierLife();
    const { board } = await live(never, deaf);
    board.press();
    await waitFor(() => expect(board.lamps.at(-1)).toBe("received"), {
      ...WITHIN,
      timeout: 14_000,
    });
    expect(listener.alarms).toHaveLength(1);
  });
});

describe("a hub that has moved", () => {
  test("D10 the name is asked for every connection, and a slow answer counts", async () => {
    const file = dataPaths(pillar.dir).hubAddresses;
    const old = { v: 1, addresses: [{ name: NAME, address: ELSEWHERE }] };
    writeFileSync(file, JSON.stringify(old));
    let asked = 0;
    const lookup: Lookup = async () => {
      asked += 1;
      if (asked < 3) return await notFound(NAME);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return [HERE];
    };
    const { agent, board } = await live(lookup);
    board.press();
    await waitFor(() => expect(board.lamps.at(-1)).toBe("received"), WITHIN);
    expect(asked).toBe(3);
    expect(agent.state().link.phase).toBe("up");
    expect(kept()).toEqual({ v: 1, addresses: [{ name: NAME, address: HERE }] });
  });

  test("D10 the second address of a name is tried when the first is wrong", async () => {
    await strangeHub();
    const { agent, lines } = await live(leadsTo(ELSEWHERE, HERE));
    await waitFor(() => expect(agent.state().link.phase).toBe("up"), WITHIN);
    expect(lines.join("\n")).not.toContain("did not lead to the hub");
  });
});

test("D10 a name service that is silent holds two of the machine's threads at most", async () => {
  const asked: string[] = [];
  const lookup: Lookup = (name) => {
    asked.push(name);
    return never(name);
  };
  const file = dataPaths(pillar.dir).hubAddresses;
  const reach = hubReach({ file, warn: () => undefined, lookup });
  const peer = { port: hub.port, tlsKey: "", tlsCert: "", ca: "", withinMs: 300 };
  const names = ["a.example", "a.example", "b.example", "c.example"];
  const ends = await Promise.allSettled(names.map((host) => reach({ ...peer, host })));
  expect(asked).toEqual(["a.example", "b.example"]);
  const reasons = ends.map((end) => end.status === "rejected" && String(end.reason));
  expect(reasons).toEqual([
    "Error: the name a.example was not answered for in time",
    "Error: the name a.example was not answered for in time",
    "Error: the name b.example was not answered for in time",
    "Error: c.example is not asked for before a.example and b.example are answered",
  ]);
});
