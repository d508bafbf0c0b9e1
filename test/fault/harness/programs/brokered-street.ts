/**
 * A street whose pillars reach their hub through a mosquitto,
 * with a line between broker and hub to break.
 */
import { join } from "node:path";
import { openAuthority } from "../../../../hub/identity/authority.ts";
import {
  newMosquitto,
  type Mosquitto,
  type MosquittoWanted,
} from "../../../kit/programs/mosquitto.ts";
import { newLine, type Line } from "../network/line.ts";
import type { PillarUnderTest } from "./pillar.ts";
import { openStreet, type Street } from "./street.ts";

export interface BrokeredStreet {
  readonly street: Street;
  readonly mosquitto: Mosquitto;
  /** From the hub to the broker. */
  readonly line: Line;
  /** From the pillars to the hub's entrance for alarms. */
  readonly https: Line;
  /** Enrols one more pillar; it is not started yet. */
  add(id: string): Promise<PillarUnderTest>;
  close(): Promise<void>;
}

export async function openBrokeredStreet(
  wanted: Pick<MosquittoWanted, "settings"> = {},
): Promise<BrokeredStreet> {
  let parts: { readonly mosquitto: Mosquitto; readonly line: Line } | undefined;
  const street = await openStreet(async (hubDir) => {
    const authority = await openAuthority(hubDir, []);
    const mosquitto = await newMosquitto({ dir: `${hubDir}-broker`, authority, ...wanted });
    await mosquitto.start();
    const line = await newLine(mosquitto.port);
    parts = { mosquitto, line };
    return { mqtt: { external: { url: `mqtts://127.0.0.1:${line.port}` } } };
  });
  if (!parts) throw new Error("bug: a street without its broker");
  const { mosquitto, line } = parts;
  const https = await newLine(street.hub.alarmsPort);
  return {
    ...{ street, mosquitto, line, https },
    add: (id) =>
      street.add(id, {
        dir: join(street.dir, id),
        hub: {
          host: "127.0.0.1",
          mqttPort: mosquitto.port,
          httpUrl: street.hub.url,
          alarmUrls: [`https://127.0.0.1:${https.port}`],
        },
      }),
    async close() {
      await street.close();
      await Promise.all([mosquitto.close(), line.close(), https.close()]);
    },
  };
}
