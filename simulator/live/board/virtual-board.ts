/**
 * The pillar's I/O board as a process would meet it: a Modbus RTU slave on a real serial line.
 *
 * The one idea: the line may be bad in every way a real one is, and the board's memory does not
 * notice. A press is counted even while the cable is out.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  closeContact,
  inputBits,
  inputWords,
  newRegisters,
  openContact,
  outputWords,
  shownLamp,
  writeOutput,
} from "./board-registers.ts";
import type { Contact, LampName } from "./board-registers.ts";
import { QUIET, receive, sealed, silence, SILENCE_MS } from "./modbus-slave.ts";
import type { RegisterBank, SlaveStep } from "./modbus-slave.ts";
import { openPseudoTerminal } from "./pseudo-terminal.ts";
import type { PseudoTerminal } from "./pseudo-terminal.ts";

/**
 * What the line does to bytes: repeats requests, cuts answers, flips a bit, says nothing; answers
 * too late, under another unit's number, or with an exception; flips a bit of every third answer,
 * puts bytes before it.
 */
export type LineFault =
  | "echo"
  | "truncate"
  | "corrupt"
  | "mute"
  | "late"
  | "wrong-unit"
  | "exception"
  | "noise"
  | "garbage";

/** Longer than anybody waits for an answer. */
const LATE_MS = 400;
/** Server device failure (Modbus application protocol 1.1b3, section 7). */
const DEVICE_FAILURE = 4;

export interface PressResult {
  /** Unix ms of the moment the contact closed. */
  readonly pressedAt: number;
  readonly isCounted: boolean;
}

export interface VirtualBoard {
  readonly path: string;
  /** Undefined when that contact is closed already. */
  press(contact: Contact, holdMs: number): Promise<PressResult | undefined>;
  setContact(contact: Contact, isClosed: boolean): void;
  setLineFault(fault: LineFault, isOn: boolean): void;
  unplug(): Promise<void>;
  replug(): Promise<void>;
  outputs(): { lamp: LampName; siren: boolean };
  isPlugged(): boolean;
  close(): Promise<void>;
}

const now = (): number => performance.now();

/** Opens the board's line at `path`, a link that stays the same over replugging. */
export async function openBoard(path: string, unit = 1): Promise<VirtualBoard> {
  const registers = newRegisters(1, now());
  const bank: RegisterBank = {
    inputWords: () => inputWords(registers, now()),
    inputBits: () => inputBits(registers),
    outputWords: () => outputWords(registers),
    writeOutput: (address, value) => writeOutput(registers, address, value),
  };
  const faults = new Set<LineFault>();
  let line: PseudoTerminal | undefined;
  const replug = async (): Promise<void> => {
    if (line !== undefined) return;
    const opened = await openPseudoTerminal(path);
    line = opened;
    serve(opened, {
      slave: { unit, bank },
      faults,
      onRequest: () => (registers.requestedAt = now()),
    });
    opened.onClosed(() => {
      if (line === opened) line = undefined;
    });
  };
  const unplug = async (): Promise<void> => {
    const open = line;
    line = undefined;
    await open?.close();
  };
  await replug();
  return {
    path,
    replug,
    unplug,
    close: unplug,
    isPlugged: () => line !== undefined,
    setContact(contact, isClosed) {
      if (isClosed) closeContact(registers, contact, now());
      else openContact(registers, contact, now());
    },
    setLineFault: (fault, isOn) => void (isOn ? faults.add(fault) : faults.delete(fault)),
    outputs: () => ({ lamp: shownLamp(registers, now()), siren: registers.siren === 1 }),
    async press(contact, holdMs) {
      const pressedAt = Date.now();
      if (!closeContact(registers, contact, now())) return undefined;
      await delay(holdMs);
      return { pressedAt, isCounted: openContact(registers, contact, now()) };
    },
  };
}

interface Served {
  readonly slave: { readonly unit: number; readonly bank: RegisterBank };
  readonly faults: ReadonlySet<LineFault>;
  readonly onRequest: () => void;
}

function serve(line: PseudoTerminal, { slave, faults, onRequest }: Served): void {
  let state = QUIET;
  let timer: NodeJS.Timeout | undefined;
  let answers = 0;
  const apply = (next: SlaveStep): void => {
    state = next.state;
    if (next.requests > 0) onRequest();
    // After a pause of this process several requests may
    // lie here: only for the last does anybody wait.
    const reply = next.replies.at(-1);
    if (reply === undefined) return;
    answers += 1;
    const sent = damaged(reply, { faults, isThird: answers % 3 === 0 });
    if (sent.length === 0) return;
    if (faults.has("late")) setTimeout(() => line.write(sent), LATE_MS);
    else line.write(sent);
  };
  line.onBytes((bytes) => {
    clearTimeout(timer);
    if (faults.has("echo")) line.write(bytes);
    apply(receive(slave, state, { bytes, at: now() }));
    if (state.pending.length > 0) {
      timer = setTimeout(() => apply(silence(slave, state)), SILENCE_MS);
    }
  });
  line.onClosed(() => clearTimeout(timer));
}

interface Damage {
  readonly faults: ReadonlySet<LineFault>;
  readonly isThird: boolean;
}

function damaged(reply: Uint8Array, { faults, isThird }: Damage): Uint8Array {
  const [unit = 0, code = 0] = reply;
  if (faults.has("mute")) return new Uint8Array(0);
  if (faults.has("exception")) return sealed([unit, code | 0x80, DEVICE_FAILURE]);
  if (faults.has("wrong-unit")) return sealed([unit + 1, ...reply.slice(1, -2)]);
  const whole = faults.has("truncate") ? reply.slice(0, reply.length >> 1) : reply;
  const isBefore = faults.has("garbage") && isThird;
  const bytes = Uint8Array.from(isBefore ? [0xff, 0x00, 0x55, ...whole] : whole);
  if (faults.has("corrupt") || (faults.has("noise") && isThird)) {
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  }
  return bytes;
}
