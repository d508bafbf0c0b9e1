/** What the agent knows of its MQTT connection: up, trying, or waiting to try. */
import type { SessionNonce } from "../../../shared/ids.ts";

export type Link =
  | { readonly phase: "up"; readonly sessionNonce: SessionNonce }
  | { readonly phase: "trying"; readonly attempt: number; readonly isMissing: boolean }
  | { readonly phase: "waiting"; readonly attempt: number; readonly isMissing: boolean };

export const WAITING: Link = { phase: "waiting", attempt: 0, isMissing: false };
