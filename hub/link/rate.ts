/** How fast a pillar's messages are taken; beyond that they wait, and only a flood is refused. */
import type { Rate } from "../core/time/rate.ts";

/** A stuck button or a ledger sent again; never a reason to lose an alarm. */
export const ALARM_RATE: Rate = { burst: 20, intervalMs: 50, maxWaitMs: 5000 };
/** An offer with its 32 candidates, several times over; heartbeats are one in 5 s. */
export const OTHER_RATE: Rate = { burst: 150, intervalMs: 20, maxWaitMs: 5000 };
