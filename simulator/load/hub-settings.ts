/** A hub for a fleet: the real program, its settings in its own directory, on loopback. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import type { HubConfig } from "../../hub/config.ts";
import type { HubWays } from "./light-pillar.ts";

export interface LoadHubPorts extends Pick<HubWays, "mqttPort" | "alarmsPort"> {
  readonly httpPort: number;
  readonly mediaPorts: readonly [first: number, last: number];
}

export const LOOPBACK = "127.0.0.1";

/** Writes `hub.yaml`; returns Node's arguments that start the hub with it. */
export function loadHubCommand(dir: string, ports: LoadHubPorts): readonly string[] {
  const { httpPort, mqttPort, alarmsPort, mediaPorts } = ports;
  const config: z.input<typeof HubConfig> = {
    dataDir: dir,
    http: { host: LOOPBACK, port: httpPort },
    mqtt: { host: LOOPBACK, port: mqttPort },
    alarms: { host: LOOPBACK, port: alarmsPort },
    media: { udpPorts: [mediaPorts[0], mediaPorts[1]] },
  };
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "hub.yaml");
  writeFileSync(file, stringify(config));
  // As in `npm run hub`.
  return ["--max-semi-space-size=1", "hub/main.ts", "start", "-c", file];
}
