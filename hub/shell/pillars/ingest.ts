/**
 * Messages of pillars, checked and handed to the core.
 *
 * An alarm counts only with the signature of the pillar's own key. One that cannot be written down
 * is reported to every console at once and gets no receipt: somebody may still be standing there.
 */
import type { Logger } from "pino";
import { assertNever } from "../../../shared/assert.ts";
import { canonicalJson } from "../../../shared/canonical-json.ts";
import type { PillarId } from "../../../shared/ids.ts";
import type { UpMessage } from "../../../shared/protocol/messages.ts";
import type { Commander } from "./pillar-commands.ts";
import type { ConsoleFeed } from "../console-feed.ts";
import type { HubEvent } from "../../core/events.ts";
import type { Via } from "../../core/incident/kinds.ts";
import { alarmEvent, whyRefused, type Arrival, type Verify } from "../../core/incident/arrival.ts";
import { whyUnheard } from "../../core/pillar/certificate.ts";
import { needsJournal } from "../../core/pillar/ledger.ts";
import type { HubState } from "../../core/state/hub-state.ts";
import { newId } from "../identifier.ts";
import { sha256 } from "../../journal/chain.ts";
import type { SampledLog } from "../../link/sampled-log.ts";
import { createSampler, type Sampler } from "../../link/sampler.ts";
import type { Taken } from "../effects.ts";
import type { PillarMessages } from "./pillar-messages.ts";
import type { Authority } from "../../identity/ports.ts";
import type { AlarmAnswer, Journal, MediaPort, PillarLink, PillarLinkEvents } from "../../ports.ts";

export interface IngestOptions {
  readonly authority: Pick<Authority, "verify">;
  readonly journal: Pick<Journal, "findAlarms" | "hubEpoch">;
  readonly media: Pick<MediaPort, "send">;
  readonly commander: Pick<Commander, "onReport">;
  readonly feed: Pick<ConsoleFeed, "notify">;
  readonly state: () => HubState;
  readonly failure: () => Error | undefined;
  readonly take: (event: HubEvent) => Promise<Pick<Taken, "accepted">>;
  readonly drop: PillarLink["drop"];
  readonly refused: SampledLog;
  readonly messages: Pick<PillarMessages, "onHeartbeat">;
  readonly log: Logger;
}

/**
 * A forged alarm costs its sender nothing: the desks are told
 * of one pillar's once in this time, with the number.
 */
const NOTICE_EVERY_MS = 60_000;
const MAX_NOTICED_PILLARS = 200;

interface Ingest extends IngestOptions {
  readonly refusals: Sampler<string>;
}

const createRefusals = ({ feed }: Pick<IngestOptions, "feed">): Sampler<string> =>
  createSampler({
    ...{ everyMs: NOTICE_EVERY_MS, mostKeys: MAX_NOTICED_PILLARS },
    tell: (detail, more) => {
      const several = more > 0 ? { count: more + 1 } : {};
      feed.notify({ level: "error", code: "alarm-refused", detail, ...several });
    },
  });

export function createIngest(given: IngestOptions): PillarLinkEvents {
  const options: Ingest = { ...given, refusals: createRefusals(given) };
  const tell = (event: HubEvent): void => {
    options.take(event).catch((error: unknown) => {
      options.log.debug({ error }, `${event.type} was not taken in: ${String(error)}`);
    });
  };
  return {
    onConnected: (pillarId, { serial, hasTakenOver = false } = {}) => {
      const shown = serial === undefined ? {} : { certificateSerial: serial };
      tell({ type: "pillar-connected", at: Date.now(), pillarId, hasTakenOver, ...shown });
    },
    onDisconnected: (pillarId) => tell({ type: "pillar-disconnected", at: Date.now(), pillarId }),
    onMessage: (pillarId, message, via) => onMessage(options, { pillarId, message, via }),
    onBroker: (isReached, detail) =>
      options.feed.notify(
        isReached
          ? { level: "info", code: "broker-back", detail }
          : { level: "error", code: "broker-unreachable", detail },
      ),
  };
}

interface Heard {
  readonly pillarId: PillarId;
  readonly message: UpMessage;
  readonly via: Via;
}

async function onMessage(options: Ingest, heard: Heard): Promise<AlarmAnswer | undefined> {
  const { pillarId, message, via } = heard;
  if (message.channel === "alarm") {
    return await onAlarm(options, { pillarId, alarm: message.message, via });
  }
  await onOther(options, pillarId, message);
  return undefined;
}

type Other = Exclude<UpMessage, { readonly channel: "alarm" }>;

async function onOther(options: Ingest, pillarId: PillarId, message: Other): Promise<void> {
  const at = Date.now();
  const ended = whyUnheard(options.state().pillars.get(pillarId), at);
  if (ended) {
    // It was let in while its certificate was good. Expired,
    // it may still raise an alarm; nothing else counts.
    options.drop(pillarId, ended);
    return;
  }
  switch (message.channel) {
    case "heartbeat":
      await options.take({
        ...{ type: "heartbeat", at, pillarId, heartbeat: message.message },
        hubEpoch: options.journal.hubEpoch(),
      });
      options.messages.onHeartbeat(pillarId);
      return;
    case "report":
      options.commander.onReport(pillarId, message.message);
      await options.take({ type: "report", at, pillarId, report: message.message });
      return;
    case "signal":
      options.media.send({ type: "pillar-signal", pillarId, signal: message.message });
      return;
    default:
      assertNever(message);
  }
}

async function onAlarm(options: Ingest, arrival: Arrival): Promise<AlarmAnswer> {
  const { pillarId, alarm } = arrival;
  const verify: Verify = (key, event, sig) =>
    options.authority.verify(key, canonicalJson(event), sig);
  const refusal = whyRefused(options.state(), arrival, verify);
  if (refusal) {
    const { eventId } = alarm.event;
    const sender = senderOf(options, pillarId);
    options.refused({
      ...{ kind: "alarm", level: "error", sender },
      ...{ text: `alarm refused: ${refusal}`, fields: { pillarId, eventId } },
    });
    options.refusals.offer(sender === "all" ? "unknown" : pillarId, refusal);
    return { outcome: "refused", detail: refusal };
  }
  try {
    const failure = options.failure();
    if (failure) throw failure;
    const recorded = needsJournal(options.state(), alarm)
      ? await options.journal.findAlarms(alarm.event)
      : undefined;
    const event = alarmEvent(arrival, {
      at: Date.now(),
      digest: sha256,
      newIncidentId: newId(),
      newRecordingId: newId(),
      recorded,
    });
    const { accepted } = await options.take(event);
    return accepted ? { outcome: "accepted", accepted } : { outcome: "held" };
  } catch (error) {
    const detail = `${options.state().pillars.get(pillarId)?.name ?? pillarId}: ${String(error)}`;
    const text = `an alarm could not be recorded: ${detail}`;
    const sender = senderOf(options, pillarId);
    options.refused({
      kind: "not-taken",
      level: "error",
      sender,
      text,
      fields: { pillarId, error },
    });
    // Each: the signature is the pillar's own, and somebody may be standing there.
    options.feed.notify({ level: "error", code: "alarm-not-recorded", detail });
    throw error;
  }
}

/**
 * A stranger may name any pillar in the address; only
 * an enrolled one gets a notification of its own.
 */
const senderOf = ({ state }: IngestOptions, pillarId: PillarId): { pillarId: PillarId } | "all" =>
  state().pillars.has(pillarId) ? { pillarId } : "all";
