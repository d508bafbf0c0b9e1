/** What a pillar may say and hear once it is in, over real TLS. */
import { setTimeout as delay } from "node:timers/promises";
import type { IPublishPacket, MqttClient } from "mqtt";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OTHER_RATE } from "../../hub/link/rate.ts";
import { assert } from "../../shared/assert.ts";
import { DOWN_MESSAGES } from "../../shared/protocol/messages.ts";
import { downFilter, downTopic, upTopic } from "../../shared/protocol/topics.ts";
import {
  closeOf,
  enrol,
  makeAccepted,
  makeAlarm,
  makeHeartbeat,
  startTestBroker,
} from "../kit/wire/pillar-clients.ts";
import type { Identity, TestBroker } from "../kit/wire/pillar-clients.ts";
import { waitUntil } from "../kit/run/wait.ts";

let broker: TestBroker;
let own: Identity;
let other: Identity;
let client: MqttClient;
let bystander: MqttClient;
beforeEach(async () => {
  broker = await startTestBroker();
  own = await enrol(broker.authority, "demo-001");
  other = await enrol(broker.authority, "demo-002");
  client = await broker.connect(own);
  bystander = await broker.connect(other);
  await waitUntil(() => broker.presence.length === 2, { timeout: 15_000 });
});
afterEach(async () => {
  // Whatever the one did, the other must still be served.
  const alarm = makeAlarm(other.pillarId);
  await bystander.publishAsync(upTopic(other.pillarId, "alarm"), JSON.stringify(alarm), { qos: 1 });
  const isServed = broker.received.some(({ pillarId }) => pillarId === other.pillarId);
  assert(isServed, "the bystander was not served");
  await broker?.close();
});

const log = (): string => broker.lines.join("\n");

test("an alarm arrives parsed and bound to its pillar", async () => {
  const alarm = makeAlarm(own.pillarId);
  await client.publishAsync(upTopic(own.pillarId, "alarm"), JSON.stringify(alarm), { qos: 1 });
  expect(broker.received).toEqual([
    { pillarId: "demo-001", message: { channel: "alarm", message: alarm } },
  ]);
});

test("E3 alarms that overtake each other on their way to the disk all arrive, each once", async () => {
  const settled: number[] = [];
  broker.onMessage = async (_pillarId, { message }) => {
    if (!("event" in message)) return;
    const { seq } = message.event;
    await delay((seq * 7) % 11);
    settled.push(seq);
  };
  const seqs = Array.from({ length: 40 }, (_, n) => n + 1);
  await Promise.all(
    seqs.map((seq) => {
      const text = JSON.stringify(makeAlarm(own.pillarId, seq));
      return client.publishAsync(upTopic(own.pillarId, "alarm"), text, { qos: 1 });
    }),
  );
  expect(settled).not.toEqual(seqs);
  expect(settled.toSorted((a, b) => a - b)).toEqual(seqs);
});

test("an alarm is acknowledged only after the hub has taken it in", async () => {
  const taken = Promise.withResolvers<void>();
  broker.onMessage = () => taken.promise;
  let isAcknowledged = false;
  const publish = client
    .publishAsync(upTopic(own.pillarId, "alarm"), JSON.stringify(makeAlarm(own.pillarId)), {
      qos: 1,
    })
    .then(() => (isAcknowledged = true));
  await expect.poll(() => broker.received).toHaveLength(1);
  // A round trip of another message on the other connection: time enough for a PUBACK.
  await bystander.subscribeAsync(downFilter(other.pillarId), { qos: 1 });
  expect(isAcknowledged).toBe(false);
  broker.onMessage = async () => {};
  taken.resolve();
  await publish;
});

test("an alarm whose commit fails is not acknowledged, and the connection closes", async () => {
  broker.onMessage = async () => {
    throw new Error("disk full");
  };
  let isAcknowledged = false;
  const topic = upTopic(own.pillarId, "alarm");
  client.publish(topic, JSON.stringify(makeAlarm(own.pillarId)), { qos: 1 }, (error) => {
    isAcknowledged = !error;
  });
  await closeOf(client);
  expect(isAcknowledged).toBe(false);
  await expect.poll(log).toContain("could not be committed; it is not acknowledged");
  broker.onMessage = async () => {};
});

test("a heartbeat does not wait for the hub", async () => {
  broker.onMessage = (_id, message) =>
    message.channel === "heartbeat" ? new Promise(() => {}) : Promise.resolve();
  await client.publishAsync(upTopic(own.pillarId, "heartbeat"), JSON.stringify(makeHeartbeat()), {
    qos: 1,
  });
  expect(broker.received).toHaveLength(1);
});

test("the hub's answer reaches its pillar and no other", async () => {
  await client.subscribeAsync(downFilter(own.pillarId), { qos: 1 });
  await bystander.subscribeAsync(downFilter(other.pillarId), { qos: 1 });
  let overheard = 0;
  bystander.on("message", () => void (overheard += 1));
  const accepted = makeAccepted(broker.authority, makeAlarm(own.pillarId));
  const message = new Promise<IPublishPacket>((resolve) =>
    client.once("message", (_topic, _payload, packet) => resolve(packet)),
  );
  broker.link.send(own.pillarId, accepted);
  const { topic, payload, dup, qos, retain } = await message;
  expect({ dup, qos, retain }).toEqual({ dup: false, qos: 1, retain: false });
  expect(topic).toBe(downTopic(own.pillarId, "accepted"));
  expect(DOWN_MESSAGES.accepted.parse(JSON.parse(payload.toString()))).toEqual(accepted.message);
  expect(overheard).toBe(0);
});

test("a message for a pillar that is away is dropped without harm", async () => {
  await client.endAsync();
  await expect.poll(() => broker.presence).toContain("demo-001 disconnected");
  broker.link.send(own.pillarId, makeAccepted(broker.authority, makeAlarm(own.pillarId)));
});

test("a dropped pillar's connection ends with the reason in the log", async () => {
  const closed = closeOf(client);
  broker.link.drop(own.pillarId, "its certificate was revoked");
  await closed;
  await expect.poll(log).toContain("disconnected demo-001");
  await expect.poll(log).toContain("its certificate was revoked");
});

test("a dropped pillar reads what was sent to it before, and is heard no more", async () => {
  await client.subscribeAsync(downFilter(own.pillarId), { qos: 1 });
  const heard: string[] = [];
  client.on("message", (topic) => void heard.push(topic));
  const closed = closeOf(client);
  broker.link.send(own.pillarId, makeAccepted(broker.authority, makeAlarm(own.pillarId)));
  broker.link.drop(own.pillarId, "its certificate was revoked");
  client.publish(upTopic(own.pillarId, "alarm"), JSON.stringify(makeAlarm(own.pillarId)), {
    qos: 1,
  });
  await closed;
  expect(heard).toEqual([downTopic(own.pillarId, "accepted")]);
  expect(broker.received).toEqual([]);
});

test.each([
  ["another pillar's topic", upTopic("demo-002" as never, "alarm"), {}, "only under its own up/"],
  ["its own down topic", downTopic("demo-001" as never, "call"), {}, "only under its own up/"],
  ["a system topic", "$SYS/anything", {}, "only under its own up/"],
  ["a topic of 200 levels", "a/".repeat(200), {}, "too many levels"],
  ["another version", "anzhu/v2/demo-001/up/alarm", {}, "only under its own up/"],
  ["QoS 2", upTopic("demo-001" as never, "alarm"), { qos: 2 as const }, "QoS 0 or 1, found 2"],
  ["a retained message", upTopic("demo-001" as never, "alarm"), { retain: true }, "retained"],
])("publishing to %s closes the connection, and the log says so", async (...row) => {
  const [, topic, options, words] = row;
  const closed = closeOf(client);
  const alarm = JSON.stringify(makeAlarm(own.pillarId));
  client.publish(topic, alarm, { qos: 1, ...options }, () => {});
  await closed;
  await expect.poll(log).toContain(words);
  expect(broker.received).toEqual([]);
});

test("a newer pillar's topic is ignored and said to be so, and the pillar keeps its connection", async () => {
  for (const topic of ["other", "alarm/extra", "other/a/b"]) {
    await client.publishAsync(`anzhu/v1/demo-001/up/${topic}`, "anything", { qos: 1 });
  }
  await expect.poll(log).toContain("this version of the hub knows no such topic");
  expect(broker.lines.filter((line) => line.includes("no such topic"))).toHaveLength(1);
  expect(broker.refused.counts()["unknown-topic"]).toBe(3);
  const alarm = JSON.stringify(makeAlarm(own.pillarId));
  await client.publishAsync(upTopic(own.pillarId, "alarm"), alarm, { qos: 1 });
  expect(broker.received).toHaveLength(1);
});

test("9,000 filters in one SUBSCRIBE are refused as one, with one line", async () => {
  const closed = closeOf(client);
  const filters = Array.from({ length: 9000 }, (_, n) => `anzhu/v1/other-${n}/down/#`);
  client.subscribe(filters, { qos: 1 }, () => {});
  await closed;
  await expect.poll(log).toContain("expected a SUBSCRIBE of at most 1024 bytes");
  expect(broker.lines.filter((line) => line.includes("SUBSCRIBE"))).toHaveLength(1);
  expect(log()).not.toContain("other-1/");
});

test("many filters in a small SUBSCRIBE are one line in the log", async () => {
  const filters = Array.from({ length: 90 }, (_, n) => `other/${n}`);
  await expect(client.subscribeAsync(filters, { qos: 1 })).rejects.toThrow("Unspecified error");
  await expect.poll(log).toContain("may subscribe only to its own down/#");
  expect(broker.lines.filter((line) => line.includes("may subscribe"))).toHaveLength(1);
  expect(broker.refused.counts().subscription).toBe(90);
});

test.each([
  "#",
  "anzhu/v1/+/down/#",
  "anzhu/v1/demo-002/down/#",
  "anzhu/v1/demo-001/up/#",
  "$SYS/#",
])("subscribing to %s is refused, and the log says so", async (filter) => {
  await expect(client.subscribeAsync(filter, { qos: 1 })).rejects.toThrow("Unspecified error");
  await expect.poll(log).toContain("may subscribe only to its own down/#");
});

test("subscribing with QoS 2 is refused, and the log says so", async () => {
  await expect(client.subscribeAsync(downFilter(own.pillarId), { qos: 2 })).rejects.toThrow(
    "Unspecified error",
  );
  await expect.poll(log).toContain("may subscribe with QoS 0 or 1, found 2");
});

test.each([
  ["no JSON", "pressed!", "expected JSON"],
  ["no UTF-8", Buffer.from([0xff, 0xfe]), "expected UTF-8"],
  ["no version", JSON.stringify({ ...makeAlarm("demo-001" as never), v: 0 }), "v: "],
  [
    "another pillar's alarm",
    JSON.stringify(makeAlarm("demo-002" as never)),
    "expected an alarm of demo-001, found one of demo-002",
  ],
])("a message that is %s is dropped and acknowledged, and the log says why", async (...row) => {
  const [, payload, words] = row;
  await client.publishAsync(upTopic(own.pillarId, "alarm"), payload, { qos: 1 });
  await expect.poll(log).toContain(words);
  expect(broker.received).toEqual([]);
  expect(client.connected).toBe(true);
});

test("a pillar that sends nothing but nonsense is disconnected at the tenth message", async () => {
  const closed = closeOf(client);
  for (let sent = 0; sent < 10; sent++) {
    client.publish(upTopic(own.pillarId, "report"), "{", { qos: 1 }, () => {});
  }
  await closed;
  await expect.poll(log).toContain("10 messages could not be read");
});

test("a newer pillar keeps its link, whatever else it says that nobody here can read", async () => {
  for (let sent = 0; sent < 12; sent++) {
    const unknown = JSON.stringify({ v: 2, type: "unknown", number: sent });
    await client.publishAsync(upTopic(own.pillarId, "report"), unknown, { qos: 1 });
  }
  await expect.poll(log).toContain("dropped a message");
  expect(client.connected).toBe(true);
});

test("a message over 64 KiB closes the connection before it is read", async () => {
  const closed = closeOf(client);
  client.publish(upTopic(own.pillarId, "report"), Buffer.alloc(66_000, 0x20), { qos: 1 }, () => {});
  await closed;
  await expect.poll(log).toContain("expected packets of at most");
});

test("a flood of alarms is slowed to its rate, and none is lost", async () => {
  const alarms = Array.from({ length: 30 }, (_, index) => makeAlarm(own.pillarId, index + 1));
  const topic = upTopic(own.pillarId, "alarm");
  await Promise.all(
    alarms.map((alarm) => client.publishAsync(topic, JSON.stringify(alarm), { qos: 1 })),
  );
  const seqs = broker.received.map(
    ({ message }) => message.channel === "alarm" && message.message.event.seq,
  );
  expect(seqs).toEqual(alarms.map((alarm) => alarm.event.seq));
});

test("a flood of heartbeats is slowed, and another pillar's alarm does not wait for it", async () => {
  const heartbeat = JSON.stringify(makeHeartbeat());
  for (let sent = 0; sent < 1000; sent++) {
    client.publish(upTopic(own.pillarId, "heartbeat"), heartbeat, { qos: 0 });
  }
  await expect.poll(() => broker.received.length).toBeGreaterThan(OTHER_RATE.burst);
  const alarm = JSON.stringify(makeAlarm(other.pillarId));
  await bystander.publishAsync(upTopic(other.pillarId, "alarm"), alarm, { qos: 1 });
  expect(broker.received.length).toBeLessThan(1000);
});

test("no bytes from a connected pillar can stop the broker", async () => {
  const bytes = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 });
  for (const chunks of fc.sample(bytes, 60)) {
    const hostile = await broker.connect(own);
    const closed = closeOf(hostile);
    for (const chunk of chunks) hostile.stream.write(Buffer.from(chunk));
    hostile.stream.end();
    await closed;
  }
  expect(broker.presence).toContain("demo-001 disconnected");
});
