/**
 * Somebody may write to every topic of a real mosquitto, and has no key of the hub.
 *
 * A whole agent hears what they publish: lamp, voice,
 * display, siren and media must stay as the hub said.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { startAgent, type RunningAgent } from "../../device/agent.ts";
import type { Display } from "../../device/core/state/shown.ts";
import { openAuthority } from "../../hub/identity/authority.ts";
import type { Authority } from "../../hub/identity/ports.ts";
import { canonicalJson, type CanonicalValue } from "../../shared/canonical-json.ts";
import { parseUp, type UpMessage } from "../../shared/protocol/messages.ts";
import { downTopic, EVERY_UP, parseTopic, type DownChannel } from "../../shared/protocol/topics.ts";
import { newMosquitto, noMosquitto } from "../kit/programs/mosquitto.ts";
import { deafMedia, handBoard } from "../kit/wire/hand-board.ts";
import { enrol } from "../kit/wire/pillar-clients.ts";
import { enrolledPillar, hex128, PILLAR } from "../kit/wire/small-hub.ts";

const skipped = noMosquitto();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const { privateKey } = generateKeyPairSync("ed25519");
const forge = (body: CanonicalValue): string =>
  sign(null, Buffer.from(canonicalJson(body)), privateKey).toString("base64url");

interface Scene {
  readonly agent: RunningAgent;
  readonly board: ReturnType<typeof handBoard>;
  readonly media: ReturnType<typeof deafMedia>;
  readonly displays: Display[];
  readonly authority: Authority;
  readonly heard: UpMessage[];
  /** As the hub, or as anybody else: whatever JSON on a topic of the pillar. */
  publish(channel: DownChannel, message: unknown): Promise<unknown>;
  /** What the hub's stamp must hold now. */
  stamp(number: number): Record<string, CanonicalValue>;
  readonly hubRun: string;
}

async function open(): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-forged-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  const authority = await openAuthority(dir, []);
  // The access list lets everybody write everything: the worst broker there is.
  const acl = (): string => "pattern readwrite #\n";
  const mosquitto = await newMosquitto({ dir: join(dir, "broker"), authority, acl });
  await mosquitto.start();
  closers.push(() => mosquitto.close());
  const client = await writerTo(mosquitto.port, authority);
  const heard: UpMessage[] = [];
  client.on("message", (topic, payload) => {
    const parsed = parseTopic(topic);
    const message = parsed?.direction === "up" && parseUp(parsed.channel, payload);
    if (message && message.ok) heard.push(message.value);
  });
  await client.subscribeAsync(EVERY_UP, { qos: 1 });
  const pillar = await enrolledPillar({ authority, port: mosquitto.port });
  closers.push(() => pillar.remove());
  const [board, media, displays] = [handBoard(), deafMedia(), [] as Display[]];
  const screen = { show: (one: Display) => void displays.push(one), close: async () => {} };
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const agent = await startAgent(pillar.config, { log, board, media, screen });
  closers.push(() => agent.stop());
  await agent.armed;
  const hubRun = hex128();
  const session = (): string => {
    const beats = heard.flatMap((one) => (one.channel === "heartbeat" ? [one.message] : []));
    return beats.at(-1)?.sessionNonce ?? "";
  };
  await expect.poll(session).not.toBe("");
  return {
    ...{ agent, board, media, displays, authority, heard, hubRun },
    publish: (channel, message) =>
      client.publishAsync(downTopic(PILLAR, channel), JSON.stringify(message), { qos: 1 }),
    stamp: (number) => ({ v: 1, pillarId: PILLAR, sessionNonce: session(), hubRun, number }),
  };
}

async function writerTo(port: number, authority: Authority): Promise<MqttClient> {
  const { key, cert } = await enrol(authority, "writer");
  const client = await connectAsync({
    ...{ protocol: "mqtts", host: "127.0.0.1", port, ca: authority.caCertificate, key, cert },
    ...{ clientId: "writer", clean: true, reconnectPeriod: 0, protocolVersion: 4 },
  });
  client.on("error", () => {});
  closers.push(() => client.endAsync(true));
  return client;
}

const faults = ({ heard }: Scene): string[] =>
  heard.flatMap((one) =>
    one.channel === "report" && one.message.type === "fault-raised" ? [one.message.code] : [],
  );

async function received(scene: Scene) {
  const { authority, board, heard, hubRun } = scene;
  board.press();
  await expect.poll(() => heard.some(({ channel }) => channel === "alarm")).toBe(true);
  const alarm = heard.flatMap((one) => (one.channel === "alarm" ? [one.message] : []))[0]!;
  const { eventId, seq } = alarm.event;
  const { sessionNonce = "" } = alarm;
  const [incidentId, hubEpoch] = [hex128(), hex128()];
  const about = {
    v: 1,
    eventId,
    pillarId: PILLAR,
    seq,
    incidentId,
    isOver: false,
    journalIndex: 1,
  };
  const receipt = { ...about, hubEpoch, hubRun, sessionNonce };
  const accept = (changed: Record<string, CanonicalValue> = {}): Promise<unknown> => {
    const whole = { ...receipt, ...changed };
    const sig = authority.sign(canonicalJson(whole));
    return scene.publish("accepted", { v: 1, receipt: whole, sig });
  };
  await accept();
  await expect.poll(() => board.lamps.at(-1)).toBe("received");
  return { eventId, incidentId, hubEpoch, accept };
}

describe.skipIf(skipped)(`who may write to the broker (${skipped ?? "mosquitto"})`, () => {
  test("G11 forges no answer: lamp, voice, display and media stay, and one fault says so", async () => {
    const scene = await open();
    const { eventId, incidentId } = await received(scene);
    const { board, media, displays, authority } = scene;
    const before = { lamps: [...board.lamps], said: [...media.said], shown: displays.length };
    const call = { v: 1, incidentId, eventId, status: "answered", by: "王警官" };
    const sessionId = hex128();
    const signal = { v: 1, sessionId, type: "answer", sdp: "v=0\r\nattacker" };
    const [sayCall, saySignal] = [
      { ...scene.stamp(1), call },
      { ...scene.stamp(2), signal },
    ];
    await scene.publish("call", call);
    await scene.publish("call", { v: 1, body: sayCall, sig: forge(sayCall) });
    await scene.publish("signal", signal);
    await scene.publish("signal", { v: 1, body: saySignal, sig: forge(saySignal) });
    // Signed by the hub, but for another pillar.
    const foreign = { ...sayCall, pillarId: "pillar-2" };
    const sig = authority.sign(canonicalJson(foreign));
    await scene.publish("call", { v: 1, body: foreign, sig });
    await expect.poll(() => faults(scene)).toEqual(["messages-refused"]);
    await expect.poll(() => scene.agent.state().heeded.refused).toBe(5);
    expect({ lamps: board.lamps, said: media.said, shown: displays.length }).toEqual(before);
    // The hub's own word counts as before; said again, it does not.
    const own = { v: 1, body: sayCall, sig: authority.sign(canonicalJson(sayCall)) };
    await scene.publish("call", own);
    await expect.poll(() => board.lamps.at(-1)).toBe("answered");
    const over = { ...scene.stamp(3), call: { ...call, status: "ringing" } };
    await scene.publish("call", { v: 1, body: over, sig: authority.sign(canonicalJson(over)) });
    await expect.poll(() => board.lamps.at(-1)).toBe("received");
    await scene.publish("call", own);
    await expect.poll(() => scene.agent.state().heeded.refused).toBe(6);
    expect(board.lamps.at(-1)).toBe("received");
  });

  test("G11 repeats no receipt of another session or of a run that has ended: the hub's database stays the one that is known", async () => {
    const scene = await open();
    const { hubEpoch, accept } = await received(scene);
    const { board, agent } = scene;
    const lamps = [...board.lamps];
    const older = { hubEpoch: hex128(), incidentId: hex128() };
    // Each is the hub's own word, and was true when it was said.
    await accept({ ...older, sessionNonce: hex128() });
    await expect.poll(() => agent.state().heeded.refused).toBe(1);
    // An answer by HTTPS names no session.
    const { hubRun, authority } = scene;
    const about = {
      v: 1,
      eventId: hex128(),
      pillarId: PILLAR,
      seq: 1,
      isOver: false,
      journalIndex: 1,
    };
    const answer = { ...about, ...older, hubRun };
    const sig = authority.sign(canonicalJson(answer));
    await scene.publish("accepted", { v: 1, receipt: answer, sig });
    await expect.poll(() => agent.state().heeded.refused).toBe(2);
    // A hub that has started since, and then a receipt of the run before.
    const started = hex128();
    await accept({ hubRun: started });
    await expect.poll(() => agent.state().heeded.hubRun).toBe(started);
    await accept(older);
    await expect.poll(() => agent.state().heeded.refused).toBe(3);
    expect(agent.state().outbox).toMatchObject({ hubEpoch, replay: undefined });
    expect(board.lamps).toEqual(lamps);
    // Nothing of this is a fault: a broker in good order may repeat.
    expect(faults(scene)).toEqual([]);
  });

  test("G11 moves nothing with a command: unsigned, of another version, for another pillar or session", async () => {
    const scene = await open();
    const { authority, media } = scene;
    const { sessionNonce } = scene.stamp(1);
    const body = {
      ...{ v: 1, commandId: hex128(), pillarId: PILLAR, command: { name: "restart-media" } },
      ...{ bootEpoch: 1, sessionNonce, issuedWallMs: Date.now(), expiresInMs: 10_000 },
    } as const;
    const signed = (changed: Record<string, CanonicalValue>) => {
      const whole = { ...body, ...changed } as Record<string, CanonicalValue>;
      return { v: 1, body: whole, sig: authority.sign(canonicalJson(whole)) };
    };
    const before = [...media.said];
    await scene.publish("command", body);
    await scene.publish("command", { v: 1, body, sig: forge(body) });
    await scene.publish("command", signed({ v: 0 }));
    await scene.publish("command", signed({ v: 2 }));
    await scene.publish("command", signed({ command: { name: "configure", url: "rtsp://thief" } }));
    await scene.publish("command", signed({ pillarId: "pillar-2" }));
    await expect.poll(() => scene.agent.state().heeded.refused).toBe(6);
    await scene.publish("command", signed({ sessionNonce: hex128() }));
    await scene.publish("command", signed({ bootEpoch: 2, commandId: hex128() }));
    const outcomes = (): string[] =>
      scene.heard.flatMap((one) =>
        one.channel === "report" && one.message.type === "command-result"
          ? [one.message.outcome]
          : [],
      );
    await expect.poll(outcomes).toEqual(["refused", "refused"]);
    expect(media.said).toEqual(before);
    expect(faults(scene)).toEqual(["messages-refused"]);
    await scene.publish("command", signed({ commandId: hex128() }));
    await expect.poll(outcomes).toEqual(["refused", "refused", "done"]);
    await scene.publish("command", signed({}));
    await expect.poll(outcomes).toEqual(["refused", "refused", "done", "done"]);
    await scene.publish("command", signed({}));
    await expect.poll(outcomes).toEqual(["refused", "refused", "done", "done", "refused"]);
  });
});
