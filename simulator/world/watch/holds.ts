/**
 * How long the end of a fault that comes and goes all day may wait, by the facts on the hub's disk.
 */
import type { Fact } from "../../../hub/core/facts.ts";
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";

const DAY_MS = 86_400_000;
const FREE_RAISES = 20;
const FIRST_HOLD_MS = 60_000;
const MOST_HOLD_MS = 3_600_000;

interface Raise {
  readonly index: number;
  /** By the hub's clock, whole days since 1970. */
  readonly day: number;
  /** World time. */
  readonly at: number;
}

interface Holds {
  durable(facts: readonly Fact[], first: number): void;
  setBack(kept: number): void;
  /** World time until which this fault may be shown although it is over; 0: it may not. */
  until(pillar: string, code: FaultCode): number;
}

export function newHolds(now: () => number): Holds {
  const raises = new Map<string, Raise[]>();
  return {
    durable: (facts, first) => {
      for (const [offset, fact] of facts.entries()) {
        if (fact.type !== "pillar-fault" || !fact.isActive) continue;
        const key = keyOf(fact.pillarId, fact.code);
        const raise = { index: first + offset, day: Math.floor(fact.at / DAY_MS), at: now() };
        raises.set(key, [...(raises.get(key) ?? []), raise].slice(-MOST_OF_ONE));
      }
    },
    setBack: (kept) => {
      for (const [key, all] of raises) {
        raises.set(
          key,
          all.filter(({ index }) => index <= kept),
        );
      }
    },
    until: (pillar, code) => {
      const all = raises.get(keyOf(pillar, code)) ?? [];
      const last = all.at(-1);
      if (!last) return 0;
      const times = all.filter(({ day }) => day === last.day).length;
      if (times <= FREE_RAISES) return 0;
      return last.at + Math.min(FIRST_HOLD_MS * 2 ** (times - FREE_RAISES - 1), MOST_HOLD_MS);
    },
  };
}

/** Of one fault: with more, the hold is an hour in any case. */
const MOST_OF_ONE = 64;

const keyOf = (pillar: string, code: FaultCode): string => `${pillar} ${code}`;
