/**
 * Accounts and sign-in sessions of the world's people, and the watch that ends what belongs to a
 * session that is over.
 *
 * Accounts and sessions lie in a database that outlives the hub. The watch is the real one's rule
 * (`hub/core/view/sign-in.ts`), asked as often as the real one asks while somebody watches.
 */
import {
  isSignInOver,
  LOOK_EVERY_MS,
  noSignInsSeen,
  signInsToLookUp,
} from "../../../hub/core/view/sign-in.ts";
import type { Role } from "../../../shared/api/session.ts";
import type { Username } from "../../../shared/ids.ts";
import type { HubWorld } from "../hub/hub-state.ts";

export interface FoundSignIn {
  readonly username: Username;
  readonly role: Role;
  readonly expiresAt: number;
}

export interface SignIns {
  /** A new session, when the account is not disabled. */
  open(username: Username, forMs: number): string | undefined;
  find(id: string): FoundSignIn | undefined;
  /** Signing out, at the hub. */
  close(id: string): void;
  /**
   * By the hub's own interface, or by the command line beside it; both end the person's sessions.
   */
  change(username: Username, change: AccountChange, way: "interface" | "command-line"): void;
  roleOf(username: Username): Role;
  hubBegan(): void;
  /** Somebody watches from now on. */
  viewBegan(): void;
}

export type AccountChange =
  | { readonly type: "password" }
  | { readonly type: "disabled"; readonly isDisabled: boolean }
  | { readonly type: "role"; readonly role: Role };

interface Account {
  role: Role;
  isDisabled: boolean;
}

interface Office {
  readonly world: HubWorld;
  readonly accounts: Map<Username, Account>;
  readonly sessions: Map<string, { readonly username: Username; readonly expiresAt: number }>;
  version: number;
  opened: number;
  seen: ReturnType<typeof noSignInsSeen>;
  isLooking: boolean;
  /** Said to be over; the truth is told once. */
  readonly over: Set<string>;
}

export function newSignIns(world: HubWorld, roles: ReadonlyMap<Username, Role>): SignIns {
  const office: Office = {
    world,
    accounts: new Map([...roles].map(([name, role]) => [name, { role, isDisabled: false }])),
    ...{ sessions: new Map(), version: 0, opened: 0, seen: noSignInsSeen() },
    ...{ isLooking: false, over: new Set() },
  };
  return {
    open: (username, forMs) => {
      if (office.accounts.get(username)?.isDisabled !== false) return undefined;
      const id = `sign-in ${++office.opened} of ${username}`;
      office.sessions.set(id, { username, expiresAt: world.hub.clock.wall() + forMs });
      office.version += 1;
      return id;
    },
    find: (id) => find(office, id),
    close: (id) => {
      remove(office, [id]);
      if (world.hub.isUp) world.rules.endSignIn(world.views, id);
    },
    change: (username, change, way) => {
      const account = office.accounts.get(username);
      if (!account) return;
      if (change.type === "disabled") account.isDisabled = change.isDisabled;
      if (change.type === "role") account.role = change.role;
      const own = [...office.sessions].filter(([, session]) => session.username === username);
      remove(
        office,
        own.map(([id]) => id),
      );
      if (way === "interface" && world.hub.isUp) look(office);
    },
    roleOf: (username) => office.accounts.get(username)?.role ?? "technician",
    hubBegan: () => {
      office.seen = noSignInsSeen();
      office.isLooking = false;
    },
    viewBegan: () => {
      if (office.isLooking) return;
      office.isLooking = true;
      keepLooking(office);
    },
  };
}

/** A session once found to be over stays over, though the clock be set back afterwards. */
function find(office: Office, id: string): FoundSignIn | undefined {
  const session = office.sessions.get(id);
  const account = session && office.accounts.get(session.username);
  if (!account || account.isDisabled) return undefined;
  if (session.expiresAt > office.world.hub.clock.wall()) return { ...session, role: account.role };
  office.sessions.delete(id);
  return undefined;
}

function remove(office: Office, ids: readonly string[]): void {
  for (const id of ids) {
    office.sessions.delete(id);
    noteOver(office, id);
  }
  office.version += 1;
}

/** The truth, told for the judge whether or not the hub has noticed. */
function noteOver(office: Office, id: string): void {
  if (office.over.has(id) || find(office, id)) return;
  office.over.add(id);
  const at = office.world.scheduler.now();
  office.world.happened({ type: "sign-in-over", at, signInId: id });
}

/** Until nobody watches any more, or the hub ends. */
function keepLooking(office: Office): void {
  const { scheduler, hub, views } = office.world;
  const { life } = hub;
  scheduler.plan(scheduler.now() + LOOK_EVERY_MS, () => {
    if (hub.life !== life) return;
    for (const id of views.viewers()) noteOver(office, id);
    look(office);
    if (views.viewers().size === 0) office.isLooking = false;
    else keepLooking(office);
  });
}

function look(office: Office): void {
  const { world, seen } = office;
  const { hub, views, rules } = world;
  const version = String(office.version);
  const inUse = views.viewers();
  for (const id of signInsToLookUp(seen, { inUse, version, at: hub.clock.wall() })) {
    if (isSignInOver(seen, id, find(office, id))) rules.endSignIn(views, id);
  }
  seen.version = version;
}
