/**
 * The agent's command line, run as a program: its messages for mistakes, and that no output
 * controls the terminal.
 */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const run = (...words: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, ["device/main.ts", ...words], {
    encoding: "utf8",
    env: { ...process.env, npm_lifecycle_event: "" },
  });
  return { status, stderr };
};

test.each([
  [["enrol"], 2, "expected: anzhu-agent enrol --code <code> [-c <file>]"],
  [["start", "--wat"], 2, "expected: anzhu-agent start [-c <file>] [--plain]"],
  [["doctor", "extra"], 2, "expected: anzhu-agent doctor [-c <file>]"],
  [["strat"], 2, "expected one of the commands start, enrol, doctor"],
])("%j is answered with what was expected", (words, status, expected) => {
  const answer = run(...words);
  expect(answer.status).toBe(status);
  expect(answer.stderr).toMatch(/^error: /);
  expect(answer.stderr).toContain(expected);
});

test.each([
  [["\u001B[31mred\u202E"], 2],
  [["start", "-c", "/none/\u001B[31mred\u202E.yaml"], 78],
])("%j is repeated with its invisible characters made visible", (words, status) => {
  const answer = run(...words);
  expect(answer.status).toBe(status);
  expect(answer.stderr).toContain("␛[31mred‹U+202E›");
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  expect(answer.stderr).not.toMatch(/[\u001B\u202E]/);
});
