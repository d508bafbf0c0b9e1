/** The agent's command line. Exit codes: 0 good, 1 failure, 2 usage, 78 configuration. */
import { Command, CommanderError } from "commander";
import { loadConfig } from "../adapters/host/config-file.ts";
import { asTyped } from "../../shared/command-name.ts";
import { visible } from "../../shared/text.ts";
import { Failure } from "../adapters/host/failure.ts";
import { makePrivateFiles, narrow } from "../adapters/host/private-files.ts";

const EXIT = { failure: 1, usage: 2, configuration: 78 } as const;

const typed = (text: string): string =>
  asTyped(text, { program: "anzhu-agent", script: "agent" }, process.env["npm_lifecycle_event"]);

/**
 * Arguments, file names and settings are repeated in
 * errors: nothing in them may steer the terminal.
 */
const complain = (text: string): void => void process.stderr.write(visible(typed(text), true));

interface FileOption {
  readonly config: string;
}

const program = new Command("anzhu-agent")
  .description("The agent of an Anzhu alarm pillar: button, lamp, voice and picture.")
  .exitOverride()
  .configureOutput({
    writeOut: (text) => void process.stdout.write(typed(text)),
    writeErr: complain,
  })
  .showHelpAfterError(
    "expected one of the commands start, enrol, doctor (anzhu-agent --help shows examples)",
  )
  .addHelpText(
    "after",
    `
Examples:
  anzhu-agent enrol -c agent.yaml --code demo-001:…    get an identity from the hub, once
  anzhu-agent doctor -c agent.yaml                      what is wrong, and what to do
  anzhu-agent start -c agent.yaml                       run, until SIGTERM or Ctrl+C
  ANZHU_AGENT__HUB__HOST=10.0.0.2 anzhu-agent start     override one setting

Exit codes: 0 good, 1 failure, 2 usage, 78 configuration.`,
  );

/** `usage`: what may follow the name. */
const command = (name: string, usage: string, description: string): Command =>
  program
    .command(name)
    .usage(usage)
    .description(description)
    .option("-c, --config <file>", "settings of this pillar", "agent.yaml")
    .showHelpAfterError(
      `expected: anzhu-agent ${name} ${usage} (anzhu-agent ${name} --help shows more)`,
    );

command("start", "[-c <file>] [--plain]", "run the agent until it is told to end")
  .option("--plain", "log lines for a person instead of JSON")
  .action(async (options: FileOption & { plain?: boolean }) => {
    const config = loadConfig(options.config, process.env);
    const { startWatchdog, watchFiles } = await import("../adapters/host/watchdog.ts");
    const vitals = startWatchdog();
    const [{ startAgent }, { agentLog }] = await Promise.all([
      import("../agent.ts"),
      import("../adapters/host/log.ts"),
    ]);
    const ended = whenTold();
    const log = agentLog(config, options.plain === true);
    for (const failed of narrow(config.dataDir)) {
      log.error(`others may be able to read the pillar's data: ${failed}; run: anzhu-agent doctor`);
    }
    const agent = await startAgent(config, { log, vitals });
    const endFileWatch = watchFiles(vitals, (text) => log.error(text));
    await ended;
    endFileWatch();
    await agent.stop();
    // Whatever a library still holds open must not keep a stopped agent alive.
    process.exit(0);
  });

command("enrol", "--code <code> [-c <file>]", "get this pillar's identity from the hub")
  .requiredOption("--code <code>", "the one-time code that `anzhu-hub enrol` printed")
  .action(async (options: FileOption & { code: string }) => {
    const config = loadConfig(options.config, process.env);
    const { enrol } = await import("../adapters/hub/enrolment.ts");
    const { pillarId, mqttPort } = await enrol(config, options.code);
    print(`${pillarId} is enrolled. Its identity is in ${config.dataDir}/identity.`);
    if (mqttPort !== config.hub.mqttPort) {
      print(`The hub's MQTT port is ${mqttPort}: set hub.mqttPort in ${options.config}.`);
    }
  });

command(
  "doctor",
  "[-c <file>]",
  "check keys, certificate, ledger, board, ffmpeg and hub; the agent must not run",
).action(async (options: FileOption) => {
  const config = loadConfig(options.config, process.env);
  print(`ok       config       ${options.config}`);
  const { examine } = await import("./doctor.ts");
  const findings = await examine(config);
  for (const { name, isWell, text } of findings) {
    print(`${isWell ? "ok      " : "problem "} ${name.padEnd(12)} ${text}`);
  }
  if (findings.some((finding) => !finding.isWell)) process.exitCode = EXIT.failure;
});

function print(line: string): void {
  process.stdout.write(`${typed(line)}\n`);
}

function whenTold(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (error instanceof Failure) {
    complain(`${error.message}\n`);
    return error.kind === "configuration" ? EXIT.configuration : EXIT.failure;
  }
  complain(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}

export async function run(): Promise<void> {
  makePrivateFiles();
  // The reader of our output has gone (`anzhu-agent --help | head`): there is nothing left to do.
  process.stdout.on("error", () => process.exit(EXIT.failure));
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}
