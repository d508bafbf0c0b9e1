import { ROOT_AREA } from "../../../shared/access/areas.ts";
import { EventEmitter } from "node:events";
import type { CellId, HubEpoch } from "../../../shared/ids.ts";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createEventStreams,
  MAX_STREAMS,
  MAX_STREAMS_PER_ACCOUNT,
  type EventStreams,
} from "../../../hub/api/event-streams.ts";
import type { SignedIn } from "../../../hub/api/signed-in.ts";

let streams: EventStreams;
beforeEach(() => {
  streams = createEventStreams({
    hub: { subscribe: () => () => {}, sawConsole: () => {}, areasOf: () => [ROOT_AREA] },
    reads: { eventsAfter: async () => [] },
    accounts: { session: async () => undefined, service: async () => undefined },
    journal: () => ({ cell: "1" as CellId, hubEpoch: "e".repeat(32) as HubEpoch }),
    config: { areas: [] },
    log: { error: () => {} },
  });
});
afterEach(() => streams.close());

class FalseResponse extends EventEmitter {
  isOver = false;
  writableLength = 0;
  write = (): boolean => true;
  end = (): void => void (this.isOver = true);
  destroy = (): void => void (this.isOver = true);
}

/** Each stream has a session of its own, so that only the limit of the account applies. */
let sessions = 0;
async function open(username: string): Promise<FalseResponse | string> {
  const name = `${(sessions += 1)}`;
  const expiresAt = Date.now() + 60_000;
  const session = { username, token: name, id: name, expiresAt } as unknown as SignedIn;
  const refusal = streams.refusal(session);
  if (refusal !== undefined) return refusal;
  const response = new FalseResponse();
  await streams.open({
    session,
    response: response as unknown as ServerResponse,
    cursor: undefined,
  });
  return response;
}

test("one account opens 128 streams and gets its share, and every other account is served", async () => {
  const all = await Promise.all(Array.from({ length: 128 }, () => open("hostile")));
  const refused = all.filter((one) => typeof one === "string");
  expect(refused).toHaveLength(128 - MAX_STREAMS_PER_ACCOUNT);
  expect(refused[0]).toContain("an account may hold at most 32 streams: close a window");
  expect(await open("operator")).toBeInstanceOf(FalseResponse);
});

test("when every place is taken, the account with most gives one up for a newcomer", async () => {
  const first: (FalseResponse | string)[] = [];
  for (let n = 0; n < MAX_STREAMS; n += 1) {
    first.push(await open(`account-${Math.floor(n / MAX_STREAMS_PER_ACCOUNT)}`));
  }
  expect(streams.count()).toBe(MAX_STREAMS);
  expect(await open("operator")).toBeInstanceOf(FalseResponse);
  expect(streams.count()).toBe(MAX_STREAMS);
  const ended = first.filter((one) => one instanceof FalseResponse && one.isOver);
  expect(ended).toHaveLength(1);
});
