/**
 * I7 and the pillar registry: an expired identity has its alarms taken, unverified, and nothing
 * else; nobody is called a second machine where every machine is one; a ledger is said to be lost
 * only where memory was; an identity whose giving or taking was not written down when somebody
 * asked for it is not written down later.
 */
import {
  isIdentityFact,
  type Fact,
  type FactOf,
  type IdentityFact,
} from "../../../hub/core/facts.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";
import { THIEF } from "../faults/thief.ts";
import { FOUND_BY_HUB } from "../watch/faults.ts";

export function checkIdentity({ hub, happenings, endedAt: at }: History): Violation[] {
  const violations: Violation[] = [];
  const expiries = new Map(hub.pillars.map(({ pillar, expiresAt }) => [pillar, expiresAt]));
  const forgetful = whoMayFork(happenings);
  const found = (invariant: string, detail: string, pillar: string): void =>
    void violations.push({ invariant, at, detail, about: [pillar] });
  for (const fact of hub.journal) {
    const pillar = pillarOf(fact);
    // A stolen identity may be called by any of these.
    if (pillar === undefined || pillar === THIEF) continue;
    if (fact.at > (expiries.get(pillar) ?? Number.POSITIVE_INFINITY)) {
      const honoured = honouredIn(fact);
      if (honoured) found("I7", `${pillar} has expired, and its ${honoured}`, pillar);
    }
    if (fact.type === "pillar-cloned" || isRaised(fact, "ledger-forked")) {
      const { detail } = fact as FactOf<"pillar-cloned" | "pillar-fault">;
      found("I13", `${pillar} is one machine, and is called two: ${detail}`, pillar);
    }
    const isLoss = fact.type === "alarm-equivocation" || isRaised(fact, "ledger-lost");
    if (isLoss && !forgetful.has(pillar)) {
      found("I13", `${pillar} is said to have forgotten alarms, and never did`, pillar);
    }
  }
  return [...violations, ...writtenLater(happenings)];
}

/** Nobody was told that it succeeded. What was on the disk all the same counts. */
function writtenLater(happenings: readonly Happening[]): Violation[] {
  const violations: Violation[] = [];
  const asked = new Map<string, "waiting" | "failed">();
  for (const one of happenings) {
    if (one.type === "identity-asked") asked.set(nameOf(one.fact), "waiting");
    else if (one.type === "hub-down" || (one.type === "hub-up" && !one.isLive)) {
      for (const name of asked.keys()) asked.set(name, "failed");
    } else if (one.type === "durable" && isIdentityFact(one.fact)) {
      const { type, pillarId } = one.fact;
      const name = nameOf(one.fact);
      if (asked.get(name) === "failed" && !one.isFound) {
        const detail = `${type} of ${pillarId} is written down after it had failed`;
        violations.push({ invariant: "I7", at: one.at, detail, about: [pillarId] });
      }
      asked.delete(name);
    }
  }
  return violations;
}

const nameOf = (fact: IdentityFact): string => `${fact.type} ${fact.pillarId} ${fact.at}`;

function pillarOf(fact: Fact): string | undefined {
  if (fact.type === "alarm-recorded") return fact.event.pillarId;
  return "pillarId" in fact ? fact.pillarId : undefined;
}

/** What of an expired pillar was taken for more than it is. */
function honouredIn(fact: Fact): string | undefined {
  switch (fact.type) {
    case "alarm-recorded":
    case "incident-opened":
    case "incident-joined":
      return fact.isVerified === false ? undefined : `${fact.type} counts as verified`;
    case "pillar-started":
    case "command-sent":
      return `${fact.type} is in the journal`;
    case "pillar-fault":
      return FOUND_BY_HUB.has(fact.code) ? undefined : `${fact.code} is in the journal`;
    default:
      return undefined;
  }
}

const isRaised = (fact: Fact, code: string): boolean =>
  fact.type === "pillar-fault" && fact.code === code && fact.isActive;

/** A pillar that began without its ledger, or that died with alarms in its memory only. */
function whoMayFork(happenings: readonly Happening[]): Set<string> {
  const pillars = new Set<string>();
  for (const one of happenings) {
    if (one.type === "pillar-up" && one.isBornBlind) pillars.add(one.pillar);
    if (one.type === "pillar-down" && one.unstored > 0) pillars.add(one.pillar);
  }
  return pillars;
}
