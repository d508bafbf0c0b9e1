/**
 * Group H: connections that say nothing, from one address,
 * beyond the limits of each port of a real hub.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { percentile } from "../bench/rig/percentile.ts";
import { newBystanders, type Action, type Bystanders } from "./harness/bystanders.ts";
import { silentCrowd } from "./harness/silent-crowd.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;
/**
 * Few places, so that few connections are enough to take all; `npm run bench -- silent` has 3,500
 * and the usual number.
 */
const MAX_CONNECTIONS = 300;
const CONNECTIONS = 700;
const AGAIN_AFTER_MS = 1000;
const TIMES = 9;
/** Of most of them: a person at the pillar sees within a second that the call has arrived. */
const USUAL_MS = 1000;
/** Of each: a pillar waits so long before it takes the HTTPS fallback. */
const SLOWEST_MS = 5000;

let street: Street;
let bystanders: Bystanders;
beforeAll(async () => {
  street = await openStreet({ mqtt: { maxConnections: MAX_CONNECTIONS } });
  bystanders = await newBystanders(street);
}, SLOW);
afterAll(() => street?.close());

const entrances = {
  "the console's port": () => Number(new URL(street.hub.url).port),
  "the pillars' port": () => street.hub.mqttPort,
  "the port for alarms by HTTPS": () => street.hub.alarmsPort,
};

test.each(Object.keys(entrances) as (keyof typeof entrances)[])(
  "H4 silent connections from one address that would fill %s cost no other address its place: alarms are accepted and an operator is answered",
  { timeout: SLOW },
  async (entrance) => {
    const wanted = { connections: CONNECTIONS, againAfterMs: AGAIN_AFTER_MS };
    const crowd = await silentCrowd({ port: entrances[entrance](), ...wanted });
    onTestFinished(() => crowd.leave());
    await crowd.whole();
    const actions: readonly Action[] = ["press", "newcomer", "fallback", "operator"];
    for (const action of actions) {
      const taken: number[] = [];
      for (let n = 0; n < TIMES; n += 1) taken.push(await bystanders[action]());
      expect([action, percentile(taken, 0.5) < USUAL_MS]).toEqual([action, true]);
      expect([action, Math.max(...taken) < SLOWEST_MS]).toEqual([action, true]);
    }
    expect(crowd.counts().open).toBeLessThanOrEqual(CONNECTIONS);
    expect(crowd.counts().closedByHub).toBeGreaterThan(CONNECTIONS - 2 * MAX_CONNECTIONS);
  },
);
