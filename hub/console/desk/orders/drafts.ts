/**
 * Half-written words belong to their incident and to who wrote them: they wait there while the
 * operator looks at another incident, and outlive a reload of the page.
 */
import { computed, shallowReactive, watch, type WritableComputedRef } from "vue";
import { z } from "zod";
import { dropOldest } from "../../../../shared/bounded-map.ts";
import { me } from "../../state/session.ts";

const KEY = "anzhu.drafts";
const MAX_DRAFTS = 200;
const MAX_LENGTH = 2000;

export type DraftName = "note" | "unit" | "remark" | "result";

const Kept = z.array(z.tuple([z.string(), z.string().max(MAX_LENGTH)])).max(MAX_DRAFTS);

/** By person, name and incident. */
const draftByPlace = shallowReactive(new Map<string, string>(read()));

watch(
  () => [...draftByPlace],
  (drafts) => {
    try {
      // Of this window only: words about a caller do not stay on the machine.
      sessionStorage.setItem(KEY, JSON.stringify(drafts));
    } catch (error) {
      console.warn("drafts: the browser keeps nothing, so a reload loses what is not sent", error);
    }
  },
);

function read(): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(globalThis.sessionStorage?.getItem(KEY) ?? "[]"));
  } catch (error) {
    console.warn("drafts: what the browser kept is unreadable and is left", error);
    return [];
  }
}

const placeOf = (name: DraftName, incidentId: string): string =>
  `${me.value?.username ?? ""}:${name}:${incidentId}`;

export const draft = (name: DraftName, incidentId: string): string =>
  draftByPlace.get(placeOf(name, incidentId)) ?? "";

export function setDraft(name: DraftName, incidentId: string, words: string): void {
  const place = placeOf(name, incidentId);
  draftByPlace.delete(place);
  if (words !== "") draftByPlace.set(place, words.slice(0, MAX_LENGTH));
  dropOldest(draftByPlace, MAX_DRAFTS);
}

export const useDraft = (name: DraftName, incidentId: () => string): WritableComputedRef<string> =>
  computed({
    get: () => draft(name, incidentId()),
    set: (words) => setDraft(name, incidentId(), words),
  });

/** By place, what is on its way. */
const sending = new Map<string, Promise<boolean>>();

/**
 * Sends what is written, if anything is, and clears it; true: nothing is left to send. What was
 * typed while it was on its way stays. What is on its way already is waited for and not sent twice.
 */
export async function sendDraft(
  name: DraftName,
  incidentId: string,
  send: (words: string) => Promise<boolean>,
): Promise<boolean> {
  const place = placeOf(name, incidentId);
  await sending.get(place);
  const before = draft(name, incidentId);
  const words = before.trim();
  if (words === "") return true;
  const sent = send(words).finally(() => sending.delete(place));
  sending.set(place, sent);
  if (!(await sent)) return false;
  if (draft(name, incidentId) === before) setDraft(name, incidentId, "");
  return true;
}
