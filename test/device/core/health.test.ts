/** Faults, heartbeats, the link and the hub's commands, in virtual time. */
import { describe, expect, test } from "vitest";
import type { CommandBody, PillarCommand } from "../../../shared/protocol/command.ts";
import type { Report } from "../../../shared/protocol/report.ts";
import { CameraId, CommandId, SessionNonce } from "../../../shared/ids.ts";
import type { CameraState, PartState } from "../../../device/core/state/media-channel.ts";
import type { Instant } from "../../../shared/duration.ts";
import {
  LINK_UP,
  falsePillar,
  NONCE,
  PILLAR,
  reachedPillar,
  type FalsePillar,
} from "../../kit/core/pillar-core.ts";

const reports = (pillar: FalsePillar): Report[] =>
  pillar.sent.flatMap((one) => (one.channel === "report" ? [one.message] : []));
const beats = (pillar: FalsePillar): number =>
  pillar.sent.filter(({ channel }) => channel === "heartbeat").length;
const camera = (state: PartState, cause = ""): CameraState => ({
  id: CameraId.parse("front"),
  state,
  cause,
});
let commands = 0;

function command(
  pillar: FalsePillar,
  name: PillarCommand,
  change: Partial<CommandBody> = {},
): CommandBody {
  const body: CommandBody = {
    v: 1,
    commandId: CommandId.parse((++commands).toString(16).padStart(32, "0")),
    pillarId: PILLAR,
    command: name,
    sessionNonce: NONCE,
    bootEpoch: 1,
    issuedWallMs: 1_780_000_000_000 + pillar.now(),
    expiresInMs: 5000,
    ...change,
  };
  pillar.tell({ type: "command-received", body });
  return body;
}

const outcomes = (pillar: FalsePillar): string[] =>
  reports(pillar).flatMap((one) => (one.type === "command-result" ? [one.outcome] : []));

describe("a heart", () => {
  test("beats when the hub is reached and every 5 s after", () => {
    const pillar = reachedPillar();
    expect(beats(pillar)).toBe(1);
    pillar.pass(15_000);
    expect(beats(pillar)).toBe(4);
  });

  test("names no alarm as the ledger's head that is neither stored nor sent", () => {
    const pillar = falsePillar();
    pillar.disk = "stuck";
    pillar.press();
    const head = (): unknown => {
      pillar.tell(LINK_UP);
      const beat = pillar.sent.findLast(({ channel }) => channel === "heartbeat");
      return beat?.channel === "heartbeat" && beat.message.head.seq;
    };
    expect(head()).toBe(0);
    pillar.pass(250);
    expect(head()).toBe(1);
  });

  test("tells what waits and what is wrong", () => {
    const pillar = falsePillar();
    pillar.press();
    pillar.tell({ type: "tamper-changed", isOpen: true });
    pillar.tell(LINK_UP);
    expect(pillar.sent.findLast(({ channel }) => channel === "heartbeat")?.message).toMatchObject({
      outboxDepth: 1,
      oldestUnacceptedSeq: 1,
      head: { seq: 1 },
      faults: ["tamper-open"],
    });
  });
});

describe("a clock", () => {
  test("that nothing has set two minutes after the start is a fault, until something sets it", () => {
    const pillar = reachedPillar();
    pillar.isClockSynced = false;
    pillar.pass(110_000);
    expect(pillar.faults()).toEqual([]);
    pillar.pass(15_000);
    expect(pillar.faults()).toEqual(["clock-unsynced"]);
    pillar.press();
    expect(pillar.alarms()[0]?.event.clock.synced).toBe(false);
    pillar.isClockSynced = true;
    pillar.pass(5000);
    expect(pillar.faults()).toEqual([]);
  });
});

describe("a fault", () => {
  test("is reported once when it comes and once when it goes", () => {
    const pillar = reachedPillar();
    for (const isRunning of [false, false, true, true]) {
      pillar.tell({ type: "board-running", isRunning, detail: "silent" });
    }
    expect(reports(pillar).map(({ type }) => type)).toEqual(["fault-raised", "fault-cleared"]);
  });

  test("that came while the hub was away is told when it is back", () => {
    const pillar = falsePillar();
    pillar.tell({ type: "media-running", isRunning: false, detail: "exit code 1" });
    expect(reports(pillar)).toEqual([]);
    pillar.tell(LINK_UP);
    expect(reports(pillar)).toMatchObject([{ code: "media-down", detail: "exit code 1" }]);
  });

  test("of a button held for 30 s is one fault and one call, and ends with the release", () => {
    const pillar = reachedPillar();
    const edgeAt = pillar.now() as Instant;
    pillar.tell({ type: "button-pressed", kind: "voice", edgeAt });
    pillar.pass(30_000);
    expect(pillar.faults()).toEqual(["button-stuck"]);
    expect(pillar.state().outbox.head.seq).toBe(1);
    pillar.tell({ type: "button-released", kind: "voice" });
    expect(pillar.faults()).toEqual([]);
  });

  test("of a part names the part, and a missing ffmpeg is named as what it is", () => {
    const pillar = reachedPillar();
    const state = {
      type: "state",
      peer: "lost",
      cameras: [camera("failed", "front: no ffmpeg")],
      microphone: "ready",
      speaker: "ready",
      detail: "FFMPEG_BIN is /opt/x, which is not an executable file: correct or unset it",
      causes: { microphone: "", speaker: "" },
      lacksFfmpeg: true,
    } as const;
    pillar.tell({ type: "media-said", message: state });
    expect(pillar.faults().toSorted()).toEqual(["camera-lost", "ffmpeg-missing"]);
    pillar.tell({
      type: "media-said",
      message: { ...state, cameras: [camera("ready")], detail: "", lacksFfmpeg: false },
    });
    expect(pillar.faults()).toEqual([]);
  });

  test("whose cause changes is told again, with the newest cause and not more than twice a minute", () => {
    const pillar = reachedPillar();
    const causes = (): string[] =>
      reports(pillar).flatMap((one) =>
        one.type === "fault-raised" && one.code === "camera-lost" ? [one.detail] : [],
      );
    const fails = (cause: string): void =>
      pillar.tell({
        type: "media-said",
        message: {
          type: "state",
          peer: "lost",
          cameras: [camera("failed", cause)],
          microphone: "ready",
          speaker: "ready",
          detail: `${cause}; something of another part`,
          causes: { microphone: "", speaker: "" },
          lacksFfmpeg: false,
        },
      });
    fails("no route to host");
    expect(causes()).toEqual(["no route to host"]);
    fails("no route to host");
    pillar.pass(60_000);
    expect(causes()).toHaveLength(1);
    for (let second = 0; second < 60; second += 1) {
      fails(second % 2 === 0 ? "401 Unauthorized" : "404 Not Found");
      pillar.pass(1000);
    }
    expect(causes().length).toBeLessThanOrEqual(4);
    expect(causes().at(-1)).not.toBe("no route to host");
    fails("404 Not Found");
    pillar.pass(35_000);
    expect(causes().at(-1)).toBe("404 Not Found");
  });
});

const connects = (pillar: FalsePillar): number =>
  pillar.effects.filter(({ type }) => type === "connect").length;

describe("the link", () => {
  test("is tried at the start, and after each failure within a doubling time up to 15 s", () => {
    const pillar = falsePillar();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      pillar.tell({ type: "link-down", reason: "ECONNREFUSED" });
      const before = connects(pillar);
      const from = pillar.now();
      while (connects(pillar) === before) pillar.pass(10);
      waits.push(Math.round((pillar.now() - from) / 100) / 10);
    }
    expect(waits).toEqual([2, 4, 8, 15, 15, 15, 15, 15]);
  });

  test("is tried within half a second while somebody waits for help", () => {
    const pillar = falsePillar();
    for (let attempt = 0; attempt < 6; attempt++) {
      pillar.tell({ type: "link-down", reason: "ECONNREFUSED" });
      if (attempt < 5) pillar.pass(16_000);
    }
    const before = connects(pillar);
    pillar.press();
    pillar.pass(500);
    expect(connects(pillar)).toBe(before + 1);
  });

  test("missing for 15 s is shown on the lamp until it is back", () => {
    const pillar = falsePillar();
    pillar.pass(14_000);
    expect(pillar.lamp()).toBe("standby");
    pillar.pass(1000);
    expect(pillar.lamp()).toBe("fault");
    pillar.tell(LINK_UP);
    expect(pillar.lamp()).toBe("standby");
  });

  test("makes media connect anew when it is up", () => {
    const pillar = reachedPillar();
    expect(pillar.effects).toContainEqual({ type: "media", message: { type: "connect" } });
  });
});

describe("a command", () => {
  test("is performed once, however often it comes", () => {
    const pillar = reachedPillar();
    const body = command(pillar, { name: "siren", on: true });
    pillar.tell({ type: "command-received", body });
    expect(outcomes(pillar)).toEqual(["done", "refused"]);
    expect(pillar.effects.filter(({ type }) => type === "siren")).toHaveLength(1);
  });

  test("from an older session is refused, though its signature is good", () => {
    const pillar = reachedPillar();
    const sessionNonce = SessionNonce.parse("6".repeat(32));
    command(pillar, { name: "siren", on: true }, { sessionNonce });
    pillar.tell({ type: "link-down", reason: "test" });
    pillar.tell({ type: "link-up", sessionNonce });
    command(pillar, { name: "siren", on: true });
    command(pillar, { name: "siren", on: true }, { sessionNonce });
    expect(outcomes(pillar)).toEqual(["refused", "refused", "done"]);
    expect(reports(pillar)[0]).toMatchObject({ detail: "from an older session" });
  });

  test("later than its time is refused, whatever the pillar's own calendar says", () => {
    const pillar = reachedPillar();
    const now = (): number => 4_000_000_000_000 + pillar.now();
    command(pillar, { name: "siren", on: true }, { issuedWallMs: now() });
    pillar.pass(20_000);
    command(pillar, { name: "siren", on: false }, { issuedWallMs: now() - 20_000 });
    command(pillar, { name: "siren", on: false }, { issuedWallMs: now() - 19_000 });
    expect(outcomes(pillar)).toEqual(["done", "refused", "done"]);
  });

  test("is obeyed again after the hub's clock was set back", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "siren", on: true });
    const issuedWallMs = 1_779_999_000_000;
    for (const on of [false, true]) command(pillar, { name: "siren", on }, { issuedWallMs });
    pillar.tell(LINK_UP);
    command(pillar, { name: "siren", on: false });
    expect(outcomes(pillar)).toEqual(["done", "refused", "done", "done"]);
  });

  test("for another pillar or another boot is refused with the reason", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "restart-media" }, { pillarId: "pillar-2" as typeof PILLAR });
    command(pillar, { name: "restart-media" }, { bootEpoch: 9 });
    expect(outcomes(pillar)).toEqual(["refused"]);
    const details = reports(pillar).map((one) => ("detail" in one ? one.detail : ""));
    expect(details[0]).toContain("this is pillar-1, not pillar-2");
    expect(details[1]).toBe("meant for boot 9, this is boot 1");
    expect(pillar.faults()).toEqual(["messages-refused"]);
  });

  test("to send again is obeyed whatever the clocks say: a restored hub has no other way", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "resend", fromSeq: 1 }, { issuedWallMs: 0 });
    expect(outcomes(pillar)).toEqual(["done"]);
    expect(pillar.effects).toContainEqual(expect.objectContaining({ type: "fetch-kept" }));
  });

  test("to sound the siren ends by itself after five minutes", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "siren", on: true });
    pillar.pass(300_000);
    expect(pillar.effects.findLast(({ type }) => type === "siren")).toEqual({
      type: "siren",
      isOn: false,
    });
  });

  test("to identify blinks for its time and shows the truth again", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "identify", seconds: 2 });
    pillar.pass(3000);
    expect(pillar.lamps).toContain("off");
    expect(pillar.lamp()).toBe("standby");
  });

  test("for a self-test is done when the hub accepts, and rings nobody at the pillar", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "self-test" });
    const [alarm] = pillar.alarms();
    expect(alarm?.event.kind).toBe("test");
    expect(outcomes(pillar)).toEqual([]);
    pillar.pass(41);
    pillar.accept(alarm!.event.eventId);
    expect(reports(pillar)).toMatchObject([{ outcome: "done", confirmedAfterMs: 41 }]);
    expect(pillar.lamp()).toBe("standby");
  });

  test("for a self-test that nobody accepts has failed after 20 s", () => {
    const pillar = reachedPillar();
    command(pillar, { name: "self-test" });
    pillar.pass(20_000);
    expect(outcomes(pillar)).toEqual(["failed"]);
  });
});
