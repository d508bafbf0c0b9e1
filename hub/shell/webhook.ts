/**
 * Calls somebody outside: one signed POST, and its outcome.
 *
 * Signed as standardwebhooks.com says, so that the receiver can tell it from a forgery; the id
 * stays the same over all tries, so that it can tell a repetition. A redirect is a refusal: the
 * secret was given to one address. When to try again is decided by the core.
 */
import { createHmac } from "node:crypto";
import type { Logger } from "pino";
import type { HubConfig } from "../config.ts";
import type { Webhook } from "../settings/incidents.ts";
import type { HubEffect, HubEvent } from "../core/events.ts";
import type { HubState } from "../core/state/hub-state.ts";
import { toIncident } from "../journal/read/api-shape.ts";
import type { Settled } from "../core/decision.ts";

const ANSWER_WITHIN_MS = 10_000;
const SECRET_PREFIX = "whsec_";

type CallExternal = Extract<HubEffect, { type: "call-external" }>;
type Outcome = Pick<Extract<HubEvent, { type: "external-answered" }>, "outcome" | "detail">;

export interface CallerOptions {
  readonly webhooks: readonly Webhook[];
  readonly state: () => HubState;
  readonly take: (event: HubEvent) => Promise<Settled>;
  readonly log: Logger;
}

export interface Caller {
  call(effect: CallExternal): void;
  /** Gives up what is under way; it stays owed. */
  stop(): Promise<void>;
}

export const webhooksOf = (config: HubConfig): readonly Webhook[] => {
  const { webhook } = config.incidents.escalation;
  if (webhook === "none") return [];
  return Array.isArray(webhook) ? webhook : [webhook];
};

export function createCaller(options: CallerOptions): Caller {
  const stopping = new AbortController();
  const under = new Set<Promise<void>>();
  return {
    call: (effect) => {
      const calling = call(options, effect, stopping.signal).finally(() => under.delete(calling));
      under.add(calling);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(under);
    },
  };
}

async function call(
  options: CallerOptions,
  effect: CallExternal,
  stopping: AbortSignal,
): Promise<void> {
  const { incidentId, ring, target } = effect;
  try {
    const outcome = await post(options, effect, stopping);
    if (stopping.aborted) return;
    const answered = { incidentId, ring, target, ...outcome } as const;
    await options.take({ type: "external-answered", at: Date.now(), ...answered });
  } catch (error) {
    // This promise is not awaited: after a failure the call stays owed and is made again.
    options.log.error({ error }, `a call outside is not told as made: ${String(error)}`);
  }
}

async function post(
  options: CallerOptions,
  effect: CallExternal,
  stopping: AbortSignal,
): Promise<Outcome> {
  const webhook = options.webhooks.find(({ url }) => url === effect.target);
  if (!webhook) return { outcome: "failed", detail: "its secret is not in the settings" };
  const id = `${effect.incidentId}.${effect.ring}`;
  try {
    const body = bodyOf(options.state(), effect);
    if (body === undefined) return { outcome: "failed", detail: "the incident is not open" };
    const answer = await fetch(webhook.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...sign(webhook.secret, { id, body, seconds: Math.floor(Date.now() / 1000) }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.any([stopping, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    await answer.body?.cancel();
    return judge(answer.status);
  } catch (error) {
    return { outcome: "failed", detail: reasonOf(error) };
  }
}

export interface Unsigned {
  readonly id: string;
  readonly body: string;
  /** Unix seconds of this try. */
  readonly seconds: number;
}

/** The three headers of standardwebhooks.com. */
export function sign(secret: string, { id, body, seconds }: Unsigned): Record<string, string> {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${mac}`,
  };
}

function judge(status: number): Outcome {
  if (status >= 200 && status < 300) return { outcome: "delivered", detail: "" };
  if (status === 410) return { outcome: "gone", detail: "" };
  const hint = status >= 300 && status < 400 ? ", a redirect: set the final address" : "";
  return { outcome: "failed", detail: `expected 2xx, found ${status}${hint}` };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${ANSWER_WITHIN_MS / 1000} s`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function bodyOf(state: HubState, { incidentId, ring }: CallExternal): string | undefined {
  const record = state.incidents.get(incidentId);
  const pillar = record && state.pillars.get(record.pillarId);
  if (!record || !pillar) return undefined;
  const { kind, priority, pressedAt, presses, isVerified } = toIncident(record, pillar.name);
  const { id, name, grid, address, position } = pillar;
  return JSON.stringify({
    type: "incident.unanswered",
    timestamp: new Date().toISOString(),
    data: {
      incident: { id: incidentId, ring, kind, priority, pressedAt, presses, isVerified },
      pillar: { id, name, grid, address, position },
    },
  });
}
