/** Which addresses of the hub's name are tried, and what is kept about names. */

/** Of one answer of the name service; a hub has one address, or one of each IP version. */
const MAX_TRIED = 2;
/**
 * Names of hubs in one configuration: `hub.host` and
 * four of `hub.alarmUrls`. Older ones are forgotten.
 */
export const MAX_NAMES = 8;

/** By name, the last address at which a hub proved itself; the latest at the end. */
export interface KnownAddresses {
  readonly v: 1;
  readonly addresses: readonly { readonly name: string; readonly address: string }[];
}

export const NONE_KNOWN: KnownAddresses = { v: 1, addresses: [] };

export const knownAddress = (known: KnownAddresses, name: string): string | undefined =>
  known.addresses.find((one) => one.name === name)?.address;

export function withKnown(known: KnownAddresses, name: string, address: string): KnownAddresses {
  const others = known.addresses.filter((one) => one.name !== name);
  return { v: 1, addresses: [...others, { name, address }].slice(-MAX_NAMES) };
}

/**
 * Addresses just found, in the order in which they are
 * tried: the one that was good before is the first.
 */
export function inOrder(found: readonly string[], known: string | undefined): readonly string[] {
  const isKnown = known !== undefined && found.includes(known);
  const others = found.filter((address) => address !== known);
  return (isKnown ? [known, ...others] : others).slice(0, MAX_TRIED);
}
