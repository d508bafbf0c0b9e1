/**
 * Performs the core's effects, when its facts are durable.
 *
 * An effect that fails is logged and never stops the next: a
 * missing directory for a recording must not cost a receipt.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { assertNever } from "../../shared/assert.ts";
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { Accepted } from "../../shared/protocol/accepted.ts";
import { signCommand } from "./pillars/pillar-commands.ts";
import { receiptIn, type Settled } from "../core/decision.ts";
import type { HubEffect } from "../core/events.ts";
import { resendOf } from "../core/told/command.ts";
import { receiptFor } from "../core/told/receipt.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { recordingPath } from "../journal/read/api-shape.ts";
import type { Outgoing } from "./loop.ts";
import type { Authority } from "../identity/ports.ts";
import type { Journal, MediaPort, PillarLink } from "../ports.ts";
import type { PillarMessages } from "./pillars/pillar-messages.ts";
import type { Views } from "../media/control/media-sessions.ts";
import type { Recordings } from "../media/control/recordings.ts";

export interface EffectsOptions {
  readonly dataDir: string;
  readonly journal: Pick<Journal, "hubEpoch">;
  readonly authority: Pick<Authority, "sign">;
  readonly media: Pick<MediaPort, "send">;
  readonly send: PillarLink["send"];
  readonly messages: Pick<PillarMessages, "call" | "dismiss" | "hubRun">;
  readonly drop: PillarLink["drop"];
  readonly state: () => HubState;
  readonly views: Pick<Views, "end" | "reviewOf">;
  /** Calls somebody outside. */
  readonly call: (effect: EffectOf<"call-external">) => void;
  readonly recordings: Pick<Recordings, "failed">;
  readonly log: Logger;
}

/** A decision that is durable, and the receipt of the alarm that it took in. */
export interface Taken extends Settled {
  readonly accepted?: Accepted;
}

export interface Prepared extends Outgoing {
  /**
   * Of the one alarm that the decision took in; it may leave the hub when the facts are durable.
   */
  readonly accepted?: Accepted;
}

/** The receipt is signed while the disk still writes what it confirms, and sent when it has. */
export function createEffects(options: EffectsOptions): (settled: Settled) => Prepared {
  const attempt = (effect: HubEffect, work: () => void): void => {
    try {
      work();
    } catch (error) {
      options.log.error({ error, effect: effect.type }, `${effect.type}: ${String(error)}`);
    }
  };
  return (settled) => {
    let accepted: Accepted | undefined;
    const accept = receiptIn(settled);
    if (accept) attempt(accept, () => (accepted = receipt(options, accept, settled)));
    return {
      ...(accepted && { accepted }),
      answer: accept && (() => attempt(accept, () => answer(options, accept, accepted))),
      perform: () => {
        for (const effect of settled.effects) attempt(effect, () => perform(options, effect));
      },
    };
  };
}

type EffectOf<T extends HubEffect["type"]> = Extract<HubEffect, { type: T }>;

/** An alarm that came by HTTPS has its receipt as the answer to its request. */
function answer(
  options: EffectsOptions,
  { pillarId, sessionNonce }: EffectOf<"accept">,
  message: Accepted | undefined,
): void {
  if (message && sessionNonce) options.send(pillarId, { channel: "accepted", message });
}

function perform(options: EffectsOptions, effect: HubEffect): void {
  switch (effect.type) {
    case "accept":
      return;
    case "tell-pillar":
      options.messages.call(effect.pillarId, effect.call);
      return;
    case "ask-resend":
      askResend(options, effect);
      return;
    case "start-recording":
      startRecording(options, effect);
      return;
    case "stop-recording":
      options.media.send({
        type: "record-stop",
        pillarId: effect.pillarId,
        recordingId: effect.recordingId,
      });
      return;
    case "end-views":
      options.views.end(effect.incidentId, effect.who);
      return;
    case "review-views":
      options.views.reviewOf(effect.pillarId);
      return;
    case "expel-pillar":
      options.messages.dismiss(effect.pillarId, effect);
      options.views.reviewOf(effect.pillarId);
      options.media.send({ type: "pillar-gone", pillarId: effect.pillarId });
      options.drop(effect.pillarId, effect.reason);
      return;
    case "call-external":
      options.call(effect);
      return;
    case "refuse":
      return;
    default:
      assertNever(effect);
  }
}

function receipt(options: EffectsOptions, effect: EffectOf<"accept">, settled: Settled): Accepted {
  const hubEpoch = options.journal.hubEpoch();
  const { hubRun } = options.messages;
  const body = receiptFor(effect, settled, { hubEpoch, hubRun });
  return { v: 1, receipt: body, sig: options.authority.sign(canonicalJson(body)) };
}

function askResend(options: EffectsOptions, effect: EffectOf<"ask-resend">): void {
  const { pillarId, fromSeq } = effect;
  options.log.warn({ pillarId }, `${pillarId} is asked for its alarms from number ${fromSeq} on`);
  const message = signCommand(options.authority, resendOf(effect));
  options.send(pillarId, { channel: "command", message });
}

function startRecording(options: EffectsOptions, effect: EffectOf<"start-recording">): void {
  const { recordingId, pillarId, isCallRunning } = effect;
  const recording = options.state().recordings.get(recordingId);
  if (!recording) return;
  const path = join(options.dataDir, recordingPath(recording));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    options.recordings.failed(recording);
    throw error;
  }
  options.media.send({ type: "record-start", recordingId, pillarId, path, isCallRunning });
}
