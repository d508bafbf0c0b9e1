/**
 * I2: nothing false is shown or said. Lamp, prompts and screen are judged one by one against who
 * really has the call.
 *
 * The words, and what must be true of them by the facts on the hub's disk:
 * - "N is with you" (lamp `answered`, voice `answered`, screen with N's name): a call of this
 *   pillar is answered by N and not held; "please hold for N": it is answered by N and held (the
 *   lamp has one sign for both).
 * - "received": the hub has the call and it is not over. Whoever begins to say it of a call that
 *   ended more than 15 s ago says something false, however the pillar is connected: the receipt
 *   itself tells that a call is over.
 * - Nothing is said before it was ever true: not for one moment.
 * - What has ceased to be true is taken back within 2 s of the time in which the pillar could be
 *   told: it is linked, its way to the hub is whole and quick in both directions, the broker has
 *   forgotten and reordered nothing for 15 s (the hub repeats what may have been forgotten with
 *   every second heartbeat), and the hub works, its disk takes what is decided within half a second
 *   (nothing leaves the hub before), and since it began it has heard a heartbeat of the pillar's
 *   present session: all it tells is signed for one session, and nothing but a heartbeat names it.
 *   Other time does not count, whatever it was.
 * - A pillar that knows its link to be lost takes back that somebody is with it within the same 2
 *   s. It knows by keep-alive at the latest 12 s after the way was cut: that is the bound on a way
 *   that stays cut.
 *
 * The voice counts as what it said last in the life of this program; it can only be taken back by
 * another word. To somebody who pressed silently nothing is said aloud, not even that (`hiding.ts`
 * says for how long). For the same reason what a voice says in the first 2 s after a silent call
 * was closed stays: what it hears next of that call is that it may not speak.
 */
import type { PromptName } from "../../../../device/core/call/prompt.ts";
import { PROMISED_MS } from "../../../../shared/promises.ts";
import type { Happening } from "../../run/happening.ts";
import type { History, Violation } from "../../run/history.ts";
import {
  born,
  callOver,
  heardAgain,
  kept,
  nobodyHides,
  pressed,
  restarted,
  type Hiding,
} from "./hiding.ts";
import { newStandings, type Standing, type Standings } from "./standing.ts";
import {
  lampWords,
  MEDIA,
  NOTHING,
  screenWords,
  voiceWords,
  type Medium,
  type Words,
} from "./words.ts";

/** How often it is checked whether the pillar can be told. */
export const LOOK_EVERY_MS = 250;
/** A receipt that was signed just before the end may have been so long on its way. */
const RECEIPT_UNDER_WAY_MS = 15_000;
/** A way that broke and was whole again between two looks, and the message on it. */
const ALLOWED_MS = PROMISED_MS.wordTakenBack + 2 * LOOK_EVERY_MS;

interface Watched {
  readonly pillar: string;
  readonly words: Record<Medium, Words>;
  /** Time in which a medium said what is not true and could have known it. */
  readonly wrongMs: Map<Medium, number>;
  eventId: string | undefined;
  /** Since when none of its calls is open; undefined: one is, or there was none. */
  overSince: number | undefined;
  isLinked: boolean;
  canBeTold: boolean;
  readonly hiding: Hiding;
  /** A silent call was closed so shortly before that its words may still be on their way. */
  silencedUntil: number;
}

interface Check {
  readonly standings: Standings;
  readonly pillars: Map<string, Watched>;
  /** Those with a wrong word: few, and seldom. */
  readonly wrong: Set<Watched>;
  readonly violations: Violation[];
  at: number;
}

export function checkPromise({ happenings, endedAt }: History): Violation[] {
  const check: Check = {
    standings: newStandings(),
    pillars: new Map(),
    wrong: new Set(),
    violations: [],
    at: 0,
  };
  for (const one of happenings) {
    pass(check, one.at);
    hear(check, one);
  }
  pass(check, endedAt);
  return check.violations;
}

/** Time goes on for those who say something wrong. */
function pass(check: Check, at: number): void {
  const ms = at - check.at;
  check.at = Math.max(check.at, at);
  if (ms <= 0 || check.wrong.size === 0) return;
  for (const one of check.wrong) {
    for (const [medium, before] of one.wrongMs) {
      const words = one.words[medium];
      if (!one.canBeTold && (one.isLinked || words.claim === "received")) continue;
      const now = before + ms;
      one.wrongMs.set(medium, now);
      if (before <= ALLOWED_MS && now > ALLOWED_MS) {
        report(check, one, `${medium} still says ${words.text}, ${stateOf(check, one)}`);
      }
    }
  }
}

function stateOf({ standings }: Check, { pillar, isLinked }: Watched): string {
  if (!isLinked) return "and the pillar knows that its link is lost";
  const open = standings.open(pillar).map(({ phase, by }) => `${phase} ${by ?? ""}`.trim());
  return `and its call is ${open.join(", ") || "over"}`;
}

function report(check: Check, one: Watched, detail: string): void {
  const about = [one.pillar, ...(one.eventId ? [one.eventId] : [])];
  check.violations.push({ invariant: "I2", at: check.at, detail: `the ${detail}`, about });
}

// oxlint-disable-next-line complexity -- one flat switch: splitting it would hide what is heard
function hear(check: Check, one: Happening): void {
  switch (one.type) {
    case "durable": {
      const touched = check.standings.took(one.fact, one.index);
      if (one.fact.type === "alarm-recorded") {
        kept(watched(check, one.fact.event.pillarId).hiding, one.fact.event.eventId);
      }
      if (touched === undefined) return;
      const each = watched(check, touched);
      noteEnd(check, each);
      const { fact } = one;
      if (fact.type === "pillar-enrolled" && check.standings.isSilent(touched)) {
        heardAgain(each.hiding);
      }
      // For a pillar its call is over with its identity.
      if (fact.type === "incident-closed" || fact.type === "pillar-revoked") {
        callOver(each.hiding);
        const wasSilent =
          fact.type === "incident-closed"
            ? check.standings.hasSilent(fact.incidentId)
            : check.standings.isSilent(touched);
        if (wasSilent) each.silencedUntil = check.at + ALLOWED_MS;
      }
      return weigh(check, each);
    }
    case "restored":
      check.standings.setBack(one.keptIndex);
      for (const each of check.pillars.values()) {
        each.hiding.isNow = false;
        noteEnd(check, each);
        weigh(check, each);
      }
      return;
    case "shown":
      return says(check, one, { lamp: lampWords(one.lamp) });
    case "said":
      if (one.prompt === "identify") return;
      heardAloud(check, watched(check, one.pillar), one.prompt);
      return says(check, one, { voice: voiceWords(one.prompt) });
    case "displayed":
      return says(check, one, { screen: screenWords(one) });
    case "pushed":
      pressed(watched(check, one.pillar).hiding, one);
      if (one.kind === "silent") says(check, { pillar: one.pillar }, { voice: NOTHING });
      return;
    case "born":
      return born(watched(check, one.pillar).hiding, one);
    case "stored":
      return kept(watched(check, one.pillar).hiding, one.eventId);
    case "pillar-up":
    case "pillar-down":
      restarted(watched(check, one.pillar).hiding);
      return says(check, one, { lamp: NOTHING, voice: NOTHING, screen: NOTHING });
    case "link": {
      const each = watched(check, one.pillar);
      each.isLinked = one.isUp;
      return weigh(check, each);
    }
    case "reach":
      watched(check, one.pillar).canBeTold = one.canBeTold;
      return;
    default:
  }
}

function heardAloud(check: Check, one: Watched, prompt: PromptName): void {
  if (one.hiding.isNow) report(check, one, `voice said "${prompt}" to somebody who hides`);
}

function noteEnd({ standings, at }: Check, one: Watched): void {
  if (standings.open(one.pillar).length > 0) one.overSince = undefined;
  else one.overSince ??= at;
}

function watched({ pillars }: Check, pillar: string): Watched {
  let one = pillars.get(pillar);
  if (!one) {
    const words = { lamp: NOTHING, voice: NOTHING, screen: NOTHING };
    one = {
      pillar,
      words,
      wrongMs: new Map(),
      eventId: undefined,
      overSince: undefined,
      isLinked: true,
      canBeTold: false,
      hiding: nobodyHides(),
      silencedUntil: Number.NEGATIVE_INFINITY,
    };
    pillars.set(pillar, one);
  }
  return one;
}

function says(
  check: Check,
  said: { readonly pillar: string; readonly eventId?: string | undefined },
  words: Partial<Record<Medium, Words>>,
): void {
  const one = watched(check, said.pillar);
  // Words of one step may be the last of one call and the first of the next.
  const before = one.eventId;
  one.eventId = said.eventId ?? one.eventId;
  const spoken = { ...one.words };
  Object.assign(one.words, words);
  for (const medium of MEDIA) {
    const now = words[medium];
    if (now === undefined) continue;
    one.wrongMs.delete(medium);
    const events = [said.eventId, before].filter((id) => id !== undefined);
    wasEverTrue(check, one, { medium, words: now, events });
    if (now.claim === "received" && spoken[medium].claim === "none") isNotOver(check, one, medium);
  }
  weigh(check, one);
}

function wasEverTrue(
  check: Check,
  one: Watched,
  said: {
    readonly medium: Medium;
    readonly words: Words;
    /** Of the call now, and of the one before. */
    readonly events: readonly string[];
  },
): void {
  const { medium, words, events } = said;
  if (words.claim === "none") return;
  if (!events.some((id) => check.standings.wasRecorded(id))) {
    const detail = `${medium} said ${words.text} for an alarm the hub does not hold (${events[0]})`;
    report(check, one, detail);
  }
  const { named } = words;
  const isTrue =
    named === undefined || check.standings.answerers(one.pillar).some((by) => named.includes(by));
  if (!isTrue) report(check, one, `${medium} said ${words.text}, who never answered this pillar`);
}

function isNotOver(check: Check, one: Watched, medium: Medium): void {
  const { overSince } = one;
  if (overSince === undefined || check.at - overSince <= RECEIPT_UNDER_WAY_MS) return;
  const seconds = Math.round((check.at - overSince) / 1000);
  const { text } = one.words[medium];
  report(check, one, `${medium} says ${text}; its call has been over for ${seconds} s`);
}

/** What of its words is true now, and what is not. */
function weigh(check: Check, one: Watched): void {
  const open = check.standings.open(one.pillar);
  // Without sound, what was said before the call became silent cannot be taken back.
  const isSilenced = check.standings.isSilent(one.pillar) || check.at <= one.silencedUntil;
  if (isSilenced) one.words.voice = NOTHING;
  for (const medium of MEDIA) {
    if (isTrue(one.words[medium], open, one.isLinked)) one.wrongMs.delete(medium);
    else if (!one.wrongMs.has(medium)) one.wrongMs.set(medium, 0);
  }
  if (one.wrongMs.size > 0) check.wrong.add(one);
  else check.wrong.delete(one);
}

function isTrue({ claim, named }: Words, open: readonly Standing[], isLinked: boolean): boolean {
  if (claim === "none") return true;
  if (claim === "received") return open.length > 0;
  if (!isLinked) return false;
  return open.some(({ phase, by }) => {
    const isPhase = claim === phase || (claim === "answered-or-held" && phase !== "ringing");
    return isPhase && by !== undefined && (named === undefined || named.includes(by));
  });
}
