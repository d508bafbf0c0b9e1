/**
 * The few candidates that are taken from one peer.
 *
 * Every candidate is an address somebody else chooses and the hub sends packets to: five checks
 * each. So few are taken, at most two of one address, none of an address that cannot be a peer's,
 * and no port of a well-known service. Browsers and pillars send checks of their own, so that a
 * candidate left out costs no connection.
 */
import { isPeerAddress } from "../addresses.ts";

export const MAX_REMOTE_CANDIDATES = 8;
/** A browser may open one port for the picture and one for the voice. */
export const MAX_PER_ADDRESS = 2;
const FIRST_OPEN_PORT = 1024;

export interface CandidateBook {
  /** Whether this one, as in SDP without `a=`, may be used. Counted when it may. */
  take(candidate: string): boolean;
}

export function newCandidateBook(loopback: boolean): CandidateBook {
  const countByAddress = new Map<string, number>();
  const taken = new Set<string>();
  return {
    take(candidate) {
      const found = usable(candidate, loopback);
      if (found === undefined) return false;
      const { address, port } = found;
      const place = `${address} ${port}`;
      // Sections of one offer repeat what they share.
      if (taken.has(place)) return true;
      const count = countByAddress.get(address) ?? 0;
      if (taken.size >= MAX_REMOTE_CANDIDATES || count >= MAX_PER_ADDRESS) return false;
      countByAddress.set(address, count + 1);
      taken.add(place);
      return true;
    },
  };
}

/** Only UDP and only addresses: a name would make the hub ask the network about it. */
function usable(
  candidate: string,
  loopback: boolean,
): { readonly address: string; readonly port: number } | undefined {
  const [, component, transport, , address = "", digits] = candidate.split(" ");
  if (component !== "1" || transport?.toLowerCase() !== "udp") return undefined;
  const port = Number(digits);
  if (!Number.isInteger(port) || port < FIRST_OPEN_PORT || port > 65_535) return undefined;
  return isPeerAddress(address, loopback) ? { address, port } : undefined;
}
