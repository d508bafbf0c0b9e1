/**
 * The journal as the shell sees it: facts in, a promise that they are on the disk.
 *
 * While one batch is being committed, everything that arrives waits and becomes the next: the
 * busier the hub, the fewer fsyncs per alarm. A failed commit rejects its batch and everything
 * behind it, and the journal stays shut until `reopen`, because facts decided on top of lost ones
 * are lost with them.
 */
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { assert } from "../../shared/assert.ts";
import { HubEpoch, type CellId } from "../../shared/ids.ts";
import type { Fact } from "../core/facts.ts";
import type { JournalFold } from "../core/refold.ts";
import type { Journal } from "../ports.ts";
import { openForReading, openShaped } from "../../shared/host/sqlite.ts";
import { queries } from "./read/queries.ts";
import { JOURNAL_SHAPE } from "./schema.ts";
import { findAlarms, identityFacts, replay } from "./replay.ts";
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

interface QueuedMessage {
  readonly message: Extract<ToWriter, { type: "append" | "snapshot" }>;
  readonly done: () => void;
  readonly failed: (error: JournalFailure) => void;
}

interface WriterState {
  readonly file: string;
  readonly cell: CellId;
  thread: Worker | undefined;
  reader: DatabaseSync | undefined;
  hubEpoch: HubEpoch | undefined;
  nextIndex: number;
  waiting: QueuedMessage[];
  waitingFacts: number;
  /** What the commit now running carries. */
  inFlight: QueuedMessage[];
  failure: JournalFailure | undefined;
}

/** What a journal is called where nobody says otherwise. */
export const FIRST_CELL = "1" as CellId;

/** Opens, creates or brings up to date the journal in `file`; one of another cell is refused. */
export async function openJournal(file: string, cell = FIRST_CELL): Promise<Journal> {
  const writer: WriterState = {
    file,
    cell,
    thread: undefined,
    reader: undefined,
    hubEpoch: undefined,
    nextIndex: 1,
    waiting: [],
    waitingFacts: 0,
    inFlight: [],
    failure: undefined,
  };
  await open(writer, false);
  return {
    cell: () => cell,
    hubEpoch: () => HubEpoch.parse(writer.hubEpoch),
    nextIndex: () => writer.nextIndex,
    append: (facts) => append(writer, facts),
    replay: (fold: JournalFold) => later(() => replay(readerOf(writer), fold)),
    findAlarms: (event) => later(() => findAlarms(readerOf(writer), event)),
    identityFacts: () => later(() => identityFacts(readerOf(writer))),
    saveSnapshot: (idx, body) =>
      new Promise((done, failed) => {
        enqueue(writer, { message: { type: "snapshot", idx, body }, done, failed });
      }),
    reopen: () => reopen(writer),
    close: () => close(writer),
  };
}

/** SQLite answers at once; whoever asks does not count on it. */
const later = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));

function readerOf(writer: WriterState): DatabaseSync {
  assert(writer.reader, "the journal is closed");
  return writer.reader;
}

function append(writer: WriterState, facts: readonly Fact[]): Promise<number> {
  const first = writer.nextIndex;
  writer.nextIndex += facts.length;
  return new Promise((resolve, failed) => {
    const message = { type: "append", first, facts } as const;
    enqueue(writer, { message, done: () => resolve(first), failed });
  });
}

function enqueue(writer: WriterState, waiting: QueuedMessage): void {
  if (writer.failure) {
    waiting.failed(writer.failure);
    return;
  }
  writer.waiting.push(waiting);
  writer.waitingFacts += sizeOf(waiting);
  if (writer.waitingFacts > MAX_WAITING_FACTS) {
    fail(writer, `expected the disk to keep up, found ${writer.waitingFacts} facts waiting for it`);
  } else if (writer.inFlight.length === 0) {
    sendNext(writer);
  }
}

const sizeOf = ({ message }: QueuedMessage): number =>
  message.type === "append" ? message.facts.length : 0;

/** One message to the thread: a snapshot, or as many appends as fit one commit. */
function sendNext(writer: WriterState): void {
  const [head, ...rest] = writer.waiting;
  if (!head) return;
  if (head.message.type === "snapshot") {
    writer.inFlight = [head];
    writer.waiting = rest;
    writer.thread?.postMessage(head.message);
    return;
  }
  const batch = takeBatch(writer);
  writer.inFlight = batch;
  const facts = batch.flatMap(({ message }) => (message.type === "append" ? message.facts : []));
  writer.thread?.postMessage({
    type: "append",
    first: head.message.first,
    facts,
  } satisfies ToWriter);
}

function takeBatch(writer: WriterState): QueuedMessage[] {
  let count = 0;
  let size = 0;
  for (const waiting of writer.waiting) {
    const isTooMuch = count > 0 && size + sizeOf(waiting) > MAX_BATCH_FACTS;
    if (waiting.message.type !== "append" || isTooMuch) break;
    count += 1;
    size += sizeOf(waiting);
  }
  writer.waitingFacts -= size;
  return writer.waiting.splice(0, count);
}

function onAnswer(writer: WriterState, answer: FromWriter): void {
  if (answer.type === "failed") {
    fail(writer, answer.reason);
    return;
  }
  const finished = writer.inFlight;
  writer.inFlight = [];
  sendNext(writer);
  for (const { done } of finished) done();
}

/** Everything not yet durable is rejected, in order; the thread ends. */
function fail(writer: WriterState, reason: string): void {
  if (writer.failure) return;
  const failure = new JournalFailure(`the journal cannot be written: ${reason}`);
  writer.failure = failure;
  const lost = [...writer.inFlight, ...writer.waiting];
  writer.inFlight = [];
  writer.waiting = [];
  writer.waitingFacts = 0;
  for (const { failed } of lost) failed(failure);
}

async function open(writer: WriterState, isSuspect: boolean): Promise<void> {
  openShaped(writer.file, JOURNAL_SHAPE).close();
  const reader = openForReading(writer.file);
  const statements = compileStatements(queries(reader));
  const workerData: WriterSettings = {
    file: writer.file,
    isSuspect,
    statements,
    cell: writer.cell,
  };
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
  writer.hubEpoch = HubEpoch.parse(opened.hubEpoch);
  writer.nextIndex = opened.headIndex + 1;
  writer.reader = reader;
  writer.thread = thread;
  writer.failure = undefined;
  thread.on("message", (answer: FromWriter) => {
    if (writer.thread === thread) onAnswer(writer, answer);
  });
  thread.on("exit", () => {
    if (writer.thread === thread) fail(writer, "its thread ended");
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

async function reopen(writer: WriterState): Promise<void> {
  assert(writer.failure, "only a failed journal is opened again");
  const { thread } = writer;
  writer.thread = undefined;
  writer.reader?.close();
  writer.reader = undefined;
  await thread?.terminate();
  await open(writer, true);
}

/** Commits what waits, then closes. */
async function close(writer: WriterState): Promise<void> {
  const { thread } = writer;
  if (thread && !writer.failure) {
    await new Promise<void>((done) => {
      enqueue(writer, {
        message: { type: "append", first: writer.nextIndex, facts: [] },
        done,
        failed: () => done(),
      });
    });
    writer.thread = undefined;
    await orderClose(thread);
  }
  writer.thread = undefined;
  writer.failure ??= new JournalFailure("the journal is closed");
  writer.reader?.close();
  writer.reader = undefined;
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
