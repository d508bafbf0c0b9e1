/**
 * Watching and talking: WHEP (draft-ietf-wish-whep) and WHIP (RFC 9725) for one incident.
 *
 * The offer comes as SDP and the answer goes as SDP; the resource named by `Location` ends the
 * connection when it is deleted. Neither trickle nor ICE restart: PATCH is answered 405, and offers
 * carry their candidates or none, since the hub also learns a browser's address from its first
 * packet. No `Link` either: the hub has no ICE servers to name.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { may, personOf } from "../../../shared/access/may.ts";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import { CameraId, IncidentId, MediaSessionId, type Username } from "../../../shared/ids.ts";
import { MAX_SDP_BYTES } from "../../../shared/protocol/signal.ts";
import { actorOf, signedInOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IncidentParams } from "../schemas.ts";

const SDP = "application/sdp";
/** Resources remembered for their owner's DELETE; the oldest are forgotten, never a connection. */
const MAX_RESOURCES = 10_000;

const WatchQuery = z.strictObject({
  /** Name of the camera to be watched; without it the pillar's first. */
  camera: CameraId.optional(),
});
type WatchQuery = z.infer<typeof WatchQuery>;

const DIALECTS = [
  { name: "whep", role: "watch", summary: "Watch and listen (WHEP)", query: WatchQuery },
  { name: "whip", role: "talk", summary: "Talk (WHIP)", query: z.strictObject({}) },
] as const;

export function mediaRoutes(app: Api, context: ApiContext): void {
  const ownerBySession = new BoundedMap<string, Username>(MAX_RESOURCES);
  void app.register(async (scope) => {
    const sdp = scope as Api;
    sdp.removeAllContentTypeParsers();
    sdp.addContentTypeParser(
      SDP,
      { parseAs: "string", bodyLimit: MAX_SDP_BYTES },
      (_r, body, done) => done(null, body),
    );
    for (const dialect of DIALECTS) {
      const url = `/api/v1/incidents/:id/${dialect.name}`;
      sdp.post(
        url,
        {
          config: {
            of: "incident",
            may: "media:use",
            sends: {
              201: {
                Location: "The connection: DELETE ends it.",
                ETag: "Names the ICE session, which never changes.",
              },
            },
          },
          schema: {
            summary: dialect.summary,
            consumes: [SDP],
            produces: [SDP],
            params: IncidentParams,
            querystring: dialect.query,
            body: z.string(),
            response: { 201: z.string(), ...failures },
          },
        },
        async (request, reply) =>
          await negotiate(context, { dialect, ownerBySession }, { request, reply }),
      );
      resourceRoutes(sdp, context, { url, ownerBySession });
    }
  });
}

interface Offer {
  readonly dialect: (typeof DIALECTS)[number];
  readonly ownerBySession: Map<string, Username>;
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function negotiate(
  context: ApiContext,
  { dialect, ownerBySession }: Offer,
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  const { accept } = request.headers;
  if (accept !== undefined && !/application\/(sdp|\*)|\*\/\*/.test(accept)) {
    throw problem("not-acceptable", `expected Accept: ${SDP}, found ${accept.slice(0, 80)}`);
  }
  const sdp = String(request.body);
  if (!sdp.startsWith("v=0")) {
    const found = JSON.stringify(sdp.slice(0, 40));
    throw problem("bad-request", `body: expected an SDP offer starting with v=0, found ${found}`);
  }
  const incidentId = IncidentId.parse((request.params as { id: string }).id);
  const by = actorOf(request);
  const { id: signInId } = signedInOf(request);
  const { camera } = request.query as WatchQuery;
  const wish = { incidentId, role: dialect.role, ...(camera && { camera }) };
  const answer = await context.hub.view({ ...wish, sdp, by, signInId, from: request.ip });
  if (!answer.ok) throw problem(answer.code, answer.detail);
  // The session may have ended while the two negotiated, before the view was known by its name.
  if (!(await context.accounts.sessionById(signInId))) context.hub.endViewsOf(signInId);
  ownerBySession.set(answer.sessionId, by.username);
  return reply
    .code(201)
    .header(
      "location",
      `${context.address.basePath}/api/v1/incidents/${incidentId}/${dialect.name}/${answer.sessionId}`,
    )
    .header("etag", `"${answer.sessionId}"`)
    .type(SDP)
    .send(answer.sdp);
}

interface Resource {
  readonly url: string;
  readonly ownerBySession: Map<string, Username>;
}

function resourceRoutes(app: Api, context: ApiContext, { url, ownerBySession }: Resource): void {
  app.delete(
    `${url}/:session`,
    {
      config: { of: "incident", may: "media:use" },
      schema: {
        summary: "End the connection",
        params: z.object({ id: IncidentId, session: MediaSessionId }),
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { session } = request.params;
      const openedBy = ownerBySession.get(session);
      if (!may(personOf(actorOf(request)), "media:end", { openedBy })) {
        throw problem("not-found", "expected a connection of yours; it may have ended already");
      }
      ownerBySession.delete(session);
      context.hub.endView(session);
      return reply.code(204).send(null);
    },
  );
}
