/** Who sits here. */
import { computed, shallowRef } from "vue";
import { Session, type Role } from "../../../shared/api/session.ts";
import { ask, order, type Answer } from "../api/client.ts";

const session = shallowRef<Session | null>(null);

export const me = computed(() => session.value);
export const role = computed<Role | null>(() => session.value?.role ?? null);
/** Technicians and administrators keep the pillars going; they neither hear nor see people. */
export const mayWatch = computed(() => role.value === "operator" || role.value === "supervisor");
export const mayTakeOver = computed(() => role.value === "supervisor");
/** Its recordings are evidence, so a supervisor decides. */
export const mayLock = computed(() => role.value === "supervisor");
export const maySeeHub = computed(() => role.value !== null && role.value !== "operator");
export const mayRevoke = computed(() => role.value === "admin");
export const mayManage = computed(() => role.value === "admin");
export const mayAudit = computed(() => role.value === "supervisor" || role.value === "admin");
export const mayCommand = computed(() => role.value !== null && role.value !== "operator");

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

export const homeOf = (who: Role | null): string =>
  who === "technician" || who === "admin" ? "/fleet" : "/desk";
