/** Moving the cursor: to a form by its name, and out of one whose incident is another now. */
import { nextTick, shallowRef, watch } from "vue";

export type FocusName = "note" | "dispatch" | "close" | "disposition";

const asked = shallowRef<{ readonly name: FocusName } | null>(null);

/** Whoever types on does not mean the keys of the desk, until they have paused for so long. */
const PAUSE_MS = 1000;
let lettersFrom = 0;

export const takesLetters = (target: EventTarget | null): boolean =>
  (target instanceof HTMLElement && target.isContentEditable) ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement ||
  (target instanceof HTMLInputElement &&
    !["checkbox", "radio", "range", "button"].includes(target.type));

/** What is typed next would be about somebody else. */
export function takeFocusFrom(panel: HTMLElement): void {
  const focused = document.activeElement;
  if (!focused || !panel.contains(focused)) return;
  const isOfForm = takesLetters(focused) || focused.closest("[data-keys]") !== null;
  panel.focus({ preventScroll: true });
  if (isOfForm) lettersFrom = performance.now() + PAUSE_MS;
}

/** Whether a letter is the rest of a sentence whose field has gone. A release never is. */
export function isRestOfSentence({ type, target, key, ctrlKey }: KeyboardEvent): boolean {
  const isLetter = type === "keydown" && key.length === 1 && !ctrlKey && !takesLetters(target);
  if (!isLetter || performance.now() >= lettersFrom) return false;
  lettersFrom = performance.now() + PAUSE_MS;
  return true;
}

export function askFocus(name: FocusName): void {
  asked.value = { name };
}

export function onFocusAsked(name: FocusName, take: () => void): void {
  watch(asked, (request) => {
    if (request?.name === name) void nextTick(take);
  });
}
