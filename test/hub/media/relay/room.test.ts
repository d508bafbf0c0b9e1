import { beforeEach, describe, expect, test } from "vitest";
import { CameraId } from "../../../../shared/ids.ts";
import type { Recording } from "../../../../hub/media/recorder/recording.ts";
import { newRoom, type Room } from "../../../../hub/media/relay/room.ts";

const [FRONT, REAR] = [CameraId.parse("front"), CameraId.parse("rear")];
const START = Uint8Array.of(0x67, 1);
const DELTA = Uint8Array.of(0x41, 1);

let room: Room;
let restarts: number;

beforeEach(() => {
  room = newRoom();
  restarts = 0;
  const picture = {
    live: () => undefined,
    outgoing: () => undefined,
    refresh: () => undefined,
    close: () => undefined,
    restart: () => void (restarts += 1),
  };
  room.newPillarSource([FRONT]);
  room.watchers.add({ camera: undefined, picture, voice: undefined, isReady: () => true });
});

/** Sends a picture that fits into one packet, with this stream number. */
function show(ssrc: number, sequence: number, payload: Uint8Array, camera = FRONT): void {
  const timestamp = sequence * 3600;
  const packet = { ssrc, sequence, timestamp, marker: true, payload: Buffer.from(payload) };
  room.onPillarPicture(camera, packet, performance.now());
}

describe("what a late viewer is shown", () => {
  test("is the picture since the last keyframe", () => {
    show(1, 1, START);
    show(1, 2, DELTA);
    expect(room.stored().packets.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test("after a camera restart holds nothing of the old picture, and whoever watches begins anew", () => {
    show(1, 1, START);
    show(1, 2, DELTA);
    const before = room.stored().source;
    const restartsBefore = restarts;
    show(2, 3, DELTA);
    expect(room.stored().packets).toEqual([]);
    expect(restarts).toBe(restartsBefore + 1);
    show(2, 4, START);
    expect(room.stored().packets.map(({ sequence }) => sequence)).toEqual([4]);
    expect(room.stored().source).not.toBe(before);
  });

  test("after a new connection of the pillar holds nothing of the old picture", () => {
    show(1, 1, START);
    room.newPillarSource([FRONT]);
    expect(room.stored().packets).toEqual([]);
  });
});

describe("the pictures of two cameras", () => {
  beforeEach(() => room.newPillarSource([FRONT, REAR]));

  const sequences = (camera?: CameraId): number[] =>
    room.stored(camera).packets.map(({ sequence }) => sequence);

  test("are kept apart, and who names none is shown the first", () => {
    show(1, 1, START, FRONT);
    show(2, 7, START, REAR);
    show(2, 8, DELTA, REAR);
    expect([sequences(FRONT), sequences(REAR), sequences()]).toEqual([[1], [7, 8], [1]]);
    expect(room.stored(FRONT).source).not.toBe(room.stored(REAR).source);
  });

  test("begin anew one by one: a restart of the second does not touch who watches the first", () => {
    show(1, 1, START, FRONT);
    show(2, 7, START, REAR);
    const before = restarts;
    show(3, 1, START, REAR);
    expect(restarts).toBe(before);
    expect(sequences(FRONT)).toEqual([1]);
  });

  test("of a camera that the pillar no longer names, or never named, are not kept", () => {
    room.newPillarSource([REAR]);
    show(1, 1, START, FRONT);
    show(2, 7, START, REAR);
    expect(room.cameras()).toEqual([REAR]);
    expect([sequences(FRONT), sequences(REAR), sequences()]).toEqual([[], [7], [7]]);
  });

  test("are recorded of the first only", () => {
    const recorded: number[] = [];
    const recording = { picture: ({ sequence }: { sequence: number }) => recorded.push(sequence) };
    room.recordings.add(recording as unknown as Recording);
    show(2, 7, START, REAR);
    show(1, 1, START, FRONT);
    expect(recorded).toEqual([1]);
  });
});
