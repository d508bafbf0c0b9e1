/**
 * A whole hub in one process: journal, core, pillar link, API, and the media process beside it.
 *
 * The order matters: the journal is folded and everything is loaded before anything listens, so that no connection
 * has to wait; and everything that may still send events is stopped before the journal closes.
 */
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { LOOPBACK } from "./api/http/public-address.ts";
import type { HubConfig } from "./config.ts";
import { lockData } from "./storage/data-lock.ts";
import { checkHealth } from "./shell/health.ts";
import { openJournal } from "./journal/journal.ts";
import { createSampledLog, type SampledLog } from "./link/sampled-log.ts";
import { startMediaProcess } from "./media/control/media-process.ts";
import { inspectRecording } from "./media/recorder/recover.ts";
import { NO_CREDENTIALS, successorOf, whyNotAdmitted } from "./core/pillar/certificate.ts";
import type { EscalationSettings } from "./core/incident/escalation.ts";
import { assert } from "../shared/assert.ts";
import type { PillarId } from "../shared/ids.ts";
import type { Authority, MediaPort, WayIn } from "./ports.ts";
import { narrow } from "./storage/private-files.ts";
import { startShell, type Shell } from "./shell/shell.ts";
import { webhooksOf } from "./shell/webhook.ts";

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
  /** For tests: how often the hub's own certificate is looked at. */
  readonly certificateCheckMs?: number;
  /** For measurements only: without it both ends of every control connection are no-delay. */
  readonly noDelay?: boolean;
}

/** A certificate has months left when it is renewed, so an hour is soon enough. */
const CERTIFICATE_CHECK_MS = 3_600_000;

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
  for (const failed of narrow(dataDir)) {
    log.error(`others may be able to read the hub's data: ${failed}; run: anzhu-hub doctor`);
  }
  const { openAuthority } = await import("./identity/authority.ts");
  const { serverNames } = await import("./identity/server-names.ts");
  const authority = await openAuthority(dataDir, serverNames(config));
  keepRenewed(config, { ...options, authority }, closers);
  const refused = createSampledLog(log);
  const parts = { ...options, authority, refused };
  const { shell, hubEpoch } = await startCore(config, parts, closers);
  const ports = await startDoors(config, { ...parts, shell, hubEpoch }, closers);
  const { httpPort, mqttPort, alarmsPort } = ports;
  log.info(
    `the hub serves ${config.http.host}:${httpPort}, ` +
      `pillars on port ${mqttPort}, and by HTTPS on port ${alarmsPort}`,
  );
  return ports;
}

/**
 * The hub's own certificates, as it renews the pillars': a hub may run for years.
 *
 * A connection to somebody else's broker is not ended for it: the next one shows the new certificate.
 */
function keepRenewed(
  { mqtt: { external } }: HubConfig,
  {
    authority,
    log,
    certificateCheckMs = CERTIFICATE_CHECK_MS,
  }: HubOptions & Pick<Doors, "authority">,
  closers: Closers,
): void {
  const look = async (): Promise<void> => {
    try {
      if (await authority.renewServer()) log.info("the hub's own certificate was renewed");
      if (external !== "none" && external.certificate === "own") {
        await authority.brokerClient(external.clientId);
      }
    } catch (error) {
      log.error({ error }, `the hub's own certificate could not be renewed: ${String(error)}`);
    }
  };
  const timer = setInterval(() => void look(), certificateCheckMs);
  closers.push(() => clearInterval(timer));
}

async function startCore(
  config: HubConfig,
  options: HubOptions & Pick<Doors, "authority" | "refused">,
  closers: Closers,
): Promise<{ shell: Shell; hubEpoch: () => string }> {
  const { log, authority, refused } = options;
  const journalFile = join(config.dataDir, "journal.db");
  const startedAt = performance.now();
  const journal = await openJournal(journalFile);
  const { openRegister } = await import("./identity/identity-register.ts");
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
      retention: config.recordings,
      webhooks: webhooksOf(config),
      maxViewers: config.media.maxViewers,
      authority,
      media,
      register: openRegister(config.dataDir, (text) => log.error(text)),
      inspect: inspectRecording,
      refused,
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
  const offersLoopback = LOOPBACK.includes(config.http.host);
  const settings = { udpPorts, addresses, offersLoopback, maxViewers };
  return startMediaProcess({ settings, log: (level, text) => log[level](text) });
}

interface Doors extends HubOptions {
  readonly authority: Authority;
  readonly shell: Shell;
  readonly hubEpoch: () => string;
  readonly refused: SampledLog;
}

/** What takes long is done before the first of them opens; the pillars' opens first. */
async function startDoors(
  config: HubConfig,
  doors: Doors,
  closers: Closers,
): Promise<Pick<HubProcess, "httpPort" | "mqttPort" | "alarmsPort">> {
  const { openHttpDoor } = await import("./api/http/http-entrance.ts");
  let broker: WayIn | undefined;
  const brokerThere = (): WayIn => {
    assert(broker, "asked for the pillars' way in before it was there");
    return broker;
  };
  const alarmDoor = await prepareAlarmDoor(doors, closers);
  let alarmsPort = config.alarms.port;
  const parts = { broker: brokerThere, alarmsPort: () => alarmsPort };
  const api = await prepareApi(config, { ...doors, ...parts }, closers);
  broker = await startWayIn(config, doors);
  closers.push(() => brokerThere().close());
  doors.shell.attach(broker);
  const { refused } = doors;
  const alarms = await openHttpDoor(alarmDoor, { ...config.alarms, refused });
  closers.push(() => alarms.close());
  alarmsPort = alarms.port;
  const http = await openHttpDoor(api, { ...config.http, refused });
  closers.push(() => http.close());
  return { httpPort: http.port, mqttPort: broker.port, alarmsPort };
}

type ApiDoor = Doors & {
  readonly broker: () => WayIn;
  readonly alarmsPort: () => number;
};

async function prepareApi(
  config: HubConfig,
  { log, authority, shell, hubEpoch, broker, alarmsPort, refused }: ApiDoor,
  closers: Closers,
): Promise<FastifyInstance> {
  const { loop, linkEvents: events } = shell;
  const { openAccounts } = await import("./accounts/accounts.ts");
  const { openEnrolments } = await import("./identity/enrolments.ts");
  const { buildApi } = await import("./api/server.ts");
  const accounts = openAccounts(join(config.dataDir, "accounts.db"));
  closers.push(() => accounts.close());
  const enrolments = openEnrolments(join(config.dataDir, "enrolments.db"));
  closers.push(() => enrolments.close());
  const app = await buildApi({
    ...{ config, accounts, enrolments, authority, events, hubEpoch, refused, log },
    mqttPort: () => broker().port,
    alarmsPort,
    hub: shell.commands,
    reads: shell.reads,
    health: () =>
      checkHealth({
        config,
        loop,
        isMediaUp: () => loop.state().heard.isMediaUp,
        broker: () => broker().health(),
        whyConsolesMiss: () => shell.whyConsolesMiss(),
      }),
  });
  closers.push(() => app.close());
  await app.ready();
  return app;
}

async function prepareAlarmDoor(
  { log, authority, shell }: Doors,
  closers: Closers,
): Promise<FastifyInstance> {
  const { buildAlarmDoor } = await import("./api/fallback-server.ts");
  const { linkEvents: events, reads, commands: hub } = shell;
  const door = await buildAlarmDoor({ log, authority, events, hub, reads });
  closers.push(() => door.close());
  await door.ready();
  return door;
}

async function startWayIn(config: HubConfig, doors: Doors): Promise<WayIn> {
  const { log, authority, shell, refused, noDelay } = doors;
  const { loop, linkEvents: events } = shell;
  const { external } = config.mqtt;
  if (external !== "none") {
    const { startExternalBroker } = await import("./link/external/external-broker.ts");
    const { accessTo } = await import("./link/external/broker-access.ts");
    const readAccess = () => accessTo(external, authority);
    const access = await readAccess();
    const recordOf = (id: PillarId) => loop.state().pillars.get(id);
    return startExternalBroker({
      access,
      readAccess,
      isEnrolled: (id) => Boolean(recordOf(id)?.certificate),
      successor: (id) => successorOf(recordOf(id) ?? NO_CREDENTIALS, Date.now()),
      events,
      refused,
      log,
    });
  }
  const { startBroker } = await import("./link/embedded/embedded-broker.ts");
  const knownPillars = (id: PillarId, serial: string): true | string =>
    whyNotAdmitted(loop.state().pillars.get(id), serial, Date.now()) ?? true;
  const own = { config, authority, events, refused, log, knownPillars };
  return await startBroker({ ...own, ...(noDelay === undefined ? {} : { noDelay }) });
}
