/**
 * Recordings and the media processes: what began, what ended, what a dead recorder left behind.
 *
 * When a media process starts, nothing it recorded before is still running. Each such file is
 * inspected and told as recovered, and its incident gets a new one at once: until then everything
 * is missing. The work of one process never waits for that of another.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import { everythingMissing, NO_GAPS, type Gaps } from "../../../shared/api/recording-gap.ts";
import type { CameraId, MediaId, RecordingId } from "../../../shared/ids.ts";
import type { HubEvent } from "../../core/events.ts";
import { boundedCount } from "../../core/time/bounds.ts";
import { runningIn, unrecorded } from "../../core/recording/recording.ts";
import type { RecordingRecord } from "../../core/state/recording-record.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import { newId } from "../../shell/identifier.ts";
import { recordingPath } from "../../journal/read/api-shape.ts";
import type { Settled } from "../../core/decision.ts";
import { mediaIds, mediaOf } from "../../core/media-of.ts";
import type { MediaNews } from "../../ports.ts";

/** A recording that broke off, or could not begin, is tried again this often. */
const AGAIN_EVERY_MS = 15_000;

export type Inspected =
  | {
      readonly durationMs: number;
      readonly bytes: number;
      readonly gaps: Gaps;
      readonly cameras: readonly CameraId[];
    }
  | { readonly failed: true; readonly reason: string };

export interface RecordingsOptions {
  readonly dataDir: string;
  readonly inspect: (path: string) => Promise<Inspected>;
  readonly state: () => HubState;
  readonly take: (event: HubEvent) => Promise<Settled>;
  readonly log: Logger;
}

export interface Recordings {
  onMedia(news: MediaNews): void;
  /** It could not even begin. */
  failed(recording: Pick<RecordingRecord, "id" | "pillarId">): void;
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

/** What is to be done about one media process, one after the other. */
interface Work {
  readonly mediaId: MediaId;
  isUp: boolean;
  last: Promise<void>;
}

type Job = () => Promise<unknown>;

export function createRecordings(options: RecordingsOptions): Recordings {
  const { state, take } = options;
  const { mediaProcesses } = state().settings;
  const works = new Map<MediaId, Work>(
    mediaIds(mediaProcesses).map((mediaId) => [
      mediaId,
      { mediaId, isUp: false, last: Promise.resolve() },
    ]),
  );
  const next = (work: Work | undefined, job: Job): void => {
    if (!work) return;
    work.last = work.last.then(job).then(
      () => undefined,
      (error: unknown) => {
        options.log.error({ error }, `recordings: ${String(error)}`);
      },
    );
  };
  const timer = setInterval(() => {
    for (const work of works.values()) {
      if (!work.isUp || unrecorded(state(), work.mediaId).length === 0) continue;
      next(work, () => startMissing(options, work));
    }
  }, AGAIN_EVERY_MS);
  return {
    onMedia(news) {
      const work = works.get(news.mediaId);
      if (work) onMedia(options, { news, work, next: (job) => next(work, job) });
    },
    failed: ({ id: recordingId, pillarId }) => {
      const ended = { recordingId, state: "failed", durationMs: 0, bytes: 0 } as const;
      next(works.get(mediaOf(pillarId, mediaProcesses)), () =>
        take({ type: "recording-ended", at: Date.now(), ...ended }),
      );
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all([...works.values()].map(({ last }) => last));
    },
  };
}

interface Heard {
  readonly news: MediaNews;
  readonly work: Work;
  readonly next: (job: Job) => void;
}

function onMedia(options: RecordingsOptions, { news, work, next }: Heard): void {
  const { state, take, log } = options;
  const { mediaId } = work;
  if (news.type === "ready") {
    work.isUp = true;
    // Those decided from now on reach the new process and are not ours to end.
    const before = runningIn(state(), mediaId);
    next(() => recoverAll(options, work, before));
    next(() => startMissing(options, work));
  } else if (news.type === "ended") {
    work.isUp = false;
    next(() => take({ type: "media-ended", at: Date.now(), mediaId }));
  } else if (news.type === "record-picture") {
    const { recordingId, isWritten, detail } = news;
    const picture = { recordingId, isWritten, detail };
    next(() => take({ type: "recording-picture", at: Date.now(), ...picture }));
  } else if (news.type === "record-ended") {
    const { recordingId, state: end, durationMs, bytes, gaps, cameras, detail } = news;
    if (end === "failed") log.error({ recordingId }, `recording failed: ${detail}`);
    const counts = { bytes: boundedCount(bytes), durationMs: boundedCount(durationMs) };
    const ended = { recordingId, state: end, ...counts, gaps, cameras };
    next(() => take({ type: "recording-ended", at: Date.now(), ...ended }));
  }
}

/** Also what was decided for a process that has ended meanwhile waits for the next one. */
async function startMissing(
  { state, take }: RecordingsOptions,
  { mediaId, isUp }: Work,
): Promise<void> {
  if (!isUp) return;
  const newRecordingIds = unrecorded(state(), mediaId).map(() => newId<RecordingId>());
  await take({ type: "media-started", at: Date.now(), mediaId, newRecordingIds });
}

async function recoverAll(
  options: RecordingsOptions,
  work: Work,
  recordings: readonly RecordingRecord[],
): Promise<void> {
  for (const recording of recordings) {
    await recover(options, recording);
    await startMissing(options, work);
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
  const { cameras } = found;
  const ended = { recordingId, state: "recovered", ...counts, gaps, cameras } as const;
  await options.take({ type: "recording-ended", at, ...ended });
}
