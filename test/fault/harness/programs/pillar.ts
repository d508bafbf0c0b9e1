/** A real agent in a process of its own, its I/O board on a pseudo-terminal, and a way to press. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import { enrol } from "../../../../device/adapters/hub/enrolment.ts";
import { AgentConfig } from "../../../../device/config.ts";
import { dataPaths } from "../../../../device/adapters/host/data-dir.ts";
import type { LampName } from "../../../../simulator/live/board/board-registers.ts";
import { until } from "../../../../simulator/demo/hub-client.ts";
import { openBoard, type VirtualBoard } from "../../../../simulator/live/board/virtual-board.ts";
import { newPillarObserver } from "../judge/pillar-observer.ts";
import type { History } from "../judge/history.ts";
import { startProcess, type Process, type Surroundings } from "./process.ts";

const LOOK_MS = 10;
const PATIENCE_MS = 30_000;
/** Longer than any debounce. */
const HOLD_MS = 90;

export interface PillarUnderTest {
  readonly id: string;
  readonly board: VirtualBoard;
  readonly dataDir: string;
  process(): Process;
  start(around?: Surroundings): void;
  /** Presses as a person would; recorded when the board counted it. */
  press(): Promise<void>;
  /** Presses and does not let go. */
  hold(): void;
  lamp(): LampName;
  /**
   * Resolves when the lamp shows one of these; throws
   * with the agent's last lines when it never does.
   */
  untilLamp(...lamps: readonly LampName[]): Promise<void>;
  /** Resolves when this start of the agent has read its board and reached its hub. */
  untilArmed(): Promise<void>;
  /** Lines of all its starts. */
  lines(): readonly string[];
  close(): Promise<void>;
}

export interface PillarWanted {
  readonly id: string;
  readonly dir: string;
  readonly history: History;
  readonly hub: {
    readonly host: string;
    readonly mqttPort: number;
    readonly httpUrl: string;
    readonly alarmUrls: readonly string[];
  };
  /** Where the agent's settings differ from a pillar without camera and microphone. */
  readonly media?: z.input<typeof AgentConfig>["media"];
  /** Where ledger and keys lie; another disk, for example. */
  readonly dataDir?: string;
  readonly pollMs?: number;
}

export async function newPillar(
  wanted: PillarWanted,
  code: (id: string) => Promise<string>,
): Promise<PillarUnderTest> {
  const { id, dir, history } = wanted;
  const dataDir = wanted.dataDir ?? join(dir, "agent");
  mkdirSync(dataDir, { recursive: true });
  const board = await openBoard(join(dir, "board"));
  const settings = {
    pillarId: id,
    dataDir,
    hub: wanted.hub,
    board: { kind: "modbus", path: board.path, pollMs: wanted.pollMs ?? 10 },
    media: wanted.media ?? { cameras: [], microphone: { kind: "none" } },
  };
  const file = join(dir, "agent.yaml");
  writeFileSync(file, stringify(settings));
  if (!existsSync(dataPaths(dataDir).tlsPair)) {
    await enrol(AgentConfig.parse(settings), await code(id));
  }
  let shown: LampName | undefined;
  const lives: Process[] = [];
  const displayFile = dataPaths(dataDir).display;
  const observe = newPillarObserver({ pillarId: id, displayFile, history });
  const look = setInterval(() => {
    observe(lives.at(-1));
    const { lamp } = board.outputs();
    if (lamp !== shown) history.record({ what: "lamp", at: Date.now(), pillarId: id, lamp });
    shown = lamp;
  }, LOOK_MS);
  const lines = (): string[] => lives.flatMap((life) => life.lines());
  const lamp = (): LampName => board.outputs().lamp;
  const expected = async (what: string, isSo: () => boolean): Promise<void> => {
    if (await until(PATIENCE_MS, () => Promise.resolve(isSo()))) return;
    const said = lines().slice(-12).join("\n");
    throw new Error(`expected ${what}, found the lamp ${lamp()}:\n${said}`);
  };
  return {
    id,
    board,
    dataDir,
    lamp,
    lines,
    process: () => lives.at(-1)!,
    start: (around) =>
      void lives.push(startProcess(["device/main.ts", "start", "-c", file], around)),
    async press() {
      const pressed = await board.press("button", HOLD_MS);
      if (!pressed?.isCounted) return;
      history.record({ what: "press", at: pressed.pressedAt, pillarId: id });
    },
    hold() {
      history.record({ what: "press", at: Date.now(), pillarId: id });
      board.setContact("button", true);
    },
    untilLamp: (...lamps) =>
      expected(`the lamp ${lamps.join(" or ")}`, () => lamps.includes(lamp())),
    untilArmed: () =>
      expected("an armed agent", () =>
        lives
          .at(-1)!
          .lines()
          .some((line) => line.includes("armed:")),
      ),
    async close() {
      clearInterval(look);
      // Its screen is no longer read, so nothing that follows is judged.
      history.record({ what: "unwatched", at: Date.now(), pillarId: id });
      await lives.at(-1)?.stop();
      await board.close();
    },
  };
}
