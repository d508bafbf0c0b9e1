/** A key moves the cursor to a form by its name. */
import { nextTick, shallowRef, watch } from "vue";

export type FocusName = "note" | "dispatch" | "close" | "disposition";

const asked = shallowRef<{ readonly name: FocusName } | null>(null);

export function askFocus(name: FocusName): void {
  asked.value = { name };
}

export function onFocusAsked(name: FocusName, take: () => void): void {
  watch(asked, (request) => {
    if (request?.name === name) void nextTick(take);
  });
}
