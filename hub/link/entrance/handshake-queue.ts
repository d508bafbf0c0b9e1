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

export interface WaitingRoom {
  /** Takes a socket that nobody has read from yet. */
  enter(socket: Socket): void;
  /** Connections whose handshake has not begun. */
  size(): number;
  close(): void;
}

export interface WaitingRoomOptions {
  /** Its turn has come; its first bytes are still to be read. */
  readonly letIn: (socket: Socket) => void;
  /** Its hello is whole; it waits for its turn. */
  readonly onHello?: (socket: Socket) => void;
  /** It sent nothing in time, or waited for too long. */
  readonly onLate: (socket: Socket, reason: "hello" | "turn") => void;
}

interface Guest {
  readonly socket: Socket;
  readonly enteredAt: number;
  /** What it has sent so far, taken from the socket until its turn. */
  said: Buffer;
  readonly forget: () => void;
}

export function createWaitingRoom(options: WaitingRoomOptions): WaitingRoom {
  const { letIn, onHello, onLate } = options;
  const present = new Set<Guest>();
  const lines = { urgent: [] as Guest[], ordinary: [] as Guest[] };
  let turn: NodeJS.Immediate | undefined;

  const leave = (guest: Guest): void => {
    present.delete(guest);
    guest.forget();
  };
  const turnAway = (guest: Guest, reason: "hello" | "turn"): void => {
    leave(guest);
    onLate(guest.socket, reason);
    guest.socket.destroy();
  };
  const next = (): Guest | undefined => {
    for (const line of [lines.urgent, lines.ordinary]) {
      for (let guest = line.pop(); guest; guest = line.pop()) {
        if (present.has(guest)) return guest;
      }
    }
    return undefined;
  };
  const takeTurn = (): void => {
    const guest = next();
    turn = guest && setImmediate(takeTurn);
    if (!guest) return;
    if (performance.now() - guest.enteredAt > WAIT_MS) return turnAway(guest, "turn");
    leave(guest);
    guest.socket.unshift(guest.said);
    letIn(guest.socket);
  };
  const queue = (guest: Guest, isUrgent: boolean): void => {
    const line = isUrgent ? "urgent" : "ordinary";
    lines[line].push(guest);
    // Closed connections still stand in the queue; it must not grow with them.
    if (lines[line].length > 2 * present.size + SLACK) {
      lines[line] = lines[line].filter((one) => present.has(one));
    }
    turn ??= setImmediate(takeTurn);
  };
  return {
    enter: (socket) => {
      const guest = listenTo(socket, {
        onHello: (isUrgent) => {
          onHello?.(socket);
          queue(guest, isUrgent);
        },
        onGone: () => leave(guest),
        onLate: () => turnAway(guest, "hello"),
      });
      present.add(guest);
    },
    size: () => present.size,
    close: () => {
      clearImmediate(turn);
      for (const guest of present) {
        leave(guest);
        guest.socket.destroy();
      }
    },
  };
}

interface GuestEvents {
  onHello(isUrgent: boolean): void;
  onGone(): void;
  onLate(): void;
}

/** Keeps reading while it waits: only so is it noticed that the other end has closed. */
function listenTo(socket: Socket, { onHello, onGone, onLate }: GuestEvents): Guest {
  let isHeard = false;
  const timer = setTimeout(onLate, HELLO_MS);
  const look = (): void => {
    for (
      let bytes = socket.read() as Buffer | null;
      bytes;
      bytes = socket.read() as Buffer | null
    ) {
      guest.said = Buffer.concat([guest.said, bytes]);
      if (guest.said.length >= MAX_HELLO_BYTES) socket.removeListener("readable", look);
    }
    if (isHeard) return;
    const hello = readHello(guest.said);
    if (hello.state === "partial") return;
    isHeard = true;
    clearTimeout(timer);
    onHello(hello.isUrgent);
  };
  const gone = (): void => {
    onGone();
    socket.destroy();
  };
  const guest: Guest = {
    ...{ socket, enteredAt: performance.now(), said: Buffer.alloc(0) },
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
  return guest;
}
