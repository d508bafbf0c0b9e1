/** Which effects of the pillar's core follow from one event, and how a test writes it down. */
import type { Effect } from "../../../device/core/events.ts";
import type { FalsePillar } from "./pillar-core.ts";

/** What one event makes the pillar do. */
export function after(pillar: FalsePillar, act: () => void): readonly Effect[] {
  const before = pillar.effects.length;
  act();
  return pillar.effects.slice(before);
}
export const only = (effects: readonly Effect[], ...types: readonly Effect["type"][]) =>
  effects.filter(({ type }) => types.includes(type));
export const timers = (effects: readonly Effect[]) => only(effects, "set-timer", "clear-timer");
export const set = (name: string, at: number) => ({ type: "set-timer", name, at });
export const clear = (name: string) => ({ type: "clear-timer", name });
