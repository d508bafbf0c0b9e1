/**
 * What an operator orders, each one request.
 *
 * Nothing is shown as done before the hub has done it;
 * who lost a race is told who won, without a dialog.
 */
import { reactive, ref } from "vue";
import type { Disposition, Incident, Priority } from "../../../../shared/api/incident.ts";
import { order, type Answer } from "../../api/client.ts";
import { newKey } from "../../api/key.ts";
import { incidentOf } from "../../state/live-state.ts";
import { hubNow } from "../../state/clock.ts";
import { notify } from "../../state/notifications.ts";
import { askFocus } from "../focus.ts";
import { mark } from "../call/marks.ts";
import { choose, confirmedId, hungUp, talkingTo } from "../workspace.ts";
import { draft, sendDraft, setDraft } from "./drafts.ts";

/** Orders on their way, as `name:incidentId`. */
export const pending = reactive(new Set<string>());
/** The last race lost. */
export const lostRace = ref<{ incidentId: string; by: string } | null>(null);

async function give(id: string, name: string, body?: unknown): Promise<Answer<null>> {
  const key = `${name}:${id}`;
  if (pending.has(key)) return { ok: false, code: "conflict", detail: "already sent", by: null };
  pending.add(key);
  const answer = await order(`/incidents/${id}/${name}`, {
    idempotencyKey: newKey(),
    ...(body === undefined ? {} : { body }),
  });
  pending.delete(key);
  if (answer.ok) return answer;
  if (answer.code === "conflict" && answer.by !== null) {
    lostRace.value = { incidentId: id, by: answer.by };
  } else notify({ level: "error", code: answer.code, detail: answer.detail });
  return answer;
}

export async function answer(incident: Incident): Promise<void> {
  const before = talkingTo.value;
  choose(incident.id);
  if (before && before.id !== incident.id) void hold(before, true);
  mark("anzhu:answer-pressed", { incidentId: incident.id });
  const given = await give(incident.id, "answer");
  if (!given.ok) return;
  hungUp.value = null;
  lostRace.value = null;
  if (incidentOf(incident.id)?.state !== "answered") confirmedId.value = incident.id;
  mark("anzhu:answered", { incidentId: incident.id });
}

export async function acknowledge(incident: Incident): Promise<void> {
  await give(incident.id, "acknowledge");
}

export async function hold(incident: Incident, held: boolean): Promise<void> {
  const given = await give(incident.id, "hold", { held });
  if (given.ok && !held && hungUp.value?.incidentId === incident.id) hungUp.value = null;
}

/**
 * Ends the talk, not the incident: the pillar shows "please wait" until somebody resumes or closes.
 */
export async function hangUp(incident: Incident): Promise<void> {
  hungUp.value = { incidentId: incident.id, at: hubNow() };
  confirmedId.value = null;
  askFocus("disposition");
  const given = await give(incident.id, "hold", { held: true });
  if (!given.ok) hungUp.value = null;
}

export async function resume(incident: Incident): Promise<void> {
  const before = talkingTo.value;
  if (before && before.id !== incident.id) await hold(before, true);
  await hold(incident, false);
}

export async function grade(
  { id }: Incident,
  priority: Priority,
  reason: string,
): Promise<boolean> {
  return (await give(id, "grade", { priority, reason })).ok;
}

export async function transfer(incident: Incident, to: string): Promise<boolean> {
  return (await give(incident.id, "transfer", { to })).ok;
}

/** Sends the unit that is written in its field; true: nothing is left to send. */
export const dispatchUnit = ({ id }: Incident): Promise<boolean> =>
  sendDraft("unit", id, async (unit) => (await give(id, "dispatch", { unit })).ok);

/** Sends the note that is written in its field; true: nothing is left to send. */
export const addNote = ({ id }: Incident): Promise<boolean> =>
  sendDraft("note", id, async (text) => (await give(id, "note", { text })).ok);

/** Closes with the remark that is written, once the note and the unit in their fields are sent. */
export async function closeIncident(
  incident: Incident,
  disposition: Disposition,
): Promise<boolean> {
  const isAllSent = (await addNote(incident)) && (await dispatchUnit(incident));
  if (!isAllSent) return false;
  const note = draft("remark", incident.id).trim();
  const given = await give(incident.id, "close", { disposition, note });
  if (!given.ok) return false;
  setDraft("remark", incident.id, "");
  setDraft("result", incident.id, "");
  if (hungUp.value?.incidentId === incident.id) hungUp.value = null;
  return true;
}

export async function reopen(incident: Incident): Promise<boolean> {
  return (await give(incident.id, "reopen")).ok;
}
