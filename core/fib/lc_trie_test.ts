// Aim: the LC-trie keeps every law of forwarding tables, and the invariants of Linux's structure.
// Method: the conformance suite; invariants after every operation; the look-up against its counting
// twin, and the twin's reads against the words that a look-up touches; memory that runs out; a
// BGP-like table and an update storm against DIR-24-8.
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { bgpLikeRoutes, xorshift32 } from "../../properties/fib/bgp_like.ts";
import { fibConformance, type FibConformanceOptions, judgeFib } from "../../properties/fib/mod.ts";
import {
  BGP_TABLE,
  churn,
  expectBgpTable,
  expectStorm,
  probesOf,
  routesOf,
} from "../../properties/fib/_comparison_for_tests.ts";
import type { LcNodes } from "./_lc_nodes.ts";
import { LcTrie } from "./lc_trie.ts";
import type { LcResize } from "./_lc_resize.ts";
import type { LcRoutes } from "./_lc_routes.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";

/**
 * Bytes that depend on the routes alone, leaves and aliases: the shape of the trie, and with it the
 * bytes of tnodes, depends on its history, which no law forbids a table to have.
 */
class Account extends LcTrie {
  override get bytesOccupied(): number {
    return 16 * this.stats().leaves + 8 * this.size;
  }
}

fibConformance(
  "LcTrie, tnodes left out of the bytes",
  ({ maxRules }) => new Account({ maxRules }),
  {
    numRuns: 40,
    exhaustiveAt: [0, 23, 30],
  },
);

Deno.test("LcTrie keeps its invariants after every operation", () => {
  churn(new LcTrie(), 300);
  churn(new LcTrie({ maxBytes: 2048 }), 300);
});

Deno.test("LPM-16 LcTrie answers a BGP-like table as DIR-24-8 and a scan do", () => {
  const fib = new LcTrie();
  expectBgpTable(fib);
  fib.checkInvariants();
  const stats = fib.stats();
  assertEquals(stats.leaves, new Set(BGP_TABLE.prefix).size);
  assertEquals(stats.tnodes, stats.tnodesByBits.reduce((sum, n) => sum + n, 0));
  assertEquals(stats.pointers - stats.nullPointers, stats.leaves + stats.tnodes - 1);
  assertEquals(
    fib.bytesOccupied,
    16 * stats.leaves + 8 * fib.size + 20 * stats.tnodes + 4 * stats.pointers,
  );
  // Level compression: few tnodes above a leaf, and all but a few as large as the thresholds say.
  assertLess(stats.depthAverage, 6);
  assertLess(stats.depthMax, 17);
  assertLess(stats.unsettled, 0.01 * stats.tnodes);
  const probes = probesOf({ ...BGP_TABLE, count: 5000 }, 5000, 4);
  const use = fib.use(probes);
  assertEquals(use.gets, probes.length);
  assertEquals(
    use.semanticMatchPassed,
    probes.reduce((sum, address) => sum + (fib.lookup(address) >= 0 ? 1 : 0), 0),
  );
});

Deno.test("LPM-1 LcTrie follows an update storm as DIR-24-8 does", () => {
  expectStorm(new LcTrie(), 2500, 15);
});

Deno.test("LPM-13 LcTrie reads count the words that a look-up touches", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const fib = new LcTrie();
    const routes = bgpLikeRoutes(40, seed, seed % 2 === 0 ? 1 : 16);
    for (const { prefix, depth, nextHop } of routes) fib.add(prefix, depth, nextHop);
    if (seed > 3) fib.add(0, 0, 63);
    const inside = fib as unknown as { nodes: LcNodes; words: Uint32Array };
    const units = unitsOf(inside.nodes);
    const touched = new Set<string>();
    const { words } = inside;
    inside.words = new Proxy(words, {
      get: (target, key) => {
        const unit = units.get(Number(key));
        if (unit === undefined) throw new Error(`word ${String(key)} belongs to nothing`);
        touched.add(unit);
        return target[Number(key)];
      },
    });
    const next = xorshift32(seed);
    for (const { prefix, depth } of routes) {
      for (const address of [prefix, prefix + 2 ** (32 - depth) - 1, next()]) {
        touched.clear();
        const nextHop = fib.lookup(address);
        assertEquals(fib.reads(address), touched.size, `address ${address}`);
        assertEquals(fib.use([address]).semanticMatchPassed, nextHop < 0 ? 0 : 1);
      }
    }
  }
});

/** What each word belongs to: a node, an alias, or a pointer of its own. */
function unitsOf(nodes: LcNodes): Map<number, string> {
  const units = new Map<number, string>();
  const visit = (node: number): void => {
    const isTnode = node === 1 || nodes.bits(node) > 0;
    for (let i = 0; i < (isTnode ? 5 : 4); i++) units.set(node + i, `node ${node}`);
    if (!isTnode) {
      for (let at = nodes.arena.words[node + 3]!; at !== 0; at = nodes.arena.words[at]!) {
        units.set(at, `alias ${at}`).set(at + 1, `alias ${at}`);
      }
      return;
    }
    for (let i = 0; i < nodes.length(node); i++) {
      units.set(node + 5 + i, `pointer ${node + 5 + i}`);
      if (nodes.child(node, i) !== 0) visit(nodes.child(node, i));
    }
  };
  visit(1);
  return units;
}

Deno.test("LcTrie backtracks from a leaf, a skipped bit and a missing child", () => {
  const fib = new LcTrie();
  fib.add(0x0a00_0000, 8, 1);
  fib.add(0x0a01_0000, 16, 2);
  fib.add(0x0a01_0200, 24, 3);
  fib.add(0x0a01_0204, 32, 4);
  fib.add(0x0a01_0204, 30, 5);
  fib.add(0x0a01_0224, 32, 6);
  fib.add(0x0a01_0225, 32, 7);
  const answers: [address: number, nextHop: number][] = [
    [0x0a01_0204, 4],
    [0x0a01_0205, 5],
    [0x0a01_0208, 3],
    [0x0a01_022c, 3], // the tnode above 10.1.2.36 and 37 skips the bit in which it differs
    [0x0a01_0304, 2],
    [0x0a02_0204, 1],
    [0x0b01_0204, -1],
  ];
  for (const [address, nextHop] of answers) assertEquals(fib.lookup(address), nextHop);
  const use = fib.use(answers.map(([address]) => address));
  assertEquals([use.gets, use.semanticMatchPassed], [7, 6]);
  const { backtrack, semanticMatchMiss, nullNodeHit } = use;
  assertEquals([semanticMatchMiss, nullNodeHit, backtrack - semanticMatchMiss - nullNodeHit], [
    2,
    1,
    1,
  ]);
  assertEquals(fib.use([0x0a01_0204]).backtrack, 0);
});

Deno.test("LPM-2 LcTrie without memory refuses, or leaves a resize out, and answers right", () => {
  const fib = new LcTrie({ maxBytes: 4096 });
  const next = xorshift32(3);
  const held: number[] = [];
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    const address = (0x0a00_0000 + next() % 256) >>> 0;
    const before = routesOf(fib);
    if (fib.lookup(address) < 0 && fib.add(address, 32, i)) held.push(address, i);
    else if (fib.lookup(address) < 0) {
      refused++;
      assertEquals(routesOf(fib), before);
    }
    fib.checkInvariants();
  }
  assertGreater(refused, 100);
  assertGreater(fib.resizesSkipped, 0);
  assertEquals(fib.bytesReserved, 4096);
  for (let i = 0; i < held.length; i += 2) assertEquals(fib.lookup(held[i]!), held[i + 1]);
  for (let i = 0; i < held.length; i += 2) {
    assert(fib.delete(held[i]!, 32));
    fib.checkInvariants();
  }
  assertEquals([fib.size, fib.bytesOccupied], [0, 0]);
  fib.clear();
  assertEquals(fib.resizesSkipped, 0);
  assertThrows(() => new LcTrie({ maxBytes: 1000 }), RangeError, "maxBytes 1000");
});

Deno.test("LcTrie doubles a tnode when the doubled one is half full, not before", () => {
  const bits = (keys: readonly number[]) => {
    const fib = new LcTrie();
    // a second leaf far away, so that the tnode in question is not the one below the root
    fib.add(0xc000_0000, 32, 0);
    for (const key of keys) fib.add(0x0a00_0000 + key, 32, key);
    return fib.stats().tnodesByBits;
  };
  // two leaves fill half of four children; of eight they would fill a quarter
  assertEquals(bits([0, 8]), [0, 0, 2]);
  // three of 0, 4, 8 and 12 leave eight children under half full
  assertEquals(bits([0, 4, 8]), [0, 0, 2]);
  assertEquals(bits([0, 4, 8, 12]), [0, 0, 1, 1]);
});

Deno.test("LcTrie keeps the tnode below the root larger than others", () => {
  const fib = new LcTrie();
  // 90 keys would fill more than 30 % of 256 slots, and fewer than 50 %.
  for (let i = 0; i < 90; i++) fib.add(((i * 101) % 256) * 2 ** 24, 8, i);
  assertEquals(fib.stats().tnodesByBits.lastIndexOf(1), 8);
  // 20 of 256 are less than 15 %, and of half as many slots more than that.
  for (let i = 20; i < 90; i++) fib.delete(((i * 101) % 256) * 2 ** 24, 8);
  assertEquals(fib.stats().tnodesByBits.lastIndexOf(1), 7);
  fib.checkInvariants();
});

// Aim: what goes wrong in an LC-trie is found, by the laws of forwarding tables or by its own
// invariants. Method: planted faults, one step of the trie replaced at a time; then single words
// broken by hand.

interface Inside {
  nodes: LcNodes;
  resizing: Omit<LcResize, "adopt"> & {
    adopt: (tnode: number) => void;
    collapse: (tnode: number) => void;
    shouldHalve: (parent: number, tnode: number) => boolean;
  };
  routes: Omit<LcRoutes, "aliasBefore"> & {
    aliasBefore: (leaf: number, slen: number) => number;
  };
  backtrack: (address: number, from: number, above: number, at: number) => number;
  words: Uint32Array;
}

registerFaults<LcTrie, Inside, FibConformanceOptions<LcTrie>>(
  "What goes wrong in an LC-trie is caught",
  judgeFib,
  ({ maxRules }) => new LcTrie({ maxRules }),
  {},
  [
    {
      name: "a look-up that cannot go down does not backtrack",
      caughtBy: "LPM-1",
      plant: (_, inside) => inside.backtrack = () => -1,
    },
    {
      name: "backtracking stays at the last tnode",
      caughtBy: "LPM-1",
      plant: (_, inside) => {
        const back = inside.backtrack.bind(inside);
        inside.backtrack = (address, from, above, at) =>
          at === 0 ? -1 : back(address, from, above, at);
      },
    },
    {
      name: "a shorter route in the list of a leaf does not lengthen slen",
      caughtBy: "LPM-1",
      plant: (_, { nodes }) => nodes.pushSuffix = () => {},
    },
    {
      name: "slen stays long when the route that needed it goes",
      caughtBy: "slen",
      plant: (_, { nodes }) => nodes.pullSuffix = () => {},
    },
    {
      name: "the aliases of a leaf are in the order of their coming",
      caughtBy: "LPM-1",
      plant: (_, inside) => {
        const { routes, nodes } = inside;
        const find = routes.aliasBefore.bind(routes);
        routes.aliasBefore = (leaf, slen) => {
          const { words } = nodes.arena;
          let before = leaf + 3;
          while (words[before] !== 0) {
            if (words[words[before]! + 1]! >>> 24 === slen) return before;
            before = words[before]!;
          }
          return nodes.slen(leaf) > 28 ? before : find(leaf, slen);
        };
      },
    },
    {
      name: "a tnode that shrinks keeps the children's old parent",
      caughtBy: "has another parent",
      plant: (_, { resizing }) => resizing.adopt = () => {},
    },
    {
      name: "a tnode with a single child stays",
      caughtBy: "has less than two children",
      plant: (_, { resizing }) => resizing.collapse = () => {},
    },
    {
      name: "a full child that goes is still counted",
      caughtBy: "full",
      plant: (_, { nodes }) => {
        const put = nodes.putChild.bind(nodes);
        nodes.putChild = (tnode, index, node) => {
          const before = nodes.full(tnode);
          put(tnode, index, node);
          if (nodes.full(tnode) < before) nodes.arena.words[tnode + 3] = before;
        };
      },
    },
    {
      name: "a freed block is not given out again",
      caughtBy: "words are cut",
      plant: (_, { nodes }) => {
        const free = nodes.arena.free.bind(nodes.arena);
        nodes.arena.free = (block, kind) => {
          free(block, kind);
          (nodes.arena as unknown as { freeLists: Uint32Array }).freeLists[kind] = 0;
        };
      },
    },
    {
      name: "walk visits the aliases of a leaf the longest first",
      caughtBy: "LPM-11",
      plant: (fib) => {
        const walk = fib.walk.bind(fib);
        fib.walk = (visit) => {
          const routes: [number, number, number][] = [];
          walk((...route) => routes.push(route));
          routes.sort((a, b) => a[0] - b[0] || b[1] - a[1]).forEach((route) => visit(...route));
        };
      },
    },
    {
      name: "clear keeps the routes' number",
      caughtBy: "LPM-17",
      plant: (fib, { routes }) => {
        const clear = fib.clear.bind(fib);
        fib.clear = () => {
          const kept = routes.count;
          clear();
          routes.count = kept;
        };
      },
    },
    {
      name: "a refused route leaves its alias behind",
      caughtBy: "words are in use",
      plant: (_, { routes, nodes }) => {
        const set = routes.set.bind(routes);
        let turn = 0;
        routes.set = (key, slen, nextHop, most) => {
          if (++turn % 5 !== 0) return set(key, slen, nextHop, most);
          nodes.arena.allocate(0);
          return false;
        };
      },
    },
  ],
  churn,
);

/** 10/8, 10.1/16, 10.2/16 and 10.3/16: children 0, 2, 4 and 6 of one tnode. The leaf is 10.1/16's. */
interface Example extends Inside {
  tnode: number;
  leaf: number;
}

const tamperings: readonly [text: string, tamper: (example: Example) => void][] = [
  ["leaf 10.1.0.0/32 has another parent", ({ nodes, leaf }) => nodes.setParent(leaf, leaf)],
  ["leaf 10.1.0.1/32 has host bits of /16", ({ words, leaf }) => words[leaf]!++],
  ["leaf 10.1.0.0/32 says slen 17; it has 16", ({ nodes, leaf }) => nodes.setSlen(leaf, 17)],
  ["has no route", ({ words, leaf }) => words[leaf + 3] = 0],
  ["has bits set that it decides on", ({ words, tnode }) => words[tnode]! |= 0x10000],
  [
    "says 0 full, 4 empty children, slen 24; it has 0 full, 4 empty children, slen 25",
    (example) => {
      const { nodes, words, tnode } = example;
      const first = nodes.child(tnode, 0);
      words[words[first + 3]! + 1] = 25 << 24;
      words[first] = 0x0a00_0000;
      nodes.setSlen(first, 25);
    },
  ],
  ["is reached twice", ({ words, tnode }) => words[tnode + 7] = words[tnode + 5]!],
  ["leaf 10.3.0.0/32 is child 2 of 10.0.0.0/14", ({ words, tnode }) => {
    [words[tnode + 7], words[tnode + 11]] = [words[tnode + 11]!, words[tnode + 7]!];
  }],
  ["4 leaves, 1 tnodes, 4 aliases are there; 5, 1, 4 are counted", ({ nodes }) => nodes.leaves++],
  ["37 words are in use, 38 counted", ({ nodes }) => nodes.arena.live++],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`LcTrie checkInvariants reports: ${text}`, () => {
    const fib = new LcTrie();
    fib.add(0x0a00_0000, 8, 0);
    for (let i = 1; i < 4; i++) fib.add(0x0a00_0000 + i * 2 ** 16, 16, i);
    fib.checkInvariants();
    const inside = fib as unknown as Inside;
    const tnode = inside.nodes.child(1, 0);
    const leaf = inside.nodes.child(tnode, 2);
    tamper({ ...inside, nodes: inside.nodes, words: inside.words, tnode, leaf });
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}
