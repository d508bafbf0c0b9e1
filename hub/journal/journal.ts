/**
 * The journal as the shell sees it: facts in, a promise that they are on the disk.
 *
 * While one batch is being committed, everything that arrives waits and becomes the next: the busier the
 * hub, the fewer fsyncs per alarm. A failed commit rejects its batch and everything behind it, and the
 * journal stays shut until `reopen`, because facts decided on top of lost ones are lost with them.
 */
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { assert } from "../../shared/assert.ts";
import { HubEpoch } from "../../shared/ids.ts";
import type { KnownAlarm } from "../core/events.ts";
import type { Fact } from "../core/facts.ts";
import type { Journal, JournalFold } from "../ports.ts";
import { openForReading } from "./database.ts";
import { migrate, queries } from "./queries.ts";
import { findAlarms, replay } from "./replay.ts";
import { compileStatements } from "./statements.ts";
import type { FromWriter, ToWriter } from "./worker.ts";
import type { WriterSettings } from "./writer.ts";

/** Facts in one commit: past this the commit itself would make others wait. */
export const MAX_BATCH_FACTS = 2000;
/** Facts waiting for the disk; past this the disk counts as failed. */
export const MAX_WAITING_FACTS = 100_000;
/** Batches are short-lived and small: a large nursery would only hold memory. */
const NURSERY_MB = 8;
const OPEN_WITHIN_MS = 30_000;
const CLOSE_WITHIN_MS = 5000;

export class JournalFailure extends Error {
  override readonly name = "JournalFailure";
}

interface Waiting {
  readonly order: Extract<ToWriter, { type: "append" | "snapshot" }>;
  readonly done: () => void;
  readonly failed: (error: JournalFailure) => void;
}

interface Desk {
  readonly file: string;
  thread: Worker | undefined;
  reader: DatabaseSync | undefined;
  hubEpoch: HubEpoch | undefined;
  nextIndex: number;
  waiting: Waiting[];
  waitingFacts: number;
  /** What the commit now running carries. */
  inFlight: Waiting[];
  failure: JournalFailure | undefined;
}

/** Opens, creates or brings up to date the journal in `file`. */
export async function openJournal(file: string): Promise<Journal> {
  const desk: Desk = {
    file,
    thread: undefined,
    reader: undefined,
    hubEpoch: undefined,
    nextIndex: 1,
    waiting: [],
    waitingFacts: 0,
    inFlight: [],
    failure: undefined,
  };
  await open(desk, false);
  return {
    hubEpoch: () => HubEpoch.parse(desk.hubEpoch),
    nextIndex: () => desk.nextIndex,
    append: (facts) => append(desk, facts),
    replay: (fold: JournalFold) => replay(readerOf(desk), fold),
    findAlarms: (event): readonly KnownAlarm[] => findAlarms(readerOf(desk), event),
    saveSnapshot: (idx, body) =>
      new Promise((done, failed) => {
        enqueue(desk, { order: { type: "snapshot", idx, body }, done, failed });
      }),
    reopen: () => reopen(desk),
    close: () => close(desk),
  };
}

function readerOf(desk: Desk): DatabaseSync {
  assert(desk.reader, "the journal is closed");
  return desk.reader;
}

function append(desk: Desk, facts: readonly Fact[]): Promise<number> {
  const first = desk.nextIndex;
  desk.nextIndex += facts.length;
  return new Promise((resolve, failed) => {
    const order = { type: "append", first, facts } as const;
    enqueue(desk, { order, done: () => resolve(first), failed });
  });
}

function enqueue(desk: Desk, waiting: Waiting): void {
  if (desk.failure) {
    waiting.failed(desk.failure);
    return;
  }
  desk.waiting.push(waiting);
  desk.waitingFacts += sizeOf(waiting);
  if (desk.waitingFacts > MAX_WAITING_FACTS) {
    fail(desk, `expected the disk to keep up, found ${desk.waitingFacts} facts waiting for it`);
  } else if (desk.inFlight.length === 0) {
    sendNext(desk);
  }
}

const sizeOf = ({ order }: Waiting): number => (order.type === "append" ? order.facts.length : 0);

/** One order to the thread: a snapshot, or as many appends as fit one commit. */
function sendNext(desk: Desk): void {
  const [head, ...rest] = desk.waiting;
  if (!head) return;
  if (head.order.type === "snapshot") {
    desk.inFlight = [head];
    desk.waiting = rest;
    desk.thread?.postMessage(head.order);
    return;
  }
  const batch = takeBatch(desk);
  desk.inFlight = batch;
  const facts = batch.flatMap(({ order }) => (order.type === "append" ? order.facts : []));
  desk.thread?.postMessage({ type: "append", first: head.order.first, facts } satisfies ToWriter);
}

function takeBatch(desk: Desk): Waiting[] {
  let count = 0;
  let size = 0;
  for (const waiting of desk.waiting) {
    const isTooMuch = count > 0 && size + sizeOf(waiting) > MAX_BATCH_FACTS;
    if (waiting.order.type !== "append" || isTooMuch) break;
    count += 1;
    size += sizeOf(waiting);
  }
  desk.waitingFacts -= size;
  return desk.waiting.splice(0, count);
}

function onAnswer(desk: Desk, answer: FromWriter): void {
  if (answer.type === "failed") {
    fail(desk, answer.reason);
    return;
  }
  const finished = desk.inFlight;
  desk.inFlight = [];
  sendNext(desk);
  for (const { done } of finished) done();
}

/** Everything not yet durable is rejected, in order; the thread ends. */
function fail(desk: Desk, reason: string): void {
  if (desk.failure) return;
  const failure = new JournalFailure(`the journal cannot be written: ${reason}`);
  desk.failure = failure;
  const lost = [...desk.inFlight, ...desk.waiting];
  desk.inFlight = [];
  desk.waiting = [];
  desk.waitingFacts = 0;
  for (const { failed } of lost) failed(failure);
}

async function open(desk: Desk, isSuspect: boolean): Promise<void> {
  await migrate(desk.file);
  const reader = openForReading(desk.file);
  const statements = compileStatements(queries(reader));
  const workerData: WriterSettings = { file: desk.file, isSuspect, statements };
  const thread = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MB },
  });
  const opened = await firstAnswer(thread);
  if (opened.type !== "opened") {
    reader.close();
    await thread.terminate();
    const reason = opened.type === "failed" ? opened.reason : opened.type;
    throw new JournalFailure(`the journal cannot be opened: ${reason}`);
  }
  desk.hubEpoch = HubEpoch.parse(opened.hubEpoch);
  desk.nextIndex = opened.headIndex + 1;
  desk.reader = reader;
  desk.thread = thread;
  desk.failure = undefined;
  thread.on("message", (answer: FromWriter) => {
    if (desk.thread === thread) onAnswer(desk, answer);
  });
  thread.on("exit", () => {
    if (desk.thread === thread) fail(desk, "its thread ended");
  });
}

function firstAnswer(thread: Worker): Promise<FromWriter> {
  return new Promise((resolve) => {
    const give = (reason: string): void => resolve({ type: "failed", reason });
    const timer = setTimeout(() => give("its thread did not answer"), OPEN_WITHIN_MS);
    // Without a listener an error in the thread would end the whole hub; `exit` follows it.
    thread.on("error", (error) => give(error instanceof Error ? error.message : String(error)));
    thread.once("exit", () => give("its thread ended"));
    thread.once("message", (answer: FromWriter) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

async function reopen(desk: Desk): Promise<void> {
  assert(desk.failure, "only a failed journal is opened again");
  const { thread } = desk;
  desk.thread = undefined;
  desk.reader?.close();
  desk.reader = undefined;
  await thread?.terminate();
  await open(desk, true);
}

/** Commits what waits, then closes. */
async function close(desk: Desk): Promise<void> {
  const { thread } = desk;
  if (thread && !desk.failure) {
    await new Promise<void>((done) => {
      enqueue(desk, {
        order: { type: "append", first: desk.nextIndex, facts: [] },
        done,
        failed: () => done(),
      });
    });
    desk.thread = undefined;
    await orderClose(thread);
  }
  desk.thread = undefined;
  desk.failure ??= new JournalFailure("the journal is closed");
  desk.reader?.close();
  desk.reader = undefined;
  await thread?.terminate();
}

function orderClose(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_WITHIN_MS);
    thread.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    thread.postMessage({ type: "close" } satisfies ToWriter);
  });
}
