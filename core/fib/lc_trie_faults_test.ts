// Aim: what goes wrong in an LC-trie is found, by the laws of forwarding tables or by its own
// invariants. Method: planted faults, one step of the trie replaced at a time; then single words
// broken by hand.
import { assertThrows } from "@std/assert";
import { churn } from "../../properties/fib/_comparison_for_tests.ts";
import type { LcNodes } from "./_lc_nodes.ts";
import type { LcResize } from "./_lc_resize.ts";
import type { LcRoutes } from "./_lc_routes.ts";
import { LcTrie } from "./lc_trie.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { type FibConformanceOptions, judgeFib } from "../../properties/fib/mod.ts";

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

/** 10/8, 10.1/16, 10.2/16 and 10.3/16: children 0, 4, 8 and 12 of one tnode. The leaf is 10.1/16's. */
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
    "says 0 full, 12 empty children, slen 24; it has 0 full, 12 empty children, slen 25",
    (example) => {
      const { nodes, words, tnode } = example;
      const first = nodes.child(tnode, 0);
      words[words[first + 3]! + 1] = 25 << 24;
      words[first] = 0x0a00_0000;
      nodes.setSlen(first, 25);
    },
  ],
  ["is reached twice", ({ words, tnode }) => words[tnode + 9] = words[tnode + 5]!],
  ["leaf 10.3.0.0/32 is child 4 of 10.0.0.0/14", ({ words, tnode }) => {
    [words[tnode + 9], words[tnode + 17]] = [words[tnode + 17]!, words[tnode + 9]!];
  }],
  ["4 leaves, 1 tnodes, 4 aliases are there; 5, 1, 4 are counted", ({ nodes }) => nodes.leaves++],
  ["45 words are in use, 46 counted", ({ nodes }) => nodes.arena.live++],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`LcTrie checkInvariants reports: ${text}`, () => {
    const fib = new LcTrie();
    fib.add(0x0a00_0000, 8, 0);
    for (let i = 1; i < 4; i++) fib.add(0x0a00_0000 + i * 2 ** 16, 16, i);
    fib.checkInvariants();
    const inside = fib as unknown as Inside;
    const tnode = inside.nodes.child(1, 0);
    const leaf = inside.nodes.child(tnode, 4);
    tamper({ ...inside, nodes: inside.nodes, words: inside.words, tnode, leaf });
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}
