/** An API over doubles that is asked by everybody, from its own description. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from "fastify";
import {
  INCIDENT,
  PILLAR,
  RECORDING,
  startTestApi,
  type TestApi,
} from "../../../kit/hub/api-on-doubles.ts";
import { readDescription, type Description, type Operation } from "./description.ts";
import { makeIdentities, type Identities, type Identity } from "./identities.ts";
import type { Input } from "./inputs.ts";

export interface Walk extends Identities {
  readonly api: TestApi;
  readonly description: Description;
  /** Each operation with its name. */
  readonly rows: readonly (readonly [string, Operation])[];
  /** Ids of what exists. */
  readonly known: ReadonlyMap<string, string>;
  readonly ask: Ask;
  /** An earlier request may have deleted the recording's file. */
  restoreFile(): Promise<void>;
}

export type Ask = (
  operation: Operation,
  input: Input,
  identity: Identity,
  /** Another one than the walk's. */
  app?: Pick<FastifyInstance, "inject">,
) => Promise<LightMyRequestResponse>;

export async function openWalk(): Promise<Walk> {
  /** The walk asks more often than a service may. */
  const serviceRate = { burst: 1e9, intervalMs: 1e-3, maxWaitMs: 0 };
  const api = await startTestApi({ serviceRate });
  const document = (await api.app.inject({ url: "/api/v1/openapi.json" })).json<object>();
  const description = readDescription(document as never);
  return {
    ...(await makeIdentities(api.accounts)),
    api,
    description,
    rows: description.operations.map((operation) => [
      `${operation.method} ${operation.path}`,
      operation,
    ]),
    known: new Map<string, string>([
      ["incidents", INCIDENT],
      ["pillars", PILLAR],
      ["recordings", RECORDING],
      ["services", "old-service"],
    ]),
    ask: async (operation, input, identity, app = api.app) =>
      await app.inject({
        method: operation.method as HTTPMethods,
        url: input.url,
        remoteAddress: "192.0.2.7",
        headers: { ...input.headers, ...(await identity.headers()) },
        ...(input.payload === undefined ? {} : { payload: input.payload }),
        // An event stream that is accepted never ends by itself.
        ...(isStream(operation) ? { signal: AbortSignal.timeout(100) } : {}),
      }),
    restoreFile: async () => await writeFile(join(api.dir, "recording.mp4"), "0123456789"),
  };
}

/** By hand: what no person may whose scope is a part. */
export const OF_THE_WHOLE = ["accounts:manage", "services:manage", "audit:read"];

export const isStream = (operation: Operation): boolean =>
  "text/event-stream" in (operation.responses["200"]?.content ?? {});
