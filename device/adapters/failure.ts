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

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);

/** The system's word for it (`ENOENT`), where there is one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
