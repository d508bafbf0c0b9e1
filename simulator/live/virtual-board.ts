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
import { QUIET, receive, silence, SILENCE_MS } from "./modbus-slave.ts";
import type { RegisterBank, SlaveStep } from "./modbus-slave.ts";
import { openPseudoTerminal } from "./pseudo-terminal.ts";
import type { PseudoTerminal } from "./pseudo-terminal.ts";

/** What the line does to bytes: repeats requests, cuts answers, flips a bit, says nothing. */
export type LineFault = "echo" | "truncate" | "corrupt" | "mute";

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
  const apply = (next: SlaveStep): void => {
    state = next.state;
    if (next.requests > 0) onRequest();
    // After a pause of this process several requests may lie here: only for the last does anybody wait.
    const reply = next.replies.at(-1);
    if (reply === undefined) return;
    const sent = damaged(reply, faults);
    if (sent.length > 0) line.write(sent);
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

function damaged(reply: Uint8Array, faults: ReadonlySet<LineFault>): Uint8Array {
  if (faults.has("mute")) return new Uint8Array(0);
  const bytes = faults.has("truncate") ? reply.slice(0, reply.length >> 1) : Uint8Array.from(reply);
  if (faults.has("corrupt")) {
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  }
  return bytes;
}
