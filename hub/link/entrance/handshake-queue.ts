/**
 * A queue of connections before their handshake, which costs
 * the hub a thousand times more than it costs them.
 *
 * When a hub comes back, ten thousand pillars connect within seconds. If all handshakes were begun
 * at once, all would be slow together until all gave up, alarms included. So one handshake is begun
 * in each turn of the event loop: first of pillars with an unaccepted alarm, and among equals the
 * newest, because one that has waited for long is about to give up and its handshake would be
 * wasted. A connection that closes while waiting has cost nothing. On a hub with time to spare
 * there is no wait.
 */
import type { Socket } from "node:net";
import { MAX_HELLO_BYTES, readHello } from "./client-hello.ts";

/** From the open socket to the last byte of its hello. */
const HELLO_MS = 5000;
/** A pillar gives an attempt up after ten seconds; later the other end is gone. */
const WAIT_MS = 10_000;
/** Closed connections that may stand in the queue beyond the open ones, before it is tidied. */
const SLACK = 100;

export interface HandshakeQueue {
  /** Takes a socket that nobody has read from yet. */
  enter(socket: Socket): void;
  /** Connections whose handshake has not begun. */
  size(): number;
  close(): void;
}

export interface HandshakeQueueOptions {
  /** Its turn has come; its first bytes are still to be read. */
  readonly onTurn: (socket: Socket) => void;
  /** Its hello is whole; it waits for its turn. */
  readonly onHello?: (socket: Socket) => void;
  /** It sent nothing in time, or waited for too long. */
  readonly onLate: (socket: Socket, reason: "hello" | "turn") => void;
}

interface WaitingConnection {
  readonly socket: Socket;
  readonly enteredAt: number;
  /** What it has sent so far, taken from the socket until its turn. */
  received: Buffer;
  readonly forget: () => void;
}

export function createHandshakeQueue(options: HandshakeQueueOptions): HandshakeQueue {
  const { onTurn, onHello, onLate } = options;
  const present = new Set<WaitingConnection>();
  const lines = { urgent: [] as WaitingConnection[], ordinary: [] as WaitingConnection[] };
  let turn: NodeJS.Immediate | undefined;

  const leave = (waiting: WaitingConnection): void => {
    present.delete(waiting);
    waiting.forget();
  };
  const refuse = (waiting: WaitingConnection, reason: "hello" | "turn"): void => {
    leave(waiting);
    onLate(waiting.socket, reason);
    waiting.socket.destroy();
  };
  const next = (): WaitingConnection | undefined => {
    for (const line of [lines.urgent, lines.ordinary]) {
      for (let waiting = line.pop(); waiting; waiting = line.pop()) {
        if (present.has(waiting)) return waiting;
      }
    }
    return undefined;
  };
  const takeTurn = (): void => {
    const waiting = next();
    turn = waiting && setImmediate(takeTurn);
    if (!waiting) return;
    if (performance.now() - waiting.enteredAt > WAIT_MS) return refuse(waiting, "turn");
    leave(waiting);
    waiting.socket.unshift(waiting.received);
    onTurn(waiting.socket);
  };
  const enqueue = (waiting: WaitingConnection, isUrgent: boolean): void => {
    const line = isUrgent ? "urgent" : "ordinary";
    lines[line].push(waiting);
    // Closed connections still stand in the queue; it must not grow with them.
    if (lines[line].length > 2 * present.size + SLACK) {
      lines[line] = lines[line].filter((one) => present.has(one));
    }
    turn ??= setImmediate(takeTurn);
  };
  return {
    enter: (socket) => {
      const waiting = listenTo(socket, {
        onHello: (isUrgent) => {
          onHello?.(socket);
          enqueue(waiting, isUrgent);
        },
        onGone: () => leave(waiting),
        onLate: () => refuse(waiting, "hello"),
      });
      present.add(waiting);
    },
    size: () => present.size,
    close: () => {
      clearImmediate(turn);
      for (const waiting of present) {
        leave(waiting);
        waiting.socket.destroy();
      }
    },
  };
}

interface ConnectionEvents {
  onHello(isUrgent: boolean): void;
  onGone(): void;
  onLate(): void;
}

/** Keeps reading while it waits: only so is it noticed that the other end has closed. */
function listenTo(
  socket: Socket,
  { onHello, onGone, onLate }: ConnectionEvents,
): WaitingConnection {
  let isHeard = false;
  const timer = setTimeout(onLate, HELLO_MS);
  const look = (): void => {
    for (
      let bytes = socket.read() as Buffer | null;
      bytes;
      bytes = socket.read() as Buffer | null
    ) {
      waiting.received = Buffer.concat([waiting.received, bytes]);
      if (waiting.received.length >= MAX_HELLO_BYTES) socket.removeListener("readable", look);
    }
    if (isHeard) return;
    const hello = readHello(waiting.received);
    if (hello.state === "partial") return;
    isHeard = true;
    clearTimeout(timer);
    onHello(hello.isUrgent);
  };
  const gone = (): void => {
    onGone();
    socket.destroy();
  };
  const waiting: WaitingConnection = {
    ...{ socket, enteredAt: performance.now(), received: Buffer.alloc(0) },
    forget: () => {
      clearTimeout(timer);
      socket.removeListener("readable", look);
      socket.removeListener("error", gone);
      socket.removeListener("close", gone);
    },
  };
  socket.on("readable", look);
  socket.on("error", gone);
  socket.on("close", gone);
  return waiting;
}
