/** Who may sign in, and who is signed in. */
import type { Username } from "../../shared/ids.ts";
import type { Role } from "../../shared/api/session.ts";
import type { FactOf } from "../core/facts.ts";
import type { Actor } from "../ports.ts";

/** Null: the command line. */
export type Changer = Pick<Actor, "username" | "displayName"> | null;

export type AccountChanged =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: "bad-request" | "conflict" | "not-found";
      readonly detail: string;
    };

export interface ListedAccount extends Actor {
  readonly isDisabled: boolean;
  /** Unix ms. */
  readonly createdAt: number | null;
  readonly lastUsedAt: number | null;
  /** Open now. */
  readonly sessions: number;
}

/** `id`: stable for the session's life, and no secret. */
export type FoundSession = Actor & { readonly id: string; readonly expiresAt: number };

/**
 * Accounts and sessions, in a database of their own beside
 * the journal, which the command line may write too.
 */
export interface Accounts {
  /**
   * Checks a password in constant time whether or not the account exists. A disabled account never
   * matches. `sender`: who waits behind whom.
   */
  verify(
    username: string,
    password: string,
    sender?: string,
  ): Promise<(Actor & { readonly isDemo: boolean }) | undefined>;
  /** A demo account may have any password; it can be used on the hub's own machine only. */
  add(
    account: Actor & { readonly password: string; readonly isDemo?: boolean },
    by: Changer,
  ): Promise<AccountChanged>;
  /** A new role and disabling end the person's sessions. The last administrator stays one. */
  change(
    username: Username,
    patch: { readonly displayName?: string; readonly role?: Role; readonly isDisabled?: boolean },
    by: Changer,
  ): Promise<AccountChanged>;
  /** Ends the person's sessions. */
  setPassword(username: Username, password: string, by: Changer): Promise<AccountChanged>;
  find(username: string): Promise<ListedAccount | undefined>;
  list(): Promise<readonly ListedAccount[]>;
  /** Returns a token of 256 random bits; only its hash is stored. */
  openSession(username: Username, expiresAt: number): Promise<string>;
  session(token: string): Promise<FoundSession | undefined>;
  sessionById(id: string): Promise<FoundSession | undefined>;
  closeSession(token: string): Promise<void>;
  /**
   * Another text whenever accounts or sessions may have changed, by this program or another one.
   */
  version(): string;
  /** Changes that are not in the journal yet, oldest first, a bounded number at a time. */
  waitingFacts(): readonly { readonly id: number; readonly fact: FactOf<"account-changed"> }[];
  /** They are in the journal, up to this id. */
  forgetFacts(upTo: number): void;
}
