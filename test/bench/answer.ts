/** F2 → first sound each way and first picture. */
import { samplesOf, sine } from "../kit/media/tone.ts";
import { pcmOf } from "../kit/media/wav-file.ts";
import { openDeskRig, type DeskRig } from "./rig/desk-rig.ts";
import { toneOnsets } from "./rig/onset.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const CALLS = 20;
const OPERATOR_HZ = 1000;
/** An operator answers after seeing the picture. */
const LOOK_FIRST_MS = 1000;
/** Long enough that the slowest acceptable answer lies within it. */
const LOOK_SECONDS = 4;

export async function benchAnswer(): Promise<Section> {
  const rig = await openDeskRig(sine(OPERATOR_HZ, { samples: 48_000 }));
  await rig.hear({ kind: "tone", hz: 700 });
  const sound: number[] = [];
  const picture: number[] = [];
  const voice: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const pressedAt = await rig.press();
    await rig.mark("anzhu:ring", pressedAt);
    await rig.page.locator('[data-testid="video-main"][data-state="live"]').waitFor();
    await rig.page.waitForTimeout(LOOK_FIRST_MS);
    await rig.page.keyboard.press("F2");
    const { at } = await rig.mark("anzhu:answer-pressed", pressedAt);
    sound.push((await rig.mark("anzhu:first-sound", at)).at - at);
    picture.push((await rig.mark("anzhu:first-picture", at)).at - at);
    voice.push((await firstVoice(rig, at)) - at);
    await rig.close();
  }
  await rig.stop();
  return {
    name: "answer",
    title: "Answer to conversation",
    method:
      `${CALLS} calls. F2 is pressed one second after the preview began to move. The page marks its first sound and the first frame of the large ` +
      "picture; at the pillar, what the loudspeaker played shows when the operator's tone begins (to 5 ms).",
    rows: [
      rowOf("F2 → the operator hears the pillar", sound),
      rowOf("F2 → the operator sees the picture", picture),
      rowOf("F2 → the person at the pillar hears the operator", voice),
    ],
    notTested: "sound cards, a network, a browser that has not yet been given its microphone.",
  };
}

function rowOf(what: string, values: readonly number[]): Row {
  const { p50, p95 } = summarise(values);
  const measured = `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`;
  return { what, measured, bar: "p95 ≤ 500 ms", isMet: p95 <= 500 };
}

async function firstVoice(rig: DeskRig, since: number): Promise<number> {
  for (;;) {
    const { wav, endAt } = await rig.played(LOOK_SECONDS);
    if (endAt - since > LOOK_SECONDS * 1000) throw new Error("the operator was not heard in time");
    const [onset] = toneOnsets(samplesOf(pcmOf(wav)), OPERATOR_HZ, endAt).filter(
      (at) => at > since,
    );
    if (onset !== undefined) return onset;
    await rig.page.waitForTimeout(50);
  }
}
