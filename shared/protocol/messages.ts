/** The message of each channel: the one table from which parsers, documents and tests are made. */
import { z } from "zod";
import { parseJson, type Parsed } from "../parse.ts";
import { Accepted } from "./accepted.ts";
import { Alarm } from "./alarm.ts";
import { SignedCall } from "./call.ts";
import { Command } from "./command.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Report } from "./report.ts";
import { Signal, SignedSignal } from "./signal.ts";
import type { DownChannel, UpChannel } from "./topics.ts";
import { AnyVersion, isNewer } from "./version.ts";

export const UP_MESSAGES = {
  alarm: Alarm,
  heartbeat: Heartbeat,
  report: Report,
  signal: Signal,
} as const;
export const DOWN_MESSAGES = {
  accepted: Accepted,
  call: SignedCall,
  command: Command,
  signal: SignedSignal,
} as const;

export type UpMessages = { [C in UpChannel]: z.infer<(typeof UP_MESSAGES)[C]> };
export type DownMessages = { [C in DownChannel]: z.infer<(typeof DOWN_MESSAGES)[C]> };

/** A parsed message together with its channel, so that a `switch` narrows both. */
export type UpMessage = { [C in UpChannel]: { channel: C; message: UpMessages[C] } }[UpChannel];
export type DownMessage = {
  [C in DownChannel]: { channel: C; message: DownMessages[C] };
}[DownChannel];

export function parseUp(channel: UpChannel, bytes: Uint8Array): Parsed<UpMessage> {
  const parsed = parseJson<unknown>(UP_MESSAGES[channel], bytes);
  return parsed.ok ? { ok: true, value: { channel, message: parsed.value } as UpMessage } : parsed;
}

/** Whether unreadable bytes come from a newer pillar, which is not an attack. */
export function isOfNewerProtocol(bytes: Uint8Array): boolean {
  const parsed = parseJson(z.object({ v: AnyVersion }), bytes);
  return parsed.ok && isNewer(parsed.value.v);
}

export function parseDown(channel: DownChannel, bytes: Uint8Array): Parsed<DownMessage> {
  const parsed = parseJson<unknown>(DOWN_MESSAGES[channel], bytes);
  return parsed.ok
    ? { ok: true, value: { channel, message: parsed.value } as DownMessage }
    : parsed;
}
