/** Requests so malformed, large or slow that they never become one: refused on the bare socket. */
import type { Socket } from "node:net";
import { describe, PROBLEM_TYPE } from "../problem.ts";
import type { Problem } from "../../../shared/api/problem.ts";

const REASON: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** For Fastify's `clientErrorHandler`: `error.code` is that of Node's HTTP parser. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const found = understandClient(error.code ?? "");
  const body = JSON.stringify(found);
  const head = [
    `HTTP/1.1 ${found.status} ${REASON[found.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

function understandClient(code: string): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return describe("headers-too-large", "expected smaller headers and a shorter address");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return describe("timeout", "expected the whole request sooner: send it again");
    default:
      return describe("bad-request", "expected a well-formed HTTP request");
  }
}
