/**
 * What werift 0.25.2 must be told before it gathers candidates; used by pillar and hub alike.
 *
 * The library takes an empty list of STUN servers for "Google's": it asks the resolver for that name and
 * waits up to 5 s for an answer, so that no media comes about where the name resolves and nobody
 * answers. It leaves out interfaces by their names (`tun*`, `veth*`), which are exactly the way to the hub
 * where a VPN is used. And it binds every socket to all addresses of the machine. Here the caller says
 * which addresses there are, and nothing else is bound, asked or offered.
 *
 * Structural, because `shared` may not import the library. The limit: the names below are the library's
 * own inner ones, so its version is pinned, and tests watch the sockets.
 */

/** The part of the library's ICE connection that is used here. */
export interface IceConnection {
  stunServer?: unknown;
  localUsername: string;
  options: IceOptions;
  readonly protocols: readonly IceProtocol[];
  getCandidatePromises(addresses: readonly string[], timeout?: number): Promise<unknown>[];
}

interface IceOptions {
  interfaceAddresses?: { readonly udp4?: string; readonly udp6?: string } | undefined;
  filterStunResponse?: (message: StunMessage, from: readonly [string, number]) => boolean;
}

interface StunMessage {
  getAttributeValue(name: string): unknown;
}

interface IceProtocol {
  readonly transport?: { readonly socket?: { setRecvBufferSize(bytes: number): void } };
}

/** One address to offer, and the one its socket is bound to; undefined: all of this machine. */
export interface HostAddress {
  readonly offered: string;
  readonly bound: string | undefined;
}

/** A host has fewer addresses than this. */
export const MAX_HOST_ADDRESSES = 8;
/** Source addresses and ports accepted for one session; roaming needs a few. */
export const MAX_SOURCES = 16;

/** Call before the local description is set. */
export function prepareGathering(
  connection: IceConnection,
  hostAddresses: readonly HostAddress[],
): void {
  connection.stunServer = undefined;
  const addresses = hostAddresses.slice(0, MAX_HOST_ADDRESSES);
  const gather = connection.getCandidatePromises.bind(connection);
  connection.getCandidatePromises = (_found, timeout) =>
    addresses.flatMap(({ offered, bound }) => {
      // Read by the library in this very call.
      connection.options.interfaceAddresses =
        bound === undefined ? undefined : { [isIpv6(bound) ? "udp6" : "udp4"]: bound };
      return gather([offered], timeout);
    });
  connection.options.filterStunResponse = onlyInvited(connection);
}

/** Call after gathering. The kernel grants what its own limit (`net.core.rmem_max`) allows. */
export function widenReceiveBuffers(connection: IceConnection, bytes: number): void {
  for (const { transport } of connection.protocols) transport?.socket?.setRecvBufferSize(bytes);
}

/**
 * A check that does not name our session is not answered, and only so many sources are: each of them
 * would be sent checks of our own.
 */
function onlyInvited(
  connection: IceConnection,
): (message: StunMessage, from: readonly [string, number]) => boolean {
  const sources = new Set<string>();
  return (message, [host, port]) => {
    const name = message.getAttributeValue("USERNAME");
    if (typeof name !== "string" || !name.startsWith(`${connection.localUsername}:`)) return false;
    const source = `${host} ${port}`;
    if (!sources.has(source) && sources.size >= MAX_SOURCES) return false;
    sources.add(source);
    return true;
  };
}

const isIpv6 = (address: string): boolean => address.includes(":");
