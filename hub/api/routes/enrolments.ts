/** A new pillar exchanges its one-time code for a certificate. */
import { EnrolmentRequest, EnrolmentResult } from "../../../shared/api/enrolment.ts";
import type { Fact } from "../../core/facts.ts";
import { parseEd25519 } from "../../identity/authority.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures } from "../schemas.ts";

/** More than one visit needs in a minute; 128 bits cannot be guessed at this rate. */
const TRIES = { max: 60, timeWindow: "1 minute" } as const;

export function enrolmentRoutes(app: Api, context: ApiContext): void {
  app.post(
    "/api/v1/enrolments",
    {
      config: { may: "pillars:enrol", rateLimit: TRIES },
      schema: {
        summary: "Enrol a pillar with its one-time code",
        body: EnrolmentRequest,
        response: { 201: EnrolmentResult, ...failures },
      },
    },
    async (request, reply) => {
      const result = await enrol(context, request.body, request.ip);
      request.log.info({ pillarId: result.pillarId }, `pillar ${result.pillarId} is enrolled`);
      return reply.code(201).send(result);
    },
  );
}

async function enrol(
  context: ApiContext,
  request: EnrolmentRequest,
  address: string,
): Promise<EnrolmentResult> {
  const { pillarId, secret, csr, alarmPublicKey } = request;
  const { authority, config } = context;
  if (!parseEd25519(alarmPublicKey)) {
    throw problem("bad-request", "body.alarmPublicKey: expected an Ed25519 public key in SPKI PEM");
  }
  const wrong = (): Error => {
    context.refused({
      ...{ kind: "enrolment", sender: { address } },
      text: `enrolment refused: a wrong, used or expired code for ${pillarId}`,
      fields: { pillarId, peer: address },
    });
    return problem(
      "forbidden",
      `the code for ${pillarId} is wrong, used or expired: make a new one with anzhu-hub enrol`,
    );
  };
  // Before a certificate is made, which costs a thousand times more.
  if (!(await context.enrolments.isRight(pillarId, secret))) throw wrong();
  // Made before the code is used up: an unused certificate does no harm, a lost code costs a visit.
  const issued = await authority.issue(csr, pillarId).catch((error: unknown) => {
    throw problem(
      "bad-request",
      `body.csr: ${error instanceof Error ? error.message : "unreadable"}`,
    );
  });
  const { serial: certificateSerial, expiresAt: certificateExpiresAt } = issued;
  const identity = { certificateSerial, certificateExpiresAt, alarmPublicKey };
  const isRight = await context.enrolments.redeem(pillarId, secret, async (details) => {
    const at = Date.now();
    await record(context, [
      { type: "pillar-registered", at, ...details },
      { type: "pillar-enrolled", at, pillarId, ...identity },
    ]);
  });
  if (!isRight) throw wrong();
  return {
    pillarId,
    certificate: issued.certificate,
    caCertificate: authority.caCertificate,
    hubPublicKey: authority.hubPublicKey,
    mqttPort: context.mqttPort?.() ?? config.mqtt.port,
    alarmsPort: context.alarmsPort?.() ?? config.alarms.port,
  };
}

/** The identity counts only when the journal has it; until then the pillar keeps the one it has. */
async function record({ hub }: ApiContext, facts: readonly Fact[]): Promise<void> {
  try {
    await hub.record(facts);
  } catch (error) {
    const detail = `the enrolment could not be recorded: ${String(error)}`;
    throw problem(
      "unavailable",
      `${detail}; try again, and make a new code if this one is no longer taken`,
    );
  }
}
