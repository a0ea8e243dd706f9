/** IPv6 addresses as text (RFC 5952), as four words. */

/**
 * The four words of an address.
 * @throws {TypeError} when the text is no address
 */
export function parseIp6(text: string): number[] {
  const [head = "", tail, more] = text.split("::");
  const groups = (part: string): string[] => part === "" ? [] : part.split(":");
  const before = groups(head);
  const after = groups(tail ?? "");
  const missing = 8 - before.length - after.length;
  const isWhole = tail === undefined ? missing === 0 : missing > 0;
  const all = [...before, ...Array(Math.max(0, missing)).fill("0"), ...after];
  if (more !== undefined || !isWhole || all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) {
    throw new TypeError(`Cannot configure vpp: "${text}" is no IPv6 address`);
  }
  const values = all.map((group) => parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => (values[i]! * 0x10000 + values[i + 1]!) >>> 0);
}

/** An address of four words as text, its longest run of zero groups left out. */
export function ip6Text(words: ArrayLike<number>): string {
  const groups = Array.from({ length: 8 }, (_, i) => {
    const word = words[i >> 1]!;
    return (i & 1) === 0 ? word >>> 16 : word & 0xffff;
  });
  let best = 0;
  let from = -1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best && n > 1) [best, from] = [n, i];
  }
  const hex = groups.map((group) => group.toString(16));
  if (from < 0) return hex.join(":");
  return `${hex.slice(0, from).join(":")}::${hex.slice(from + best).join(":")}`;
}
