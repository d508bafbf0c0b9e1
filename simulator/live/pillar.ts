/**
 * One virtual pillar: a board, a microphone, a speaker,
 * a camera, and the real agent that uses them.
 *
 * The agent does not know that it is not on a street: its settings name a serial device, two sound
 * devices and a file, and its identity comes from the hub by a one-time code.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import type { AgentConfig } from "../../device/config.ts";
import { dataPaths } from "../../device/adapters/host/data-dir.ts";
import type { Display } from "../../device/core/state/shown.ts";
import { setFault } from "./fault.ts";
import type { Fault, Hardware } from "./fault.ts";
import { runProgram, startProgram } from "./program.ts";
import type { ProgramState } from "./program.ts";
import type { PressResult } from "./board/virtual-board.ts";
import { openBoard } from "./board/virtual-board.ts";
import { openCamera } from "./picture/virtual-camera.ts";
import { openMicrophone } from "./sound/virtual-microphone.ts";
import { openSpeaker } from "./sound/virtual-speaker.ts";
import type { Signal } from "./sound/sound.ts";

export type PressKind = "voice" | "silent";

export interface PillarStatus {
  readonly id: string;
  readonly name: string;
  readonly agent: { state: ProgramState; pid: number | null; restarts: number };
  readonly faults: readonly Fault[];
}

export interface PillarOutputs {
  readonly lamp: string;
  readonly siren: boolean;
  /** The latest prompt heard at the speaker; null before the first. */
  readonly prompt: string | null;
  /** What the pillar's own screen shows; null before the agent's first word. */
  readonly display: Display | null;
}

export interface VirtualPillar {
  readonly id: string;
  readonly name: string;
  status(): PillarStatus;
  /** Undefined when that button is held already. */
  press(kind: PressKind, holdMs: number): Promise<PressResult | undefined>;
  setFault(fault: Fault, isOn: boolean): Promise<void>;
  outputs(): PillarOutputs;
  /** What the speaker played in the last seconds. */
  heard(seconds: number): Int16Array;
  hear(signal: Signal): void;
  stop(): Promise<void>;
}

export interface PillarOptions {
  readonly id: string;
  readonly name: string;
  /** Everything of this pillar lies here. */
  readonly dir: string;
  readonly logPath: string;
  /** Clip the camera shows; without one the pillar has no camera. */
  readonly clip: string | undefined;
  readonly hub: {
    readonly host: string;
    readonly mqttPort: number;
    readonly httpUrl: string;
    /** Where alarms also go, by HTTPS, when MQTT is silent. */
    readonly alarmUrls?: string[];
  };
  /** The hub knows this pillar; an identity from another hub is of no use. */
  readonly isKnown: boolean;
  /** Asked for a one-time code when the pillar has to be enrolled. */
  readonly enrolmentCode: () => Promise<string>;
  readonly onMessage: (text: string) => void;
}

export async function startPillar(options: PillarOptions): Promise<VirtualPillar> {
  const { id, name, dir } = options;
  mkdirSync(dir, { recursive: true });
  const board = await openBoard(join(dir, "board"));
  const microphone = await openMicrophone(join(dir, "microphone.sock"));
  const speaker = await openSpeaker(join(dir, "speaker.sock"));
  const camera = openCamera(join(dir, "camera.mp4"), options.clip ?? "/nonexistent");
  const config = join(dir, "agent.yaml");
  writeFileSync(config, stringify(agentConfig(options)));
  await enrol(options, config);

  const agent = startProgram({
    name: id,
    command: ["device/main.ts", "start", "-c", config],
    logPath: options.logPath,
    onMessage: options.onMessage,
  });
  const hardware: Hardware = { board, microphone, speaker, camera, agent };
  const faults = new Set<Fault>();
  return {
    id,
    name,
    status: () => ({
      id,
      name,
      agent: { state: agent.state(), pid: agent.pid() ?? null, restarts: agent.restarts() },
      faults: [...faults],
    }),
    press: (kind, holdMs) => board.press(kind === "voice" ? "button" : "silent-button", holdMs),
    async setFault(fault, isOn) {
      await setFault(hardware, fault, isOn);
      if (isOn && fault !== "agent-crash") faults.add(fault);
      else faults.delete(fault);
    },
    outputs: () => ({
      ...board.outputs(),
      prompt: speaker.prompt(),
      display: readDisplay(options),
    }),
    heard: (seconds) => speaker.last(seconds),
    hear: (signal) => microphone.hear(signal),
    async stop() {
      await agent.stop();
      await Promise.all([board.close(), microphone.socket.close(), speaker.socket.close()]);
    },
  };
}

/** The file is replaced as a whole, so there is never half of it. */
function readDisplay(options: PillarOptions): Display | null {
  const { display } = dataPaths(agentDir(options));
  return existsSync(display) ? (JSON.parse(readFileSync(display, "utf8")) as Display) : null;
}

const agentDir = ({ dir }: PillarOptions): string => join(dir, "agent");

function agentConfig(options: PillarOptions): z.input<typeof AgentConfig> {
  const { id, dir, clip, hub } = options;
  return {
    pillarId: id as z.input<typeof AgentConfig>["pillarId"],
    dataDir: agentDir(options),
    hub,
    board: { kind: "modbus", path: join(dir, "board") },
    // It shares this machine's clock with the hub.
    clock: { trust: "always" },
    media: {
      cameras:
        clip === undefined
          ? []
          : [
              {
                id: "front",
                source: { kind: "file", path: join(dir, "camera.mp4"), codec: "h264" },
              },
            ],
      microphone: { kind: "socket", path: join(dir, "microphone.sock") },
      speaker: { kind: "socket", path: join(dir, "speaker.sock") },
    },
  };
}

/** The same road as on a street: a code from the hub, keys made here, a certificate in return. */
async function enrol(options: PillarOptions, config: string): Promise<void> {
  const hasIdentity = existsSync(dataPaths(agentDir(options)).tlsPair);
  if (hasIdentity && options.isKnown) return;
  const code = await options.enrolmentCode();
  const result = await runProgram(["device/main.ts", "enrol", "-c", config, "--code", code]);
  if (result.code === 0) return;
  throw new Error(`${options.id} could not be enrolled: ${result.errors || result.output}`);
}
