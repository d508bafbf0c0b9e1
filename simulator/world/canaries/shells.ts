/**
 * Canaries of what the programs' shells share with the simulated world: the line of decisions, the
 * fold made again, and what is made of what arrives and told to pillars.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import { HONEST } from "../rules.ts";
import { stepWithoutReplay, withRules, type Canary } from "./canary.ts";

export const SHELL_CANARIES: readonly Canary[] = [
  {
    name: "receipt-names-another-fact",
    story: "a receipt names the last fact of its decision, whichever that is",
    firstSeed: 1,
    rules: () =>
      withRules({
        receiptFor: (effect, settled, issuer) => ({
          ...HONEST.receiptFor(effect, settled, issuer),
          journalIndex: settled.first + settled.facts.length - 1,
        }),
      }),
  },
  {
    name: "resend-from-the-next",
    story:
      "the hub asks for what it lacks from one number too late (and another hubEpoch starts no replay)",
    firstSeed: 2,
    rules: () =>
      withRules({
        step: stepWithoutReplay,
        resendOf: ({ fromSeq, ...effect }) => HONEST.resendOf({ ...effect, fromSeq: fromSeq + 1 }),
      }),
  },
  {
    name: "numbers-repeated",
    story: "what is told to pillars is not numbered on",
    firstSeed: 1,
    rules: () =>
      withRules({
        callFor: (numbering, state, told) => {
          numbering.number = 0;
          return HONEST.callFor(numbering, state, told);
        },
      }),
  },
  {
    name: "last-words-unsaid",
    story: "a session that ends with its identity is told nothing any more",
    firstSeed: 7,
    rules: () => withRules({ lastWords: () => [] }),
  },
  {
    name: "hash-of-the-one-before",
    story: "an alarm is linked to the pillar's chain by the link before it",
    firstSeed: 1,
    rules: () =>
      withRules({
        alarmEvent: (arrival, given) => {
          const event = HONEST.alarmEvent(arrival, given);
          return { ...event, hash: arrival.alarm.event.prevHash };
        },
      }),
  },
  {
    name: "alarm-of-another-key",
    story: "an alarm is taken whoever has signed it",
    firstSeed: 2,
    rules: () =>
      withRules({
        whyRefused: (state, arrival) => HONEST.whyRefused(state, arrival, () => true),
      }),
  },
  {
    name: "decided-while-failing",
    story: "the hub goes on deciding on a fold that the disk does not have",
    firstSeed: 1,
    rules: () =>
      withRules({
        takeEvent: (line, event, now) =>
          HONEST.takeEvent({ ...line, hasFailed: false }, event, now),
      }),
  },
  {
    name: "repeated-alarm-waits-for-nothing",
    story: "a decision without facts leaves at once, though those before it are not durable",
    firstSeed: 3,
    rules: () =>
      withRules({
        settle: (commits, decision, leave) => {
          if (decision.facts.length === 0) leave();
          else HONEST.settle(commits, decision, leave);
        },
      }),
  },
  {
    name: "fact-behind-snapshot-skipped",
    story: "a start from a snapshot skips the first fact behind it",
    firstSeed: 4,
    rules: () =>
      withRules({
        beginFold: (settings) => {
          const { fold, end } = HONEST.beginFold(settings);
          let skipped = -1;
          const spoilt = {
            snapshot: (body: string, index: number) => {
              skipped = index + 1;
              return fold.snapshot(body, index);
            },
            fact: (fact: Fact, index: number) => {
              if (index !== skipped) fold.fact(fact, index);
            },
          };
          return { fold: spoilt, end };
        },
      }),
  },
  {
    name: "numbers-begin-at-one",
    story: "a pillar that cannot read its ledger numbers its alarms from one again",
    firstSeed: 9,
    rules: () =>
      withRules({ ledgerBase: () => ({ bootEpoch: 1, head: { seq: 0, hash: GENESIS } }) }),
  },
];
