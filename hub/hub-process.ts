/**
 * A whole hub in one process: journal, core, pillar link, API, and the media process beside it.
 *
 * Order is safety: the journal is folded before anything listens, and everything that may still speak is
 * silenced before the journal closes.
 */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { HubConfig } from "./config.ts";
import { lockData } from "./data-lock.ts";
import { checkHealth } from "./health.ts";
import { openJournal } from "./journal/journal.ts";
import type { Receipts } from "./link/receipts.ts";
import { startMediaProcess } from "./media/media-process.ts";
import { inspectRecording } from "./media/recover.ts";
import { NO_CREDENTIALS, successorOf, whyNotAdmitted } from "./core/certificate.ts";
import type { EscalationSettings } from "./core/escalation.ts";
import type { PillarId } from "../shared/ids.ts";
import type { Authority, MediaPort, WayIn } from "./ports.ts";
import { startShell, type Shell } from "./shell.ts";
import { webhooksOf } from "./webhook.ts";

export interface HubProcess {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly alarmsPort: number;
  /** Ends in order; what was taken is committed. */
  stop(): Promise<void>;
}

export interface HubOptions {
  readonly log: Logger;
  /** For tests without picture and voice. */
  readonly media?: MediaPort;
  /** For measurements only: without it both ends of every control connection are no-delay. */
  readonly noDelay?: boolean;
}

/** What to undo, newest first. */
type Closers = (() => unknown)[];

export async function startHub(config: HubConfig, options: HubOptions): Promise<HubProcess> {
  const closers: Closers = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const ports = await start(config, options, closers);
    return { ...ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: HubConfig,
  options: HubOptions,
  closers: Closers,
): Promise<Pick<HubProcess, "httpPort" | "mqttPort" | "alarmsPort">> {
  const { dataDir } = config;
  const { log } = options;
  const lock = lockData(dataDir);
  closers.push(() => lock.release());
  const { openAuthority } = await import("./link/authority.ts");
  const authority = await openAuthority(dataDir, config.mqtt.names);
  const { shell, hubEpoch } = await startCore(config, { ...options, authority }, closers);
  const waysIn = { ...options, authority, shell };
  const { listen, mqttPort, alarmsPort } = await startWaysIn(config, waysIn, closers);
  const httpPort = await listen(hubEpoch);
  log.info(
    `the hub serves ${config.http.host}:${httpPort}, ` +
      `pillars on port ${mqttPort}, and by HTTPS on port ${alarmsPort}`,
  );
  return { httpPort, mqttPort, alarmsPort };
}

async function startCore(
  config: HubConfig,
  options: HubOptions & { readonly authority: Authority },
  closers: Closers,
): Promise<{ shell: Shell; hubEpoch: () => string }> {
  const { log, authority } = options;
  const journalFile = join(config.dataDir, "journal.db");
  const startedAt = performance.now();
  const journal = await openJournal(journalFile);
  const { openRegister } = await import("./link/identity-register.ts");
  const media = options.media ?? startMedia(config, log);
  let shell: Shell;
  try {
    shell = startShell({
      dataDir: config.dataDir,
      journalFile,
      journal,
      settings: {
        escalation: escalationOf(config),
        maxOpen: config.incidents.maxOpen,
      },
      webhooks: webhooksOf(config),
      maxViewers: config.media.maxViewers,
      authority,
      media,
      register: openRegister(config.dataDir, (text) => log.error(text)),
      inspect: inspectRecording,
      log,
    });
  } catch (error) {
    await media.close();
    await journal.close();
    throw error;
  }
  closers.push(
    () => shell.stop(),
    () => media.close(),
  );
  await shell.recallIdentities();
  const took = Math.round(performance.now() - startedAt);
  const { pillars, incidents } = shell.loop.state();
  log.info(
    `journal folded in ${took} ms: ${pillars.size} pillars, ${incidents.size} open incidents`,
  );
  return { shell, hubEpoch: () => journal.hubEpoch() };
}

function escalationOf(config: HubConfig): EscalationSettings {
  const { desksAfterSeconds, supervisorAfterSeconds, externalAfterSeconds } =
    config.incidents.escalation;
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  return {
    desksAfterMs: ms(desksAfterSeconds),
    supervisorAfterMs: ms(supervisorAfterSeconds),
    externalAfterMs: ms(externalAfterSeconds),
    targets: webhooksOf(config).map(({ url }) => url),
  };
}

function startMedia(config: HubConfig, log: Logger): MediaPort {
  const { udpPorts, addresses, maxViewers } = config.media;
  const settings = { udpPorts, addresses, maxViewers };
  return startMediaProcess({ settings, log: (level, text) => log[level](text) });
}

interface WaysIn extends HubOptions {
  readonly authority: Authority;
  readonly shell: Shell;
}

async function startWaysIn(
  config: HubConfig,
  waysIn: WaysIn,
  closers: Closers,
): Promise<{
  mqttPort: number;
  alarmsPort: number;
  listen: (hubEpoch: () => string) => Promise<number>;
}> {
  const { log, authority, shell } = waysIn;
  const { openReceipts } = await import("./link/receipts.ts");
  const { loop, linkEvents: events } = shell;
  const receipts = openReceipts();
  const broker = await startWayIn(config, waysIn);
  closers.push(() => broker.close());
  const link = receipts.through(broker);
  shell.attach(link);
  const mqttPort = broker.port;
  const alarmsPort = await startAlarmDoor(config, { log, authority, shell, receipts }, closers);
  const listen = async (hubEpoch: () => string): Promise<number> => {
    const { openAccounts } = await import("./api/accounts.ts");
    const { openEnrolments } = await import("./api/enrolments.ts");
    const { buildApi } = await import("./api/server.ts");
    const accounts = openAccounts(join(config.dataDir, "accounts.db"));
    closers.push(() => accounts.close());
    const enrolments = openEnrolments(join(config.dataDir, "enrolments.db"));
    closers.push(() => enrolments.close());
    const stores = { accounts, enrolments, authority, receipts };
    const app = await buildApi({
      ...stores,
      config,
      events,
      hubEpoch,
      log,
      mqttPort,
      hub: shell.commands,
      reads: shell.reads,
      health: () =>
        checkHealth({
          config,
          loop,
          isMediaUp: () => loop.state().heard.isMediaUp,
          broker: () => broker.health(),
        }),
    });
    closers.push(() => app.close());
    return listenOn(app, config.http);
  };
  return { mqttPort, alarmsPort, listen };
}

async function startWayIn(config: HubConfig, waysIn: WaysIn): Promise<WayIn> {
  const { log, authority, shell, noDelay } = waysIn;
  const { loop, linkEvents: events } = shell;
  const { external } = config.mqtt;
  if (external !== "none") {
    const { startExternalBroker } = await import("./link/external-broker.ts");
    const { accessTo } = await import("./link/broker-access.ts");
    const access = await accessTo(external, authority);
    const recordOf = (id: PillarId) => loop.state().pillars.get(id);
    return startExternalBroker({
      access,
      isEnrolled: (id) => Boolean(recordOf(id)?.certificate),
      successor: (id) => successorOf(recordOf(id) ?? NO_CREDENTIALS, Date.now()),
      events,
      log,
    });
  }
  const { startBroker } = await import("./link/embedded-broker.ts");
  const knownPillars = (id: PillarId, serial: string): true | string =>
    whyNotAdmitted(loop.state().pillars.get(id), serial, Date.now()) ?? true;
  const own = { config, authority, events, log, knownPillars };
  return await startBroker({ ...own, ...(noDelay === undefined ? {} : { noDelay }) });
}

type Door = Pick<WaysIn, "log" | "authority" | "shell"> & { readonly receipts: Receipts };

async function startAlarmDoor(
  config: HubConfig,
  { log, authority, shell, receipts }: Door,
  closers: Closers,
): Promise<number> {
  const { buildAlarmDoor } = await import("./api/alarm-door.ts");
  const { linkEvents: events, reads, commands: hub } = shell;
  const door = await buildAlarmDoor({ log, authority, events, hub, reads, receipts });
  closers.push(() => door.close());
  return await listenOn(door, config.alarms);
}

/** Returns the port, which the system chose if the setting is 0. */
async function listenOn(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  await app.listen({ host, port });
  const address = app.server.address();
  return typeof address === "object" && address ? address.port : port;
}
