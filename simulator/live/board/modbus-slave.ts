/**
 * The slave's side of Modbus RTU: bytes in, bytes out
 * (Modbus over Serial Line V1.02, sections 2.5 and 6).
 *
 * The one idea: a request's length follows from its first bytes, so a good one is answered at once;
 * everything else waits for silence on the line, which is how RTU finds the next beginning.
 * The one limit: one unit. Requests for other units are not answered and not followed.
 */

/** What the slave serves. A function the map does not have answers exception 1. */
export interface RegisterBank {
  inputWords(): readonly number[];
  inputBits(): readonly boolean[];
  outputWords(): readonly number[];
  /** False when the value is not allowed there: exception 3. */
  writeOutput(address: number, value: number): boolean;
}

export interface SlaveState {
  readonly pending: Uint8Array;
  readonly lastByteAt: number;
}

export interface SlaveStep {
  readonly state: SlaveState;
  readonly replies: readonly Uint8Array[];
  /** Requests with a right checksum for this unit or for all. */
  readonly requests: number;
}

/**
 * The standard says 3.5 characters. A pseudo-terminal has no bit rate and a busy machine pauses, so
 * this line waits longer before it counts as silent.
 */
export const SILENCE_MS = 10;

/** The standard's longest RTU frame. */
const MAX_FRAME_BYTES = 256;

const BROADCAST = 0;
const NOTHING = new Uint8Array(0);
export const QUIET: SlaveState = { pending: NOTHING, lastByteAt: 0 };

type ExceptionCode = 1 | 2 | 3;
const ILLEGAL_FUNCTION: ExceptionCode = 1;
const ILLEGAL_ADDRESS: ExceptionCode = 2;
const ILLEGAL_VALUE: ExceptionCode = 3;

interface Slave {
  readonly unit: number;
  readonly bank: RegisterBank;
}

export interface Arrival {
  readonly bytes: Uint8Array;
  /** Monotonic ms. */
  readonly at: number;
}

/** Takes what the line brought. Never throws, whatever the bytes. */
export function receive(slave: Slave, state: SlaveState, arrival: Arrival): SlaveStep {
  const { bytes, at } = arrival;
  const isNewFrame = at - state.lastByteAt >= SILENCE_MS;
  const before = isNewFrame ? silence(slave, state) : { state, replies: [], requests: 0 };
  let pending = joined(before.state.pending, bytes);
  const replies = [...before.replies];
  let { requests } = before;
  for (;;) {
    const length = requestLength(pending);
    if (length === undefined || pending.length < length) break;
    const frame = pending.subarray(0, length);
    if (!hasRightChecksum(frame)) break;
    pending = pending.slice(length);
    if (!isForUs(slave, frame)) continue;
    requests += 1;
    const reply = answer(slave, frame);
    if (reply !== undefined) replies.push(reply);
  }
  // More than the longest frame cannot become one: only its end matters, for silence to discard.
  if (pending.length > MAX_FRAME_BYTES) pending = pending.slice(-MAX_FRAME_BYTES);
  return { state: { pending, lastByteAt: at }, replies, requests };
}

/** The line went silent: what is pending was a frame of a function we do not have, or garbage. */
export function silence(slave: Slave, state: SlaveState): SlaveStep {
  const frame = state.pending;
  const quiet = { pending: NOTHING, lastByteAt: state.lastByteAt };
  const isFrame = frame.length >= 4 && hasRightChecksum(frame) && isForUs(slave, frame);
  if (!isFrame) return { state: quiet, replies: [], requests: 0 };
  const isAnswered = frame[0] !== BROADCAST;
  const reply = exception(slave.unit, frame[1] ?? 0, ILLEGAL_FUNCTION);
  return { state: quiet, replies: isAnswered ? [reply] : [], requests: 1 };
}

function isForUs(slave: Slave, frame: Uint8Array): boolean {
  return frame[0] === slave.unit || frame[0] === BROADCAST;
}

/** Bytes of the request that begins here; undefined when its function does not say. */
function requestLength(bytes: Uint8Array): number | undefined {
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return 8;
    case 15:
    case 16:
      return bytes[6] === undefined ? undefined : 9 + bytes[6];
    default:
      return undefined;
  }
}

function answer(slave: Slave, frame: Uint8Array): Uint8Array | undefined {
  const body = perform(slave.bank, frame);
  if (frame[0] === BROADCAST) return undefined;
  return typeof body === "number"
    ? exception(slave.unit, frame[1] ?? 0, body)
    : sealed([slave.unit, frame[1] ?? 0, ...body]);
}

/** Does what the request asks; the answer's body after unit and function, or an exception. */
function perform(bank: RegisterBank, frame: Uint8Array): number[] | ExceptionCode {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const address = view.getUint16(2);
  const second = view.getUint16(4);
  switch (frame[1]) {
    case 2:
      return readBits(bank.inputBits(), address, second);
    case 3:
      return readWords(bank.outputWords(), address, second);
    case 4:
      return readWords(bank.inputWords(), address, second);
    case 6:
      return writeWords(bank, address, [second]) ?? [...frame.subarray(2, 6)];
    case 16: {
      if (second < 1 || second > 123 || frame[6] !== second * 2) return ILLEGAL_VALUE;
      const values = Array.from({ length: second }, (_, i) => view.getUint16(7 + i * 2));
      return writeWords(bank, address, values) ?? [...frame.subarray(2, 6)];
    }
    default:
      return ILLEGAL_FUNCTION;
  }
}

function readBits(
  states: readonly boolean[],
  address: number,
  count: number,
): number[] | ExceptionCode {
  if (count < 1 || count > 2000) return ILLEGAL_VALUE;
  if (address + count > states.length) return ILLEGAL_ADDRESS;
  const bytes = Array.from<number>({ length: Math.ceil(count / 8) }).fill(0);
  states.slice(address, address + count).forEach((isSet, i) => {
    if (isSet) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return [bytes.length, ...bytes];
}

function readWords(
  words: readonly number[],
  address: number,
  count: number,
): number[] | ExceptionCode {
  if (count < 1 || count > 125) return ILLEGAL_VALUE;
  if (address + count > words.length) return ILLEGAL_ADDRESS;
  const asked = words.slice(address, address + count);
  return [count * 2, ...asked.flatMap((word) => [word >> 8, word & 0xff])];
}

function writeWords(
  bank: RegisterBank,
  address: number,
  values: readonly number[],
): ExceptionCode | undefined {
  if (address + values.length > bank.outputWords().length) return ILLEGAL_ADDRESS;
  const areAllowed = values.map((value, i) => bank.writeOutput(address + i, value));
  return areAllowed.every(Boolean) ? undefined : ILLEGAL_VALUE;
}

function exception(unit: number, code: number, reason: ExceptionCode): Uint8Array {
  return sealed([unit, code | 0x80, reason]);
}

/** Appends the checksum, low byte first. */
export function sealed(body: readonly number[]): Uint8Array {
  const sum = crc16(Uint8Array.from(body));
  return Uint8Array.from([...body, sum & 0xff, sum >> 8]);
}

function hasRightChecksum(frame: Uint8Array): boolean {
  const sum = crc16(frame.subarray(0, -2));
  return frame.at(-2) === (sum & 0xff) && frame.at(-1) === sum >> 8;
}

/** CRC-16/MODBUS: polynomial 0xA001 reflected, initial 0xFFFF. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
