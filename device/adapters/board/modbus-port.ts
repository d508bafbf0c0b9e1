/**
 * Frames of Modbus RTU on a serial line, as `modbus-serial` wants its ports.
 *
 * Unlike the library's own port it forgets old bytes at each request, so one truncated answer does
 * not shift all that follow; it takes our own echo off a line that has one; and it remembers what
 * arrived, so that a failure says whether the line was silent, echoing, short or corrupt.
 */
import { EventEmitter } from "node:events";
import { SerialPort } from "serialport";

const MAX_BUFFER = 512;
const EXCEPTION_LENGTH = 5;
const LATE =
  "it answers too late: the board or this machine is too slow or too busy; the line is well";

export interface PortSettings {
  readonly path: string;
  readonly baudRate: number;
}

export class ModbusPort extends EventEmitter {
  readonly serial: SerialPort;
  #request: Buffer = Buffer.alloc(0);
  #received: Buffer = Buffer.alloc(0);
  #isAnswered = true;
  #sawEcho = false;
  /** The answer is not awaited any more. */
  #isGivenUp = false;
  /** Something has come since then. */
  #hasLateBytes = false;
  /** Since the last answer in time, one came too late. */
  #sawLate = false;

  constructor({ path, baudRate }: PortSettings) {
    super();
    this.serial = new SerialPort({ path, baudRate, autoOpen: false, lock: true });
    this.serial.on("error", (error) => this.emit("error", error));
    this.serial.on("close", () => this.emit("close"));
    this.serial.on("data", (bytes: Buffer) => this.#take(bytes));
  }

  get isOpen(): boolean {
    return this.serial.isOpen;
  }

  open(done: (error: Error | null) => void): void {
    this.serial.open(done);
  }

  close(done: (error: Error | null) => void): void {
    if (this.serial.isOpen) this.serial.close(done);
    else done(null);
  }

  write(request: Buffer): void {
    // The beginning of an answer that nobody waited for: its rest falls into this request.
    if (this.#hasLateBytes) this.#sawLate = true;
    this.#hasLateBytes = false;
    this.#isGivenUp = false;
    this.#request = request;
    this.#received = Buffer.alloc(0);
    this.#isAnswered = false;
    this.#sawEcho = false;
    this.serial.write(request);
  }

  /** The time for an answer is over; what comes now is late. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Whether nothing at all came for the last request. */
  isSilent(): boolean {
    return this.#received.length === 0 && !this.#sawEcho;
  }

  /** What the line did since the last request, for the technician. */
  diagnosis(): string {
    const wanted = answerLength(this.#request);
    if (this.#sawLate) return LATE;
    if (this.#sawEcho && this.#received.length === 0) {
      return "the line only echoes what we send: the board is off, or A and B are swapped";
    }
    if (this.#received.length === 0) {
      return "the line is silent: check power, wiring, baud rate and unit address";
    }
    if (this.#received.length < wanted) {
      return `expected an answer of ${wanted} bytes, found ${this.#received.length}: bytes are lost`;
    }
    const whole = wholeFrame(this.#received);
    if (whole && whole[0] !== this.#request[0]) {
      return `unit ${whole[0]} answered, expected unit ${this.#request[0]}: correct board.unit or the board's address`;
    }
    if (whole) return LATE;
    return "bytes arrive damaged (wrong checksum): check the cable, its shield and the termination";
  }

  #take(bytes: Buffer): void {
    if (this.#isAnswered) return; // Late bytes of an answer nobody waits for any more.
    this.#received = Buffer.concat([this.#received, bytes]).subarray(-MAX_BUFFER);
    if (this.#isGivenUp) return this.#takeLate();
    const request = this.#request;
    const whole = answerLength(request);
    const isException = this.#received[1] === ((request[1] ?? 0) | 0x80);
    const length = isException ? EXCEPTION_LENGTH : whole;
    if (this.#received.length >= length && hasGoodCrc(this.#received.subarray(0, length))) {
      return this.#answer(length);
    }
    if (this.#stripEcho()) {
      const rest = this.#received;
      this.#received = Buffer.alloc(0);
      if (rest.length > 0) this.#take(rest);
      return;
    }
    const mayBeEcho =
      !this.#sawEcho && request.subarray(0, this.#received.length).equals(this.#received);
    const other = wholeFrame(this.#received);
    if (other && other[1] !== request[1] && !isException) {
      // The late answer to an earlier request; ours may still come.
      this.#received = this.#received.subarray(other.length);
      return;
    }
    // Long enough and still wrong: the checksum refuses it now rather than after the time-out.
    if (!mayBeEcho && this.#received.length >= Math.max(length, request.length))
      this.#answer(length);
  }

  /** Whether our own request stood at the beginning; it is taken off. */
  #stripEcho(): boolean {
    const { length } = this.#request;
    if (this.#sawEcho || !this.#received.subarray(0, length).equals(this.#request)) return false;
    this.#sawEcho = true;
    this.#received = this.#received.subarray(length);
    return true;
  }

  #takeLate(): void {
    this.#stripEcho();
    this.#hasLateBytes = this.#received.length > 0;
    const late = wholeFrame(this.#received);
    if (late && late[0] === this.#request[0]) this.#sawLate = true;
  }

  #answer(length: number): void {
    this.#isAnswered = true;
    // A frame that is refused for its checksum says nothing about the time.
    if (hasGoodCrc(this.#received.subarray(0, length))) this.#sawLate = false;
    this.emit("data", this.#received.subarray(0, length));
  }
}

/** Bytes of a good answer: function 4 and 3 carry registers, 16 repeats address and count. */
function answerLength(request: Buffer): number {
  if (request.length < 6) return EXCEPTION_LENGTH;
  return request[1] === 3 || request[1] === 4 ? 5 + 2 * request.readUInt16BE(4) : 8;
}

/** The good frame at the beginning of these bytes, by the length that its own function gives it. */
function wholeFrame(bytes: Buffer): Buffer | undefined {
  const code = bytes[1] ?? 0;
  const ofCode = code === 3 || code === 4 ? 5 + (bytes[2] ?? 0) : 8;
  const length = code >= 0x80 ? EXCEPTION_LENGTH : ofCode;
  const frame = bytes.subarray(0, length);
  return bytes.length >= length && hasGoodCrc(frame) ? frame : undefined;
}

export function hasGoodCrc(frame: Buffer): boolean {
  return frame.length >= 4 && crc16(frame.subarray(0, -2)) === frame.readUInt16LE(frame.length - 2);
}

/** CRC-16/MODBUS (Modbus over serial line 1.02, 6.2.2). */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
