import { describe, expect, test } from "vitest";
import type { Username } from "../../../../shared/ids.ts";
import type { HubEffect } from "../../../../hub/core/events.ts";
import { MAX_NOTES, MAX_UNITS } from "../../../../hub/core/incident/order.ts";
import {
  calls,
  CHEN,
  LI,
  newStreet,
  types,
  WANG,
  ZHAO,
  type Street,
} from "../../../kit/core/hub-core-street.ts";

const CLOSE = { name: "close", disposition: "resolved", note: "回家了" } as const;
const TO_LI = { name: "transfer", to: "li" as Username, toName: "li" } as const;

function ringing(): Street & { id: ReturnType<Street["only"]>["id"] } {
  const street = newStreet();
  street.startMedia();
  street.alarm(0);
  return { ...street, id: street.only().id };
}

const refusal = (effects: readonly HubEffect[]) =>
  effects.find((effect) => effect.type === "refuse");

describe("who wins", () => {
  test("the first to answer; the second is told the winner's name", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const { facts, effects } = street.order(LI, street.id, { name: "answer" });
    expect(facts).toEqual([]);
    expect(refusal(effects)).toMatchObject({ code: "conflict", by: "wang" });
  });

  test("answering twice is answering once", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const again = street.order(WANG, street.id, { name: "answer" });
    expect(again).toEqual({ facts: [], effects: [] });
  });

  test("a supervisor who answers takes over, and both names are kept", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const { facts, effects } = street.order(CHEN, street.id, { name: "answer" });
    expect(facts).toEqual([
      expect.objectContaining({ type: "incident-answered", byName: "chen", fromName: "wang" }),
    ]);
    expect(calls(effects)).toEqual(["answered chen"]);
    expect(effects).toContainEqual(expect.objectContaining({ type: "end-views", who: "talkers" }));
  });

  test("whoever acknowledged owns it until it is handed over", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "acknowledge" });
    expect(street.only()).toMatchObject({ state: "acknowledged", owner: "wang", deadline: null });
    const { effects } = street.order(LI, street.id, { name: "answer" });
    expect(refusal(effects)).toMatchObject({ code: "conflict", by: "wang" });
  });

  test("a technician and an administrator may not answer a call", () => {
    const street = ringing();
    for (const role of ["technician", "admin"] as const) {
      const { effects } = street.order({ ...ZHAO, role }, street.id, { name: "answer" });
      expect(refusal(effects)).toMatchObject({ code: "forbidden" });
    }
  });

  test("an unknown incident is not found", () => {
    const street = ringing();
    const { effects } = street.order(WANG, "f".repeat(32) as never, { name: "answer" });
    expect(refusal(effects)).toMatchObject({ code: "not-found" });
  });
});

describe("what the pillar is told", () => {
  test("answered only when a named operator answered, not when one acknowledged", () => {
    const street = ringing();
    expect(calls(street.order(WANG, street.id, { name: "acknowledge" }).effects)).toEqual([]);
    expect(calls(street.order(WANG, street.id, { name: "answer" }).effects)).toEqual([
      "answered wang",
    ]);
  });

  test("held and answered again", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const held = street.order(WANG, street.id, { name: "hold", held: true });
    expect(calls(held.effects)).toEqual(["held wang"]);
    const resumed = street.order(WANG, street.id, { name: "answer" });
    expect(calls(resumed.effects)).toEqual(["answered wang"]);
    expect(street.only().isHeld).toBe(false);
  });

  test("ringing again after a hand-over, until the other has answered", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const moved = street.order(WANG, street.id, TO_LI);
    expect(calls(moved.effects)).toEqual(["ringing"]);
    expect(street.only()).toMatchObject({ state: "open", owner: "li" });
    expect(street.only().deadline).not.toBeNull();
    expect(calls(street.order(LI, street.id, { name: "answer" }).effects)).toEqual(["answered li"]);
  });

  test("a hand-over that is not taken in time rings everybody", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    street.order(WANG, street.id, TO_LI);
    street.advance(11);
    expect(street.only()).toMatchObject({ state: "open", owner: null });
  });

  test("ended when it is closed; recording and views end too", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "answer" });
    const { effects } = street.order(WANG, street.id, CLOSE);
    expect(types(effects)).toEqual(["tell-pillar", "end-views", "stop-recording"]);
    expect(calls(effects)).toEqual(["ended"]);
  });
});

describe("closing", () => {
  test("needs an owner or a supervisor", () => {
    const street = ringing();
    expect(refusal(street.order(WANG, street.id, CLOSE).effects)?.code).toBe("conflict");
    street.order(WANG, street.id, { name: "answer" });
    const byOther = street.order(LI, street.id, CLOSE);
    expect(refusal(byOther.effects)).toMatchObject({ code: "conflict", by: "wang" });
    street.order(CHEN, street.id, CLOSE);
    expect(street.only()).toMatchObject({ state: "closed", disposition: "resolved" });
  });

  test("twice in the same words is once; in other words it is a conflict", () => {
    const street = ringing();
    street.order(CHEN, street.id, CLOSE);
    expect(street.order(CHEN, street.id, CLOSE)).toEqual({ facts: [], effects: [] });
    const other = { ...CLOSE, disposition: "false-press" } as const;
    expect(refusal(street.order(CHEN, street.id, other).effects)?.by).toBe("chen");
  });

  test("is undone by reopening: it rings, with a deadline and a new recording", () => {
    const street = ringing();
    street.order(CHEN, street.id, CLOSE);
    const { facts, effects } = street.order(WANG, street.id, { name: "reopen" });
    expect(types(facts)).toEqual(["incident-reopened", "deadline-set", "recording-started"]);
    expect(calls(effects)).toEqual(["ringing"]);
    expect(street.only()).toMatchObject({ state: "open", owner: null, disposition: null });
  });

  test("cannot be undone while the pillar has a newer call", () => {
    const street = ringing();
    street.order(CHEN, street.id, CLOSE);
    street.alarm(0, { seq: 2 });
    const { effects } = street.order(WANG, street.id, { name: "reopen" });
    expect(refusal(effects)?.code).toBe("conflict");
  });
});

describe("limits", () => {
  test("notes and units of one incident are counted", () => {
    const street = ringing();
    street.order(WANG, street.id, { name: "acknowledge" });
    const note = { name: "note", text: "x" } as const;
    const unit = { name: "dispatch", unit: "巡逻3" } as const;
    for (let n = 0; n < MAX_NOTES; n++) street.order(WANG, street.id, note);
    for (let n = 0; n < MAX_UNITS; n++) street.order(WANG, street.id, unit);
    expect(refusal(street.order(WANG, street.id, note).effects)?.code).toBe("bad-request");
    expect(refusal(street.order(WANG, street.id, unit).effects)?.code).toBe("bad-request");
  });

  test("a note longer than the limit is refused", () => {
    const street = ringing();
    const { effects } = street.order(WANG, street.id, { name: "note", text: "x".repeat(2001) });
    expect(refusal(effects)?.code).toBe("bad-request");
  });
});
