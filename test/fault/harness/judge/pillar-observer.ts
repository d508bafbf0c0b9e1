/** Records what an agent says, shows and knows of its link, from its log and its display file. */
import { readFileSync, statSync } from "node:fs";
import type { PromptName } from "../../../../device/core/call/prompt.ts";
import type { Display } from "../../../../device/core/state/shown.ts";
import type { History } from "./history.ts";
import type { Process } from "../programs/process.ts";

/** The test itself stood still for so long: nothing of that time can be judged to the second. */
const PAUSE_MS = 500;

export function newPillarObserver(of: {
  readonly pillarId: string;
  readonly displayFile: string;
  readonly history: History;
}): (life: Process | undefined) => void {
  const { pillarId, history, displayFile } = of;
  let known: Process | undefined;
  let heard = 0;
  let shown = "";
  let changedAt = 0;
  let lookedAt = Date.now();
  const listen = (line: string, at: number): void => {
    const prompt = /\bprompt ([a-z0-9-]+)/.exec(line)?.[1];
    if (prompt !== undefined) {
      history.record({ what: "voice", at, pillarId, prompt: prompt as PromptName });
    }
    if (line.includes("hub is reached")) history.record({ what: "link", at, pillarId, isUp: true });
    if (line.includes("hub is not reached")) {
      history.record({ what: "link", at, pillarId, isUp: false });
    }
  };
  const read = (at: number): void => {
    const mtime = statSync(displayFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (mtime === changedAt) return;
    changedAt = mtime;
    const text = readFileSync(displayFile, "utf8");
    if (text === shown) return;
    shown = text;
    const { phase, zh, en } = JSON.parse(text) as Display;
    history.record({ what: "screen", at, pillarId, phase, zh, en });
  };
  return (life) => {
    const at = Date.now();
    if (at - lookedAt > PAUSE_MS) {
      history.record({ what: "fault", at, detail: `the test stood still for ${at - lookedAt} ms` });
    }
    lookedAt = at;
    if (life !== known) {
      known = life;
      heard = 0;
      history.record({ what: "life", at, pillarId });
    }
    const lines = life?.lines() ?? [];
    for (const line of lines.slice(heard)) listen(line, at);
    heard = lines.length;
    try {
      read(at);
    } catch (error) {
      // A disk that is being cut or filled: what stands on the screen is read at the next look.
      changedAt = 0;
      if (!(error instanceof Error)) throw error;
    }
  };
}
