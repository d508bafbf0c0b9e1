/** One line of `anzhu-hub doctor`. */
export interface Finding {
  readonly what: string;
  readonly isOk: boolean;
  /** What was found; when it is not well, what to do. */
  readonly detail: string;
}
