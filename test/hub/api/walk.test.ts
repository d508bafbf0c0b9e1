/**
 * Every operation of the OpenAPI description, called with every kind of identity and input.
 *
 * The calls are made from the description, so a new route is covered without a change here. No
 * answer may differ from the description, no undocumented 5xx may come, and nobody may get what
 * their role does not include.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HTTPMethods, LightMyRequestResponse } from "fastify";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ServiceScope } from "../../../shared/api/service.ts";
import { Role } from "../../../shared/api/session.ts";
import { Username } from "../../../shared/ids.ts";
import { INCIDENT, PILLAR, RECORDING, startTestApi } from "../../kit/hub/api-on-doubles.ts";
import { readDescription, type Operation } from "./walk/description.ts";
import { foreignInput, HOSTILE_NAMES, rightInput, wrongInputs, type Input } from "./walk/inputs.ts";

const DAY_MS = 86_400_000;
/** Words that appear only in internal error messages. */
const INSIDE = /SQLITE|SQLite format|node:|node_modules|\.ts:\d|ENOENT|EISDIR/;
const OWN_PAGE = { "sec-fetch-site": "same-origin" };

/** The walk asks more often than a service may. */
const api = await startTestApi({ serviceRate: { burst: 1e9, intervalMs: 1e-3, maxWaitMs: 0 } });
const document = (await api.app.inject({ url: "/api/v1/openapi.json" })).json<object>();
const description = readDescription(document as never);
const byScope = await serviceTokens();
const known = new Map<string, string>([
  ["incidents", INCIDENT],
  ["pillars", PILLAR],
  ["recordings", RECORDING],
  ["services", "old-service"],
]);

afterAll(async () => await api.close());
beforeEach(async () => await writeFile(join(api.dir, "recording.mp4"), "0123456789"));

interface Identity {
  readonly who: string;
  readonly role: Role | undefined;
  /** Of a service. */
  readonly scope?: ServiceScope;
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The browser sends the cookie, but the page that asks is not ours. */
  readonly isForeignPage?: boolean;
}

const mint = async (role: Role, lastsMs: number): Promise<string> =>
  await api.accounts.openSession(Username.parse(role), Date.now() + lastsMs);
const cookie = (token: string): string => `anzhu-session=${token}`;

/** One service for each scope; one that was revoked, and one to be revoked by the walk. */
async function serviceTokens(): Promise<ReadonlyMap<ServiceScope | "revoked", string>> {
  const tokens = new Map<ServiceScope | "revoked", string>();
  const make = async (name: string, scopes: readonly ServiceScope[]): Promise<string> => {
    const service = { name: Username.parse(name), scopes: [...scopes], days: 1 };
    const made = await api.accounts.addService(service, null);
    if (!made.ok) throw new Error(made.detail);
    return made.token;
  };
  for (const scope of ServiceScope.options) {
    tokens.set(scope, await make(`service-${scope.replace(":", "-")}`, [scope]));
  }
  tokens.set("revoked", await make("revoked-service", ServiceScope.options));
  await api.accounts.revokeService(Username.parse("revoked-service"), null);
  await make("old-service", ["pillars:read"]);
  return tokens;
}

const SERVICES: readonly Identity[] = ServiceScope.options.map((scope) => ({
  who: `a service with ${scope}`,
  role: undefined,
  scope,
  headers: async () => ({ authorization: `Bearer ${byScope.get(scope)}` }),
}));

const STRANGERS: readonly Identity[] = [
  { who: "nobody", role: undefined, headers: async () => ({}) },
  {
    who: "a made-up token",
    role: undefined,
    headers: async () => ({ authorization: `Bearer ${"x".repeat(43)}` }),
  },
  {
    who: "a malformed token",
    role: undefined,
    headers: async () => ({ authorization: "Basic YTpi" }),
  },
  {
    who: "an expired token",
    role: undefined,
    headers: async () => ({ authorization: `Bearer ${await mint("admin", -1)}` }),
  },
  {
    who: "a made-up service",
    role: undefined,
    headers: async () => ({ authorization: `Bearer anzhu_${"x".repeat(43)}` }),
  },
  {
    who: "a revoked service",
    role: undefined,
    headers: async () => ({ authorization: `Bearer ${byScope.get("revoked")}` }),
  },
  {
    who: "a service's token as a cookie",
    role: undefined,
    headers: async () => ({ ...OWN_PAGE, cookie: cookie(byScope.get("hub:read") ?? "") }),
  },
  {
    who: "an expired cookie",
    role: undefined,
    headers: async () => ({ ...OWN_PAGE, cookie: cookie(await mint("admin", -1)) }),
  },
];

const PEOPLE: readonly Identity[] = Role.options.flatMap((role) => [
  {
    who: `${role} by token`,
    role,
    headers: async () => ({ authorization: `Bearer ${await mint(role, DAY_MS)}` }),
  },
  {
    who: `${role} by cookie`,
    role,
    headers: async () => ({ ...OWN_PAGE, cookie: cookie(await mint(role, DAY_MS)) }),
  },
  {
    who: `${role} by cookie from a foreign page`,
    role,
    isForeignPage: true,
    headers: async () => ({
      origin: "https://evil.example",
      cookie: cookie(await mint(role, DAY_MS)),
    }),
  },
]);

const isStream = (operation: Operation): boolean =>
  "text/event-stream" in (operation.responses["200"]?.content ?? {});

async function ask(
  operation: Operation,
  input: Input,
  identity: Identity,
): Promise<LightMyRequestResponse> {
  return await api.app.inject({
    method: operation.method as HTTPMethods,
    url: input.url,
    remoteAddress: "192.0.2.7",
    headers: { ...input.headers, ...(await identity.headers()) },
    ...(input.payload === undefined ? {} : { payload: input.payload }),
    // An event stream that is accepted never ends by itself.
    ...(isStream(operation) ? { signal: AbortSignal.timeout(100) } : {}),
  });
}

/** Everything that is wrong with one answer, with the request it belongs to. */
async function complaints(
  operation: Operation,
  input: Input,
  identity: Identity,
): Promise<string[]> {
  const name = `${operation.method} ${input.url.slice(0, 120)} (${input.what}) by ${identity.who}`;
  const answer = await ask(operation, input, identity).catch((error: unknown) => {
    if (isStream(operation) && (identity.role ?? identity.scope)) return undefined;
    throw new Error(`${name}: ${String(error)}`);
  });
  if (!answer) return [];
  const found = [description.judge(operation, answer), wrongfulStatus(operation, identity, answer)];
  if (INSIDE.test(answer.body)) found.push(`tells what is inside: ${answer.body.slice(0, 200)}`);
  return found.flatMap((one) => (one === undefined ? [] : `${name}: ${answer.statusCode} ${one}`));
}

/**
 * Without the right to do it the status must be 401 or 403, whatever was sent. Addresses without a
 * route are not checked here.
 */
function wrongfulStatus(
  { roles, scopes, method }: Operation,
  { role, scope, isForeignPage }: Identity,
  { statusCode }: LightMyRequestResponse,
): string | undefined {
  const isNoRoute = [400, 404, 405, 429].includes(statusCode);
  if (!roles) return undefined;
  if (scope) {
    if (scopes.includes(scope)) return undefined;
    return statusCode === 403 || isNoRoute ? undefined : "expected 403 for this scope";
  }
  if (!role) return statusCode === 401 || isNoRoute ? undefined : "expected 401";
  const isRefused = statusCode === 403 || isNoRoute;
  if (!roles.includes(role)) return isRefused ? undefined : "expected 403 for this role";
  const isUnsafe = method !== "GET" && method !== "HEAD";
  if (isForeignPage && isUnsafe) return isRefused ? undefined : "expected 403 for this page";
  return undefined;
}

const rows = description.operations.map(
  (operation) => [`${operation.method} ${operation.path}`, operation] as const,
);

describe("I-3, I-10 every role at every route", () => {
  test.each(rows)("%s answers everybody as described", async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const foreign = foreignInput(operation, right);
    const found: string[] = [];
    for (const identity of [...STRANGERS, ...PEOPLE, ...SERVICES]) {
      found.push(...(await complaints(operation, right, identity)));
      if (foreign) found.push(...(await complaints(operation, foreign, identity)));
    }
    expect(found).toEqual([]);
  });

  test.each(rows)("%s gives nobody what is not there or not theirs", async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const foreign = foreignInput(operation, right);
    const found: unknown[] = [];
    for (const identity of foreign ? [...PEOPLE, ...SERVICES] : []) {
      const { statusCode } = await ask(operation, foreign ?? right, identity);
      if (statusCode < 400) found.push([identity.who, foreign?.url, statusCode]);
    }
    expect(found).toEqual([]);
  });
});

describe("I-4, I-10 every wrong input at every route", () => {
  /** One person who may do it, one who may not, and one without a session. */
  const asked = (operation: Operation): readonly Identity[] => {
    const people = PEOPLE.filter(({ who }) => who.endsWith("by token"));
    const may = people.find(({ role }) => role && (operation.roles?.includes(role) ?? true));
    const mayNot = people.find(({ role }) => role && operation.roles?.includes(role) === false);
    const service = SERVICES.find(({ scope }) => scope && operation.scopes.includes(scope));
    return [STRANGERS[0], may, mayNot, service].flatMap((one) => one ?? []);
  };

  test.each(rows)("%s refuses it as described", { timeout: 120_000 }, async (_name, operation) => {
    const right = rightInput(operation, description, known);
    const found: string[] = [];
    let count = 0;
    for (const input of wrongInputs(operation, right, description)) {
      for (const identity of asked(operation)) {
        found.push(...(await complaints(operation, input, identity)));
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(20);
    expect(found).toEqual([]);
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
    const roles = (await api.accounts.list()).map(({ username, role }) => [username, role]);
    for (const role of Role.options) expect(roles).toContainEqual([role, role]);
  });

  test("I-4 no name in the place of a file leads out of the console's folder", async () => {
    for (const folder of ["/", "/assets/", "/..%2f", "/assets/..%2f..%2f"]) {
      for (const name of HOSTILE_NAMES) {
        const { statusCode, body } = await api.app.inject({ url: folder + name });
        expect([400, 403, 404, 503]).toContain(statusCode);
        expect(body).not.toMatch(INSIDE);
      }
    }
  });
});

test("no role caused a call of the hub that it does not include", () => {
  const by = new Set(api.orders.map(({ by: { role } }) => role));
  expect([...by].toSorted()).toEqual(["operator", "supervisor"]);
  expect(api.revocations.every(({ by: { role } }) => role === "admin")).toBe(true);
});
