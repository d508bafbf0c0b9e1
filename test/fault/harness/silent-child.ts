/**
 * Opens many connections from one address and says nothing on any of them, in a process of its own.
 *
 * A connection that the other side closes is opened again after a while, so that the crowd stays.
 */
import { connect } from "node:net";

export interface SilentOptions {
  readonly port: number;
  /** The address that the connections come from. */
  readonly from: string;
  readonly connections: number;
  /** From the end of a connection to the next one in its place. */
  readonly againAfterMs: number;
}

/** Told four times a second. */
export interface SilentCounts {
  /** Since the start, those opened again included. */
  readonly connected: number;
  readonly open: number;
  readonly closedByHub: number;
}

const TELL_EVERY_MS = 250;

const { port, from, connections, againAfterMs } = JSON.parse(
  process.argv[2] ?? "",
) as SilentOptions;
const counts = { connected: 0, open: 0, closedByHub: 0 };
// The parent may have ended a moment ago: that is no failure.
const tell = (): void => void process.send?.({ ...counts }, undefined, {}, () => undefined);
setInterval(tell, TELL_EVERY_MS);
process.on("disconnect", () => process.exit(0));

function open(): void {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  let isOpen = false;
  socket.on("error", () => undefined);
  // A socket that is not read is not told of its end.
  socket.resume();
  socket.once("connect", () => {
    isOpen = true;
    counts.connected += 1;
    counts.open += 1;
  });
  socket.once("close", () => {
    if (isOpen) {
      counts.open -= 1;
      counts.closedByHub += 1;
    }
    setTimeout(open, againAfterMs);
  });
}

for (let n = 0; n < connections; n += 1) open();
