/**
 * People's accounts: what an administrator sees and
 * changes, and the one rule for names and passwords.
 *
 * The command line and the HTTP interface check with these schemas, so that nothing is accepted by
 * one and refused by the other.
 */
import { z } from "zod";
import { AreaId, Username } from "../ids.ts";
import { PlainName } from "../text.ts";
import { isKnownBad, MAX_PASSWORD, MIN_PASSWORD } from "./password-rule.ts";
import { Role } from "./session.ts";

export const Password = z
  .string()
  .min(MIN_PASSWORD, `expected ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`)
  .max(MAX_PASSWORD, `expected ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`)
  .refine(
    (password) => !isKnownBad(password),
    "expected a password that is not among the first ones tried: take a few unrelated words",
  );

/** A password may not be the account's own name with little around it. */
export function isOwnName(password: string, username: string): boolean {
  const without = password.toLowerCase().replaceAll(username, "");
  return without.length < password.length && without.length <= MIN_PASSWORD / 2;
}

export const Account = z.object({
  username: Username,
  displayName: z.string(),
  role: Role,
  /** The area that the person may see and act in: `all`, or a part of it. */
  scope: AreaId,
  isDisabled: z.boolean(),
  createdAt: z.iso.datetime().nullable(),
  /** When the person last signed in or used a session, to within ten minutes. */
  lastUsedAt: z.iso.datetime().nullable(),
  /** Sessions open now. */
  sessions: z.number().int().nonnegative(),
});
export type Account = z.infer<typeof Account>;
export const AccountPage = z.object({ items: z.array(Account), next: z.null() });

export const NewAccount = z
  .strictObject({
    username: Username,
    displayName: PlainName,
    role: Role,
    password: Password,
    /** Not given: everything. */
    scope: AreaId.optional(),
  })
  .refine(({ username, password }) => !isOwnName(password, username), {
    path: ["password"],
    message: "expected a password other than the account's own name",
  });
export type NewAccount = z.infer<typeof NewAccount>;

/** At least one of them. A new role, another scope and disabling end the person's sessions. */
export const AccountPatch = z
  .strictObject({
    displayName: PlainName.optional(),
    role: Role.optional(),
    scope: AreaId.optional(),
    isDisabled: z.boolean().optional(),
  })
  .refine(
    (patch) => Object.keys(patch).length > 0,
    "expected displayName, role, scope or isDisabled",
  );
export type AccountPatch = z.infer<typeof AccountPatch>;

/** Ends the person's sessions. */
export const PasswordBody = z.strictObject({ password: Password });
