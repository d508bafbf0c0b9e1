/**
 * I7: a revoked identity counts for nothing, and a pillar that has one promises nothing.
 *
 * From the revocation on the hub's disk to the next enrolment: nothing the pillar says becomes a
 * fact, nothing is signed for it (its last words are decided with the revocation), and somebody who
 * presses there is told after 20 s to dial 110. A pillar that its last words did not reach takes an
 * answer back by itself. That what it says is true in the meantime is the matter of `promise.ts`.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { Happening, History, Violation } from "../run/history.ts";
import { FOUND_BY_HUB } from "../watch/faults.ts";

/**
 * Without a message from the hub an answer counts for 25
 * s; the last such word may have been long on its way.
 */
const BELIEVED_MS = 45_000;
/** 20 s, and the crystal of a cheap clock. */
const DIAL_110_MS = 21_000;

export function checkRevocation(history: History): Violation[] {
  return [...honoured(history), ...broken(history.happenings)];
}

function honoured({ hub, endedAt: at }: History): Violation[] {
  const revoked = new Set<string>();
  const violations: Violation[] = [];
  for (const fact of hub.journal) {
    if (fact.type === "pillar-revoked") revoked.add(fact.pillarId);
    if (fact.type === "pillar-enrolled") revoked.delete(fact.pillarId);
    const pillar = saidBy(fact);
    if (pillar === undefined || !revoked.has(pillar)) continue;
    const detail = `${pillar} is revoked, and its ${fact.type} is in the journal`;
    violations.push({ invariant: "I7", at, detail, about: [pillar] });
  }
  return violations;
}

/** Whose message this fact comes of. */
function saidBy(fact: Fact): string | undefined {
  switch (fact.type) {
    case "alarm-recorded":
      return fact.event.pillarId;
    case "pillar-fault":
      return FOUND_BY_HUB.has(fact.code) ? undefined : fact.pillarId;
    case "alarm-equivocation":
    case "certificate-adopted":
    case "certificate-renewed":
    case "command-sent":
    case "incident-opened":
    case "pillar-cloned":
    case "pillar-started":
    case "presence-changed":
      return fact.pillarId;
    default:
      return undefined;
  }
}

interface Suspect {
  readonly pillar: string;
  isRevoked: boolean;
  lamp: string;
  /** Until when an answer may count. */
  answerEndsAt: number;
  /** Until when somebody who pressed must have been told to dial 110. */
  dialBy: number;
}

const NEVER = Number.POSITIVE_INFINITY;

function broken(happenings: readonly Happening[]): Violation[] {
  const suspects = new Map<string, Suspect>();
  const violations: Violation[] = [];
  const of = (pillar: string): Suspect => {
    const known = suspects.get(pillar);
    if (known) return known;
    const one = { pillar, isRevoked: false, lamp: "off", answerEndsAt: NEVER, dialBy: NEVER };
    suspects.set(pillar, one);
    return one;
  };
  const accuse = (pillar: string, at: number, detail: string): void =>
    void violations.push({ invariant: "I7", at, detail: `${pillar} ${detail}`, about: [pillar] });
  for (const one of happenings) {
    for (const suspect of suspects.values()) late(suspect, one.at, accuse);
    if (one.type === "told-expelled")
      accuse(one.pillar, one.at, "is revoked, and is told something");
    if (one.type === "restored") for (const each of suspects.values()) acquit(each);
    if (one.type === "durable") {
      const { fact } = one;
      if (fact.type === "pillar-revoked") convict(of(fact.pillarId), one.at);
      if (fact.type === "pillar-enrolled") acquit(of(fact.pillarId));
    } else if ("pillar" in one) note(of(one.pillar), one);
  }
  return violations;
}

function late(
  one: Suspect,
  at: number,
  accuse: (pillar: string, at: number, detail: string) => void,
): void {
  if (at > one.answerEndsAt) {
    one.answerEndsAt = NEVER;
    accuse(one.pillar, at, `is revoked, and its lamp still says that somebody has answered`);
  }
  if (at > one.dialBy) {
    one.dialBy = NEVER;
    accuse(one.pillar, at, "is revoked, and whoever pressed there was not told to dial 110");
  }
}

function convict(one: Suspect, at: number): void {
  one.isRevoked = true;
  if (one.lamp === "answered") one.answerEndsAt = at + BELIEVED_MS;
}

function acquit(one: Suspect): void {
  one.isRevoked = false;
  one.answerEndsAt = NEVER;
  one.dialBy = NEVER;
}

function note(one: Suspect, happening: Happening): void {
  const { type, at } = happening;
  if (type === "shown") {
    one.lamp = happening.lamp;
    if (one.lamp !== "answered") one.answerEndsAt = NEVER;
    else if (one.isRevoked && one.answerEndsAt === NEVER) one.answerEndsAt = at + BELIEVED_MS;
  } else if (type === "pillar-down" || type === "pillar-up") {
    one.lamp = "off";
    one.answerEndsAt = NEVER;
    one.dialBy = NEVER;
  } else if (type === "pushed") {
    // Nothing is said aloud after a silent press.
    if (happening.kind === "silent") one.dialBy = NEVER;
    else if (one.isRevoked && happening.isIdle) one.dialBy = Math.min(one.dialBy, at + DIAL_110_MS);
  } else if (type === "said" && happening.prompt === "network-fault-dial-110") one.dialBy = NEVER;
}
