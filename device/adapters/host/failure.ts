/** Errors by whose fault they are; the exit code follows from the kind. */

export type FailureKind = "configuration" | "peer" | "device";

export class Failure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.name = "Failure";
    this.kind = kind;
  }
}

/** Some libraries throw objects that are not errors, so the message is looked for. */
export function reasonOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) {
    const name = error instanceof Error ? error.name : "error";
    return String(error.message) || name;
  }
  return String(error);
}

/** The system's word for it (`ENOENT`), where there is one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
