/** The hub as a client of a real nats-server, configured as docs/external-broker.md says. */
import type { MqttClient } from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { downFilter, downTopic, upTopic } from "../../shared/protocol/topics.ts";
import { noNats, startNats, type Nats } from "../kit/programs/nats.ts";
import { openGround, type Ground } from "../kit/wire/broker-ground.ts";
import {
  makeAccepted,
  makeAlarm,
  makeHeartbeat,
  type Identity,
} from "../kit/wire/pillar-clients.ts";

const skipped = noNats();

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Wanted {
  readonly settings?: (documented: string) => string;
}

const open = (changes: Wanted = {}): Promise<Ground<Nats>> =>
  openGround({ closers, start: (dir, authority) => startNats({ dir, authority, ...changes }) });

type Speaker = Identity & { readonly client: MqttClient };

const sayAlarm = ({ client, pillarId }: Speaker, seq = 1): Promise<unknown> =>
  client.publishAsync(upTopic(pillarId, "alarm"), JSON.stringify(makeAlarm(pillarId, seq)), {
    qos: 1,
  });
const beat = ({ client, pillarId }: Speaker): Promise<unknown> =>
  client.publishAsync(upTopic(pillarId, "heartbeat"), JSON.stringify(makeHeartbeat()));
const heardFrom = ({ received }: Ground<Nats>, pillarId: string): number =>
  received.filter((one) => one.pillarId === pillarId).length;

describe.skipIf(skipped)(`NATS as the broker (${skipped ?? "nats-server"})`, () => {
  test("a pillar's alarm reaches the hub, and the hub's receipt reaches that pillar alone", async () => {
    const ground = await open();
    const [one, two] = [await ground.pillar("pillar-1"), await ground.pillar("pillar-2")];
    const heard: string[] = [];
    for (const { client, pillarId } of [one, two]) {
      client.on("message", (topic) => void heard.push(`${pillarId} ${topic}`));
      const [granted] = await client.subscribeAsync(downFilter(pillarId), { qos: 1 });
      expect(granted?.qos).toBe(1);
    }
    await sayAlarm(one);
    await expect.poll(() => heardFrom(ground, "pillar-1")).toBe(1);
    ground.way.send(one.pillarId, makeAccepted(ground.authority, makeAlarm(one.pillarId)));
    await beat(two);
    await expect.poll(() => heardFrom(ground, "pillar-2")).toBe(1);
    await expect.poll(() => heard).toEqual([`pillar-1 ${downTopic(one.pillarId, "accepted")}`]);
  });

  test("a pillar is refused every subscription that is not its own", async () => {
    const ground = await open();
    const { client } = await ground.pillar("pillar-2");
    for (const foreign of [
      "anzhu/v1/pillar-1/down/#",
      "anzhu/v1/#",
      "#",
      "$MQTT/sub/#",
      "$MQTT/#",
      "$JS/#",
    ]) {
      const granted = await client.subscribeAsync(foreign, { qos: 1 }).then(
        ([one]) => one?.qos,
        () => 128,
      );
      expect(`${foreign} ${granted}`).toBe(`${foreign} 128`);
    }
  });

  test("what a pillar says under another one's name reaches nobody", async () => {
    const ground = await open();
    const [one, two] = [await ground.pillar("pillar-1"), await ground.pillar("pillar-2")];
    const heard: string[] = [];
    one.client.on("message", (topic) => void heard.push(topic));
    await one.client.subscribeAsync(downFilter(one.pillarId), { qos: 1 });
    two.client.publish(upTopic(one.pillarId, "heartbeat"), JSON.stringify(makeHeartbeat()));
    two.client.publish(upTopic(one.pillarId, "alarm"), JSON.stringify(makeAlarm(one.pillarId)), {
      qos: 1,
    });
    two.client.publish(downTopic(one.pillarId, "call"), "{}", { qos: 1 });
    await expect
      .poll(() => ground.broker.lines().filter((line) => /Publish Violation/.test(line)).length)
      .toBe(3);
    await sayAlarm(one);
    await expect.poll(() => heardFrom(ground, "pillar-1")).toBe(1);
    expect(heard).toEqual([]);
  });

  test("whoever shows no certificate, or one that is not listed, is not let in", async () => {
    const ground = await open();
    await expect(ground.pillar("pillar-3")).rejects.toThrow(/Not authorized/i);
    await expect(ground.pillar("pillar-1", { key: "", cert: "" })).rejects.toThrow(
      /alert|ECONNRESET|closed/i,
    );
  });

  test("without the subject that ends in `down` the pillar's subscription is refused", async () => {
    const settings = (documented: string): string =>
      documented.replace('"anzhu.v1.pillar-1.down", ', "");
    const ground = await open({ settings });
    const { client, pillarId } = await ground.pillar("pillar-1");
    await expect(client.subscribeAsync(downFilter(pillarId), { qos: 1 })).rejects.toThrow(
      /Subscribe error/i,
    );
  });

  test("a client id protects nothing: a client that takes another's id cuts it off, and receives nothing of it", async () => {
    const ground = await open();
    const one = await ground.pillar("pillar-1");
    await one.client.subscribeAsync(downFilter(one.pillarId), { qos: 1 });
    const closed = new Promise<void>((resolve) => void one.client.once("close", () => resolve()));
    const usurper = await ground.pillar("pillar-2", { clientId: "pillar-1", clean: false });
    const heard: string[] = [];
    usurper.client.on("message", (topic) => void heard.push(topic));
    await closed;
    ground.way.send(one.pillarId, makeAccepted(ground.authority, makeAlarm(one.pillarId)));
    // Messages of one sender keep their order: what came before this one would be here.
    await sayAlarm(usurper);
    await expect.poll(() => heardFrom(ground, "pillar-2")).toBe(1);
    expect(heard).toEqual([]);
  });

  test("the hub whose place was taken is told so and comes back", async () => {
    const ground = await open();
    const one = await ground.pillar("pillar-1");
    const usurper = await ground.pillar("pillar-2", { clientId: "anzhu_hub", clean: false });
    const heard: string[] = [];
    usurper.client.on("message", (topic) => void heard.push(topic));
    await expect.poll(() => ground.lines.join()).toContain("closed the connection");
    // The pillar says it again until the receipt comes.
    const again = async (): Promise<number> => {
      await sayAlarm(one);
      return heardFrom(ground, "pillar-1");
    };
    await expect.poll(again).toBeGreaterThan(0);
    // What the broker kept for the hub comes before its link counts as up.
    await expect.poll(() => ground.way.health().isOk).toBe(true);
    expect(heard).toEqual([]);
  });

  test("the doctor finds everything in order, and that client ids are not bound", async () => {
    const ground = await open();
    const findings = await ground.examine();
    const faults = findings.filter(({ isOk }) => !isOk).map(({ what }) => what);
    expect(findings.map(({ what }) => what)).toContain("broker access list");
    expect(faults).toEqual(["broker names"]);
  });
});
