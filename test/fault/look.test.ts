/**
 * Group J: looking at a pillar from which nobody calls, with a real agent, hub and connection. Its
 * lamp says so all the time, and whatever ends shuts the gate.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RTCPeerConnection, RtpPacket } from "werift";
import { PROMISED_MS } from "../../shared/promises.ts";
import { collect, connected, newConnection } from "../kit/media/media-rig.ts";
import { hubMediaOf } from "./harness/programs/hub.ts";
import type { PillarUnderTest } from "./harness/programs/pillar.ts";
import { below, commandOf } from "./harness/programs/process.ts";
import { openStreet, type Street } from "./harness/programs/street.ts";

const SLOW = 120_000;
const PATIENT = { timeout: 20_000 };

let street: Street;
let pillar: PillarUnderTest;
const connections: RTCPeerConnection[] = [];
beforeAll(async () => {
  street = await openStreet();
  pillar = await street.add("pillar-1", {
    media: {
      cameras: [{ id: "front", source: { kind: "test" } }],
      ...{ size: "640x360", framesPerSecond: 10, microphone: { kind: "test" } },
    },
  });
  pillar.start();
  await pillar.untilLamp("standby");
}, SLOW);
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});
afterAll(() => street?.close());

interface Look {
  readonly answer: Response;
  readonly pictures: readonly RtpPacket[];
  readonly sounds: readonly RtpPacket[];
  end(): Promise<void>;
}

async function look(query: string, as: string): Promise<Look> {
  const connection = newConnection();
  connections.push(connection);
  const pictures = collect(connection.addTransceiver("video", { direction: "recvonly" }));
  const sounds = collect(connection.addTransceiver("audio", { direction: "recvonly" }));
  await connection.setLocalDescription(await connection.createOffer());
  const answer = await street.hub.operator.request(`/pillars/${pillar.id}/whep?${query}`, {
    ...{ method: "POST", as, headers: { "content-type": "application/sdp" } },
    body: connection.localDescription?.sdp ?? "",
  });
  const path = (answer.headers.get("location") ?? "").replace(/^.*\/api\/v1/, "");
  if (answer.status === 201) {
    await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    await connected(connection);
  }
  const end = async (): Promise<void> => {
    const ended = await street.hub.operator.request(path, { method: "DELETE", as });
    expect(ended.status).toBe(204);
  };
  return { answer, pictures, sounds, end };
}

async function refused(query: string, as: string): Promise<unknown> {
  const { answer } = await look(query, as);
  return { status: answer.status, ...((await answer.json()) as object) };
}

const untilMany = (packets: readonly RtpPacket[], count = 30): Promise<void> =>
  expect.poll(() => packets.length, PATIENT).toBeGreaterThan(count);

test(
  "a technician checks the picture: it comes, no sound does, and the lamp says so",
  async () => {
    const { pictures, sounds, end } = await look("purpose=check", "technician");
    await untilMany(pictures);
    expect(pillar.lamp()).toBe("watched");
    expect(sounds).toEqual([]);
    await end();
    await pillar.untilLamp("standby");
  },
  SLOW,
);

test(
  "an operator listens with a reason, which the audit has with their name",
  async () => {
    const { sounds, end } = await look("purpose=listen&reason=a+shout", "operator");
    await untilMany(sounds);
    await end();
    await pillar.untilLamp("standby");
    await expect
      .poll(async () => {
        const { items } = await street.hub.operator.get<{ items: object[] }>(
          "/audit",
          "supervisor",
        );
        return items;
      }, PATIENT)
      .toEqual(
        expect.arrayContaining(
          ["look-opened", "look-closed"].map((type) =>
            expect.objectContaining({
              ...{ type, by: "operator", pillarId: pillar.id },
              detail: { kind: "look", purpose: "listen", reason: "a shout" },
            }),
          ),
        ),
      );
    expect(await refused("purpose=listen", "operator")).toMatchObject({ status: 400 });
    expect(await refused("purpose=listen&reason=x", "technician")).toMatchObject({ status: 403 });
    expect(await refused("purpose=check", "admin")).toMatchObject({ status: 403 });
  },
  SLOW,
);

describe("J5 a look ends, and the gate is shut", () => {
  test(
    "J5 with a press: the person's call goes first",
    async () => {
      await look("purpose=listen&reason=a+shout", "operator");
      await pillar.press();
      await pillar.untilLamp("received");
      expect(await refused("purpose=check", "technician")).toMatchObject({
        ...{ status: 409, detail: "somebody calls at this pillar: watch the incident" },
      });
      await street.hub.operator.clear();
      await pillar.untilLamp("standby");
    },
    SLOW,
  );

  test(
    "J5 with the media process that carried it",
    async () => {
      await look("purpose=check", "technician");
      const pid = below(street.hub.process().pid()).find((one) =>
        commandOf(one).includes(hubMediaOf(pillar.id)),
      );
      process.kill(pid!, "SIGKILL");
      await pillar.untilLamp("standby");
      await expect
        .poll(async () => (await look("purpose=check", "technician")).answer.status, PATIENT)
        .toBe(201);
      await street.hub.operator.clear();
    },
    SLOW,
  );

  test(
    "J5 with a hub that hangs and says no more",
    async () => {
      await look("purpose=check", "technician");
      const hub = street.hub.process();
      const since = Date.now();
      hub.signal("SIGSTOP");
      try {
        await expect
          .poll(() => pillar.lamp(), { timeout: PROMISED_MS.lookEnded })
          .not.toBe("watched");
        expect(Date.now() - since).toBeLessThan(PROMISED_MS.lookEnded);
      } finally {
        hub.signal("SIGCONT");
      }
      await pillar.untilLamp("standby");
    },
    SLOW,
  );
});

test(
  "J5 a pillar whose lamp cannot be lit is not looked at",
  async () => {
    await pillar.board.unplug();
    await expect
      .poll(async () => (await street.hub.operator.pillar(pillar.id)).faults, PATIENT)
      .toContain("board-lost");
    expect(await refused("purpose=check", "technician")).toMatchObject({
      ...{ status: 409, code: "conflict" },
      detail: "the lamp cannot be lit: the board does not answer",
    });
    await pillar.board.replug();
    await expect
      .poll(async () => (await look("purpose=check", "technician")).answer.status, PATIENT)
      .toBe(201);
  },
  SLOW,
);
