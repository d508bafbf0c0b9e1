/** A stolen identity in virtual time: it sends whatever costs most, at every pace it is allowed. */
import type { FaultCode } from "../../../shared/protocol/heartbeat.ts";
import { ALARM_RATE, OTHER_RATE } from "../../../hub/link/rate.ts";
import { hex, newAlarm, newStreet, pillar, type Street } from "./hub-core-street.ts";

const FAULTS: readonly FaultCode[] = [
  ...(["board-lost", "button-stuck", "camera-lost", "clock-unsynced", "ffmpeg-missing"] as const),
  ...(["ledger-failing", "ledger-slow", "media-down", "microphone-lost"] as const),
  ...(["outbox-full", "renewal-failing", "speaker-lost", "tamper-open"] as const),
];
const ALARMS_A_SECOND = (2 * 1000) / ALARM_RATE.intervalMs;
const OTHERS_A_SECOND = 1000 / OTHER_RATE.intervalMs;
/** As long as a signed value may be, beside the fields an alarm has. */
const PADDING = "x".repeat(15_000);

export interface Flood {
  readonly street: Street;
  /**
   * By both ways at once, for so many seconds; every `everySeconds`-th
   * of them is as full as it may be.
   */
  run(seconds: number, everySeconds: number): void;
  readonly sent: () => number;
}

export function newFlood(): Flood {
  const street = newStreet({ pillars: 2 });
  let seq = 0;
  let turn = 0;
  const alarm = (): void => {
    seq += 1;
    const { event, ...rest } = newAlarm(pillar(0), { seq });
    street.tell({
      type: "alarm",
      at: street.now(),
      pillarId: pillar(0),
      alarm: { ...rest, event: { ...event, more: PADDING } as typeof event },
      hash: hex(seq).repeat(2) as never,
      via: seq % 2 === 0 ? "mqtt" : "https",
      newIncidentId: hex(50_000_000 + seq) as never,
      newRecordingId: hex(90_000_000 + seq) as never,
    });
  };
  const heartbeat = (): void => {
    turn += 1;
    const faults = turn % 2 === 0 ? FAULTS : [];
    const boot = { bootEpoch: 1 + Math.floor(turn / 3), release: `r${turn % 7}`.padEnd(40, "x") };
    street.heartbeat(0, {
      ...boot,
      faults: [...faults],
      head: { seq, hash: "0".repeat(64) as never },
    });
  };
  return {
    street,
    sent: () => seq + turn,
    run(seconds, everySeconds) {
      for (let second = 0; second < seconds; second += 1) {
        if (second % everySeconds === 0) {
          for (let n = 0; n < ALARMS_A_SECOND; n += 1) alarm();
          for (let n = 0; n < OTHERS_A_SECOND; n += 1) heartbeat();
        }
        // A link that comes and goes as often as it is news.
        if (second % 5 === 0) street.disconnect(0);
        if (second % 5 === 4) street.connect(0);
        street.advance(1);
      }
    },
  };
}
