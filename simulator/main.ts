#!/usr/bin/env node
/** The simulator's command line. Exit codes: 0 good, 1 failure, 2 usage. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { makePrivateFiles } from "../hub/storage/private-files.ts";
import { MAX_PILLARS } from "./demo/places.ts";
import { worldCommand } from "./world/run/command.ts";

const EXIT = { failure: 1, usage: 2 } as const;

const program = new Command("npm run simulate --")
  .description("Virtual pillars: the real agent and hub on false hardware.")
  .exitOverride()
  .showHelpAfterError("(run with --help for examples)")
  .addHelpText(
    "after",
    `
Examples:
  npm run demo                                          a hub, three pillars, the console
  npm run demo -- --data /tmp/demo --pillars 1          one pillar, data somewhere else
  npm run simulate -- live --data /tmp/street --hub-url https://hub.example:8110 --code CODE

Exit codes: 0 good, 1 failure, 2 usage.`,
  );

program
  .command("demo")
  .description("a hub, virtual pillars and the console on this machine, until q or Ctrl+C")
  .option(
    "--data <dir>",
    "everything the demo keeps; a new run starts from what is there",
    "var/demo",
  )
  .option("--pillars <n>", `virtual pillars, 1-${MAX_PILLARS}`, number(1, MAX_PILLARS), 3)
  .option("--http-port <port>", "console and API", port, 8110)
  .option("--mqtt-port <port>", "the pillars' way in", port, 8883)
  .option("--control-port <port>", "the simulator's own interface", port, 8111)
  .option("--media-ports <first-last>", "UDP ports of the hub's media", portRange, [40_000, 40_999])
  .option("--quiet", "only the opening screen and what goes wrong")
  .action(async (given: DemoFlags) => {
    const { runDemo } = await import("./demo/demo.ts");
    process.exitCode = await untilTold((stop) =>
      runDemo({ ...given, dataDir: given.data, isQuiet: given.quiet === true }, stop),
    );
  });

interface DemoFlags {
  readonly data: string;
  readonly pillars: number;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly controlPort: number;
  readonly mediaPorts: readonly [number, number];
  readonly quiet?: boolean;
}

program
  .command("live")
  .description("virtual pillars for a hub that runs already, enrolled by its one-time codes")
  .requiredOption("--hub-url <url>", "the hub's HTTP address")
  .requiredOption("--code <code...>", "one-time codes from `anzhu-hub enrol`, one per pillar")
  .option("--mqtt-port <port>", "the hub's MQTT port", port, 8883)
  .option("--data <dir>", "everything the pillars keep", "var/live")
  .option("--control-port <port>", "the simulator's own interface", port, 8111)
  .action(async (given: LiveFlags) => {
    const { runLive } = await import("./live/live.ts");
    process.exitCode = await untilTold((stop) =>
      runLive({ ...given, dataDir: given.data, codes: given.code }, stop),
    );
  });

interface LiveFlags {
  readonly hubUrl: string;
  readonly code: readonly string[];
  readonly mqttPort: number;
  readonly data: string;
  readonly controlPort: number;
}

program.addCommand(worldCommand());

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function port(text: string): number {
  return number(1, 65_535)(text);
}

function portRange(text: string): [number, number] {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw new InvalidArgumentError("Expected two ports, for example 40000-40999.");
  }
  return [port(first), port(last)];
}

/** Runs until a signal; a second one does not wait for an orderly end. */
async function untilTold(run: (stop: AbortController) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      // What still runs notices that its parent is gone and ends by itself.
      if (stop.signal.aborted) process.exit(EXIT.failure);
      stop.abort();
    });
  }
  return run(stop);
}

makePrivateFiles();
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = EXIT.failure;
  }
}
// Everything was ended in order; a library that still holds something open must not keep us.
process.exit();
