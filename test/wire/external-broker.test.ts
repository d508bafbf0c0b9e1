/** The hub as a client of a real mosquitto, configured as docs/external-broker.md says. */
import type { MqttClient } from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { PROMISED_MS } from "../../shared/promises.ts";
import { downFilter, downTopic, upTopic } from "../../shared/protocol/topics.ts";
import { newMosquitto, noMosquitto, type Mosquitto } from "../kit/programs/mosquitto.ts";
import { openGround, STRANGER, type Ground } from "../kit/wire/broker-ground.ts";
import {
  makeAccepted,
  makeAlarm,
  makeHeartbeat,
  type Identity,
} from "../kit/wire/pillar-clients.ts";

const skipped = noMosquitto();
type MosquittoGround = Ground<Mosquitto>;

interface Wanted {
  readonly settings?: (documented: string) => string;
  readonly acl?: (documented: string) => string;
  readonly isUp?: boolean;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function open({ isUp, ...changes }: Wanted = {}): Promise<MosquittoGround> {
  return openGround({
    closers,
    isUp,
    start: async (dir, authority) => {
      const mosquitto = await newMosquitto({ dir, authority, ...changes });
      await mosquitto.start();
      return mosquitto;
    },
  });
}

type Speaker = Identity & { readonly client: MqttClient };

const sayAlarm = ({ client, pillarId }: Speaker, seq = 1): Promise<unknown> =>
  client.publishAsync(upTopic(pillarId, "alarm"), JSON.stringify(makeAlarm(pillarId, seq)), {
    qos: 1,
  });
const beat = ({ client, pillarId }: Speaker): Promise<unknown> =>
  client.publishAsync(upTopic(pillarId, "heartbeat"), JSON.stringify(makeHeartbeat()));
const heardFrom = (ground: MosquittoGround, pillarId: string): number =>
  ground.received.filter((one) => one.pillarId === pillarId).length;
const limitTo =
  (messages: number) =>
  (documented: string): string =>
    documented.replace("max_inflight_messages 1000", `max_inflight_messages ${messages}`);

describe.skipIf(skipped)(`a broker that is not ours (${skipped ?? "mosquitto"})`, () => {
  test("carries a pillar's messages up and the hub's down, and nobody else's", async () => {
    const ground = await open();
    const [one, two] = [await ground.pillar("pillar-1"), await ground.pillar("pillar-2")];
    const heard: string[] = [];
    for (const { client, pillarId } of [one, two]) {
      client.on("message", (topic) => void heard.push(`${pillarId} ${topic}`));
      await client.subscribeAsync([downFilter(pillarId), "anzhu/v1/#", "#", "$SYS/#"], { qos: 1 });
    }
    await sayAlarm(one);
    await two.client.publishAsync(upTopic(one.pillarId, "heartbeat"), "{}", { qos: 1 });
    await two.client.publishAsync(downTopic(one.pillarId, "call"), "{}", { qos: 1 });
    await beat(two);
    await expect.poll(() => heardFrom(ground, "pillar-2")).toBe(1);
    expect(heardFrom(ground, "pillar-1")).toBe(1);
    ground.way.send(one.pillarId, makeAccepted(ground.authority, makeAlarm(one.pillarId)));
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(heard).toEqual([`pillar-1 ${downTopic(one.pillarId, "accepted")}`]);
  });

  test("has an alarm acknowledged by the hub after its commit and not before", async () => {
    const ground = await open({ settings: limitTo(1) });
    const pillar = await ground.pillar("pillar-1");
    const commit = Promise.withResolvers<void>();
    ground.onMessage = () => commit.promise;
    await sayAlarm(pillar, 1);
    await sayAlarm(pillar, 2);
    await expect.poll(() => ground.received.length).toBe(1);
    // The broker holds the second alarm back while the first is not acknowledged; heartbeats pass.
    await beat(pillar);
    await expect.poll(() => ground.received.length).toBe(2);
    expect(ground.received.at(-1)?.message.channel).toBe("heartbeat");
    commit.resolve();
    await expect.poll(() => ground.received.length).toBe(3);
  });

  test("does not make one alarm wait for the commit of another", async () => {
    const ground = await open();
    const pillars = await Promise.all(
      Array.from({ length: 30 }, (_, n) => ground.pillar(`pillar-${n}`)),
    );
    const commit = Promise.withResolvers<void>();
    ground.onMessage = () => commit.promise;
    await Promise.all(pillars.map((pillar) => sayAlarm(pillar)));
    await expect.poll(() => ground.received.length).toBe(30);
    commit.resolve();
  });

  test("goes on after an alarm whose commit failed: the pillar says it again", async () => {
    const ground = await open({ settings: limitTo(1) });
    const pillar = await ground.pillar("pillar-1");
    ground.onMessage = () => Promise.reject(new Error("no space left"));
    await sayAlarm(pillar, 1);
    await expect.poll(() => ground.received.length).toBe(1);
    ground.onMessage = async () => {};
    await sayAlarm(pillar, 1);
    await expect.poll(() => ground.received.length).toBe(2);
    expect(ground.way.health().isOk).toBe(true);
  });

  test("delivers what no pillar of this hub said, and it is dropped", async () => {
    const ground = await open();
    const [stranger, pillar] = [await ground.pillar(STRANGER), await ground.pillar("pillar-1")];
    await sayAlarm(stranger);
    await stranger.client.publishAsync("anzhu/v1/stranger/up/nonsense", "x", { qos: 1 });
    await sayAlarm(pillar);
    await expect.poll(() => ground.received.length).toBe(1);
    expect(ground.received[0]?.pillarId).toBe("pillar-1");
    expect(ground.lines.join()).toContain("no pillar of this hub");
  });

  test("without a limit of its own loses a message that is too long, and not the line", async () => {
    const ground = await open({
      settings: (documented) => documented.replace("message_size_limit 65536", ""),
    });
    const [pillar, other] = [await ground.pillar("pillar-1"), await ground.pillar("pillar-2")];
    const topic = upTopic(pillar.pillarId, "report");
    await pillar.client.publishAsync(topic, Buffer.alloc(200 * 1024, 0x20), { qos: 1 });
    await sayAlarm(other);
    await expect.poll(() => heardFrom(ground, "pillar-2")).toBe(1);
    expect(heardFrom(ground, "pillar-1")).toBe(0);
    expect(ground.way.health().isOk).toBe(true);
  });

  test("is not flooded by one pillar: another one's alarm does not wait", async () => {
    const ground = await open();
    const [flooding, calm] = [await ground.pillar("pillar-1"), await ground.pillar("pillar-2")];
    await Promise.all(Array.from({ length: 500 }, (_, n) => sayAlarm(flooding, n + 1)));
    await sayAlarm(calm, 1);
    await expect.poll(() => heardFrom(ground, "pillar-2"), { timeout: 5000 }).toBe(1);
    await Promise.all(Array.from({ length: 1000 }, () => beat(flooding)));
    await sayAlarm(calm, 2);
    await expect.poll(() => heardFrom(ground, "pillar-2"), { timeout: 5000 }).toBe(2);
    expect(heardFrom(ground, "pillar-1")).toBeLessThan(300);
    expect(ground.lines.join()).toMatch(/pillar-1: it sends more than \d+ alarm messages a second/);
  });

  test("shows no certificates: who is let in after one has ended holds the renewed one", async () => {
    const ground = await open();
    const pillar = await ground.pillar("pillar-1");
    await beat(pillar);
    await expect.poll(() => ground.received.length).toBe(1);
    expect(ground.told).toEqual([]);
    ground.successor = "0a1b";
    await beat(pillar);
    await expect.poll(() => ground.told).toEqual(["pillar-1 shows 0a1b"]);
  });

  test("that dies is reported, and so is its return; none of its pillars counts as connected", async () => {
    const ground = await open();
    const pillar = await ground.pillar("pillar-1");
    await beat(pillar);
    await expect.poll(() => ground.received.length).toBe(1);
    await ground.broker.crash();
    const diedAt = performance.now();
    await expect.poll(() => ground.told).toContain("unreachable");
    expect(performance.now() - diedAt).toBeLessThan(PROMISED_MS.visible);
    expect(ground.told[0]).toBe("pillar-1 away");
    expect(ground.way.health().detail).toContain("is it running?");
    ground.way.send(pillar.pillarId, makeAccepted(ground.authority, makeAlarm(pillar.pillarId)));
    await ground.broker.start();
    await expect.poll(() => ground.told).toContain("reached");
    await sayAlarm(await ground.pillar("pillar-1"));
    await expect.poll(() => ground.received.length).toBe(2);
  });

  test("that stops without closing anything is found out within 15 s", async () => {
    const ground = await open();
    ground.broker.signal("SIGSTOP");
    const stoppedAt = performance.now();
    await expect.poll(() => ground.told, { timeout: PROMISED_MS.visible }).toContain("unreachable");
    expect(performance.now() - stoppedAt).toBeLessThan(PROMISED_MS.visible);
    ground.broker.signal("SIGCONT");
    await expect.poll(() => ground.way.health().isOk).toBe(true);
  });

  test("that admits the hub and delivers nothing is refused, and the error says what to do", async () => {
    const acl = (documented: string): string => documented.replace("readwrite", "write");
    const ground = await open({ acl, isUp: false });
    await expect.poll(() => ground.told).toContain("unreachable");
    const { isOk, detail } = ground.way.health();
    expect(isOk).toBe(false);
    await expect.poll(() => ground.way.health().detail).toMatch(/let anzhu_hub write and read/);
    expect(detail).not.toBe("");
  });

  test("E4 takes no message of QoS 2 and no retained one", async () => {
    const ground = await open();
    for (const refused of [{ qos: 2 }, { retain: true }] as const) {
      const pillar = await ground.pillar("pillar-1");
      const closed = new Promise<void>(
        (resolve) => void pillar.client.once("close", () => resolve()),
      );
      const text = JSON.stringify(makeAlarm(pillar.pillarId));
      pillar.client.publish(upTopic(pillar.pillarId, "alarm"), text, { qos: 1, ...refused });
      await closed;
    }
    await sayAlarm(await ground.pillar("pillar-2"));
    await expect.poll(() => heardFrom(ground, "pillar-2")).toBe(1);
    expect(heardFrom(ground, "pillar-1")).toBe(0);
  });
});
