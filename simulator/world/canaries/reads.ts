/** Canaries of the read path: one row that breaks a list, and what must not count. */
import { toIncident } from "../../../hub/journal/read/api-shape.ts";
import { HONEST } from "../rules.ts";
import { withRules, type Canary } from "./canary.ts";

const FEW_ALARMS = 20;

export const READ_CANARIES: readonly Canary[] = [
  {
    name: "one-row-costs-the-list",
    story: "an incident with a hand-over and a hold cannot be shown, and with it none",
    firstSeed: 1,
    rules: () =>
      withRules({
        show: {
          incident: (record, name) => {
            const shown = toIncident(record, name);
            const isOdd = record.ring > 1 && record.units > 0;
            return isOdd ? { ...shown, pressedAt: new Date(Number.NaN).toISOString() } : shown;
          },
        },
      }),
  },
  {
    name: "absurd-age",
    story: "an age beyond every calendar is written down as it came; who reads it bounds it",
    firstSeed: 1,
    rules: () =>
      withRules({
        handle: (state, event, now) => {
          const decision = HONEST.handle(state, event, now);
          const { ageMs } = event.type === "alarm" ? event.alarm : {};
          if (ageMs === undefined) return decision;
          const pressedAt = event.at - ageMs;
          const facts = decision.facts.map((fact) =>
            fact.type === "alarm-recorded" || fact.type === "incident-opened"
              ? { ...fact, pressedAt }
              : fact,
          );
          return { ...decision, facts };
        },
      }),
  },
  {
    name: "budget-drops-alarms",
    story: `a pillar's budget of ${FEW_ALARMS} alarms counts for alarms as well: the next are not taken`,
    firstSeed: 1,
    rules: () => {
      const taken = new Map<string, number>();
      return withRules({
        handle: (state, event, now) => {
          if (event.type !== "alarm") return HONEST.handle(state, event, now);
          const before = taken.get(event.pillarId) ?? 0;
          if (before >= FEW_ALARMS) return { facts: [], effects: [] };
          const decision = HONEST.handle(state, event, now);
          if (decision.facts.length > 0) taken.set(event.pillarId, before + 1);
          return decision;
        },
      });
    },
  },
];
