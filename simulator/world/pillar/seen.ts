/** What a pillar shows to the street, told to the history. */
import { MAX_UNSTORED } from "../../../device/core/ledger/disk.ts";
import { MAX_OUTBOX } from "../../../device/core/state/outbox-state.ts";
import type { PromptName } from "../../../device/core/call/prompt.ts";
import type { Display, LampPattern } from "../../../device/core/state/shown.ts";
import type { EventId } from "../../../shared/ids.ts";
import type { Opening } from "../../../shared/protocol/purpose.ts";
import { lampWords, screenWords, voiceWords } from "../checkers/words/words.ts";
import type { Pillar, PillarWorld } from "./pillar-state.ts";

export function pillarChanged(world: PillarWorld, pillar: Pillar): void {
  const { agent } = pillar;
  if (!agent) return;
  const at = world.scheduler.now();
  for (const [what, size, limit] of [
    ["outbox", agent.outbox.pending.size, MAX_OUTBOX],
    ["unstored alarms", agent.disk.size, MAX_UNSTORED],
  ] as const) {
    if (size > limit) {
      world.happened({ type: "outgrown", at, actor: pillar.id, what, size, limit });
    }
  }
  const { call } = agent.call;
  world.note(pillar.id, "call", `${call.phase} ${"eventId" in call ? call.eventId : ""}`);
}

export function lampShows(world: PillarWorld, pillar: Pillar, lamp: LampPattern): void {
  world.happened({
    type: "shown",
    at: world.scheduler.now(),
    pillar: pillar.id,
    lamp,
    eventId: callEvent(pillar),
  });
  world.note(pillar.id, "lamp", lamp);
  world.watch.words(pillar.index, { lamp: lampWords(lamp) });
}

export function gateMoves(world: PillarWorld, pillar: Pillar, opening: Opening): void {
  const at = world.scheduler.now();
  world.happened({ type: "gate", at, pillar: pillar.id, opening });
  world.note(pillar.id, "gate", JSON.stringify(opening));
}

export function says(world: PillarWorld, pillar: Pillar, prompt: PromptName): void {
  world.happened({
    type: "said",
    at: world.scheduler.now(),
    pillar: pillar.id,
    prompt,
    eventId: callEvent(pillar),
  });
  world.note(pillar.id, "says", prompt);
  if (prompt !== "identify") world.watch.words(pillar.index, { voice: voiceWords(prompt) });
}

export function displays(world: PillarWorld, pillar: Pillar, { phase, zh, en }: Display): void {
  world.happened({
    type: "displayed",
    at: world.scheduler.now(),
    pillar: pillar.id,
    phase,
    zh,
    en,
    eventId: callEvent(pillar),
  });
  world.note(pillar.id, "displays", en);
  world.watch.words(pillar.index, { screen: screenWords({ phase, zh, en }) });
}

/** Of the call that the words are about, also when they are its last. */
function callEvent({ agent }: Pillar): EventId | undefined {
  if (!agent) return undefined;
  const { call, lastEventId } = agent.call;
  return "eventId" in call ? call.eventId : lastEventId;
}
