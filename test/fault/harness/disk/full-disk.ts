/** A hub with calls of days ago on a disk that other programs fill. */
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fact } from "../../../../hub/core/facts.ts";
import { newId } from "../../../../hub/shell/identifier.ts";
import { openJournal } from "../../../../hub/journal/journal.ts";
import { recordingPath } from "../../../../hub/journal/read/api-shape.ts";
import type {
  EventId,
  IncidentId,
  PillarId,
  RecordingId,
  Username,
} from "../../../../shared/ids.ts";
import { fill } from "./disk.ts";
import type { PowerRig } from "./power-rig.ts";

export const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

export interface OldCall {
  readonly incidentId: IncidentId;
  readonly recordingId: RecordingId;
  /** Absolute. */
  readonly path: string;
}

/** Closed and recorded, a day apart, oldest first. The files are small until `takeRoom`. */
export async function writeOldCalls(
  dir: string,
  wanted: { readonly pillarId: string; readonly count: number; readonly bytes: number },
): Promise<OldCall[]> {
  const journal = await openJournal(join(dir, "journal.db"));
  const calls: OldCall[] = [];
  try {
    for (let daysAgo = wanted.count; daysAgo > 0; daysAgo -= 1) {
      const [incidentId, recordingId] = [newId<IncidentId>(), newId<RecordingId>()];
      const at = Date.now() - daysAgo * DAY_MS;
      const pillarId = wanted.pillarId as PillarId;
      const by = { by: "operator" as Username, byName: "王芳" };
      const opened = { kind: "voice", priority: 2, eventId: newId<EventId>(), text: null } as const;
      const grade = { rules: ["kind"], reason: "kind" } as const;
      const ended = { state: "closed", durationMs: 60_000, bytes: wanted.bytes } as const;
      const facts: Fact[] = [
        { type: "incident-opened", at, incidentId, pillarId, pressedAt: at, ...opened, ...grade },
        { type: "incident-answered", at, incidentId, ...by, from: null, fromName: null },
        { type: "recording-started", at, incidentId, recordingId, pillarId },
        { type: "incident-closed", at, incidentId, ...by, disposition: "resolved", note: "" },
        { type: "recording-ended", at, incidentId, recordingId, ...ended },
      ];
      await journal.append(facts);
      const path = join(dir, recordingPath({ id: recordingId, startedAt: at }));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "media");
      calls.push({ incidentId, recordingId, path });
    }
  } finally {
    await journal.close();
  }
  return calls;
}

/** Gives files the room they are said to have. */
export async function takeRoom(
  rig: PowerRig,
  bytes: number,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) await rig.run(`fallocate -l ${bytes} ${path}`);
}

export const freeBytes = (rig: PowerRig, dir: string): number => {
  const { bavail, bsize } = statfsSync(rig.seen(dir));
  return bavail * bsize;
};

export interface Filler {
  /** Leaves so much of the disk. */
  leave(bytes: number): Promise<void>;
  /** Leaves nothing, whatever was freed since. */
  leaveNothing(pid: number): Promise<void>;
  remove(): void;
}

/** Another program on the hub's disk. */
export function newFiller(rig: PowerRig, dir: string): Filler {
  const files: string[] = [];
  let last: (() => void) | undefined;
  const leave: Filler["leave"] = async (bytes) => {
    const much = freeBytes(rig, dir) - bytes;
    if (much < MIB) return;
    const file = join(dir, `other-program-${files.length}`);
    files.push(file);
    await rig.run(`fallocate -l ${much} ${file}`);
  };
  return {
    leave,
    async leaveNothing(pid) {
      await leave(16 * MIB);
      last = fill(pid, dir);
    },
    remove() {
      last?.();
      last = undefined;
      for (const file of files.splice(0)) rmSync(rig.seen(file));
    },
  };
}
