/** Who sits here. */
import { computed, shallowRef } from "vue";
import { may, personOf, type Subject } from "../../../shared/access/may.ts";
import type { Action } from "../../../shared/access/rights.ts";
import { Session } from "../../../shared/api/session.ts";
import { ask, order, type Answer } from "../api/client.ts";

/** The commands that the fleet page has buttons for. */
const OF_THE_FLEET_PAGE = [
  "command:identify",
  "command:self-test",
  "command:restart-media",
] as const;

const session = shallowRef<Session | null>(null);

export const me = computed(() => session.value);
/** Whether who sits here may do this: what they may not do is not offered. */
export const mayDo = (action: Action, subject?: Subject): boolean =>
  session.value !== null && may(personOf(session.value), action, subject);

/** Calls: their list, their history. */
export const mayReadCalls = computed(() => mayDo("incidents:read"));
/** To watch and listen. */
export const mayWatch = computed(() => mayDo("media:use"));
export const mayPlayBack = computed(() => mayDo("recordings:read"));
export const mayTakeOver = computed(() => mayDo("incidents:take-over"));
export const mayLock = computed(() => mayDo("incidents:lock"));
export const maySeeHub = computed(() => mayDo("hub:read"));
export const mayRevoke = computed(() => mayDo("pillars:revoke"));
export const mayManage = computed(() => mayDo("accounts:manage"));
export const mayManageServices = computed(() => mayDo("services:manage"));
export const mayAudit = computed(() => mayDo("audit:read"));
/** Through the camera of a pillar from which nobody calls. */
export const mayLook = computed(() => mayDo("pillars:check"));
export const mayCommand = computed(() => OF_THE_FLEET_PAGE.some((action) => mayDo(action)));

/** Asks the hub who we are; false = nobody. */
export async function restoreSession(): Promise<boolean> {
  const answer = await ask("/sessions/current", Session);
  if (answer.ok) session.value = answer.value;
  else if (answer.code === "unauthenticated") session.value = null;
  return session.value !== null;
}

export async function signIn(username: string, password: string): Promise<Answer<Session>> {
  const answer = await ask("/sessions", Session, { method: "POST", body: { username, password } });
  if (answer.ok) session.value = answer.value;
  return answer;
}

export async function signOut(): Promise<void> {
  await order("/sessions/current", { method: "DELETE" });
  session.value = null;
}

export function forgetSession(): void {
  session.value = null;
}

export const homeOf = (who: Session | null): string =>
  who === null || may(personOf(who), "incidents:read") ? "/desk" : "/fleet";
