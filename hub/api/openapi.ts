/**
 * The interface's own description: OpenAPI 3.1, made from
 * the schemas and settings that the routes run with.
 *
 * What the routes do not say themselves follows from the action they name: who is let in, by which
 * credentials, and how the refusals look. `npm run check` lints the result, and a test compares it
 * with what is sent.
 */
import swagger from "@fastify/swagger";
import type { FastifyContextConfig, RouteOptions } from "fastify";
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { isForPeople, rolesOf, scopesOf } from "../../shared/access/may.ts";
import { ServerEvent } from "../../shared/api/event.ts";
import { Incident, Recording } from "../../shared/api/incident.ts";
import { Pillar } from "../../shared/api/pillar.ts";
import { Problem } from "../../shared/api/problem.ts";
import { Session } from "../../shared/api/session.ts";
import { Alarm } from "../../shared/protocol/alarm.ts";
import type { Api } from "./context.ts";
import { finishDocument, type Told } from "./openapi-document.ts";
import { cookieOf, type PublicAddress } from "./http/public-address.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Headers of the answers, by status, with what they mean. */
    sends?: Readonly<Record<number, Readonly<Record<string, string>>>>;
  }
}

/** Named once in the description; every other schema stands where it is used. */
const NAMED = { Problem, Incident, Recording, Pillar, Session, ServerEvent, Alarm };

const registry = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });

const OPTIONS = { schemaRegistry: registry, zodToJsonConfig: { unrepresentable: "any" } } as const;

/** Must be called before the first route is added. */
export async function describeInterface(app: Api, address: PublicAddress): Promise<void> {
  const told = new Map<string, Told>();
  const toJson = createJsonSchemaTransform(OPTIONS);
  const addComponents = createJsonSchemaTransformObject(OPTIONS);
  await app.register(swagger, {
    exposeHeadRoutes: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Anzhu hub",
        version: "1",
        summary: "Alarm pillars, their calls, and the people who answer them.",
        description:
          "Every refusal is `application/problem+json` (RFC 9457) with a stable `code`. " +
          "A browser signs in and carries a cookie; a program sends the token as a bearer token. " +
          "A service's token does what `x-scopes` names, and nothing else. " +
          "What changes something needs, with a cookie, to come from the hub's own page.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: `${address.origin ?? ""}${address.basePath}` || "/" }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          cookie: { type: "apiKey", in: "cookie", name: cookieOf(address).name },
        },
      },
    },
    transform: (input) => {
      const transformed = toJson(input);
      if (!transformed.schema?.hide) told.set(keyOf(input.route), tell(input.route));
      return transformed;
    },
    transformObject: (document) => finishDocument(addComponents(document) as never, told) as never,
  });
}

/** As the document names it: `get /api/v1/incidents/{id}`. */
function keyOf({ method, url }: RouteOptions): string {
  return `${[method].flat()[0]?.toLowerCase()} ${url.replace(/:([a-z]+)/gi, "{$1}")}`;
}

function tell(route: RouteOptions): Told {
  const config: FastifyContextConfig = route.config ?? {};
  const { body, params, querystring } = (route.schema ?? {}) as Readonly<
    Record<"body" | "params" | "querystring", z.ZodType | undefined>
  >;
  return {
    action: config.may,
    roles: config.may && isForPeople(config.may) ? rolesOf(config.may) : undefined,
    scopes: config.may ? scopesOf(config.may) : [],
    isOpenToSome: config.isOpenTo !== undefined,
    takesSomething: Boolean(body ?? params ?? querystring),
    namesSomething: params !== undefined,
    mayOmitBody: body?.safeParse(undefined).success === true,
    isLimited: config.rateLimit !== undefined,
    headers: config.sends ?? {},
  };
}
