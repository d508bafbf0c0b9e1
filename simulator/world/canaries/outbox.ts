/** Canaries of the pillar's ledger and outbox. */
import type { AgentStep } from "../../../device/core/state/agent-state.ts";
import { GENESIS } from "../../../shared/hash-chain.ts";
import { HONEST } from "../rules.ts";
import { handleWithoutAsking, stepWithoutReplay, withRules, type Canary } from "./canary.ts";

const TRIES = 3;
const FEW = 2;

export const OUTBOX_CANARIES: readonly Canary[] = [
  {
    name: "unaccepted-forgotten",
    story: "a reboot forgets what was not accepted (and the hub asks for no resend)",
    firstSeed: 2,
    rules: () =>
      withRules({
        begin: (found) => ({ ...found, unaccepted: [] }),
        handle: handleWithoutAsking,
      }),
  },
  {
    name: "resend-stops",
    story: `the pillar stops asking after ${TRIES} tries on one link (and has no HTTPS fallback)`,
    density: "dense",
    firstSeed: 1,
    rules: () =>
      withRules({
        begin: (found) => ({ ...found, fallbackHubs: 0 }),
        step: (agent, event) => {
          const isResend = event.type === "timer-due" && event.name === "resend";
          const pending = [...agent.outbox.pending.values()];
          const hasGivenUp = pending.some(({ attempts }) => attempts >= TRIES);
          return isResend && hasGivenUp ? { state: agent, effects: [] } : HONEST.step(agent, event);
        },
      }),
  },
  {
    name: "seq-reused",
    story: "after a reboot the last number is given out once more",
    firstSeed: 1,
    rules: () =>
      withRules({
        begin: (found) =>
          found.head.seq === 0
            ? found
            : { ...found, head: { seq: found.head.seq - 1, hash: GENESIS } },
      }),
  },
  {
    name: "ledger-not-synced",
    story: "an alarm counts as stored before its sync",
    firstSeed: 1,
    rules: () => withRules({ doesLedgerSync: false, handle: handleWithoutAsking }),
  },
  {
    name: "replay-skipped",
    story: "another hubEpoch starts no replay (and the hub asks for no resend)",
    firstSeed: 2,
    rules: () =>
      withRules({
        step: stepWithoutReplay,
        handle: handleWithoutAsking,
      }),
  },
  {
    name: "outbox-drops-oldest",
    story: `more than ${FEW} waiting alarms push out the oldest (and the hub asks for no resend)`,
    firstSeed: 1,
    rules: () =>
      withRules({
        step: (agent, event) => withFewPending(HONEST.step(agent, event)),
        handle: handleWithoutAsking,
      }),
  },
  {
    name: "first-hub-only",
    story: "the HTTPS fallback asks the first hub again and again, and never the next",
    firstSeed: 5,
    rules: () =>
      withRules({
        step: (agent, event) => {
          const { state, effects } = HONEST.step(agent, event);
          const toFirst = effects.map((effect) =>
            effect.type === "send-by-fallback" ? { ...effect, hub: 0 } : effect,
          );
          return { state, effects: toFirst };
        },
      }),
  },
  {
    name: "effects-before-state",
    story: "the pillar's shell performs effects, and their answers, before it takes the new state",
    firstSeed: 1,
    rules: () => withRules({ doesStateComeFirst: false }),
  },
  {
    name: "wall-clock-timers",
    story: "timers wait for the wall clock: set forward, it is far from them",
    firstSeed: 12,
    rules: () => {
      const wallAtBoot = new Map<string, number>();
      return withRules({
        step: (agent, event) => {
          const { state, effects } = HONEST.step(agent, event);
          const life = `${agent.pillarId} ${agent.bootEpoch}`;
          const offset = event.wallMs - event.at;
          const ahead = Math.max(0, offset - (wallAtBoot.get(life) ?? offset));
          if (!wallAtBoot.has(life)) wallAtBoot.set(life, offset);
          if (ahead < 1000) return { state, effects };
          const late = effects.map((effect) =>
            effect.type === "set-timer"
              ? { ...effect, at: (effect.at + ahead) as typeof effect.at }
              : effect,
          );
          return { state, effects: late };
        },
      });
    },
  },
];

function withFewPending({ state, effects }: AgentStep): AgentStep {
  const { pending } = state.outbox;
  if (pending.size <= FEW) return { state, effects };
  const few = new Map([...pending].slice(-FEW));
  return { state: { ...state, outbox: { ...state.outbox, pending: few } }, effects };
}
