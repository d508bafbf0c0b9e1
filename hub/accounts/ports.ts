/** Who may sign in, who is signed in, and which services may ask. */
import type { AreaId, Username } from "../../shared/ids.ts";
import type { NewService, ServiceScope } from "../../shared/api/service.ts";
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

/** `id`: stable for the life of the session or the token, and no secret. */
interface Found {
  readonly id: string;
  readonly expiresAt: number;
}
export type FoundSession = Actor & Found & { readonly kind: "person" };

/** `displayName` is the name as well. */
export interface FoundService extends Found {
  readonly kind: "service";
  readonly username: Username;
  readonly displayName: string;
  readonly scopes: readonly ServiceScope[];
}

export interface ListedService extends Pick<FoundService, "scopes" | "expiresAt"> {
  readonly name: Username;
  /** Unix ms. */
  readonly createdAt: number;
  readonly createdBy: Username | null;
  readonly lastUsedAt: number | null;
}

export type ServiceMade =
  | { readonly ok: true; readonly token: string }
  | Exclude<AccountChanged, { ok: true }>;

export interface Services {
  /** The token is 256 random bits behind `anzhu_`; only its hash is stored. */
  addService(service: NewService, by: Changer): Promise<ServiceMade>;
  /** Its token is good no more, also where it is in use. */
  revokeService(name: Username, by: Changer): Promise<AccountChanged>;
  /** Those that were not revoked, by name. */
  services(): Promise<readonly ListedService[]>;
  /** Undefined for a token that is unknown, was revoked or has expired. */
  service(token: string): Promise<FoundService | undefined>;
  serviceById(id: string): Promise<FoundService | undefined>;
}

/** What leaves a fact for the journal. */
export type AccountFact = FactOf<"account-changed" | "service-changed">;

/**
 * Accounts and sessions, in a database of their own beside the journal, which the command line may
 * write too.
 */
export interface Accounts extends Services {
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
    account: Omit<Actor, "scope"> & {
      /** Not given: everything. */
      readonly scope?: AreaId | undefined;
      readonly password: string;
      readonly isDemo?: boolean;
    },
    by: Changer,
  ): Promise<AccountChanged>;
  /**
   * A new role, another scope and disabling end the person's sessions. The last administrator stays
   * one.
   */
  change(
    username: Username,
    patch: {
      readonly displayName?: string;
      readonly role?: Role;
      readonly scope?: AreaId;
      readonly isDisabled?: boolean;
    },
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
  waitingFacts(): readonly { readonly id: number; readonly fact: AccountFact }[];
  /** They are in the journal, up to this id. */
  forgetFacts(upTo: number): void;
}
