/** What each key does. False: nothing was done, and the key keeps its usual meaning. */
import type { Disposition } from "../../../shared/api/incident.ts";
import { gradedId, isKeysOpen } from "../session/dialogs.ts";
import { askFocus } from "./focus.ts";
import type { DeskAction } from "./keys.ts";
import { setDraft } from "./orders/drafts.ts";
import { acknowledge, addNote, answer, hangUp, hold, resume } from "./orders/orders.ts";
import { mayBeGraded, nextToAnswer } from "./queue/queue.ts";
import { shownRows } from "./queue/rows.ts";
import { choose, isChosen, mine, selected, selectedId, talkingTo, waiting } from "./workspace.ts";
import { isMuted, isTalkKeyDown } from "./call/voice.ts";

type Acts = { readonly [Name in DeskAction["name"]]: (action: DeskAction) => void };

interface Pages {
  search(): void;
  showDesk(): void;
}

export function newDeskActions({ search, showDesk }: Pages): (action: DeskAction) => boolean {
  const acts: Acts = {
    answer: () => answerNext() && showDesk(),
    hold: holdOrResume,
    "hang-up": () => talkingTo.value && void hangUp(talkingTo.value),
    mute: () => talkingTo.value && (isMuted.value = !isMuted.value),
    acknowledge: () => selected.value?.state === "open" && void acknowledge(selected.value),
    dispatch: () => askFocus("dispatch"),
    note: () => askFocus("note"),
    grade: openGrading,
    "keep-note": () => selected.value && void addNote(selected.value),
    "leave-field": leaveField,
    close: () => askFocus("close"),
    search,
    "show-keys": () => (isKeysOpen.value = true),
    talk: (action) => action.name === "talk" && (isTalkKeyDown.value = action.isDown),
    "pick-own": pickOwn,
    "pick-row": (action) => action.name === "pick-row" && pickRow(action.row),
    "pick-result": (action) => action.name === "pick-result" && pickResult(action.result),
  };
  return (action) => {
    acts[action.name](action);
    // Outside a call, Space keeps its usual meaning and its release does nothing.
    return action.name !== "talk" || (action.isDown && talkingTo.value !== undefined);
  };
}

function answerNext(): boolean {
  const next = nextToAnswer(waiting.value, isChosen.value ? selectedId.value : null);
  if (next) void answer(next);
  return next !== undefined;
}

function holdOrResume(): void {
  if (talkingTo.value) void hold(talkingTo.value, true);
  else if (selected.value?.isHeld) void resume(selected.value);
}

/** Letters and digits are keys of the desk again. */
function leaveField(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function pickResult(result: Disposition): void {
  if (selected.value) setDraft("result", selected.value.id, result);
}

function openGrading(): void {
  if (selected.value && mayBeGraded(selected.value)) gradedId.value = selected.value.id;
}

/** The call in the headset, then the others of mine in turn. */
function pickOwn(): void {
  const own = mine.value;
  const at = own.findIndex(({ id }) => id === selectedId.value);
  const next = at < 0 ? (talkingTo.value ?? own[0]) : own[(at + 1) % own.length];
  if (next) choose(next.id);
}

function pickRow(row: number): void {
  const id = shownRows.value[row];
  if (id !== undefined) choose(id);
}
