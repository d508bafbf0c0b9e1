/** Access control as a property: no pillar reads or writes another pillar's topics. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mayPublish, whyNotSubscribe } from "../../../../hub/link/embedded/topic-access.ts";
import { PillarId } from "../../../../shared/ids.ts";
import {
  DOWN_CHANNELS,
  downFilter,
  downTopic,
  UP_CHANNELS,
  upTopic,
} from "../../../../shared/protocol/topics.ts";

const pillarId = fc.stringMatching(/^[a-z0-9]{1,8}$/).map((id) => PillarId.parse(id));
const level = fc.constantFrom("anzhu", "v1", "up", "down", "alarm", "call", "+", "#", "", "$SYS");

test("a pillar publishes on its own up channels and on no topic of another", () => {
  fc.assert(
    fc.property(pillarId, pillarId, (own, other) => {
      fc.pre(own !== other);
      for (const channel of UP_CHANNELS) {
        const request = { qos: 1, retain: false };
        expect(mayPublish(own, { ...request, topic: upTopic(own, channel) }).ok).toBe(true);
        expect(mayPublish(own, { ...request, topic: upTopic(other, channel) }).ok).toBe(false);
      }
      for (const channel of DOWN_CHANNELS) {
        for (const id of [own, other]) {
          const topic = downTopic(id, channel);
          expect(mayPublish(own, { topic, qos: 1, retain: false }).ok).toBe(false);
        }
      }
    }),
  );
});

test("of all filters a pillar gets only its own down", () => {
  const filter = fc.array(fc.oneof(level, pillarId), { maxLength: 7 }).map((all) => all.join("/"));
  fc.assert(
    fc.property(pillarId, pillarId, filter, (own, other, wild) => {
      fc.pre(own !== other);
      expect(whyNotSubscribe(own, { topic: downFilter(own), qos: 1 })).toBeUndefined();
      expect(whyNotSubscribe(own, { topic: downFilter(other), qos: 1 })).toBeDefined();
      fc.pre(!wild.startsWith(`anzhu/v1/${own}/down/`));
      expect(whyNotSubscribe(own, { topic: wild, qos: 1 })).toBeDefined();
    }),
  );
});
