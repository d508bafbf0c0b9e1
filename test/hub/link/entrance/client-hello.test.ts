import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { connect } from "node:tls";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_HELLO_BYTES, readHello } from "../../../../hub/link/entrance/client-hello.ts";
import { applicationProtocols } from "../../../../shared/protocol/alpn.ts";

/** The first bytes of a real TLS connection made by Node. */
async function realHello(protocols: string[] | undefined): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, ...(protocols && { ALPNProtocols: protocols }) });
  client.on("error", () => undefined);
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
  return bytes as Buffer;
}

const urgent = await realHello(applicationProtocols(true));

describe("a hello", () => {
  test("of a pillar with an alarm is urgent", () => {
    expect(readHello(urgent)).toEqual({ state: "whole", isUrgent: true });
  });

  test.each([
    ["of a pillar without one", applicationProtocols(false)],
    ["of somebody else", undefined],
    ["that names the alarm's protocol behind another", ["h2", "anzhu-alarm"]],
    ["with a name that only begins like it", ["anzhu-alarms"]],
  ])("%s is not", async (_, protocols) => {
    expect(readHello(await realHello(protocols))).toEqual({ state: "whole", isUrgent: false });
  });

  test("is partial at every byte before its last", () => {
    for (let length = 0; length < urgent.length; length += 1) {
      expect(readHello(urgent.subarray(0, length))).toEqual({ state: "partial" });
    }
  });

  test("that announces more than anybody says is left to TLS at once", () => {
    const announced = Buffer.from([22, 3, 1, (MAX_HELLO_BYTES >> 8) + 1, 0, 1, 0, 0, 0]);
    expect(readHello(announced)).toEqual({ state: "whole", isUrgent: false });
  });

  test("is not waited for from those who speak something else", () => {
    expect(readHello(Buffer.from("GET / HTTP/1.1\r\n"))).toMatchObject({ state: "whole" });
  });
});

test("no bytes make the reader throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(["partial", "whole"]).toContain(readHello(bytes).state);
    }),
  );
  const flips = fc.record({ at: fc.nat(urgent.length - 1), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(flips, { maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(urgent);
      for (const { at, value } of changes) bytes[at] = value;
      expect(["partial", "whole"]).toContain(readHello(bytes).state);
    }),
  );
});
