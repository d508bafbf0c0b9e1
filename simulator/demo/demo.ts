/**
 * The demo: a hub, a few pillars and the console on one machine, real but for the hardware.
 *
 * The one idea: it starts the same programs by the same commands as a real site would, and ends all
 * of them whatever way it is ended itself.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import { findFfmpeg } from "../../device/media/ffmpeg.ts";
import { buildConsole } from "../../tools/setup/console-build.ts";
import { ACCOUNTS, alarmsPortOf, PASSWORD, startHub } from "./demo-hub.ts";
import type { DemoHub } from "./demo-hub.ts";
import { notOnline, renderClips, startPillars } from "./demo-pillars.ts";
import { hubClient } from "./hub-client.ts";
import type { HubClient } from "./hub-client.ts";
import { readKeys } from "./keys.ts";
import { newControl } from "../live/control.ts";
import type { PressKind, VirtualPillar } from "../live/pillar.ts";
import { demoPlaces } from "./places.ts";
import type { Place } from "./places.ts";
import { takenPorts } from "./ports.ts";
import { readyWhileProgressing } from "./progress.ts";
import { clockTime, languageOf, newEventLines, openingScreen, pressLine } from "./screen.ts";
import { setUp } from "../../tools/setup/main.ts";

/** A hub that has done nothing for so long is given up; one that is only slow is waited for. */
const HUB_PATIENCE_MS = 60_000;
const HOLD_MS = 200;

export interface DemoOptions {
  readonly dataDir: string;
  readonly pillars: number;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly controlPort: number;
  readonly mediaPorts: readonly [first: number, last: number];
  readonly isQuiet: boolean;
}

interface StartedParts {
  hub?: DemoHub;
  control?: FastifyInstance;
  pillars: Map<string, VirtualPillar>;
  stopKeys?: () => void;
}

/** Runs until `signal` aborts; resolves with the exit code when everything it started has ended. */
export async function runDemo(options: DemoOptions, stop: AbortController): Promise<number> {
  const complaints = await takenPorts([
    { port: options.httpPort, what: "console", option: "--http-port" },
    { port: options.mqttPort, what: "pillars, MQTT", option: "--mqtt-port" },
    { port: alarmsPortOf(options.mqttPort), what: "pillars, HTTPS", option: "--mqtt-port" },
    { port: options.controlPort, what: "simulator", option: "--control-port" },
  ]);
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) return 1;
  if (!(await setUp("demo"))) return 1;

  const parts: StartedParts = { pillars: new Map() };
  const ended = new Promise<void>((end) => {
    stop.signal.addEventListener("abort", () => end(), { once: true });
  });
  try {
    const started = start(options, parts, stop);
    await Promise.race([started, ended]);
    await ended;
    return 0;
  } finally {
    stop.abort();
    await end(parts);
  }
}

function say(options: DemoOptions, text: string): void {
  if (!options.isQuiet) console.log(`${clockTime(new Date())}  ${text}`);
}

async function start(
  options: DemoOptions,
  parts: StartedParts,
  stop: AbortController,
): Promise<void> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const places = demoPlaces(options.pillars);
  const report = (text: string): void => {
    if (!stop.signal.aborted) console.log(`${clockTime(new Date())}  ${text}`);
  };
  const found = await findFfmpeg();
  const ffmpeg = found.ok ? found.path : undefined;
  const clips = renderClips(ffmpeg, join(dataDir, "clips"), places);
  const [wasBuilt] = await Promise.all([buildConsole(), clips]);
  if (wasBuilt) say(options, "console built");
  if (stop.signal.aborted) return;

  parts.hub = await startHub({
    dir: join(dataDir, "hub"),
    logPath: join(dataDir, "log/hub.log"),
    httpPort: options.httpPort,
    mqttPort: options.mqttPort,
    mediaPorts: options.mediaPorts,
    onMessage: report,
  });
  const startedAt = new Date();
  const url = `http://127.0.0.1:${options.httpPort}`;
  const client = hubClient(url, { username: "supervisor", password: PASSWORD });
  await hubReady(parts.hub, client, { report, logPath: join(dataDir, "log/hub.log") });
  await startPillars(parts.pillars, await client.pillars(), {
    places,
    dataDir,
    clips: await clips,
    hub: {
      host: "127.0.0.1",
      mqttPort: options.mqttPort,
      httpUrl: url,
      alarmUrls: [`https://127.0.0.1:${alarmsPortOf(options.mqttPort)}`],
    },
    enrolmentCode: parts.hub.enrolmentCode,
    onMessage: report,
  });
  if (stop.signal.aborted) return;

  parts.control = newControl({ pillars: parts.pillars, ffmpeg });
  await parts.control.listen({ host: "127.0.0.1", port: options.controlPort });
  const absent = await notOnline(parts.pillars, client, startedAt);
  if (absent.length > 0) report(`not online yet: ${absent.join(", ")}; see ${dataDir}/log`);
  open(options, parts, { client, places, stop });
}

/** Waits as long as the hub gets on, and says what it waits for; throws when it does not. */
async function hubReady(
  { program }: DemoHub,
  client: HubClient,
  { report, logPath }: { readonly report: (text: string) => void; readonly logPath: string },
): Promise<void> {
  const isReady = await readyWhileProgressing({
    pid: program.pid,
    lines: program.lines,
    isReady: client.isReady,
    isGivenUp: () => program.state() === "refused",
    patienceMs: HUB_PATIENCE_MS,
    onWait: (waitedMs) =>
      report(`waiting for the hub to start, for ${Math.round(waitedMs / 1000)} s; see ${logPath}`),
  });
  if (isReady) return;
  throw new Error(
    program.state() === "refused"
      ? `the hub refuses its settings; see ${logPath}`
      : `the hub has done nothing for ${HUB_PATIENCE_MS / 1000} s and is not ready; see ${logPath}`,
  );
}

interface Opened {
  readonly client: HubClient;
  readonly places: readonly Place[];
  readonly stop: AbortController;
}

/** Everything runs: says so, and from now on tells what happens and takes keys. */
function open(options: DemoOptions, parts: StartedParts, { client, places, stop }: Opened): void {
  const hasKeys = process.stdin.isTTY;
  const language = languageOf(process.env);
  const tell = newEventLines(language);
  const onEvent = (event: Parameters<typeof tell>[0]): void => {
    const line = tell(event);
    if (line !== undefined) say(options, line);
  };
  void client.watch(onEvent, stop.signal);
  const press = (number: number, kind: PressKind): void => {
    const place = places[number - 1];
    if (place === undefined) return;
    say(options, pressLine(language, place.name, kind === "silent"));
    void parts.pillars.get(place.id)?.press(kind, HOLD_MS);
  };
  if (hasKeys) {
    parts.stopKeys = readKeys(process.stdin, { onPress: press, onQuit: () => stop.abort() });
  }
  console.log(
    openingScreen({
      language,
      hasKeys,
      places,
      dataDir: resolve(options.dataDir),
      httpPort: options.httpPort,
      controlPort: options.controlPort,
      accounts: ACCOUNTS.map(({ username }) => username),
    }),
  );
}

/** Pillars first, so that they do not complain that the hub is gone. */
async function end(parts: StartedParts): Promise<void> {
  parts.stopKeys?.();
  await parts.control?.close();
  await Promise.all([...parts.pillars.values()].map((pillar) => pillar.stop()));
  await parts.hub?.program.stop();
}
