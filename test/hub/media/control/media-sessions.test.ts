import { pino } from "pino";
import { expect, test } from "vitest";
import { DEFAULT_ESCALATION } from "../../../../hub/core/incident/escalation.ts";
import { DEFAULT_PRIORITY } from "../../../../hub/core/incident/priority-settings.ts";
import type { IncidentRecord } from "../../../../hub/core/state/incident-record.ts";
import type { IncidentId } from "../../../../shared/ids.ts";
import type { AboutPillar } from "../../../../hub/media/ipc.ts";
import type { MediaNews, MediaPort } from "../../../../hub/ports.ts";
import { MAX_VIEWS_OF_ONE } from "../../../../hub/core/view/view.ts";
import { createViews } from "../../../../hub/media/control/media-sessions.ts";
import type { Role } from "../../../../shared/api/session.ts";
import { person } from "../../../kit/hub/shell-on-doubles.ts";

const INCIDENT = { id: "1".repeat(32), pillarId: "pillar-0", state: "open", kind: "voice" };

const SETTINGS = {
  escalation: DEFAULT_ESCALATION,
  priority: DEFAULT_PRIORITY,
  maxOpen: 100,
  mediaProcesses: 1,
};

function newViews(of: Partial<typeof INCIDENT> = {}) {
  const sent: AboutPillar[] = [];
  const media: Pick<MediaPort, "send"> = {
    send: (message: AboutPillar) => {
      sent.push(message);
      if (message.type !== "viewer-offer") return;
      const { sessionId } = message;
      setImmediate(() =>
        views.onMedia({ type: "viewer-answer", sessionId, sdp: "v=0" } as MediaNews),
      );
    },
  };
  const incidents = new Map([
    [INCIDENT.id as IncidentId, { ...INCIDENT, ...of } as unknown as IncidentRecord],
  ]);
  const views = createViews({
    media: media as MediaPort,
    maxViewers: 100,
    grants: { grant: async () => ({ ok: true, detail: "" }), endGrant: () => undefined },
    state: () => ({
      ...{ incidents, closed: new Map(), openByKey: new Map(), pillars: new Map() },
      settings: SETTINGS,
    }),
    record: async () => {},
    log: pino({ enabled: false }),
  });
  const offer = (who: string, role?: Role) =>
    views.open({
      ...{
        purpose: "call",
        incidentId: INCIDENT.id,
        role: "watch",
        sdp: "v=0",
        by: person(who, role),
      },
    } as Parameters<typeof views.open>[0]);
  return { views, sent, offer };
}

test("130 offers of one person take that person's places, and everybody else is served", async () => {
  const { offer, sent } = newViews();
  const answers = await Promise.all(Array.from({ length: 130 }, () => offer("hostile")));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(MAX_VIEWS_OF_ONE);
  const codes = new Set(answers.flatMap((answer) => (answer.ok ? [] : [answer.code])));
  expect(codes).toEqual(new Set(["too-many-windows"]));
  expect(sent).toHaveLength(MAX_VIEWS_OF_ONE);
  const others = await Promise.all(["wang", "li", "zhao"].map((who) => offer(who)));
  expect(others.map(({ ok }) => ok)).toEqual([true, true, true]);
});

test("offers that end at once are paced, because each costs the media process a connection", async () => {
  const { views, offer } = newViews();
  let served = 0;
  const codes = new Set<string>();
  for (let n = 0; n < 60; n += 1) {
    const answer = await offer("hostile");
    if (answer.ok) {
      served += 1;
      views.close(answer.sessionId);
    } else codes.add(answer.code);
  }
  expect([...codes]).toEqual(["too-many-requests"]);
  expect(served).toBeGreaterThanOrEqual(24);
  expect(served).toBeLessThan(30);
  expect((await offer("wang")).ok).toBe(true);
});

test.each(["technician", "admin"] as const)("a %s watches no call, and no test", async (role) => {
  for (const kind of ["voice", "silent", "test"]) {
    const { offer, sent } = newViews({ kind });
    const detail = `expected an operator or a supervisor, found a ${role}`;
    expect(await offer("zhao", role)).toEqual({ ok: false, code: "forbidden", detail });
    expect(sent).toEqual([]);
  }
});
