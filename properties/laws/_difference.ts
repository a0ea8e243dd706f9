/** Says in field words in what a frame differs from the one that was expected. */
import { headerLength, IP, isIpv4, u16 } from "./_frame.ts";
import { addressAt, hex, macAt } from "./_text.ts";

/** A field of an untagged IPv4 frame: its name, where it lies, and how it reads. */
type Field = readonly [
  name: string,
  at: number,
  bytes: number,
  read: (bytes: Uint8Array, at: number) => string,
];

const decimal8 = (bytes: Uint8Array, at: number): string => `${bytes[at]}`;
const decimal16 = (bytes: Uint8Array, at: number): string => `${u16(bytes, at)}`;
const hex8 = (bytes: Uint8Array, at: number): string => `0x${hex(bytes[at]!, 2)}`;
const hex16 = (bytes: Uint8Array, at: number): string => `0x${hex(u16(bytes, at), 4)}`;

const ETHERNET: readonly Field[] = [
  ["destination MAC", 0, 6, macAt],
  ["source MAC", 6, 6, macAt],
  ["EtherType", 12, 2, hex16],
];

const IPV4: readonly Field[] = [
  ["version/IHL", IP, 1, hex8],
  ["TOS", IP + 1, 1, hex8],
  ["total length", IP + 2, 2, decimal16],
  ["identification", IP + 4, 2, hex16],
  ["flags/fragment offset", IP + 6, 2, hex16],
  ["TTL", IP + 8, 1, decimal8],
  ["protocol", IP + 9, 1, decimal8],
  ["header checksum", IP + 10, 2, hex16],
  ["source address", IP + 12, 4, addressAt],
  ["destination address", IP + 16, 4, addressAt],
];

/** How many fields are spelt out. */
const FIELDS_MAX = 3;

/** E.g. `TTL 63, expected 62`; empty when the frames are equal. */
export function difference(
  got: Uint8Array,
  gotAt: number,
  gotLength: number,
  want: Uint8Array,
  wantAt: number,
  wantLength: number,
): string {
  const names: [got: string, want: string][] = [];
  if (gotLength !== wantLength) names.push([`length ${gotLength}`, `${wantLength}`]);
  const common = Math.min(gotLength, wantLength);
  const known = isIpv4(want, wantAt, common) ? [...ETHERNET, ...IPV4] : ETHERNET;
  let end = 0;
  for (const [name, at, size, read] of known) {
    end = at + size;
    if (end > common || same(got, gotAt + at, want, wantAt + at, size)) continue;
    names.push([`${name} ${read(got, gotAt + at)}`, read(want, wantAt + at)]);
  }
  for (let i = end; i < common; i++) {
    if (got[gotAt + i] === want[wantAt + i]) continue;
    names.push([
      `${area(want, wantAt, wantLength, i)} 0x${hex(got[gotAt + i]!, 2)}`,
      `0x${hex(want[wantAt + i]!, 2)}`,
    ]);
  }
  const shown = names.slice(0, FIELDS_MAX).map(([g, w]) => `${g}, expected ${w}`);
  if (names.length > FIELDS_MAX) shown.push(`and ${names.length - FIELDS_MAX} more`);
  return shown.join("; ");
}

/** What byte `i` of a frame belongs to. */
function area(bytes: Uint8Array, at: number, length: number, i: number): string {
  if (!isIpv4(bytes, at, length)) return `byte ${i}`;
  const payload = IP + headerLength(bytes, at);
  const padding = IP + u16(bytes, at + IP + 2);
  if (i < payload) return `option byte ${i - IP - 20}`;
  return i < padding ? `payload byte ${i - payload}` : `padding byte ${i - padding}`;
}

function same(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}
