/** What each key does. False: nothing was done, and the key keeps its usual meaning. */
import { isKeysOpen } from "../session/dialogs.ts";
import { askFocus } from "./focus.ts";
import type { DeskAction } from "./keys.ts";
import { acknowledge, answer, hangUp, hold, resume } from "./orders/orders.ts";
import { nextToAnswer } from "./queue/queue.ts";
import { shownRows } from "./queue/rows.ts";
import { choose, isChosen, selected, selectedId, talkingTo, waiting } from "./workspace.ts";
import { isMuted, isTalkKeyDown } from "./call/voice.ts";

type Acts = { readonly [Name in DeskAction["name"]]: (action: DeskAction) => void };

export function newDeskActions(search: () => void): (action: DeskAction) => boolean {
  const acts: Acts = {
    answer: answerNext,
    hold: holdOrResume,
    "hang-up": () => talkingTo.value && void hangUp(talkingTo.value),
    mute: () => talkingTo.value && (isMuted.value = !isMuted.value),
    acknowledge: () => selected.value?.state === "open" && void acknowledge(selected.value),
    dispatch: () => askFocus("dispatch"),
    note: () => askFocus("note"),
    close: () => askFocus("close"),
    search,
    "show-keys": () => (isKeysOpen.value = true),
    talk: (action) => action.name === "talk" && (isTalkKeyDown.value = action.isDown),
    "pick-row": (action) => action.name === "pick-row" && pickRow(action.row),
  };
  return (action) => {
    acts[action.name](action);
    // Outside a call, Space keeps its usual meaning and its release does nothing.
    return action.name !== "talk" || (action.isDown && talkingTo.value !== undefined);
  };
}

function answerNext(): void {
  const next = nextToAnswer(waiting.value, isChosen.value ? selectedId.value : null);
  if (next) void answer(next);
}

function holdOrResume(): void {
  if (talkingTo.value) void hold(talkingTo.value, true);
  else if (selected.value?.isHeld) void resume(selected.value);
}

function pickRow(row: number): void {
  const id = shownRows.value[row];
  if (id !== undefined) choose(id);
}
