/**
 * `npm run bench [-- NAME…] [--write]`: each measurement with its floor or peer from the same run.
 *
 * Exit code 1 when a bar is missed. `--write` puts the figures into `docs/measurements.md`.
 */
import openTempHome from "../kit/run/temp-home.ts";
import { benchAnswer } from "./answer.ts";
import { benchBurst } from "./load/burst.ts";
import { benchEscalation } from "./escalation.ts";
import { benchHostile } from "./hostile.ts";
import { benchLoss } from "./loss.ts";
import { benchHeartbeat } from "./load/heartbeat.ts";
import { benchHerd } from "./load/herd.ts";
import { benchHubRestart } from "./load/hub-restart.ts";
import { benchIdle } from "./load/idle.ts";
import { benchMediaRestart } from "./media-restart.ts";
import { benchMediaPool } from "./media-pool.ts";
import { benchMouthToEar } from "./mouth-to-ear.ts";
import { benchPoison } from "./poison.ts";
import { benchPresence } from "./presence.ts";
import { benchPress } from "./press.ts";
import { benchResident } from "./resident.ts";
import { benchRing } from "./ring.ts";
import { benchSilent } from "./silent.ts";
import { benchStart } from "./load/start.ts";
import { render, write, type Section } from "./rig/section.ts";

const BENCHES: Record<string, () => Promise<Section>> = {
  press: benchPress,
  ring: benchRing,
  answer: benchAnswer,
  "mouth-to-ear": benchMouthToEar,
  resident: benchResident,
  burst: benchBurst,
  "hub-restart": benchHubRestart,
  herd: benchHerd,
  idle: benchIdle,
  heartbeat: benchHeartbeat,
  start: benchStart,
  loss: benchLoss,
  "media-restart": benchMediaRestart,
  "media-pool": benchMediaPool,
  hostile: benchHostile,
  poison: benchPoison,
  silent: benchSilent,
  presence: benchPresence,
  escalation: benchEscalation,
};

const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `no bench named ${unknown.join(", ")}; there are: ${Object.keys(BENCHES).join(", ")}`,
  );
  process.exit(2);
}
openTempHome();
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const section = await bench();
  console.log(`${render(section)}\n`);
  if (words.includes("--write")) write(section);
  if (section.rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
}
