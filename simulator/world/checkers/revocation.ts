/**
 * I7: a revoked identity counts for nothing, and a pillar that has one promises nothing.
 *
 * From the revocation on the hub's disk to the next enrolment: nothing the pillar says becomes a
 * fact, nothing is signed for it (its last words are decided with the revocation), and somebody who
 * presses there is told after 20 s to dial 110. A pillar that its last words did not reach takes an
 * answer back by itself. That what it says is true in the meantime is the matter of `promise.ts`.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";
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

interface Watched {
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
  const watched = new Map<string, Watched>();
  const violations: Violation[] = [];
  const of = (pillar: string): Watched => {
    const known = watched.get(pillar);
    if (known) return known;
    const one = { pillar, isRevoked: false, lamp: "off", answerEndsAt: NEVER, dialBy: NEVER };
    watched.set(pillar, one);
    return one;
  };
  const report = (pillar: string, at: number, detail: string): void =>
    void violations.push({ invariant: "I7", at, detail: `${pillar} ${detail}`, about: [pillar] });
  for (const one of happenings) {
    for (const each of watched.values()) late(each, one.at, report);
    if (one.type === "told-expelled")
      report(one.pillar, one.at, "is revoked, and is told something");
    if (one.type === "restored") for (const each of watched.values()) enrolled(each);
    if (one.type === "durable") {
      const { fact } = one;
      if (fact.type === "pillar-revoked") revoked(of(fact.pillarId), one.at);
      if (fact.type === "pillar-enrolled") enrolled(of(fact.pillarId));
    } else if ("pillar" in one) note(of(one.pillar), one);
  }
  return violations;
}

function late(
  one: Watched,
  at: number,
  report: (pillar: string, at: number, detail: string) => void,
): void {
  if (at > one.answerEndsAt) {
    one.answerEndsAt = NEVER;
    report(one.pillar, at, `is revoked, and its lamp still says that somebody has answered`);
  }
  if (at > one.dialBy) {
    one.dialBy = NEVER;
    report(one.pillar, at, "is revoked, and whoever pressed there was not told to dial 110");
  }
}

function revoked(one: Watched, at: number): void {
  one.isRevoked = true;
  if (one.lamp === "answered") one.answerEndsAt = at + BELIEVED_MS;
}

function enrolled(one: Watched): void {
  one.isRevoked = false;
  one.answerEndsAt = NEVER;
  one.dialBy = NEVER;
}

function note(one: Watched, happening: Happening): void {
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
