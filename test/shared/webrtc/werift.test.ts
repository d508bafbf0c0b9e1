import { expect, test, vi } from "vitest";
import { RtcpSenderInfo, RtcpSrPacket, type RTCDtlsTransport } from "werift";
import { correctReports, guarded, ntpTimestamp } from "../../../shared/webrtc/werift.ts";

test("a sender report's time counts from 1900 with a binary fraction", () => {
  expect(ntpTimestamp(0)).toBe(2_208_988_800n << 32n);
  expect(ntpTimestamp(500)).toBe((2_208_988_800n << 32n) | 0x80000000n);
});

test("a report goes out with the true time, and with its own stream's clock when that is known", async () => {
  const sent: RtcpSrPacket[] = [];
  const transport = {
    sendRtcp: (packets: RtcpSrPacket[]) => Promise.resolve(void sent.push(...packets)),
  } as unknown as RTCDtlsTransport;
  const before = ntpTimestamp(performance.timeOrigin + performance.now());
  correctReports(transport, (ssrc) => (ssrc === 1 ? 4711 : undefined));
  const report = (ssrc: number): RtcpSrPacket =>
    new RtcpSrPacket({
      ssrc,
      senderInfo: new RtcpSenderInfo({
        ...{ ntpTimestamp: 0n, rtpTimestamp: 7, packetCount: 0, octetCount: 0 },
      }),
    });
  await transport.sendRtcp([report(1), report(2)]);
  expect(sent.map(({ senderInfo }) => senderInfo.rtpTimestamp)).toEqual([4711, 7]);
  const after = ntpTimestamp(performance.timeOrigin + performance.now());
  for (const { senderInfo } of sent) {
    expect(senderInfo.ntpTimestamp >= before && senderInfo.ntpTimestamp <= after).toBe(true);
  }
});

test("a callback that throws does not throw into the library", () => {
  const onBug = vi.fn<(error: unknown) => void>();
  const bug = new Error("bug");
  guarded(onBug, () => {
    throw bug;
  })();
  expect(onBug).toHaveBeenCalledExactlyOnceWith(bug);
});
