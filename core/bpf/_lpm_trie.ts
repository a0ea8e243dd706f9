/**
 * BPF_MAP_TYPE_LPM_TRIE: an unbalanced binary trie. A node has a prefix; its children are longer and agree
 * with it as far as it goes, child 0 or 1 by the bit behind it. Where two prefixes part, an intermediate node
 * without a value joins them. A key is {prefixlen u32, data}, data most significant bit first.
 *
 * Who owns what: nodes are records of one table, values lie at the same index in `values`. A delete leaves no
 * intermediate node with fewer than two children. Source: kernel/bpf/lpm_trie.c.
 */
import { programMay, readU32, storeValue, strideOf, updateError } from "./_map_parts.ts";
import type { BpfMap } from "./map.ts";
import { ERRNO, type MapSpec } from "./map_spec.ts";

const NONE = -1;

/** The trie. */
export class LpmTrie implements BpfMap {
  readonly spec: MapSpec;
  readonly perCpu = 0;
  readonly programMay: BpfMap["programMay"];
  size = 0;
  readonly #stride: number;
  readonly #bits: number;
  readonly #dataBytes: number;
  /** An entry needs one intermediate node at most. */
  readonly #keys: Uint8Array;
  readonly #length: Int32Array;
  readonly #child: Int32Array;
  readonly #real: Uint8Array;
  /** Slot of a real node's value. */
  readonly #slot: Int32Array;
  readonly values: Uint8Array;
  #root = NONE;
  #freeNode = 0;
  readonly #freeSlots: number[];

  constructor(spec: MapSpec) {
    const nodes = 2 * spec.maxEntries;
    this.spec = spec;
    this.programMay = programMay(spec);
    this.#stride = strideOf(spec.valueSize);
    this.#dataBytes = spec.keySize - 4;
    this.#bits = this.#dataBytes * 8;
    this.#keys = new Uint8Array(nodes * this.#dataBytes);
    this.#length = new Int32Array(nodes);
    // free nodes are chained through their first child
    this.#child = Int32Array.from(
      { length: nodes * 2 },
      (_, i) => i % 2 === 0 && i / 2 + 1 < nodes ? i / 2 + 1 : NONE,
    );
    this.#real = new Uint8Array(nodes);
    this.#slot = new Int32Array(nodes);
    this.values = new Uint8Array(this.#stride * spec.maxEntries);
    this.#freeSlots = Array.from({ length: spec.maxEntries }, (_, i) => spec.maxEntries - 1 - i);
  }

  lookup(keys: Uint8Array, at: number): number {
    const length = readU32(keys, at);
    if (length > this.#bits) return -1;
    let found = NONE;
    for (let node = this.#root; node !== NONE;) {
      const matched = this.#match(node, keys, at + 4, length);
      if (matched === this.#bits) {
        found = node;
        break;
      }
      if (matched < this.#length[node]!) break;
      if (this.#real[node] === 1) found = node;
      node = this.#child[node * 2 + bit(keys, at + 4, this.#length[node]!)]!;
    }
    return found === NONE || this.#real[found] === 0 ? -1 : this.#slot[found]! * this.#stride;
  }

  update(keys: Uint8Array, at: number, values: Uint8Array, from: number, flags: number): number {
    const length = readU32(keys, at);
    if (length > this.#bits) return -ERRNO.EINVAL;
    const { parent, side, node, matched } = this.#descend(keys, at + 4, length);
    const same = node !== NONE && this.#length[node] === length && matched === length;
    const present = same && this.#real[node] === 1;
    const error = updateError(present, flags);
    if (error !== 0) return error;
    if (present) {
      storeValue(this, this.#slot[node]! * this.#stride, values, from, 0);
      return 0;
    }
    if (this.#freeSlots.length === 0) return -ERRNO.ENOSPC;
    const slot = this.#freeSlots.pop()!;
    storeValue(this, slot * this.#stride, values, from, 0);
    this.size++;
    if (same) {
      this.#real[node] = 1;
      this.#slot[node] = slot;
      return 0;
    }
    const added = this.#take(keys, at + 4, length, true);
    this.#slot[added] = slot;
    this.#link(parent, side, this.#join(node, added, matched, length));
    return 0;
  }

  /** What stands where `node` stood: the new node over, beside or instead of it. */
  #join(node: number, added: number, matched: number, length: number): number {
    if (node === NONE) return added;
    const at = node * this.#dataBytes;
    if (matched === length) {
      this.#child[added * 2 + bit(this.#keys, at, length)] = node;
      return added;
    }
    const joint = this.#take(this.#keys, at, matched, false);
    this.#child[joint * 2 + bit(this.#keys, at, matched)] = node;
    this.#child[joint * 2 + bit(this.#keys, added * this.#dataBytes, matched)] = added;
    return joint;
  }

  delete(keys: Uint8Array, at: number): number {
    const length = readU32(keys, at);
    if (length > this.#bits) return -ERRNO.EINVAL;
    const { parent, side, node, matched, grand, grandSide } = this.#descend(keys, at + 4, length);
    if (node === NONE || this.#length[node] !== length || matched !== length) return -ERRNO.ENOENT;
    if (this.#real[node] === 0) return -ERRNO.ENOENT;
    this.#freeSlots.push(this.#slot[node]!);
    this.#real[node] = 0;
    this.size--;
    const [left, right] = [this.#child[node * 2]!, this.#child[node * 2 + 1]!];
    if (left !== NONE && right !== NONE) return 0;
    this.#link(parent, side, left === NONE ? right : left);
    this.#give(node);
    if (left !== NONE || right !== NONE) return 0;
    // a joint that has lost one of its two is not needed any more
    if (parent === NONE || this.#real[parent] === 1) return 0;
    this.#link(grand, grandSide, this.#child[parent * 2 + 1 - side]!);
    this.#give(parent);
    return 0;
  }

  *keys(): Iterable<Uint8Array> {
    const open = [this.#root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node === NONE) continue;
      open.push(this.#child[node * 2 + 1]!, this.#child[node * 2]!);
      if (this.#real[node] === 0) continue;
      const key = new Uint8Array(this.spec.keySize);
      new DataView(key.buffer).setUint32(0, this.#length[node]!, true);
      key.set(this.#keys.subarray(node * this.#dataBytes, (node + 1) * this.#dataBytes), 4);
      yield key;
    }
  }

  /** Down to the node that has the prefix, or to where it belongs. */
  #descend(keys: Uint8Array, at: number, length: number): Place {
    const place = {
      grand: NONE,
      grandSide: 0,
      parent: NONE,
      side: 0,
      node: this.#root,
      matched: 0,
    };
    while (place.node !== NONE) {
      const { node } = place;
      const own = this.#length[node]!;
      place.matched = this.#match(node, keys, at, length);
      if (own !== place.matched || own === length) break;
      place.grand = place.parent;
      place.grandSide = place.side;
      place.parent = node;
      place.side = bit(keys, at, own);
      place.node = this.#child[node * 2 + place.side]!;
    }
    return place;
  }

  /** Bits that a node's prefix and a key have in common (longest_prefix_match). */
  #match(node: number, keys: Uint8Array, at: number, length: number): number {
    const limit = Math.min(length, this.#length[node]!);
    const from = node * this.#dataBytes;
    for (let i = 0, bits = 0; bits < limit; i++, bits += 8) {
      const differ = this.#keys[from + i]! ^ keys[at + i]!;
      if (differ !== 0) return Math.min(limit, bits + Math.clz32(differ) - 24);
    }
    return limit;
  }

  #take(keys: Uint8Array, at: number, length: number, real: boolean): number {
    const node = this.#freeNode;
    this.#freeNode = this.#child[node * 2]!;
    const to = node * this.#dataBytes;
    this.#keys.set(keys.subarray(at, at + this.#dataBytes), to);
    this.#length[node] = length;
    this.#child[node * 2] = NONE;
    this.#child[node * 2 + 1] = NONE;
    this.#real[node] = real ? 1 : 0;
    return node;
  }

  #give(node: number): void {
    this.#child[node * 2] = this.#freeNode;
    this.#freeNode = node;
  }

  #link(parent: number, side: number, node: number): void {
    if (parent === NONE) this.#root = node;
    else this.#child[parent * 2 + side] = node;
  }
}

interface Place {
  grand: number;
  grandSide: number;
  parent: number;
  side: number;
  node: number;
  matched: number;
}

function bit(keys: Uint8Array, at: number, index: number): number {
  return (keys[at + (index >> 3)]! >> (7 - (index & 7))) & 1;
}
