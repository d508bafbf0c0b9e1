/**
 * Short messages in a corner: three at most, never for
 * calls, because a call may not be covered or missed.
 */
import { shallowRef } from "vue";

const MAX_NOTICES = 3;
const SHOWN_MS = 8000;

export interface NoticeCard {
  readonly id: number;
  readonly level: "info" | "warning" | "error";
  /** A key below `notice.` in the translations. */
  readonly code: string;
  readonly detail: string;
  /** How often, when more than once. */
  readonly count?: number | undefined;
}

export const notices = shallowRef<readonly NoticeCard[]>([]);
let lastId = 0;

export function notify(notice: Omit<NoticeCard, "id">): void {
  const id = ++lastId;
  const others = notices.value.filter((shown) => shown.code !== notice.code);
  notices.value = [...others, { ...notice, id }].slice(-MAX_NOTICES);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
