import { CHILDREN } from "./_lc_arena.ts";
import { checkLcTrie } from "./_lc_check.ts";
import { ALIASES, LcNodes, PARENT, ROOT, SHAPE } from "./_lc_nodes.ts";
import { type LcTrieUse, probe } from "./_lc_probe.ts";
import { LcResize } from "./_lc_resize.ts";
import { LcRoutes } from "./_lc_routes.ts";
import { type LcTrieStats, trieStats } from "./_lc_stats.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize, maskOf } from "./route.ts";

export type { LcTrieStats, LcTrieUse };

/** Limits of an `LcTrie`. */
export interface LcTrieOptions {
  /** Most routes; unlimited when left out. */
  readonly maxRules?: number;
  /** Most bytes of nodes and aliases; 1 GiB when left out. */
  readonly maxBytes?: number;
}

/**
 * The LC-trie of Linux (net/ipv4/fib_trie.c, version 0.409 with pos counted from the right; after
 * Nilsson and Karlsson: IP-address lookup using LC-tries, IEEE JSAC 17(6), 1999), with its names.
 *
 * All routes of one first address share a leaf, in a list of aliases, the longest prefix first.
 * Tnodes of 2^bits children lead to it; they skip the bits that all leaves beneath have in common
 * and grow and shrink with how full they are (`_lc_resize.ts`: inflate at 50 %, below the root at
 * 30 %, halve under 25 and 15 %). A look-up goes down by the bits of the address. Where a child is
 * missing, a skipped bit differs or no route of the leaf matches, it backtracks: it clears the
 * lowest set bit of the last index, goes up where none is set, and then takes first children only,
 * which stand for ever shorter prefixes of the address. slen, the longest suffix in a subtree, tells
 * where that is in vain.
 *
 * Layout of nodes: `_lc_nodes.ts`. A leaf takes 16 bytes, an alias 8, a tnode 20 and 4 for each
 * child. The trie holds the routes itself, there is nothing beside it. Its shape depends on its
 * history, and so do the bytes occupied; only an empty one is as new. The price is time: about two
 * tnodes stand above a leaf of a full table, two dependent reads each, and then most addresses that
 * are not the first one of a route backtrack, each turn two or three reads more. An update resizes
 * tnodes on its way up; where that doubles or halves the topmost one it costs all of its children.
 *
 * `add` answers false when rules run out or leaf, alias and the tnode above them would exceed
 * `maxBytes`, before anything has changed. A resize that would is left out and counted, as in Linux.
 *
 * No look-up may run across a call of the writer: a resize
 * frees the tnodes that it replaces, and nodes given back are taken again, at once (Linux: after an RCU
 * grace period).
 *
 * @example
 * ```ts
 * import { LcTrie } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new LcTrie();
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010000, 16, 2); // 10.1.0.0/16
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a020203), 1); // 10.1.0.0 is wrong, bit 16 is cleared
 * const { leaves, tnodes, depthMax } = fib.stats();
 * assertEquals([leaves, tnodes, depthMax], [2, 1, 1]);
 * ```
 */
export class LcTrie implements Fib4 {
  /** Name of the structure. */
  readonly kind = "lc-trie";
  private readonly nodes: LcNodes;
  private readonly resizing: LcResize;
  private readonly maxRules: number;
  private readonly routes: LcRoutes;
  /** What `reads` counts in. */
  private readonly counting: LcTrieUse = noUse();
  /** `nodes.arena.words`, two loads nearer to the look-ups. */
  private words: Uint32Array;

  /**
   * An empty trie.
   * @throws {RangeError} when an option is out of range
   */
  constructor(options: LcTrieOptions = {}) {
    const { maxRules = 2 ** 32, maxBytes = 2 ** 30 } = options;
    checkSize("LcTrie", "maxRules", maxRules, 1, 2 ** 32);
    checkSize("LcTrie", "maxBytes", maxBytes, 1024, 2 ** 32);
    this.maxRules = maxRules;
    this.nodes = new LcNodes(maxBytes);
    this.resizing = new LcResize(this.nodes);
    this.routes = new LcRoutes(this.nodes, this.resizing);
    this.words = this.nodes.arena.words;
  }

  /** Routes that the trie holds. */
  get size(): number {
    return this.routes.count;
  }

  /** Bytes of the arena. */
  get bytesReserved(): number {
    return this.words.byteLength;
  }

  /** Bytes of the nodes and aliases in use. */
  get bytesOccupied(): number {
    return 4 * this.nodes.arena.live;
  }

  /** Bytes beside the trie: none, it holds the routes itself. */
  get ribBytes(): number {
    return 0;
  }

  /** Resizes left out for want of memory since the trie was new or cleared. */
  get resizesSkipped(): number {
    return this.resizing.skipped;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or bytes run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, 0);
    checkNextHop("add", nextHop);
    const key = (prefix & maskOf(depth)) >>> 0;
    const slen = 32 - depth;
    const done = this.routes.set(key, slen, nextHop, this.maxRules);
    this.words = this.nodes.arena.words;
    return done;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, 0);
    const key = (prefix & maskOf(depth)) >>> 0;
    const slen = 32 - depth;
    const done = this.routes.remove(key, slen);
    this.words = this.nodes.arena.words;
    return done;
  }

  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number {
    const words = this.words;
    let parent = ROOT;
    let index = 0;
    let node = words[ROOT + CHILDREN]!;
    while (node !== 0) {
      const shape = words[node + SHAPE]!;
      const down = (address ^ words[node]!) >>> (shape & 31);
      const bits = (shape >>> 8) & 31;
      if (down >>> bits !== 0) break;
      if (bits === 0) {
        // The leaf of the very address: its longest prefix matches, whatever it is.
        return words[words[node + ALIASES]! + 1]! & 0xff_ffff;
      }
      if (shape >>> 16 > (shape & 255)) {
        parent = node;
        index = down;
      }
      node = words[node + CHILDREN + down]!;
    }
    return this.backtrack(address, node, parent, index);
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    for (let i = 0; i < n; i++) nextHops[i] = this.lookup(addresses[i]!);
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    const found = new Float64Array(2 * this.routes.count);
    const end = this.routes.collect(this.nodes.child(ROOT, 0), found, 0);
    for (let i = 0; i < end; i += 2) {
      visit(found[i]!, 32 - Math.floor(found[i + 1]! / 2 ** 24), found[i + 1]! % 2 ** 24);
    }
  }

  /**
   * Dependent reads that `lookup(address)` makes: child pointers, nodes and aliases, one each. What
   * it reads again on its way back up is not counted.
   */
  reads(address: number): number {
    const { counting } = this;
    counting.reads = 0;
    probe(this.nodes, address, counting);
    return counting.reads;
  }

  /** What looking up these addresses meets on its way. */
  use(addresses: Iterable<number>): LcTrieUse {
    const use = noUse();
    for (const address of addresses) probe(this.nodes, address, use);
    return use;
  }

  /** The shape of the trie, as /proc/net/fib_triestat shows it. O(children). */
  stats(): LcTrieStats {
    return trieStats(this.nodes, this.resizing);
  }

  /** Removes every route. */
  clear(): void {
    this.nodes.clear();
    this.routes.count = this.resizing.skipped = 0;
    this.words = this.nodes.arena.words;
  }

  /**
   * Walks through all nodes: keys, positions, parents, counts of full and empty children, slen; two
   * children at least in each tnode; aliases in order and matching their leaf; memory accounted for
   * word by word.
   * @throws {Error} naming the node
   */
  checkInvariants(): void {
    checkLcTrie(this.nodes, this.routes.count);
  }

  /**
   * The look-up of an address for which the way down ended: at a node that disagrees with it, or at
   * no node (0). `parent` and `index` are where a suffix can be cut off next.
   */
  private backtrack(address: number, from: number, above: number, at: number): number {
    const words = this.words;
    let node = from;
    let parent = above;
    let index = at;
    for (;;) {
      while (node !== 0) {
        const key = words[node]!;
        const shape = words[node + SHAPE]!;
        const different = address ^ key;
        if ((different & (key | -key)) !== 0 || shape >>> 16 === (shape & 255)) break;
        if ((shape & 0xff00) === 0) {
          const nextHop = longestAlias(words, words[node + ALIASES]!, different);
          if (nextHop >= 0) return nextHop;
          break;
        }
        node = words[node + CHILDREN]!;
      }
      while (index === 0) {
        if (parent === ROOT) return -1;
        const key = words[parent]!;
        parent = words[parent + PARENT]!;
        if (parent !== ROOT) index = (key ^ words[parent]!) >>> (words[parent + SHAPE]! & 31);
      }
      index &= index - 1;
      node = words[parent + CHILDREN + index]!;
    }
  }
}

function noUse(): LcTrieUse {
  return {
    gets: 0,
    backtrack: 0,
    semanticMatchPassed: 0,
    semanticMatchMiss: 0,
    nullNodeHit: 0,
    reads: 0,
  };
}

/** Next hop of the first alias whose suffix takes in all bits that differ, or -1. */
function longestAlias(words: Uint32Array, first: number, different: number): number {
  for (let alias = first; alias !== 0; alias = words[alias]!) {
    const word = words[alias + 1]!;
    const slen = word >>> 24;
    if (slen === 32 || different >>> slen === 0) return word & 0xff_ffff;
  }
  return -1;
}
