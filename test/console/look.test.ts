/** A look through a pillar's camera as the console follows it: its time and its ends. */
import { describe, expect, test } from "vitest";
import {
  callAt,
  formatLeft,
  leftMs,
  lookPath,
  stepLook,
  whyNoLook,
  type LookEvent,
  type LookState,
} from "../../hub/console/fleet/look/look-step.ts";
import type { Incident } from "../../shared/api/incident.ts";
import { LOOK_AT_MOST_MS } from "../../shared/protocol/purpose.ts";

const after = (...events: readonly LookEvent[]): LookState =>
  events.reduce(stepLook, { phase: "off" } as LookState);
const ASKED: LookEvent = { type: "asked", purpose: "check", at: 0 };
const GIVEN: LookEvent = { type: "given", at: 1000 };
const CALLED = { type: "called", incidentId: "one" } as const;

describe("a look", () => {
  test("counts its time from when the hub gave it, and ends with it", () => {
    const looking = after(ASKED, GIVEN);
    const end = 1000 + LOOK_AT_MOST_MS.check;
    expect(leftMs(after(ASKED), 500)).toBeUndefined();
    expect(leftMs(looking, 1000)).toBe(LOOK_AT_MOST_MS.check);
    expect(stepLook(looking, { type: "tick", at: end - 1 })).toBe(looking);
    expect(stepLook(looking, { type: "tick", at: end })).toMatchObject({
      phase: "over",
      ending: { why: "time" },
    });
  });

  test("is ended by a press there, also one that comes before the hub has given it", () => {
    const ending = { why: "called", incidentId: "one" };
    expect(after(ASKED, { ...CALLED, at: 10 })).toMatchObject({ phase: "over", ending });
    expect(after(ASKED, GIVEN, { ...CALLED, at: 2000 })).toMatchObject({ phase: "over", ending });
  });

  test("says that a press ended it when the connection ended first, and not for a later call", () => {
    const lost: LookEvent = { type: "lost", at: 5000 };
    expect(after(ASKED, GIVEN, lost, { ...CALLED, at: 6000 })).toMatchObject({
      ending: { why: "called" },
    });
    expect(after(ASKED, GIVEN, lost, { ...CALLED, at: 60_000 })).toMatchObject({
      ending: { why: "lost" },
    });
  });

  test.each(["stopped", "time"] as const)("that was %s has not been ended by a call", (why) => {
    const end: LookEvent =
      why === "stopped"
        ? { type: "stopped", at: 2000 }
        : { type: "tick", at: 1000 + LOOK_AT_MOST_MS.check };
    const over = after(ASKED, GIVEN, end);
    expect(stepLook(over, { ...CALLED, at: end.at + 1 })).toBe(over);
    expect(over).toMatchObject({ ending: { why } });
  });

  test("that was refused keeps the hub's words, and may be asked for again", () => {
    const refused = after(ASKED, { type: "refused", code: "conflict", detail: "no lamp", at: 5 });
    expect(refused).toMatchObject({ ending: { why: "refused", detail: "no lamp" } });
    expect(stepLook(refused, { ...ASKED, at: 9 })).toEqual({ phase: "asking", purpose: "check" });
  });

  test("that is over does not come back when the hub answers late", () => {
    const over = after(ASKED, { type: "stopped", at: 5 });
    expect(stepLook(over, { type: "given", at: 6 })).toBe(over);
    expect(stepLook({ phase: "off" }, { type: "lost", at: 6 })).toEqual({ phase: "off" });
  });

  test("is asked for once: a second click changes nothing", () => {
    const looking = after(ASKED, GIVEN);
    expect(stepLook(looking, { type: "asked", purpose: "listen", at: 2000 })).toBe(looking);
  });
});

test("a reason is part of the request whatever is in it", () => {
  const path = lookPath("pillar-1", { purpose: "listen", reason: "噪声 & smoke?" });
  const query = new URL(path, "http://hub").searchParams;
  expect(Object.fromEntries(query)).toEqual({ purpose: "listen", reason: "噪声 & smoke?" });
});

test.each([
  [600_000, "10:00"],
  [119_001, "02:00"],
  [59_000, "00:59"],
  [1, "00:01"],
  [0, "00:00"],
  [-5, "00:00"],
])("%i ms left read as %s", (ms, words) => {
  expect(formatLeft(ms)).toBe(words);
});

test("a test and a closed call do not keep anybody from looking", () => {
  const at = (kind: string, state: string) =>
    ({ id: kind + state, pillarId: "p", kind, state }) as unknown as Incident;
  expect(callAt("p", [at("test", "open"), at("voice", "closed")])).toBeUndefined();
  expect(callAt("p", [at("silent", "answered")])?.kind).toBe("silent");
  expect(callAt("q", [at("voice", "open")])).toBeUndefined();
});

test("what is worse is said first: the hub, the identity, a call, the line, the lamp", () => {
  const fine = { presence: "online", revocation: null, faults: [] } as const;
  const free = { isCalled: false, isHubLost: false };
  const revocation = { at: "", byName: "", reason: "other", note: "" } as const;
  const broken = { presence: "lost", revocation: null, faults: ["board-lost" as const] } as const;
  expect(whyNoLook(fine, free)).toBeUndefined();
  expect(whyNoLook({ ...fine, presence: "late" }, free)).toBeUndefined();
  expect(whyNoLook({ ...broken, revocation }, { isCalled: true, isHubLost: true })).toBe(
    "hub-lost",
  );
  expect(whyNoLook({ ...broken, revocation }, { ...free, isCalled: true })).toBe("revoked");
  expect(whyNoLook({ ...broken }, { ...free, isCalled: true })).toBe("called");
  expect(whyNoLook({ ...broken }, free)).toBe("offline");
  expect(whyNoLook({ ...broken, presence: "online" }, free)).toBe("no-lamp");
});
