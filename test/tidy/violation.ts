/** A house rule that a file breaks. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly detail: string;
}
