/**
 * Text from outside cannot break a log line, colour a terminal or become a formula in a
 * spreadsheet.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as fc from "fast-check";
import { pino, type Logger } from "pino";
import { expect, test } from "vitest";
import { toCsv } from "../../hub/console/archive/csv.ts";
import { logFacts } from "../../hub/shell/incident-log.ts";
import { IncidentId, PillarId, Username } from "../../shared/ids.ts";
import { plainJsonLine } from "../../shared/text.ts";

const EVIL = [
  'x\r\n{"level":60,"msg":"the hub was broken into"}',
  "\u001B]0;owned\u0007\u001B[2J\u001B[31mred",
  "ok\u202Eko gnihton si sihT\u2066",
  "\u009B31mred\u0085\u2028\u2029",
  '=cmd|"/C calc"!A0',
  "＝HYPERLINK(1)",
  " \t@SUM(1)",
  "+1-1",
];
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function linesOf(work: (log: Logger) => void): string[] {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  work(pino({ level: "trace", hooks: { streamWrite: plainJsonLine } }, stream));
  return lines;
}

test("a text in the hub's log stays in its line and steers no terminal", () => {
  const incidentId = IncidentId.parse("1".repeat(32));
  for (const text of EVIL) {
    const at = 1;
    const by = Username.parse("li");
    const lines = linesOf((log) => {
      log.warn({ username: text, peer: text }, `sign-in refused: ${text}`);
      log.error({ err: new Error(text) }, text);
      logFacts(log, [
        { type: "unit-dispatched", at, incidentId, by, byName: text, unit: text },
        {
          type: "incident-closed",
          at,
          incidentId,
          by,
          byName: text,
          disposition: "test",
          note: text,
        },
        { type: "pillar-cloned", at, pillarId: PillarId.parse("p-1"), detail: text },
      ]);
    });
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      expect(line.endsWith("\n")).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(UNSAFE);
      expect(JSON.parse(line)).toHaveProperty("level");
    }
    expect(JSON.parse(lines[0]!)).toMatchObject({ username: text });
  }
});

test("whatever the text, a line of the log is one line and the same value", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const line = plainJsonLine(JSON.stringify({ text }));
      expect(line).not.toMatch(UNSAFE);
      expect(JSON.parse(line)).toEqual({ text });
    }),
  );
});

test("a cell of an export is never a formula, nor does it turn its row around", () => {
  for (const text of EVIL) {
    const csv = toCsv([["柱", text], [text]]);
    for (const cell of csv.slice(1).split(/\r\n|,(?=["'=＝+@ \t])/)) {
      expect(cell).not.toMatch(/^"?\s*[=＝+＋@＠]/);
    }
    expect(csv.slice(1).replaceAll(/[\r\n]/g, "")).not.toMatch(UNSAFE);
  }
});

test("a setting's text does not break the command line's own errors", () => {
  const main = join(import.meta.dirname, "../../hub/main.ts");
  const name = "\u001B[31mx\u202E";
  const shown = spawnSync(process.execPath, [main, "user", "disable", name], { encoding: "utf8" });
  expect(shown.status).toBe(2);
  for (const sign of ["\u001B", "\u202E"]) expect(shown.stderr).not.toContain(sign);
});
