/** How changes of accounts get from the accounts' own database into the journal. */
import { expect, test } from "vitest";
import type { FactOf } from "../../../hub/core/facts.ts";
import { watchSessions } from "../../../hub/api/session-watch.ts";
import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { Username } from "../../../shared/ids.ts";
import { newHub, type FalseHub } from "../../kit/hub/shell-on-doubles.ts";

type AccountFact = FactOf<"account-changed">;

const changed = (name: string, at: number): AccountFact => ({
  ...{ type: "account-changed", at, username: Username.parse(name), displayName: name },
  ...{ role: "operator", scope: ROOT_AREA, change: "disabled", by: null, byName: null },
});

/**
 * A watch on a real journal. With `doesEnd` the hub ends after the journal has the facts and before
 * the accounts delete them.
 */
async function newWatch(hub: FalseHub, waiting: AccountFact[], doesEnd = false) {
  const errors: unknown[] = [];
  const watch = watchSessions({
    accounts: {
      sessionById: async () => undefined,
      serviceById: async () => undefined,
      version: () => "1",
      waitingFacts: () => waiting.map((fact, id) => ({ id, fact })),
      forgetFacts: (upTo) => {
        if (doesEnd) throw new Error("the hub ended");
        waiting.splice(0, upTo + 1);
      },
    },
    hub: hub.shell.commands,
    reads: hub.shell.reads,
    streams: { sessions: () => new Set(), endSession: () => {} },
    transfers: { sessions: () => new Set(), endSession: () => {} },
    log: { error: (...words: unknown[]) => void errors.push(words) },
  });
  await watch.look();
  watch.close();
}

test("a change is in the journal once, also when the hub ended before the accounts forgot it", async () => {
  const hub = await newHub();
  const waiting = [changed("li", 1_700_000_000_000), changed("wang", 1_700_000_000_000)];
  await newWatch(hub, waiting, true);
  waiting.push(changed("li", 1_700_000_000_001));
  await newWatch(hub, waiting);
  expect(waiting).toEqual([]);
  const { items } = await hub.shell.reads.audit({ kind: "account", limit: 50 });
  expect(items.map(({ account, at }) => [account, Date.parse(at) % 1000])).toEqual([
    ["li", 1],
    ["wang", 0],
    ["li", 0],
  ]);
});
