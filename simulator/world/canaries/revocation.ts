/** Canaries of the end of an identity. */
import type { HubEffect } from "../../../hub/core/events.ts";
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

export const REVOCATION_CANARIES: readonly Canary[] = [
  {
    name: "last-words-forgotten",
    story: "a pillar is revoked in a call, and is not told that it is over",
    firstSeed: 7,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          if (event.type !== "revoke-order") return decision;
          const effects = decision.effects.map((effect): HubEffect =>
            effect.type === "expel-pillar" ? { ...effect, lastCalls: [] } : effect,
          );
          return { ...decision, effects };
        },
      }),
  },
  {
    name: "revoked-heard",
    story: "the hub goes on hearing a pillar whose identity is revoked",
    firstSeed: 1,
    rules: () => withRules({ whyUnheard: () => undefined, isKnown: () => true }),
  },
  {
    name: "register-first",
    story:
      "an identity is kept beside the authority before the journal has it, and comes back when the commit failed",
    firstSeed: 32,
    rules: () => withRules({ doesJournalComeFirst: false }),
  },
  {
    name: "revoked-session-kept",
    story:
      "the end of a revoked pillar's session is not written down, and orders are signed for it",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          const record = event.type === "revoke-order" && state.pillars.get(event.pillarId);
          if (!record) return decision;
          state.pillars.set(event.pillarId, { ...record, endedSessions: [] });
          const facts = decision.facts.filter(({ type }) => type !== "pillar-session-ended");
          return { ...decision, facts };
        },
      }),
  },
];
