/**
 * IPv4 addresses as people write them: four decimal numbers joined by dots. Control plane and
 * reports only.
 */

/**
 * The address as dotted decimal text.
 *
 * @example
 * ```ts
 * import { ipv4ToString } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ipv4ToString(0x0a0000ff), "10.0.0.255");
 * ```
 */
export function ipv4ToString(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/**
 * The address that `text` writes, as an unsigned 32-bit number. Exactly four decimal numbers
 * 0..255; leading zeros are refused, since some readers take them for octal (RFC 6943, 3.1.1).
 *
 * @throws {RangeError} when `text` is anything else
 * @example
 * ```ts
 * import { parseIpv4 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseIpv4("10.0.0.255"), 0x0a0000ff);
 * ```
 */
export function parseIpv4(text: string): number {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/
    .exec(text);
  const parts = match === null ? [] : match.slice(1).map(Number);
  if (parts.length !== 4 || parts.some((part) => part > 255)) {
    throw new RangeError(
      `Cannot parse IPv4 address: ${JSON.stringify(text.slice(0, 40))} is not four decimal ` +
        `numbers 0..255 joined by dots`,
    );
  }
  return parts.reduce((address, part) => address * 256 + part, 0);
}
