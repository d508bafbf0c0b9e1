import { describe, expect, test } from "vitest";
import {
  barLength,
  decibels,
  isSilent,
  SILENCE_WARNING_MS,
  SILENT_BELOW_DB,
  stepSilence,
} from "../../hub/console/desk/call/level.ts";
import {
  emptyQuality,
  lossSince,
  qualityWord,
} from "../../hub/console/desk/call/connection/quality.ts";
import { MAX_ATTEMPTS, retryDelay } from "../../hub/console/desk/call/connection/retry.ts";
import {
  chooseTone,
  hasBegun,
  isForHeadset,
  isRinging,
  NOTES,
  REPEAT_MS,
  ringVolume,
} from "../../hub/console/desk/queue/tone.ts";
import { incident } from "../kit/console/incidents.ts";

const QUIET = { isTalking: false, isLinkLost: false };
const LOST = { isTalking: false, isLinkLost: true };

describe("what rings", () => {
  test("an incident rings until any desk has seen it", () => {
    expect(isRinging(incident(1), "wang")).toBe(true);
    for (const state of ["acknowledged", "answered", "closed"]) {
      expect(isRinging(incident(1, { state, owner: "li" }), "wang")).toBe(false);
    }
  });

  test("a technician's test and a hand-over to another desk do not ring", () => {
    expect(isRinging(incident(1, { kind: "test" }), "wang")).toBe(false);
    expect(isRinging(incident(1, { owner: "li" }), "wang")).toBe(false);
    expect(isRinging(incident(1, { owner: "li" }), "li")).toBe(true);
  });

  test("an emergency is heard over everything, a lost link only in silence", () => {
    expect(chooseTone([incident(1, { priority: 3 }), incident(2)], LOST)).toBe("emergency");
    expect(chooseTone([incident(1, { priority: 3 })], LOST)).toBe("normal");
    expect(chooseTone([], LOST)).toBe("system");
    expect(chooseTone([], QUIET)).toBeNull();
  });

  test("a silent alarm is heard in the headset alone, until all desks are called", () => {
    const silent = { kind: "silent", priority: 1 } as const;
    expect(chooseTone([incident(1, silent)], QUIET)).toBe("silent");
    expect(isForHeadset("silent")).toBe(true);
    expect(chooseTone([incident(1, silent), incident(2, { priority: 2 })], QUIET)).toBe("normal");
    expect(chooseTone([incident(1, { ...silent, escalation: "desks" })], QUIET)).toBe("emergency");
  });

  test("in a conversation nothing rings, and what begins to ring is noticed once", () => {
    const talking = { isTalking: true, isLinkLost: true };
    expect(chooseTone([incident(1), incident(2, { kind: "silent" })], talking)).toBeNull();
    expect(isForHeadset("tick")).toBe(true);
    expect(hasBegun(["a", "b"], ["a"])).toBe(true);
    expect(hasBegun(["b"], ["a", "b"])).toBe(false);
  });

  test("no tone is longer than 1.5 s, and each has ended before it comes again", () => {
    for (const notes of Object.values(NOTES)) {
      const end = Math.max(...notes.map((note) => note.startMs + note.lengthMs));
      expect(end).toBeLessThanOrEqual(1500);
      expect(end).toBeLessThan(REPEAT_MS);
    }
  });

  test("the ring cannot be turned off by the volume", () => {
    expect(ringVolume(0)).toBe(0.3);
    expect(ringVolume(0.8)).toBe(0.8);
    expect(ringVolume(7)).toBe(1);
  });
});

describe("levels", () => {
  test("a full-scale square wave is 0 dB, half of it 6 dB less", () => {
    expect(decibels(new Float32Array(64).fill(1))).toBeCloseTo(0);
    expect(decibels(new Float32Array(64).fill(0.5))).toBeCloseTo(-6.02, 1);
  });

  test("nothing at all is silent, and no bar", () => {
    const db = decibels(new Float32Array(64));
    expect(db).toBeLessThan(SILENT_BELOW_DB);
    expect(barLength(db)).toBe(0);
    expect(decibels(new Float32Array(0))).toBe(db);
  });

  test("a quiet street is no broken microphone", () => {
    let silence = { heardAt: 0 };
    for (let at = 0; at <= 60_000; at += 100) silence = stepSilence(silence, -65, at);
    expect(isSilent(silence, 60_000)).toBe(false);
  });

  test("five seconds of nothing are said", () => {
    const silence = stepSilence({ heardAt: 1000 }, -120, 3000);
    expect(isSilent(silence, 1000 + SILENCE_WARNING_MS - 1)).toBe(false);
    expect(isSilent(silence, 1000 + SILENCE_WARNING_MS)).toBe(true);
  });
});

describe("the line", () => {
  test("loss is counted since the last reading, and a new connection begins at none", () => {
    const before = { ...emptyQuality(), packets: 100, lost: 50 };
    expect(lossSince(before, 190, 60)).toBeCloseTo(0.1);
    expect(lossSince(before, 5, 0)).toBe(0);
    expect(lossSince(before, 100, 50)).toBe(0);
  });

  test("one bad number is enough for a poor line", () => {
    expect(qualityWord(emptyQuality())).toBe("good");
    expect(qualityWord({ ...emptyQuality(), loss: 0.03 })).toBe("fair");
    expect(qualityWord({ ...emptyQuality(), rttMs: 500 })).toBe("poor");
    expect(qualityWord({ ...emptyQuality(), jitterMs: 120 })).toBe("poor");
  });

  test("a connection is tried again soon, never at once, and not for ever", () => {
    for (let attempt = 0; attempt <= MAX_ATTEMPTS; attempt++) {
      expect(retryDelay(attempt, 0)).toBeGreaterThanOrEqual(100);
      expect(retryDelay(attempt, 0.999)).toBeLessThanOrEqual(6000);
    }
  });
});
