/**
 * The desk's keyboard.
 *
 * Keys that type never act while somebody types, also not while an input method composes; the
 * function keys work everywhere, because a call cannot wait for a text field to lose focus. Esc
 * does nothing.
 */
export type DeskAction =
  | { readonly name: "answer" }
  | { readonly name: "hold" }
  | { readonly name: "dispatch" }
  | { readonly name: "mute" }
  | { readonly name: "hang-up" }
  | { readonly name: "acknowledge" }
  | { readonly name: "note" }
  | { readonly name: "close" }
  | { readonly name: "search" }
  | { readonly name: "show-keys" }
  | { readonly name: "talk"; readonly isDown: boolean }
  | { readonly name: "pick-row"; readonly row: number };

export interface KeyStroke {
  readonly key: string;
  readonly type: "keydown" | "keyup";
  readonly isRepeat: boolean;
  readonly isComposing: boolean;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
  /** Focus is in a text field, a select or another place that takes letters. */
  readonly isTyping: boolean;
  /** Focus is on something Space or Enter would press. */
  readonly isOnControl: boolean;
}

const EVERYWHERE: Readonly<Record<string, DeskAction>> = {
  F2: { name: "answer" },
  F4: { name: "hold" },
  F8: { name: "dispatch" },
  F9: { name: "mute" },
};

const WHEN_NOT_TYPING: Readonly<Record<string, DeskAction>> = {
  "/": { name: "search" },
  "?": { name: "show-keys" },
  a: { name: "acknowledge" },
  n: { name: "note" },
};

/** In the order the key list shows them; `text` is a key of the translations. */
export const KEY_LIST = [
  { keys: ["F2"], text: "keys.answer" },
  { keys: ["1", "–", "9"], text: "keys.pickRow" },
  { keys: ["A"], text: "keys.acknowledge" },
  { keys: ["F9"], text: "keys.mute" },
  { keys: ["Space"], text: "keys.talk" },
  { keys: ["F4"], text: "keys.hold" },
  { keys: ["Ctrl", "F9"], text: "keys.hangUp" },
  { keys: ["F8"], text: "keys.dispatch" },
  { keys: ["N"], text: "keys.note" },
  { keys: ["Ctrl", "Enter"], text: "keys.close" },
  { keys: ["/"], text: "keys.search" },
  { keys: ["?"], text: "keys.showKeys" },
] as const;

export function deskAction(stroke: KeyStroke): DeskAction | undefined {
  if (stroke.isComposing || stroke.alt || stroke.meta) return undefined;
  if (stroke.key === " ") return pushToTalk(stroke);
  if (stroke.type === "keyup" || stroke.isRepeat) return undefined;
  if (stroke.ctrl) return withCtrl(stroke.key);
  const always = EVERYWHERE[stroke.key];
  if (always) return always;
  if (stroke.isTyping) return undefined;
  if (/^[1-9]$/.test(stroke.key)) return { name: "pick-row", row: Number(stroke.key) - 1 };
  return WHEN_NOT_TYPING[stroke.key.toLowerCase()];
}

function withCtrl(key: string): DeskAction | undefined {
  if (key === "Enter") return { name: "close" };
  return key === "F9" ? { name: "hang-up" } : undefined;
}

/**
 * A release always counts: when the focus moves while
 * Space is down, the microphone must not stay open.
 */
function pushToTalk(stroke: KeyStroke): DeskAction | undefined {
  if (stroke.type === "keyup") return { name: "talk", isDown: false };
  if (stroke.isRepeat || stroke.ctrl || stroke.isTyping || stroke.isOnControl) return undefined;
  return { name: "talk", isDown: true };
}
