import { describe, expect, test, vi } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import { ALARM_BURST_BYTES } from "../../../hub/core/pillar/budget.ts";
import type { Journal } from "../../../hub/ports.ts";
import { newAlarm, newHeartbeat, pillar } from "../../kit/core/hub-core-street.ts";
import {
  incidents,
  newHub,
  onlyIncident,
  person,
  told,
  type FalseHub,
} from "../../kit/hub/shell-on-doubles.ts";
import { waitFor } from "../../kit/run/wait.ts";

/** A journal whose disk can be made to fail. */
function breakable() {
  const disk = { isBroken: false };
  const wrap = (journal: Journal): Journal => ({
    ...journal,
    append: (facts: readonly Fact[]) =>
      disk.isBroken ? Promise.reject(new Error("EIO")) : journal.append(facts),
    reopen: () => (disk.isBroken ? Promise.reject(new Error("EIO")) : Promise.resolve()),
  });
  return { disk, wrap };
}

describe("an alarm", () => {
  test("is accepted after the commit, with its place in the journal", async () => {
    const hub = await newHub();
    await hub.press();
    expect(told(hub)).toEqual(["accepted 1", "ringing"]);
    const [{ message }] = hub.sent as [(typeof hub.sent)[0]];
    const receipt = message.channel === "accepted" ? message.message.receipt : undefined;
    expect(receipt).toMatchObject({ hubEpoch: hub.journal.hubEpoch(), journalIndex: 3 });
    const [known] = await hub.journal.findAlarms(newAlarm(pillar(0)).event);
    expect(known?.index).toBe(receipt?.journalIndex);
  });

  const receipts = (hub: FalseHub) =>
    hub.sent.flatMap(({ message }) => (message.channel === "accepted" ? [message.message] : []));

  test("over the link has its receipt there, for the session that it names", async () => {
    const hub = await newHub();
    const answer = await hub.press();
    const [accepted] = receipts(hub);
    expect(answer).toEqual({ outcome: "accepted", accepted });
    expect(accepted?.receipt.sessionNonce).toBe("5".repeat(32));
    expect(await hub.press()).toEqual(answer);
    expect(receipts(hub)).toEqual([accepted, accepted]);
  });

  test("by HTTPS has its receipt as the answer, for no session, and none goes down the link", async () => {
    const hub = await newHub();
    const answer = await hub.press({ via: "https" });
    expect(answer).toMatchObject({ outcome: "accepted", accepted: { receipt: { seq: 1 } } });
    expect(JSON.stringify(answer)).not.toContain("sessionNonce");
    expect(await hub.press({ via: "https" })).toEqual(answer);
    expect(receipts(hub)).toEqual([]);
  });

  test.each(["mqtt", "https"] as const)(
    "by %s whose signature does not fit is answered with the reason",
    async (via) => {
      const hub = await newHub();
      expect(await hub.press({ via, sig: "forged" })).toEqual({
        outcome: "refused",
        detail: expect.stringContaining("enrol it again"),
      });
    },
  );

  test("that is more than its pillar may cost now is answered as held, and is not in the journal", async () => {
    const hub = await newHub();
    await hub.press();
    const { budgets } = hub.shell.loop.state();
    const budget = budgets.get(pillar(0));
    budgets.set(pillar(0), { ...budget!, alarmBytes: 2 * ALARM_BURST_BYTES });
    const more = { seq: 2 };
    expect(await hub.press(more)).toEqual({ outcome: "held" });
    expect(await hub.journal.findAlarms(newAlarm(pillar(0), more).event)).toEqual([]);
  });

  test("whose signature does not fit is refused, and the desks are told", async () => {
    const hub = await newHub();
    await hub.press({ sig: "forged" });
    expect(hub.sent).toEqual([]);
    expect(incidents(hub)).toEqual([]);
    expect(hub.events.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({
        type: "notification",
        notification: expect.objectContaining({ code: "alarm-refused" }),
      }),
    );
  });

  test("57 whose signature does not fit are one notification in a minute, and then one with their number", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const hub = await newHub();
    for (let n = 0; n < 57; n += 1) await hub.press({ sig: "forged" });
    const notifications = (): unknown[] =>
      hub.events.flatMap(({ event }) =>
        event.type === "notification" ? [event.notification] : [],
      );
    expect(notifications()).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(notifications()).toHaveLength(2);
    expect(notifications()[1]).toMatchObject({ code: "alarm-refused", count: 56 });
    vi.useRealTimers();
  });

  test("that comes twice at the same instant opens one incident and is accepted twice", async () => {
    const hub = await newHub();
    await Promise.all([hub.press(), hub.press()]);
    expect(told(hub).filter((words) => words.startsWith("accepted"))).toHaveLength(2);
    expect(incidents(hub)).toHaveLength(1);
  });

  test("older than the core's memory is found in the journal and accepted again", async () => {
    const hub = await newHub();
    await hub.press();
    const { alarms, signatureBySeq, signatureByEvent } = hub.shell.loop.state();
    for (const map of [alarms, signatureBySeq, signatureByEvent]) map.clear();
    await hub.press();
    expect(told(hub)).toEqual(["accepted 1", "ringing", "accepted 1", "ringing"]);
    expect(incidents(hub)).toMatchObject([{ presses: 1 }]);
  });
});

describe("a failing disk", () => {
  test("accepts nothing, rings as unrecorded, and is used again when it holds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { disk, wrap } = breakable();
      const hub = await newHub({ wrap });
      disk.isBroken = true;
      await expect(hub.press()).rejects.toThrow("EIO");
      await expect(hub.press()).rejects.toThrow("EIO");
      expect(told(hub)).toEqual([]);
      const codes = hub.events.flatMap(({ event }) =>
        event.type === "notification" ? [event.notification.code] : [],
      );
      expect(codes).toEqual(["journal-failing", "alarm-not-recorded", "alarm-not-recorded"]);
      const order = await hub.shell.commands.order(
        "f".repeat(32) as never,
        { name: "answer" },
        person("wang"),
      );
      expect(order).toMatchObject({ ok: false, code: "unavailable" });

      disk.isBroken = false;
      await vi.advanceTimersByTimeAsync(20_000);
      await hub.press();
      expect(told(hub)).toEqual(["accepted 1", "ringing"]);
      expect(incidents(hub)).toMatchObject([{ presses: 1 }]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("orders", () => {
  test("are answered after the commit, and repeated under the same key once", async () => {
    const hub = await newHub();
    await hub.press();
    const { id } = await onlyIncident(hub);
    const note = { name: "note", text: "在门口" } as const;
    const { order } = hub.shell.commands;
    const [first, second] = await Promise.all([
      order(id, note, person("wang"), "key-1"),
      order(id, note, person("wang"), "key-1"),
    ]);
    expect(second).toBe(first);
    expect(incidents(hub)).toMatchObject([{ notes: 1 }]);
  });

  test("two operators at once: one wins, the other learns who", async () => {
    const hub = await newHub();
    await hub.press();
    const { id } = await onlyIncident(hub);
    const { order } = hub.shell.commands;
    const outcomes = await Promise.all([
      order(id, { name: "answer" }, person("wang")),
      order(id, { name: "answer" }, person("li")),
    ]);
    expect(outcomes).toMatchObject([
      { ok: true, incident: { ownerName: "wang", pillarName: "东门" } },
      { ok: false, code: "conflict", by: "wang" },
    ]);
    expect(told(hub)).toEqual(["accepted 1", "ringing", "answered wang"]);
  });
});

describe("recordings", () => {
  test("of a media process that died are recovered, and the call is recorded anew", async () => {
    const hub = await newHub();
    hub.fromMedia({ type: "ready" });
    await waitFor(() => expect(hub.shell.loop.state().heard.mediaUp.size).toBe(1));
    await hub.press();
    const [start] = hub.toMedia.filter(({ type }) => type === "record-start");
    expect(start).toMatchObject({ path: expect.stringContaining("/recordings/") });
    hub.fromMedia({ type: "ready" });
    await waitFor(() =>
      expect(hub.toMedia.filter(({ type }) => type === "record-start")).toHaveLength(2),
    );
    const { id } = await onlyIncident(hub);
    const recordings = await hub.shell.reads.recordings(id);
    expect(recordings).toMatchObject([
      { state: "recovered", durationMs: 1235, bytes: 99 },
      { state: "recording" },
    ]);
  });
});

describe("commands", () => {
  const identify = { name: "identify", seconds: 5 } as const;

  test("are written down, sent for the pillar's present boot, and answered by its report", async () => {
    const hub = await newHub();
    const heartbeat = { channel: "heartbeat", message: newHeartbeat({ bootEpoch: 4 }) } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
    const result = hub.shell.commands.command(
      pillar(0),
      { command: identify },
      person("zhao", "technician"),
    );
    const sent = await waitFor(() => {
      const { message } = hub.sent.find((down) => down.message.channel === "command") ?? {};
      if (message?.channel !== "command") throw new Error("no command yet");
      return message.message.body;
    });
    expect(sent).toMatchObject({ command: identify, bootEpoch: 4 });
    const report = { v: 1, type: "command-result", commandId: sent.commandId } as const;
    const message = { ...report, outcome: "done", detail: "" } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), { channel: "report", message }, "mqtt");
    expect(await result).toEqual({ ok: true, detail: "done" });
  });

  test("for a pillar never heard, or unknown, are refused with words", async () => {
    const hub = await newHub();
    const { command } = hub.shell.commands;
    expect(await command(pillar(0), { command: identify }, person("zhao"))).toMatchObject({
      ok: false,
    });
    expect(await command(pillar(9), { command: identify }, person("zhao"))).toMatchObject({
      ok: false,
    });
  });
});

test("facts about a pillar that is not registered are refused before they can stop the fold", async () => {
  const hub = await newHub();
  const fact = {
    type: "presence-changed",
    at: 1,
    pillarId: pillar(9),
    presence: "online",
  } as const;
  await expect(hub.shell.commands.record([fact])).rejects.toThrow("expected a registered pillar");
  await hub.restart();
  expect(hub.shell.loop.state().pillars.size).toBe(1);
});
