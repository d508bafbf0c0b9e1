import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCsv } from "../../hub/console/archive/csv.ts";
import {
  filterFromQuery,
  matchesText,
  queryFromFilter,
  requestFromFilter,
} from "../../hub/console/archive/filter.ts";
import { foldLines } from "../../hub/console/archive/fold.ts";
import { marksOf } from "../../hub/console/archive/recording/marks.ts";
import { fleetFilterFromQuery, fleetRows } from "../../hub/console/fleet/filter.ts";
import { Recording } from "../../shared/api/incident.ts";
import { at, entry, idOf, incident, pillar } from "../kit/console/incidents.ts";

describe("CSV", () => {
  test("quotes what would break a line, and begins so that Excel reads Chinese", () => {
    expect(toCsv([["柱", 'a "b"', "c,d", "e\nf"]])).toBe('\uFEFF柱,"a ""b""","c,d","e\nf"\r\n');
  });

  test("no cell begins like a formula", () => {
    fc.assert(
      fc.property(fc.constantFrom("=", "+", "-", "@", "\t"), fc.string(), (sign, rest) => {
        expect(toCsv([[sign + rest]]).slice(1)).toMatch(/^"?'/);
      }),
    );
  });
});

describe("the history's filters", () => {
  test("whatever stands in the address is a filter or none", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), (query) => {
        const filter = filterFromQuery(query);
        expect(filterFromQuery(queryFromFilter(filter))).toEqual(filter);
      }),
    );
  });

  test("a day begins and ends in the desk's own time zone, both days included", () => {
    const request = requestFromFilter(filterFromQuery({ from: "2026-11-23", to: "2026-11-23" }));
    const from = new Date(request["from"] ?? "");
    const to = new Date(request["to"] ?? "");
    expect([from.getDate(), from.getHours(), from.getMinutes()]).toEqual([23, 0, 0]);
    expect([to.getDate(), to.getHours(), to.getMinutes()]).toEqual([24, 0, 0]);
  });

  test("words are found in the names a row shows, whatever their case", () => {
    const row = incident(1, { pillarName: "新街口 Gate", ownerName: "王警官" });
    expect(["新街", "gate", "王", " "].map((text) => matchesText(row, text))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(matchesText(row, "火车站")).toBe(false);
  });
});

describe("marks on a recording", () => {
  const recording = Recording.parse({
    id: idOf(1),
    incidentId: idOf(2),
    startedAt: at(0),
    endedAt: at(20_000),
    durationMs: 20_000,
    bytes: 1,
    state: "closed",
    mediaType: "video/mp4",
    deletion: null,
    gaps: null,
    cameras: null,
  });

  test("lie where their moments are", () => {
    const marks = marksOf(
      [entry("incident-answered", 5000), entry("incident-closed", 20_000)],
      recording,
      incident(0),
    );
    expect(marks).toEqual([
      { name: "answered", atMs: 5000, share: 0.25 },
      { name: "closed", atMs: 20_000, share: 1 },
    ]);
  });

  test("the press lies at the beginning though the recording began after it", () => {
    const marks = marksOf([entry("incident-opened", 900)], recording, { pressedAt: at(-800) });
    expect(marks).toEqual([{ name: "pressed", atMs: 0, share: 0 }]);
  });

  test("moments of another recording of the incident are left out", () => {
    expect(marksOf([entry("incident-closed", 600_000)], recording, incident(0))).toEqual([]);
  });

  test("a recording without a length has no marks", () => {
    const running = { ...recording, durationMs: null };
    expect(marksOf([entry("incident-answered", 1)], running, incident(0))).toEqual([]);
  });
});

describe("the story of an incident", () => {
  test("what escalates again and again is one line with how often", () => {
    const again = [1, 2, 3].map((n) => entry("deadline-passed", n * 10_000));
    const lines = foldLines([entry("incident-opened", 0), ...again], false);
    expect(lines.map((line) => [line.entry.type, line.times])).toEqual([
      ["incident-opened", 1],
      ["deadline-passed", 3],
    ]);
  });

  test("who watched is in the record, and not on the desk", () => {
    const watched = [entry("view-opened", 1)];
    expect(foldLines(watched, false)).toEqual([]);
    expect(foldLines(watched, true)).toHaveLength(1);
  });
});

describe("the fleet", () => {
  const fleet = [
    pillar(1),
    pillar(2, { presence: "lost" }),
    pillar(3, { faults: ["camera-lost"] }),
    pillar(4, { presence: "out-of-service" }),
  ];
  const names = (query: Record<string, string>): number[] =>
    fleetRows(fleet, fleetFilterFromQuery(query)).map(({ id }) => Number(id.slice(7)));

  test("what cannot call comes first, what is out of service last", () => {
    expect(names({})).toEqual([2, 3, 1, 4]);
  });

  test("filters by fault, by absence and by words", () => {
    expect(names({ state: "faulty" })).toEqual([3]);
    expect(names({ state: "offline" })).toEqual([2, 4]);
    expect(names({ q: "PILLAR-1" })).toEqual([1]);
    expect(names({ state: "nonsense" })).toHaveLength(4);
  });
});
