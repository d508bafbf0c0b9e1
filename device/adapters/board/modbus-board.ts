/**
 * The I/O board on the serial line: polled for presses, told of lamp and siren.
 *
 * One request at a time. The board counts presses, so one that begins and ends between two polls is
 * still an edge here. A line that fails is reported as lost with what was seen on it, and opened
 * again without end.
 */
import modbus from "modbus-serial";
import { fullJitter } from "../../../shared/backoff.ts";
import { milliseconds, seconds } from "../../../shared/duration.ts";
import type { LampPattern } from "../../core/state/shown.ts";
import type { Board, InputChange } from "../../ports.ts";
import { reasonOf } from "../host/failure.ts";
import { ModbusPort } from "./modbus-port.ts";
import { pressReader, type PressReader } from "./press-reader.ts";
import { INPUT_BLOCK, LAMP_VALUES, MAGIC, MAP_VERSION, OUTPUT_BLOCK } from "./register-map.ts";

type ModbusClient = InstanceType<typeof modbus.default>;

/** Failed requests in a row after which the board counts as lost. */
const FAILURES_TO_LOSE = 3;
/** An answer that comes within so long after its time is late; after that there is none. */
const LATE_ANSWER_MS = 500;
const REOPEN = { first: milliseconds(100), most: seconds(5) };
/** The board shows `fault` by itself when the agent is dead for this long. */
const WATCHDOG_SECONDS = 10;
/** The loop comes round, with or without an answer. */
const MISSED_MS = 10_000;
export interface ModbusSettings {
  readonly path: string;
  readonly baudRate: number;
  readonly unit: number;
  readonly pollMs: number;
}

type Alive = (withinMs: number) => void;

interface Outputs {
  readonly lamp: LampPattern;
  readonly isSirenOn: boolean;
}

/** `alive` is called whenever its loop comes round, with the time within which it will again. */
export function modbusBoard(settings: ModbusSettings, alive: Alive = () => undefined): Board {
  const inputListeners: ((change: InputChange) => void)[] = [];
  const reachListeners: ((isReachable: boolean, detail: string) => void)[] = [];
  let outputs: Outputs = { lamp: "standby", isSirenOn: false };
  let isClosed = false;
  let isReachable: boolean | undefined;

  const emit = (change: InputChange): void =>
    inputListeners.forEach((listener) => listener(change));
  const reach = (now: boolean, detail: string): void => {
    if (now === isReachable) return;
    isReachable = now;
    reachListeners.forEach((listener) => listener(now, detail));
  };
  const reader = pressReader(emit);
  const line = {
    settings,
    reader,
    outputs: () => outputs,
    isClosed: () => isClosed,
    reach,
    alive: () => alive(MISSED_MS),
  };
  let wake: (() => void) | undefined;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  let running: Promise<void> | undefined;
  // Polling starts with the first listener: a press found before would be lost.
  const begin = (): void => void (running ??= keepOpen(line, sleep));

  return {
    onInput: (listener, since) => {
      inputListeners.push(listener);
      if (since) reader.resume(since);
      begin();
    },
    onReachable: (listener) => {
      reachListeners.push(listener);
      begin();
    },
    setLamp: (lamp) => {
      outputs = { ...outputs, lamp };
      wake?.();
    },
    setSiren: (isSirenOn) => {
      outputs = { ...outputs, isSirenOn };
      wake?.();
    },
    close: async () => {
      isClosed = true;
      wake?.();
      await running;
    },
  };
}

interface Line {
  readonly settings: ModbusSettings;
  readonly reader: PressReader;
  outputs(): Outputs;
  isClosed(): boolean;
  reach(isReachable: boolean, detail: string): void;
  alive(): void;
}

type Sleep = (ms: number) => Promise<void>;

async function keepOpen(line: Line, sleep: Sleep): Promise<void> {
  for (let attempt = 0; !line.isClosed(); attempt++) {
    line.alive();
    const detail = await useLine(line, sleep, () => (attempt = 0));
    if (line.isClosed()) return;
    line.reach(false, `the I/O board on ${line.settings.path} is lost: ${detail}`);
    await sleep(Math.max(20, fullJitter(REOPEN, attempt, Math.random())));
  }
}

/** Opens the line and serves it until it fails; the answer says why. */
async function useLine(line: Line, sleep: Sleep, onGood: () => void): Promise<string> {
  const { settings } = line;
  let port: ModbusPort;
  try {
    port = new ModbusPort(settings);
  } catch (error) {
    return reasonOf(error);
  }
  let broken: string | undefined;
  port.on("error", (error: unknown) => (broken = reasonOf(error)));
  port.on("close", () => (broken ??= "the serial device has vanished; plug it in again"));
  const client = new modbus.default(port);
  client.on("error", (error) => (broken = reasonOf(error)));
  client.setID(settings.unit);
  client.setTimeout(requestTimeoutMs(settings.baudRate));
  try {
    await new Promise<void>((resolve, reject) => {
      client.open((error?: Error | null) => (error ? reject(error) : resolve()));
    });
    return await serve({ line, client, port, sleep, onGood, broken: () => broken });
  } catch (error) {
    return `${reasonOf(error)}; check board.path and the rights on it`;
  } finally {
    await new Promise<void>((resolve) => port.close(() => resolve()));
  }
}

interface BoardSession {
  readonly line: Line;
  readonly client: ModbusClient;
  readonly port: ModbusPort;
  readonly sleep: Sleep;
  onGood(): void;
  broken(): string | undefined;
}

async function serve(session: BoardSession): Promise<string> {
  const { line, client, port, sleep } = session;
  let failures = 0;
  let written: Outputs | undefined;
  let boots: number | undefined;
  while (!line.isClosed()) {
    const broken = session.broken();
    if (broken !== undefined) return broken;
    line.alive();
    const askedAt = performance.now();
    try {
      const { data } = await client.readInputRegisters(INPUT_BLOCK.start, INPUT_BLOCK.length);
      const wrong = wrongBoard(data);
      if (wrong) throw new Error(wrong);
      line.reader.take(data, askedAt);
      // A board that restarted has forgotten its lamp.
      if (data[INPUT_BLOCK.boardBoots] !== boots) written = undefined;
      const wanted = line.outputs();
      if (written !== wanted) await writeOutputs(client, wanted);
      written = wanted;
      boots = data[INPUT_BLOCK.boardBoots];
      failures = 0;
      session.onGood();
      line.reach(true, "");
    } catch (error) {
      written = undefined;
      failures += 1;
      port.giveUp();
      // A board that looks silent may be late. Its answer must not be taken for that to the next
      // request, and a technician must not be sent to a sound cable. A single lost answer costs no
      // wait.
      if (failures > 1 && port.isSilent()) await sleep(LATE_ANSWER_MS);
      if (failures >= FAILURES_TO_LOSE) line.reach(false, lost(line.settings, error, port));
    }
    if (written !== line.outputs() && failures === 0) continue;
    // The line stays open through failures: a board that comes back answers the next request.
    await sleep(Math.max(1, line.settings.pollMs - (performance.now() - askedAt)));
  }
  if (!session.broken()) await standDown(client);
  return "closed";
}

/** What the line or the board did instead of the answer that was expected, and what to do. */
function lost({ path, unit }: ModbusSettings, error: unknown, port: ModbusPort): string {
  const reason = reasonOf(error);
  const board = `the I/O board on ${path}`;
  // Set by modbus-serial when the unit answered with an exception.
  const code =
    error instanceof Error && "modbusCode" in error ? Number(error.modbusCode) : undefined;
  if (code !== undefined) {
    const name = EXCEPTIONS[code] ?? "unknown";
    return (
      `${board} answered: unit ${unit} says exception ${code} (${name}); ` +
      "check board.unit, and that its registers are those of docs/register-map.md"
    );
  }
  if (!isTimeoutOrChecksum(error)) return `${board} answered, and not as expected: ${reason}`;
  return `${board} does not answer as expected: ${port.diagnosis()}`;
}

/** Modbus application protocol 1.1b3, clause 7. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "device failure",
  5: "acknowledge",
  6: "device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target does not respond",
};

/** The agent ends in order: the lamp must not show a ready pillar. */
async function standDown(client: ModbusClient): Promise<void> {
  try {
    await writeOutputs(client, { lamp: "off", isSirenOn: false });
  } catch {
    return; // The board's own watchdog shows the fault.
  }
}

async function writeOutputs(client: ModbusClient, wanted: Outputs): Promise<void> {
  const values = Array.from<number>({ length: OUTPUT_BLOCK.length }).fill(0);
  values[OUTPUT_BLOCK.lamp] = LAMP_VALUES[wanted.lamp];
  values[OUTPUT_BLOCK.siren] = wanted.isSirenOn ? 1 : 0;
  values[OUTPUT_BLOCK.watchdogSeconds] = WATCHDOG_SECONDS;
  await client.writeRegisters(OUTPUT_BLOCK.start, values);
}

/**
 * Time on the wire for the longest pair of frames at 11 bits a byte, and a slow board's processing.
 */
function requestTimeoutMs(baudRate: number): number {
  return Math.ceil(100 + (60 * 11 * 1000) / baudRate);
}

const hex = (value = 0): string => `0x${value.toString(16).padStart(4, "0")}`;

function wrongBoard(data: readonly number[]): string | undefined {
  if (data[INPUT_BLOCK.magic] !== MAGIC) {
    return `expected the mark ${hex(MAGIC)}, found ${hex(data[INPUT_BLOCK.magic])}: another board`;
  }
  if (data[INPUT_BLOCK.mapVersion] !== MAP_VERSION) {
    const found = data[INPUT_BLOCK.mapVersion];
    return `expected register map ${MAP_VERSION}, found ${found}: load the board's matching firmware`;
  }
  return undefined;
}

function isTimeoutOrChecksum(error: unknown): boolean {
  return /timed out|CRC|length error|unexpected data/i.test(reasonOf(error));
}
