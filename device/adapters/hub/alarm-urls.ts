/** Where alarms go by HTTPS: as the settings say, or where the hub said at enrolment. */
import { existsSync, readFileSync } from "node:fs";
import type { AgentConfig } from "../../config.ts";
import { dataPaths } from "../host/data-dir.ts";

/** The hub's own default. */
const ALARMS_PORT = 8884;

/** None only when the setting is an empty list. */
export const alarmUrlsOf = (config: AgentConfig): readonly string[] =>
  config.hub.alarmUrls ?? [hubAlarmUrl(config)];

export function hubAlarmUrl({ dataDir, hub }: AgentConfig): string {
  const host = hub.host.includes(":") ? `[${hub.host}]` : hub.host;
  return `https://${host}:${portOf(dataPaths(dataDir).alarmsPort)}`;
}

/** A file that is missing or holds no port does no harm: the default is right nearly everywhere. */
function portOf(file: string): number {
  const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : ALARMS_PORT;
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : ALARMS_PORT;
}
