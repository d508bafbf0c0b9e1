/**
 * Where one MQTT packet ends and the next begins (MQTT
 * 3.1.1, section 2), for those who sit on the line.
 */

export interface Packet {
  readonly type: number;
  readonly qos: number;
  readonly body: Buffer;
  /** Header and body. */
  readonly length: number;
}

/** Table 2.1. */
export const PACKET = { connect: 1, publish: 3, subscribe: 8, ping: 12 } as const;

/** The first whole packet in these bytes. */
export function first(bytes: Buffer): Packet | undefined {
  let size = 0;
  for (let at = 1; at <= 4; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    size += (byte & 127) << (7 * (at - 1));
    if (byte & 128) continue;
    const length = at + 1 + size;
    if (bytes.length < length) return undefined;
    const head = bytes[0] ?? 0;
    return { type: head >> 4, qos: (head >> 1) & 3, body: bytes.subarray(at + 1, length), length };
  }
  return undefined;
}

/** Tells each packet of a stream as its last byte comes. */
export function eachPacket(tell: (packet: Packet, bytes: Buffer) => void): (bytes: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (let packet = first(pending); packet; packet = first(pending)) {
      const whole = pending.subarray(0, packet.length);
      pending = pending.subarray(packet.length);
      tell(packet, whole);
    }
  };
}
