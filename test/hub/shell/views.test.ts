/** Views through the whole shell: media process, journal and pillar answer as they would. */
import { describe, expect, test, vi } from "vitest";
import type { Fact } from "../../../hub/core/facts.ts";
import type { Journal } from "../../../hub/ports.ts";
import type { LookPurpose } from "../../../shared/protocol/purpose.ts";
import { newHeartbeat, pillar } from "../../kit/core/hub-core-street.ts";
import {
  newHub,
  onlyIncident,
  person,
  SIGNED_IN,
  type FalseHub,
} from "../../kit/hub/shell-on-doubles.ts";
import { waitFor } from "../../kit/run/wait.ts";

const OFFER = "v=0\r\n";

async function answered(hub: FalseHub) {
  await hub.press();
  const { id } = await onlyIncident(hub);
  await hub.shell.commands.order(id, { name: "answer" }, person("wang"));
  return id;
}

/** A journal whose disk can fail, although what was written is there. */
function doubtful() {
  const disk = { isBroken: false };
  const wrap = (journal: Journal): Journal => ({
    ...journal,
    append: async (facts: readonly Fact[]) => {
      const first = await journal.append(facts);
      if (disk.isBroken) throw new Error("EIO");
      return first;
    },
    reopen: () => Promise.resolve(),
  });
  return { disk, wrap };
}

const answerOffers = (hub: FalseHub) => {
  const offer = hub.toMedia.findLast((message) => message.type === "viewer-offer");
  if (!offer) throw new Error("no offer yet");
  const { pillarId, sessionId } = offer;
  hub.fromMedia({ type: "viewer-answer", pillarId, sessionId, sdp: "v=0 answer" });
  return sessionId;
};

describe("views", () => {
  const view = async (hub: FalseHub, name: string, role: "watch" | "talk") => {
    const { id: incidentId } = await onlyIncident(hub);
    const before = hub.toMedia.length;
    const pending = hub.shell.commands.view({
      purpose: "call",
      incidentId,
      role,
      sdp: OFFER,
      by: person(name),
      ...SIGNED_IN,
    });
    if (hub.toMedia.slice(before).some(({ type }) => type === "viewer-offer")) answerOffers(hub);
    return pending;
  };

  test("anybody on duty may watch, only the owner may talk", async () => {
    const hub = await newHub();
    await answered(hub);
    expect(await view(hub, "li", "talk")).toMatchObject({ ok: false, code: "conflict" });
    expect(await view(hub, "li", "watch")).toMatchObject({ ok: true, sdp: "v=0 answer" });
    expect(await view(hub, "wang", "talk")).toMatchObject({ ok: true });
  });

  test("past the most viewers, one more is told so", async () => {
    const hub = await newHub();
    await answered(hub);
    for (const name of ["a", "b"]) await view(hub, name, "watch");
    expect(await view(hub, "c", "watch")).toMatchObject({ ok: false, code: "too-many-requests" });
  });

  test("are written down before they are given, and end with the incident", async () => {
    const hub = await newHub();
    const id = await answered(hub);
    await view(hub, "wang", "talk");
    const close = { name: "close", disposition: "resolved", note: "" } as const;
    await hub.shell.commands.order(id, close, person("wang"));
    const sessions = hub.toMedia.filter(({ type }) => type === "viewer-close");
    expect(sessions).toHaveLength(1);
    await waitFor(async () => {
      const types = (await hub.shell.reads.timeline(id))?.items.map(({ type }) => type);
      expect(types).toContain("view-opened");
      expect(types?.at(-1)).toBe("view-closed");
    });
  });

  test("that end while the journal writes their begin are written down with their end", async () => {
    const hub = await newHub();
    const id = await answered(hub);
    const call = { purpose: "call", incidentId: id, role: "watch" } as const;
    const asked = { ...call, sdp: OFFER, by: person("wang") };
    const pending = hub.shell.commands.view({ ...asked, ...SIGNED_IN });
    answerOffers(hub);
    hub.shell.commands.endViewsOf(SIGNED_IN.signInId);
    expect(await pending).toMatchObject({ ok: false });
    await waitFor(async () => {
      const types = (await hub.shell.reads.timeline(id))?.items.map(({ type }) => type);
      expect(types?.slice(-2)).toEqual(["view-opened", "view-closed"]);
    });
  });

  test("of an incident that the disk holds as closed, although its commit had failed, end when it is read again", async () => {
    const { disk, wrap } = doubtful();
    const hub = await newHub({ wrap });
    const id = await answered(hub);
    await view(hub, "wang", "watch");
    disk.isBroken = true;
    const close = { name: "close", disposition: "resolved", note: "" } as const;
    const told = await hub.shell.commands.order(id, close, person("wang"));
    expect(told).toMatchObject({ ok: false, code: "unavailable" });
    disk.isBroken = false;
    await waitFor(
      () => expect(hub.toMedia.some(({ type }) => type === "viewer-close")).toBe(true),
      { timeout: 5000 },
    );
  });

  test("a supervisor who takes over ends the talk of the one before, and not the watching", async () => {
    const hub = await newHub();
    const id = await answered(hub);
    await view(hub, "wang", "talk");
    await view(hub, "wang", "watch");
    await hub.shell.commands.order(id, { name: "answer" }, person("chen", "supervisor"));
    expect(hub.toMedia.filter(({ type }) => type === "viewer-close")).toHaveLength(1);
  });

  test("a media process that does not answer is a clear refusal", async () => {
    const hub = await newHub();
    const incidentId = await answered(hub);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const by = person("wang");
      const pending = hub.shell.commands.view({
        purpose: "call",
        incidentId,
        role: "talk",
        sdp: OFFER,
        by,
        ...SIGNED_IN,
      });
      await vi.advanceTimersByTimeAsync(3000);
      expect(await pending).toMatchObject({ ok: false, code: "media-unavailable" });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a look at a pillar", () => {
  const commands = (hub: FalseHub) =>
    hub.sent.flatMap(({ message }) =>
      message.channel === "command" ? [message.message.body] : [],
    );
  const kept = async (hub: FalseHub): Promise<string[]> => {
    const types: string[] = [];
    await hub.journal.replay({ snapshot: () => false, fact: ({ type }) => void types.push(type) });
    return types.filter((type) => type.startsWith("look"));
  };
  const look = (hub: FalseHub, purpose: LookPurpose = "check") => {
    const subject = { purpose, pillarId: pillar(0), role: "watch", reason: "a shout" } as const;
    const answer = hub.shell.commands.view({
      ...{ ...subject, sdp: OFFER, by: person("wang") },
      ...SIGNED_IN,
    });
    answerOffers(hub);
    return answer;
  };
  const heard = async (): Promise<FalseHub> => {
    const hub = await newHub();
    const heartbeat = { channel: "heartbeat", message: newHeartbeat({ bootEpoch: 4 }) } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), heartbeat, "mqtt");
    return hub;
  };
  const replies = async (hub: FalseHub, outcome: "done" | "refused", detail = "") => {
    await waitFor(() => expect(commands(hub)).toHaveLength(1));
    const { commandId } = commands(hub)[0]!;
    const message = { v: 1, type: "command-result", commandId, outcome, detail } as const;
    await hub.shell.linkEvents.onMessage(pillar(0), { channel: "report", message }, "mqtt");
  };

  test("is named in the journal before its pillar hears of it, and given when that has opened", async () => {
    const hub = await heard();
    const answer = look(hub);
    await waitFor(() => expect(commands(hub)).toHaveLength(1));
    expect(await kept(hub)).toEqual(["look-opened"]);
    expect(commands(hub)[0]).toMatchObject({
      command: { name: "grant", purpose: "check", seconds: 30 },
      bootEpoch: 4,
    });
    await replies(hub, "done");
    expect(await answer).toMatchObject({ ok: true, sdp: "v=0 answer" });
  });

  test("that the pillar refuses is refused in its words, and its end is kept", async () => {
    const hub = await heard();
    const answer = look(hub);
    const detail = "the lamp cannot be lit: the board does not answer";
    await replies(hub, "refused", detail);
    expect(await answer).toEqual({ ok: false, code: "conflict", detail });
    await waitFor(async () => expect(await kept(hub)).toEqual(["look-opened", "look-closed"]));
  });

  test("of a pillar that was never heard is refused with words", async () => {
    const hub = await newHub();
    expect(await look(hub)).toMatchObject({
      ...{ ok: false, code: "media-unavailable" },
      detail: "pillar-0 has not been heard since it connected",
    });
  });

  test("ends with a press there: its connection, its grant and its entry", async () => {
    const hub = await heard();
    const answer = look(hub, "listen");
    await replies(hub, "done");
    expect(await answer).toMatchObject({ ok: true });
    await hub.press();
    await waitFor(() =>
      expect(commands(hub).at(-1)).toMatchObject({
        command: { name: "end-grant", grantId: (commands(hub)[0]!.command as never)["grantId"] },
      }),
    );
    expect(hub.toMedia.filter(({ type }) => type === "viewer-close")).toHaveLength(1);
    await waitFor(async () => expect(await kept(hub)).toEqual(["look-opened", "look-closed"]));
  });

  test("is granted again while it lasts, and ends when the pillar does not answer", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const hub = await heard();
      const answer = look(hub);
      await replies(hub, "done");
      expect(await answer).toMatchObject({ ok: true });
      vi.advanceTimersByTime(10_000);
      await waitFor(() => expect(commands(hub)).toHaveLength(2));
      const [first, second] = commands(hub);
      expect(second?.command).toEqual(first?.command);
      expect(second?.commandId).not.toBe(first?.commandId);
      await waitFor(async () => expect(await kept(hub)).toEqual(["look-opened", "look-closed"]));
    } finally {
      vi.useRealTimers();
    }
  });
});
