/**
 * When a sign-in session is found to be over, and with it what belongs to it.
 *
 * A session ends by signing out, by its time, and by a new password, a new role or disabling, which
 * another program may do. So the version of the accounts is asked a few times a second, and the
 * sessions in use are looked up when it has changed, or when their time is over.
 */

/** With the media process's own time, a view is over well within a second. */
export const LOOK_EVERY_MS = 250;

export interface SignInsSeen {
  /** Of the accounts, when all sessions in use were last looked up. */
  version: string;
  /** Of the sessions that were found good. */
  readonly expiresAtById: Map<string, number>;
}

export const noSignInsSeen = (): SignInsSeen => ({ version: "", expiresAtById: new Map() });

export interface SignInLook {
  readonly inUse: ReadonlySet<string>;
  readonly version: string;
  /** Unix ms. */
  readonly at: number;
}

/** Sessions that must be looked up now. Forgets those that are in use no more. */
export function signInsToLookUp(
  { version: before, expiresAtById }: SignInsSeen,
  { inUse, version, at }: SignInLook,
): string[] {
  for (const id of expiresAtById.keys()) if (!inUse.has(id)) expiresAtById.delete(id);
  return [...inUse].filter((id) => {
    const expiresAt = expiresAtById.get(id);
    return version !== before || expiresAt === undefined || expiresAt <= at;
  });
}

/** What was found of one; returns whether it is over. */
export function isSignInOver(
  { expiresAtById }: SignInsSeen,
  id: string,
  found: { readonly expiresAt: number } | undefined,
): boolean {
  if (found) expiresAtById.set(id, found.expiresAt);
  else expiresAtById.delete(id);
  return found === undefined;
}
