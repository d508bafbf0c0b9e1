/**
 * A stretch of cable between two programs on this machine,
 * in which a test can cut, freeze and redirect.
 *
 * Frozen is what a lost peer looks like: nothing moves and nothing is told. One direction alone can
 * be frozen too, as behind a broken router. The one limit: bytes, not packets; what is frozen
 * arrives when the line thaws, as TCP would resend it.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export type LineState = "open" | "cut" | "frozen" | "frozen-up" | "frozen-down";

export interface Line {
  readonly port: number;
  set(state: LineState): void;
  /** Connections of now end; those to come lead to another port. */
  redirect(port: number): void;
  /** Breaks every connection of this age, until told 0. */
  breakAfter(ms: number): void;
  connections(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly breaking: NodeJS.Timeout | undefined;
}

export async function newLine(target: number): Promise<Line> {
  const pairs = new Set<Pair>();
  let state: LineState = "open";
  let port = target;
  let breakAfterMs = 0;
  const flow = ({ near, far }: Pair): void => {
    const isUpOpen = state === "open" || state === "frozen-down";
    const isDownOpen = state === "open" || state === "frozen-up";
    if (isUpOpen) near.resume();
    else near.pause();
    if (isDownOpen) far.resume();
    else far.pause();
  };
  const end = ({ near, far }: Pair): void => {
    near.resetAndDestroy();
    far.resetAndDestroy();
  };
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (near) => {
    near.on("error", ignored);
    if (state === "cut") {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port, host: "127.0.0.1", noDelay: true });
    far.on("error", ignored);
    const breaking = breakAfterMs > 0 ? setTimeout(() => end(pair), breakAfterMs) : undefined;
    const pair: Pair = { near, far, breaking };
    pairs.add(pair);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => near.write(bytes));
    // A line that is frozen does not tell the one of the other's end.
    near.on("close", () => {
      clearTimeout(breaking);
      pairs.delete(pair);
      if (state === "open" || state === "cut") far.destroy();
    });
    far.on("close", () => {
      if (state === "open" || state === "cut") near.destroy();
    });
    flow(pair);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => pairs.size,
    set(next) {
      state = next;
      if (next === "cut") pairs.forEach(end);
      else pairs.forEach(flow);
    },
    redirect(next) {
      port = next;
      pairs.forEach(end);
    },
    breakAfter(ms) {
      breakAfterMs = ms;
      if (ms === 0) pairs.forEach(({ breaking }) => clearTimeout(breaking));
    },
    async close() {
      pairs.forEach(end);
      server.close();
      await once(server, "close");
    },
  };
}

/** The other end learns of it by the close that follows. */
const ignored = (): void => undefined;
