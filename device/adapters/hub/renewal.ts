/**
 * The next certificate from the hub: a new key, a request signed by it and by the alarm key, and
 * the present certificate shown in the handshake.
 *
 * What comes back is checked like an enrolment's answer
 * before it replaces anything; the alarm key stays.
 */
import { X509Certificate } from "node:crypto";
import { RenewalResult } from "../../../shared/api/enrolment.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { parseJson } from "../../../shared/parse.ts";
import { checkCertificate } from "./enrolment.ts";
import { Failure, reasonOf } from "../host/failure.ts";
import { ask, endOf, type Answer } from "./https-request.ts";
import type { OwnIdentity } from "../identity/identity.ts";
import { makeTlsKey } from "../identity/key-pair.ts";
import type { Reach } from "./hub-address.ts";
import { pinnedTlsSocket } from "./pinned-tls-socket.ts";
import type { TlsPair } from "../identity/tls-pair.ts";

const ANSWER_MS = 15_000;

export interface RenewalSettings {
  readonly pillarId: PillarId;
  /** Asked in turn, until one gives a certificate or says that it is not time. */
  readonly urls: readonly string[];
  readonly identity: OwnIdentity;
  readonly notEndedBefore: () => number;
  /** Of the agent; by the system's resolver alone when nothing is said. */
  readonly reach?: Reach;
}

/**
 * `undefined`: every hub answered that it is not time. Rejects
 * with every hub's reason when none answered so.
 */
export async function askForCertificate(settings: RenewalSettings): Promise<TlsPair | undefined> {
  const { pillarId, urls, identity } = settings;
  const { tlsKey, csr } = await makeTlsKey(pillarId);
  const body = JSON.stringify({ csr, sig: identity.sign({ pillarId, csr }) });
  const reasons: string[] = [];
  for (const url of urls) {
    try {
      const answer = await post(settings, url, body);
      if (answer.status === 204) return undefined;
      return { tlsKey, tlsCert: certificateIn(answer, { settings, tlsKey, url }) };
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  throw new Failure("peer", reasons.join("; "));
}

async function post(settings: RenewalSettings, url: string, body: string): Promise<Answer> {
  const { pillarId, identity, notEndedBefore, reach = pinnedTlsSocket } = settings;
  const { tlsKey, tlsCert, ca } = identity;
  const target = new URL(`${url.replace(/\/+$/, "")}/api/v1/pillars/${pillarId}/certificate`);
  const peer = { ...endOf(target), tlsKey, tlsCert, ca, notEndedBefore: notEndedBefore() };
  const socket = await reach({ ...peer, withinMs: ANSWER_MS });
  try {
    return await ask({ target, socket, withinMs: ANSWER_MS, body });
  } finally {
    socket.destroy();
  }
}

interface Asked {
  readonly settings: RenewalSettings;
  readonly tlsKey: string;
  readonly url: string;
}

function certificateIn({ status, bytes }: Answer, { settings, tlsKey, url }: Asked): string {
  const { pillarId, identity } = settings;
  if (status !== 201) {
    const detail = bytes.toString("utf8").slice(0, 200);
    throw new Failure("peer", `${url} refused the renewal (${status}): ${detail}`);
  }
  const parsed = parseJson(RenewalResult, bytes);
  if (!parsed.ok) throw new Failure("peer", `${url} answered no certificate: ${parsed.reason}`);
  const found = new X509Certificate(parsed.value.certificate);
  checkCertificate(found, { ca: new X509Certificate(identity.ca), pillarId, tlsKey });
  if (found.validToDate.getTime() <= identity.validity().until) {
    throw new Failure(
      "peer",
      `${url} answered a certificate that ends no later than the present one`,
    );
  }
  return parsed.value.certificate;
}
