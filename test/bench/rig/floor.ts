/**
 * Measures the floor: one 600-byte message up, one commit, one answer down, one at a time.
 *
 * `pauseMs` lies between two messages: a machine that idled answers later than one that is hot, so
 * a floor is only one for work at its own pace.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync } from "mqtt";

export interface Pace {
  readonly count: number;
  readonly pauseMs: number;
}

export async function measureFloor(directory: string, pace: Pace): Promise<number[]> {
  const child = fork(join(import.meta.dirname, "floor-broker.ts"), [
    join(directory, `floor-${pace.pauseMs}.db`),
  ]);
  const [port] = (await once(child, "message")) as [number];
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
  (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
  await client.subscribeAsync("down");
  const body = Buffer.alloc(600, "x");
  const taken: number[] = [];
  for (let n = 0; n < pace.count; n += 1) {
    const start = performance.now();
    const answered = new Promise<void>((resolve) => client.once("message", () => resolve()));
    client.publish("up", body, { qos: 1 });
    await answered;
    taken.push(performance.now() - start);
    if (pace.pauseMs > 0) await delay(pace.pauseMs);
  }
  await client.endAsync();
  child.disconnect();
  await once(child, "exit");
  return taken;
}
