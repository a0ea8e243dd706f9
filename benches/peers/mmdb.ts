/**
 * Writes routes as a MaxMind DB file (MaxMind DB File Format Specification 2.0), which the npm reader
 * `mmdb-lib` looks addresses up in: a binary tree whose nodes have two records, data, metadata.
 */
import type { RouteSet } from "../../core/mod.ts";

const EMPTY = 0xffff_ffff;
const SEPARATOR_BYTES = 16;
/** Bytes of a next hop in the data section: a control byte (type 6, unsigned 32 bits; 4 bytes) and 4. */
const HOP_BYTES = 5;

/** The file. A record of the tree is a node, a next hop with the top bit set, or `EMPTY`. */
export function writeMmdb(routes: RouteSet): Uint8Array {
  const records: number[] = [EMPTY, EMPTY];
  const order = Uint32Array.from(routes.prefix.keys())
    .sort((a, b) => routes.depth[a]! - routes.depth[b]!);
  // Shorter prefixes first: what a longer one finds on its way is pushed down to both halves.
  for (const i of order) {
    let node = 0;
    for (let d = 0; d < routes.depth[i]!; d++) {
      const at = 2 * node + ((routes.prefix[i]! >>> (31 - d)) & 1);
      if (d === routes.depth[i]! - 1) {
        records[at] = 0x8000_0000 + routes.nextHop[i]!;
        break;
      }
      const found = records[at]!;
      if (found < 0x8000_0000) node = found;
      else {
        node = records.length / 2;
        records.push(found, found);
        records[at] = node;
      }
    }
  }
  const nodes = records.length / 2;
  const hops = routes.nextHop.reduce((a, b) => Math.max(a, b), 0) + 1;
  const meta = metadata(nodes);
  const bytes = new Uint8Array(8 * nodes + SEPARATOR_BYTES + HOP_BYTES * hops + meta.length);
  const view = new DataView(bytes.buffer);
  records.forEach((record, at) => {
    const value = record === EMPTY
      ? nodes
      : record < 0x8000_0000
      ? record
      : nodes + SEPARATOR_BYTES + HOP_BYTES * (record - 0x8000_0000);
    view.setUint32(4 * at, value);
  });
  const data = 8 * nodes + SEPARATOR_BYTES;
  for (let hop = 0; hop < hops; hop++) {
    bytes[data + HOP_BYTES * hop] = (6 << 5) | 4;
    view.setUint32(data + HOP_BYTES * hop + 1, hop);
  }
  bytes.set(meta, data + HOP_BYTES * hops);
  return bytes;
}

/** The marker and the map that a reader asks for. */
function metadata(nodes: number): Uint8Array {
  const bytes: number[] = [0xab, 0xcd, 0xef, ...ascii("MaxMind.com")];
  const string = (text: string) => bytes.push((2 << 5) | text.length, ...ascii(text));
  const number = (type: number, value: number) =>
    bytes.push(
      (type << 5) | 4,
      value >>> 24,
      (value >>> 16) & 255,
      (value >>> 8) & 255,
      value & 255,
    );
  const UINT16 = 5;
  const UINT32 = 6;
  bytes.push((7 << 5) | 6); // a map of six
  string("binary_format_major_version");
  bytes.push((UINT16 << 5) | 1, 2);
  string("binary_format_minor_version");
  bytes.push(UINT16 << 5);
  string("database_type");
  string("routes");
  string("ip_version");
  bytes.push((UINT16 << 5) | 1, 4);
  string("node_count");
  number(UINT32, nodes);
  string("record_size");
  bytes.push((UINT16 << 5) | 1, 32);
  return Uint8Array.from(bytes);
}

function ascii(text: string): number[] {
  return Array.from(text, (c) => c.charCodeAt(0));
}
