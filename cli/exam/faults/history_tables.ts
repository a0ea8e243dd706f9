/**
 * Faults of tables as the histories of DPDK (rte_lpm, rte_fib, rte_rib, rte_hash), VPP (ip4_mtrie) and
 * Linux (fib_trie, BPF's maps and verifier) have them, in our tables.
 */
import { type Fault, faultsIn } from "../fault.ts";

const BYTE = ["core/fib/dir24_8_byte_test.ts"];
const COMPACT = ["core/fib/dir24_8_compact_test.ts", "core/fib/bulk_test.ts"];
const BULK = ["core/fib/bulk_test.ts"];
const SIX = ["core/fib/tables6_test.ts"];
const LINEAR = ["core/fib/linear_test.ts", ...SIX];
const RIB = ["core/fib/rib_test.ts"];
const MAPS = ["core/bpf/map_test.ts"];
const VM = ["core/bpf/vm_test.ts", "stacks/xdp/verdicts_test.ts"];
const VERIFIER = ["core/bpf/verifier_test.ts"];

/** Tables of routes, keys and maps. */
export const HISTORY_TABLE_FAULTS: readonly Fault[] = [
  ...faultsIn("LPM", "core/fib/_byte_levels.ts", BYTE, [
    {
      id: "byte-group-goes-too-early",
      what: "a group goes when one rule is left in it",
      from: "if (groups.rules[group]! > 0) return;",
      to: "if (groups.rules[group]! > 1) return;",
    },
    {
      id: "byte-busy-block-filled",
      what: "a /16 with longer rules is filled as if it had none",
      from: "else if (level === LEVEL_16 - 1 && this.busy[below - TREES_ABOVE_16] === 0) {",
      to: "else if (level === LEVEL_16 - 1 && this.busy[below - TREES_ABOVE_16]! < 2) {",
    },
    {
      id: "byte-covered-by-neighbour",
      what: "the rule that covers a tree is looked for under the branch beside its own",
      from: "      node = LEAF | ((tree - 1) & 15);\n",
      to: "      node = LEAF | (tree & 15);\n",
    },
    {
      id: "byte-clear-keeps-short-rules",
      what: "clear leaves rules up to /16 in their trees where no /16 is busy",
      from: "    for (let n = 0; n < TREES_ABOVE_16 * TREE / 4 && !isAbove; n++) isAbove",
      to: "    for (let n = 0; n < TREES_ABOVE_16 && !isAbove; n++) isAbove",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_byte_groups.ts", BYTE, [
    {
      id: "byte-page-leaks",
      what: "the page of a block that has no group any more is not given back",
      from: "    this.returnedPages.push(page);\n",
      to: "",
    },
    {
      id: "byte-clear-keeps-pages",
      what: "clear leaves blocks that lead to pages of before",
      from: "    this.pageOf.fill(0);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/dir24_8_byte.ts", [...BYTE, ...BULK], [
    {
      id: "byte-bulk-follows-no-group",
      what: "the bulk look-up does not see that an entry led to a group",
      from: "        deep |= entry + 1;\n",
      to: "        deep |= entry;\n",
    },
    {
      id: "byte-change-at-full-refused",
      what: "a changed next hop is refused when the table is full",
      from: "    if (levels.get(prefix, depth) === 0) {\n      if (this.rules >= this.maxRules ||",
      to:
        "    if (this.rules >= this.maxRules) return false;\n    if (levels.get(prefix, depth) === 0) {\n      if (",
    },
  ]),
  ...faultsIn("LPM", "core/fib/dir24_8_compact.ts", COMPACT, [
    {
      id: "compact-bulk-group-0",
      what: "the bulk look-up does not follow the group of number 0",
      from: "if (hop < -1) nextHops[i]",
      to: "if (hop < -2) nextHops[i]",
    },
    {
      id: "compact-bulk-writes-past-n",
      what: "the bulk look-up works on whole blocks and writes behind the last that was asked for",
      from: "const to = Math.min(n, from + BULK_BLOCK);",
      to: "const to = Math.min(addresses.length, from + BULK_BLOCK);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_compact_fill.ts", COMPACT, [
    {
      id: "compact-fill-counts-twice",
      what: "a long route that occurs twice in a bulk counts as two rules of its groups",
      from: "depth <= levels.firstBits || rules.get(prefix, depth) < 0;",
      to: "rules.get(prefix, depth) < 0 || depth > 24;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/mtrie.ts", ["core/fib/mtrie_test.ts", ...BULK], [
    {
      id: "mtrie-grown-array-not-taken",
      what: "look-ups go on in the array that plies grew out of",
      from: "missing(masked, depth))) return false;\n      this.words = this.plies.words;\n",
      to: "missing(masked, depth))) return false;\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie6_updates.ts", ["core/fib/poptrie6_test.ts"], [
    {
      id: "poptrie6-change-at-full-refused",
      what: "a changed next hop is refused when the table is full",
      from: "if (before < 0 && rules.count >= limits.maxRules) return false;",
      to: "if (rules.count >= limits.maxRules) return false;",
    },
    {
      id: "poptrie6-rollback-forwards",
      what: "a refused bulk is taken back in the order in which it was put in",
      from: "for (let i = count - 1; i >= 0; i--) this.setRule(",
      to: "for (let i = 0; i < count; i++) this.setRule(",
    },
  ]),
  ...faultsIn("LPM", "core/fib/poptrie6.ts", ["core/fib/poptrie6_test.ts", ...SIX], [
    {
      id: "poptrie6-key-over-words",
      what: "a key that begins six bits before the end of a word takes no bits of the next",
      from: "if (left > 26 && level < 96) key",
      to: "if (left > 27 && level < 96) key",
    },
  ]),
  ...faultsIn("LPM", "core/fib/bspl6_search.ts", ["core/fib/bspl6_test.ts", ...SIX], [
    {
      id: "bspl6-marker-takes-route",
      what: "a route whose entry is no marker any more goes with the marker",
      from: "      if ((this.tagOf(slot) & ROUTE) === 0) this.removeSlot(slot);\n",
      to: "      this.removeSlot(slot);\n",
    },
    {
      id: "bspl6-hole-before-home",
      what: "an entry whose home is the hole is left behind it",
      from: "if (((next - this.homeOf(next)) & mask) < ((next - hole) & mask)) continue;",
      to: "if (((next - this.homeOf(next)) & mask) <= ((next - hole) & mask)) continue;",
    },
    {
      id: "bspl6-grown-loses-references",
      what: "a larger table does not take the counts of the markers over",
      from: "      this.references[to] = references[slot]!;\n",
      to: "",
    },
    {
      id: "bspl6-new-marker-without-best",
      what: "a new marker does not know the best route of its own bits",
      from: "slot = this.newEntry(prefix, length, this.bestOf(prefix, length));",
      to: "slot = this.newEntry(prefix, length, 0);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/linear6.ts", LINEAR, [
    {
      id: "linear6-signed-words",
      what: "words of an address are compared as signed numbers",
      from: "return a[word]! - b[at + word]!;",
      to: "return (a[word]! | 0) - (b[at + word]! | 0);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/linear.ts", LINEAR, [
    {
      id: "linear-last-address",
      what: "the last address of a route is not its own",
      from: "last: first + span - 1,",
      to: "last: first + Math.max(span - 2, 0),",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_probe.ts", ["core/fib/lc_trie_test.ts"], [
    {
      id: "lc-probe-suffix-of-one-more",
      what: "an alias matches an address that differs in the bit above its suffix",
      from: "if (different >= 2 ** (word >>> 24)) continue;",
      to: "if (different > 2 ** (word >>> 24)) continue;",
    },
    {
      id: "lc-probe-backtracks-by-one",
      what: "going back takes the child before, not the one without its lowest bit",
      from: "    index &= index - 1;\n",
      to: "    index--;\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_arena.ts", ["core/fib/lc_trie_test.ts"], [
    {
      id: "lc-clear-keeps-free-blocks",
      what: "after clear blocks are handed out from the lists of before",
      from: "    this.freeLists.fill(0);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_arena.ts", [
    "core/fib/_arena_test.ts",
    "core/fib/poptrie_test.ts",
    "core/fib/dxr_test.ts",
  ], [
    {
      id: "arena-reused-not-counted",
      what: "a block that is handed out again does not count as in use",
      from: "    this.live += length;\n    return reused",
      to: "    if (reused < 0) this.live += length;\n    return reused",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_dxr_store.ts", ["core/fib/dxr_test.ts"], [
    {
      id: "dxr-same-run-held-twice",
      what: "a chunk whose run stays as it was holds it once more",
      from: "if (old >= 0) chunks.drop(old);",
      to: "if (old >= 0 && old !== descriptor) chunks.drop(old);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_prefix_bits.ts", [...RIB, "core/fib/mtrie_test.ts"], [
    {
      id: "rib-bits-skip-16",
      what: "a search from below /16 does not see the /16 itself",
      from:
        "for (let node = nodeOf(prefix, d); node > 1; node >>>= 1, d--) {\n        if ((words[line",
      to:
        "for (let node = nodeOf(prefix, d); node > 0; node >>>= 1, d--) {\n        if ((words[line",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_rib6.ts", [...SIX, "core/fib/lpm6_test.ts"], [
    {
      id: "rib6-node-of-two-removed",
      what: "a route between two branches takes one of them with it",
      from: "if (side < 0 || this.hasTwoChildren(node)) return true;",
      to: "if (side < 0) return true;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/lpm6.ts", ["core/fib/lpm6_test.ts"], [
    {
      id: "lpm6-bulk-without-default",
      what: "the bulk look-up knows no default route",
      from: "(entry & HOP6 & hit) | (missHop & ~hit);",
      to: "(entry & HOP6 & hit) | ~hit;",
    },
    {
      id: "lpm6-clear-keeps-default",
      what: "clear leaves the default route",
      from: "    this.rules.clear();\n    this.missHop = -1;\n",
      to: "    this.rules.clear();\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/route.ts", ["core/fib/mtrie_test.ts"], [
    {
      id: "mask-of-depth-0",
      what: "the mask of depth 0 has all bits, since a shift by 32 is one by 0",
      from: "return depth === 0 ? 0 : (-1 << (32 - depth)) >>> 0;",
      to: "return (-1 << (32 - depth)) >>> 0;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_route6.ts", [...SIX, "core/fib/lpm6_test.ts"], [
    {
      id: "mask6-at-word-limit",
      what: "a depth at the end of a word masks one bit less",
      from: "bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);",
      to: "bits <= 0 ? 0 : bits > 32 ? -1 : -1 << Math.max(1, 32 - bits);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/state_jump.ts", ["core/fib/state_jump_test.ts"], [
    {
      id: "jump-compacted-array-not-taken",
      what: "look-ups go on in the array that compaction left",
      from:
        "    const done = this.blocks.compact();\n    this.words = this.blocks.elements.words;\n",
      to: "    const done = this.blocks.compact();\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_dir24_8_memory.ts", [
    "core/fib/dir24_8_reader_test.ts",
    "core/fib/dir24_8_test.ts",
  ], [
    {
      id: "shared-table-not-zeroed",
      what: "a table that is made where another was keeps its first level",
      from: "    memory.first.fill(0);\n",
      to: "",
    },
    {
      id: "default-change-counted-once",
      what: "a new default route is counted before it is stored only",
      from:
        "    Atomics.store(this.control, MISS, hop);\n    Atomics.add(this.control, MISS_CHANGES, 1);\n",
      to: "    Atomics.store(this.control, MISS, hop);\n",
    },
  ]),
  ...faultsIn("hash", "core/hash/hash_table.ts", ["core/hash/hash_table_test.ts"], [
    {
      id: "hash-add-known-adds-again",
      what: "a key that is there already is not found by add when it lies in its second bucket",
      from: "    const known = this.#find(key, off, hash);\n",
      to: "    const known = this.#findIn(hash & this.#buckets.mask, hash >>> 16, key, off);\n",
    },
    {
      id: "hash-free-position-wraps-late",
      what: "the ring of free positions wraps one entry late",
      from: "this.#free[end < this.entries ? end : end - this.entries] = position;",
      to: "this.#free[end <= this.entries ? end : end - this.entries] = position;",
    },
    {
      id: "hash-walk-shows-deleted",
      what: "a walk shows keys that are deleted and not reclaimed yet",
      from: "if (this.#state[position] === LIVE) visit(position);",
      to: "if (this.#state[position] !== 0) visit(position);",
    },
  ]),
  ...faultsIn("input", "core/bpf/_hash_map.ts", MAPS, [
    {
      id: "bpf-reused-element-of-other-cpus",
      what: "a new element shows other CPUs what the one before it held",
      from: "      this.values.fill(0, copy, copy + this.#stride);\n",
      to: "",
    },
    {
      id: "bpf-lru-lookup-is-no-use",
      what: "a look-up does not count as use of an element",
      from: "    this.#used[element] = ++this.#clock;\n    return element * this.#stride;",
      to: "    return element * this.#stride;",
    },
    {
      id: "bpf-hash-removes-first-of-bucket",
      what: "an element that is removed takes those before it in its bucket along",
      from: "    else this.#next[before] = this.#next[element]!;\n",
      to: "    else this.#buckets[bucket] = this.#next[element]!;\n",
    },
  ]),
  ...faultsIn("LPM", "core/bpf/_lpm_trie.ts", MAPS, [
    {
      id: "bpf-trie-joint-is-present",
      what: "BPF_NOEXIST refuses a prefix where there is a joint only",
      from: "const error = updateError(present, flags);",
      to: "const error = updateError(same, flags);",
    },
    {
      id: "bpf-trie-full-refuses-change",
      what: "an entry cannot be changed when the map is full",
      from: "    if (present) {\n",
      to: "    if (present && this.#freeSlots.length > 0) {\n",
    },
    {
      id: "bpf-trie-joint-deleted",
      what: "a joint can be deleted as if it were an entry",
      from: "    if (this.#real[node] === 0) return -ERRNO.ENOENT;\n",
      to: "",
    },
    {
      id: "bpf-trie-exact-length-only",
      what: "a joint is made though one of the two prefixes is the joint",
      from: "    if (matched === length) {\n      this.#child[added",
      to: "    if (matched === length && matched > 0) {\n      this.#child[added",
    },
  ]),
  ...faultsIn("input", "core/bpf/_array_map.ts", MAPS, [
    {
      id: "bpf-array-one-beyond",
      what: "the index behind the last entry is looked up",
      from: "    if (index >= this.spec.maxEntries) return -1;\n",
      to: "    if (index > this.spec.maxEntries) return -1;\n",
    },
  ]),
  ...faultsIn("input", "core/bpf/_alu.ts", VM, [
    {
      id: "bpf-alu32-keeps-high-half",
      what: "an operation of 32 bits leaves the high half of its register",
      from: "  lo[dst] = compute32(op & 0xf0, a, b, off);\n  hi[dst] = 0;\n",
      to: "  lo[dst] = compute32(op & 0xf0, a, b, off);\n",
    },
    {
      id: "bpf-mod-by-0",
      what: "the remainder of a division by 0 is 0, not the dividend",
      from: "      if (b === 0) return a;\n",
      to: "      if (b === 0) return 0;\n",
    },
    {
      id: "bpf-arsh-of-32-or-more",
      what: "an arithmetic shift by 32 or more brings zeros",
      from: "    high = fill;\n",
      to: "    high = 0;\n",
    },
    {
      id: "bpf-cmpxchg32-keeps-high-half",
      what: "a compare and exchange of 32 bits leaves the high half of R0",
      from: "    hi[0] = oldHigh;\n",
      to: "    if (wide) hi[0] = oldHigh;\n",
    },
  ]),
  ...faultsIn("input", "core/bpf/_branch.ts", VM, [
    {
      id: "bpf-signed-less-is-unsigned",
      what: "a signed less-than compares as unsigned",
      from: "    case JMP.JSLT:\n      return signed < 0;",
      to: "    case JMP.JSLT:\n      return unsigned < 0;",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_alu.ts", VERIFIER, [
    {
      id: "bpf-mov32-sign-extended",
      what: "the verifier takes the constant of a 32-bit move for sign-extended",
      from: "scalar(Num.of(wide ? BigInt(imm) : BigInt(imm >>> 0)));",
      to: "scalar(Num.of(BigInt(imm)));",
    },
    {
      id: "bpf-arithmetic-on-maybe-null",
      what: "a pointer that may be null may be moved before it is checked",
      from: 'if (from.kind === "map_value_or_null") {',
      to: 'if (from.kind === "map_value_or_null" && !by.isConst) {',
    },
    {
      id: "bpf-moved-pointer-keeps-range",
      what: "a packet pointer moved by an unknown number keeps the range that was checked",
      from: "{ ...from, num, id: newId(), range: 0 });",
      to: "{ ...from, num, id: newId() });",
    },
  ]),
  ...faultsIn("input", "core/bpf/_num.ts", ["core/bpf/_num_test.ts", ...VERIFIER], [
    {
      id: "bpf-subtraction-bounds",
      what: "the least value of a difference is that of the least values",
      from:
        "const [smin, smax] = [a.smin - b.smax, a.smax - b.smin];\n  const [umin, umax] = [a.umin - b.umax, a.umax - b.umin];",
      to:
        "const [smin, smax] = [a.smin - b.smin, a.smax - b.smax];\n  const [umin, umax] = [a.umin - b.umin, a.umax - b.umax];",
    },
    {
      id: "bpf-product-overflow",
      what: "the product of two ranges is bounded though it may overflow",
      from: "  if (a.umax * b.umax > ALL) return UNKNOWN;\n",
      to: "",
    },
    {
      id: "bpf-or-of-bounds",
      what: "an or is at most the greater of its operands",
      from: "norm(value, mask, most(a.umin, b.umin), value | mask, SMIN, SMAX);",
      to: "norm(value, mask, most(a.umin, b.umin), most(a.umax, b.umax), SMIN, SMAX);",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_prune.ts", VERIFIER, [
    {
      id: "bpf-pruned-with-less-range",
      what: "a state is pruned though less of its packet was checked",
      from: "then.off !== now.off || then.range > now.range ||",
      to: "then.off !== now.off ||",
    },
    {
      id: "bpf-pruned-without-stack",
      what: "a state is pruned by registers alone",
      from: "      if (!slotCovers(a.stack[i]!, b.stack[i]!, ids)) return false;\n",
      to: "",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_call.ts", [...VERIFIER, "stacks/xdp/verdicts_test.ts"], [
    {
      id: "bpf-packet-pointers-stay",
      what: "packet pointers stay good when a helper has moved the packet",
      from: "  if (helper.changesPacket === true) voidPackets(frames);\n",
      to: "",
    },
    {
      id: "bpf-call-keeps-arguments",
      what: "a helper's arguments may be read again after the call",
      from: "for (let r = 1; r <= 5; r++) regs[r] = NONE;",
      to: "for (let r = 1; r < 5; r++) regs[r] = NONE;",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_cfg.ts", VERIFIER, [
    {
      id: "bpf-cmpxchg-does-not-use-r0",
      what: "R0 counts as not needed before a compare and exchange",
      from: "[dst | src | ((op & 0xe0) === MODE.ATOMIC ? 1 : 0), 0];",
      to: "[dst | src, 0];",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_step.ts", VERIFIER, [
    {
      id: "bpf-fetch-leaves-register",
      what: "the verifier takes the operand of a fetch-and-add for unchanged",
      from: "      regs[src] = loaded(size, false);\n",
      to: "",
    },
    {
      id: "bpf-returns-stack-pointer",
      what: "a function may return a pointer into its stack",
      from: '    if (result.kind === "fp") return "cannot return stack pointer to the caller";\n',
      to: "",
    },
  ]),
];
