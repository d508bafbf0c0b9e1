/**
 * The I/O board's memory: contacts, press counters, lamp and siren, without serial line or clock.
 *
 * The one idea: a press counts when its contact stayed closed for `DEBOUNCE_MS`, and that follows
 * from the two edges alone, so no timer is needed: the caller gives the time. The one limit:
 * contacts are ideal; they do not bounce.
 */
import {
  DEBOUNCE_MS,
  INPUT_BITS,
  INPUT_BLOCK,
  LAMP_VALUES,
  MAGIC,
  MAP_VERSION,
  OUTPUT_BLOCK,
} from "../../../device/adapters/board/register-map.ts";

export type Contact = keyof typeof INPUT_BITS;
export type LampName = keyof typeof LAMP_VALUES;

/** A contact that counts its closures; only the two buttons' counters are on the wire. */
export interface ContactState {
  /** Monotonic ms since when it is closed. */
  closedAt: number | undefined;
  isCounted: boolean;
  presses: number;
  /** When the latest counted press began. */
  pressedAt: number | undefined;
}

export interface BoardRegisters {
  readonly contacts: Readonly<Record<Contact, ContactState>>;
  readonly boots: number;
  lamp: number;
  siren: number;
  watchdogSeconds: number;
  /** Monotonic ms of the latest request with a right checksum. */
  requestedAt: number;
}

const WORD = 0x1_0000;

const newContact = (): ContactState => ({
  closedAt: undefined,
  isCounted: false,
  presses: 0,
  pressedAt: undefined,
});

export function newRegisters(boots: number, at: number): BoardRegisters {
  return {
    contacts: {
      button: newContact(),
      "silent-button": newContact(),
      tamper: newContact(),
      mains: newContact(),
    },
    boots: boots % WORD,
    lamp: LAMP_VALUES.off,
    siren: 0,
    watchdogSeconds: 0,
    requestedAt: at,
  };
}

/** Returns false when the contact is closed already. */
export function closeContact(board: BoardRegisters, contact: Contact, at: number): boolean {
  const state = board.contacts[contact];
  if (state.closedAt !== undefined) return false;
  state.closedAt = at;
  state.isCounted = false;
  return true;
}

/** Returns whether the closure that ends here counted as a press. */
export function openContact(board: BoardRegisters, contact: Contact, at: number): boolean {
  const state = board.contacts[contact];
  settle(state, at);
  state.closedAt = undefined;
  return state.isCounted;
}

function settle(state: ContactState, at: number): void {
  if (state.closedAt === undefined || state.isCounted || at - state.closedAt < DEBOUNCE_MS) return;
  state.isCounted = true;
  state.presses = (state.presses + 1) % WORD;
  state.pressedAt = state.closedAt;
}

/** The input block (function 4) as it reads at this moment. */
export function inputWords(board: BoardRegisters, at: number): number[] {
  const { contacts } = board;
  settle(contacts.button, at);
  settle(contacts["silent-button"], at);
  const words = Array.from<number>({ length: INPUT_BLOCK.length }).fill(0);
  words[INPUT_BLOCK.magic] = MAGIC;
  words[INPUT_BLOCK.mapVersion] = MAP_VERSION;
  words[INPUT_BLOCK.inputBits] = bits(inputBits(board));
  words[INPUT_BLOCK.presses] = contacts.button.presses;
  words[INPUT_BLOCK.silentPresses] = contacts["silent-button"].presses;
  words[INPUT_BLOCK.pressAgeMs] = ageMs(contacts.button, at);
  words[INPUT_BLOCK.silentPressAgeMs] = ageMs(contacts["silent-button"], at);
  words[INPUT_BLOCK.boardBoots] = board.boots;
  return words;
}

/** The discrete inputs (function 2), in the order of their addresses. */
export function inputBits(board: BoardRegisters): boolean[] {
  const states: boolean[] = [];
  for (const [name, bit] of Object.entries(INPUT_BITS)) {
    states[bit] = board.contacts[name as Contact].closedAt !== undefined;
  }
  return states;
}

function bits(states: readonly boolean[]): number {
  return states.reduce((word, isSet, bit) => (isSet ? word | (1 << bit) : word), 0);
}

function ageMs(state: ContactState, at: number): number {
  if (state.pressedAt === undefined) return WORD - 1;
  return Math.min(WORD - 1, Math.max(0, Math.floor(at - state.pressedAt)));
}

/** The holding registers (function 3). */
export function outputWords(board: BoardRegisters): number[] {
  const words: number[] = [];
  words[OUTPUT_BLOCK.lamp] = board.lamp;
  words[OUTPUT_BLOCK.siren] = board.siren;
  words[OUTPUT_BLOCK.watchdogSeconds] = board.watchdogSeconds;
  return words;
}

/** Writes one holding register; false when the map has no such value there. */
export function writeOutput(board: BoardRegisters, address: number, value: number): boolean {
  switch (address) {
    case OUTPUT_BLOCK.lamp:
      if (lampName(value) === undefined) return false;
      board.lamp = value;
      return true;
    case OUTPUT_BLOCK.siren:
      if (value > 1) return false;
      board.siren = value;
      return true;
    case OUTPUT_BLOCK.watchdogSeconds:
      board.watchdogSeconds = value;
      return true;
    default:
      return false;
  }
}

/** What a person sees: the board shows `fault` by itself when nobody has asked it for too long. */
export function shownLamp(board: BoardRegisters, at: number): LampName {
  const isForgotten =
    board.watchdogSeconds > 0 && at - board.requestedAt > board.watchdogSeconds * 1000;
  return isForgotten ? "fault" : (lampName(board.lamp) ?? "fault");
}

function lampName(value: number): LampName | undefined {
  const found = Object.entries(LAMP_VALUES).find(([, number]) => number === value);
  return found?.[0] as LampName | undefined;
}
