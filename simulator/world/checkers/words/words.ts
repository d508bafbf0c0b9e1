/** What lamp, voice and screen say to a person, as a claim that is true or not. */
import type { DisplayPhase, LampPattern } from "../../../../device/core/state/shown.ts";
import type { PromptName } from "../../../../device/core/call/prompt.ts";

export const MEDIA = ["lamp", "voice", "screen"] as const;
export type Medium = (typeof MEDIA)[number];

/** The lamp has one sign for both: somebody is there, and speaks or will be back. */
export type Claim = "none" | "received" | "answered" | "held" | "answered-or-held";

export interface Words {
  readonly claim: Claim;
  /** For the report: what was to be seen or heard. */
  readonly text: string;
  /** Words in which the name must stand; `undefined`: no name is said. */
  readonly named: string | undefined;
}

export const NOTHING: Words = { claim: "none", text: "nothing", named: undefined };

export function lampWords(lamp: LampPattern): Words {
  const text = `"${lamp}"`;
  if (lamp === "answered") return { claim: "answered-or-held", text, named: undefined };
  return lamp === "received" ? { claim: "received", text, named: undefined } : NOTHING;
}

/** What each spoken prompt says of who has the call. */
const SPOKEN: Readonly<Record<string, Claim>> = {
  answered: "answered",
  held: "held",
  received: "received",
  reconnecting: "received",
  "ringing-again": "received",
};

export function voiceWords(prompt: PromptName): Words {
  const claim = SPOKEN[prompt] ?? "none";
  return claim === "none" ? NOTHING : { claim, text: `"${prompt}"`, named: undefined };
}

export function screenWords(shown: {
  readonly phase: DisplayPhase;
  readonly zh: string;
  readonly en: string;
}): Words {
  const { phase, zh, en } = shown;
  const text = `"${zh}"`;
  if (phase === "received" || phase === "reconnecting" || phase === "line-lost") {
    return { claim: "received", text, named: undefined };
  }
  if (phase !== "answered" && phase !== "held") return NOTHING;
  return { claim: phase, text, named: `${zh} ${en}` };
}
