import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { IncidentPage, IncidentQuery, Recording } from "../../../../shared/api/incident.ts";
import { Timeline } from "../../../../shared/api/timeline.ts";
import { PillarPage } from "../../../../shared/api/pillar.ts";
import { ServerEvent } from "../../../../shared/api/event.ts";
import type { Fact } from "../../../../hub/core/facts.ts";
import { openJournal } from "../../../../hub/journal/journal.ts";
import { MAX_REPLAYED_FACTS, openReads } from "../../../../hub/journal/read/reads.ts";
import { hex, pillar, START } from "../../../kit/core/hub-core-street.ts";
import { tempDir } from "../../../kit/journal/directory.ts";
import { closed, incidentOf, press, registered } from "../../../kit/journal/press.ts";

async function withFacts(...facts: Fact[][]) {
  const dataDir = tempDir();
  const file = join(dataDir, "journal.db");
  const journal = await openJournal(file);
  for (const batch of facts) await journal.append(batch);
  const reads = openReads({ file, dataDir, heardAt: () => START + 5000 });
  onTestFinished(async () => {
    reads.close();
    await journal.close();
  });
  return { journal, reads, dataDir };
}

const query = (given: object) => IncidentQuery.parse(given);

describe("incidents", () => {
  test("are listed newest first, page by page, without a gap or a repetition", async () => {
    const presses = Array.from({ length: 25 }, (_, n) => press(n + 1));
    const { reads } = await withFacts([registered()], ...presses);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: IncidentPage = IncidentPage.parse(
        await reads.incidents(query({ limit: 10, ...(cursor ? { cursor } : {}) })),
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor);
    expect(seen).toEqual(presses.map((_, n) => incidentOf(25 - n)));
  });

  test("are those of the pillars that somebody may see, and events say where they lie", async () => {
    const lost: Fact = { type: "grid-lost", at: START, grid: "g", count: 3 };
    const { reads } = await withFacts(
      [registered(0), registered(1)],
      [...press(1, 0), ...press(2, 1), ...press(3, 0), lost],
    );
    const ids = async (...of: number[]) =>
      (await reads.incidents(query({}), of.map(pillar))).items.map(({ id }) => id);
    expect(await ids(0)).toEqual([incidentOf(3), incidentOf(1)]);
    expect(await ids(1)).toEqual([incidentOf(2)]);
    expect(await ids(0, 1)).toHaveLength(3);
    expect(await ids()).toEqual([]);
    const events = (await reads.eventsAfter(0, 100)) ?? [];
    const placed = events.filter((one) => one.event.type === "incident");
    expect(placed.map(({ pillarId }) => pillarId)).toEqual([pillar(0), pillar(1), pillar(0)]);
    const news = events.filter((one) => one.event.type === "notification");
    expect(news.map(({ grid }) => grid)).toEqual(["g"]);
  });

  test("are filtered by state, pillar and time", async () => {
    const { reads } = await withFacts(
      [registered(0), registered(1)],
      [...press(1, 0), ...press(2, 1), ...press(3, 0), closed(3)],
    );
    const ids = async (given: object) =>
      (await reads.incidents(query(given))).items.map(({ id }) => id);
    expect(await ids({ state: "active" })).toEqual([incidentOf(2), incidentOf(1)]);
    expect(await ids({ state: "closed" })).toEqual([incidentOf(3)]);
    expect(await ids({ pillarId: pillar(1) })).toEqual([incidentOf(2)]);
    expect(await ids({ from: new Date(START - 98).toISOString() })).toEqual([
      incidentOf(3),
      incidentOf(2),
    ]);
    expect(await ids({ to: new Date(START - 98).toISOString() })).toEqual([incidentOf(1)]);
  });

  test("are asked for with a cursor of an earlier answer, or not at all", () => {
    for (const cursor of ["'; drop table journal", "", "-1", "1.5", "1e3", "0x1", "9".repeat(16)]) {
      expect(IncidentQuery.safeParse({ cursor }).error?.issues[0]?.message).toBe(
        "expected the `next` of an earlier answer",
      );
    }
  });

  test("carry the pillar's name and, closed, the words they were closed with", async () => {
    const { reads } = await withFacts([registered(), ...press(1), closed(1)]);
    expect(await reads.incident(incidentOf(1))).toMatchObject({
      pillarName: "门 0",
      state: "closed",
      disposition: "resolved",
      note: "回家了",
    });
    expect(await reads.incident(incidentOf(9))).toBeUndefined();
  });

  test("have a timeline of their facts", async () => {
    const { reads } = await withFacts([registered(), ...press(1), ...press(2), closed(1)]);
    const timeline = Timeline.parse(await reads.timeline(incidentOf(1)));
    expect(timeline.items.map(({ type, index }) => [index, type])).toEqual([
      [2, "alarm-recorded"],
      [3, "incident-opened"],
      [4, "deadline-set"],
      [8, "incident-closed"],
    ]);
    expect(timeline.items.at(-1)).toMatchObject({
      byName: "王芳",
      detail: { kind: "close", disposition: "resolved", note: "回家了" },
    });
    expect(await reads.timeline(incidentOf(9))).toBeUndefined();
  });
});

test("a pillar was last seen when it was last heard, not when its presence changed", async () => {
  const { reads } = await withFacts([registered()]);
  const page = PillarPage.parse({ items: await reads.pillars(), next: null });
  expect(page.items[0]).toMatchObject({ lastSeenAt: new Date(START + 5000).toISOString() });
});

test("a name longer than any may be, in an older fact, is clipped and costs no list", async () => {
  const name = `${"x".repeat(79)}\u{1F6A8}${"y".repeat(40)}`;
  const long = { ...registered(), name, address: "a".repeat(5000) } as Fact;
  const { reads } = await withFacts([long, registered(1)]);
  const page = PillarPage.parse({ items: await reads.pillars(), next: null });
  expect(page.items.map((one) => one.name)).toEqual(["x".repeat(79), "门 1"]);
  expect(page.items[0]?.address).toHaveLength(200);
});

test("a recording is found with the path of its file", async () => {
  const recordingId = hex(7) as never;
  const of = { incidentId: incidentOf(1), recordingId };
  const { reads, dataDir } = await withFacts(
    [registered(), ...press(1)],
    [{ type: "recording-started", at: START, ...of, pillarId: pillar(0) }],
    [
      {
        type: "recording-ended",
        at: START + 5000,
        ...of,
        state: "closed",
        durationMs: 4900,
        bytes: 12,
      },
    ],
  );
  const found = await reads.recording(recordingId);
  expect(found?.path).toBe(join(dataDir, "recordings/2026-11-23", `${hex(7)}.mp4`));
  expect(Recording.parse(found)).toMatchObject({ state: "closed", durationMs: 4900 });
  expect(await reads.recordings(incidentOf(1))).toHaveLength(1);
});

describe("console events", () => {
  test("after an index are one per subject, under the index of its last change", async () => {
    const { reads } = await withFacts([registered()], press(1), press(2), [closed(1)]);
    const events = (await reads.eventsAfter(1, 100)) ?? [];
    for (const { event } of events) ServerEvent.parse(event);
    expect(events.map(({ index, event }) => [index, event.type])).toEqual([
      [7, "incident"],
      [8, "incident"],
    ]);
    expect(events[1]?.event).toMatchObject({ incident: { state: "closed" } });
    expect(await reads.eventsAfter(8, 100)).toEqual([]);
  });

  test("too far back, or after an index this journal never had, ask for a reload", async () => {
    const { reads, journal } = await withFacts([registered()], press(1));
    expect(await reads.eventsAfter(99, 100)).toBeUndefined();
    const notes: Fact[] = Array.from({ length: MAX_REPLAYED_FACTS }, () => ({
      type: "incident-noted",
      at: START,
      incidentId: incidentOf(1),
      by: "wang" as never,
      byName: "王芳",
      text: "x",
    }));
    await journal.append(notes);
    expect(await reads.eventsAfter(1, 100)).toBeUndefined();
    expect(await reads.eventsAfter(4, 100)).toHaveLength(1);
  });
});
