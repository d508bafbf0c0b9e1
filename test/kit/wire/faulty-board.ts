/** A small I/O board on a pseudo-terminal that misbehaves to order. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc16, hasGoodCrc } from "../../../device/adapters/board/modbus-port.ts";
import { INPUT_BLOCK, MAGIC, MAP_VERSION } from "../../../device/adapters/board/register-map.ts";
import {
  openPseudoTerminal,
  type PseudoTerminal,
} from "../../../simulator/live/board/pseudo-terminal.ts";

/** Three requests of about 106 ms each are over by then. */
const LATE_MS = 400;

export type Misbehaviour =
  | "none"
  | "silent"
  | "echo-only"
  | "echo-first"
  | "truncate"
  | "corrupt"
  | "exception"
  | "late"
  | "other-unit"
  | "other-board";

export interface FaultyBoard {
  readonly path: string;
  /** Input registers, as the agent reads them. */
  readonly inputs: number[];
  /** Every write of the outputs, oldest first. */
  readonly writes: number[][];
  behave(how: Misbehaviour): void;
  vanish(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export async function faultyBoard(): Promise<FaultyBoard> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-board-"));
  const path = join(dir, "board");
  const inputs = Array.from<number>({ length: INPUT_BLOCK.length }).fill(0);
  inputs[INPUT_BLOCK.magic] = MAGIC;
  inputs[INPUT_BLOCK.mapVersion] = MAP_VERSION;
  inputs[INPUT_BLOCK.boardBoots] = 1;
  const writes: number[][] = [];
  let how: Misbehaviour = "none";
  let pty: PseudoTerminal | undefined;

  const serve = async (): Promise<void> => {
    const line = await openPseudoTerminal(path);
    pty = line;
    let pending = Buffer.alloc(0);
    line.onBytes((bytes) => {
      pending = Buffer.concat([pending, bytes]).subarray(-256);
      const length = pending[1] === 16 ? 9 + (pending[6] ?? 0) : 8;
      if (pending.length < length) return;
      const request = pending.subarray(0, length);
      pending = pending.subarray(length);
      if (hasGoodCrc(request)) reply(line, request);
      else pending = Buffer.alloc(0);
    });
  };

  const reply = (line: PseudoTerminal, request: Buffer): void => {
    if (how === "silent") return;
    if (how === "echo-only") return line.write(request);
    const answer = request[1] === 16 ? written(request) : read(request);
    if (how === "echo-first") return line.write(Buffer.concat([request, answer]));
    if (how === "truncate") return line.write(answer.subarray(0, -3));
    if (how === "exception")
      return line.write(framed([request[0] ?? 1, (request[1] ?? 0) | 128, 2]));
    if (how === "late") return void setTimeout(() => line.write(answer), LATE_MS);
    if (how === "other-unit") return line.write(framed([7, ...answer.subarray(1, -2)]));
    if (how === "corrupt") answer[answer.length - 3] = (answer.at(-3) ?? 0) ^ 0x40;
    line.write(answer);
  };
  const read = (request: Buffer): Buffer => {
    const values = how === "other-board" ? inputs.with(INPUT_BLOCK.magic, 7) : inputs;
    const bytes = values.flatMap((value) => [value >> 8, value & 255]);
    return framed([request[0] ?? 1, 4, bytes.length, ...bytes]);
  };
  const written = (request: Buffer): Buffer => {
    writes.push([request.readUInt16BE(7), request.readUInt16BE(9), request.readUInt16BE(11)]);
    return framed([...request.subarray(0, 6)]);
  };

  await serve();
  return {
    path,
    inputs,
    writes,
    behave: (next) => (how = next),
    vanish: async () => pty?.close(),
    comeBack: serve,
    close: async () => {
      await pty?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function framed(bytes: readonly number[]): Buffer {
  const crc = crc16(Uint8Array.from(bytes));
  return Buffer.from([...bytes, crc & 255, crc >> 8]);
}
