/**
 * A journal with absurd numbers in old facts, or with unreadable rows: everything else is still
 * served.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { ServerEvent } from "../../../shared/api/event.ts";
import { IncidentPage, IncidentQuery, RecordingPage } from "../../../shared/api/incident.ts";
import { Timeline } from "../../../shared/api/timeline.ts";
import { PillarPage } from "../../../shared/api/pillar.ts";
import type { Fact } from "../../../hub/core/facts.ts";
import { openJournal } from "../../../hub/journal/journal.ts";
import { openReads, type DamagedRow } from "../../../hub/journal/read/reads.ts";
import { iso } from "../../../shared/iso.ts";
import { hex, pillar, START } from "../../kit/core/hub-core-street.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { incidentOf, press, registered } from "../../kit/journal/press.ts";

const query = (given: object = {}) => IncidentQuery.parse(given);

async function withFacts(facts: Fact[], spoil: (database: DatabaseSync) => void = () => {}) {
  const dataDir = tempDir();
  const file = join(dataDir, "journal.db");
  const journal = await openJournal(file);
  await journal.append(facts);
  const database = new DatabaseSync(file);
  spoil(database);
  database.close();
  const damaged: DamagedRow[] = [];
  const onDamaged = (row: DamagedRow): void => void damaged.push(row);
  const reads = openReads({ file, dataDir, heardAt: () => undefined, onDamaged });
  onTestFinished(async () => {
    reads.close();
    await journal.close();
  });
  return { reads, damaged };
}

function absurd(seq: number, pressedAt: number): Fact[] {
  return press(seq).map((fact) =>
    fact.type === "incident-opened" || fact.type === "alarm-recorded"
      ? { ...fact, pressedAt }
      : fact,
  );
}

describe("a fact with an absurd time", () => {
  test.each([-9_005_422_000_000_000, -68_236_000_000_000, 8.7e15])(
    "does not cost the lists, the timeline or the events (%f)",
    async (pressedAt) => {
      const facts = [registered(), ...press(1), ...absurd(2, pressedAt), ...press(3)];
      const { reads, damaged } = await withFacts(facts);
      const page = IncidentPage.parse(await reads.incidents(query()));
      expect(page.items.map(({ id }) => id)).toEqual([3, 2, 1].map(incidentOf));
      expect(page.items[1]?.pressedAt).toBe(new Date(START + 2).toISOString());
      expect(Timeline.parse(await reads.timeline(incidentOf(2))).items).toHaveLength(3);
      const events = (await reads.eventsAfter(0, 100)) ?? [];
      for (const { event } of events) ServerEvent.parse(event);
      expect(events.filter(({ event }) => event.type === "incident")).toHaveLength(3);
      expect(damaged).toEqual([]);
    },
  );

  test("is bounded where an older hub's row is read, too", async () => {
    const { reads } = await withFacts([registered(), ...press(1)], (database) =>
      database.exec(
        "update incident set pressed_at = -9e15, body = json_set(body, '$.pressedAt', -9.0e15)",
      ),
    );
    const page = IncidentPage.parse(await reads.incidents(query()));
    expect(page.items[0]?.pressedAt).toBe(new Date(START + 1).toISOString());
  });
});

describe("a row that cannot be read", () => {
  test.each(["{", '{"id":7}', '"text"', "null", '{"state":"open","priority":9}'])(
    "of an incident is shown as damaged in its place, counted, and the others are whole (%s)",
    async (body) => {
      const facts = [registered(), ...press(1), ...press(2), ...press(3)];
      const { reads, damaged } = await withFacts(facts, (database) =>
        database.prepare("update incident set body = ? where id = ?").run(body, incidentOf(2)),
      );
      const page = IncidentPage.parse(await reads.incidents(query({ state: "active" })));
      expect(page.items.map(({ id, isDamaged }) => [id, isDamaged])).toEqual([
        [incidentOf(3), undefined],
        [incidentOf(2), true],
        [incidentOf(1), undefined],
      ]);
      expect(page.items[1]).toMatchObject({ pillarId: pillar(0), state: "open", priority: 1 });
      expect(damaged).toEqual([
        { kind: "incident", id: incidentOf(2), reason: expect.any(String) as string },
      ]);
      const events = (await reads.eventsAfter(0, 100)) ?? [];
      for (const { event } of events) ServerEvent.parse(event);
      expect(events.filter(({ event }) => event.type === "incident")).toHaveLength(3);
    },
  );

  test("of a pillar is shown as damaged, and the others are whole", async () => {
    const { reads, damaged } = await withFacts([registered(0), registered(1)], (database) =>
      database.prepare("update pillar set body = '{}' where id = ?").run(pillar(0)),
    );
    const page = PillarPage.parse({ items: await reads.pillars(), next: null });
    expect(page.items.map(({ id, isDamaged }) => [id, isDamaged])).toEqual([
      [pillar(0), true],
      [pillar(1), undefined],
    ]);
    expect(damaged[0]).toMatchObject({ kind: "pillar", id: pillar(0) });
  });

  test("of a recording is left out of its list and counted", async () => {
    const recording = (n: number): Fact => ({
      type: "recording-started",
      at: START,
      incidentId: incidentOf(1),
      recordingId: hex(n) as never,
      pillarId: pillar(0),
    });
    const { reads, damaged } = await withFacts(
      [registered(), ...press(1), recording(7), recording(8)],
      (database) => database.prepare("update recording set body = '[]' where id = ?").run(hex(7)),
    );
    const items = [...(await reads.recordings(incidentOf(1)))];
    expect(RecordingPage.parse({ items, next: null }).items.map(({ id }) => id)).toEqual([hex(8)]);
    expect(damaged[0]).toMatchObject({ kind: "recording", id: hex(7) });
    expect(await reads.recording(hex(7) as never)).toBeUndefined();
  });

  test("of the journal is a line of the timeline that says so, and an event that says so", async () => {
    const { reads, damaged } = await withFacts([registered(), ...press(1)], (database) => {
      database.exec("drop trigger journal_keeps_words");
      database.exec("update journal set body = '{' where type = 'incident-opened'");
    });
    const timeline = Timeline.parse(await reads.timeline(incidentOf(1)));
    expect(timeline.items.map(({ type }) => type)).toEqual([
      "alarm-recorded",
      "damaged",
      "deadline-set",
    ]);
    expect(damaged[0]).toMatchObject({ kind: "fact", id: "3" });
    const events = (await reads.eventsAfter(0, 100)) ?? [];
    expect(events.map(({ event }) => event.type)).toEqual(["pillar", "incident"]);
  });
});

test("any number has a time that can be written", () => {
  const numbers = [
    0,
    -1,
    8.64e15,
    -8.64e15,
    9e15,
    -9e15,
    Number.NaN,
    Infinity,
    253_402_300_800_000,
  ];
  for (const at of numbers) expect(iso(at)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(iso(START)).toBe(new Date(START).toISOString());
});
