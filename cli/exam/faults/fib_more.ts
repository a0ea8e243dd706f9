/** Faults of the other IPv4 tables, and of the IPv6 tables. */
import { type Fault, faultsIn } from "../fault.ts";

const MTRIE = ["core/fib/mtrie_test.ts"];
const JUMP = ["core/fib/state_jump_test.ts"];
const LC = ["core/fib/lc_trie_test.ts"];
const BSPL = ["core/fib/bspl_test.ts"];
const LPM6 = ["core/fib/lpm6_test.ts", "core/fib/lpm6_cases_test.ts"];
const POPTRIE6 = ["core/fib/poptrie6_test.ts"];

/** Mtrie, state-jump, LC-trie, binary search on lengths; lpm6, Poptrie for IPv6 and their routes. */
export const FIB_MORE_FAULTS: readonly Fault[] = [
  ...faultsIn("LPM", "core/fib/_mtrie_plies.ts", MTRIE, [
    {
      id: "mtrie-equal-length-loses",
      what: "a changed next hop does not replace the leaf of its own route",
      from: "else if (depth >= this.lengthAt(table, slot)) this.store(table, slot, leaf, depth);",
      to: "else if (depth > this.lengthAt(table, slot)) this.store(table, slot, leaf, depth);",
    },
    {
      id: "mtrie-ply-leaks",
      what: "a ply that became empty is unlinked and never used again",
      from: "      if ((old & 1) === 0) this.release(old);\n",
      to: "",
    },
    {
      id: "mtrie-count-of-base-length",
      what: "a leaf as long as the ply's base counts as non-empty",
      from: "this.words[ply + COUNT] = length > base ? PLY_SLOTS : 0;",
      to: "this.words[ply + COUNT] = length >= base ? PLY_SLOTS : 0;",
    },
    {
      id: "mtrie-linked-before-filled",
      what: "a new ply is filled only when it is linked already",
      from:
        "    this.words.fill(leaf, ply, ply + PLY_SLOTS);\n    this.lengths.fill(length, lengths, lengths + PLY_SLOTS);",
      to:
        "    this.words.fill(leaf, ply, ply + PLY_SLOTS - 1);\n    this.lengths.fill(length, lengths, lengths + PLY_SLOTS);",
    },
    {
      id: "mtrie-limit-ignored",
      what: "one ply more than the limit of bytes allows is made",
      from: "if (needed > this.capacityMax) return false;",
      to: "if (needed > this.capacityMax + 1) return false;",
    },
    {
      id: "mtrie-cover-length-kept",
      what: "an uncovered leaf keeps the length of the route that was deleted",
      from: "      this.store(table, slot, cover, coverDepth);\n",
      to: "      this.store(table, slot, cover, Math.max(coverDepth, depth));\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_jump_elements.ts", JUMP, [
    {
      id: "jump-longer-overwritten",
      what: "a route overwrites one that is longer by one bit",
      from: "if (depths[i]! > depth) continue;",
      to: "if (depths[i]! > depth + 1) continue;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_jump_blocks.ts", JUMP, [
    {
      id: "jump-stale-block-counted",
      what: "a block that no route needs any more counts against the limit for ever",
      from: "if (refs === (by === 1 ? 1 : 0)) this.live += by * 2 ** this.strides[chunk]!;",
      to: "if (refs === 1 && by === 1) this.live += by * 2 ** this.strides[chunk]!;",
    },
    {
      id: "jump-change-counts-as-new",
      what: "a changed next hop counts as one more route of its blocks",
      from: "      if (isNew) this.count(base, chunk + 1, 1);\n",
      to: "      this.count(base, chunk + 1, 1);\n",
    },
    {
      id: "jump-compaction-keeps-stale",
      what: "compaction takes stale blocks for live ones",
      from: "this.elements.refsOf(base) === 0)) {",
      to: "this.elements.refsOf(base) < 0)) {",
    },
    {
      id: "jump-compaction-loses-count",
      what: "compaction does not take the counts of the blocks along",
      from: "        target.setRefs(base, elements.refsOf(inf));\n",
      to: "",
    },
    {
      id: "jump-clear-keeps-block",
      what: "clear leaves the way to blocks that are then handed out anew",
      from: "} else if (CLEAR_RATIO * count > this.rootSize || this.fresh > this.live) {",
      to: "} else if (CLEAR_RATIO * count > this.rootSize && this.fresh > this.live) {",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_jump_elements.ts", JUMP, [
    {
      id: "jump-grown-loses-depths",
      what: "a larger array of elements does not take the depths over",
      from: "    this.depths.set(old.depths);\n",
      to: "",
    },
    {
      id: "jump-wide-erase-half",
      what: "elements of eight bytes are erased as if they had four",
      from: "this.words.fill(0, from << this.wide, to << this.wide);",
      to: "this.words.fill(0, from << this.wide, to);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_nodes.ts", LC, [
    {
      id: "lc-suffix-not-pushed",
      what: "a longer suffix is noted at the nearest tnode only",
      from: "for (let node = tnode; this.slen(node) < slen; node = this.parent(node)) {",
      to: "for (let node = tnode; this.slen(node) < slen; node = ROOT) {",
    },
    {
      id: "lc-suffix-not-pulled",
      what: "when the longest suffix goes, a tnode says that there is none",
      from: "    this.setSlen(tnode, slen);\n    return slen;",
      to: "    this.setSlen(tnode, pos);\n    return pos;",
    },
    {
      id: "lc-full-children-drift",
      what: "a child that stops being full is not counted out",
      from: "if (wasFull !== isFull) words[tnode + FULL]! += isFull ? 1 : -1;",
      to: "if (wasFull !== isFull) words[tnode + FULL]! += isFull ? 1 : 0;",
    },
    {
      id: "lc-empty-children-drift",
      what: "a child that is hung in is not counted as there",
      from: "    words[tnode + EMPTY]!--;\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_routes.ts", LC, [
    {
      id: "lc-alias-order",
      what: "an alias is put behind those with a longer suffix",
      from: "if (words[alias + 1]! >>> 24 >= slen) break;",
      to: "if (words[alias + 1]! >>> 24 === slen) break;",
    },
    {
      id: "lc-alias-leaks",
      what: "the memory of a removed alias is not given back",
      from: "    nodes.arena.free(alias, ALIAS);\n",
      to: "",
    },
    {
      id: "lc-leaf-leaks",
      what: "the memory of a leaf without routes is not given back",
      from: "      nodes.free(leaf);\n",
      to: "      nodes.leaves--;\n",
    },
    {
      id: "lc-first-different-bit",
      what: "a new tnode decides on the bit below the first that differs",
      from: "31 - Math.clz32(key ^ nodes.key(node)), 1);",
      to: "Math.max(0, 30 - Math.clz32(key ^ nodes.key(node))), 1);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_resize.ts", LC, [
    {
      id: "lc-inflate-swaps-halves",
      what: "the two children of a full child change places when it is taken up",
      from:
        "        nodes.putChild(tnode, 2 * i + 1, nodes.child(node, 1));\n        nodes.putChild(tnode, 2 * i, nodes.child(node, 0));",
      to:
        "        nodes.putChild(tnode, 2 * i + 1, nodes.child(node, 0));\n        nodes.putChild(tnode, 2 * i, nodes.child(node, 1));",
    },
    {
      id: "lc-halve-drops-lower",
      what: "of a pair of which one is missing the wrong one is kept",
      from: "nodes.putChild(tnode, i / 2, upper === 0 ? lower : upper);",
      to: "nodes.putChild(tnode, i / 2, upper);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/lc_trie.ts", LC, [
    {
      id: "lc-backtrack-skips-tnode",
      what:
        "a tnode beneath which the longest suffix is one bit longer than it decides on is not gone back to",
      from: "if (shape >>> 16 > (shape & 255)) {",
      to: "if (shape >>> 16 > (shape & 255) + 1) {",
    },
    {
      id: "lc-suffix-32-shift",
      what: "the default route's suffix of 32 bits is shifted by, which is a shift by 0",
      from: "if (slen === 32 || different >>> slen === 0) return word & 0xff_ffff;",
      to: "if (different >>> slen === 0) return word & 0xff_ffff;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_bspl_tables.ts", BSPL, [
    {
      id: "bspl-marker-without-bmp",
      what: "a marker does not know the best prefix that covers it",
      from: "        table.put(slot, key, this.coverWord(key >>> 0, table.length));",
      to: "        table.put(slot, key, TAKEN);",
    },
    {
      id: "bspl-marker-at-every-length",
      what: "markers of a deleted route stay",
      from: "      else table.addRef(slot, -1);\n",
      to: "",
    },
    {
      id: "bspl-route-removed-with-marker",
      what: "an entry goes though other routes still need it as their marker",
      from: "if (table.refsAt(slot) > 0 || depthOf(table.wordAt(slot)) === table.length) return;",
      to: "if (depthOf(table.wordAt(slot)) === table.length) return;",
    },
    {
      id: "bspl-marker-keeps-shorter",
      what: "a new route does not replace a shorter one in the markers beneath it",
      from: "if (depthOf(at.wordAt(entry)) <= depth) at.setWord(entry, word);",
      to: "if (depthOf(at.wordAt(entry)) === depth) at.setWord(entry, word);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_bspl_table.ts", BSPL, [
    {
      id: "bspl-removal-keeps-refs",
      what: "an entry that moves into a hole leaves its count of markers behind",
      from: "      refs[hole] = refs[next]!;\n",
      to: "",
    },
    {
      id: "bspl-grow-loses-refs",
      what: "a doubled table forgets the counts of markers",
      from: "      this.refs[slot] = oldRefs[old]!;\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/lpm6_levels.ts", LPM6, [
    {
      id: "lpm6-byte-of-next-word",
      what: "beyond 32 bits the byte of an address is taken from the first word",
      from: "  return (addresses[at + (level >>> 5)]! >>> (24 - (level & 31))) & 255;",
      to: "  return (addresses[at + ((level - 1) >>> 5)]! >>> (24 - (level & 31))) & 255;",
    },
    {
      id: "lpm6-reference-of-changed-rule",
      what: "a changed next hop counts as a reference to its group",
      from: "if (isNew && group !== FIRST_LEVEL) this.references[group]!++;",
      to: "if (group !== FIRST_LEVEL) this.references[group]!++;",
    },
    {
      id: "lpm6-owner-not-referenced",
      what: "a group hung in below another is not counted as needing it",
      from: "        if (group !== FIRST_LEVEL) this.references[group]!++;\n        return;",
      to: "        return;",
    },
    {
      id: "lpm6-group-leaks",
      what: "a group that nothing refers to is unlinked and not given back",
      from: "    this.pool.release(group);\n    return owner;",
      to: "    return owner;",
    },
    {
      id: "lpm6-wrong-owner-entry",
      what: "the header of a group names the entry beside its own",
      from: "    this.ownerEntry[group] = ownerEntry;",
      to: "    this.ownerEntry[group] = ownerEntry ^ 1;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/lpm6.ts", LPM6, [
    {
      id: "lpm6-bulk-mixes-levels",
      what: "the bulk look-up goes on with addresses that have their answer",
      from: "          if (nextHops[i]! >= 0) continue;\n",
      to: "          if (nextHops[i]! > 0x4000_0000) continue;\n",
    },
    {
      id: "lpm6-groups-checked-late",
      what: "the groups for a new rule are not reckoned beforehand",
      from:
        "      if (this.levels.missingGroups(masked, depth) > this.levels.pool.free) return false;\n",
      to:
        "      if (this.levels.missingGroups(masked, depth) > this.levels.pool.free + 1) return false;\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_rib6.ts", ["core/fib/rib_test.ts", ...LPM6], [
    {
      id: "rib6-split-at-word",
      what: "prefixes that differ in their last word only count as one",
      from: "    for (let word = 0; 32 * word < depth; word++) {\n      const differ",
      to: "    for (let word = 0; 32 * word < depth - 32; word++) {\n      const differ",
    },
    {
      id: "rib6-glue-leaks",
      what: "a node that only held two branches together stays when one is gone",
      from: "    if (glue && !this.hasTwoChildren(parent)) this.bypass(above);\n",
      to: "",
    },
    {
      id: "rib6-cover-of-itself",
      what: "what covers a prefix may be one depth longer than asked for",
      from: "if (depth > depthMax || this.common(node, prefix, depth) < depth) break;",
      to: "if (depth > depthMax + 1 || this.common(node, prefix, depth) < depth) break;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/poptrie6.ts", POPTRIE6, [
    {
      id: "poptrie6-key-across-words",
      what: "six bits that lie in two words are taken from the first alone",
      from: "if (left > 26 && level < 96) key |= addresses[word + 1]! >>> (32 - left);",
      to: "if (left > 28 && level < 96) key |= addresses[word + 1]! >>> (32 - left);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie6_store.ts", POPTRIE6, [
    {
      id: "poptrie6-retires-before-store",
      what: "the arrays of a replaced node are not given back",
      from:
        "    if (leaves > 0) this.retired.push(words[node + BASE0]! / 2, (leaves + 1) >>> 1);\n",
      to: "",
    },
    {
      id: "poptrie6-odd-leaves",
      what: "an odd number of leaves is given back one word short",
      from: "this.retired.push(words[node + BASE0]! / 2, (leaves + 1) >>> 1);",
      to: "this.retired.push(words[node + BASE0]! / 2, leaves >>> 1);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie6_build.ts", POPTRIE6, [
    {
      id: "poptrie6-leaf-became-child",
      what: "a slot that turned from leaf to child is written as the child it was",
      from: "if (isChild !== (value === MADE)) return this.remake(at, level, v, value);",
      to: "if (isChild && value !== MADE) return this.remake(at, level, v, value);",
    },
  ]),
];
