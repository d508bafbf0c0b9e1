/**
 * `hub.yaml` on the disk: read, checked, and made absolute.
 *
 * Every complaint names file, line and column. Paths
 * in the file are meant from where the file lies.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readConfig } from "../../shared/config.ts";
import { HubConfig } from "../config.ts";

export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): HubConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigurationError(
      `${file}: expected the hub's settings, found ${String(error)}. ` +
        "Write at least: dataDir: /var/lib/anzhu",
    );
  }
  const read = readConfig(HubConfig, text, { file, envPrefix: "ANZHU_HUB", env });
  if (!read.ok) throw new ConfigurationError(read.reason);
  return absolute(read.value, dirname(file));
}

function absolute(config: HubConfig, directory: string): HubConfig {
  const dataDir = resolve(directory, config.dataDir);
  const { external } = config.mqtt;
  if (external === "none") return { ...config, dataDir };
  const from = (path: string): string => (path === "own" ? path : resolve(directory, path));
  const { ca, certificate, key } = external;
  const files = { ca: from(ca), certificate: from(certificate), key: from(key) };
  return { ...config, dataDir, mqtt: { ...config.mqtt, external: { ...external, ...files } } };
}
