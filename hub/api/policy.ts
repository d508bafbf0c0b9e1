/**
 * Who may do what, as one table. Every route names its line; a route without one does not start.
 *
 * Technicians and administrators may neither hear nor see people.
 */
import type { Role } from "../../shared/api/session.ts";
import type { PillarCommand } from "../../shared/protocol/command.ts";

const DESK: readonly Role[] = ["operator", "supervisor"];
const EVERYBODY: readonly Role[] = ["operator", "supervisor", "technician", "admin"];

export const POLICY = {
  "session:own": EVERYBODY,
  "operators:read": DESK,
  "events:read": EVERYBODY,
  "incidents:read": DESK,
  /** Alarms of kind `test`: nobody is heard or seen in them. */
  "tests:read": EVERYBODY,
  "incidents:order": DESK,
  /** What is evidence, and must be kept: decided above the desk. */
  "incidents:lock": ["supervisor"],
  "media:use": DESK,
  "recordings:read": DESK,
  "pillars:read": EVERYBODY,
  "pillars:command": EVERYBODY,
  "pillars:revoke": ["admin"],
  "accounts:manage": ["admin"],
  "audit:read": ["supervisor", "admin"],
  "hub:read": ["supervisor", "technician", "admin"],
  "metrics:read": ["supervisor", "technician", "admin"],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

/** `public`: no session needed; something else protects it, or nothing is to be protected. */
export type Permission = keyof typeof POLICY | "public";

/**
 * A siren belongs to whoever handles the incident, which `whyNoSiren` looks at; the rest is repair.
 */
const COMMANDS: Readonly<Record<PillarCommand["name"], readonly Role[]>> = {
  identify: ["supervisor", "technician", "admin"],
  resend: ["supervisor", "technician", "admin"],
  "restart-media": ["supervisor", "technician", "admin"],
  "self-test": ["supervisor", "technician", "admin"],
  siren: ["operator", "supervisor"],
};

export const may = (role: Role, permission: keyof typeof POLICY): boolean =>
  (POLICY[permission] as readonly Role[]).includes(role);

export const mayCommand = (role: Role, command: PillarCommand): boolean =>
  COMMANDS[command.name].includes(role);
