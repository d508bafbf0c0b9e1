import { expect, test } from "vitest";
import { newHeartbeat, pillar } from "../kit/core/hub-core-street.ts";
import {
  incidents,
  newHub,
  onlyIncident,
  person,
  SIGNED_IN,
  told,
} from "../kit/hub/shell-on-doubles.ts";
import type { FalseHub } from "../kit/hub/shell-on-doubles.ts";
import { waitFor } from "../kit/run/wait.ts";

/** The pillar is connected again, and says for which session it is to be told. */
async function returns({ shell }: FalseHub): Promise<void> {
  shell.linkEvents.onConnected(pillar(0));
  const heartbeat = { channel: "heartbeat", message: newHeartbeat() } as const;
  await shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
}

const CLOSE = { name: "close", disposition: "resolved", note: "" } as const;

test("the hub restarts while a call is ringing, and the call goes on", async () => {
  const hub = await newHub();
  await hub.press();
  await hub.restart();
  await returns(hub);
  await waitFor(() => expect(told(hub).length).toBeGreaterThan(2));
  expect(new Set(told(hub).slice(1))).toEqual(new Set(["ringing"]));
  await hub.press();
  expect(told(hub).at(-2)).toBe("accepted 1");
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  expect(told(hub).at(-1)).toBe("answered wang");
  expect(incidents(hub)).toMatchObject([{ state: "answered", presses: 1 }]);
});

test("the hub restarts during a conversation: it is still the same operator's", async () => {
  const hub = await newHub();
  hub.fromMedia({ type: "ready" });
  await waitFor(() => expect(hub.shell.loop.state().heard.mediaUp.size).toBe(1));
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  await hub.restart();
  await returns(hub);
  await waitFor(() => expect(told(hub).at(-1)).toBe("answered wang"));
  hub.fromMedia({ type: "ready" });
  await waitFor(async () => {
    const states = (await hub.shell.reads.recordings(id)).map(({ state }) => state);
    expect(states).toEqual(["recovered", "recording"]);
  });
  const talk = {
    purpose: "call",
    incidentId: id,
    role: "talk",
    sdp: "v=0\r\n",
    by: person("wang"),
    ...SIGNED_IN,
  } as const;
  const pending = hub.shell.commands.view(talk);
  const offer = hub.toMedia.findLast((message) => message.type === "viewer-offer");
  hub.fromMedia({
    type: "viewer-answer",
    pillarId: pillar(0),
    sessionId: offer!.sessionId,
    sdp: "v=0",
  });
  expect(await pending).toMatchObject({ ok: true });
  expect(await hub.shell.commands.order(id, CLOSE, person("wang"))).toMatchObject({ ok: true });
  expect(told(hub).at(-1)).toBe("ended");
});

test("a call that ended while the pillar was away is told when it returns, also after a restart", async () => {
  const hub = await newHub();
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, CLOSE, person("chen", "supervisor"));
  await hub.restart();
  await returns(hub);
  await waitFor(() => expect(told(hub).at(-1)).toBe("ended"));
});
