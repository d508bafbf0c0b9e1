/**
 * The power fails before every single effect of a short day, one after the other, without sampling.
 *
 * The same world is run once for each effect that pillar
 * or hub performs in it, with no other fault.
 */
import { judge, type Verdict } from "./report.ts";
import { runWorld } from "../world.ts";
import type { WorldSettings } from "../settings.ts";

/** Seven minutes with a press in most of them. */
const SHORT_DAY = 0.005;

export interface Sweep {
  readonly effects: number;
  readonly presses: number;
  readonly failures: readonly { readonly effect: number; readonly verdict: Verdict }[];
}

/** `step`: at every so-manieth effect, from the first on. */
export function crashAtEveryEffect(seed: number, step = 1): Sweep {
  const settings: WorldSettings = { seed, days: SHORT_DAY, pillars: 1, density: "dense", only: [] };
  const { effects } = runWorld(settings);
  const failures: { effect: number; verdict: Verdict }[] = [];
  let presses = 0;
  for (let effect = 1; effect <= effects; effect += step) {
    const verdict = judge({ ...settings, crashAtEffect: effect });
    presses += verdict.presses;
    if (verdict.violations.length > 0) failures.push({ effect, verdict });
  }
  return { effects, presses, failures };
}
