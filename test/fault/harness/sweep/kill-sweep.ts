/**
 * Presses while somebody kills the agent, or the hub, at chosen instants: as often as asked.
 *
 * The instants walk through the press instead of being drawn, so that a run can be repeated.
 */
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../../simulator/demo/hub-client.ts";
import type { BrokeredStreet } from "../programs/brokered-street.ts";
import { newFaultInjector } from "../programs/fault-injector.ts";
import { hubMediaOf } from "../programs/hub.ts";
import type { PillarUnderTest } from "../programs/pillar.ts";
import { below, commandOf } from "../programs/process.ts";
import { endCall, type Street } from "../programs/street.ts";

/** From the counted press to the receipt, and a little beyond. */
const AGENT_SPAN_MS = 240;
/** Around the moment at which the hub hears, commits and answers. */
const HUB_FROM_MS = 55;
const HUB_SPAN_MS = 60;
/** From before the press is counted to after the receipt. */
const BROKER_SPAN_MS = 240;
/** Steps through a span that are far from each other in a row and cover it in the end. */
const GOLDEN = 0.618034;
const CALL_MS = 20_000;

export const instant = (round: number): number => ((round + 1) * GOLDEN) % 1;

export interface Sweep {
  /** The pillar's. */
  readonly id: string;
  readonly rounds: number;
  /** Where in the walk through the instants this sweep begins. */
  readonly from?: number;
}

async function pillarOn(street: Street, id: string): Promise<PillarUnderTest> {
  const pillar = await street.add(id);
  pillar.start();
  await pillar.untilLamp("standby");
  return pillar;
}

/** A judgement over databases that are being written is made again. */
export async function eventually<T>(judge: () => Promise<readonly T[]>): Promise<readonly T[]> {
  let found: readonly T[] = [];
  await until(CALL_MS, async () => (found = await judge()).length === 0);
  return found;
}

export async function killAgents(street: Street, { id, rounds, from = 0 }: Sweep): Promise<void> {
  const pillar = await pillarOn(street, id);
  for (let round = 0; round < rounds; round += 1) {
    await pillar.press();
    await delay(instant(from + round) * AGENT_SPAN_MS);
    await pillar.process().crash();
    pillar.start();
    await endCall(street, pillar);
  }
}

/** The broker that stands between, which is not the hub's own. */
export async function killBrokers(
  { street, mosquitto, add }: BrokeredStreet,
  { id, rounds, from = 0 }: Sweep,
): Promise<void> {
  const pillar = await add(id);
  pillar.start();
  await pillar.untilLamp("standby");
  for (let round = 0; round < rounds; round += 1) {
    const pressing = pillar.press();
    await delay(instant(from + round) * BROKER_SPAN_MS);
    await mosquitto.crash();
    await pressing;
    await mosquitto.start();
    await endCall(street, pillar);
  }
}

export async function killHubs(street: Street, { id, rounds, from = 0 }: Sweep): Promise<void> {
  const pillar = await pillarOn(street, id);
  for (let round = 0; round < rounds; round += 1) {
    const pressing = pillar.press();
    await delay(HUB_FROM_MS + instant(from + round) * HUB_SPAN_MS);
    await street.hub.crash();
    await pressing;
    await street.hub.start();
    await endCall(street, pillar);
  }
}

const mediaFilesOf = (id: string) => [hubMediaOf(id), "device/media/main.ts", "ffmpeg"] as const;

/**
 * Media of either side, and the pillar's capture, during
 * a call: alarms do not notice, and media comes back.
 */
export async function killMedia(street: Street, { id, rounds, from = 0 }: Sweep): Promise<void> {
  const pillar = await street.add(id, {
    media: {
      cameras: [{ id: "front", source: { kind: "test" } }],
      size: "640x360",
      framesPerSecond: 10,
    },
  });
  pillar.start();
  await pillar.untilArmed();
  const files = mediaFilesOf(id);
  for (let round = from; round < from + rounds; round += 1) {
    const file = files[round % files.length] ?? "";
    const parent = file.startsWith("hub") ? street.hub.process() : pillar.process();
    const running = (): number =>
      below(parent.pid()).find((pid) => commandOf(pid).includes(file)) ?? 0;
    await expected(`a process of ${file}`, () => running() !== 0);
    const victim = running();
    const pressing = pillar.press();
    await delay(instant(round) * AGENT_SPAN_MS);
    process.kill(victim, "SIGKILL");
    await pressing;
    await endCall(street, pillar);
    await expected(`another process of ${file}`, () => ![0, victim].includes(running()));
  }
}

/**
 * In turn the thread that writes the ledger and the one that writes the journal, around a press.
 */
export async function endThreads(street: Street, { id, rounds, from = 0 }: Sweep): Promise<void> {
  const injector = newFaultInjector();
  street.onClose(() => Promise.resolve(injector.remove()));
  await street.hub.stop();
  await street.hub.start(injector.around);
  const pillar = await street.add(id);
  pillar.start(injector.around);
  await pillar.untilArmed();
  for (let round = from; round < from + rounds; round += 1) {
    const isHubs = round % 2 === 1;
    const parent = isHubs ? street.hub.process() : pillar.process();
    const pressing = pillar.press();
    await delay(instant(round) * AGENT_SPAN_MS);
    injector.inject(parent.pid(), {
      where: isHubs ? "worker.ts" : "ledger-worker.ts",
      what: "end",
    });
    await pressing;
    await endCall(street, pillar);
  }
}

async function expected(what: string, isSo: () => boolean): Promise<void> {
  if (await until(CALL_MS, () => Promise.resolve(isSo()))) return;
  throw new Error(`expected ${what} within ${CALL_MS / 1000} s, found none`);
}
