import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newCandidateBook } from "../../../../hub/media/relay/candidates.ts";
import { readOffer as read } from "../../../../hub/media/relay/offer.ts";

const readOffer = (sdp: string, role: "watch" | "talk" | "pillar") =>
  read(sdp, role, newCandidateBook(false));
/** What is passed on; nothing of an offer that is refused. */
const passedOn = (sdp: string): string => {
  const result = readOffer(sdp, "watch");
  return result.ok ? result.value.sdp : "";
};

/** An offer of Chromium, shortened. */
const watch = `v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
m=video 9 UDP/TLS/RTP/SAVPF 96 97 107 108 109 114 103 104
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 AA:BB
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:toffset
a=recvonly
a=rtcp-mux
a=candidate:1 1 udp 2113937151 6b1f4c7e.local 50000 typ host
a=candidate:2 1 udp 2113937151 192.168.1.5 50001 typ host
a=candidate:3 1 tcp 1518280447 192.168.1.5 9 typ host tcptype active
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:108 rtx/90000
a=fmtp:108 apt=107
a=rtpmap:114 H264/90000
a=fmtp:114 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:109 H264/90000
a=rtcp-fb:109 nack pli
a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=109
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=1090
m=audio 9 UDP/TLS/RTP/SAVPF 63 111 0
c=IN IP4 0.0.0.0
a=mid:1
a=recvonly
a=rtpmap:63 red/48000/2
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10
`;
const reasonOf = (sdp: string, role: "watch" | "talk" | "pillar" = "watch"): string => {
  const result = readOffer(sdp, role);
  return result.ok ? "accepted" : result.reason;
};

describe("a browser's offer", () => {
  test("keeps constrained baseline H.264, its retransmission and Opus under the browser's numbers", () => {
    const sdp = passedOn(watch);
    expect(sdp).toContain("m=video 9 UDP/TLS/RTP/SAVPF 109 103\r\n");
    expect(sdp).toContain("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    expect(sdp).not.toMatch(/VP8|extmap|apt=96|red|packetization-mode=0/);
  });

  test("keeps addresses and drops names and TCP", () => {
    const candidates = passedOn(watch).match(/a=candidate:.*/g);
    expect(candidates).toEqual(["a=candidate:2 1 udp 2113937151 192.168.1.5 50001 typ host"]);
  });

  test("that there will be no more candidates is never passed on", () => {
    expect(passedOn(`${watch}a=end-of-candidates\r\n`)).not.toContain("end-of-candidates");
  });

  test("is refused with what was expected and what was found", () => {
    expect(reasonOf("")).toMatch(/expected SDP beginning with v=0/);
    expect(reasonOf("v=0\r\nhello\r\n")).toMatch(/found "hello"/);
    expect(reasonOf("v=0\r\ns=-\r\n")).toMatch(/found 0 media sections/);
    expect(reasonOf(watch.replaceAll("H264", "H265"))).toMatch(/expected H.264 baseline/);
    expect(reasonOf(watch.replace("opus/48000/2", "speex/8000"))).toMatch(/expected Opus/);
    expect(reasonOf(watch.replaceAll("recvonly", "sendonly"))).toMatch(/to be recvonly/);
    expect(reasonOf(watch.replace("a=fingerprint:sha-256 AA:BB\n", ""))).toMatch(/a=fingerprint/);
    expect(reasonOf(watch.replace("m=audio", "m=application"))).toMatch(/audio and video only/);
    expect(reasonOf(`v=0\n${"a=x\n".repeat(20_000)}`)).toMatch(/at most 32768 bytes/);
  });

  test("to talk has one voice and no picture", () => {
    const audio = watch.slice(watch.indexOf("m=audio")).replace("recvonly", "sendonly");
    const session = "v=0\na=ice-ufrag:a\na=ice-pwd:b\na=fingerprint:sha-256 AA\n";
    expect(reasonOf(session + audio, "talk")).toBe("accepted");
    expect(reasonOf(watch, "talk")).toMatch(/expected audio only to talk/);
  });

  test("may have any legal direction that carries what is wanted, written anywhere it may be", () => {
    const session = "v=0\na=ice-ufrag:a\na=ice-pwd:b\na=fingerprint:sha-256 AA\n";
    const audio = watch.slice(watch.indexOf("m=audio"));
    const talk = (direction: string, ofSession = ""): string =>
      reasonOf(session + ofSession + audio.replace("a=recvonly\n", direction), "talk");
    for (const direction of ["a=sendonly\n", "a=sendrecv\n", ""]) {
      expect(talk(direction)).toBe("accepted");
    }
    expect(talk("", "a=sendonly\n")).toBe("accepted");
    expect(talk("a=sendrecv\n", "a=inactive\n")).toBe("accepted");
    expect(talk("", "a=recvonly\n")).toMatch(/to be sendonly or sendrecv, found "a=recvonly"/);
    for (const direction of ["a=recvonly\n", "a=inactive\n"]) {
      expect(talk(direction)).toMatch(/to be sendonly or sendrecv/);
    }
    for (const direction of ["recvonly", "sendrecv"]) {
      expect(reasonOf(watch.replaceAll("recvonly", direction))).toBe("accepted");
      const named = watch.replaceAll("a=mid:0", "a=mid:0\na=msid:front x");
      const pillar = reasonOf(named.replaceAll("recvonly", direction), "pillar");
      expect(pillar === "accepted").toBe(direction === "sendrecv");
    }
    for (const direction of ["sendonly", "inactive"]) {
      expect(reasonOf(watch.replaceAll("recvonly", direction))).toMatch(/recvonly or sendrecv/);
    }
  });

  test("no text can make the reader throw", () => {
    const lines = fc.array(fc.oneof(fc.string(), fc.constantFrom(...watch.split("\n"))));
    fc.assert(
      fc.property(lines, fc.constantFrom("watch", "talk", "pillar"), (all, role) => {
        expect(readOffer(["v=0", ...all].join("\n"), role as "watch")).toHaveProperty("ok");
        expect(typeof newCandidateBook(true).take(all.join(" "))).toBe("boolean");
      }),
    );
  });
});
