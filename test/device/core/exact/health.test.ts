/** What a pillar reports about its health: each fault in words, once, when it changes. */
import { describe, expect, test } from "vitest";
import { after, only } from "../../../kit/core/effects.ts";
import {
  falsePillar,
  LINK_UP,
  reachedPillar,
  type FalsePillar,
} from "../../../kit/core/pillar-core.ts";

const camera = (state: string, cause = "") => ({ id: "front", state, cause });
const WELL = {
  ...{ type: "state", cameras: [camera("ready")], microphone: "ready", speaker: "ready" },
  ...{ causes: {}, lacksFfmpeg: false, detail: "" },
} as const;
const said = (pillar: FalsePillar, change: object = {}) =>
  after(pillar, () =>
    pillar.tell({ type: "media-said", message: { ...WELL, ...change } } as never),
  );
const reports = (effects: Parameters<typeof only>[0]) =>
  effects.flatMap((one) =>
    one.type === "publish" && one.message.channel === "report" ? [one.message.message] : [],
  );
const media = (state: string, microphone: string, speaker: string) => ({
  ...{ v: 1, type: "media-state", cameras: [{ id: "front", state }], microphone, speaker },
});
const faultsOf = (pillar: FalsePillar) => [...pillar.state().health.faults];

describe("the media", () => {
  test("are reported at first, when any part changes, and not otherwise", () => {
    const pillar = reachedPillar();
    expect(reports(said(pillar))).toEqual([media("ready", "ready", "ready")]);
    expect(said(pillar)).toEqual([]);
    expect(said(pillar, { detail: "other words" })).toEqual([]);
    expect(reports(said(pillar, { cameras: [camera("sending")] }))).toEqual([
      media("sending", "ready", "ready"),
    ]);
    const two = { cameras: [camera("sending")], microphone: "off" };
    expect(reports(said(pillar, two))).toEqual([media("sending", "off", "ready")]);
    const three = { ...two, speaker: "playing" };
    expect(reports(said(pillar, three))).toEqual([media("sending", "off", "playing")]);
    expect(reports(said(pillar))).toEqual([media("ready", "ready", "ready")]);
  });

  test("are reported with words that fit each part", () => {
    const odd = { cameras: [camera("playing")], speaker: "sending" };
    expect(reports(said(reachedPillar(), odd))).toEqual([media("ready", "ready", "ready")]);
    expect(reports(said(reachedPillar(), { microphone: "playing", speaker: "off" }))).toEqual([
      media("ready", "ready", "off"),
    ]);
  });

  test.each(["microphone", "speaker"] as const)(
    "of which the %s fails are a fault with its cause, or in plain words, until it works",
    (part) => {
      const pillar = reachedPillar();
      const causes = { [part]: "no such device" };
      const failed = said(pillar, { [part]: "failed", causes });
      expect(faultsOf(pillar)).toEqual([[`${part}-lost`, "no such device"]]);
      expect(reports(failed)).toEqual([
        { v: 1, type: "fault-raised", code: `${part}-lost`, detail: "no such device" },
        { ...media("ready", "ready", "ready"), [part]: "failed" },
      ]);
      said(pillar, { [part]: "failed", causes: { [part]: "" } });
      expect(faultsOf(pillar)).toEqual([[`${part}-lost`, `the ${part} does not work`]]);
      said(pillar);
      expect(faultsOf(pillar)).toEqual([]);
    },
  );

  test("of which cameras fail are one fault that names each of them first, until all work", () => {
    const pillar = reachedPillar();
    const rear = { id: "rear", state: "failed", cause: "rear: no such device" };
    const failed = said(pillar, { cameras: [camera("failed"), rear] });
    const detail = "front: the camera does not work; rear: no such device";
    expect(reports(failed)).toEqual([
      { v: 1, type: "fault-raised", code: "camera-lost", detail },
      {
        ...media("failed", "ready", "ready"),
        cameras: [
          { id: "front", state: "failed" },
          { id: "rear", state: "failed" },
        ],
      },
    ]);
    said(pillar, { cameras: [camera("ready"), rear] });
    expect(faultsOf(pillar)).toEqual([["camera-lost", "rear: no such device"]]);
    said(pillar);
    expect(faultsOf(pillar)).toEqual([]);
  });

  test("without ffmpeg are a fault with its words", () => {
    const pillar = reachedPillar();
    said(pillar, { lacksFfmpeg: true, detail: "install ffmpeg" });
    expect(faultsOf(pillar)).toEqual([["ffmpeg-missing", "install ffmpeg"]]);
    said(pillar);
    expect(faultsOf(pillar)).toEqual([]);
  });

  test("are told to a hub that comes back, after all faults", () => {
    const pillar = falsePillar();
    const cameras = [camera("failed", "front: gone")];
    expect(reports(said(pillar, { cameras }))).toEqual([]);
    expect(reports(after(pillar, () => pillar.tell(LINK_UP)))).toEqual([
      { v: 1, type: "fault-raised", code: "camera-lost", detail: "front: gone" },
      media("failed", "ready", "ready"),
    ]);
  });
});

describe("a fault", () => {
  const broken = (pillar: FalsePillar, detail: string) =>
    after(pillar, () => pillar.tell({ type: "board-running", isRunning: false, detail }));
  const beat = (pillar: FalsePillar) =>
    reports(after(pillar, () => pillar.tell({ type: "timer-due", name: "heartbeat" })));
  const raised = (detail: string) => ({ v: 1, type: "fault-raised", code: "board-lost", detail });

  test("is told once, with at most 500 characters, on the wire and in the log", () => {
    const pillar = reachedPillar();
    const long = "d".repeat(501);
    const effects = broken(pillar, long);
    expect(reports(effects)).toEqual([raised("d".repeat(500))]);
    expect(only(effects, "log")).toEqual([
      { type: "log", level: "error", text: `fault board-lost raised: ${"d".repeat(500)}` },
    ]);
    expect(reports(broken(pillar, long))).toEqual([]);
  });

  test("with another cause is told again at the sixth heartbeat after the last word, and not before", () => {
    const pillar = reachedPillar();
    broken(pillar, "one");
    expect(reports(broken(pillar, "two"))).toEqual([]);
    expect(faultsOf(pillar)).toEqual([["board-lost", "two"]]);
    const told = Array.from({ length: 12 }, () => beat(pillar));
    expect(told.map((one) => one.length)).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(told[5]).toEqual([raised("two")]);
    const text = "fault board-lost has another cause: two";
    expect(pillar.effects).toContainEqual({ type: "log", level: "error", text });
    // The last report was long ago, so a new cause is reported with the next heartbeat.
    broken(pillar, "three");
    expect(beat(pillar)).toEqual([raised("three")]);
  });

  test("that is over is told once, and is news again when it comes back", () => {
    const pillar = reachedPillar();
    broken(pillar, "one");
    const well = () =>
      after(pillar, () => pillar.tell({ type: "board-running", isRunning: true, detail: "" }));
    expect(reports(well())).toEqual([{ v: 1, type: "fault-cleared", code: "board-lost" }]);
    expect(well()).toEqual([]);
    expect(pillar.state().health.told.size).toBe(0);
    expect(reports(broken(pillar, "one"))).toEqual([raised("one")]);
  });
});
