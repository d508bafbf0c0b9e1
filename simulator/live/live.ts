/**
 * Virtual pillars for a hub that runs already, somewhere:
 * the same pillars as in the demo, without a hub.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { EnrolmentCode } from "../../shared/api/enrolment.ts";
import { findFfmpeg } from "../../device/media/ffmpeg.ts";
import { findChineseFont } from "../../tools/setup/font.ts";
import { newControl } from "./control.ts";
import { startPillar } from "./pillar.ts";
import type { VirtualPillar } from "./pillar.ts";
import { renderClip } from "./picture/street-clip.ts";
import { MAX_PILLARS } from "../demo/places.ts";
import { takenPorts } from "../demo/ports.ts";
import { setUp } from "../../tools/setup/main.ts";

export interface LiveOptions {
  readonly dataDir: string;
  readonly hubUrl: string;
  readonly mqttPort: number;
  readonly controlPort: number;
  readonly codes: readonly string[];
}

export async function runLive(options: LiveOptions, stop: AbortController): Promise<number> {
  const wrong = options.codes.find((code) => !EnrolmentCode.safeParse(code).success);
  const isUrl = URL.canParse(options.hubUrl);
  const wanted = { port: options.controlPort, what: "simulator", option: "--control-port" };
  const complaints = [
    ...(wrong === undefined ? [] : [`expected pillar:secret:fingerprint, found "${wrong}"`]),
    ...(isUrl ? [] : [`expected --hub-url https://host:port, found "${options.hubUrl}"`]),
    ...(options.codes.length > MAX_PILLARS ? [`expected at most ${MAX_PILLARS} codes`] : []),
    ...(await takenPorts([wanted])),
  ];
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) return 1;
  if (!(await setUp("demo"))) return 1;

  const pillars = new Map<string, VirtualPillar>();
  const found = await findFfmpeg();
  const ffmpeg = found.ok ? found.path : undefined;
  const control = newControl({ pillars, ffmpeg });
  const ended = new Promise<void>((end) => {
    stop.signal.addEventListener("abort", () => end(), { once: true });
  });
  try {
    for (const [i, code] of options.codes.entries()) {
      if (stop.signal.aborted) break;
      const pillar = await startOne(options, code, ffmpeg && { ffmpeg, seed: i + 1 });
      pillars.set(pillar.id, pillar);
    }
    await control.listen({ host: "127.0.0.1", port: options.controlPort });
    const names = [...pillars.keys()].join(", ");
    console.log(`${names} on the street; control at http://127.0.0.1:${options.controlPort}`);
    await ended;
    return 0;
  } finally {
    await control.close();
    await Promise.all([...pillars.values()].map((pillar) => pillar.stop()));
  }
}

async function startOne(
  options: LiveOptions,
  code: string,
  camera: { ffmpeg: string; seed: number } | "" | undefined,
): Promise<VirtualPillar> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const { pillarId: id } = EnrolmentCode.parse(code);
  const street = { seed: camera ? camera.seed : 0, title: id, font: findChineseFont() };
  return startPillar({
    id,
    name: id,
    dir: join(dataDir, "pillars", id),
    logPath: join(dataDir, "log", `${id}.log`),
    clip: camera ? await renderClip(camera.ffmpeg, join(dataDir, "clips"), street) : undefined,
    hub: {
      host: new URL(options.hubUrl).hostname,
      mqttPort: options.mqttPort,
      httpUrl: options.hubUrl,
    },
    // A code that was used is of no use; an identity that is here already is kept.
    isKnown: true,
    enrolmentCode: () => Promise.resolve(code),
    onMessage: (text) => console.log(text),
  });
}
