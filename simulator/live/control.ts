/**
 * The simulator's control interface: pressing, breaking,
 * looking and listening, over HTTP on loopback.
 *
 * Documented in `docs/simulator.md`. Errors are problem+json (RFC 9457), as on the hub.
 */
import Fastify from "fastify";
import type { FastifyInstance, FastifyReply } from "fastify";
import {
  serializerCompiler,
  validatorCompiler,
  hasZodFastifySchemaValidationErrors,
} from "fastify-type-provider-zod";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Problem, ProblemCode } from "../../shared/api/problem.ts";
import { Fault } from "./fault.ts";
import type { VirtualPillar } from "./pillar.ts";
import { BUFFER_SECONDS } from "./sound/playback-buffer.ts";
import { readClip } from "./sound/sound-clip.ts";
import { loop, streetNoise, tone, wavFile } from "./sound/sound.ts";

const MAX_HOLD_MS = 10_000;
const MAX_BODY_BYTES = 16 * 1024;

const Params = z.strictObject({ id: z.string().max(63) });
const PressBody = z.strictObject({
  kind: z.enum(["voice", "silent"]).default("voice"),
  holdMs: z.number().int().min(1).max(MAX_HOLD_MS).default(200),
});
const FaultBody = z.strictObject({ fault: Fault, on: z.boolean().default(true) });
const SpeakerQuery = z.strictObject({
  seconds: z.coerce.number().positive().max(BUFFER_SECONDS).default(10),
});
const MicrophoneBody = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("silence") }),
  z.strictObject({ kind: z.literal("tone"), hz: z.number().min(20).max(20_000) }),
  z.strictObject({ kind: z.literal("clip"), file: z.string().min(1).max(4096) }),
]);

export interface ControlOptions {
  readonly pillars: ReadonlyMap<string, VirtualPillar>;
  /** For clips; undefined when the machine has none. */
  readonly ffmpeg: string | undefined;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  constructor(status: number, code: ProblemCode, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The routes, ready to listen or to be called with `inject`. */
export function newControl({ pillars, ffmpeg }: ControlOptions): FastifyInstance {
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.server.on("connection", (socket) => socket.setNoDelay(true));
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerProblems(app);
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const pillar = (id: string): VirtualPillar => {
    const found = pillars.get(id);
    if (found !== undefined) return found;
    const known = [...pillars.keys()].join(", ");
    throw new Refusal(404, "not-found", `expected one of ${known}, found "${id}"`);
  };

  routes.get("/pillars", () => ({
    items: [...pillars.keys()].toSorted().map((id) => pillar(id).status()),
    next: null,
  }));

  const pressSchema = { params: Params, body: PressBody };
  routes.post("/pillars/:id/press", { schema: pressSchema }, async ({ params, body }) => {
    const pressed = await pillar(params.id).press(body.kind, body.holdMs);
    if (pressed !== undefined) return pressed;
    throw new Refusal(409, "conflict", "the button is held already; wait until it is let go");
  });

  const faultSchema = { params: Params, body: FaultBody };
  routes.post("/pillars/:id/faults", { schema: faultSchema }, async ({ params, body }) => {
    const one = pillar(params.id);
    if (body.fault === "agent-crash" && !body.on) {
      throw new Refusal(400, "bad-request", "agent-crash happens once; it cannot be switched off");
    }
    await one.setFault(body.fault, body.on);
    return one.status();
  });

  routes.get("/pillars/:id/outputs", { schema: { params: Params } }, ({ params }) =>
    pillar(params.id).outputs(),
  );

  const speakerSchema = { params: Params, querystring: SpeakerQuery };
  routes.get("/pillars/:id/speaker.wav", { schema: speakerSchema }, (request, reply) =>
    reply.type("audio/wav").send(wavFile(pillar(request.params.id).heard(request.query.seconds))),
  );

  const microphoneSchema = { params: Params, body: MicrophoneBody };
  routes.post("/pillars/:id/microphone", { schema: microphoneSchema }, async (request, reply) => {
    const one = pillar(request.params.id);
    one.hear(await signalOf(request.body, ffmpeg));
    return reply.status(204).send();
  });
  return app;
}

async function signalOf(
  body: z.infer<typeof MicrophoneBody>,
  ffmpeg: string | undefined,
): Promise<(index: number) => number> {
  if (body.kind === "silence") return streetNoise;
  if (body.kind === "tone") return tone(body.hz);
  if (ffmpeg === undefined) {
    throw new Refusal(503, "unavailable", "a clip needs ffmpeg: install it and start again");
  }
  const clip = await readClip(ffmpeg, body.file);
  if (clip.ok) return loop(clip.samples);
  throw new Refusal(400, "bad-request", clip.reason);
}

function answerProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const detail = `${request.method} ${request.url} is not a route; see docs/simulator.md`;
    return problem(reply, 404, { code: "not-found", detail });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) {
      return problem(reply, error.status, { code: error.code, detail: error.message });
    }
    if (hasZodFastifySchemaValidationErrors(error)) {
      const found = error.validation.map(
        ({ instancePath, message }) => `${instancePath.slice(1) || "request"}: ${message}`,
      );
      return problem(reply, 400, { code: "bad-request", detail: found.join("; ") });
    }
    const status = error.statusCode ?? 500;
    return problem(reply, status, { code: codeOf(status), detail: error.message });
  });
}

function codeOf(status: number): ProblemCode {
  if (status === 413) return "too-large";
  if (status === 415) return "unsupported-media-type";
  return status < 500 ? "bad-request" : "internal";
}

function problem(
  reply: FastifyReply,
  status: number,
  { code, detail }: { code: ProblemCode; detail: string },
): FastifyReply {
  const body: Problem = { type: `urn:anzhu:problem:${code}`, title: code, status, code, detail };
  return reply
    .status(status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(body);
}
