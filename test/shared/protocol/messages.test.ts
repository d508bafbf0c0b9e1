/** The parsers of messages: whatever the bytes, they answer and never throw. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PillarId } from "../../../shared/ids.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import { isOfNewerPillar, kindOf } from "../../../shared/protocol/alarm.ts";
import { MAX_MESSAGE_BYTES } from "../../../shared/parse.ts";
import {
  DOWN_MESSAGES,
  isOfNewerProtocol,
  parseDown,
  parseUp,
  UP_MESSAGES,
} from "../../../shared/protocol/messages.ts";
import {
  DOWN_CHANNELS,
  downFilter,
  downTopic,
  parseTopic,
  UP_CHANNELS,
  upTopic,
} from "../../../shared/protocol/topics.ts";

const up = fc.constantFrom(...UP_CHANNELS);
const down = fc.constantFrom(...DOWN_CHANNELS);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((text) => new TextEncoder().encode(text)),
  fc
    .record({
      v: fc.constantFrom(1, 2, "1"),
      type: fc.string(),
      event: fc.object(),
      sig: fc.string(),
    })
    .map((value) => new TextEncoder().encode(JSON.stringify(value))),
);
const pillar = fc
  .stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/)
  .map((id) => PillarId.parse(id));

describe("no bytes", () => {
  test("from a pillar can make the parser throw", () => {
    fc.assert(
      fc.property(up, bytes, (channel, input) => {
        const parsed = parseUp(channel, input);
        expect(parsed.ok || parsed.reason.length > 0).toBe(true);
      }),
    );
  });

  test("from a hub can make the parser throw", () => {
    fc.assert(
      fc.property(down, bytes, (channel, input) => {
        const parsed = parseDown(channel, input);
        expect(parsed.ok || parsed.reason.length > 0).toBe(true);
      }),
    );
  });

  test("beyond the limit are looked at", () => {
    const parsed = parseUp("alarm", new Uint8Array(MAX_MESSAGE_BYTES + 1));
    expect(parsed).toEqual({ ok: false, reason: "expected at most 65536 bytes, found 65537" });
  });
});

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const EVENT = {
  ...{ v: 1, eventId: "e".repeat(32), pillarId: "a", bootEpoch: 1, seq: 1 },
  ...{ prevHash: "0".repeat(64), kind: "voice", wallMs: 1, clock: { synced: true } },
};
const alarmOf = (event: object): object => ({ v: 1, event, sig: "A".repeat(86), attempt: 1 });
/** Of the part of JSON that can be signed. */
const { signable } = fc.letrec<{ signable: unknown }>((tie) => ({
  signable: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ maxLength: 20 }),
    fc.array(tie("signable"), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie("signable"), { maxKeys: 3 }),
  ),
}));
const additions = fc.dictionary(
  fc.string({ maxLength: 12 }).filter((name) => !(name in EVENT) && name !== "text"),
  signable,
  { maxKeys: 4 },
);

describe("a field that is not known", () => {
  test("stays in what is signed, to the letter, and is dropped around it", () => {
    fc.assert(
      fc.property(additions, additions, additions, (inEvent, inClock, around) => {
        const event = { ...inEvent, ...EVENT, clock: { ...inClock, ...EVENT.clock } };
        const parsed = parseUp("alarm", encode({ ...around, ...alarmOf(event) }));
        if (!parsed.ok || parsed.value.channel !== "alarm") throw new Error(JSON.stringify(parsed));
        const { message } = parsed.value;
        expect(canonicalJson(message.event)).toBe(canonicalJson(JSON.parse(JSON.stringify(event))));
        expect(Object.keys(message).toSorted()).toEqual(["attempt", "event", "sig", "v"]);
      }),
    );
  });

  test("may be named __proto__: it stays a field, is signed like any other, and changes no prototype", () => {
    const text = JSON.stringify(alarmOf({ ...EVENT, proto: { synced: false, power: 9 } }))
      .replace('"proto"', '"__proto__"')
      .replace('{"synced":true', '{"__proto__":{"a":[1]},"synced":true');
    const parsed = parseUp("alarm", new TextEncoder().encode(text));
    if (!parsed.ok || parsed.value.channel !== "alarm") throw new Error(JSON.stringify(parsed));
    const { event } = parsed.value.message;
    const signed = (JSON.parse(text) as { event: never }).event;
    expect(canonicalJson(event)).toBe(canonicalJson(signed));
    expect(canonicalJson(event)).toContain('"__proto__":{"power":9,"synced":false}');
    expect(canonicalJson(event)).toContain('"clock":{"__proto__":{"a":[1]},"synced":true}');
    // Through the journal and back.
    expect(canonicalJson(JSON.parse(JSON.stringify({ ...event })))).toBe(canonicalJson(signed));
    expect("power" in event).toBe(false);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    const fraction = text.replace('"power":9', '"power":1.5');
    expect(parseUp("alarm", new TextEncoder().encode(fraction)).ok).toBe(false);
  });

  test.each([
    ["a fraction", "1.5"],
    ["depth without end", "[".repeat(20_000) + "]".repeat(20_000)],
    ["more than can be kept", JSON.stringify("w".repeat(17_000))],
  ])("is refused with the alarm when it holds %s", (_, wind) => {
    const text = JSON.stringify(alarmOf({ ...EVENT, wind: "?" })).replace('"?"', wind);
    const parsed = parseUp("alarm", new TextEncoder().encode(text));
    expect(parsed.ok ? "" : parsed.reason).toMatch(/event: expected integers only/);
  });

  test("makes a command void: a pillar does nothing that it does not fully understand", () => {
    const body = {
      ...{ v: 1, commandId: "c".repeat(32), pillarId: "a", bootEpoch: 1, issuedWallMs: 1 },
      ...{ sessionNonce: "5".repeat(32), expiresInMs: 5000, command: { name: "self-test" } },
    };
    const command = (more: object): object => ({
      v: 1,
      body: { ...body, ...more },
      sig: "A".repeat(86),
    });
    expect(parseDown("command", encode(command({}))).ok).toBe(true);
    expect(parseDown("command", encode(command({ unless: "raining" }))).ok).toBe(false);
    expect(parseDown("command", encode({ ...command({}), unless: "raining" })).ok).toBe(false);
    expect(parseDown("command", encode({ ...command({}), v: 2 })).ok).toBe(false);
  });
});

describe("a message of a newer version", () => {
  test("rings when it is an alarm, and nothing unknown is quieter than a voice", () => {
    const parsed = parseUp(
      "alarm",
      encode({ ...alarmOf({ ...EVENT, v: 2, kind: "gesture" }), v: 3 }),
    );
    if (!parsed.ok || parsed.value.channel !== "alarm") throw new Error(JSON.stringify(parsed));
    expect(kindOf(parsed.value.message.event)).toBe("voice");
    expect(isOfNewerPillar(parsed.value.message.event)).toBe(true);
  });

  test.each([...UP_CHANNELS])("is refused on %s when it is not known, in words", (channel) => {
    const parsed = parseUp(channel, encode({ v: 2 }));
    expect(parsed.ok ? "" : parsed.reason).toMatch(/: /);
    expect(isOfNewerProtocol(encode({ v: 2 }))).toBe(true);
    expect(isOfNewerProtocol(encode({ v: 1 }))).toBe(false);
  });

  test("has a schema for every channel", () => {
    expect(Object.keys(UP_MESSAGES)).toEqual([...UP_CHANNELS]);
    expect(Object.keys(DOWN_MESSAGES)).toEqual([...DOWN_CHANNELS]);
  });
});

describe("a topic", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(pillar, up, down, (pillarId, upward, downward) => {
        expect(parseTopic(upTopic(pillarId, upward))).toEqual({
          direction: "up",
          pillarId,
          channel: upward,
        });
        expect(parseTopic(downTopic(pillarId, downward))).toEqual({
          direction: "down",
          pillarId,
          channel: downward,
        });
      }),
    );
  });

  test("that is any other string is nothing, and never an exception", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseTopic(text)).toBeUndefined();
      }),
    );
    const id = PillarId.parse("a");
    for (const text of [
      downFilter(id),
      "anzhu/v1/a/up/alarm/x",
      "anzhu/v2/a/up/alarm",
      "anzhu/v1/+/up/alarm",
    ]) {
      expect(parseTopic(text)).toBeUndefined();
    }
  });
});
