import { beforeEach, describe, expect, test } from "vitest";
import { newRoom, type Room } from "../../../../hub/media/relay/room.ts";

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
  room.watchers.add({ picture, voice: undefined, isReady: () => true });
});

/** Sends a picture that fits into one packet, with this stream number. */
function show(ssrc: number, sequence: number, payload: Uint8Array): void {
  const timestamp = sequence * 3600;
  const packet = { ssrc, sequence, timestamp, marker: true, payload: Buffer.from(payload) };
  room.onPillarPicture(packet, performance.now());
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
    room.newPillarSource();
    expect(room.stored().packets).toEqual([]);
  });
});
