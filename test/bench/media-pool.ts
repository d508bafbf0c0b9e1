/**
 * What a call costs the hub's media, carried by one process and by two, and how calls are spread.
 *
 * The real media processes, without the hub above them: calls come from pillars and go to consoles
 * in this process, whose own work is not counted.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RtpPacket } from "werift";
import { mediaIds, mediaOf } from "../../hub/core/media-of.ts";
import type { MediaPool } from "../../hub/media/control/pool.ts";
import type { MediaSessionId, PillarId, RecordingId } from "../../shared/ids.ts";
import { costOf } from "../../simulator/load/process-cost.ts";
import {
  collect,
  connected,
  connectPillar,
  newConnection,
  newId,
  newPoolRig,
  PICTURE,
  startSource,
  tone,
  type FakePillar,
  type Rig,
} from "../kit/media/media-rig.ts";
import { percentile } from "./rig/percentile.ts";
import type { Row, Section } from "./rig/section.ts";

const CALLS = 12;
/** As many for each of two processes. */
const PILLARS = mediaIds(2).flatMap((mediaId) => {
  const names = Array.from({ length: 20 * CALLS }, (_, n) => `pillar-${n}` as PillarId);
  return names.filter((id) => mediaOf(id, 2) === mediaId).slice(0, CALLS / 2);
});
/** In turn, so that a machine that becomes slower or faster changes both alike. */
const ROUNDS = [1, 2, 2, 1, 1, 2, 2, 1] as const;
/** New code is compiled by then. */
const SETTLE_MS = 30_000;
const MEASURED_MS = 20_000;
const PICTURE_EVERY_MS = 40;
const MOST_RATIO = 1.1;
const LEAST_ARRIVED = 0.99;
const NAMES = 1000;
const MOST_UNEVEN = 0.15;

interface Round {
  readonly processes: number;
  /** Of one core, for one call. */
  readonly share: number;
  /** The busiest process beside the mean of all. */
  readonly uneven: number;
  /** The least of the calls: pictures that came to its console, of those that were sent. */
  readonly arrived: number;
}

export async function benchMediaPool(): Promise<Section> {
  const rounds: Round[] = [];
  for (const processes of ROUNDS) rounds.push(await measure(processes));
  return {
    name: "media-pool",
    title: "Calls in one media process and in two",
    method:
      `${PILLARS.length} calls at once (640x360, 25 pictures a second, 800 kbit/s, voice; each watched by one console and recorded), carried by one media process and by two, ` +
      `in turn (${ROUNDS.join(", ")}), over ${MEASURED_MS / 1000} s each: processor time of the media processes from /proc. ` +
      `The spread is of ${NAMES} pillars named pillar-0 to pillar-${NAMES - 1}.`,
    rows: rowsOf(rounds),
    notTested: "more processes than cores, calls that begin and end meanwhile, consoles that talk.",
  };
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const sharesOf = (processes: number): number[] =>
    rounds.filter((round) => round.processes === processes).map(({ share }) => share);
  const [one, two] = [percentile(sharesOf(1), 0.5), percentile(sharesOf(2), 0.5)];
  const arrived = Math.min(...rounds.map((round) => round.arrived));
  const uneven = percentile(
    rounds.filter(({ processes }) => processes === 2).map((round) => round.uneven),
    0.5,
  );
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return [
    {
      what: "one call in one process, of one core",
      measured: percent(one),
      bar: "none",
      isMet: true,
    },
    {
      what: "one call in two processes, of one core",
      measured: `${percent(two)}, ${(two / one).toFixed(2)} x`,
      bar: `≤ ${MOST_RATIO} x of one process`,
      isMet: two <= one * MOST_RATIO,
    },
    {
      what: "two processes with half of the calls each: the busier one above the mean",
      measured: percent(uneven),
      bar: `≤ ${percent(MOST_UNEVEN)}`,
      isMet: uneven <= MOST_UNEVEN,
    },
    {
      what: `${NAMES} pillars over two processes: furthest from even`,
      measured: percent(furthestFromEven(2)),
      bar: `≤ ${percent(MOST_UNEVEN)}`,
      isMet: furthestFromEven(2) <= MOST_UNEVEN,
    },
    {
      what: "pictures' packets that came to their console, the worst call of all rounds",
      measured: percent(arrived),
      bar: `≥ ${percent(LEAST_ARRIVED)}`,
      isMet: arrived >= LEAST_ARRIVED,
    },
  ];
}

function furthestFromEven(processes: number): number {
  const ids = Array.from({ length: NAMES }, (_, n) =>
    mediaOf(`pillar-${n}` as PillarId, processes),
  );
  const even = NAMES / processes;
  const shares = mediaIds(processes).map((one) => ids.filter((id) => id === one).length);
  return Math.max(...shares.map((share) => Math.abs(share - even) / even));
}

async function measure(processes: number): Promise<Round> {
  const dir = mkdtempSync(join(tmpdir(), "anzhu-bench-"));
  const rig = await newPoolRig(processes, { maxViewers: CALLS });
  const calls = await Promise.all(PILLARS.map((id) => call(rig, id, dir)));
  const pillars = calls.map(({ pillar }) => pillar);
  let sent = 0;
  const sources = [
    await startSource(PICTURE, (packet) => {
      sent += 1;
      sendToAll(
        pillars.map(({ video }) => video),
        packet,
      );
    }),
    await startSource(tone(440), (packet) =>
      sendToAll(
        pillars.map(({ audio }) => audio),
        packet,
      ),
    ),
  ];
  try {
    await delay(SETTLE_MS);
    const pids = mediaIds(processes).map((id) => rig.media.pid(id) ?? 0);
    const before = { cpu: pids.map(cpuOf), sent, came: calls.map((one) => one.pictures.length) };
    const startedAt = performance.now();
    await delay(MEASURED_MS);
    const seconds = (performance.now() - startedAt) / 1000;
    const used = pids.map((pid, n) => cpuOf(pid) - (before.cpu[n] ?? 0));
    const total = used.reduce((sum, one) => sum + one, 0);
    const came = calls.map((one, n) => one.pictures.length - (before.came[n] ?? 0));
    return {
      processes,
      share: total / seconds / calls.length,
      uneven: Math.max(...used) / (total / processes) - 1,
      arrived: Math.min(...came) / (sent - before.sent),
    };
  } finally {
    for (const source of sources) await source.stop();
    for (const one of calls) await one.close();
    await rig.media.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const cpuOf = (pid: number): number => costOf(pid).cpuSeconds;

/**
 * Each gets a packet of its own, because a sender writes its numbers into it, and at a moment of its
 * own: pillars are not in step, and a process that is woken once for all of them has it too easy.
 */
function sendToAll(senders: readonly FakePillar["video"][], packet: RtpPacket): void {
  const bytes = packet.serialize();
  for (const [n, sender] of senders.entries()) {
    const send = (): void => void sender.sendRtp(RtpPacket.deSerialize(bytes));
    setTimeout(send, (n * PICTURE_EVERY_MS) / senders.length);
  }
}

interface Call {
  readonly pillar: FakePillar;
  readonly pictures: readonly RtpPacket[];
  close(): Promise<void>;
}

/** A pillar that is recorded, and a console that watches it. */
async function call(rig: Rig<MediaPool>, pillarId: PillarId, dir: string): Promise<Call> {
  const pillar = await connectPillar(rig, pillarId);
  const [recordingId, sessionId] = [newId<RecordingId>(), newId<MediaSessionId>()];
  const path = join(dir, `${recordingId}.mp4`);
  rig.media.send({ type: "record-start", isCallRunning: false, recordingId, pillarId, path });
  const console = newConnection();
  const pictures = collect(console.addTransceiver("video", { direction: "recvonly" }));
  console.addTransceiver("audio", { direction: "recvonly" });
  await console.setLocalDescription(await console.createOffer());
  rig.media.send({
    ...{ type: "viewer-offer", role: "watch", isWithoutVoice: false },
    ...{ sessionId, pillarId, sdp: console.localDescription?.sdp ?? "" },
  });
  const { sdp } = await rig.wait("viewer-answer", (message) => message.sessionId === sessionId);
  await console.setRemoteDescription({ type: "answer", sdp });
  await connected(console);
  return {
    pillar,
    pictures,
    close: async () => {
      await Promise.all([console.close(), pillar.connection.close()]);
    },
  };
}
