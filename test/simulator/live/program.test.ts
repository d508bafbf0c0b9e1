import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLog } from "../../../simulator/live/log-file.ts";
import { ROOT, startProgram } from "../../../simulator/live/program.ts";
import type { Program } from "../../../simulator/live/program.ts";
import { waitFor } from "../../kit/run/wait.ts";

let dir: string;
let program: Program | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "anzhu-program-"));
  program = undefined;
});
afterEach(async () => {
  await program?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A script that says its pid and its own child's pid, and lives on. */
const LIVES = `
const { spawn } = require("node:child_process");
const child = spawn("sleep", ["600"]);
console.log(process.pid + " " + child.pid);
setInterval(() => {}, 1000);`;

function start(script: string, lines: string[] = [], messages: string[] = []): Program {
  const file = join(dir, "program.cjs");
  writeFileSync(file, script);
  program = startProgram({
    name: "program",
    command: [file],
    logPath: join(dir, "program.log"),
    onLine: (line) => lines.push(line),
    onMessage: (text) => messages.push(text),
  });
  return program;
}

function isAlive(pid: number): boolean {
  // A zombie is dead; only its parent has not looked yet.
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

const pidsIn = (line: string | undefined): number[] => (line ?? "").split(" ").map(Number);

test("a program that is killed is started again, and what it had started is ended", async () => {
  const lines: string[] = [];
  const messages: string[] = [];
  const running = start(LIVES, lines, messages);
  await waitFor(() => expect(lines).toHaveLength(1), { timeout: 5000 });
  running.crash();
  await waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
  expect(running.restarts()).toBe(1);
  expect(messages).toEqual([expect.stringMatching(/SIGKILL.*started again/)]);
  await waitFor(() => expect(pidsIn(lines[0]).some(isAlive)).toBe(false));
  await running.stop();
  await waitFor(() => expect(pidsIn(lines[1]).some(isAlive)).toBe(false));
  expect(readFileSync(join(dir, "program.log"), "utf8").split("\n")).toHaveLength(3);
});

test("without power nothing runs, and with power it runs again", async () => {
  const lines: string[] = [];
  const running = start(LIVES, lines);
  await waitFor(() => expect(lines).toHaveLength(1), { timeout: 5000 });
  running.setPower(false);
  await waitFor(() => expect(pidsIn(lines[0]).some(isAlive)).toBe(false));
  expect(running.state()).toBe("off");
  running.setPower(true);
  await waitFor(() => expect(lines).toHaveLength(2), { timeout: 5000 });
});

test("a program that refuses its settings is not tried again", async () => {
  const messages: string[] = [];
  const running = start("process.exit(78)", [], messages);
  await waitFor(() => expect(running.state()).toBe("refused"), { timeout: 5000 });
  expect(messages).toEqual([expect.stringContaining("refuses its settings")]);
});

test("when the simulator itself is killed, its programs end too", async () => {
  writeFileSync(join(dir, "program.cjs"), LIVES);
  const parent = join(dir, "parent.ts");
  const options = JSON.stringify({
    name: "program",
    command: [join(dir, "program.cjs")],
    logPath: join(dir, "program.log"),
  });
  writeFileSync(
    parent,
    `import { startProgram } from ${JSON.stringify(join(ROOT, "simulator/live/program.ts"))};
startProgram({ ...${options}, onLine: console.log, onMessage: console.log });`,
  );
  const simulator = spawn(process.execPath, [parent], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  simulator.stdout.on("data", (text: Buffer) => (said += String(text)));
  await waitFor(() => expect(said).toMatch(/\d+ \d+\n/), { timeout: 5000 });
  simulator.kill("SIGKILL");
  await waitFor(() => expect(pidsIn(said.trim()).some(isAlive)).toBe(false), {
    timeout: 10_000,
  });
});

test("a log that is full begins anew and keeps the one before", () => {
  const path = join(dir, "small.log");
  const log = openLog(path, 10);
  for (const text of ["first line\n", "second line\n", "third"]) log.write(text);
  log.close();
  expect(readFileSync(path, "utf8")).toBe("third");
  expect(readFileSync(`${path}.1`, "utf8")).toBe("second line\n");
});
