/**
 * Recordings: what there is, and the file itself, in parts, so that a player can seek.
 *
 * A recording that still runs is served as far as it has come. Whoever opens one is written into the
 * journal first, once for each session.
 */
import { open, type FileHandle } from "node:fs/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { RecordingPage } from "../../../shared/api/incident.ts";
import type { RecordingId } from "../../../shared/ids.ts";
import { actorOf } from "../access.ts";
import { parseByteRange, type ByteRange } from "../byte-range.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures, IncidentParams, RecordingParams } from "../schemas.ts";
import { unknownIncident } from "./incidents.ts";

/** Views remembered so that seeking does not fill the journal; a forgotten one is written again. */
const MAX_REMEMBERED_VIEWS = 10_000;

export function recordingRoutes(app: Api, context: ApiContext): void {
  const seen = new Set<string>();
  app.get(
    "/api/v1/incidents/:id/recordings",
    {
      config: { may: "recordings:read" },
      schema: {
        summary: "Recordings of one incident",
        params: IncidentParams,
        response: { 200: RecordingPage, ...failures },
      },
    },
    async (request) => {
      const { id } = request.params;
      if (!(await context.reads.incident(id))) throw unknownIncident(id);
      return { items: [...(await context.reads.recordings(id))], next: null };
    },
  );
  app.get(
    "/api/v1/recordings/:id/media",
    {
      config: { may: "recordings:read" },
      schema: {
        summary: "The recording itself (MP4, byte ranges)",
        params: RecordingParams,
        produces: ["video/mp4"],
        response: { 200: z.any(), 206: z.any(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const recording = await context.reads.recording(id);
      if (!recording) throw problem("not-found", `expected the id of a recording, found ${id}`);
      await recordView(context, seen, { id, request });
      return await sendMedia(recording.path, request, reply);
    },
  );
}

async function recordView(
  context: ApiContext,
  seen: Set<string>,
  view: { readonly id: RecordingId; readonly request: FastifyRequest },
): Promise<void> {
  const { token, username } = actorOf(view.request);
  const key = `${view.id} ${token}`;
  if (seen.has(key)) return;
  await context.hub.record([
    { type: "recording-viewed", at: Date.now(), recordingId: view.id, by: username },
  ]);
  for (const oldest of seen) {
    if (seen.size < MAX_REMEMBERED_VIEWS) break;
    seen.delete(oldest);
  }
  seen.add(key);
}

async function sendMedia(
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await openMedia(path);
  const { size } = await file.stat();
  const range = parseByteRange(request.headers.range, size);
  reply.headers({ "accept-ranges": "bytes", "content-type": "video/mp4" });
  if (range.type === "unsatisfiable") {
    await file.close();
    const detail = `Range: expected a start below ${size}, found ${request.headers.range}`;
    return reply
      .code(416)
      .header("content-range", `bytes */${size}`)
      .type("application/problem+json")
      .send({ ...problem("bad-request", detail).problem, status: 416 });
  }
  return await sendPart(file, { range, size, isHead: request.method === "HEAD" }, reply);
}

interface Part {
  readonly range: Exclude<ByteRange, { type: "unsatisfiable" }>;
  readonly size: number;
  readonly isHead: boolean;
}

async function sendPart(
  file: FileHandle,
  { range, size, isHead }: Part,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const first = range.type === "part" ? range.first : 0;
  const last = range.type === "part" ? range.last : size - 1;
  if (range.type === "part") {
    reply.code(206).header("content-range", `bytes ${first}-${last}/${size}`);
  }
  reply.header("content-length", last - first + 1);
  if (isHead || size === 0) {
    await file.close();
    return reply.send();
  }
  // Ends at what was announced even while the recorder goes on writing.
  return reply.send(file.createReadStream({ start: first, end: last }));
}

async function openMedia(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw problem("not-found", "the recording has no media: none was received, or it is not here");
  }
}
