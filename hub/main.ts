#!/usr/bin/env -S node --max-semi-space-size=1
/**
 * The hub's command line.
 *
 * Exit codes: 0 done, 1 failure, 2 usage, 78 configuration. Modules are loaded by the command that
 * needs them, so that `enrol` answers at once and `start` holds no more than it uses.
 */
import { realpathSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { PlaceText, type Position } from "../shared/api/pillar.ts";
import { PillarId } from "../shared/ids.ts";
import { plainJsonLine, visible } from "../shared/text.ts";
import { addBackup } from "./command/backup-command.ts";
import { addBroker } from "./command/broker-command.ts";
import { print, type Settings, typed, withConfig } from "./command/command-line.ts";
import { makePrivateFiles } from "./storage/private-files.ts";
import { addSeal } from "./command/seal-command.ts";
import { ConfigurationError, loadConfig } from "./command/settings-file.ts";
import { addService } from "./command/service-command.ts";
import { addUser } from "./command/user-command.ts";

const EXIT = { failure: 1, usage: 2, configuration: 78 } as const;
/** Closing takes no longer than this, so that the process supervisor does not kill it first. */
const STOP_WITHIN_MS = 8000;

const complain = (line: string): void =>
  void process.stderr.write(`${visible(typed(line), true)}\n`);

export function program(): Command {
  const root = new Command("anzhu-hub")
    .description(
      "The hub of Anzhu street alarm pillars: takes alarms in, rings desks, keeps evidence.",
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(typed(text)),
      writeErr: (text) => void process.stderr.write(visible(typed(text), true)),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(anzhu-hub --help shows how)")
    .addHelpText(
      "after",
      `
Examples:
  anzhu-hub start -c /etc/anzhu/hub.yaml
  anzhu-hub enrol gate-3 --name 东门 --grid 网格12 --position 116.4074,39.9042
  anzhu-hub user add wangfang --name 王芳 --role operator
  anzhu-hub service add dashboard --scope pillars:read metrics:read --days 90
  anzhu-hub doctor
  anzhu-hub backup /var/backups/anzhu-2026-11-23

Exit codes: 0 done, 1 failure, 2 usage, 78 configuration.`,
    );
  addStart(root);
  addEnrol(root);
  addUser(root);
  addService(root);
  addDoctor(root);
  addBackup(root);
  addSeal(root);
  addBroker(root);
  return root;
}

function addStart(root: Command): void {
  withConfig(
    root.command("start").description("Run the hub until it is told to stop (SIGTERM)."),
  ).action(async ({ config: file }: Settings) => {
    const config = loadConfig(file);
    keepCompiled(config.dataDir);
    const { pino } = await import("pino");
    const { startHub } = await import("./hub-process.ts");
    const log = pino({
      level: config.logLevel,
      base: { program: "anzhu-hub" },
      hooks: { streamWrite: plainJsonLine },
    });
    // A promise nobody waited for is a bug, and no reason to end what takes alarms.
    process.on("unhandledRejection", (error) =>
      log.error({ err: error }, `bug: a failure nobody waited for: ${String(error)}`),
    );
    const hub = await startHub(config, { log });
    // Now, not at the end: a hub that is killed must be back as soon as one that was stopped.
    flushCompileCache();
    await new Promise<void>((resolve) => {
      process.once("SIGTERM", resolve);
      process.once("SIGINT", resolve);
    });
    log.info("stopping");
    const impatient = setTimeout(() => {
      log.error(`the hub did not stop within ${STOP_WITHIN_MS / 1000} s`);
      process.exit(EXIT.failure);
    }, STOP_WITHIN_MS);
    await hub.stop();
    clearTimeout(impatient);
    log.info("stopped");
  });
}

/**
 * Keeps compiled code, so that every thread and child after the first start is up sooner and
 * smaller: none needs the TypeScript stripper. In the data directory, because whoever can write
 * there is trusted.
 */
function keepCompiled(dataDir: string): void {
  const directory = join(dataDir, "compile-cache");
  enableCompileCache(directory);
  process.env["NODE_COMPILE_CACHE"] ??= directory;
}

function position(text: string): Position {
  const [longitude, latitude, ...rest] = text.split(",").map(Number);
  const isGood =
    longitude !== undefined &&
    latitude !== undefined &&
    rest.length === 0 &&
    Math.abs(longitude) <= 180 &&
    Math.abs(latitude) <= 90;
  if (!isGood) {
    throw new InvalidArgumentError(
      `expected longitude,latitude like 116.4074,39.9042, found "${text}"`,
    );
  }
  return { type: "Point", coordinates: [longitude, latitude] };
}

function pillarId(text: string): PillarId {
  const parsed = PillarId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(
    `expected lower-case letters, digits and inner hyphens like gate-3, found "${text}"`,
  );
}

/** One text about a place, in the limits that redemption and the fact have as well. */
const placeText =
  (field: keyof typeof PlaceText) =>
  (text: string): string => {
    const parsed = PlaceText[field].safeParse(text);
    if (parsed.success) return parsed.data;
    const { minLength, maxLength } = PlaceText[field];
    throw new InvalidArgumentError(
      `expected ${minLength ?? 0} to ${maxLength} characters, found ${text.length}`,
    );
  };

interface EnrollOptions extends Settings {
  readonly name?: string;
  readonly grid: string;
  readonly address: string;
  readonly position?: Position;
}

function addEnrol(root: Command): void {
  withConfig(root.command("enrol").description("Make a one-time code (30 minutes) for a pillar."))
    .argument("<pillar>", "the pillar's id", pillarId)
    .option("--name <name>", "what operators call it; its id unless given", placeText("name"))
    .option("--grid <grid>", "grid cell or street office", placeText("grid"), "")
    .option("--address <address>", "crossing, landmark", placeText("address"), "")
    .option("--position <lon,lat>", "WGS-84", position)
    .addHelpText("after", "\nPrints pillar:secret:fingerprint, for: anzhu-agent enrol <code>")
    .action(async (id: PillarId, options: EnrollOptions) => {
      const config = loadConfig(options.config);
      const { openAuthority } = await import("./identity/authority.ts");
      const { serverNames } = await import("./identity/server-names.ts");
      const { openEnrolments } = await import("./identity/enrolments.ts");
      const authority = await openAuthority(config.dataDir, serverNames(config));
      const enrolments = openEnrolments(join(config.dataDir, "enrolments.db"));
      const { grid, address } = options;
      const name = options.name ?? id;
      const details = { pillarId: id, name, grid, address, position: options.position ?? null };
      try {
        print(`${id}:${await enrolments.create(details)}:${authority.caFingerprint}`);
      } finally {
        enrolments.close();
      }
    });
}

function addDoctor(root: Command): void {
  withConfig(root.command("doctor").description("Check settings, disk, journal, certificates."))
    .addHelpText("after", "\nLooks and changes nothing; also while the hub runs.")
    .action(async ({ config: file }: Settings) => {
      const config = loadConfig(file);
      print(`ok    settings: ${file}`);
      const { examine } = await import("./command/doctor.ts");
      const findings = await examine(config);
      for (const { what, isOk, detail } of findings) {
        print(`${isOk ? "ok   " : "FAULT"} ${what}: ${detail}`);
      }
      if (findings.some(({ isOk }) => !isOk)) process.exitCode = EXIT.failure;
    });
}

/** Runs one command line; resolves with the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    if (error instanceof ConfigurationError) {
      complain(`${error.message}\nChange it and run: anzhu-hub doctor`);
      return EXIT.configuration;
    }
    complain(`anzhu-hub: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT.failure;
  }
}

const isProgram =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  makePrivateFiles();
  // Whoever read our output has gone (`anzhu-hub --help | head`): there is nobody to tell.
  process.stdout.on("error", () => process.exit(EXIT.failure));
  process.exitCode = await run(process.argv.slice(2));
}
