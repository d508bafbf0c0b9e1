/**
 * A pillar that still has its certificate gets the next one for a new key (as in RFC 7030, 4.2.2).
 *
 * The present certificate is shown in the handshake and must be good by date, authority and the
 * hub's own records; the request is signed by the new key inside and by the alarm key outside. An
 * expired certificate renews nothing: alarms of its holder ring as unverified until the pillar is
 * enrolled again.
 */
import type { FastifyRequest } from "fastify";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { may, pillarOf } from "../../../shared/access/may.ts";
import { RenewalRequest, RenewalResult } from "../../../shared/api/enrolment.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { identify } from "../../link/entrance/peer-identity.ts";
import type { HubCommands } from "../../ports.ts";
import type { Api, ApiOptions } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, PillarParams } from "../schemas.ts";

/** A whole district may share one address behind a router, and each asks a few times a day. */
const RENEWALS = { max: 600, timeWindow: "1 minute" } as const;

export type RenewalRouteOptions = Pick<ApiOptions, "authority"> & {
  readonly hub: Pick<HubCommands, "mayRenew" | "record">;
};

export function renewalRoute(app: Api, options: RenewalRouteOptions): void {
  app.post(
    "/api/v1/pillars/:id/certificate",
    {
      config: { may: "pillars:renew", rateLimit: RENEWALS },
      schema: {
        summary: "The next certificate, for the one shown in the handshake",
        params: PillarParams,
        body: RenewalRequest,
        response: { 201: RenewalResult, 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const certificateSerial = serialShown(request, id);
      const asked = { pillarId: id, certificateSerial, request: request.body };
      const next = await options.hub.mayRenew(asked);
      if (!next.ok) throw problem("forbidden", next.detail);
      if (next.isFirstUse) {
        const used = { at: Date.now(), pillarId: id, certificateSerial };
        await options.hub.record([{ type: "certificate-adopted", ...used }]);
      }
      if (!next.isDue) return reply.code(204).send(null);
      const certificate = await renew(options, asked);
      request.log.info({ pillarId: id }, `pillar ${id} has a new certificate`);
      return reply.code(201).send({ certificate });
    },
  );
}

/** Of the certificate that this connection has proven to hold. */
function serialShown(request: FastifyRequest, pillarId: PillarId): string {
  const { socket } = request.raw;
  const peer = socket instanceof TLSSocket ? identify(socket) : undefined;
  if (!peer || !(socket instanceof TLSSocket)) {
    throw problem("unauthenticated", `expected the certificate of ${pillarId}, found none`);
  }
  if (!socket.authorized) {
    const found = String(socket.authorizationError);
    throw problem(
      "forbidden",
      `expected a good certificate, found ${found}: enrol the pillar again`,
    );
  }
  if (!may(pillarOf(peer.pillarId), "pillars:renew", { pillarId })) {
    throw problem("forbidden", `expected the certificate of ${pillarId}, found ${peer.pillarId}'s`);
  }
  return peer.serial;
}

async function renew(
  { authority, hub }: RenewalRouteOptions,
  asked: Parameters<HubCommands["mayRenew"]>[0],
): Promise<string> {
  const { pillarId, certificateSerial: replaces, request } = asked;
  const issued = await authority.issue(request.csr, pillarId).catch((error: unknown) => {
    const found = error instanceof Error ? error.message : "unreadable";
    throw problem("bad-request", `body.csr: ${found}`);
  });
  const { serial: certificateSerial, expiresAt: certificateExpiresAt } = issued;
  // Written down before it is given: the pillar may connect with it at once.
  await hub.record([
    {
      type: "certificate-renewed",
      at: Date.now(),
      pillarId,
      ...{ replaces, certificateSerial, certificateExpiresAt },
    },
  ]);
  return issued.certificate;
}
