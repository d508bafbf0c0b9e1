/** Canaries of how urgent an incident is: a rule that is not asked, and a person who may not. */
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

export const PRIORITY_CANARIES: readonly Canary[] = [
  {
    name: "night-forgotten",
    story: "after a start the hub takes a press by night for one by day",
    firstSeed: 1,
    rules: () =>
      withRules({
        beginFold: (settings) => {
          const priority = { ...settings.priority, night: null };
          return HONEST.beginFold({ ...settings, priority });
        },
      }),
  },
  {
    name: "several-unseen",
    story: "calls from several pillars of a grid are taken for unrelated ones",
    firstSeed: 2,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const pillar = event.type === "alarm" ? state.pillars.get(event.pillarId) : undefined;
          if (!pillar) return HONEST.handle(state, event, now);
          const { grid } = pillar;
          state.pillars.set(pillar.id, { ...pillar, grid: "" });
          const decision = HONEST.handle(state, event, now);
          const after = state.pillars.get(pillar.id);
          if (after) state.pillars.set(after.id, { ...after, grid });
          return decision;
        },
      }),
  },
  {
    name: "anybody-lowers",
    story: "whoever sits at a desk may make another's incident less urgent",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) =>
          event.type === "operator-order" && event.order.name === "grade"
            ? HONEST.handle(state, { ...event, role: "supervisor" }, now)
            : HONEST.handle(state, event, now),
      }),
  },
];
