/** From mouth to ear each way, by beeps on the software path. */
import { onsetsInPage } from "../kit/browser/remote-sound.ts";
import { samplesOf, sine } from "../kit/media/tone.ts";
import { pcmOf } from "../kit/media/wav-file.ts";
import { openDeskRig, type DeskRig } from "./rig/desk-rig.ts";
import { toneOnsets } from "./rig/onset.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const BEEPS = 30;
const OPERATOR_HZ = 1000;
const BEEP_SAMPLES = 9600;
const PERIOD_SAMPLES = 48_000;

export async function benchMouthToEar(): Promise<Section> {
  const beep = sine(OPERATOR_HZ, { samples: BEEP_SAMPLES });
  const period = new Int16Array(PERIOD_SAMPLES);
  period.set(beep);
  const rig = await openDeskRig(period);
  await rig.hear({ kind: "silence" });
  const pressedAt = await rig.press();
  await rig.mark("anzhu:ring", pressedAt);
  await rig.page.keyboard.press("F2");
  await rig.mark("anzhu:talk-ready", pressedAt);
  const down = await downlink(rig);
  const up = await uplink(rig);
  await rig.stop();
  return {
    name: "mouth-to-ear",
    title: "Mouth to ear",
    method:
      `${BEEPS} beeps each way in one call. Pillar to operator: from the sample the virtual microphone hands over (to 10 ms) to ` +
      "the decoded sound in the page (looked at every 4 ms), behind the browser's jitter buffer. Operator to pillar: from the " +
      "page's microphone track to the sample the virtual loudspeaker plays (to 5 ms).",
    rows: [rowOf("pillar → operator", up), rowOf("operator → pillar", down)],
    notTested: "sound cards (20-60 ms more), echo cancellation at the pillar, a network.",
  };
}

function rowOf(what: string, values: readonly number[]): Row {
  const { n, p50, p95 } = summarise(values);
  const measured = `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (${n} beeps)`;
  return { what, measured, bar: "p95 ≤ 150 ms", isMet: n >= BEEPS / 2 && p95 <= 150 };
}

async function uplink(rig: DeskRig): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < BEEPS; n += 1) {
    await rig.hear({ kind: "silence" });
    await rig.page.waitForTimeout(400);
    const heard = onsetsInPage(rig.page, "remoteNow", 1);
    await rig.page.waitForTimeout(200 + 7 * n);
    const saidAt = await rig.hear({ kind: "tone", hz: 700 });
    const [heardAt = Number.NaN] = await heard;
    taken.push(heardAt - saidAt);
  }
  return taken;
}

async function downlink(rig: DeskRig): Promise<number[]> {
  const said = await onsetsInPage(rig.page, "mouthNow", BEEPS);
  const { wav, endAt } = await rig.played(BEEPS + 5);
  const heard = toneOnsets(samplesOf(pcmOf(wav)), OPERATOR_HZ, endAt);
  return said.flatMap((at) => {
    const ear = heard.find((one) => one > at && one < at + 900);
    return ear === undefined ? [] : [ear - at];
  });
}
