/** One request to a hub on an open connection: a POST of JSON, bounded in time and in size. */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { MAX_MESSAGE_BYTES } from "../../../shared/parse.ts";
import { Failure, reasonOf } from "../host/failure.ts";

export interface Question {
  readonly target: URL;
  readonly socket: TLSSocket;
  readonly withinMs: number;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Rejects with a `Failure` when no whole answer came in time. */
export function ask({ target, socket, withinMs, body }: Question): Promise<Answer> {
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

export const notFound = ({ host }: URL, reason: string): Failure =>
  new Failure("peer", `expected the hub at ${host}, found ${reason}`);

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

/** Host and port of an address as sockets want them. */
export const endOf = (target: URL): { readonly host: string; readonly port: number } => ({
  host: target.hostname.replace(/^\[|\]$/g, ""),
  port: Number(target.port || 443),
});
