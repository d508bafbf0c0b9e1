/**
 * The recordings that run, by id: started into a room, ticked together, ended with a word to the
 * hub.
 */
import { NO_GAPS } from "../../../shared/api/recording-gap.ts";
import type { PillarId, RecordingId } from "../../../shared/ids.ts";
import { MAX_RECORDINGS } from "../../core/recording/recording.ts";
import type { FromMedia, ToMedia } from "../ipc.ts";
import type { Log } from "../log.ts";
import { startRecording, type Recording } from "./recording.ts";
import type { Room } from "../relay/room.ts";

export interface Recorder {
  start(message: Extract<ToMedia, { type: "record-start" }>, room: () => Room | undefined): void;
  stop(recordingId: RecordingId): void;
  /** Resolves when all are on the disk. */
  close(): Promise<void>;
}

const TICK_MS = 100;

interface OpenRecording {
  readonly pillarId: PillarId;
  readonly recording: Recording;
  readonly room: Room;
  /** What was told of its pictures. */
  isPictureWritten: boolean | undefined;
}

type Refused = Pick<OpenRecording, "pillarId"> & { readonly recordingId: RecordingId };

export function newRecorder(send: (message: FromMedia) => void, log: Log): Recorder {
  const running = new Map<RecordingId, OpenRecording>();
  let timer: NodeJS.Timeout | undefined;

  const tick = (): void => {
    const at = performance.now();
    for (const [recordingId, entry] of running) {
      tellPicture(recordingId, entry, false);
      if (!entry.recording.tick(at)) end(recordingId);
    }
  };

  const tellPicture = (recordingId: RecordingId, entry: OpenRecording, isOver: boolean): void => {
    const found = entry.recording.pictureState(isOver);
    if (found === undefined || found.isWritten === entry.isPictureWritten) return;
    entry.isPictureWritten = found.isWritten;
    if (!found.isWritten) log("error", `recording ${recordingId}: ${found.detail}`);
    send({ type: "record-picture", pillarId: entry.pillarId, recordingId, ...found });
  };

  const refuse = ({ pillarId, recordingId }: Refused, detail: string): void => {
    log("error", `recording ${recordingId} failed: ${detail}`);
    const nothing = { durationMs: 0, bytes: 0, gaps: NO_GAPS, cameras: [] };
    send({ type: "record-ended", pillarId, recordingId, state: "failed", ...nothing, detail });
  };

  const stop = async (recordingId: RecordingId): Promise<void> => {
    const entry = running.get(recordingId);
    if (entry === undefined) return;
    const { pillarId } = entry;
    running.delete(recordingId);
    entry.room.recordings.delete(entry.recording);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    const end = await entry.recording.stop(performance.now());
    tellPicture(recordingId, entry, true);
    const level = end.state === "failed" ? "error" : "info";
    log(level, `recording ${recordingId} ${end.state}, ${end.durationMs} ms: ${end.detail}`);
    send({ type: "record-ended", pillarId, recordingId, ...end });
  };

  /** Nobody waits for it: a disk that fails at the end of one recording must not end the others. */
  const end = (recordingId: RecordingId): void => {
    const { pillarId } = running.get(recordingId) ?? {};
    if (pillarId === undefined) return;
    stop(recordingId).catch((error: unknown) => refuse({ pillarId, recordingId }, String(error)));
  };

  return {
    start({ pillarId, recordingId, path, isCallRunning }, roomOf) {
      if (running.has(recordingId)) return;
      if (running.size >= MAX_RECORDINGS) {
        return refuse(
          { pillarId, recordingId },
          `expected at most ${MAX_RECORDINGS} recordings at once`,
        );
      }
      const room = roomOf();
      if (room === undefined) {
        return refuse({ pillarId, recordingId }, "the hub's media has no room left");
      }
      const at = performance.now();
      const recording = startRecording(path, at, { isCallRunning });
      feedStored(recording, room, at);
      running.set(recordingId, { pillarId, recording, room, isPictureWritten: undefined });
      room.recordings.add(recording);
      timer ??= setInterval(tick, TICK_MS);
    },
    stop: end,
    async close() {
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

/** What came since the last keyframe, so that the first picture does not wait for the next one. */
function feedStored(recording: Recording, room: Room, at: number): void {
  const { camera, source, packets } = room.stored();
  if (camera === undefined) return;
  for (const packet of packets) recording.picture(packet, { camera, source }, at);
}
