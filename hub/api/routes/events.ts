/** `GET /api/v1/events`: the console's one stream, and the answer to its pings. */
import { z } from "zod";
import { ServerEvent } from "../../../shared/api/event.ts";
import { actorOf, callerOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures } from "../schemas.ts";

const Position = z.object({
  /** The `id` of the last event that was received, as it was. */
  "last-event-id": z.string().max(200).optional(),
});

export function eventRoutes(app: Api, context: ApiContext): void {
  app.post(
    "/api/v1/presence",
    {
      config: { may: "session:own" },
      schema: {
        summary: "A console answers a ping: somebody is still there",
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      context.hub.sawConsole(actorOf(request).username, "beat");
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/events",
    {
      config: { may: "events:read" },
      // A HEAD would keep a stream open that nobody reads.
      exposeHeadRoute: false,
      schema: {
        summary: "Everything that changes, as server-sent events",
        produces: ["text/event-stream"],
        headers: Position,
        response: { 200: ServerEvent, ...failures },
      },
    },
    async (request, reply) => {
      const session = callerOf(request);
      const refusal = context.streams.refusal(session);
      if (refusal !== undefined) throw problem("too-many-windows", refusal);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        // For the proxy that a site may put in front.
        "x-accel-buffering": "no",
      });
      const cursor = request.headers["last-event-id"];
      await context.streams.open({ session, response: reply.raw, cursor });
    },
  );
}
