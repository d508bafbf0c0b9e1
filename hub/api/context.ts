/** What every route is given. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import type { HubConfig } from "../config.ts";
import type { Rate } from "../core/time/rate.ts";
import type { SampledLog } from "../link/sampled-log.ts";
import type { Accounts } from "../accounts/ports.ts";
import type { Authority, Enrolments } from "../identity/ports.ts";
import type { HubCommands, MediaPort, PillarLinkEvents, ReadModels } from "../ports.ts";
import type { AuditNotes } from "./audit-notes.ts";
import type { EventStreams } from "./event-streams.ts";
import type { PublicAddress } from "./http/public-address.ts";
import type { SessionWatch } from "./session-watch.ts";
import type { JournalName } from "./cursor.ts";
import type { HealthCheck } from "../shell/health.ts";
import type { Transfers } from "./transfers.ts";

export interface ApiOptions {
  readonly config: HubConfig;
  readonly hub: HubCommands;
  readonly reads: ReadModels;
  readonly accounts: Accounts;
  readonly enrolments: Enrolments;
  readonly authority: Authority;
  /** Where the HTTPS fallback hands in alarms: the same place as MQTT. */
  readonly events: PillarLinkEvents;
  readonly health: () => Promise<readonly HealthCheck[]>;
  /** Each of the media processes, as it is now. */
  readonly media: MediaPort["status"];
  /** Whose events they are: places in another journal mean nothing. */
  readonly journal: () => JournalName;
  readonly log: Logger;
  /** How often one service may ask; unless given, `SERVICE_RATE`. */
  readonly serviceRate?: Rate;
  /** Of the whole hub; unless given, its own. */
  readonly refused?: SampledLog;
  /** What pillars are told at enrolment; the configured port unless that is 0. */
  readonly mqttPort?: () => number;
  /** Where pillars reach it by HTTPS. */
  readonly alarmsPort?: () => number;
  /** The built console; a test may point elsewhere. */
  readonly consoleDir?: string;
}

export interface ApiContext extends ApiOptions {
  readonly refused: SampledLog;
  readonly streams: EventStreams;
  readonly transfers: Transfers;
  readonly address: PublicAddress;
  readonly sessionWatch: SessionWatch;
  readonly audit: AuditNotes;
}

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
