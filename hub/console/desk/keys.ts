/**
 * The desk's keyboard.
 *
 * Keys that type never act while somebody types, also not while an input method composes; the
 * function keys work everywhere, because a call cannot wait for a text field to lose focus. Esc
 * leaves a field and ends nothing.
 */
import { Disposition } from "../../../shared/api/incident.ts";

export type DeskAction =
  | { readonly name: "answer" }
  | { readonly name: "hold" }
  | { readonly name: "dispatch" }
  | { readonly name: "mute" }
  | { readonly name: "hang-up" }
  | { readonly name: "acknowledge" }
  | { readonly name: "note" }
  | { readonly name: "grade" }
  | { readonly name: "keep-note" }
  | { readonly name: "leave-field" }
  | { readonly name: "close" }
  | { readonly name: "pick-result"; readonly result: Disposition }
  | { readonly name: "search" }
  | { readonly name: "show-keys" }
  | { readonly name: "talk"; readonly isDown: boolean }
  | { readonly name: "pick-own" }
  | { readonly name: "pick-row"; readonly row: number };

/** Where the keyboard is. `field`: what takes letters; `control`: what Space or Enter presses. */
export type KeyPlace = "note" | "field" | "results" | "control" | "page";

export interface KeyStroke {
  readonly key: string;
  readonly type: "keydown" | "keyup";
  readonly isRepeat: boolean;
  readonly isComposing: boolean;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
  readonly place: KeyPlace;
}

/**
 * A key that an input method takes for the word it composes. Safari ends the composition before it
 * tells the Enter that ended it, so that only the key code says so.
 */
export const isOfInputMethod = ({
  isComposing,
  keyCode,
}: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean => isComposing || keyCode === 229;

const EVERYWHERE: Readonly<Record<string, DeskAction>> = {
  F2: { name: "answer" },
  F4: { name: "hold" },
  F8: { name: "dispatch" },
  F9: { name: "mute" },
};

const WHEN_NOT_TYPING: Readonly<Record<string, DeskAction>> = {
  "0": { name: "pick-own" },
  "/": { name: "search" },
  "?": { name: "show-keys" },
  a: { name: "acknowledge" },
  n: { name: "note" },
  p: { name: "grade" },
};

/** In the order the key list shows them; `text` is a key of the translations. */
export const KEY_LIST = [
  { keys: ["F2"], text: "keys.answer" },
  { keys: ["1", "–", "9"], text: "keys.pickRow" },
  { keys: ["0"], text: "keys.pickOwn" },
  { keys: ["A"], text: "keys.acknowledge" },
  { keys: ["F9"], text: "keys.mute" },
  { keys: ["Space"], text: "keys.talk" },
  { keys: ["F4"], text: "keys.hold" },
  { keys: ["Ctrl", "F9"], text: "keys.hangUp" },
  { keys: ["F8"], text: "keys.dispatch" },
  { keys: ["N"], text: "keys.note" },
  { keys: ["P"], text: "keys.grade" },
  { keys: ["1", "–", "6"], text: "keys.pickResult" },
  { keys: ["Ctrl", "Enter"], text: "keys.close" },
  { keys: ["Esc"], text: "keys.leaveField" },
  { keys: ["/"], text: "keys.search" },
  { keys: ["?"], text: "keys.showKeys" },
] as const;

export function deskAction(stroke: KeyStroke): DeskAction | undefined {
  if (stroke.isComposing || stroke.alt || stroke.meta) return undefined;
  if (stroke.key === " ") return pushToTalk(stroke);
  if (stroke.type === "keyup" || stroke.isRepeat) return undefined;
  if (stroke.ctrl) return withCtrl(stroke);
  const always = EVERYWHERE[stroke.key];
  if (always) return always;
  if (stroke.key === "Escape") return isInForm(stroke.place) ? { name: "leave-field" } : undefined;
  if (isTyping(stroke.place)) return undefined;
  if (/^[1-9]$/.test(stroke.key)) return withDigit(Number(stroke.key), stroke.place);
  return WHEN_NOT_TYPING[stroke.key.toLowerCase()];
}

const isTyping = (place: KeyPlace): boolean => place === "note" || place === "field";
const isInForm = (place: KeyPlace): boolean => isTyping(place) || place === "results";

function withCtrl({ key, place }: KeyStroke): DeskAction | undefined {
  if (key === "Enter") return { name: place === "note" ? "keep-note" : "close" };
  return key === "F9" ? { name: "hang-up" } : undefined;
}

function withDigit(digit: number, place: KeyPlace): DeskAction | undefined {
  if (place !== "results") return { name: "pick-row", row: digit - 1 };
  const result = Disposition.options[digit - 1];
  return result && { name: "pick-result", result };
}

/**
 * A release always counts: when the focus moves while
 * Space is down, the microphone must not stay open.
 */
function pushToTalk(stroke: KeyStroke): DeskAction | undefined {
  if (stroke.type === "keyup") return { name: "talk", isDown: false };
  if (stroke.isRepeat || stroke.ctrl || stroke.place !== "page") return undefined;
  return { name: "talk", isDown: true };
}
