/**
 * A whole hub and a whole agent whose certificate is
 * old: it is renewed, shown, and the old one refused.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startAgent, type RunningAgent } from "../../device/agent.ts";
import { enrol } from "../../device/adapters/hub/enrolment.ts";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import { readTlsPair } from "../../device/adapters/identity/tls-pair.ts";
import { askForCertificate } from "../../device/adapters/hub/renewal.ts";
import { mqttLink } from "../../device/adapters/hub/mqtt-link.ts";
import { readIdentity } from "../../device/adapters/identity/identity.ts";
import { AgentConfig } from "../../device/config.ts";
import { openEnrolments } from "../../hub/identity/enrolments.ts";
import { HubConfig } from "../../hub/config.ts";
import { startHub, type HubProcess } from "../../hub/hub-process.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import { PillarId } from "../../shared/ids.ts";
import { deafMedia, handBoard } from "../kit/wire/hand-board.ts";
import { waitFor } from "../kit/run/wait.ts";

const PILLAR = PillarId.parse("pillar-1");
const DAY_MS = 86_400_000;
const WITHIN = { timeout: 15_000 };

let dir: string;
let hub: HubProcess;
let agent: RunningAgent | undefined;
const lines: string[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-renewal-"));
  const free = { port: 0 };
  const config = HubConfig.parse({
    dataDir: join(dir, "hub"),
    http: free,
    mqtt: free,
    alarms: free,
  });
  hub = await startHub(config, { log: pino({ level: "silent" }) });
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await hub.stop();
  lines.length = 0;
  rmSync(dir, { recursive: true, force: true });
});

/** Enrolled as many days ago. */
async function enrolled(daysAgo: number, alarmsPort = hub.alarmsPort): Promise<AgentConfig> {
  const hubDir = join(dir, "hub");
  const { caFingerprint } = await openAuthority(hubDir, []);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - daysAgo * DAY_MS });
  try {
    const enrolments = openEnrolments(join(hubDir, "enrolments.db"));
    const place = { name: PILLAR, grid: "", address: "", position: null };
    const secret = await enrolments.create({ pillarId: PILLAR, ...place });
    enrolments.close();
    const config = AgentConfig.parse({
      pillarId: PILLAR,
      dataDir: join(dir, "pillar"),
      hub: {
        host: "127.0.0.1",
        mqttPort: hub.mqttPort,
        httpUrl: `http://127.0.0.1:${hub.httpPort}`,
        alarmUrls: [`https://127.0.0.1:${alarmsPort}`],
      },
      board: { kind: "modbus", path: join(dir, "board") },
      clock: { trust: "always" },
    });
    await enrol(config, `${PILLAR}:${secret}:${caFingerprint}`);
    return config;
  } finally {
    vi.useRealTimers();
  }
}

async function start(config: AgentConfig): Promise<ReturnType<typeof handBoard>> {
  const board = handBoard();
  const say = (text: string): void => void lines.push(text);
  const log = { debug: say, info: say, warn: say, error: say };
  agent = await startAgent(config, { log, board, media: deafMedia(), firstLookMs: 50 });
  return board;
}

function factsOf(type: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(dir, "hub", "journal.db"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT body FROM journal WHERE type = ? ORDER BY idx").all(type);
    return rows.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
  } finally {
    database.close();
  }
}

const pairOf = ({ dataDir }: AgentConfig) => readTlsPair(dataPaths(dataDir).tlsPair);

test("an agent renews in the last third, shows the new certificate at rest, and the old one is refused", async () => {
  const config = await enrolled(45);
  const before = pairOf(config);
  const { tlsKey, tlsCert, ca } = readIdentity(config.dataDir, PILLAR);
  const board = await start(config);
  await waitFor(() => expect(factsOf("certificate-adopted")).toHaveLength(1), WITHIN);
  const after = pairOf(config);
  const serialOf = ({ certificate }: typeof after): string =>
    certificate.serialNumber.toLowerCase();
  expect(factsOf("certificate-renewed")).toMatchObject([
    { pillarId: PILLAR, replaces: serialOf(before), certificateSerial: serialOf(after) },
  ]);
  expect(after.tlsKey).not.toBe(before.tlsKey);
  expect(after.certificate.validToDate > before.certificate.validToDate).toBe(true);
  await waitFor(() => expect(agent!.state().link.phase).toBe("up"), WITHIN);
  board.press();
  await waitFor(() => expect(board.lamps.at(-1)).toBe("received"), WITHIN);
  const old = { pillarId: PILLAR, host: "127.0.0.1", port: hub.mqttPort, tlsKey, tlsCert, ca };
  const link = mqttLink({ ...old, notEndedBefore: () => 0 }, () => undefined);
  const refused = new Promise<string>((resolve) => link.onDown(resolve));
  link.connect(false);
  expect(await refused).toContain("Not authorized");
  await link.close();
}, 60_000);

test("a pillar whose clock nothing has set asks early, and is told that it is not time", async () => {
  const config = await enrolled(5);
  await start({ ...config, clock: { ...config.clock, trust: "never" } });
  const before = pairOf(config).tlsCert;
  const isAnswered = (): boolean => lines.some((line) => line.includes("it is not time"));
  await waitFor(() => expect(isAnswered()).toBe(true), WITHIN);
  expect(factsOf("certificate-renewed")).toEqual([]);
  expect(pairOf(config).tlsCert).toBe(before);
}, 60_000);

test("a renewal that fails with few days left is a fault of the pillar, seen at the hub within 15 s", async () => {
  const config = await enrolled(55, 1);
  await start(config);
  const failed = (): unknown[] =>
    factsOf("pillar-fault").filter(({ code }) => code === "renewal-failing");
  await waitFor(() => expect(failed()).toMatchObject([{ isActive: true }]), WITHIN);
  await waitFor(() => {
    const codes = factsOf("pillar-fault").map(({ code }) => code);
    expect(codes).toContain("certificate-ending");
  }, WITHIN);
  expect(lines.some((line) => line.includes("could not be renewed"))).toBe(true);
}, 60_000);

test("an expired certificate renews nothing: the pillar waits for a new code", async () => {
  const config = await enrolled(61);
  await start(config);
  await waitFor(
    () => expect(lines.some((line) => line.includes("expected a good certificate"))).toBe(true),
    WITHIN,
  );
  expect(factsOf("certificate-renewed")).toEqual([]);
  const told = { code: "certificate-expired", isActive: true };
  await waitFor(() => expect(factsOf("pillar-fault")).toMatchObject([told]), WITHIN);
}, 60_000);

test("a pillar gets no certificate in the name of another", async () => {
  const { dataDir } = await enrolled(45);
  const asked = askForCertificate({
    pillarId: PillarId.parse("pillar-2"),
    urls: [`https://127.0.0.1:${hub.alarmsPort}`],
    identity: readIdentity(dataDir, PILLAR),
    notEndedBefore: () => 0,
  });
  await expect(asked).rejects.toThrow("expected the certificate of pillar-2, found pillar-1's");
  expect(factsOf("certificate-renewed")).toEqual([]);
}, 60_000);
