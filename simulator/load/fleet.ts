/**
 * Many light pillars in this process, and what became of each of their presses.
 *
 * Moments are Unix ms with a fraction, so that two processes of one machine can compare theirs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EventId, PillarId } from "../../shared/ids.ts";
import { newCounts, type Counts } from "./counts.ts";
import type { Enrolment } from "./enrolment.ts";
import { lightPillar, type HubWays, type LightPillar, type PillarNews } from "./light-pillar.ts";

export interface FleetWanted {
  readonly enrolment: Enrolment;
  readonly hub: HubWays;
}

export interface PressRequest {
  /** Number of the first pillar that presses, from 0, and how many do. */
  readonly first: number;
  readonly count: number;
  /** Each presses once, at a random moment of this time. */
  readonly withinMs: number;
}

export interface PressRecord {
  readonly pillarId: PillarId;
  readonly eventId: EventId;
  readonly pressedAt: number;
  readonly acceptedAt: number | null;
}

export interface PillarRecord {
  readonly pillarId: PillarId;
  /** When its link came up last; null while it is down. */
  readonly upAt: number | null;
}

export interface FleetReport {
  readonly pillars: readonly PillarRecord[];
  readonly presses: readonly PressRecord[];
  /** Alarms that also went by HTTPS. */
  readonly fallbackRequests: number;
  /** Why links ended or could not be had, and how often. */
  readonly downs: readonly (readonly [reason: string, count: number])[];
}

export interface Fleet {
  /** Switches all of them on, a few at a time; resolves when every link is up. */
  start(): Promise<void>;
  /** Resolves when the last has pressed. */
  press(order: PressRequest): Promise<void>;
  report(): FleetReport;
  stop(): Promise<void>;
}

/** Started and not yet up: beyond it the first connection of all is a herd of its own. */
const MAX_STARTING = 64;
/** A loopback address has 28,000 ports; eight of them outlast several restarts of a hub. */
const SOURCES = 8;

const wallNow = (): number => performance.timeOrigin + performance.now();

type Presses = Map<EventId, { -readonly [K in keyof PressRecord]: PressRecord[K] }>;

interface FleetState {
  readonly presses: Presses;
  readonly downs: Counts;
  readonly starting: Starting;
  fallbackRequests: number;
}

interface Counted {
  readonly pillar: LightPillar;
  upAt: number | null;
}

export function newFleet(wanted: FleetWanted): Fleet {
  const state: FleetState = {
    presses: new Map(),
    downs: newCounts(),
    starting: newStarting(),
    fallbackRequests: 0,
  };
  const fleet = wanted.enrolment.pillars.map((_, number) => countedPillar(state, wanted, number));
  return {
    start: async () => {
      for (const { pillar } of fleet) {
        await state.starting.below(MAX_STARTING);
        state.starting.add(1);
        pillar.start();
      }
      await state.starting.below(1);
    },
    press: async ({ first, count, withinMs }) => {
      const pressed = fleet.slice(first, first + count).map(async ({ pillar }) => {
        await delay(Math.random() * withinMs);
        pillar.press();
      });
      await Promise.all(pressed);
    },
    report: () => ({
      pillars: fleet.map(({ pillar, upAt }) => ({ pillarId: pillar.id, upAt })),
      presses: [...state.presses.values()],
      fallbackRequests: state.fallbackRequests,
      downs: state.downs.all(),
    }),
    stop: async () => {
      await Promise.all(fleet.map(({ pillar }) => pillar.stop()));
    },
  };
}

function countedPillar(
  state: FleetState,
  { enrolment, hub }: FleetWanted,
  number: number,
): Counted {
  const { pillars, ca, hubPublicKey } = enrolment;
  const enrolled = pillars[number];
  if (!enrolled) throw new Error(`bug: there is no pillar number ${number}`);
  const { pillarId } = enrolled;
  const from = `127.0.0.${2 + (number % SOURCES)}`;
  const { presses, downs, starting } = state;
  const news: PillarNews = {
    onUp: () => {
      counted.upAt = wallNow();
      starting.add(-1);
    },
    onDown: (reason) => {
      if (counted.upAt !== null) starting.add(1);
      counted.upAt = null;
      downs.add(reason);
    },
    onRecorded: ({ event: { eventId } }) =>
      void presses.set(eventId, { pillarId, eventId, pressedAt: wallNow(), acceptedAt: null }),
    onAccepted: (eventId) => {
      const press = presses.get(eventId);
      if (press) press.acceptedAt ??= wallNow();
    },
    onFallbackRequest: () => void (state.fallbackRequests += 1),
  };
  const pillar = lightPillar({ enrolled, hub, ca, hubPublicKey, from, news });
  const counted: Counted = { pillar, upAt: null };
  return counted;
}

/** How many pillars are on and not up. */
interface Starting {
  add(change: 1 | -1): void;
  below(limit: number): Promise<void>;
}

function newStarting(): Starting {
  const waiting = new Set<() => void>();
  let size = 0;
  return {
    add: (change) => {
      size += change;
      waiting.forEach((look) => look());
    },
    below: (limit) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (size >= limit) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
