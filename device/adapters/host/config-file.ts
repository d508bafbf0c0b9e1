/**
 * `agent.yaml`, with the environment's overrides, or a failure that names file, line and column.
 */
import { readFileSync } from "node:fs";
import { readConfig } from "../../../shared/config.ts";
import { AgentConfig } from "../../config.ts";
import { Failure, reasonOf } from "./failure.ts";

export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure("configuration", `${file} cannot be read: ${reasonOf(error)}`);
  }
  const parsed = readConfig(AgentConfig, text, { file, envPrefix: "ANZHU_AGENT", env });
  if (!parsed.ok) throw new Failure("configuration", parsed.reason);
  return parsed.value;
}
