/**
 * The hub's way in for pillars over MQTT: its own broker,
 * or somebody else's when the settings name one.
 */
import type { Logger } from "pino";
import type { PillarId } from "../../shared/ids.ts";
import type { HubConfig } from "../config.ts";
import { NO_CREDENTIALS, successorOf, whyNotAdmitted } from "../core/pillar/certificate.ts";
import type { PillarRecord } from "../core/state/pillar-record.ts";
import type { Authority } from "../identity/ports.ts";
import type { WayIn } from "../ports.ts";
import type { SampledLog } from "./sampled-log.ts";

export interface PillarLinkOptions {
  readonly config: HubConfig;
  readonly authority: Authority;
  /** What the hub knows of a pillar now. */
  readonly recordOf: (id: PillarId) => PillarRecord | undefined;
  readonly refused: SampledLog;
  readonly log: Logger;
  /** For measurements only: without it both ends of every control connection are no-delay. */
  readonly noDelay?: boolean | undefined;
}

/** Loads only the broker that is used. */
export async function createPillarLink(options: PillarLinkOptions): Promise<WayIn> {
  const { config, authority, recordOf, refused, log, noDelay } = options;
  const { external } = config.mqtt;
  if (external !== "none") {
    const { createExternalBroker } = await import("./external/external-broker.ts");
    const { accessTo } = await import("./external/broker-access.ts");
    const readAccess = () => accessTo(external, authority);
    return createExternalBroker({
      access: await readAccess(),
      readAccess,
      isEnrolled: (id) => Boolean(recordOf(id)?.certificate),
      successor: (id) => successorOf(recordOf(id) ?? NO_CREDENTIALS, Date.now()),
      refused,
      log,
    });
  }
  const { createBroker } = await import("./embedded/embedded-broker.ts");
  return createBroker({
    ...{ config, authority, refused, log },
    knownPillars: (id, serial) => whyNotAdmitted(recordOf(id), serial, Date.now()) ?? true,
    ...(noDelay === undefined ? {} : { noDelay }),
  });
}
