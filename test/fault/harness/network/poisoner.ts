/**
 * A stolen pillar that sends the poison corpus: real keys,
 * real MQTT and HTTPS, every message correctly signed.
 *
 * It comes back whenever it is thrown out, as an attacker would.
 */
import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { canonicalJson, type CanonicalValue } from "../../../../shared/canonical-json.ts";
import { upTopic } from "../../../../shared/protocol/topics.ts";
import { over, type Poison } from "../../../../simulator/poison/corpus.ts";
import type { Fields } from "../../../../simulator/poison/values.ts";
import type { Street } from "../programs/street.ts";
import { SESSION, wirePillar, type WireLink, type WirePillar } from "./wire-pillar.ts";

/** A closed connection brings no answer: longer is not waited. */
const ANSWER_WITHIN_MS = 6000;
/** Alarms that may be sent again. */
const MAX_KEPT = 64;

export interface Poisoner {
  readonly id: string;
  send(poison: Poison): Promise<void>;
  /** Answers by HTTPS, by status; 0 for a connection that was cut. */
  readonly answers: ReadonlyMap<number, number>;
}

interface PoisonState {
  readonly street: Street;
  readonly pillar: WirePillar;
  readonly otherId: string;
  readonly answers: Map<number, number>;
  readonly sent: string[];
  link: WireLink | undefined;
}

/** Ends with its street. */
export async function newPoisoner(street: Street, id: string, otherId: string): Promise<Poisoner> {
  const pillar = await wirePillar(street, id);
  const state: PoisonState = {
    street,
    pillar,
    otherId,
    answers: new Map(),
    sent: [],
    link: undefined,
  };
  return { id, send: (poison) => send(state, poison), answers: state.answers };
}

async function send(state: PoisonState, poison: Poison): Promise<void> {
  const { pillar } = state;
  switch (poison.family) {
    case "alarm":
      return publish(state, "alarm", alarmText(state, poison));
    case "https-alarm":
      return post(state, `/api/v1/pillars/${pillar.id}/alarms`, alarmText(state, poison));
    case "heartbeat":
      return publish(state, "heartbeat", textOf(over(goodHeartbeat(), poison.message)));
    case "report":
      return publish(state, "report", textOf(over(GOOD_REPORT, poison.message)));
    case "signal":
      return publish(state, "signal", textOf(over(goodSignal(), poison.message)));
    case "renewal":
      return post(state, `/api/v1/pillars/${pillar.id}/certificate`, renewalText(state, poison));
  }
}

function alarmText(
  state: PoisonState,
  { event: hostile, message, again, isOfOther }: Poison,
): string {
  const { pillar, sent, otherId } = state;
  const earlier = again > 0 ? sent.at(-again) : undefined;
  if (earlier !== undefined) return earlier;
  const good = pillar.seal().event as unknown as Fields;
  const event = over(over(good, hostile), isOfOther ? { pillarId: otherId } : {});
  const sig = pillar.sign(signedText(event));
  const envelope = { v: 1, event, sig, ageMs: 10, attempt: 1, sessionNonce: SESSION };
  const text = textOf(over(envelope, message));
  sent.push(text);
  if (sent.length > MAX_KEPT) sent.shift();
  return text;
}

/** What has no canonical form cannot be signed correctly; it is signed as it is written. */
function signedText(event: Fields): string {
  try {
    return canonicalJson(event as CanonicalValue);
  } catch {
    return textOf(event);
  }
}

function renewalText({ pillar }: PoisonState, { message }: Poison): string {
  const { csr, ...rest } = over({ csr: "none" }, message);
  const sig = pillar.sign(signedText({ pillarId: pillar.id, csr }));
  return textOf({ ...rest, csr, sig });
}

const textOf = (message: Fields): string => JSON.stringify(message);
const hex = (): string => randomBytes(16).toString("hex");

const goodHeartbeat = (): Fields => ({
  ...{ v: 1, bootEpoch: 1, sessionNonce: SESSION, uptimeMs: 1000, wallMs: Date.now() },
  ...{ head: { seq: 0, hash: "0".repeat(64) }, outboxDepth: 0, faults: [], release: "1" },
});
const GOOD_REPORT: Fields = { v: 1, type: "fault-cleared", code: "camera-lost" };
const goodSignal = (): Fields => ({ v: 1, type: "bye", sessionId: hex(), reason: "" });

async function publish(state: PoisonState, channel: Parameters<typeof upTopic>[1], text: string) {
  if (!state.link?.client.connected) state.link = await state.pillar.connect();
  const { client } = state.link;
  const ended = Promise.withResolvers<void>();
  const onClose = (): void => ended.resolve();
  client.once("close", onClose);
  const published = client
    .publishAsync(upTopic(state.pillar.id, channel), text, { qos: 1 })
    .catch(() => undefined);
  await Promise.race([published, ended.promise, delay(ANSWER_WITHIN_MS)]);
  client.off("close", onClose);
}

async function post(state: PoisonState, path: string, text: string): Promise<void> {
  const { street, pillar, answers } = state;
  const { ca, tlsKey: key, tlsCert: cert } = pillar.identity;
  const status = await new Promise<number>((resolve) => {
    const asked = request(
      {
        ...{ host: "127.0.0.1", port: street.hub.alarmsPort, path, method: "POST" },
        ...{ ca, key, cert, agent: false, timeout: ANSWER_WITHIN_MS },
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    asked.once("error", () => resolve(0));
    asked.once("timeout", () => asked.destroy(new Error("no answer")));
    asked.end(text);
  });
  answers.set(status, (answers.get(status) ?? 0) + 1);
}
