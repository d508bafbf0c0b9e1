/**
 * A whole hub in one process: journal, core, pillar link, API, and the media processes beside it.
 *
 * Everything is made before anything listens: the journal is folded and all code is loaded, so that
 * no connection has to wait. What may still send events is stopped before the journal closes.
 */
import { treeOf } from "../shared/access/areas.ts";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { HttpEntrance } from "./api/http/http-entrance.ts";
import { LOOPBACK } from "./api/http/public-address.ts";
import type { JournalName } from "./api/cursor.ts";
import type { HubConfig } from "./config.ts";
import { lockData } from "./storage/data-lock.ts";
import { checkHealth } from "./shell/health.ts";
import { openJournal } from "./journal/journal.ts";
import { createSampledLog, type SampledLog } from "./link/sampled-log.ts";
import { createMediaPool, processesOf } from "./media/control/pool.ts";
import { inspectRecording } from "./media/recorder/recover.ts";
import type { EscalationSettings } from "./core/incident/escalation.ts";
import type { Authority } from "./identity/ports.ts";
import type { Journal, MediaPort, WayIn } from "./ports.ts";
import { narrow } from "./storage/private-files.ts";
import { createShell, type Shell } from "./shell/shell.ts";
import { webhooksOf } from "./shell/webhook.ts";
import { priorityOf } from "./settings/incidents.ts";

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

type Ports = Pick<HubProcess, "httpPort" | "mqttPort" | "alarmsPort">;

async function start(config: HubConfig, options: HubOptions, closers: Closers): Promise<Ports> {
  const { dataDir } = config;
  const { log } = options;
  const lock = lockData(dataDir);
  closers.push(() => lock.release());
  for (const failed of narrow(dataDir)) {
    log.error(`others may be able to read the hub's data: ${failed}; run: anzhu-hub doctor`);
  }
  const { openAuthority } = await import("./identity/authority.ts");
  const { serverNames } = await import("./identity/server-names.ts");
  const { keepServerRenewed } = await import("./identity/server-renewal.ts");
  const authority = await openAuthority(dataDir, serverNames(config));
  closers.push(keepServerRenewed(config, { ...options, authority }));
  const refused = createSampledLog(log);
  const core = await startCore(config, { ...options, authority, refused }, closers);
  const entrances = await createEntrances(
    config,
    { ...options, ...core, authority, refused },
    closers,
  );
  await listen(entrances, core.shell, closers);
  const { httpPort, mqttPort, alarmsPort } = portsOf(entrances);
  log.info(
    `the hub serves ${config.http.host}:${httpPort}, ` +
      `pillars on port ${mqttPort}, and by HTTPS on port ${alarmsPort}`,
  );
  return { httpPort, mqttPort, alarmsPort };
}

interface CoreParts extends HubOptions {
  readonly authority: Authority;
  readonly refused: SampledLog;
}

interface Core {
  readonly shell: Shell;
  /** Does not listen yet. */
  readonly link: WayIn;
  readonly media: MediaPort;
  readonly journal: () => JournalName;
}

async function startCore(config: HubConfig, parts: CoreParts, closers: Closers): Promise<Core> {
  const { log, authority, refused, noDelay } = parts;
  const { dataDir } = config;
  const journalFile = join(dataDir, "journal.db");
  const startedAt = performance.now();
  const { openRegister } = await import("./identity/identity-register.ts");
  const { createPillarLink } = await import("./link/pillar-link.ts");
  const link = await createPillarLink({
    ...{ config, authority, refused, log, noDelay },
    recordOf: (id) => shell.loop.state().pillars.get(id),
  });
  const mediaProcesses = processesOf(config.media);
  const media = parts.media ?? createMedia(config, mediaProcesses, log);
  const journal = await openJournal(journalFile, config.cell);
  const shell = await orClose(journal, () =>
    createShell({
      ...{ dataDir, journalFile, journal, authority, link, media, refused, log },
      settings: {
        escalation: escalationOf(config),
        priority: priorityOf(config.incidents),
        maxOpen: config.incidents.maxOpen,
        mediaProcesses,
        areas: treeOf(config.areas),
      },
      retention: config.recordings,
      webhooks: webhooksOf(config),
      maxViewers: config.media.maxViewers,
      register: openRegister(dataDir, (text) => log.error(text)),
      inspect: inspectRecording,
    }),
  );
  shell.start();
  closers.push(
    () => shell.stop(),
    () => media.close(),
  );
  await shell.reconcileIdentities();
  const took = Math.round(performance.now() - startedAt);
  const { pillars, incidents } = shell.loop.state();
  log.info(
    `journal folded in ${took} ms: ${pillars.size} pillars, ${incidents.size} open incidents`,
  );
  const name = (): JournalName => ({ cell: journal.cell(), hubEpoch: journal.hubEpoch() });
  return { shell, link, media, journal: name };
}

async function orClose<T>(journal: Journal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await journal.close();
    throw error;
  }
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

function createMedia(config: HubConfig, processes: number, log: Logger): MediaPort {
  const { udpPorts, addresses, maxViewers } = config.media;
  const offersLoopback = LOOPBACK.includes(config.http.host);
  const settings = { udpPorts, addresses, offersLoopback, maxViewers };
  return createMediaPool({ processes, settings, log: (level, text) => log[level](text) });
}

/** Where pillars and people come in. */
interface Entrances {
  readonly link: WayIn;
  readonly alarms: HttpEntrance;
  readonly http: HttpEntrance;
}

/** What takes long is done here, before the first of them listens. */
async function createEntrances(
  config: HubConfig,
  parts: Core & CoreParts,
  closers: Closers,
): Promise<Entrances> {
  const { createHttpEntrance } = await import("./api/http/http-entrance.ts");
  const { link, refused } = parts;
  const alarmApp = await createAlarmApp(parts, closers);
  const alarms = createHttpEntrance(alarmApp, { ...config.alarms, refused });
  const app = await createApi(config, { ...parts, alarms }, closers);
  const http = createHttpEntrance(app, { ...config.http, refused });
  return { link, alarms, http };
}

/** The pillars' opens first. */
async function listen(
  { link, alarms, http }: Entrances,
  shell: Shell,
  closers: Closers,
): Promise<void> {
  await link.listen(shell.linkEvents);
  closers.push(() => link.close());
  for (const entrance of [alarms, http]) {
    await entrance.listen();
    closers.push(() => entrance.close());
  }
}

const portsOf = ({ link, alarms, http }: Entrances): Ports => ({
  httpPort: http.port(),
  mqttPort: link.port(),
  alarmsPort: alarms.port(),
});

async function createApi(
  config: HubConfig,
  parts: Core & CoreParts & Pick<Entrances, "alarms">,
  closers: Closers,
): Promise<FastifyInstance> {
  const { log, authority, shell, link, media, alarms, journal, refused } = parts;
  const { loop, linkEvents: events } = shell;
  const { openAccounts } = await import("./accounts/accounts.ts");
  const { openEnrolments } = await import("./identity/enrolments.ts");
  const { buildApi } = await import("./api/server.ts");
  const accounts = openAccounts(join(config.dataDir, "accounts.db"));
  closers.push(() => accounts.close());
  const enrolments = openEnrolments(join(config.dataDir, "enrolments.db"));
  closers.push(() => enrolments.close());
  const app = await buildApi({
    ...{ config, accounts, enrolments, authority, events, journal, refused, log },
    media: media.status,
    mqttPort: link.port,
    alarmsPort: alarms.port,
    hub: shell.commands,
    reads: shell.reads,
    health: () =>
      checkHealth({
        config,
        loop,
        media: media.status,
        broker: link.health,
        whyConsolesMiss: shell.whyConsolesMiss,
      }),
  });
  closers.push(() => app.close());
  await app.ready();
  return app;
}

async function createAlarmApp(
  { log, authority, shell }: Core & CoreParts,
  closers: Closers,
): Promise<FastifyInstance> {
  const { buildAlarmEntrance } = await import("./api/fallback-server.ts");
  const { linkEvents: events, reads, commands: hub } = shell;
  const app = await buildAlarmEntrance({ log, authority, events, hub, reads });
  closers.push(() => app.close());
  await app.ready();
  return app;
}
