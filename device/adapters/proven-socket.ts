/**
 * A TLS connection to a hub that has proven the pinned authority, whatever the calendar says.
 *
 * A pillar whose clock died believes every certificate to be of the future, and a hub may outlive its own. Neither
 * may silence an alarm. So a certificate that fails by its dates alone is checked again by hand (issuer, signature,
 * name), and nothing is written before. The receipt still needs the hub's signature.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { codeOf } from "./failure.ts";

const BY_DATES_ALONE: ReadonlySet<string> = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);

export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly tlsKey: string;
  readonly tlsCert: string;
  readonly ca: string;
  readonly withinMs: number;
}

/** Rejects with the library's error when the hub is not reached in time, or is not the hub. */
export async function provenSocket(peer: Peer): Promise<TLSSocket> {
  try {
    return await secured(peer, {});
  } catch (error) {
    if (!BY_DATES_ALONE.has(codeOf(error) ?? "")) throw error;
  }
  const socket = await secured(peer, { rejectUnauthorized: false });
  const wrong = strangeness(socket, peer);
  if (wrong === undefined) return socket;
  socket.destroy();
  throw new Error(wrong);
}

function secured(peer: Peer, more: ConnectionOptions): Promise<TLSSocket> {
  const { host, port, tlsKey: key, tlsCert: cert, ca, withinMs } = peer;
  return new Promise((resolve, reject) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({
      ...{ host, port, key, cert, ca, minVersion: "TLSv1.3" },
      ...servername,
      ...more,
    });
    const late = new Error(`no answer within ${withinMs / 1000} s`);
    const timer = setTimeout(() => socket.destroy(late), withinMs);
    socket.setNoDelay(true);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** What is wrong with the certificate, dates apart; the handshake has proven that the key is its own. */
function strangeness(socket: TLSSocket, { host, ca }: Peer): string | undefined {
  const leaf = socket.getPeerX509Certificate();
  const authority = new X509Certificate(ca);
  if (!leaf?.checkIssued(authority) || !leaf.verify(authority.publicKey)) {
    return "a certificate of another authority";
  }
  const isNamed = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  return isNamed === undefined
    ? `a certificate for ${leaf.subjectAltName}, not ${host}`
    : undefined;
}
