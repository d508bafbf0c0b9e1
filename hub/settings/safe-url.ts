/** Addresses to which secrets may go. */

/** HTTPS, or plain HTTP that does not leave the machine. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && isLoopbackUrl(text));
}

export const isLoopbackUrl = (url: string): boolean =>
  ["127.0.0.1", "[::1]", "localhost"].includes(new URL(url).hostname);
