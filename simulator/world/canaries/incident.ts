/**
 * Canaries of the hub: one incident for an alarm, a deadline that runs, a state that comes back.
 */
import type { Decision } from "../../../hub/core/decision.ts";
import type { HubEvent } from "../../../hub/core/events.ts";
import { evolve, type Now } from "../../../hub/core/hub.ts";
import { seqKey } from "../../../hub/core/state/ledger-mark.ts";
import { noteFact } from "../../../hub/core/hear.ts";
import type { Refolded } from "../../../hub/core/refold.ts";
import type { Heard } from "../../../hub/core/state/heard-state.ts";
import type { HubState } from "../../../hub/core/state/hub-state.ts";
import { HONEST } from "../rules.ts";
import { handleWithoutAsking, withRules, type Canary } from "./canary.ts";

type AlarmHeard = Extract<HubEvent, { type: "alarm" }>;

export const INCIDENT_CANARIES: readonly Canary[] = [
  {
    name: "duplicate-opens-second",
    story: "an alarm that arrives twice is taken for two",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          if (event.type !== "alarm") return HONEST.handle(state, event, now);
          forget(state, event);
          return HONEST.handle(state, { ...event, recorded: [] }, now);
        },
      }),
  },
  {
    name: "gap-not-asked",
    story: "the hub sees that alarms are missing and asks for none",
    firstSeed: 1,
    rules: () => withRules({ handle: handleWithoutAsking }),
  },
  {
    name: "deadline-lost-on-restart",
    story: "a restart forgets which deadlines ran",
    firstSeed: 1,
    rules: () =>
      withRules({
        beginFold: (settings) => {
          const { fold, end } = HONEST.beginFold(settings);
          const endWithout = (heard: Heard): Refolded => {
            const folded = end(heard);
            const { incidents } = folded.state;
            for (const [id, one] of incidents) incidents.set(id, { ...one, deadline: null });
            return folded;
          };
          return { fold, end: endWithout };
        },
      }),
  },
  {
    name: "deadline-frozen",
    story: "a clock set back stops every deadline until it has caught up",
    firstSeed: 9,
    rules: () => {
      let latest = 0;
      return withRules({
        handle: (state, event, now) => {
          if (event.type !== "tick") return HONEST.handle(state, event, now);
          if (event.at < latest) return { facts: [], effects: [] };
          latest = event.at;
          return HONEST.handle(state, event, now);
        },
      });
    },
  },
  {
    name: "levels-drift",
    story: "each level counts from when the one before was noticed, and a little more",
    firstSeed: 4,
    rules: () => withRules({ handle: drifting }),
  },
  {
    name: "fold-differs",
    story: "the live state counts a press that the journal's fold does not",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          for (const fact of decision.facts) {
            const open = fact.type === "incident-joined" && state.incidents.get(fact.incidentId);
            if (open) state.incidents.set(open.id, { ...open, presses: open.presses + 1 });
          }
          return decision;
        },
      }),
  },
  {
    name: "owner-vanished-keeps",
    story: "an owner whose console is gone keeps the incident",
    firstSeed: 22,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          for (const desk of event.type === "tick" ? state.heard.people.values() : []) {
            desk.goneAt = null;
          }
          return HONEST.handle(state, event, now);
        },
      }),
  },
  {
    name: "silence-not-looked-at",
    story: "nobody looks at a pillar again when its silence would show",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const { secondOf, bySecond } = state.heard.duePillars.due;
          secondOf.clear();
          bySecond.clear();
          return HONEST.handle(state, event, now);
        },
      }),
  },
  {
    name: "expired-honoured",
    story: "the hub listens to a pillar whose certificate has expired as to any other",
    firstSeed: 1,
    rules: () =>
      withRules({ isExpired: () => false, whyUnheard: () => undefined, isKnown: () => true }),
  },
];

function forget(state: HubState, { alarm }: AlarmHeard): void {
  const { pillarId, seq, eventId } = alarm.event;
  state.alarms.delete(alarm.sig);
  state.signatureBySeq.delete(seqKey(pillarId, seq));
  state.signatureByEvent.delete(eventId);
}

const DRIFT_MS = 1500;

function drifting(state: HubState, event: HubEvent, now: Now): Decision {
  const decision = HONEST.handle(state, event, now);
  if (event.type !== "tick") return decision;
  const facts = decision.facts.map((fact) =>
    fact.type === "deadline-set" ? { ...fact, dueAt: fact.dueAt + DRIFT_MS } : fact,
  );
  for (const [offset, fact] of facts.entries()) {
    if (fact.type !== "deadline-set") continue;
    evolve(state, fact, now.nextIndex + offset);
    noteFact(state.heard, fact);
  }
  return { ...decision, facts };
}
