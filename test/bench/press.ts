/** Debounced edge to `accepted` at the pillar, against a bare broker with one commit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { measureFloor } from "./rig/floor.ts";
import { summarise } from "./rig/percentile.ts";
import type { Section } from "./rig/section.ts";
import { openStation } from "./rig/station.ts";

const PRESSES = 500;
const WARM_UP = 200;
const PAUSE_MS = 60;

export async function benchPress(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "anzhu-floor-"));
  const count = PRESSES + WARM_UP;
  const hot = summarise((await measureFloor(directory, { count, pauseMs: 0 })).slice(WARM_UP));
  const floor = summarise(
    (await measureFloor(directory, { count, pauseMs: PAUSE_MS })).slice(WARM_UP),
  );
  rmSync(directory, { recursive: true, force: true });
  const press = summarise((await presses(count)).slice(WARM_UP));
  const ratio = press.p50 / floor.p50;
  return {
    name: "press",
    title: "Press to accepted",
    method:
      `${PRESSES} presses, one at a time, from the board's edge to the lamp "received": ledger commit, signature, MQTT over ` +
      "mutual TLS 1.3, verification, journal commit, signed receipt. Agent and hub are two processes. The floor is a bare " +
      `broker on plain TCP that commits one row and answers, same run, same pause of ${PAUSE_MS} ms before each message, because an ` +
      `idle machine answers later than a hot one (without the pause: p50 ${hot.p50.toFixed(2)} ms, p99 ${hot.p99.toFixed(1)} ms).`,
    rows: [
      {
        what: "edge → accepted, p50",
        measured: `${press.p50.toFixed(2)} ms = ${ratio.toFixed(1)} x floor`,
        bar: `≤ 4 x floor (${floor.p50.toFixed(2)} ms)`,
        isMet: ratio <= 4,
      },
      {
        what: "edge → accepted, p99",
        measured: `${press.p99.toFixed(1)} ms (floor ${floor.p99.toFixed(1)} ms)`,
        bar: "≤ 15 ms",
        isMet: press.p99 <= 15,
      },
      {
        what: "edge → accepted, slowest",
        measured: `${press.max.toFixed(1)} ms (floor ${floor.max.toFixed(1)} ms)`,
        bar: "none",
        isMet: true,
      },
    ],
    notTested: "the serial line (its poll adds up to 10 ms), a network between the two, SD cards.",
  };
}

async function presses(count: number): Promise<number[]> {
  const station = await openStation();
  const taken: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const received = station.lamp("received");
    const start = performance.now();
    station.press();
    taken.push((await received) - start);
    const standby = station.lamp("standby");
    await station.clear();
    await standby;
    // The hub lets one pillar raise 20 alarms a second; this is about one, not about a flood.
    await delay(PAUSE_MS);
  }
  await station.stop();
  return taken;
}
