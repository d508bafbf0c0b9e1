/**
 * What the first bytes of a TLS connection say, before anything is computed for it.
 *
 * A pillar with an unaccepted alarm says so in the order of its application protocols. Any client
 * may do so: it gains a place in a queue and nothing else. Read per RFC 8446, section 4.1.2; total,
 * whatever the bytes.
 */
import { APPLICATION_PROTOCOL } from "../../../shared/protocol/alpn.ts";

/** A hello of a pillar has 1.6 KB; post-quantum key shares have made them long. */
export const MAX_HELLO_BYTES = 8 * 1024;

export type Hello =
  /** It goes on. */
  | { readonly state: "partial" }
  /**
   * `isUrgent` is false for everything that is not a readable
   * hello: the TLS handshake then reports what is wrong.
   */
  | { readonly state: "whole"; readonly isUrgent: boolean };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const ALPN = 16;
const RECORD_HEADER = 5;
const HELLO_HEADER = 4;
const VERSION_AND_RANDOM = 34;

const WHOLE: Hello = { state: "whole", isUrgent: false };
const PARTIAL: Hello = { state: "partial" };

export function readHello(bytes: Uint8Array): Hello {
  const at = (index: number): number => bytes[index] ?? 0;
  const word = (index: number): number => at(index) * 256 + at(index + 1);
  if (bytes.length === 0) return PARTIAL;
  if (at(0) !== HANDSHAKE_RECORD) return WHOLE;
  if (bytes.length < RECORD_HEADER + HELLO_HEADER) return PARTIAL;
  if (at(RECORD_HEADER) !== CLIENT_HELLO) return WHOLE;
  const end = RECORD_HEADER + word(3);
  if (end > MAX_HELLO_BYTES) return WHOLE;
  if (bytes.length < end) return PARTIAL;
  // Session id, cipher suites and compression methods each carry their length.
  let index = RECORD_HEADER + HELLO_HEADER + VERSION_AND_RANDOM;
  index += 1 + at(index);
  index += 2 + word(index);
  index += 1 + at(index);
  const extensionsEnd = Math.min(end, index + 2 + word(index));
  index += 2;
  while (index + 4 <= extensionsEnd) {
    const length = word(index + 2);
    if (word(index) === ALPN) {
      const names = bytes.subarray(index + 4, Math.min(extensionsEnd, index + 4 + length));
      return { state: "whole", isUrgent: firstName(names) === APPLICATION_PROTOCOL.urgent };
    }
    index += 4 + length;
  }
  return WHOLE;
}

/** Of a list of names with a byte of length each, after the list's own two. */
function firstName(list: Uint8Array): string {
  const length = list[2] ?? 0;
  return String.fromCharCode(...list.subarray(3, 3 + length));
}
