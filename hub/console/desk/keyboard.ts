/**
 * Listens to the keyboard on every page: a call is answered, held and hung up whatever is in front;
 * what acts on the rows and forms of the desk acts there only.
 */
import { onBeforeUnmount, onMounted } from "vue";
import { useRoute, useRouter } from "vue-router";
import { mayWatch } from "../state/session.ts";
import { newDeskActions } from "./actions.ts";
import { isTalkKeyDown } from "./call/voice.ts";
import { isRestOfSentence, takesLetters } from "./focus.ts";
import { deskAction, isOfInputMethod, type DeskAction, type KeyPlace } from "./keys.ts";

const ON_EVERY_PAGE: readonly DeskAction["name"][] = [
  "answer",
  "hold",
  "mute",
  "hang-up",
  "talk",
  "show-keys",
];

function placeOf(target: EventTarget | null): KeyPlace {
  if (!(target instanceof HTMLElement)) return "page";
  const named = target.closest<HTMLElement>("[data-keys]")?.dataset["keys"];
  if (named === "note" || named === "results") return named;
  if (takesLetters(target)) return "field";
  return target.closest("button,a,input,[role=menuitem],[role=option]") ? "control" : "page";
}

const actionOf = (event: KeyboardEvent): DeskAction | undefined =>
  deskAction({
    key: event.key,
    type: event.type === "keyup" ? "keyup" : "keydown",
    isRepeat: event.repeat,
    isComposing: isOfInputMethod(event),
    ctrl: event.ctrlKey,
    alt: event.altKey,
    meta: event.metaKey,
    place: placeOf(event.target),
  });

export function useKeyboard(): void {
  const router = useRouter();
  const route = useRoute();
  const act = newDeskActions({
    search: () => void router.push({ path: "/archive", query: { focus: "search" } }),
    showDesk: () => void router.push("/desk"),
  });

  function onKey(event: KeyboardEvent): void {
    // A release counts also after a sign-out: the microphone must not stay open.
    if (!mayWatch.value && event.type === "keydown") return;
    if (isRestOfSentence(event)) return event.preventDefault();
    const action = actionOf(event);
    if (!action) return;
    if (route.path !== "/desk" && !ON_EVERY_PAGE.includes(action.name)) return;
    if (act(action)) event.preventDefault();
  }
  const releaseKey = (): void => void (isTalkKeyDown.value = false);

  onMounted(() => {
    addEventListener("keydown", onKey);
    addEventListener("keyup", onKey);
    addEventListener("blur", releaseKey);
  });
  onBeforeUnmount(() => {
    removeEventListener("keydown", onKey);
    removeEventListener("keyup", onKey);
    removeEventListener("blur", releaseKey);
    releaseKey();
  });
}
