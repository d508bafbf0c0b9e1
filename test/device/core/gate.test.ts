/**
 * The gate of camera, microphone and speaker: open for a received call or a live grant, and for
 * nothing else.
 */
import { describe, expect, test } from "vitest";
import { GrantId, PillarId, SessionNonce } from "../../../shared/ids.ts";
import {
  OPENED_FOR,
  Purpose,
  SHUT,
  type GrantedPurpose,
} from "../../../shared/protocol/purpose.ts";
import { MAX_GRANTS } from "../../../device/core/state/grant-state.ts";
import type { PillarCommand } from "../../../shared/protocol/command.ts";
import { command } from "../../kit/core/command-pillar.ts";
import { LINK_UP, reachedPillar, type FalsePillar } from "../../kit/core/pillar-core.ts";

const idOf = (n: number): GrantId => GrantId.parse(n.toString(16).padStart(32, "0"));
const grant = (purpose: GrantedPurpose = "check", seconds = 30, n = 1): PillarCommand => ({
  ...{ name: "grant", grantId: idOf(n) },
  ...{ purpose, seconds },
});
const end = (n = 1): PillarCommand => ({ name: "end-grant", grantId: idOf(n) });
const BOARD_LOST = { type: "board-running", isRunning: false, detail: "silent" } as const;
const last = (pillar: FalsePillar) => pillar.openings().at(-1) ?? SHUT;

/** A pillar that somebody checks. */
function watched(purpose: GrantedPurpose = "check", seconds = 30): FalsePillar {
  const pillar = reachedPillar();
  expect(command(pillar, grant(purpose, seconds)).result).toBe(`done: ${purpose} for ${seconds} s`);
  return pillar;
}

describe("a grant", () => {
  test.each(Purpose.exclude(["call"]).options)("for %s opens what it is for", (purpose) => {
    const pillar = watched(purpose);
    expect(pillar.openings()).toEqual([OPENED_FOR[purpose]]);
    const isSeen = purpose !== "shout";
    expect(pillar.lamp()).toBe(isSeen ? "watched" : "standby");
    expect(pillar.screen()).toBe(
      purpose === "listen" ? "listened-to" : isSeen ? "watched" : "standby",
    );
  });

  test("ends with its time", () => {
    const pillar = watched("check", 30);
    pillar.pass(29_999);
    expect([last(pillar), pillar.lamp()]).toEqual([OPENED_FOR.check, "watched"]);
    pillar.pass(1);
    expect(pillar.openings()).toEqual([OPENED_FOR.check, SHUT]);
    expect([pillar.lamp(), pillar.screen()]).toEqual(["standby", "standby"]);
  });

  test("goes on when it is given again, from then", () => {
    const pillar = watched("check", 30);
    pillar.pass(20_000);
    command(pillar, grant("check", 30));
    pillar.pass(29_999);
    expect(pillar.openings()).toEqual([OPENED_FOR.check]);
    pillar.pass(1);
    expect(last(pillar)).toEqual(SHUT);
  });

  test("ends with the hub's word, and is not begun again by one that was overtaken", () => {
    const pillar = watched();
    expect(command(pillar, end()).result).toBe("done: the grant is over");
    expect(last(pillar)).toEqual(SHUT);
    expect(command(pillar, grant()).result).toBe("refused: this grant was ended");
    expect(last(pillar)).toEqual(SHUT);
  });

  test("that was never heard of is ended without a complaint", () => {
    const pillar = reachedPillar();
    expect(command(pillar, end()).result).toBe("done: the grant is over");
    expect(pillar.openings()).toEqual([]);
  });

  test("several open what each is for; each ends by itself", () => {
    const pillar = watched("check", 10);
    command(pillar, grant("listen", 20, 2));
    expect([last(pillar), pillar.screen()]).toEqual([OPENED_FOR.listen, "listened-to"]);
    pillar.pass(10_000);
    expect(last(pillar)).toEqual(OPENED_FOR.listen);
    command(pillar, grant("shout", 20, 3));
    expect(last(pillar)).toEqual(OPENED_FOR.call);
    command(pillar, end(2));
    expect([last(pillar), pillar.lamp()]).toEqual([OPENED_FOR.shout, "standby"]);
  });

  test(`more than ${MAX_GRANTS} at once are refused`, () => {
    const pillar = reachedPillar();
    for (let n = 1; n <= MAX_GRANTS; n += 1) command(pillar, grant("check", 30, n));
    const more = command(pillar, grant("check", 30, MAX_GRANTS + 1));
    expect(more.result).toBe(`refused: expected at most ${MAX_GRANTS} grants at once`);
    expect(command(pillar, grant("check", 30, 1)).result).toBe("done: check for 30 s");
  });
});

describe("a grant is over", () => {
  test.each<[string, (pillar: FalsePillar) => void]>([
    ["with the first press", (pillar) => pillar.press()],
    ["with a silent press", (pillar) => pillar.press("silent")],
    [
      "with the link over which it could be ended",
      (pillar) => pillar.tell({ type: "link-down", reason: "cut" }),
    ],
    ["with the lamp that says so", (pillar) => pillar.tell(BOARD_LOST)],
  ])("%s", (_what, happens) => {
    const pillar = watched("listen");
    happens(pillar);
    expect(pillar.openings()).toEqual([OPENED_FOR.listen, SHUT]);
    expect(pillar.state().grants.live.size).toBe(0);
    expect(pillar.lamp()).not.toBe("watched");
  });

  test("and does not come back after the call, or with the link", () => {
    const pillar = watched("listen");
    const eventId = pillar.press();
    pillar.accept(eventId);
    expect(last(pillar)).toEqual(OPENED_FOR.call);
    pillar.call(eventId, "ended");
    expect(last(pillar)).toEqual(SHUT);
    pillar.tell({ type: "link-down", reason: "cut" });
    pillar.tell(LINK_UP);
    expect(last(pillar)).toEqual(SHUT);
  });
});

describe("a grant is refused", () => {
  test.each<[string, string, (pillar: FalsePillar) => void]>([
    ["before the receipt of a call", "somebody calls at this pillar", (p) => p.press()],
    ["during a call", "somebody calls at this pillar", (p) => p.accept(p.press())],
    [
      "while the lamp cannot be lit",
      "the lamp cannot be lit: the board does not answer",
      (p) => p.tell(BOARD_LOST),
    ],
  ])("%s", (_when, reason, happens) => {
    const pillar = reachedPillar();
    happens(pillar);
    const before = pillar.openings();
    expect(command(pillar, grant()).result).toBe(`refused: ${reason}`);
    expect(pillar.openings()).toEqual(before);
  });

  test("by a pillar without a lamp", () => {
    const pillar = reachedPillar({ hasLamp: false });
    expect(command(pillar, grant()).result).toBe(
      "refused: this pillar has no lamp to say that it is looked at",
    );
    expect(pillar.openings()).toEqual([]);
  });

  test("for another pillar, of another session or boot, and too late", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "identify", seconds: 1 });
    for (const change of [
      { pillarId: PillarId.parse("nj-other") },
      { sessionNonce: SessionNonce.parse("7".repeat(32)) },
      { bootEpoch: 2 },
      { issuedWallMs: 5000 + pillar.now() - 12_000 },
    ]) {
      command(pillar, grant(), change);
      expect(pillar.openings()).toEqual([]);
    }
  });

  test("when it is replayed", () => {
    const pillar = reachedPillar();
    const { body } = command(pillar, grant("listen", 5));
    pillar.pass(5000);
    pillar.tell({ type: "command-received", body });
    expect(pillar.openings()).toEqual([OPENED_FOR.listen, SHUT]);
  });
});
