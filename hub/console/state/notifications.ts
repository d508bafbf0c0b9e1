/**
 * Short messages in a corner: three at most, never for
 * calls, because a call may not be covered or missed.
 */
import { shallowRef } from "vue";

const MAX_NOTIFICATIONS = 3;
const SHOWN_MS = 8000;

export interface NotificationCard {
  readonly id: number;
  readonly level: "info" | "warning" | "error";
  /** A key below `notification.` in the translations. */
  readonly code: string;
  readonly detail: string;
  /** How often, when more than once. */
  readonly count?: number | undefined;
}

export const notifications = shallowRef<readonly NotificationCard[]>([]);
let lastId = 0;

export function notify(notification: Omit<NotificationCard, "id">): void {
  const id = ++lastId;
  const others = notifications.value.filter((shown) => shown.code !== notification.code);
  notifications.value = [...others, { ...notification, id }].slice(-MAX_NOTIFICATIONS);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notifications.value = notifications.value.filter((notification) => notification.id !== id);
}
