/**
 * IPv6 addresses to the judge of tables: an address is a text of 128 binary digits and a prefix is
 * the text that its addresses begin with, so covering is `startsWith` and depth is a length. There
 * are neither masks nor shifts nor words here.
 */

/** A prefix. */
export interface Prefix6 {
  /** The binary digits that all covered addresses begin with, 0..128 of them. */
  readonly bits: string;
}

/** One route of the model. */
export interface Route6 extends Prefix6 {
  /** Index of the next hop. */
  readonly nextHop: number;
}

/** First address of a prefix. */
export function firstOf6(bits: string): string {
  return bits.padEnd(128, "0");
}

/** Last address of a prefix. */
export function lastOf6(bits: string): string {
  return bits.padEnd(128, "1");
}

/** The address one below; undefined below the first of all. */
export function before6(address: string): string | undefined {
  // Borrowing turns the zeros at the end into ones and the one before them into a zero.
  const one = address.lastIndexOf("1");
  return one < 0 ? undefined : `${address.slice(0, one)}0`.padEnd(128, "1");
}

/** The address one above; undefined above the last of all. */
export function after6(address: string): string | undefined {
  const zero = address.lastIndexOf("0");
  return zero < 0 ? undefined : `${address.slice(0, zero)}1`.padEnd(128, "0");
}

/** The address or prefix with one binary digit turned over. */
export function flipped6(bits: string, index: number): string {
  if (index < 0 || index >= bits.length) return bits;
  return `${bits.slice(0, index)}${bits[index] === "0" ? "1" : "0"}${bits.slice(index + 1)}`;
}

/** The four words of a prefix, host bits 0. */
export function wordsOf6(bits: string): Uint32Array {
  const digits = firstOf6(bits);
  return Uint32Array.from([0, 32, 64, 96], (at) => parseInt(digits.slice(at, at + 32), 2));
}

/** The 128 binary digits of four words. */
export function bitsOf6(words: Uint32Array): string {
  return [...words].map((word) => word.toString(2).padStart(32, "0")).join("");
}

/** `2001:db8:0:0:0:0:0:1`; the model has no use for the short form. */
export function addressText6(bits: string): string {
  const groups = firstOf6(bits).match(/.{16}/g) ?? [];
  return groups.map((group) => parseInt(group, 2).toString(16)).join(":");
}

/** `2001:db8:0:0:0:0:0:0/32`. */
export function routeText6(bits: string): string {
  return `${addressText6(bits)}/${bits.length}`;
}
