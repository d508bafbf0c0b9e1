/**
 * The writer's thread: one batch in, one commit, one answer out.
 *
 * Every failure is reported to the main thread, which ends this thread and starts another; nothing
 * is repaired in place.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../shared/assert.ts";
import type { Fact } from "../core/facts.ts";
import { openWriter, type Writer, type WriterSettings } from "./writer.ts";

export type ToWriter =
  | { readonly type: "append"; readonly first: number; readonly facts: readonly Fact[] }
  | { readonly type: "snapshot"; readonly idx: number; readonly body: string }
  | { readonly type: "close" };

export type FromWriter =
  | { readonly type: "opened"; readonly hubEpoch: string; readonly headIndex: number }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly reason: string };

function tell(message: FromWriter): void {
  assert(parentPort, "the writer runs in a thread");
  parentPort.postMessage(message);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "errcode" in error ? ` (SQLite error ${String(error.errcode)})` : "";
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}${code}`;
}

function perform(writer: Writer, message: ToWriter): void {
  switch (message.type) {
    case "append":
      writer.append(message.facts, message.first);
      return;
    case "snapshot":
      writer.saveSnapshot(message.idx, message.body);
      return;
    case "close":
      writer.close();
  }
}

const settings = workerData as WriterSettings;
try {
  const writer = openWriter(settings);
  parentPort?.on("message", (message: ToWriter) => {
    try {
      perform(writer, message);
      tell({ type: "done" });
      if (message.type === "close") parentPort?.close();
    } catch (error) {
      tell({ type: "failed", reason: reasonOf(error) });
    }
  });
  tell({ type: "opened", hubEpoch: writer.hubEpoch, headIndex: writer.headIndex() });
} catch (error) {
  tell({ type: "failed", reason: reasonOf(error) });
}
