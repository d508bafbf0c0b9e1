/**
 * One edge for each press that the board has counted, over polls and over restarts of the agent and
 * of the board.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pressReader } from "../../../../device/adapters/board/press-reader.ts";
import { INPUT_BLOCK, MAGIC, MAP_VERSION } from "../../../../device/adapters/board/register-map.ts";
import type { BoardMark, InputChange } from "../../../../device/ports.ts";

/** A board and an agent that polls it. After a crash the agent knows only what it had stored. */
function newPillar() {
  const board = { boots: 7, presses: 0, silentPresses: 0 };
  const told: InputChange[] = [];
  let mark: BoardMark | undefined;
  const newLife = () => {
    const reader = pressReader((change) => {
      if (change.isActive) told.push(change);
      if (change.mark) mark = change.mark;
    });
    if (mark) reader.resume(mark);
    return reader;
  };
  let reader = newLife();
  const poll = (): void => {
    const data = Array.from<number>({ length: INPUT_BLOCK.length }).fill(0);
    data[INPUT_BLOCK.magic] = MAGIC;
    data[INPUT_BLOCK.mapVersion] = MAP_VERSION;
    data[INPUT_BLOCK.presses] = board.presses % 65_536;
    data[INPUT_BLOCK.silentPresses] = board.silentPresses % 65_536;
    data[INPUT_BLOCK.pressAgeMs] = data[INPUT_BLOCK.silentPressAgeMs] = 65_535;
    data[INPUT_BLOCK.boardBoots] = board.boots;
    reader.take(data, 1000);
  };
  return { board, told, poll, crash: () => void (reader = newLife()), mark: () => mark };
}

type Happening = "press" | "silent press" | "poll" | "crash" | "board restarts";

test("each counted press is told once, whenever the agent dies and however often", () => {
  const happenings = fc.array(
    fc.constantFrom<Happening>("press", "silent press", "poll", "poll", "crash", "board restarts"),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65_540 }), happenings, (from, story) => {
      const pillar = newPillar();
      pillar.poll();
      pillar.board.presses = from;
      pillar.poll();
      // The agent stores its first mark with the first press, and remembers it from here on.
      pillar.board.presses += 1;
      pillar.poll();
      pillar.told.length = 0;
      let pressed = 0;
      for (const what of story) {
        if (what === "press") pillar.board.presses += 1;
        if (what === "silent press") pillar.board.silentPresses += 1;
        if (what === "press" || what === "silent press") pressed += 1;
        if (what === "crash") pillar.crash();
        if (what === "board restarts") {
          // Presses that the board counts and loses before a poll cannot be known, so there is a
          // poll first.
          pillar.poll();
          Object.assign(pillar.board, {
            boots: pillar.board.boots + 1,
            presses: 0,
            silentPresses: 0,
          });
        }
        if (what === "poll") pillar.poll();
        // There are never more than a few presses between two polls, as with a real button.
        if (pillar.board.presses + pillar.board.silentPresses > 0 && pressed % 8 === 0)
          pillar.poll();
      }
      pillar.poll();
      expect(pillar.told.length).toBe(pressed);
    }),
  );
});

test("a mark says where the board stood at that press, not where it stands since", () => {
  const pillar = newPillar();
  pillar.poll();
  pillar.board.presses = 2;
  pillar.board.silentPresses = 1;
  pillar.poll();
  expect(pillar.told.map(({ mark }) => mark)).toEqual([
    { boots: 7, presses: 1, silentPresses: 0 },
    { boots: 7, presses: 2, silentPresses: 0 },
    { boots: 7, presses: 2, silentPresses: 1 },
  ]);
});

test("a board whose counter goes back without a word of a restart is not pressed thousands of times", () => {
  const pillar = newPillar();
  pillar.poll();
  pillar.board.presses = 5;
  pillar.poll();
  pillar.crash();
  pillar.board.presses = 0;
  pillar.poll();
  expect(pillar.told).toHaveLength(5);
});
