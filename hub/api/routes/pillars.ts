/** The fleet, the signed commands to it, and the HTTPS way in for an alarm. */
import { z } from "zod";
import { CommandRequest, Pillar, PillarPage } from "../../../shared/api/pillar.ts";
import { Accepted } from "../../../shared/protocol/accepted.ts";
import { Alarm } from "../../../shared/protocol/alarm.ts";
import { boundTo } from "../../link/ingest.ts";
import { AlarmRefused } from "../../ingest.ts";
import { actorOf } from "../access.ts";
import type { Api, ApiContext } from "../context.ts";
import { mayCommand } from "../policy.ts";
import { problem } from "../problem.ts";
import { failures, PillarParams } from "../schemas.ts";

/** As long as a pillar's own patience for one try. */
const RECEIPT_TIMEOUT_MS = 5000;
/** A street may share one address behind a router; the pillars' own rates apply behind this. */
const ALARMS = { max: 600, timeWindow: "1 minute" } as const;

export function pillarRoutes(app: Api, context: ApiContext): void {
  const { reads } = context;
  app.get(
    "/api/v1/pillars",
    {
      config: { may: "pillars:read" },
      schema: { summary: "All pillars", response: { 200: PillarPage, ...failures } },
    },
    async () => ({ items: [...(await reads.pillars())], next: null }),
  );
  app.get(
    "/api/v1/pillars/:id",
    {
      config: { may: "pillars:read" },
      schema: {
        summary: "One pillar",
        params: PillarParams,
        response: { 200: Pillar, ...failures },
      },
    },
    async (request) => {
      const pillar = await reads.pillar(request.params.id);
      if (!pillar) throw unknownPillar(request.params.id);
      return pillar;
    },
  );
  commandRoute(app, context);
  alarmRoute(app, context);
}

const CommandAnswer = z.object({ detail: z.string() });

function commandRoute(app: Api, context: ApiContext): void {
  app.post(
    "/api/v1/pillars/:id/commands",
    {
      config: { may: "pillars:command" },
      schema: {
        summary: "Send a signed command",
        params: PillarParams,
        body: CommandRequest,
        response: { 202: CommandAnswer, ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { order } = request.body;
      const { username, displayName, role } = actorOf(request);
      if (!mayCommand(role, order)) {
        throw problem("forbidden", `${username} is ${role}, which may not order: ${order.name}`);
      }
      if (!(await context.reads.pillar(id))) throw unknownPillar(id);
      const sent = await context.hub.command(id, order, { username, displayName, role });
      if (!sent.ok) throw problem("unavailable", sent.detail);
      return reply.code(202).send({ detail: sent.detail });
    },
  );
}

/** No session: the signature inside says who it is, and the hub checks it as on every other way. */
function alarmRoute(app: Api, context: ApiContext): void {
  app.post(
    "/api/v1/pillars/:id/alarms",
    {
      config: { may: "public", rateLimit: ALARMS },
      schema: {
        summary: "The second way in for a signed alarm",
        params: PillarParams,
        body: Alarm,
        response: { 200: Accepted, 202: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const read = boundTo(id, { channel: "alarm", message: request.body });
      if (!read.ok) throw problem("bad-request", read.reason);
      if (!(await context.reads.pillar(id))) throw unknownPillar(id);
      const { eventId } = request.body.event;
      const receipt = context.receipts?.wait(eventId, RECEIPT_TIMEOUT_MS);
      try {
        await context.events.onMessage(id, read.value, "https");
      } catch (error) {
        if (error instanceof AlarmRefused) throw problem("forbidden", error.message);
        request.log.error(
          { err: error, pillarId: id, eventId },
          `alarm ${eventId} was not committed`,
        );
        throw problem("unavailable", "the alarm could not be committed: send it again");
      }
      const accepted = await receipt;
      return accepted ? reply.code(200).send(accepted) : reply.code(202).send(null);
    },
  );
}

const unknownPillar = (id: string): Error =>
  problem("not-found", `expected the id of a pillar, found ${id}`);
