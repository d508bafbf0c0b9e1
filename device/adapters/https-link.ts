/**
 * The second way to the hubs: one signed alarm, one HTTPS request, one answer.
 *
 * It shares nothing with the MQTT link but the identity: its own sockets, a new connection each time, so that
 * whatever keeps MQTT silent need not keep this silent. A hub must prove the pinned authority; our
 * certificate is shown when it asks. Nothing is tried again here: the core decides that.
 */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import type { EventId, PillarId } from "../../shared/ids.ts";
import { MAX_MESSAGE_BYTES, parseJson } from "../../shared/parse.ts";
import { Accepted } from "../../shared/protocol/accepted.ts";
import type { Alarm } from "../../shared/protocol/alarm.ts";
import type { AlarmPost } from "../ports.ts";
import { Failure, reasonOf } from "./failure.ts";
import { provenSocket } from "./proven-socket.ts";

/** For the handshake, and again from the request to the last byte of the answer. */
const REQUEST_MS = 5000;
/** Requests under way at once; the core asks for fewer. */
const MAX_UNDER_WAY = 8;

export interface HttpsSettings {
  readonly pillarId: PillarId;
  /** In the order in which they are asked. */
  readonly urls: readonly string[];
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  /** Another one only in tests. */
  readonly requestMs?: number;
}

export function httpsLink(settings: HttpsSettings): AlarmPost {
  const { pillarId, urls, tlsKey, tlsCert, ca } = settings;
  const withinMs = settings.requestMs ?? REQUEST_MS;
  const sockets = new Set<TLSSocket>();
  const underWay = new Set<EventId>();
  const send = async (url: string, alarm: Alarm): Promise<Accepted | undefined> => {
    const target = new URL(`${url.replace(/\/+$/, "")}/api/v1/pillars/${pillarId}/alarms`);
    const host = target.hostname.replace(/^\[|\]$/g, "");
    const port = Number(target.port || 443);
    const socket = await provenSocket({ host, port, tlsKey, tlsCert, ca, withinMs }).catch(
      (error: unknown) => {
        throw notFound(target, reasonOf(error));
      },
    );
    sockets.add(socket);
    const answer = await ask({ target, socket, withinMs, body: JSON.stringify(alarm) }).finally(
      () => {
        sockets.delete(socket);
        socket.destroy();
      },
    );
    return readAnswer(target, answer);
  };
  return {
    post: async (hub, alarm) => {
      const url = urls[hub];
      const { eventId } = alarm.event;
      if (url === undefined) throw new Failure("configuration", `there is no hub number ${hub}`);
      if (underWay.has(eventId)) throw new Failure("peer", "the last request is still under way");
      if (underWay.size >= MAX_UNDER_WAY) {
        throw new Failure("peer", `${MAX_UNDER_WAY} requests are under way already`);
      }
      underWay.add(eventId);
      try {
        return await send(url, alarm);
      } finally {
        underWay.delete(eventId);
      }
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}

const notFound = ({ host }: URL, reason: string): Failure =>
  new Failure("peer", `expected the hub at ${host}, found ${reason}`);

interface Question {
  readonly target: URL;
  readonly socket: TLSSocket;
  readonly withinMs: number;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

function ask({ target, socket, withinMs, body }: Question): Promise<Answer> {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const asking = request(target, { method: "POST", headers, createConnection: () => socket });
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(notFound(target, reason));
      asking.destroy();
    };
    const timer = setTimeout(() => fail(`no answer within ${withinMs / 1000} s`), withinMs);
    asking.setNoDelay(true);
    asking.on("error", (error) => fail(reasonOf(error)));
    asking.once("response", (response) => {
      const answered = (bytes: Buffer): void => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, bytes });
      };
      read(response).then(answered, (error: unknown) => fail(reasonOf(error)));
    });
    asking.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_MESSAGE_BYTES) throw new Error(`an answer above ${MAX_MESSAGE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readAnswer({ host }: URL, { status, bytes }: Answer): Accepted | undefined {
  if (status === 202) return undefined;
  if (status !== 200) {
    const detail = bytes.toString("utf8").slice(0, 200);
    throw new Failure("peer", `${host} refused the alarm (${status}): ${detail}`);
  }
  const parsed = parseJson(Accepted, bytes);
  if (parsed.ok) return parsed.value;
  throw new Failure("peer", `${host} answered something that is no receipt: ${parsed.reason}`);
}

/** A pillar with no second way. */
export const noSecondWay: AlarmPost = {
  post: () => Promise.reject(new Failure("configuration", "hub.alarmUrls is empty")),
  close: () => Promise.resolve(),
};
