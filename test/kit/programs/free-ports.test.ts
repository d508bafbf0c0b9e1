import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { freePort, freeUdpRange } from "./free-ports.ts";

test("processes that ask at the same time are given different ports, below those of the system", async () => {
  const asking = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ["--input-type=module", "--eval", ASKER]),
  );
  const given = await Promise.all(asking.map(givenTo));
  for (const { stdin } of asking) stdin.end();
  const tcp = given.flatMap((one) => one.tcp);
  expect(new Set(tcp).size).toBe(60);
  expect(Math.min(...tcp)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...tcp)).toBeLessThan(32_000);
  const udp = given
    .flatMap((one) => one.udp)
    .flatMap((first) => Array.from({ length: 100 }, (_, index) => first + index));
  expect(new Set(udp).size).toBe(3 * 5 * 100);
  expect(Math.min(...udp)).toBeGreaterThanOrEqual(10_000);
  expect(Math.max(...udp)).toBeLessThan(20_000);
}, 60_000);

test("a port that is given can be opened at once", async () => {
  const port = await freePort();
  const server = createServer().listen(port);
  await once(server, "listening");
  expect(server.address()).toMatchObject({ port });
  server.close();
  const first = await freeUdpRange(20);
  for (let next = first; next < first + 20; next += 1) {
    const socket = createSocket("udp4").bind(next);
    await once(socket, "listening");
    socket.close();
  }
});

test("a range longer than there are ports is refused in words", async () => {
  await expect(freeUdpRange(10_001)).rejects.toThrow("at most 10000 udp ports, found 10020");
});

interface Given {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

async function givenTo({ stdout }: ChildProcessWithoutNullStreams): Promise<Given> {
  const [line] = (await once(createInterface(stdout), "line")) as [string];
  return JSON.parse(line) as Given;
}

/** Holds what it was given until its input ends. */
const ASKER = `
  import { freePort, freeUdpRange } from "${new URL("./free-ports.ts", import.meta.url).href}";
  const [tcp, udp] = [[], []];
  for (let n = 0; n < 20; n += 1) tcp.push(await freePort());
  for (let n = 0; n < 5; n += 1) udp.push(await freeUdpRange(100));
  console.log(JSON.stringify({ tcp, udp }));
  process.stdin.resume();
`;
