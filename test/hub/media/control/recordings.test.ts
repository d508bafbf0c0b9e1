/** Recordings of several media processes: each is recovered by itself, and waits for no other. */
import { pino } from "pino";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { mediaOf } from "../../../../hub/core/media-of.ts";
import { runningIn } from "../../../../hub/core/recording/recording.ts";
import {
  createRecordings,
  type Inspected,
  type Recordings,
} from "../../../../hub/media/control/recordings.ts";
import { NO_GAPS } from "../../../../shared/api/recording-gap.ts";
import { CameraId, MediaId, type RecordingId } from "../../../../shared/ids.ts";
import { newStreet, type Street } from "../../../kit/core/hub-core-street.ts";
import { waitFor, waitUntil } from "../../../kit/run/wait.ts";

const [FIRST, SECOND] = [1, 2].map((n) => MediaId.parse(n)) as [MediaId, MediaId];
const FRONT = CameraId.parse("front");
const FOUND: Inspected = { durationMs: 1000, bytes: 10, gaps: NO_GAPS, cameras: [FRONT] };

let street: Street;
let recordings: Recordings;
let inspect: (path: string) => Promise<Inspected>;
/** Whether a file is of a pillar of this process. */
const isOf = (mediaId: MediaId) => (path: string) =>
  runningIn(street.state, mediaId).some(({ id }) => path.includes(id));

beforeEach(async () => {
  street = newStreet({ pillars: 8, settings: { mediaProcesses: 2 } });
  inspect = () => Promise.resolve(FOUND);
  recordings = createRecordings({
    dataDir: "/nowhere",
    inspect: (path) => inspect(path),
    state: () => street.state,
    take: (event) => Promise.resolve({ ...street.tell(event), first: 1 }),
    log: pino({ enabled: false }),
  });
  onTestFinished(() => recordings.stop());
  ready(FIRST);
  ready(SECOND);
  await waitUntil(() => street.state.heard.mediaUp.size === 2);
  for (let n = 0; n < 8; n += 1) street.alarm(n);
});

const ready = (mediaId: MediaId): void => recordings.onMedia({ type: "ready", mediaId });
const idsOf = (mediaId: MediaId): string[] => runningIn(street.state, mediaId).map(({ id }) => id);
const endedIn = (mediaId: MediaId) =>
  street.facts.filter(
    (fact) =>
      fact.type === "recording-ended" &&
      mediaOf(
        [...street.state.incidents.values()].find(({ id }) => id === fact.incidentId)!.pillarId,
        2,
      ) === mediaId,
  );

test("both have calls to record", () => {
  expect(idsOf(FIRST).length + idsOf(SECOND).length).toBe(8);
  expect(Math.min(idsOf(FIRST).length, idsOf(SECOND).length)).toBeGreaterThan(0);
});

test("when one process begins again, its recordings are recovered and begun anew, and no others", async () => {
  const [before, others] = [idsOf(FIRST), idsOf(SECOND)];
  ready(FIRST);
  await waitFor(() => expect(endedIn(FIRST)).toHaveLength(before.length));
  expect(endedIn(FIRST)).toMatchObject(
    before.map((recordingId) => ({ recordingId, state: "recovered", cameras: ["front"] })),
  );
  await waitFor(() => expect(idsOf(FIRST)).toHaveLength(before.length));
  expect(idsOf(FIRST).filter((id) => before.includes(id))).toEqual([]);
  expect(idsOf(SECOND)).toEqual(others);
  expect(endedIn(SECOND)).toEqual([]);
});

test("whose pictures a recording holds is kept with its end", async () => {
  const [recordingId] = idsOf(FIRST) as [RecordingId];
  const { pillarId } = street.state.recordings.get(recordingId)!;
  const { durationMs, bytes, gaps, cameras } = FOUND as Extract<Inspected, { gaps: unknown }>;
  const end = { state: "closed", durationMs, bytes, gaps, cameras, detail: "" } as const;
  recordings.onMedia({
    ...{ type: "record-ended", mediaId: FIRST, recordingId, pillarId },
    ...end,
  });
  await waitFor(() => expect(endedIn(FIRST)).toMatchObject([{ recordingId, cameras: ["front"] }]));
});

test("files of one process that are inspected for ever hold up nothing of another", async () => {
  let release = (): void => undefined;
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const isFirst = isOf(FIRST);
  inspect = async (path) => {
    if (isFirst(path)) await stuck;
    return FOUND;
  };
  const before = idsOf(SECOND);
  ready(FIRST);
  ready(SECOND);
  await waitFor(() => expect(endedIn(SECOND)).toHaveLength(before.length));
  await waitFor(() => expect(idsOf(SECOND)).toHaveLength(before.length));
  expect(endedIn(FIRST)).toEqual([]);
  release();
});

test("one that ended and is back records its calls anew, and the other goes on", async () => {
  recordings.onMedia({ type: "ended", mediaId: FIRST });
  await waitFor(() => expect(street.state.heard.mediaUp).toEqual(new Set([SECOND])));
  const [lost, before] = [idsOf(FIRST), idsOf(SECOND)];
  ready(FIRST);
  await waitFor(() => expect(street.state.heard.mediaUp.size).toBe(2));
  await waitFor(() => expect(idsOf(FIRST)).toHaveLength(lost.length));
  expect(idsOf(FIRST).filter((id) => lost.includes(id))).toEqual([]);
  expect(idsOf(SECOND)).toEqual(before);
});

test("news of a process that there is not changes nothing", () => {
  const before = street.facts.length;
  ready(MediaId.parse(3));
  recordings.onMedia({ type: "ended", mediaId: MediaId.parse(9) });
  expect(street.facts).toHaveLength(before);
  expect(street.state.heard.mediaUp).toEqual(new Set([FIRST, SECOND]));
});
