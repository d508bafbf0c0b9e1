/**
 * The agent's log: JSON lines on standard output for machines, plain lines for a person who asks.
 */
import { pino } from "pino";
import { plainJsonLine, visible } from "../../../shared/text.ts";
import type { AgentConfig } from "../../config.ts";
import type { Log } from "../../shell/shell.ts";

export function agentLog(
  config: Pick<AgentConfig, "pillarId" | "logLevel">,
  isPlain: boolean,
): Log {
  if (isPlain) return plainLog(config.logLevel);
  const log = pino({
    level: config.logLevel,
    base: { pillar: config.pillarId },
    hooks: { streamWrite: plainJsonLine },
  });
  return {
    debug: (text) => log.debug(text),
    info: (text, fields = {}) => log.info(fields, text),
    warn: (text) => log.warn(text),
    error: (text) => log.error(text),
  };
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** `12:04:31.207 call 7f3a calling → received   on accepted (attempt 2, 2.1 s after press)` */
function plainLog(least: AgentConfig["logLevel"]): Log {
  const print = (level: (typeof LEVELS)[number], text: string): void => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const mark = level === "warn" || level === "error" ? `${level}: ` : "";
    process.stdout.write(`${new Date().toISOString().slice(11, 23)} ${mark}${visible(text)}\n`);
  };
  return {
    debug: (text) => print("debug", text),
    info: (text) => print("info", text),
    warn: (text) => print("warn", text),
    error: (text) => print("error", text),
  };
}
