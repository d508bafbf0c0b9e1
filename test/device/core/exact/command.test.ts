/** The effects of each command at a pillar. */
import { describe, expect, test } from "vitest";
import { SessionNonce } from "../../../../shared/ids.ts";
import type { PillarCommand } from "../../../../shared/protocol/command.ts";
import { LINK_UP, reachedPillar } from "../../../kit/core/pillar-core.ts";
import { command } from "../../../kit/core/command-pillar.ts";
import { clear, only, set, timers } from "../../../kit/core/effects.ts";

describe("a command", () => {
  test.each<[PillarCommand, string]>([
    [{ name: "identify", seconds: 3 }, "done: blinking"],
    [{ name: "resend", fromSeq: 4 }, "done: sending again from 4"],
    [{ name: "restart-media" }, "done: media restarts"],
    [{ name: "siren", on: true }, "done: sounding for at most 300 s"],
    [{ name: "siren", on: false }, "done: silent"],
    [{ name: "self-test" }, "done: accepted after 7 ms"],
  ])("%j is answered once", (given, answer) => {
    const pillar = reachedPillar();
    const { result, results, effects, commandId } = command(pillar, given);
    pillar.pass(7);
    if (given.name === "self-test") pillar.accept(pillar.state().commands.selfTest!.eventId);
    const told = pillar.sent.flatMap((one) =>
      one.channel === "report" && one.message.type === "command-result" ? [one.message] : [],
    );
    expect(told.map(({ outcome, detail }) => `${outcome}: ${detail}`)).toEqual([answer]);
    const text = `command ${commandId.slice(0, 4)} ${answer}`;
    expect(pillar.effects).toContainEqual({ type: "log", level: "info", text });
    expect([result, results]).toEqual(given.name === "self-test" ? [false, 0] : [answer, 1]);
    expect(effects.length).toBeGreaterThan(0);
  });

  test.each([
    [{ bootEpoch: 2 }, "refused: meant for boot 2, this is boot 1"],
    [{ sessionNonce: SessionNonce.parse("7".repeat(32)) }, "refused: from an older session"],
  ])("with %j is %s", (change, answer) => {
    expect(command(reachedPillar(), { name: "restart-media" }, change).result).toBe(answer);
  });

  test("given twice is refused, as long as 256 commands later", () => {
    const pillar = reachedPillar();
    const { commandId } = command(pillar, { name: "restart-media" });
    for (let n = 0; n < 255; n += 1) command(pillar, { name: "restart-media" });
    const again = () => command(pillar, { name: "restart-media" }, { commandId }).result;
    expect(again()).toBe("refused: this command was given before");
    command(pillar, { name: "restart-media" });
    expect(again()).toBe("done: media restarts");
  });

  test.each([
    [11_000, "done: media restarts"],
    [11_001, "refused: expected within 10000 ms, found 11001 ms late"],
  ])("%d ms later than the least delayed one is %s", (lateMs, answer) => {
    const pillar = reachedPillar();
    command(pillar, { name: "restart-media" });
    const issuedWallMs = 5000 + pillar.now() - lateMs;
    expect(command(pillar, { name: "restart-media" }, { issuedWallMs }).result).toBe(answer);
    expect(command(pillar, { name: "resend", fromSeq: 1 }, { issuedWallMs }).result).toMatch(
      /^done/,
    );
  });

  test("to show itself blinks every half second, to its end, and speaks when nobody calls", () => {
    const pillar = reachedPillar();
    const { effects } = command(pillar, { name: "identify", seconds: 2 });
    expect(effects).toContainEqual({ type: "prompt", name: "identify" });
    expect(timers(effects)).toEqual([set("identify", pillar.now() + 500)]);
    const before = pillar.lamps.length - 1;
    pillar.pass(5000);
    expect(pillar.lamps.slice(before)).toEqual(["off", "standby", "off", "standby"]);
    pillar.press();
    const busy = command(pillar, { name: "identify", seconds: 2 });
    expect(only(busy.effects, "prompt")).toEqual([]);
  });

  test("to sound the siren ends by itself after five minutes, or when told", () => {
    const pillar = reachedPillar();
    const on = command(pillar, { name: "siren", on: true }).effects;
    expect(on.slice(0, 2)).toEqual([
      { type: "siren", isOn: true },
      set("siren", pillar.now() + 300_000),
    ]);
    const off = command(pillar, { name: "siren", on: false }).effects;
    expect(off.slice(0, 2)).toEqual([{ type: "siren", isOn: false }, clear("siren")]);
    command(pillar, { name: "siren", on: true });
    const sirens = () => only(pillar.effects, "siren").length;
    pillar.pass(299_999);
    const before = sirens();
    pillar.pass(1);
    expect([before, sirens(), only(pillar.effects, "siren").at(-1)]).toEqual([
      ...[3, 4, { type: "siren", isOn: false }],
    ]);
  });

  test("to test itself fails after 20 s, and a second one meanwhile is refused", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "self-test" });
    expect(command(pillar, { name: "self-test" }).result).toBe("refused: a self-test is under way");
    pillar.pass(19_999);
    expect(pillar.state().commands.selfTest).toBeDefined();
    pillar.pass(1);
    expect(pillar.state().commands.selfTest).toBeUndefined();
    const failed = pillar.sent.flatMap((one) =>
      one.channel === "report" && one.message.type === "command-result" ? [one.message] : [],
    );
    expect(failed.at(-1)).toMatchObject({
      ...{ outcome: "failed", detail: "not accepted within 20 s; still sending" },
    });
  });
});

describe("how late a command is", () => {
  /**
   * The results of commands that took this long, one after the other; each is valid for ten
   * seconds.
   */
  const answers = (...delays: readonly number[]) => {
    const pillar = reachedPillar();
    return delays.map((ms) => {
      const issuedWallMs = 5000 + pillar.now() - ms;
      return command(pillar, { name: "restart-media" }, { issuedWallMs }).result;
    });
  };
  const done = "done: media restarts";
  const late = (ms: number): string => `refused: expected within 10000 ms, found ${ms} ms late`;

  test("is measured by the quickest order of the session, with a second for the way itself", () => {
    expect(answers(0, 11_000)).toEqual([done, done]);
    expect(answers(0, 11_001)).toEqual([done, late(11_001)]);
    // Only a quicker command changes what the delay is measured by; a slower one does not.
    expect(answers(0, 4000, 11_001)).toEqual([done, done, late(11_001)]);
    expect(answers(4000, 0, 11_001)).toEqual([done, done, late(11_001)]);
    expect(answers(4000, 15_000)).toEqual([done, done]);
  });

  test("is measured anew after a refusal, and in another session", () => {
    expect(answers(0, 50_000, 60_000)).toEqual([done, late(50_000), done]);
    const pillar = reachedPillar();
    command(pillar, { name: "restart-media" });
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.pass(15_000);
    pillar.tell(LINK_UP);
    const change = { issuedWallMs: pillar.now() - 50_000 };
    expect(command(pillar, { name: "restart-media" }, change).result).toBe(done);
  });
});
