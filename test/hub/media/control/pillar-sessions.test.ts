import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FromMedia } from "../../../../hub/media/ipc.ts";
import { newSessions, type Sessions } from "../../../../hub/media/control/pillar-sessions.ts";
import type { MediaSessionId, PillarId } from "../../../../shared/ids.ts";

let sessions: Sessions;
let said: string[];
const send = (message: Extract<FromMedia, { type: "pillar-signal" }>): void => {
  said.push(`${message.pillarId} ${message.signal.sessionId} ${message.signal.type}`);
};
const tell = (pillarId: string, sessionId: string, type: "offer" | "bye"): void => {
  const base = { v: 1, sessionId: sessionId as MediaSessionId } as const;
  const signal =
    type === "offer" ? { ...base, type, sdp: "v=0" } : { ...base, type, reason: "over" };
  sessions.toMedia({ type: "pillar-signal", pillarId: pillarId as PillarId, signal });
};

beforeEach(() => {
  vi.useFakeTimers();
  sessions = newSessions();
  said = [];
});
afterEach(() => vi.useRealTimers());

test("when media starts anew, every pillar that was connected is told bye, and no other", () => {
  tell("p-1", "a", "offer");
  tell("p-1", "b", "offer");
  tell("p-2", "c", "offer");
  tell("p-3", "d", "offer");
  tell("p-3", "d", "bye");
  sessions.toMedia({ type: "pillar-gone", pillarId: "p-4" as PillarId });
  sessions.over();
  tell("p-2", "e", "offer");
  sessions.sayBye(send);
  expect(said).toEqual(["p-1 b bye"]);
  sessions.sayBye(send);
  expect(said).toHaveLength(1);
});

test("thousands are told one hundred at a time", () => {
  for (let n = 0; n < 1000; n += 1) tell(`p-${n}`, `s-${n}`, "offer");
  sessions.over();
  sessions.sayBye(send);
  expect(said).toHaveLength(100);
  vi.advanceTimersByTime(1000);
  expect(said).toHaveLength(1000);
});

test("a bye of the media process to an older session leaves the newer one known", () => {
  tell("p-1", "a", "offer");
  tell("p-1", "b", "offer");
  const signal = { v: 1, sessionId: "a" as MediaSessionId, type: "bye", reason: "" } as const;
  sessions.fromMedia({ type: "pillar-signal", pillarId: "p-1" as PillarId, signal });
  sessions.over();
  sessions.sayBye(send);
  expect(said).toEqual(["p-1 b bye"]);
});
