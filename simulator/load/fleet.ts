/**
 * Many light pillars in this process, and what became of each of their presses.
 *
 * Moments are Unix ms with a fraction, so that two processes of one machine can compare theirs.
 */
import type { EventId, PillarId } from "../../shared/ids.ts";
import { newCounts } from "./counts.ts";
import type { Enrolment } from "./enrolment.ts";
import { lightPillar, type HubWays, type LightPillar } from "./light-pillar.ts";

export interface FleetWanted {
  readonly enrolment: Enrolment;
  readonly hub: HubWays;
}

export interface PressOrder {
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
  readonly posts: number;
  /** Why links ended or could not be had, and how often. */
  readonly downs: readonly (readonly [reason: string, count: number])[];
}

export interface Fleet {
  /** Switches all of them on, a few at a time; resolves when every link is up. */
  start(): Promise<void>;
  /** Resolves when the last has pressed. */
  press(order: PressOrder): Promise<void>;
  report(): FleetReport;
  stop(): Promise<void>;
}

/** Started and not yet up: beyond it the first connection of all is a herd of its own. */
const MAX_STARTING = 64;
/** A loopback address has 28,000 ports; eight of them outlast several restarts of a hub. */
const SOURCES = 8;

const wallNow = (): number => performance.timeOrigin + performance.now();

interface Counted {
  readonly pillar: LightPillar;
  upAt: number | null;
}

export function newFleet({ enrolment, hub }: FleetWanted): Fleet {
  const presses = new Map<EventId, { -readonly [K in keyof PressRecord]: PressRecord[K] }>();
  const downs = newCounts();
  const waiting = new Set<() => void>();
  let posts = 0;
  let starting = 0;
  const fleet = enrolment.pillars.map((enrolled, number): Counted => {
    const { pillarId } = enrolled;
    const counted: Counted = {
      upAt: null,
      pillar: lightPillar({
        ...{ enrolled, hub, ca: enrolment.ca, hubPublicKey: enrolment.hubPublicKey },
        from: `127.0.0.${2 + (number % SOURCES)}`,
        news: {
          onUp: () => {
            counted.upAt = wallNow();
            starting -= 1;
            waiting.forEach((look) => look());
          },
          onDown: (reason) => {
            starting += counted.upAt === null ? 0 : 1;
            counted.upAt = null;
            downs.add(reason);
          },
          onRecorded: ({ event: { eventId } }) =>
            void presses.set(eventId, {
              ...{ pillarId, eventId, pressedAt: wallNow(), acceptedAt: null },
            }),
          onAccepted: (eventId) => {
            const press = presses.get(eventId);
            if (press) press.acceptedAt ??= wallNow();
          },
          onPosted: () => void (posts += 1),
        },
      }),
    };
    return counted;
  });
  const below = (most: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (starting > most) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    start: async () => {
      for (const { pillar } of fleet) {
        await below(MAX_STARTING - 1);
        starting += 1;
        pillar.start();
      }
      await below(0);
    },
    press: async ({ first, count, withinMs }) => {
      const pressed = fleet.slice(first, first + count).map(
        ({ pillar }) =>
          new Promise<void>((resolve) => {
            const press = (): void => {
              pillar.press();
              resolve();
            };
            setTimeout(press, Math.random() * withinMs);
          }),
      );
      await Promise.all(pressed);
    },
    report: () => ({
      pillars: fleet.map(({ pillar, upAt }) => ({ pillarId: pillar.id, upAt })),
      presses: [...presses.values()],
      posts,
      downs: downs.all(),
    }),
    stop: async () => {
      await Promise.all(fleet.map(({ pillar }) => pillar.stop()));
    },
  };
}
