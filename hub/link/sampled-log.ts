/**
 * A log that a flood cannot fill: one line for each kind
 * of cause, sender and time, with the number left out.
 *
 * The kinds are ours and are counted for the metrics. The sender is an identity that was proven, or
 * the group of an address; a text from outside stands in the line, and never in the key.
 */
import type { Logger } from "pino";
import type { PillarId } from "../../shared/ids.ts";
import { addressGroup } from "./entrance/address-group.ts";
import { createSampler } from "./sampler.ts";

export const SAMPLED_KINDS = [
  /** Turned away by a limit on connections. */
  "crowd",
  /** Turned away in the TLS handshake, or before it. */
  "handshake",
  /** A connection that was refused or ended by us. */
  "connection",
  /** A message that was dropped. */
  "message",
  /** A message on a topic this version does not know, which a newer pillar may send. */
  "unknown-topic",
  "subscription",
  /** By a broker that is not ours: a message of nobody we know. */
  "foreign-topic",
  "broker",
  "alarm",
  "sign-in",
  "enrolment",
  /** The hub could not take something in. */
  "not-taken",
  "answer",
] as const;
export type SampledKind = (typeof SAMPLED_KINDS)[number];

const EVERY_MS = 10_000;
/** Lines of one time at most, and one more. */
const MAX_KEYS = 300;

export interface SampledLine {
  readonly kind: SampledKind;
  /** Which of a kind it is, where a kind has several causes. Never a text from outside. */
  readonly cause?: string;
  readonly sender: Sender;
  readonly level?: "warn" | "error";
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Sender =
  | { readonly pillarId: PillarId }
  | { readonly address: string | undefined }
  | { readonly person: string }
  /** All senders together. */
  | "all";

export interface SampledLog {
  (line: SampledLine): void;
  /** Everything that came, told or not. */
  counts(): Readonly<Record<SampledKind, number>>;
}

export function createSampledLog(log: Logger): SampledLog {
  const counts = Object.fromEntries(SAMPLED_KINDS.map((kind) => [kind, 0])) as Record<
    SampledKind,
    number
  >;
  const sampler = createSampler<SampledLine>({
    everyMs: EVERY_MS,
    mostKeys: MAX_KEYS,
    tell: ({ text, fields, level = "warn" }, more) =>
      log[level](
        { ...fields, leftOut: more },
        more > 0 ? `${text} (and ${more} more like this in ${EVERY_MS / 1000} s)` : text,
      ),
  });
  const tell = (line: SampledLine): void => {
    counts[line.kind] += 1;
    sampler.offer(`${line.kind} ${line.cause ?? ""} ${nameOf(line.sender)}`, line);
  };
  return Object.assign(tell, { counts: () => counts });
}

function nameOf(sender: Sender): string {
  if (sender === "all") return sender;
  if ("pillarId" in sender) return `pillar ${sender.pillarId}`;
  if ("person" in sender) return `person ${sender.person}`;
  return `address ${addressGroup(sender.address)}`;
}
