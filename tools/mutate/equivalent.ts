/**
 * Mutants that no test can find, because the program does the same with them, and why.
 *
 * A row names the file, the source line and what it becomes; a line that changes has to be judged again.
 */
export interface Judgement {
  readonly file: string;
  /** The source line without the white space around it. */
  readonly context: string;
  readonly original: string;
  readonly replacement: string;
  readonly because: string;
}

export const EQUIVALENT: readonly Judgement[] = [];
