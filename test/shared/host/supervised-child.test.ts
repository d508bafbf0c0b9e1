import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { milliseconds } from "../../../shared/duration.ts";
import { superviseChild, type SupervisedChild } from "../../../shared/host/supervised-child.ts";
import { tempDir } from "../../kit/journal/directory.ts";
import { waitFor } from "../../kit/run/wait.ts";

type Out = { readonly type: "ping" | "shutdown" | "die" | "hang" };
type In = { readonly type: "ready" | "pong" };

/** Does what it is told. */
const CHILD = `
  process.on("message", ({ type }) => {
    if (type === "ping") process.send({ type: "pong" });
    if (type === "shutdown") process.exit(0);
    if (type === "die") process.exit(3);
    if (type === "hang") for (;;);
  });
  process.send({ type: "ready" });
`;

let child: SupervisedChild<Out>;
let heard: string[];
let ends: string[];
let troubles: string[];

beforeEach(() => {
  heard = [];
  ends = [];
  troubles = [];
  const entry = join(tempDir(), "child.mjs");
  writeFileSync(entry, CHILD);
  child = superviseChild<Out, In>({
    entry,
    ...{ ping: { type: "ping" }, shutdown: { type: "shutdown" } },
    start: { idleMs: 20_000, mostMs: 60_000 },
    ...{ pingMs: 50, silentMs: 1000, steadyMs: 10_000, closeMs: 2000 },
    restart: { first: milliseconds(10), most: milliseconds(20) },
    onMessage: ({ type }) => heard.push(type),
    onTrouble: (text) => troubles.push(text),
    onEnded: (why) => ends.push(why),
  });
});
afterEach(() => child.close());

const untilReady = (times: number): Promise<void> =>
  waitFor(() => expect(heard).toEqual(Array(times).fill("ready")), { timeout: 20_000 });

test("a child that ends is followed by another, until it is closed", async () => {
  child.start();
  await untilReady(1);
  const first = child.pid();
  expect(child.send({ type: "die" })).toBe(true);
  await untilReady(2);
  expect(child.pid()).not.toBe(first);
  await child.close();
  expect([ends, child.pid(), child.send({ type: "ping" })]).toEqual([
    ["exit code 3"],
    undefined,
    false,
  ]);
});

test("a child that answers no ping is killed, and another follows", async () => {
  child.start();
  await untilReady(1);
  child.send({ type: "hang" });
  await untilReady(2);
  expect(troubles[0]).toContain("is silent for 1000 ms: killed");
  expect(ends).toEqual(["SIGKILL"]);
});

test("a child that could not even be started is tried again", async () => {
  const { execPath } = process;
  onTestFinished(() => void (process.execPath = execPath));
  process.execPath = "/nowhere/node";
  child.start();
  await waitFor(() => expect(ends.length).toBeGreaterThan(1), { timeout: 20_000 });
  expect(ends[0]).toContain("ENOENT");
  process.execPath = execPath;
  await untilReady(1);
});
