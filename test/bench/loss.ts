/** Press to accepted while the network loses packets at random, both ways. */
import { setTimeout as delay } from "node:timers/promises";
import { mustHaveNamespaces, type Namespace } from "../fault/harness/network/namespace.ts";
import type { PillarUnderTest } from "../fault/harness/programs/pillar.ts";
import { openStreet, type Street } from "../fault/harness/programs/street.ts";
import { summarise } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const PILLARS = 8;
const PRESSES_EACH = 40;
const CALM_PRESSES_EACH = 13;
const LOST_PERCENT = 30;
const P99_MS = 5000;
const MOST_MS = 15_000;
/** A longer wait is a failure, which the bench reports. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 10;
/** Heartbeats come every 5 s, so that presses meet the link in every state of its own resending. */
const PAUSE_MS = 3000;

export async function benchLoss(): Promise<Section> {
  const cables = mustHaveNamespaces("the loss bench", PILLARS);
  try {
    return await measured(cables);
  } finally {
    cables.forEach((cable) => cable.remove());
  }
}

async function measured(cables: readonly Namespace[]): Promise<Section> {
  const host = "0.0.0.0";
  const names = cables.map(({ outside }) => outside);
  const street = await openStreet({ mqtt: { host, names }, alarms: { host } });
  try {
    const pillars = await Promise.all(cables.map((cable, n) => pillarOn(street, cable, n)));
    const calm = await pressAll(street, pillars, CALM_PRESSES_EACH);
    cables.forEach((cable) => cable.lose(LOST_PERCENT));
    const lossy = await pressAll(street, pillars, PRESSES_EACH);
    const lost = cables.reduce((sum, cable) => sum + cable.lost(), 0);
    cables.forEach((cable) => cable.lose(0));
    const violations = await street.verdict();
    for (const { invariant, detail } of violations) console.error(`${invariant} ${detail}`);
    return section({ calm, lossy, lost, violations: violations.length });
  } finally {
    await street.close();
  }
}

async function pillarOn(street: Street, cable: Namespace, n: number): Promise<PillarUnderTest> {
  const pillar = await street.add(`pillar-${n}`, {
    hub: {
      host: cable.outside,
      mqttPort: street.hub.mqttPort,
      httpUrl: street.hub.url,
      alarmUrls: [`https://${cable.outside}:${street.hub.alarmsPort}`],
    },
  });
  pillar.start(cable.around);
  await pillar.untilArmed();
  return pillar;
}

async function pressAll(
  street: Street,
  pillars: readonly PillarUnderTest[],
  presses: number,
): Promise<number[]> {
  const each = await Promise.all(
    pillars.map(async (pillar, n) => {
      const taken: number[] = [];
      for (let i = 0; i < presses; i += 1) {
        // Spread evenly over the pause, pillar by pillar and press by press.
        await delay((((n * presses + i) * 0.618034) % 1) * PAUSE_MS);
        taken.push(await pressOnce(street, pillar));
      }
      return taken;
    }),
  );
  return each.flat();
}

/** From the closing contact to the lamp, by the recorded history; then the call is ended. */
async function pressOnce({ history, hub }: Street, pillar: PillarUnderTest): Promise<number> {
  const seen = history.entries().length;
  const mine = () =>
    history
      .entries()
      .slice(seen)
      .filter((entry) => "pillarId" in entry && entry.pillarId === pillar.id);
  const at = async (holds: (entry: ReturnType<typeof mine>[number]) => boolean) => {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      const found = mine().find(holds);
      if (found && "at" in found) return found.at;
      await delay(LOOK_MS);
    }
    throw new Error(`${pillar.id}: nothing for ${PATIENCE_MS / 1000} s\n${said(pillar)}`);
  };
  await pillar.press();
  const pressedAt = await at(({ what }) => what === "press");
  const acceptedAt = await at((entry) => entry.what === "lamp" && entry.lamp === "received");
  const open = (await hub.operator.active()).find(({ pillarId }) => pillarId === pillar.id);
  if (!open) throw new Error(`${pillar.id} shows "received" and has no incident`);
  await hub.operator.order(open.id, "answer");
  await at((entry) => entry.what === "lamp" && entry.lamp === "answered");
  await hub.operator.order(open.id, "close", { disposition: "test", note: "" });
  await at((entry) => entry.what === "lamp" && entry.lamp === "standby");
  return acceptedAt - pressedAt;
}

const said = (pillar: PillarUnderTest): string => pillar.lines().slice(-12).join("\n");

interface Figures {
  readonly calm: readonly number[];
  readonly lossy: readonly number[];
  readonly lost: number;
  readonly violations: number;
}

function section({ calm, lossy, lost, violations }: Figures): Section {
  const [peer, { p50, p95, p99, max, n }] = [summarise(calm), summarise(lossy)];
  const none: Omit<Row, "what" | "measured"> = { bar: "none", isMet: true };
  return {
    name: "loss",
    title: "Press to accepted at 30 % loss",
    method:
      `${PILLARS} real agents, each in a network namespace of its own, joined to the hub by a cable that loses ${LOST_PERCENT} % of the packets at ` +
      `random in each direction (nftables; ${lost} packets lost in all). ${n} presses, from the closing contact (60 ms of it are the ` +
      'debounce, up to 20 ms the two polls) to the lamp "received"; the peer is the same without loss.',
    rows: [
      { what: "contact → lamp, without loss", measured: words(calm), ...none },
      {
        what: "contact → lamp, p99",
        measured: `${seconds(p99)} (p50 ${seconds(p50)}, p95 ${seconds(p95)}; without loss p99 ${seconds(peer.p99)})`,
        bar: `≤ ${seconds(P99_MS)}`,
        isMet: p99 <= P99_MS,
      },
      {
        what: "contact → lamp, slowest",
        measured: seconds(max),
        bar: `≤ ${seconds(MOST_MS)}`,
        isMet: max <= MOST_MS,
      },
      {
        what: "lost, falsely confirmed or doubled",
        measured: `${violations} of ${calm.length + n}; 0 of n supports fewer than 3 in ${calm.length + n}`,
        bar: "0",
        isMet: violations === 0,
      },
    ],
    notTested: "loss in bursts, radio links, a long way (no delay was added to the cable).",
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function words(values: readonly number[]): string {
  const { n, p50, p99, max } = summarise(values);
  return `p50 ${seconds(p50)}, p99 ${seconds(p99)}, slowest ${seconds(max)} (${n})`;
}
