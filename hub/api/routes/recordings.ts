/**
 * Recordings: what there is, and the file itself, in parts, so that a player can seek.
 *
 * A recording that still runs is served as far as it has come. Opening one is written into the
 * journal first, once for each session. What is being sent is cut when the session ends.
 */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { dropOldest } from "../../../shared/bounded-map.ts";
import { RecordingPage, type Recording } from "../../../shared/api/incident.ts";
import { IncidentId } from "../../../shared/ids.ts";
import { callerOf, stillGood } from "../signed-in.ts";
import { parseByteRange, type ByteRange } from "../http/byte-range.ts";
import type { Api, ApiContext } from "../context.ts";
import { isRangeWanted, judge, validatorsOf, type Validators } from "../http/preconditions.ts";
import { problem } from "../problem.ts";
import { failures, IncidentParams, RecordingParams } from "../schemas.ts";
import { unknownIncident } from "./incidents.ts";

/** Views remembered so that seeking does not fill the journal; a forgotten one is written again. */
const MAX_REMEMBERED_VIEWS = 10_000;

const STATE = {
  ETag: "Strong when the recording is closed, weak while it runs.",
  "Last-Modified": "When its last byte was written.",
};
const WHOLE = { ...STATE, "Accept-Ranges": "`bytes`", "Content-Length": "Of the whole." };
const PART = {
  ...STATE,
  "Content-Range": "Which part of how much.",
  "Content-Length": "Of the part.",
};

export function recordingRoutes(app: Api, context: ApiContext): void {
  const seen = new Set<string>();
  app.get(
    "/api/v1/incidents/:id/recordings",
    {
      config: { of: "incident", may: "recordings:read" },
      schema: {
        summary: "Recordings of one incident",
        params: IncidentParams,
        response: { 200: RecordingPage, ...failures },
      },
    },
    async (request) => {
      const { id } = request.params;
      if (!(await context.reads.incident(id))) throw unknownIncident(id);
      context.audit.read("incident", IncidentId.parse(id), request);
      return { items: [...(await context.reads.recordings(id))], next: null };
    },
  );
  app.route({
    method: ["GET", "HEAD"],
    // Fastify's own HEAD counts what is sent as the body, which here is nothing.
    exposeHeadRoute: false,
    url: "/api/v1/recordings/:id/media",
    config: {
      of: "recording",
      may: "recordings:read",
      sends: { 200: WHOLE, 206: PART, 304: STATE },
    },
    schema: {
      summary: "The recording itself (MP4, byte ranges)",
      params: RecordingParams,
      querystring: MediaQuery,
      produces: ["video/mp4"],
      response: { 200: z.any(), 206: z.any(), 304: z.null(), ...failures },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const recording = await context.reads.recording(id);
      if (!recording) throw problem("not-found", `expected the id of a recording, found ${id}`);
      if (recording.deletion) throw gone(id, recording.deletion);
      const { download } = request.query;
      // A HEAD tells length and state, and nothing of what was said.
      if (request.method === "GET") {
        await recordView(context, seen, { recording, request, isDownload: download !== undefined });
        const { id: session } = callerOf(request);
        context.transfers.add(session, reply.raw);
        // It may have ended while the view was being written down.
        if (!(await stillGood(context.accounts, session))) throw problem("unauthenticated", ENDED);
      }
      if (download !== undefined) {
        const name = `anzhu-${recording.incidentId.slice(0, 8)}-${id.slice(0, 8)}.mp4`;
        reply.header("content-disposition", `attachment; filename="${name}"`);
      }
      return await sendMedia(recording, request, reply);
    },
  });
}

const ENDED = "the session has ended: sign in again";

function gone(id: string, { at, reason }: NonNullable<Recording["deletion"]>): Error {
  const because = {
    age: "it was older than this hub keeps recordings",
    space: "it was the oldest, and the disk had too little room",
  }[reason];
  return problem("gone", `the recording ${id} was deleted on ${at}: ${because}`);
}

/** With `download` it is offered as a file, and the audit says so. */
const MediaQuery = z.object({ download: z.enum(["", "1", "true"]).optional() });

interface RecordingView {
  readonly recording: Pick<Recording, "id" | "incidentId">;
  readonly request: FastifyRequest;
  readonly isDownload: boolean;
}

async function recordView(
  context: ApiContext,
  seen: Set<string>,
  view: RecordingView,
): Promise<void> {
  const { recording, request, isDownload } = view;
  const { id: session, username: by, displayName: byName } = callerOf(request);
  const how = isDownload ? "download" : "play";
  const key = `${recording.id} ${how} ${session}`;
  if (seen.has(key)) return;
  const { id: recordingId, incidentId: of } = recording;
  const type = "recording-viewed";
  await context.hub.record([
    { type, at: Date.now(), recordingId, of, by, byName, how, from: request.ip },
  ]);
  seen.add(key);
  dropOldest(seen, MAX_REMEMBERED_VIEWS);
}

async function sendMedia(
  recording: { readonly path: string; readonly state: Recording["state"] },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await openMedia(recording.path);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw noMedia();
    const validators = validatorsOf(found, recording.state === "recording");
    reply.headers({
      "accept-ranges": "bytes",
      etag: validators.etag,
      "last-modified": new Date(validators.lastModifiedMs).toUTCString(),
    });
    const verdict = judge(request.headers, validators);
    if (verdict === "failed") {
      throw problem("precondition-failed", `expected the recording as ${validators.etag}`);
    }
    const part = partOf(request, found.size, validators);
    if (verdict === "not-modified") {
      await file.close();
      return await reply.code(304).send();
    }
    announce(reply, part, found.size);
    if (request.method === "HEAD" || found.size === 0) {
      await file.close();
      return await reply.send();
    }
    // Ends at what was announced even while the recorder goes on writing.
    return await reply.send(file.createReadStream(bounds(part, found.size)));
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Part = Exclude<ByteRange, { type: "unsatisfiable" }>;

/** What of the file is sent. RFC 9110, 14.2: `Range` is for GET only. */
function partOf(request: FastifyRequest, size: number, validators: Validators): Part {
  const { range } = request.headers;
  const isWanted =
    request.method === "GET" && isRangeWanted(request.headers["if-range"], validators, Date.now());
  const part = parseByteRange(isWanted ? range : undefined, size);
  if (part.type !== "unsatisfiable") return part;
  const detail = `Range: expected a start below ${size}, found ${range?.slice(0, 80)}`;
  throw Object.assign(problem("range-not-satisfiable", detail), {
    headers: { "content-range": `bytes */${size}` },
  });
}

const bounds = (part: Part, size: number): { start: number; end: number } =>
  part.type === "part" ? { start: part.first, end: part.last } : { start: 0, end: size - 1 };

/** The status, type and length that belong to the part. */
function announce(reply: FastifyReply, part: Part, size: number): void {
  const { start, end } = bounds(part, size);
  if (part.type === "part") {
    reply.code(206).header("content-range", `bytes ${start}-${end}/${size}`);
  }
  reply.header("content-type", "video/mp4").header("content-length", end - start + 1);
}

/** Never through a link, and never waiting for the other end of a pipe. */
const HOW = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openMedia(path: string): Promise<FileHandle> {
  try {
    return await open(path, HOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ELOOP") throw error;
    throw noMedia();
  }
}

const noMedia = (): Error =>
  problem("not-found", "the recording has no media: none was received, or it is not here");
