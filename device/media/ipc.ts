/**
 * What the agent and its media process say to each other over the child's channel.
 *
 * Media may die at any instant: every message here can be lost, and none carries an alarm.
 */
import type { MediaEffect } from "../core/state/media-channel.ts";
import type { MediaConfig } from "../config.ts";

export type ToMedia =
  | { readonly type: "configure"; readonly media: MediaConfig }
  | MediaEffect
  /** Answered by `pong` at once: a process that does not is hanging, and is killed. */
  | { readonly type: "ping" };
