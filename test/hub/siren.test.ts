import { expect, test } from "vitest";
import type { Actor } from "../../hub/ports.ts";
import { newHeartbeat, pillar } from "../kit/core/hub-core-street.ts";
import { newHub, onlyIncident, person, type FalseHub } from "../kit/hub/shell-on-doubles.ts";

const ON = { command: { name: "siren", on: true } } as const;
const OFF = { command: { name: "siren", on: false } } as const;
const SUPERVISOR: Actor = { ...person("chen"), role: "supervisor" };

async function heardHub(): Promise<FalseHub> {
  const hub = await newHub();
  const heartbeat = { channel: "heartbeat", message: newHeartbeat({}) } as const;
  await hub.shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
  return hub;
}

/** Whether the siren's command was sent to the pillar. The pillar's result is not waited for. */
async function isSent(
  hub: FalseHub,
  wish: Parameters<FalseHub["shell"]["commands"]["command"]>[1],
  by: Actor,
): Promise<true | string> {
  const before = hub.sent.length;
  const answer = hub.shell.commands.command(pillar(0), wish, by);
  const quick = await Promise.race([
    answer,
    new Promise<undefined>((resolve) => setTimeout(resolve, 100)),
  ]);
  if (quick) return (quick.ok ? undefined : quick.code) ?? quick.detail;
  return hub.sent.length > before || "nothing was sent";
}

test("an operator without an incident there orders no siren", async () => {
  const hub = await heardHub();
  expect(await isSent(hub, ON, person("wang"))).toBe("forbidden");
  await hub.press();
  expect(await isSent(hub, ON, person("wang"))).toBe("forbidden");
});

test("the owner of the incident orders one at its pillar, and nobody else does", async () => {
  const hub = await heardHub();
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  expect(await isSent(hub, ON, person("li"))).toBe("forbidden");
  expect(await isSent(hub, ON, person("wang"))).toBe(true);
});

test("a supervisor gives a reason, which is kept", async () => {
  const hub = await heardHub();
  expect(await isSent(hub, ON, SUPERVISOR)).toBe("forbidden");
  expect(await isSent(hub, { ...ON, reason: "斗殴，驱散" }, SUPERVISOR)).toBe(true);
  const kept: string[] = [];
  await hub.journal.replay({
    snapshot: () => false,
    fact: (fact) => {
      if (fact.type === "command-sent") kept.push(fact.reason ?? "");
    },
  });
  expect(kept).toEqual(["斗殴，驱散"]);
});

test("sirens are paced, and switching one off never is", async () => {
  const hub = await heardHub();
  const wish = { ...ON, reason: "test of the siren" };
  expect(await isSent(hub, wish, SUPERVISOR)).toBe(true);
  expect(await isSent(hub, wish, SUPERVISOR)).toBe(true);
  expect(await isSent(hub, wish, SUPERVISOR)).toBe("too-many-requests");
  for (let n = 0; n < 5; n += 1) expect(await isSent(hub, OFF, SUPERVISOR)).toBe(true);
});
