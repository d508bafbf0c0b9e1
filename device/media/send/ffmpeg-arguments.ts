/**
 * The parts of an ffmpeg command line that every capture shares.
 *
 * `connect=1` makes the kernel refuse packets once our socket is gone, so that an ffmpeg whose
 * parent was killed stops by itself. Its RTCP goes to the same port and is told apart by payload
 * type: the next port may be somebody else's.
 */

/** Small enough for RTP, SRTP and UDP headers inside any path of 1280 bytes. */
const PACKET_BYTES = 1200;

/** Only for text of our own: a configured path may hold a space. */
export const words = (line: string): string[] => line.split(" ");

export const QUIET: readonly string[] = words("-hide_banner -loglevel error -nostdin");

export function rtpOutput(codec: { readonly payloadType: number }, port: number): string[] {
  const url = `rtp://127.0.0.1:${port}?pkt_size=${PACKET_BYTES}&rtcpport=${port}&connect=1`;
  return words(`-payload_type ${codec.payloadType} -flush_packets 1 -f rtp ${url}`);
}
