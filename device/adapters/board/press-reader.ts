/**
 * Turns the board's polled registers into edges: its counters say how many presses there were.
 *
 * They say so too after a restart of the agent, counted from where the ledger says the agent
 * stopped before: a press it reported is not reported again, one that it missed is reported now.
 */
import type { BoardMark, InputChange, InputName } from "../../ports.ts";
import { INPUT_BITS, INPUT_BLOCK } from "./register-map.ts";

const COUNTER_SIZE = 65_536;
/**
 * Without a mark in the ledger: shorter than a restart
 * of the agent, so such a press may have been missed.
 */
const RECENT_MS = 2000;
/** More presses than this between two polls is a restarted board, not a hand. */
const MAX_PRESSES_PER_POLL = 16;

const COUNTERS = [
  { input: "button", count: INPUT_BLOCK.presses, age: INPUT_BLOCK.pressAgeMs },
  { input: "silent-button", count: INPUT_BLOCK.silentPresses, age: INPUT_BLOCK.silentPressAgeMs },
] as const;
type Counter = (typeof COUNTERS)[number];

export interface PressReader {
  /** Where an earlier life stopped; before the first poll. */
  resume(since: BoardMark): void;
  /**
   * The input registers, and the moment they were asked for. Their ages count from a moment after
   * it, so a press is never told later than it was, however long the answer lay unread.
   */
  take(data: readonly number[], askedAt: number): void;
}

export function pressReader(emit: (change: InputChange) => void): PressReader {
  const active = new Map<InputName, boolean>();
  const counts = new Map<Counter["input"], number>();
  let boots: number | undefined;

  const setLevel = (input: InputName, isActive: boolean, at: number): void => {
    if ((active.get(input) ?? false) === isActive) return;
    active.set(input, isActive);
    emit({ input, isActive, at });
  };
  const press = (input: Counter["input"], count: number, at: number): void => {
    setLevel(input, false, at);
    active.set(input, true);
    counts.set(input, count);
    const mark = {
      boots: boots ?? 0,
      presses: counts.get("button") ?? 0,
      silentPresses: counts.get("silent-button") ?? 0,
    };
    emit({ input, isActive: true, at, mark });
  };
  const takeButton = ({ input, count, age }: Counter, data: readonly number[], askedAt: number) => {
    const isActive = isSet(data, input);
    const total = data[count] ?? 0;
    const before = counts.get(input);
    const ageMs = data[age] ?? 0;
    let fresh = (total - (before ?? 0) + COUNTER_SIZE) % COUNTER_SIZE;
    // Far ahead means behind: a board that restarted without saying so.
    if (fresh > COUNTER_SIZE / 2) fresh = total;
    // Nothing is known of an earlier run: a press of this moment is somebody waiting.
    if (before === undefined) fresh = total > 0 && ageMs < RECENT_MS ? 1 : 0;
    const told = Math.min(fresh, MAX_PRESSES_PER_POLL);
    for (let left = told; left > 0; left--) {
      press(input, (total - left + 1 + COUNTER_SIZE) % COUNTER_SIZE, askedAt - ageMs);
    }
    counts.set(input, total);
    // A closed contact is no press until the board has counted it; an open one is the end of one.
    if (!isActive) setLevel(input, false, askedAt);
  };
  return {
    resume: (since) => {
      boots = since.boots;
      counts.set("button", since.presses);
      counts.set("silent-button", since.silentPresses);
    },
    take: (data, askedAt) => {
      const boot = data[INPUT_BLOCK.boardBoots];
      // A board that restarted counts from zero.
      if (boots !== undefined && boots !== boot)
        for (const { input } of COUNTERS) counts.set(input, 0);
      boots = boot;
      for (const counter of COUNTERS) takeButton(counter, data, askedAt);
      for (const input of ["tamper", "mains"] as const)
        setLevel(input, isSet(data, input), askedAt);
    },
  };
}

const isSet = (data: readonly number[], input: InputName): boolean =>
  ((data[INPUT_BLOCK.inputBits] ?? 0) & (1 << INPUT_BITS[input])) !== 0;
