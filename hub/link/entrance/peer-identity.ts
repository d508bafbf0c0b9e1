/** Who is at the other end of a TLS connection, and in plain words why a connection was refused. */
import type { TLSSocket } from "node:tls";
import { PillarId } from "../../../shared/ids.ts";

export interface Peer {
  readonly pillarId: PillarId;
  /** Certificate serial, lower-case hexadecimal. */
  readonly serial: string;
  readonly address: string;
}

export const addressOf = (socket: Pick<TLSSocket, "remoteAddress" | "remotePort">): string =>
  `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;

/** `undefined` unless the certificate names exactly one pillar, as `URI:urn:pillar:<id>`. */
export function identify(socket: TLSSocket): Peer | undefined {
  const certificate = socket.getPeerX509Certificate();
  const found = /^URI:urn:pillar:([^,"\s]+)$/.exec(certificate?.subjectAltName ?? "");
  const pillarId = PillarId.safeParse(found?.[1]);
  if (!certificate || !pillarId.success) return undefined;
  return {
    pillarId: pillarId.data,
    serial: certificate.serialNumber.toLowerCase(),
    address: addressOf(socket),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired: enrol the pillar again",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: check the clocks of pillar and hub",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed, not issued by this hub",
  ECONNRESET: "it broke off the handshake",
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: "no signature algorithm in common",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "it showed no client certificate: enrol it first",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it does not speak TLS 1.3",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS at all",
  ERR_SSL_HTTP_REQUEST: "it speaks plain HTTP on the pillars' port",
  ERR_TLS_HANDSHAKE_TIMEOUT: "it did not finish the handshake in time",
  INVALID_PURPOSE: "its certificate is not a client certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from another authority",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate comes from another authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from another authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from another authority",
};

export interface TlsRefusal {
  /** One of a few, whatever the other side did. */
  readonly cause: string;
  readonly code: string;
  readonly words: string;
}

/** `error` and `socket` as given to `tlsClientError`. */
export function explainTls(error: NodeJS.ErrnoException, socket: TLSSocket): TlsRefusal {
  // A certificate that fails our check ends in ECONNRESET; the real cause stays on the socket.
  const judged = socket.authorizationError as string | Error | null | undefined;
  const code = judged ? (judged instanceof Error ? judged.message : judged) : (error.code ?? "TLS");
  return {
    cause: code in WORDS ? code : "other",
    code,
    words: WORDS[code] ?? `the handshake failed (${error.message})`,
  };
}
