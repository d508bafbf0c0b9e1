/** Everybody who asks, in the walks over all routes: strangers, people of each role and area, services. */
import type { Accounts } from "../../../../hub/accounts/ports.ts";
import { ServiceScope } from "../../../../shared/api/service.ts";
import { Role } from "../../../../shared/api/session.ts";
import { Username, type AreaId } from "../../../../shared/ids.ts";
import { A1, EAST, WEST } from "../../../kit/hub/api-on-doubles.ts";

const DAY_MS = 86_400_000;
const OWN_PAGE = { "sec-fetch-site": "same-origin" };

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

export interface Identities {
  readonly strangers: readonly Identity[];
  /** Of each role, whose scope is everything. */
  readonly people: readonly Identity[];
  /** Of each role, whose scope is a part that the pillar and its incident lie in: `A1`, in `east`. */
  readonly insidePeople: readonly Identity[];
  readonly outsidePeople: readonly Identity[];
  readonly services: readonly Identity[];
}

const cookie = (token: string): string => `anzhu-session=${token}`;

/** Makes the accounts and services that the identities are. */
export async function makeIdentities(accounts: Accounts): Promise<Identities> {
  const mint = async (role: Role, lastsMs: number): Promise<string> =>
    await accounts.openSession(Username.parse(role), Date.now() + lastsMs);
  const byScope = await serviceTokens(accounts);
  return {
    strangers: strangers(mint, byScope),
    people: Role.options.flatMap((role) => peopleOf(role, mint)),
    insidePeople: [...(await inArea(accounts, EAST)), ...(await inArea(accounts, A1))],
    outsidePeople: await inArea(accounts, WEST),
    services: ServiceScope.options.map((scope) => ({
      who: `a service with ${scope}`,
      role: undefined,
      serviceScope: scope,
      headers: async () => ({ authorization: `Bearer ${byScope.get(scope)}` }),
    })),
  };
}

type Mint = (role: Role, lastsMs: number) => Promise<string>;
type ServiceTokens = ReadonlyMap<ServiceScope | "revoked", string>;

/** One service for each scope; one that was revoked, and one to be revoked by the walk. */
async function serviceTokens(accounts: Accounts): Promise<ServiceTokens> {
  const tokens = new Map<ServiceScope | "revoked", string>();
  const make = async (name: string, scopes: readonly ServiceScope[]): Promise<string> => {
    const service = { name: Username.parse(name), scopes: [...scopes], days: 1 };
    const made = await accounts.addService(service, null);
    if (!made.ok) throw new Error(made.detail);
    return made.token;
  };
  for (const scope of ServiceScope.options) {
    tokens.set(scope, await make(`service-${scope.replace(":", "-")}`, [scope]));
  }
  tokens.set("revoked", await make("revoked-service", ServiceScope.options));
  await accounts.revokeService(Username.parse("revoked-service"), null);
  await make("old-service", ["pillars:read"]);
  return tokens;
}

const inArea = async (accounts: Accounts, area: AreaId): Promise<readonly Identity[]> =>
  await Promise.all(
    Role.options.map(async (role): Promise<Identity> => {
      const username = Username.parse(`${role}-${area.toLowerCase()}`);
      const account = { username, displayName: role, role, scope: area, password: "demo" };
      await accounts.add({ ...account, isDemo: true }, null);
      return {
        who: `${role} of ${area}`,
        role,
        scope: area,
        headers: async () => {
          const token = await accounts.openSession(username, Date.now() + DAY_MS);
          return { authorization: `Bearer ${token}` };
        },
      };
    }),
  );

const strangers = (mint: Mint, byScope: ServiceTokens): readonly Identity[] => [
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

const peopleOf = (role: Role, mint: Mint): readonly Identity[] => [
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
];
