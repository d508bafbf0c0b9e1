/**
 * Calls a person who does not look at the window: its
 * title and a system notification while it is hidden.
 */
import { isolated } from "../../../../shared/text.ts";
import type { Incident } from "../../../../shared/api/incident.ts";

const FLASH_MS = 1000;
const TAG = "anzhu-ring";

let timer: ReturnType<typeof setInterval> | undefined;
let title = document.title;

export function setTitle(text: string): void {
  title = text;
  if (timer === undefined) document.title = text;
}

/** Flashes `text` in the title until called with null. */
export function flashTitle(text: string | null): void {
  clearInterval(timer);
  timer = undefined;
  document.title = title;
  if (text === null) return;
  let isFlashing = false;
  timer = setInterval(() => {
    isFlashing = !isFlashing;
    document.title = isFlashing ? text : title;
  }, FLASH_MS);
}

/** Asked for on a click only: browsers refuse the question otherwise. */
export function askForNotifications(): void {
  if (!("Notification" in window) || Notification.permission !== "default") return;
  Notification.requestPermission().catch((error: unknown) => {
    console.info("notifications: the browser did not ask", error);
  });
}

export function notifyHidden(incident: Incident, heading: string): void {
  if (!document.hidden || !("Notification" in window)) return;
  if (Notification.permission !== "granted") return;
  const shown = new Notification(heading, {
    body: isolated(incident.pillarName),
    tag: TAG,
    requireInteraction: true,
  });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
  });
}
