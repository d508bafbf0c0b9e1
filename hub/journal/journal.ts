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
import { migrate, queries } from "./read/queries.ts";
import { findAlarms, replay } from "./replay.ts";
import { compileStatements } from "./statements.ts";
import type { FromWriter, ToWriter } from "./worker.ts";
import type { WriterSettings } from "./writer.ts";

/** Facts in one commit: past this the commit itself would make others wait. */
export const MAX_BATCH_FACTS = 2000;
/** Facts waiting for the disk; past this the disk counts as failed. */
export const MAX_WAITING_FACTS = 100_000;
/** Batches are short-lived and small: a large young generation would only hold memory. */
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

interface Appending {
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
  const appending: Appending = {
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
  await open(appending, false);
  return {
    hubEpoch: () => HubEpoch.parse(appending.hubEpoch),
    nextIndex: () => appending.nextIndex,
    append: (facts) => append(appending, facts),
    replay: (fold: JournalFold) => replay(readerOf(appending), fold),
    findAlarms: (event): readonly KnownAlarm[] => findAlarms(readerOf(appending), event),
    saveSnapshot: (idx, body) =>
      new Promise((done, failed) => {
        enqueue(appending, { order: { type: "snapshot", idx, body }, done, failed });
      }),
    reopen: () => reopen(appending),
    close: () => close(appending),
  };
}

function readerOf(appending: Appending): DatabaseSync {
  assert(appending.reader, "the journal is closed");
  return appending.reader;
}

function append(appending: Appending, facts: readonly Fact[]): Promise<number> {
  const first = appending.nextIndex;
  appending.nextIndex += facts.length;
  return new Promise((resolve, failed) => {
    const order = { type: "append", first, facts } as const;
    enqueue(appending, { order, done: () => resolve(first), failed });
  });
}

function enqueue(appending: Appending, waiting: Waiting): void {
  if (appending.failure) {
    waiting.failed(appending.failure);
    return;
  }
  appending.waiting.push(waiting);
  appending.waitingFacts += sizeOf(waiting);
  if (appending.waitingFacts > MAX_WAITING_FACTS) {
    fail(
      appending,
      `expected the disk to keep up, found ${appending.waitingFacts} facts waiting for it`,
    );
  } else if (appending.inFlight.length === 0) {
    sendNext(appending);
  }
}

const sizeOf = ({ order }: Waiting): number => (order.type === "append" ? order.facts.length : 0);

/** One order to the thread: a snapshot, or as many appends as fit one commit. */
function sendNext(appending: Appending): void {
  const [head, ...rest] = appending.waiting;
  if (!head) return;
  if (head.order.type === "snapshot") {
    appending.inFlight = [head];
    appending.waiting = rest;
    appending.thread?.postMessage(head.order);
    return;
  }
  const batch = takeBatch(appending);
  appending.inFlight = batch;
  const facts = batch.flatMap(({ order }) => (order.type === "append" ? order.facts : []));
  appending.thread?.postMessage({
    type: "append",
    first: head.order.first,
    facts,
  } satisfies ToWriter);
}

function takeBatch(appending: Appending): Waiting[] {
  let count = 0;
  let size = 0;
  for (const waiting of appending.waiting) {
    const isTooMuch = count > 0 && size + sizeOf(waiting) > MAX_BATCH_FACTS;
    if (waiting.order.type !== "append" || isTooMuch) break;
    count += 1;
    size += sizeOf(waiting);
  }
  appending.waitingFacts -= size;
  return appending.waiting.splice(0, count);
}

function onAnswer(appending: Appending, answer: FromWriter): void {
  if (answer.type === "failed") {
    fail(appending, answer.reason);
    return;
  }
  const finished = appending.inFlight;
  appending.inFlight = [];
  sendNext(appending);
  for (const { done } of finished) done();
}

/** Everything not yet durable is rejected, in order; the thread ends. */
function fail(appending: Appending, reason: string): void {
  if (appending.failure) return;
  const failure = new JournalFailure(`the journal cannot be written: ${reason}`);
  appending.failure = failure;
  const lost = [...appending.inFlight, ...appending.waiting];
  appending.inFlight = [];
  appending.waiting = [];
  appending.waitingFacts = 0;
  for (const { failed } of lost) failed(failure);
}

async function open(appending: Appending, isSuspect: boolean): Promise<void> {
  await migrate(appending.file);
  const reader = openForReading(appending.file);
  const statements = compileStatements(queries(reader));
  const workerData: WriterSettings = { file: appending.file, isSuspect, statements };
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
  appending.hubEpoch = HubEpoch.parse(opened.hubEpoch);
  appending.nextIndex = opened.headIndex + 1;
  appending.reader = reader;
  appending.thread = thread;
  appending.failure = undefined;
  thread.on("message", (answer: FromWriter) => {
    if (appending.thread === thread) onAnswer(appending, answer);
  });
  thread.on("exit", () => {
    if (appending.thread === thread) fail(appending, "its thread ended");
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

async function reopen(appending: Appending): Promise<void> {
  assert(appending.failure, "only a failed journal is opened again");
  const { thread } = appending;
  appending.thread = undefined;
  appending.reader?.close();
  appending.reader = undefined;
  await thread?.terminate();
  await open(appending, true);
}

/** Commits what waits, then closes. */
async function close(appending: Appending): Promise<void> {
  const { thread } = appending;
  if (thread && !appending.failure) {
    await new Promise<void>((done) => {
      enqueue(appending, {
        order: { type: "append", first: appending.nextIndex, facts: [] },
        done,
        failed: () => done(),
      });
    });
    appending.thread = undefined;
    await orderClose(thread);
  }
  appending.thread = undefined;
  appending.failure ??= new JournalFailure("the journal is closed");
  appending.reader?.close();
  appending.reader = undefined;
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
