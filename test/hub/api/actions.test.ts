/** Every route names the action it asks for, and it is the right one: no door is open by mistake. */
import fastify from "fastify";
import { afterAll, expect, test } from "vitest";
import { guardRoutes } from "../../../hub/api/access.ts";
import type { Api, ApiContext } from "../../../hub/api/context.ts";
import { finishDocument, type Document } from "../../../hub/api/openapi-document.ts";
import { startTestApi } from "../../kit/hub/api-on-doubles.ts";

/** Written by hand: a new route, or one that asks for something else, is written down here too. */
const ASKED = `
  get    /api/v1/accounts                       accounts:manage
  post   /api/v1/accounts                       accounts:manage
  patch  /api/v1/accounts/{username}            accounts:manage
  post   /api/v1/accounts/{username}/password   accounts:manage
  get    /api/v1/areas                          areas:read
  get    /api/v1/audit                          audit:read
  post   /api/v1/enrolments                     pillars:enrol
  get    /api/v1/events                         events:read
  get    /api/v1/hub                            hub:read
  get    /api/v1/incidents                      incidents:read
  get    /api/v1/incidents/{id}                 incidents:read
  get    /api/v1/incidents/{id}/timeline        incidents:read
  post   /api/v1/incidents/{id}/acknowledge     incidents:order
  post   /api/v1/incidents/{id}/answer          incidents:order
  post   /api/v1/incidents/{id}/close           incidents:order
  post   /api/v1/incidents/{id}/dispatch        incidents:order
  post   /api/v1/incidents/{id}/grade           incidents:order
  post   /api/v1/incidents/{id}/hold            incidents:order
  post   /api/v1/incidents/{id}/note            incidents:order
  post   /api/v1/incidents/{id}/reopen          incidents:order
  post   /api/v1/incidents/{id}/transfer        incidents:order
  post   /api/v1/incidents/{id}/lock            incidents:lock
  post   /api/v1/incidents/{id}/unlock          incidents:lock
  get    /api/v1/incidents/{id}/recordings      recordings:read
  post   /api/v1/incidents/{id}/whep            media:use
  delete /api/v1/incidents/{id}/whep/{session}  media:use
  post   /api/v1/incidents/{id}/whip            media:use
  delete /api/v1/incidents/{id}/whip/{session}  media:use
  get    /api/v1/openapi.json                   description:read
  get    /api/v1/operators                      operators:read
  get    /api/v1/pillars                        pillars:read
  get    /api/v1/pillars/{id}                   pillars:read
  post   /api/v1/pillars/{id}/alarms            pillars:report
  post   /api/v1/pillars/{id}/commands          pillars:command
  post   /api/v1/pillars/{id}/revoke            pillars:revoke
  post   /api/v1/pillars/{id}/whep              pillars:check
  delete /api/v1/pillars/{id}/whep/{session}    pillars:check
  post   /api/v1/presence                       session:own
  get    /api/v1/recordings/{id}/media          recordings:read
  head   /api/v1/recordings/{id}/media          recordings:read
  get    /api/v1/services                       services:manage
  post   /api/v1/services                       services:manage
  delete /api/v1/services/{name}                services:manage
  post   /api/v1/sessions                       session:open
  delete /api/v1/sessions/current               session:own
  get    /api/v1/sessions/current               session:own
  get    /healthz                               health:read
  get    /metrics                               metrics:read
  get    /readyz                                health:read
`;
const asked = new Map(
  ASKED.trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([method, path, action]) => [`${method} ${path}`, action] as const),
);

/** Operations that name no action, or another than is written above. */
function wrong({ paths }: Document): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => {
      const found = operation["x-action"];
      const expected = asked.get(`${method} ${path}`);
      if (found !== undefined && found === expected) return [];
      return [`${method} ${path}: expected ${expected}, found ${found}`];
    }),
  );
}

const api = await startTestApi();
afterAll(async () => await api.close());
const document = (await api.app.inject({ url: "/api/v1/openapi.json" })).json<Document>();

test("every route of the description names the action that it asks for", () => {
  expect(wrong(document)).toEqual([]);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  expect(described.toSorted()).toEqual([...asked.keys()].toSorted());
});

test("a route that names no action, or a weaker one, is found", () => {
  const open = finishDocument({ paths: { "/open": { get: { responses: {} } } } }, new Map());
  expect(wrong(open)).toEqual(["get /open: expected undefined, found undefined"]);
  const weaker = structuredClone(document);
  weaker.paths["/api/v1/accounts"]!["post"]!["x-action"] = "session:own";
  expect(wrong(weaker)).toEqual([
    "post /api/v1/accounts: expected accounts:manage, found session:own",
  ]);
});

test("the hub does not start with a route that names no action", () => {
  const app = fastify() as unknown as Api;
  guardRoutes(app, {} as ApiContext);
  const add = (config: object): unknown => app.get("/api/v1/planted", { config }, () => ({}));
  expect(() => add({})).toThrow("the route /api/v1/planted names no action");
  expect(() => add({ may: "session:own" })).not.toThrow();
  const about = (config: object): unknown => app.get("/api/v1/planted/:id", { config }, () => ({}));
  expect(() => about({ may: "pillars:read" })).toThrow("does not say what its path names");
  expect(() => about({ may: "pillars:read", of: "pillar" })).not.toThrow();
});
