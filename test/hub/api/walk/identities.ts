/** Everybody who asks, in the walks over all routes: strangers, people of each role and area, services. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance, HTTPMethods, LightMyRequestResponse } from "fastify";
import { afterAll, beforeEach } from "vitest";
import { ServiceScope } from "../../../../shared/api/service.ts";
import { Role } from "../../../../shared/api/session.ts";
import { Username, type AreaId } from "../../../../shared/ids.ts";
import {
  A1,
  EAST,
  INCIDENT,
  PILLAR,
  RECORDING,
  startTestApi,
  WEST,
} from "../../../kit/hub/api-on-doubles.ts";
import { readDescription, type Operation } from "./description.ts";
import type { Input } from "./inputs.ts";

const DAY_MS = 86_400_000;
const OWN_PAGE = { "sec-fetch-site": "same-origin" };

/** The walk asks more often than a service may. */
export const api = await startTestApi({
  serviceRate: { burst: 1e9, intervalMs: 1e-3, maxWaitMs: 0 },
});
const document = (await api.app.inject({ url: "/api/v1/openapi.json" })).json<object>();
export const description = readDescription(document as never);
export const rows = description.operations.map(
  (operation) => [`${operation.method} ${operation.path}`, operation] as const,
);
const byScope = await serviceTokens();
/** Ids of what exists. */
export const known = new Map<string, string>([
  ["incidents", INCIDENT],
  ["pillars", PILLAR],
  ["recordings", RECORDING],
  ["services", "old-service"],
]);

afterAll(async () => await api.close());
beforeEach(async () => await writeFile(join(api.dir, "recording.mp4"), "0123456789"));

export interface Identity {
  readonly who: string;
  readonly role: Role | undefined;
  /** Of a service. */
  readonly serviceScope?: ServiceScope;
  /** Of a person who may not see everything. */
  readonly scope?: AreaId;
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

export const SERVICES: readonly Identity[] = ServiceScope.options.map((scope) => ({
  who: `a service with ${scope}`,
  role: undefined,
  serviceScope: scope,
  headers: async () => ({ authorization: `Bearer ${byScope.get(scope)}` }),
}));

/** People of each role whose scope is a part: the pillar and its incident lie in `A1`, in `east`. */
const inArea = async (area: AreaId): Promise<readonly Identity[]> =>
  await Promise.all(
    Role.options.map(async (role): Promise<Identity> => {
      const username = Username.parse(`${role}-${area.toLowerCase()}`);
      const account = { username, displayName: role, role, scope: area, password: "demo" };
      await api.accounts.add({ ...account, isDemo: true }, null);
      return {
        who: `${role} of ${area}`,
        role,
        scope: area,
        headers: async () => {
          const token = await api.accounts.openSession(username, Date.now() + DAY_MS);
          return { authorization: `Bearer ${token}` };
        },
      };
    }),
  );
export const INSIDE_PEOPLE = [...(await inArea(EAST)), ...(await inArea(A1))];
export const OUTSIDE_PEOPLE = await inArea(WEST);

export const STRANGERS: readonly Identity[] = [
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

export const PEOPLE: readonly Identity[] = Role.options.flatMap((role) => [
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

export const EVERYBODY = [
  ...STRANGERS,
  ...PEOPLE,
  ...INSIDE_PEOPLE,
  ...OUTSIDE_PEOPLE,
  ...SERVICES,
];
/** By hand: what no person may whose scope is a part. */
export const OF_THE_WHOLE = ["accounts:manage", "services:manage", "audit:read"];

export const isStream = (operation: Operation): boolean =>
  "text/event-stream" in (operation.responses["200"]?.content ?? {});

export async function ask(
  operation: Operation,
  input: Input,
  identity: Identity,
  app: Pick<FastifyInstance, "inject"> = api.app,
): Promise<LightMyRequestResponse> {
  return await app.inject({
    method: operation.method as HTTPMethods,
    url: input.url,
    remoteAddress: "192.0.2.7",
    headers: { ...input.headers, ...(await identity.headers()) },
    ...(input.payload === undefined ? {} : { payload: input.payload }),
    // An event stream that is accepted never ends by itself.
    ...(isStream(operation) ? { signal: AbortSignal.timeout(100) } : {}),
  });
}
