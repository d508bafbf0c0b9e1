/**
 * Makes the prompts of this folder: `node device/prompts/make.ts` (needs espeak-ng and ffmpeg).
 *
 * They are placeholders spoken by a machine. A site replaces them by recordings of a person, as WAV
 * files of the same names (PCM, 1 channel, 48000 Hz, 16 bit), here or in the folder that
 * `media.promptsDir` names.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const SENTENCES = {
  calling: "正在接通，请稍候。",
  received: "指挥中心已收到您的报警。",
  answered: "民警已接听，请讲话。",
  held: "请稍候。",
  reconnecting: "线路中断，正在重新连接，请稍候。",
  "ringing-again": "民警已离开，正在为您重新呼叫，请稍候。",
  ended: "通话结束。",
  "network-fault-dial-110": "网络故障，请拨打 1 1 0。",
} as const;

const FORM = ["-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le", "-map_metadata", "-1", "-bitexact"];
/** Loud enough for a street, and without the silence a synthesiser leaves around its words. */
const TRIMMED = "silenceremove=start_periods=1:start_threshold=-50dB";
const SHAPE = `${TRIMMED},areverse,${TRIMMED},areverse,volume=9dB,alimiter=limit=0.9:level=0`;
/** Two notes, a falling third, each dying away. */
const CHIME =
  "0.5*sin(2*PI*784*t)*exp(-4*t)*lt(t,0.6)" +
  "+0.5*sin(2*PI*622*(t-0.6))*exp(-4*(t-0.6))*gte(t,0.6)";

function ffmpeg(name: string, args: readonly string[], input?: Buffer): void {
  const path = join(import.meta.dirname, `${name}.wav`);
  const options = input === undefined ? {} : { input };
  execFileSync("ffmpeg", ["-v", "error", "-y", ...args, ...FORM, path], options);
}

for (const [name, text] of Object.entries(SENTENCES)) {
  const speech = execFileSync("espeak-ng", [
    "-v",
    "cmn-latn-pinyin",
    "-s",
    "150",
    "--stdout",
    text,
  ]);
  ffmpeg(name, ["-i", "pipe:0", "-af", SHAPE], speech);
}
ffmpeg("identify", ["-f", "lavfi", "-i", `aevalsrc='${CHIME}':s=48000:d=1.6`]);
