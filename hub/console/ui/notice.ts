/** What a person must know now, in one sentence, and what they can do about it. */
export interface Notice {
  readonly id: string;
  readonly tone: "red" | "amber" | "info";
  readonly words: string;
  readonly act?: { readonly words: string; readonly run: () => void };
}

const TONES: readonly Notice["tone"][] = ["red", "amber", "info"];

/** The worst first, otherwise as they come. */
export const worstFirst = (notices: readonly Notice[]): Notice[] =>
  notices.toSorted((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
