/** Whose picture is whose: what a pillar's offer says of its cameras (RFC 8830). */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newCandidateBook } from "../../../../hub/media/relay/candidates.ts";
import { readOffer } from "../../../../hub/media/relay/offer.ts";
import { MAX_CAMERAS } from "../../../../shared/protocol/signal.ts";

const SESSION = "v=0\na=ice-ufrag:a\na=ice-pwd:b\na=fingerprint:sha-256 AA\n";
const H264 = "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\n";
const AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=sendrecv\na=rtpmap:111 opus/48000/2\n";

const video = (...streams: string[]): string =>
  "m=video 9 UDP/TLS/RTP/SAVPF 102\na=sendonly\na=rtpmap:102 H264/90000\n" +
  H264 +
  streams.map((stream) => `a=msid:${stream}\n`).join("");

const read = (...sections: string[]) =>
  readOffer(SESSION + sections.join(""), "pillar", newCandidateBook(false));
const reasonOf = (...sections: string[]): string => {
  const result = read(...sections);
  return result.ok ? "accepted" : result.reason;
};
const camerasOf = (...sections: string[]): readonly string[] => {
  const result = read(...sections);
  return result.ok ? result.value.cameras : [];
};

describe("the cameras of an offer", () => {
  test("are named by the streams of their pictures, in their order", () => {
    expect(camerasOf(video("front 1"), AUDIO)).toEqual(["front"]);
    expect(camerasOf(AUDIO, video("rear"), video("front 2"))).toEqual(["rear", "front"]);
  });

  test("are none when only a voice is offered", () => {
    expect(reasonOf(AUDIO)).toBe("accepted");
    expect(camerasOf(AUDIO)).toEqual([]);
  });

  test("without a name, or with a name no camera can have, are refused in words", () => {
    expect(reasonOf(video())).toBe("expected one a=msid for each video, its camera, found 0");
    expect(reasonOf(video("-"))).toBe('expected a camera\'s name like front in a=msid, found "-"');
    for (const name of ["Front", "8f0e-4c", "a".repeat(17), "../x", ""]) {
      expect(reasonOf(video(`${name} 1`))).toMatch(/^expected a camera's name like front/);
    }
  });

  test("of one name are refused in words", () => {
    expect(reasonOf(video("front 1"), video("front 2"))).toBe(
      "expected each camera once, found front twice",
    );
  });

  test("that are more than a pillar may have are refused in words", () => {
    const named = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => video(`camera${index}`));
    expect(reasonOf(...named(MAX_CAMERAS), AUDIO)).toBe("accepted");
    expect(reasonOf(...named(MAX_CAMERAS + 1))).toMatch(/^expected at most 4 video, found video/);
    expect(reasonOf(...named(100))).toBe("expected audio and video, found 100 media sections");
    expect(reasonOf(AUDIO, AUDIO)).toBe("expected one section of audio, found audio and audio");
  });

  test("with a hundred names for one picture are refused, and none of the voice's are passed on", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => `camera${index}`);
    expect(reasonOf(video(...hundred))).toBe(
      "expected one a=msid for each video, its camera, found 100",
    );
    const voice = AUDIO + hundred.map((name) => `a=msid:${name}\n`).join("");
    const result = read(video("front"), voice);
    expect(result.ok && result.value.sdp).not.toContain("msid");
  });

  test("are at most four and each another one, whatever the offer", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("front", "rear", "front x"));
    const section = fc.oneof(fc.array(name, { maxLength: 3 }), fc.tuple(name));
    fc.assert(
      fc.property(fc.array(section, { maxLength: 7 }), (sections) => {
        const cameras = camerasOf(...sections.map((streams) => video(...streams)));
        expect(cameras.length).toBeLessThanOrEqual(MAX_CAMERAS);
        expect(new Set(cameras).size).toBe(cameras.length);
        for (const camera of cameras) expect(camera).toMatch(/^[a-z][a-z0-9]{0,15}$/);
      }),
    );
  });
});
