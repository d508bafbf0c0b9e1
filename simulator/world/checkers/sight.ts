/**
 * I10, I13 and the programs' own assertions: what went wrong while the world ran.
 *
 * A pillar that has said nothing for 15 s is shown as lost, its faults are shown as they are, and a
 * whole grid gone is told; whatever consoles ask for is answered, and no time is written down that
 * cannot be right; nothing may outgrow its limit; a restart must make the same state again; no
 * program may stop by an exception.
 */
import { MOST_AGE_MS } from "../../../hub/core/time/bounds.ts";
import type { Happening } from "../run/happening.ts";
import type { History, Violation } from "../run/history.ts";

export function checkSight({ happenings }: History): Violation[] {
  return happenings.flatMap((one) => {
    const seen = violationOf(one);
    return seen ? [seen] : [];
  });
}

function violationOf(one: Happening): Violation | undefined {
  const { at } = one;
  switch (one.type) {
    case "stale": {
      const detail = `${one.pillar} is shown as ${one.presence} after ${Math.round(one.silentMs)} ms of silence`;
      return { invariant: "I13", at, detail, about: [one.pillar] };
    }
    case "outgrown": {
      const detail = `${one.what} of ${one.actor}: ${one.size}, more than ${one.limit}`;
      return { invariant: "I10", at, detail, about: [one.actor] };
    }
    case "diverged": {
      const detail = `the journal does not fold to the state that was live: ${one.detail}`;
      return { invariant: "I5", at, detail, about: ["hub"] };
    }
    case "fault-unseen": {
      const { pillar, code, isRaised, lateMs } = one;
      const state = isRaised ? "is not shown" : "is still shown";
      const detail = `${code} of ${pillar} ${state} ${Math.round(lateMs)} ms after its time`;
      return { invariant: "I13", at, detail, about: [pillar] };
    }
    case "grid-untold": {
      const detail = one.isGone
        ? "a whole grid is gone, and nobody was told"
        : "a grid that is back is shown as gone";
      return { invariant: "I13", at, detail, about: ["hub"] };
    }
    case "unreadable": {
      const detail = `${one.what} cannot be read: ${one.reason}`;
      return { invariant: "I13", at, detail, about: ["hub"] };
    }
    case "durable": {
      const { fact } = one;
      if (fact.type !== "alarm-recorded" && fact.type !== "incident-opened") return undefined;
      const ageMs = fact.at - fact.pressedAt;
      if (ageMs >= 0 && ageMs <= MOST_AGE_MS) return undefined;
      const detail = `${fact.type} is written down with an age of ${ageMs} ms`;
      return { invariant: "I13", at, detail, about: [fact.incidentId] };
    }
    case "broken":
      return { invariant: "assertion", at, detail: one.reason, about: [one.actor] };
    default:
      return undefined;
  }
}
