/**
 * A whole agent against a real TLS broker: what a person
 * at the pillar gets, whatever the line does.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startAgent, type RunningAgent } from "../../device/agent.ts";
import type { LampPattern } from "../../device/core/state/shown.ts";
import { SessionNonce } from "../../shared/ids.ts";
import { OPENED_FOR, SHUT } from "../../shared/protocol/purpose.ts";
import { deafMedia, handBoard, type HandBoard } from "../kit/wire/hand-board.ts";
import {
  enrolledPillar,
  hex128,
  PILLAR,
  smallHub,
  type Pillar,
  type SmallHub,
} from "../kit/wire/small-hub.ts";
import { waitFor } from "../kit/run/wait.ts";

let hub: SmallHub;
let pillar: Pillar;
let agent: RunningAgent | undefined;
let board: HandBoard;
let media: ReturnType<typeof deafMedia>;
let lines: string[];

const log = (text: string): void => void lines.push(text);

async function start(): Promise<RunningAgent> {
  board = handBoard();
  media = deafMedia();
  const parts = { debug: log, info: log, warn: log, error: log };
  agent = await startAgent(pillar.config, { log: parts, board, media });
  return agent;
}

const lamp = (): LampPattern | undefined => board.lamps.at(-1);
const untilLamp = (pattern: LampPattern): Promise<void> =>
  waitFor(() => expect(lamp()).toBe(pattern), { timeout: 10_000 });
const said = (part: string): boolean => lines.some((line) => line.includes(part));
const untilSaid = (part: string): Promise<void> =>
  waitFor(() => expect(lines.join("\n")).toContain(part), { timeout: 10_000 });

beforeEach(async () => {
  lines = [];
  hub = await smallHub();
  pillar = await enrolledPillar(hub);
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await hub?.close();
  pillar.remove();
});

describe("a press", () => {
  test("is received, answered by name, and ended", async () => {
    await (
      await start()
    ).armed;
    board.press();
    await untilLamp("received");
    const [alarm] = hub.alarms();
    expect(alarm).toMatchObject({ attempt: 1, event: { seq: 1, kind: "voice", pillarId: PILLAR } });
    const eventId = alarm!.event.eventId;
    hub.call(eventId, "answered", "Wang");
    await untilLamp("answered");
    hub.call(eventId, "ended");
    await untilLamp("standby");
    const gates = media.said.filter((message) => message.type === "gate");
    expect(gates.map(({ opening }) => opening)).toEqual([OPENED_FOR.call, SHUT]);
    expect(said("→ answered by Wang")).toBe(true);
  });

  test("is not called received because a broker acknowledged it", async () => {
    hub.accepts = false;
    await (
      await start()
    ).armed;
    board.press();
    await waitFor(() => expect(hub.alarms()).toHaveLength(2), { timeout: 10_000 });
    expect(lamp()).toBe("calling");
    expect(hub.alarms()[1]).toMatchObject({ attempt: 2, event: hub.alarms()[0]!.event });
    hub.accept(hub.alarms()[1]!);
    await untilLamp("received");
  });

  test("is not called received because somebody says so who is not the hub", async () => {
    await (
      await start()
    ).armed;
    hub.forges = true;
    board.press();
    await untilSaid("the receipt is not signed by our hub");
    expect(lamp()).toBe("calling");
  });

  test("while the hub is away goes out when it is back", async () => {
    await (
      await start()
    ).armed;
    await hub.cut(false);
    board.press();
    await untilSaid("is the hub running?");
    expect(lamp()).toBe("calling");
    await hub.cut(true);
    await untilLamp("received");
    expect(hub.alarms().every((alarm) => alarm.event.seq === 1)).toBe(true);
  });

  test("survives a restart of the agent before anybody heard of it", async () => {
    hub.accepts = false;
    const first = await start();
    await first.armed;
    board.press();
    await waitFor(() => expect(hub.alarms()).toHaveLength(1));
    await first.stop();
    hub.accepts = true;
    await start();
    await untilLamp("received");
    const resent = hub.alarms().at(-1)!;
    expect(resent.event.seq).toBe(1);
    expect(resent.ageMs).toBeUndefined();
  });

  test("goes out though the ledger cannot be opened", async () => {
    pillar = { ...pillar, config: { ...pillar.config } };
    const { mkdirSync } = await import("node:fs");
    const { dataPaths } = await import("../../device/adapters/host/data-dir.ts");
    mkdirSync(dataPaths(pillar.dir).ledger);
    await (
      await start()
    ).armed;
    board.press();
    await untilLamp("received");
    await waitFor(() => expect(agent!.state().health.faults.has("ledger-failing")).toBe(true));
  });
});

describe("a hub", () => {
  test("of another database hears again everything the pillar keeps", async () => {
    await (
      await start()
    ).armed;
    for (const seq of [1, 2, 3]) {
      board.press();
      await untilLamp("received");
      hub.call(hub.alarms().at(-1)!.event.eventId, "ended");
      await untilLamp("standby");
      expect(hub.alarms().at(-1)!.event.seq).toBe(seq);
    }
    hub.received.length = 0;
    hub.epoch = hub.epoch.replaceAll(/./g, "a") as typeof hub.epoch;
    board.press();
    await waitFor(() => {
      const seqs = new Set(hub.alarms().map((alarm) => alarm.event.seq));
      expect([...seqs].toSorted()).toEqual([1, 2, 3, 4]);
    });
    await waitFor(() => expect(agent!.state().outbox.pending.size).toBe(0));
  });

  test("gives a command once, in this boot, and hears what became of it", async () => {
    await (
      await start()
    ).armed;
    const { bootEpoch } = agent!.state();
    const results = (): string[] =>
      hub.received.flatMap(({ channel, message }) =>
        channel === "report" && message.type === "command-result"
          ? [`${message.commandId} ${message.outcome}`]
          : [],
      );
    await waitFor(() => expect(hub.received.some((one) => one.channel === "heartbeat")).toBe(true));
    const good = hub.command({ name: "restart-media" }, bootEpoch);
    const stale = hub.command({ name: "siren", on: true }, bootEpoch + 1);
    await waitFor(() => expect(results()).toEqual([`${good} done`, `${stale} refused`]));
    const older = hub.command({ name: "siren", on: true }, bootEpoch, SessionNonce.parse(hex128()));
    await waitFor(() => expect(results()).toContain(`${older} refused`));
    const test1 = hub.command({ name: "self-test" }, bootEpoch);
    await waitFor(() => expect(results()).toContain(`${test1} done`));
    expect(hub.alarms().at(-1)!.event.kind).toBe("test");
    expect(lamp()).toBe("standby");
  });

  test("that sends nonsense is not used, and is used again when it sends sense", async () => {
    await (
      await start()
    ).armed;
    const topic = `anzhu/v1/${PILLAR}/down/call`;
    hub.sendRaw(topic, "{");
    hub.sendRaw(topic, Buffer.alloc(70_000, 65));
    hub.sendRaw(topic, '{"v":2}');
    hub.sendRaw(`anzhu/v1/${PILLAR}/down/other`, "{}");
    await untilSaid("expected JSON");
    await waitFor(() => expect(agent!.state().heeded.refused).toBe(3));
    expect([...agent!.state().health.faults.keys()]).toEqual(["messages-refused"]);
    board.press();
    await untilLamp("received");
    expect(hub.alarms()).toHaveLength(1);
  });

  test("of another authority is refused, and the log says why", async () => {
    const other = await smallHub();
    try {
      pillar = {
        ...pillar,
        config: { ...pillar.config, hub: { ...pillar.config.hub, mqttPort: other.port } },
      };
      await start();
      await untilSaid("another hub answers, or its certificate is out of date");
      expect(agent!.state().link.phase).not.toBe("up");
    } finally {
      await other.close();
    }
  });

  test("hears the pillar's heart with the ledger's head", async () => {
    await (
      await start()
    ).armed;
    await waitFor(() =>
      expect(hub.received.find(({ channel }) => channel === "heartbeat")?.message).toMatchObject({
        head: { seq: 0 },
        bootEpoch: 1,
        faults: [],
      }),
    );
  });
});
