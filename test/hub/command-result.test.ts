/**
 * The result of a command is told to whoever gave it, and is kept. Only the pillar it was sent to
 * can report it.
 */
import { expect, test } from "vitest";
import type { FactOf } from "../../hub/core/facts.ts";
import type { PillarId } from "../../shared/ids.ts";
import type { OrderedCommand } from "../../shared/protocol/command.ts";
import type { Report } from "../../shared/protocol/report.ts";
import { newHeartbeat, pillar } from "../kit/core/hub-core-street.ts";
import { newHub, person, type FalseHub } from "../kit/hub/shell-on-doubles.ts";

const IDENTIFY = { name: "identify", seconds: 5 } as const;

type CommandResult = Extract<Report, { type: "command-result" }>;

async function heardHub(): Promise<FalseHub> {
  const hub = await newHub();
  for (const n of [0, 1]) {
    const heartbeat = { channel: "heartbeat", message: newHeartbeat({}) } as const;
    await hub.shell.linkEvents.onMessage(pillar(n), heartbeat, "mqtt");
  }
  return hub;
}

async function kept(hub: FalseHub): Promise<FactOf<"command-result">[]> {
  const facts: FactOf<"command-result">[] = [];
  await hub.journal.replay({
    snapshot: () => false,
    fact: (fact) => {
      if (fact.type === "command-result") facts.push(fact);
    },
  });
  return facts;
}

/** Sends a command to the first pillar; its id as soon as it has left. */
async function send(hub: FalseHub, command: OrderedCommand) {
  const before = hub.sent.length;
  const answer = hub.shell.commands.command(pillar(0), { command }, person("wang"));
  await expect.poll(() => hub.sent.length).toBeGreaterThan(before);
  const sent = hub.sent.at(-1)?.message;
  if (sent?.channel !== "command") throw new Error("expected a command, found something else");
  return { answer, commandId: sent.message.body.commandId };
}

const say = (hub: FalseHub, from: PillarId, result: Omit<CommandResult, "v" | "type">) => {
  const message: Report = { v: 1, type: "command-result", ...result };
  return hub.shell.linkEvents.onMessage(from, { channel: "report", message }, "mqtt");
};

test("the result that the pillar gives is answered and journalled, with the command's name and who wanted it", async () => {
  const hub = await heardHub();
  const { answer, commandId } = await send(hub, IDENTIFY);
  await say(hub, pillar(0), { commandId, outcome: "failed", detail: "the lamp does not answer" });
  expect(await answer).toEqual({ ok: false, detail: "the lamp does not answer" });
  const [fact, ...others] = await kept(hub);
  expect(others).toEqual([]);
  expect(fact).toMatchObject({
    pillarId: pillar(0),
    commandId,
    name: "identify",
    outcome: "failed",
    detail: "the lamp does not answer",
    by: "wang",
  });
});

test("of a self-test, how long the receipt took is answered and journalled as a number", async () => {
  const hub = await heardHub();
  const { answer, commandId } = await send(hub, { name: "self-test" });
  const detail = "accepted after 41 ms";
  await say(hub, pillar(0), { commandId, outcome: "done", detail, confirmedAfterMs: 41 });
  expect(await answer).toEqual({ ok: true, detail, confirmedAfterMs: 41 });
  expect(await kept(hub)).toMatchObject([{ name: "self-test", confirmedAfterMs: 41 }]);
});

test("another pillar's report of it does not count", async () => {
  const hub = await heardHub();
  const { answer, commandId } = await send(hub, IDENTIFY);
  await say(hub, pillar(1), { commandId, outcome: "done", detail: "" });
  await say(hub, pillar(0), { commandId, outcome: "refused", detail: "too late" });
  expect(await answer).toEqual({ ok: false, detail: "too late" });
  expect((await kept(hub)).map(({ outcome }) => outcome)).toEqual(["refused"]);
});

test("no answer in time is journalled as well", { timeout: 15_000 }, async () => {
  const hub = await heardHub();
  const { answer } = await send(hub, IDENTIFY);
  expect((await answer).ok).toBe(false);
  expect((await kept(hub)).map(({ outcome }) => outcome)).toEqual(["unanswered"]);
});
