/** How good a connection is, read from its statistics: numbers, and one word for them. */

export interface Quality {
  readonly framesDecoded: number;
  readonly framesPerSecond: number;
  /** 0 to 1, since the last reading. */
  readonly loss: number;
  readonly rttMs: number | null;
  readonly jitterMs: number;
  readonly width: number;
  readonly height: number;
  readonly packets: number;
  readonly lost: number;
}

export type QualityWord = "good" | "fair" | "poor";

export const emptyQuality = (): Quality => ({
  framesDecoded: 0,
  framesPerSecond: 0,
  loss: 0,
  rttMs: null,
  jitterMs: 0,
  width: 0,
  height: 0,
  packets: 0,
  lost: 0,
});

export async function readQuality(peer: RTCPeerConnection, before: Quality): Promise<Quality> {
  const report = await peer.getStats();
  let quality = { ...emptyQuality(), loss: before.loss };
  let packets = 0;
  let lost = 0;
  for (const stat of report.values() as Iterable<Record<string, unknown>>) {
    if (stat["type"] === "inbound-rtp") {
      packets += number(stat["packetsReceived"]);
      lost += number(stat["packetsLost"]);
      if (stat["kind"] === "video") {
        quality = {
          ...quality,
          framesDecoded: number(stat["framesDecoded"]),
          framesPerSecond: Math.round(number(stat["framesPerSecond"])),
          width: number(stat["frameWidth"]),
          height: number(stat["frameHeight"]),
        };
      } else quality = { ...quality, jitterMs: Math.round(number(stat["jitter"]) * 1000) };
    } else if (stat["type"] === "candidate-pair" && stat["nominated"] === true) {
      const seconds = stat["currentRoundTripTime"];
      if (typeof seconds === "number") quality = { ...quality, rttMs: Math.round(seconds * 1000) };
    }
  }
  return { ...quality, packets, lost, loss: lossSince(before, packets, lost) };
}

/** Smaller counters mean a new connection: then nothing is known yet. */
export function lossSince(before: Quality, packets: number, lost: number): number {
  const newPackets = packets - before.packets;
  const newLost = Math.max(0, lost - before.lost);
  if (newPackets < 0 || newPackets + newLost === 0) return 0;
  return newLost / (newPackets + newLost);
}

/** ITU-T G.114 asks for little delay; from 3 % loss on, concealment by Opus becomes audible. */
export function qualityWord(quality: Quality): QualityWord {
  const rtt = quality.rttMs ?? 0;
  if (quality.loss > 0.08 || rtt > 400 || quality.jitterMs > 100) return "poor";
  return quality.loss > 0.02 || rtt > 150 || quality.jitterMs > 40 ? "fair" : "good";
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);
