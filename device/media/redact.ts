/**
 * Takes secrets out of a text before it leaves this process: a log is read by many, and a fault's
 * words stand in the hub's journal for ever.
 *
 * What is removed is what was configured, in every form a program may print it: the whole address,
 * user and password, path and query and their parts, as written, decoded and encoded. Cameras carry
 * their passwords in any of these. What has the shape of a password in an address we do not know is
 * removed too.
 */

export type Redact = (text: string) => string;

const HIDDEN = "***";
/**
 * A shorter part of a path is a common word ("live"),
 * and replacing it would make messages unreadable.
 */
const MIN_SEGMENT = 4;
const MIN_SECRET = 3;

/** By shape alone. */
export function redact(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]*@/gi, `$1:${HIDDEN}@`);
}

export function newRedactor(addresses: readonly string[]): Redact {
  const replacements = addresses
    .flatMap((address) => [
      ...forms(address).map((form) => ({ secret: form, by: `${originOf(address)}/${HIDDEN}` })),
      ...secretsIn(address)
        .flatMap(forms)
        .map((secret) => ({ secret, by: HIDDEN })),
    ])
    .filter(({ secret }) => secret.length >= MIN_SECRET)
    .toSorted((a, b) => b.secret.length - a.secret.length);
  return (text) =>
    redact(replacements.reduce((rest, { secret, by }) => rest.replaceAll(secret, by), text));
}

interface Parts {
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  readonly rest: string;
}

/** Not by the URL standard, which refuses what a person may well have written. */
function partsOf(address: string): Parts {
  const [, scheme = "", body = address] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(address) ?? [];
  const at = body.lastIndexOf("@");
  // An @ of the path belongs to the path, unless the user's
  // password holds a slash: then both are secret.
  const user = at < 0 ? "" : body.slice(0, at);
  const behind = body.slice(at + 1);
  const slash = behind.search(/[/?#]/);
  const host = slash < 0 ? behind : behind.slice(0, slash);
  return { scheme, user, host, rest: slash < 0 ? "" : behind.slice(slash) };
}

function originOf(address: string): string {
  const { scheme, host } = partsOf(address);
  return `${scheme}${host}`;
}

function secretsIn(address: string): string[] {
  const { user, rest } = partsOf(address);
  const password = user.includes(":") ? user.slice(user.indexOf(":") + 1) : "";
  const pieces = [user, ...user.split(/[:/?#]/), ...rest.split(/[/?#&]/)].filter(
    (piece) => piece.length >= MIN_SEGMENT,
  );
  // `?pwd=x&channel=1`, and `/user=a_password=x_channel=1.sdp`, as some cameras have it.
  const values = [...rest.matchAll(/=([^=&#/]+)/g)].flatMap(([, value = ""]) => [
    value,
    value.split("_")[0] ?? "",
  ]);
  return [rest.slice(1), password, ...pieces, ...values].filter((one) => one.length >= MIN_SECRET);
}

function forms(secret: string): string[] {
  const decoded = decode(secret);
  const encoded = encodeURIComponent(decoded);
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [
    ...new Set([
      secret,
      decoded,
      encoded,
      lower,
      encodeURI(decoded),
      encodeURIComponent(secret),
      decoded.replaceAll(" ", "+"),
    ]),
  ];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is not an encoding; the text then stands for itself.
    return text;
  }
}
