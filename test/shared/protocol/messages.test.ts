/** The parsers at the door: whatever the bytes, an answer and never an exception. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PillarId } from "../../../shared/ids.ts";
import { MAX_MESSAGE_BYTES } from "../../../shared/parse.ts";
import {
  DOWN_MESSAGES,
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

describe("a message of another version", () => {
  test.each([...UP_CHANNELS])("is refused on %s, and the version is named", (channel) => {
    const parsed = parseUp(channel, new TextEncoder().encode('{"v":2}'));
    expect(parsed.ok ? "" : parsed.reason).toMatch(/\bv\b|type/);
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
