/**
 * A hub process with its journal on a real disk, and
 * a fleet in another: what the benches of load share.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../simulator/demo/hub-client.ts";
import { enrolMany, type Enrolment } from "../../../simulator/load/enrolment.ts";
import {
  startFleet,
  startFleetApart,
  type FleetProcess,
} from "../../../simulator/load/fleet-process.ts";
import { LOOPBACK, loadHubCommand } from "../../../simulator/load/hub-settings.ts";
import type { JournalledAlarm } from "../../../simulator/load/press-verdict.ts";
import { costOf, type Cost } from "../../../simulator/load/process-cost.ts";
import {
  startProcess,
  type Process,
  type Surroundings,
} from "../../fault/harness/programs/process.ts";
import { freePort, freeUdpRange } from "../../kit/programs/free-ports.ts";

const MEDIA_PORTS = 100;
const READY_MS = 60_000;
const LOOK_EVERY_MS = 4;
/** As the launchers set it. */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: "2" };

export interface LoadRig {
  readonly dir: string;
  readonly hubDir: string;
  readonly url: string;
  readonly enrolment: Enrolment;
  readonly fleet: FleetProcess;
  readonly hub: HubOfLoad;
  journal(): JournalOnDisk;
  close(): Promise<void>;
}

export interface HubOfLoad {
  /** Resolves when the pillars' port accepts, with that moment (Unix ms) and how long it took. */
  start(around?: Surroundings): Promise<{ readonly at: number; readonly tookMs: number }>;
  isReady(): Promise<boolean>;
  process(): Process;
  cost(): Cost;
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export interface JournalOnDisk {
  alarms(): JournalledAlarm[];
  count(): number;
  close(): void;
}

/**
 * Enrols the pillars; neither hub nor fleet is started yet.
 * `apart`: the first so many have their own process.
 */
export async function openLoad(pillars: number, apart = pillars): Promise<LoadRig> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-load-"));
  const hubDir = join(dir, "hub");
  const media = await freeUdpRange(MEDIA_PORTS);
  const [httpPort, mqttPort, alarmsPort] = [await freePort(), await freePort(), await freePort()];
  const mediaPorts = [media, media + MEDIA_PORTS - 1] as const;
  const command = loadHubCommand(hubDir, { httpPort, mqttPort, alarmsPort, mediaPorts });
  const enrolment = await enrolMany(hubDir, pillars);
  const ways = { host: LOOPBACK, mqttPort, alarmsPort };
  const wanted = { enrolment, hub: ways };
  const file = join(dir, "fleet.json");
  const fleet = apart < pillars ? startFleetApart(file, wanted, apart) : startFleet(file, wanted);
  const url = `http://${LOOPBACK}:${httpPort}`;
  const hub = hubOfLoad(command, { url, mqttPort });
  // A release's first start compiles it; that is not what is measured here.
  await hub.start();
  await hub.isReady();
  await hub.stop();
  return {
    ...{ dir, hubDir, url, enrolment, fleet, hub },
    journal: () => journalOnDisk(hubDir),
    close: async () => {
      await fleet.stop();
      await hub.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function hubOfLoad(
  command: readonly string[],
  { url, mqttPort }: { readonly url: string; readonly mqttPort: number },
): HubOfLoad {
  let life: Process | undefined;
  const current = (): Process => {
    if (!life) throw new Error("bug: the hub was never started");
    return life;
  };
  return {
    start: async (around = {}) => {
      const startedAt = performance.now();
      const env = { ...ENVIRONMENT, ...around.env };
      const started = startProcess(command, { ...around, env });
      life = started;
      while (!(await accepts(mqttPort))) {
        const isLate = performance.now() - startedAt > READY_MS;
        if (isLate || !started.isRunning()) {
          throw new Error(`the hub does not listen:\n${started.lines().slice(-10).join("\n")}`);
        }
        await delay(LOOK_EVERY_MS);
      }
      const now = performance.now();
      return { at: performance.timeOrigin + now, tookMs: now - startedAt };
    },
    isReady: () => until(READY_MS, async () => (await fetch(`${url}/readyz`)).ok),
    process: current,
    cost: () => costOf(current().pid()),
    crash: () => current().crash(),
    stop: async () => {
      await life?.stop();
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function journalOnDisk(hubDir: string): JournalOnDisk {
  const database = new DatabaseSync(join(hubDir, "journal.db"), { readOnly: true, timeout: 5000 });
  const count = database.prepare("select count(*) as n from alarm");
  return {
    alarms: () =>
      database
        .prepare("select event_id as eventId, incident_id as incidentId from alarm")
        .all() as unknown as JournalledAlarm[],
    count: () => Number(count.get()?.["n"]),
    close: () => database.close(),
  };
}
