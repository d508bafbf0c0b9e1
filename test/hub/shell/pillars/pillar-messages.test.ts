/**
 * Messages to pillars are signed for their present session, in order; those that come before the
 * session is known wait for it.
 */
import { describe, expect, test } from "vitest";
import { createPillarMessages } from "../../../../hub/shell/pillars/pillar-messages.ts";
import { hex, newStreet, pillar, WANG } from "../../../kit/core/hub-core-street.ts";
import type { SessionNonce } from "../../../../shared/ids.ts";
import { EventId, IncidentId, MediaSessionId, type Signature } from "../../../../shared/ids.ts";
import { canonicalJson } from "../../../../shared/canonical-json.ts";
import { parseDown, type DownMessage } from "../../../../shared/protocol/messages.ts";

const about = { incidentId: IncidentId.parse(hex(1)), eventId: EventId.parse(hex(2)) };
const call = { v: 1, ...about, status: "answered", by: "Wang" } as const;
const sessionId = MediaSessionId.parse(hex(3));
const signal = { v: 1, sessionId, type: "bye", reason: "test" } as const;

function open() {
  const street = newStreet();
  const sent: DownMessage[] = [];
  const signed: string[] = [];
  const messages = createPillarMessages({
    authority: { sign: (text) => (signed.push(text), "s".repeat(86) as Signature) },
    state: () => street.state,
    send: (_pillarId, message) => void sent.push(message),
  });
  return { street, sent, signed, messages };
}

const beat = (street: ReturnType<typeof newStreet>, n: number) =>
  street.heartbeat(0, { sessionNonce: hex(n) as SessionNonce });

describe("what a pillar is told", () => {
  test("names pillar, session and run of the hub, rises in number, and is what is signed", () => {
    const { street, sent, signed, messages } = open();
    beat(street, 7);
    messages.call(pillar(0), call);
    messages.signal(pillar(0), signal);
    const bodies = sent.flatMap((one) => ("body" in one.message ? [one.message.body] : []));
    expect(bodies).toMatchObject([
      { pillarId: pillar(0), sessionNonce: hex(7), number: 1, call },
      { pillarId: pillar(0), sessionNonce: hex(7), number: 2, signal },
    ]);
    expect(signed).toEqual(bodies.map((body) => canonicalJson(body)));
    for (const { channel, message } of sent) {
      const bytes = new TextEncoder().encode(JSON.stringify(message));
      expect(parseDown(channel, bytes)).toMatchObject({ ok: true, value: { message } });
    }
  });

  test("is signed for the session of the latest heartbeat, never for an older one", () => {
    const { street, sent, messages } = open();
    beat(street, 7);
    street.disconnect(0);
    street.connect(0);
    messages.call(pillar(0), call);
    expect(sent).toEqual([]);
    beat(street, 8);
    messages.call(pillar(0), call);
    expect(sent).toMatchObject([{ message: { body: { sessionNonce: hex(8) } } }]);
  });

  test("last is signed for the session that ends, and what waited for the next is not said in it", () => {
    const { street, sent, messages } = open();
    street.connect(0);
    messages.signal(pillar(0), signal);
    const sessionNonce = hex(7) as SessionNonce;
    messages.dismiss(pillar(0), { sessionNonce, lastCalls: [call] });
    messages.dismiss(pillar(0), { sessionNonce: null, lastCalls: [call] });
    expect(sent).toMatchObject([{ channel: "call", message: { body: { sessionNonce, call } } }]);
    beat(street, 8);
    messages.onHeartbeat(pillar(0));
    expect(sent).toHaveLength(1);
  });

  test("about picture and voice waits for the first heartbeat, as much as there is room for", () => {
    const { street, sent, messages } = open();
    street.connect(0);
    for (let n = 0; n < 50; n++) messages.signal(pillar(0), signal);
    expect(sent).toEqual([]);
    beat(street, 7);
    messages.onHeartbeat(pillar(0));
    messages.onHeartbeat(pillar(0));
    expect(sent).toHaveLength(40);
  });
});

test("an end that is told before the session has shown itself is told with its first heartbeat", () => {
  const street = newStreet();
  street.alarm(0, { seq: 1, eventId: 1 });
  const first = street.only();
  street.order(WANG, first.id, { name: "answer" });
  street.order(WANG, first.id, { name: "close", disposition: "resolved", note: "" });
  street.alarm(0, { seq: 2, eventId: 2 });
  street.disconnect(0);
  street.connect(0);
  // The older alarm is sent again before the first heartbeat. The end of its call must still be
  // told, although a newer call exists.
  street.alarm(0, { seq: 1, eventId: 1 });
  const told = (n: number) =>
    beat(street, n).effects.flatMap((one) =>
      one.type === "tell-pillar" ? [`${one.call.eventId} ${one.call.status}`] : [],
    );
  expect(told(9)).toContain(`${first.lastEventId} ended`);
  expect(told(9)).toEqual([]);
});
