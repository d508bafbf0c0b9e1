/**
 * The HTTPS fallback for a signed alarm: one route, on the console's port and on the pillars' own.
 *
 * No session: the signature inside says who it is, and the hub checks it as over MQTT. It is
 * answered with the receipt, after the commit.
 */
import { z } from "zod";
import { BoundedMap } from "../../../shared/bounded-map.ts";
import type { PillarId } from "../../../shared/ids.ts";
import { Accepted } from "../../../shared/protocol/accepted.ts";
import { Alarm } from "../../../shared/protocol/alarm.ts";
import { boundTo } from "../../link/delivery.ts";
import { takeTurn } from "../../core/time/rate.ts";
import { ALARM_RATE } from "../../link/rate.ts";
import type { Api, ApiOptions } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, PillarParams } from "../schemas.ts";

/** A whole district may share one address behind a router. */
const ALARMS = { max: 6000, timeWindow: "1 minute" } as const;
/**
 * Pillars whose pace is remembered, each with the address it
 * comes from, so that a stranger cannot use up a pillar's.
 */
const MAX_PACES = 20_000;

export type AlarmRouteOptions = Pick<ApiOptions, "events" | "reads">;

export function alarmRoute(app: Api, options: AlarmRouteOptions): void {
  const nextTurn = new BoundedMap<string, number>(MAX_PACES);
  app.post(
    "/api/v1/pillars/:id/alarms",
    {
      config: { may: "pillars:report", rateLimit: ALARMS },
      schema: {
        summary: "The HTTPS fallback for a signed alarm",
        params: PillarParams,
        body: Alarm,
        response: { 200: Accepted, 202: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const read = boundTo(id, { channel: "alarm", message: request.body });
      if (!read.ok) throw problem("bad-request", read.reason);
      await awaitTurn(nextTurn, `${id} ${request.ip}`);
      const { eventId } = request.body.event;
      const answer = await options.events.onMessage(id, read.value, "https").catch((error) => {
        request.log.error(
          { err: error, pillarId: id, eventId },
          `alarm ${eventId} was not committed`,
        );
        throw problem("unavailable", "the alarm could not be committed: send it again");
      });
      if (answer?.outcome === "refused") throw await refusalOf(options, id, answer.detail);
      if (answer?.outcome === "accepted") return reply.code(200).send(answer.accepted);
      return reply.code(202).send(null);
    },
  );
}

/** As over MQTT: what comes too fast waits, and only a flood is refused. */
async function awaitTurn(nextTurn: Map<string, number>, who: string): Promise<void> {
  const turn = takeTurn(ALARM_RATE, nextTurn.get(who) ?? 0, performance.now());
  if (!turn.ok) {
    const most = 1000 / ALARM_RATE.intervalMs;
    throw problem("too-many-requests", `expected at most ${most} alarms a second of one pillar`);
  }
  nextTurn.set(who, turn.nextAt);
  if (turn.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, turn.waitMs));
}

/** Only a refusal asks the database: an alarm does not wait for it. */
async function refusalOf(
  { reads }: AlarmRouteOptions,
  id: PillarId,
  detail: string,
): Promise<Error> {
  return (await reads.pillar(id))
    ? problem("forbidden", detail)
    : problem("not-found", `expected the id of a pillar, found ${id}`);
}
