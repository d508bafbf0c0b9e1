/**
 * People's accounts, for administrators: who they are,
 * what they may do, and when they were last here.
 */
import { z } from "zod";
import {
  Account,
  AccountPage,
  AccountPatch,
  NewAccount,
  PasswordBody,
} from "../../../shared/api/account.ts";
import { whyNoArea } from "../../../shared/access/areas.ts";
import { Username, type AreaId } from "../../../shared/ids.ts";
import type { AccountChanged, ListedAccount } from "../../accounts/ports.ts";
import { actorOf } from "../signed-in.ts";
import type { Api, ApiContext } from "../context.ts";
import { problem } from "../problem.ts";
import { failures } from "../schemas.ts";

const AccountParams = z.object({ username: Username });

/** Each new password costs 19 MiB and tens of milliseconds. */
const PASSWORDS = { max: 60, timeWindow: "1 minute" } as const;

export function accountRoutes(app: Api, context: ApiContext): void {
  const { accounts } = context;
  app.get(
    "/api/v1/accounts",
    {
      config: { may: "accounts:manage" },
      schema: { summary: "All accounts, by name", response: { 200: AccountPage, ...failures } },
    },
    async (request) => {
      context.audit.read("accounts", null, request);
      return { items: (await accounts.list()).map(shown), next: null };
    },
  );
  app.post(
    "/api/v1/accounts",
    {
      config: {
        may: "accounts:manage",
        rateLimit: PASSWORDS,
        sends: { 201: { Location: "Where the account is." } },
      },
      schema: {
        summary: "Make an account",
        body: NewAccount,
        response: { 201: Account, ...failures },
      },
    },
    async (request, reply) => {
      const { username, scope } = request.body;
      refuseUnknownArea(context, scope);
      await settle(context, accounts.add(request.body, actorOf(request)));
      reply.header("location", `/api/v1/accounts/${username}`);
      return reply.code(201).send(await one(context, username));
    },
  );
  changeRoutes(app, context);
}

function changeRoutes(app: Api, context: ApiContext): void {
  const { accounts } = context;
  app.patch(
    "/api/v1/accounts/:username",
    {
      config: { of: "nothing placed", may: "accounts:manage" },
      schema: {
        summary:
          "Change name, role or area, disable or enable; all but a new name end the sessions",
        params: AccountParams,
        body: AccountPatch,
        response: { 200: Account, ...failures },
      },
    },
    async (request) => {
      const { username } = request.params;
      const { displayName, role, scope, isDisabled } = request.body;
      refuseUnknownArea(context, scope);
      const patch = {
        ...(displayName === undefined ? {} : { displayName }),
        ...(role === undefined ? {} : { role }),
        ...(scope === undefined ? {} : { scope }),
        ...(isDisabled === undefined ? {} : { isDisabled }),
      };
      await settle(context, accounts.change(username, patch, actorOf(request)));
      return await one(context, username);
    },
  );
  app.post(
    "/api/v1/accounts/:username/password",
    {
      config: { of: "nothing placed", may: "accounts:manage", rateLimit: PASSWORDS },
      schema: {
        summary: "Give a new password; ends the person's sessions",
        params: AccountParams,
        body: PasswordBody,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { username } = request.params;
      const { password } = request.body;
      await settle(context, accounts.setPassword(username, password, actorOf(request)));
      return await reply.code(204).send(null);
    },
  );
}

function refuseUnknownArea({ config }: ApiContext, scope: AreaId | undefined): void {
  const refusal = scope === undefined ? undefined : whyNoArea(config.areas, scope);
  if (refusal !== undefined) throw problem("bad-request", `body.scope: ${refusal}`);
}

/** Answered when streams and views of ended sessions are closed. */
async function settle(context: ApiContext, changed: Promise<AccountChanged>): Promise<void> {
  const outcome = await changed;
  if (!outcome.ok) throw problem(outcome.code, outcome.detail);
  await context.sessionWatch.look();
}

async function one({ accounts }: ApiContext, username: string): Promise<Account> {
  const found = await accounts.find(username);
  if (!found) throw problem("not-found", `expected an account, found no ${username}`);
  return shown(found);
}

const isoOrNull = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString();

const shown = (account: ListedAccount): Account => ({
  ...account,
  createdAt: isoOrNull(account.createdAt),
  lastUsedAt: isoOrNull(account.lastUsedAt),
});
