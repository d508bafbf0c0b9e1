/**
 * Watching and talking: WHEP (draft-ietf-wish-whep) and WHIP (RFC 9725) for one incident, and WHEP
 * for a pillar from which nobody calls.
 *
 * The offer comes as SDP and the answer goes as SDP; the resource named by `Location` ends the
 * connection when it is deleted. Neither trickle nor ICE restart: PATCH is answered 405, and offers
 * carry their candidates or none, since the hub also learns a browser's address from its first
 * packet. No `Link` either: the hub has no ICE servers to name.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { may, personOf } from "../../../shared/access/may.ts";
import type { Action } from "../../../shared/access/rights.ts";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import {
  CameraId,
  IncidentId,
  MediaSessionId,
  PillarId,
  type Username,
} from "../../../shared/ids.ts";
import { LookPurpose, MAX_LOOK_REASON } from "../../../shared/protocol/purpose.ts";
import { MAX_SDP_BYTES } from "../../../shared/protocol/signal.ts";
import type { ViewSubject } from "../../core/view/view-events.ts";
import { actorOf, signedInOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IncidentParams, PillarParams } from "../schemas.ts";

const SDP = "application/sdp";
/** Resources remembered for their owner's DELETE; the oldest are forgotten, never a connection. */
const MAX_RESOURCES = 10_000;

const Camera = {
  /** Name of the camera to be watched; without it the pillar's first. */
  camera: CameraId.optional(),
};
const WatchQuery = z.strictObject(Camera);
const TalkQuery = z.strictObject({});
const LookQuery = z.strictObject({
  ...Camera,
  /** `check`: without sound, for two minutes at most. `listen`: with it, for ten. */
  purpose: LookPurpose,
  /** Why; needed to listen. It is kept. */
  reason: z.string().trim().max(MAX_LOOK_REASON).default(""),
});

/** What is watched or talked to, by which dialect, and who may. */
interface Way {
  readonly of: "incident" | "pillar";
  readonly url: string;
  readonly may: Action;
  readonly summary: string;
  readonly params: typeof IncidentParams | typeof PillarParams;
  readonly query: z.ZodObject;
  /** Of the path and the query, which have been checked. */
  readonly wish: (id: string, query: unknown) => ViewSubject & { readonly camera?: CameraId };
}

const WAYS: readonly Way[] = [
  {
    ...{ of: "incident", url: "/api/v1/incidents/:id/whep", may: "media:use" },
    summary: "Watch and listen (WHEP)",
    ...{ params: IncidentParams, query: WatchQuery },
    wish: (id, query) => ({
      ...{ purpose: "call", role: "watch", incidentId: IncidentId.parse(id) },
      ...cameraOf(WatchQuery.parse(query)),
    }),
  },
  {
    ...{ of: "incident", url: "/api/v1/incidents/:id/whip", may: "media:use" },
    summary: "Talk (WHIP)",
    ...{ params: IncidentParams, query: TalkQuery },
    wish: (id) => ({ purpose: "call", role: "talk", incidentId: IncidentId.parse(id) }),
  },
  {
    ...{ of: "pillar", url: "/api/v1/pillars/:id/whep", may: "pillars:check" },
    summary: "Look through a pillar's camera while nobody calls (WHEP)",
    ...{ params: PillarParams, query: LookQuery },
    wish: (id, query) => {
      const { purpose, reason, ...more } = LookQuery.parse(query);
      const pillarId = PillarId.parse(id);
      return { purpose, reason, role: "watch", pillarId, ...cameraOf(more) };
    },
  },
];

const cameraOf = ({ camera }: { readonly camera?: CameraId | undefined }) =>
  camera === undefined ? {} : { camera };

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
    for (const way of WAYS) {
      sdp.post(
        way.url,
        {
          config: {
            of: way.of,
            may: way.may,
            sends: {
              201: {
                Location: "The connection: DELETE ends it.",
                ETag: "Names the ICE session, which never changes.",
              },
            },
          },
          schema: {
            summary: way.summary,
            consumes: [SDP],
            produces: [SDP],
            params: way.params,
            querystring: way.query,
            body: z.string(),
            response: { 201: z.string(), ...failures },
          },
        },
        async (request, reply) =>
          await negotiate(context, { way, ownerBySession }, { request, reply }),
      );
      resourceRoutes(sdp, context, { way, ownerBySession });
    }
  });
}

interface Offer {
  readonly way: Way;
  readonly ownerBySession: Map<string, Username>;
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function negotiate(
  context: ApiContext,
  { way, ownerBySession }: Offer,
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
  const { id } = request.params as { readonly id: string };
  const by = actorOf(request);
  const { id: signInId } = signedInOf(request);
  const wish = way.wish(id, request.query);
  const answer = await context.hub.view({ ...wish, sdp, by, signInId, from: request.ip });
  if (!answer.ok) throw problem(answer.code, answer.detail);
  // The session may have ended while the two negotiated, before the view was known by its name.
  if (!(await context.accounts.sessionById(signInId))) context.hub.endViewsOf(signInId);
  ownerBySession.set(answer.sessionId, by.username);
  return reply
    .code(201)
    .header(
      "location",
      `${context.address.basePath}${way.url.replace(":id", id)}/${answer.sessionId}`,
    )
    .header("etag", `"${answer.sessionId}"`)
    .type(SDP)
    .send(answer.sdp);
}

function resourceRoutes(app: Api, context: ApiContext, { way, ownerBySession }: Offer): void {
  app.delete(
    `${way.url}/:session`,
    {
      config: { of: way.of, may: way.may },
      schema: {
        summary: "End the connection",
        params: way.params.extend({ session: MediaSessionId }),
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
