/**
 * Recordings and the media process: what began, what ended, what a dead recorder left behind.
 *
 * When the media process starts, nothing it recorded before is still running. Each such file is
 * inspected and told as recovered, and its incident gets a new one at once: until then everything
 * is missing.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import { everythingMissing, NO_GAPS, type Gaps } from "../../../shared/api/recording-gap.ts";
import type { RecordingId } from "../../../shared/ids.ts";
import type { HubEvent } from "../../core/events.ts";
import { boundedCount } from "../../core/time/bounds.ts";
import { unrecorded } from "../../core/recording/recording.ts";
import type { RecordingRecord } from "../../core/state/recording-record.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import { newId } from "../../shell/identifier.ts";
import { recordingPath } from "../../journal/read/api-shape.ts";
import type { Settled } from "../../core/decision.ts";
import type { FromMedia } from "../ipc.ts";

/** A recording that broke off, or could not begin, is tried again this often. */
const AGAIN_EVERY_MS = 15_000;

export type Inspected =
  | { readonly durationMs: number; readonly bytes: number; readonly gaps: Gaps }
  | { readonly failed: true; readonly reason: string };

export interface RecordingsOptions {
  readonly dataDir: string;
  readonly inspect: (path: string) => Promise<Inspected>;
  readonly state: () => HubState;
  readonly take: (event: HubEvent) => Promise<Settled>;
  readonly log: Logger;
}

export interface Recordings {
  onMedia(message: FromMedia): void;
  /** It could not even begin. */
  failed(id: RecordingId): void;
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

export function createRecordings(options: RecordingsOptions): Recordings {
  let work: Promise<void> = Promise.resolve();
  let isUp = false;
  const next = (job: () => Promise<unknown>): void => {
    work = work.then(job).then(
      () => undefined,
      (error: unknown) => {
        options.log.error({ error }, `recordings: ${String(error)}`);
      },
    );
  };
  const begin = (): void => next(() => startMissing(options));
  const timer = setInterval(() => {
    if (isUp && unrecorded(options.state().incidents).length > 0) begin();
  }, AGAIN_EVERY_MS);
  return {
    onMedia(message) {
      if (message.type === "ready") {
        isUp = true;
        // Those decided from now on reach the new process and are not ours to end.
        const before = [...options.state().recordings.values()];
        next(() => recoverAll(options, before));
        begin();
      } else if (message.type === "record-picture") {
        const { type: _type, ...picture } = message;
        next(() => options.take({ type: "recording-picture", at: Date.now(), ...picture }));
      } else if (message.type === "record-ended") {
        const { recordingId, state, durationMs, bytes, gaps, detail } = message;
        if (state === "failed") options.log.error({ recordingId }, `recording failed: ${detail}`);
        const counts = { bytes: boundedCount(bytes), durationMs: boundedCount(durationMs) };
        const ended = { recordingId, state, ...counts, gaps };
        next(() => options.take({ type: "recording-ended", at: Date.now(), ...ended }));
      }
    },
    failed: (recordingId) => {
      const ended = { recordingId, state: "failed", durationMs: 0, bytes: 0 } as const;
      next(() => options.take({ type: "recording-ended", at: Date.now(), ...ended }));
    },
    stop: async () => {
      clearInterval(timer);
      await work;
    },
  };
}

async function startMissing({ state, take }: RecordingsOptions): Promise<void> {
  const newRecordingIds = unrecorded(state().incidents).map(() => newId<RecordingId>());
  await take({ type: "media-started", at: Date.now(), newRecordingIds });
}

async function recoverAll(
  options: RecordingsOptions,
  recordings: readonly RecordingRecord[],
): Promise<void> {
  for (const recording of recordings) {
    await recover(options, recording);
    await startMissing(options);
  }
}

async function recover(options: RecordingsOptions, recording: RecordingRecord): Promise<void> {
  const { id: recordingId } = recording;
  const found = await options.inspect(join(options.dataDir, recordingPath(recording)));
  const at = Date.now();
  const untilMs = boundedCount(at - recording.startedAt);
  if ("failed" in found) {
    options.log.error({ recordingId }, `a recording is lost: ${found.reason}`);
    const gaps = everythingMissing(NO_GAPS, 0, untilMs);
    const ended = { recordingId, state: "failed", durationMs: 0, bytes: 0, gaps } as const;
    await options.take({ type: "recording-ended", at, ...ended });
    return;
  }
  const counts = { durationMs: boundedCount(found.durationMs), bytes: boundedCount(found.bytes) };
  // From the last whole fragment until now, when the next recording may begin.
  const gaps = everythingMissing(found.gaps, counts.durationMs, untilMs);
  const ended = { recordingId, state: "recovered", ...counts, gaps } as const;
  await options.take({ type: "recording-ended", at, ...ended });
}
