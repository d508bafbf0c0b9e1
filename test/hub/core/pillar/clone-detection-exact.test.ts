/**
 * What makes the hub suspect a second machine, at each limit: everything it remembers, and the
 * words of the suspicion.
 */
import { describe, expect, test } from "vitest";
import {
  CONFIRM_AFTER_MS,
  hearBoot,
  hearTakeover,
  isCounted,
  isFromBefore,
  newCloneWatch,
} from "../../../../hub/core/pillar/clone-detection.ts";
import type { CloneWatch } from "../../../../hub/core/state/heard-state.ts";
import type { SessionNonce } from "../../../../shared/ids.ts";
import { hex, newHeartbeat, START } from "../../../kit/core/hub-core-street.ts";

const nonce = (n: number): SessionNonce => hex(n) as SessionNonce;
/** A heartbeat of the n-th session, with this boot number and uptime, `ms` after the start. */
function hear(
  watch: CloneWatch,
  { n, boot, up = 0, ms = 0 }: { n: number; boot: number; up?: number; ms?: number },
): void {
  const heartbeat = newHeartbeat({ sessionNonce: nonce(n), bootEpoch: boot, uptimeMs: up });
  hearBoot(watch, heartbeat, START + ms);
}
const numbersOf = (watch: CloneWatch): (string | number)[] =>
  watch.sessions.map((one) => Number.parseInt(one.nonce, 16));

const NEW = {
  enrolments: 3,
  sessions: [],
  highestEpoch: 7,
  backSince: null,
  takenOverAt: [],
  suspicion: undefined,
};

describe("a clone watch", () => {
  test("begins with the boot the journal knows, and with nothing heard", () => {
    expect(newCloneWatch(3, 7)).toEqual(NEW);
    expect(newCloneWatch(3, 99_999_999).highestEpoch).toBe(99_999_999);
    expect(newCloneWatch(3, 100_000_000).highestEpoch).toBe(0);
    expect([99_999_999, 100_000_000].map(isCounted)).toEqual([true, false]);
  });

  test("remembers each session with its boot, and the earliest moment it may have booted", () => {
    const watch = newCloneWatch(3, 7);
    hear(watch, { n: 1, boot: 8, up: 5000, ms: 6000 });
    const session = { nonce: nonce(1), bootEpoch: 8, bootedAt: START + 1000 };
    expect(watch).toEqual({ ...NEW, highestEpoch: 8, sessions: [session] });
    hear(watch, { n: 1, boot: 8, up: 10_000, ms: 12_000 });
    expect(watch.sessions).toEqual([session]);
    hear(watch, { n: 1, boot: 8, up: 15_000, ms: 15_900 });
    expect(watch.sessions).toEqual([{ ...session, bootedAt: START + 900 }]);
  });

  test("remembers four sessions, the latest last, and hears nothing of one that has ended", () => {
    const watch = newCloneWatch(3, 7);
    for (const n of [1, 2, 3, 4, 5]) hear(watch, { n, boot: 7, up: n * 1000, ms: n * 1000 });
    expect(numbersOf(watch)).toEqual([2, 3, 4, 5]);
    expect([1, 2, 4, 5].map((n) => isFromBefore(watch, nonce(n)))).toEqual([
      ...[false, true, true, false],
    ]);
    expect(isFromBefore(undefined, nonce(1))).toBe(false);
    const before = structuredClone(watch);
    hear(watch, { n: 3, boot: 99, up: 1, ms: 20_000 });
    expect(watch).toEqual(before);
  });
});

describe("a boot that was followed by another", () => {
  /** Boot 7, boot 8, then boot 7 in a new session, this much later by its own uptime. */
  const back = (laterMs: number): CloneWatch => {
    const watch = newCloneWatch(1, 7);
    hear(watch, { n: 1, boot: 7, up: 10_000, ms: 10_000 });
    hear(watch, { n: 2, boot: 8, up: 0, ms: 20_000 });
    hear(watch, { n: 3, boot: 7, up: 21_000 - laterMs, ms: 21_000 });
    return watch;
  };
  test("and speaks again is a second machine, in words", () => {
    expect(back(0).suspicion).toBe("boot 7 speaks again after another one");
  });
  test("is the same boot up to five seconds of difference, either way", () => {
    const betrayed = "boot 7 speaks again after another one";
    expect([4999, 5000, -4999, -5000].map((ms) => back(ms).suspicion)).toEqual([
      ...[betrayed, undefined, betrayed, undefined],
    ]);
  });
  test("is no second machine when it is the boot that spoke last, in a new session", () => {
    const watch = newCloneWatch(1, 7);
    for (const n of [1, 2, 3]) hear(watch, { n, boot: 7, up: n * 1000, ms: n * 1000 });
    expect(watch.suspicion).toBeUndefined();
    expect(numbersOf(watch)).toEqual([1, 2, 3]);
  });
});

describe("a boot number that goes back", () => {
  /** Boot 9, and then boot 5 at each of these moments, in one session. */
  const behindAt = (...moments: number[]): CloneWatch => {
    const watch = newCloneWatch(1, 9);
    for (const ms of moments) hear(watch, { n: 1, boot: 5, up: ms, ms });
    return watch;
  };
  const words = "expected boot 9 or later, found boot 5";

  test("is believed four seconds after it was first seen", () => {
    expect(CONFIRM_AFTER_MS).toBe(4000);
    expect(behindAt(0).suspicion).toBeUndefined();
    expect(behindAt(0, 3999).suspicion).toBeUndefined();
    expect(behindAt(0, 4000).suspicion).toBe(words);
    expect(behindAt(0, 4000)).toMatchObject({ highestEpoch: 9, backSince: START });
  });
  test("is forgiven when more than ten minutes lie between two of them", () => {
    expect(behindAt(0, 600_000).suspicion).toBe(words);
    const forgiven = behindAt(0, 600_001);
    expect([forgiven.suspicion, forgiven.backSince]).toEqual([undefined, START + 600_001]);
    expect(behindAt(0, 600_001, 604_001).suspicion).toBe(words);
  });
  test("is none when it is the same, or a machine's clock in place of a count", () => {
    const watch = newCloneWatch(1, 9);
    hear(watch, { n: 1, boot: 9 });
    hear(watch, { n: 1, boot: 9, ms: 9000 });
    expect([watch.backSince, watch.highestEpoch]).toEqual([null, 9]);
    hear(watch, { n: 1, boot: 100_000_000, ms: 18_000 });
    expect([watch.backSince, watch.highestEpoch]).toEqual([null, 9]);
    hear(watch, { n: 1, boot: 10, ms: 27_000 });
    expect([watch.backSince, watch.highestEpoch]).toEqual([null, 10]);
  });
});

describe("connections that throw each other out", () => {
  const takenOver = (...moments: number[]): CloneWatch => {
    const watch = newCloneWatch(1, 1);
    for (const ms of moments) hearTakeover(watch, START + ms, true);
    return watch;
  };
  const words = "8 times in a row a connection threw out the one before, within 30 s";
  const six = [1, 2, 3, 4, 5, 6];

  test("betray two machines the eighth time in a row within 30 s", () => {
    expect(takenOver(0, ...six).suspicion).toBeUndefined();
    expect(takenOver(0, ...six, 29_999).suspicion).toBe(words);
    expect(takenOver(0, ...six, 30_000).suspicion).toBeUndefined();
    expect(takenOver(0, ...six, 7, 8).takenOverAt).toEqual([...six, 7, 8].map((ms) => START + ms));
  });
  test("say nothing once one of them found nobody to throw out", () => {
    const watch = takenOver(0, 1);
    hearTakeover(watch, START + 2, false);
    expect(watch.takenOverAt).toEqual([]);
    hearTakeover(watch, START + 3, true);
    expect([watch.takenOverAt, watch.suspicion]).toEqual([[START + 3], undefined]);
  });
});
