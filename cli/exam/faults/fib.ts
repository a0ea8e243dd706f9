/** Faults of IPv4 forwarding tables. */
import { type Fault, faultsIn } from "../fault.ts";

const DIR = [
  "core/fib/dir24_8_test.ts",
  "core/fib/dir24_8_cases_test.ts",
  "core/fib/bulk_test.ts",
];
const READER = ["core/fib/dir24_8_reader_test.ts"];
const RIB = ["core/fib/rib_test.ts", ...DIR];
const COMPACT = ["core/fib/dir24_8_compact_test.ts"];
const DXR = ["core/fib/dxr_test.ts", "core/fib/bulk_test.ts"];
const POPTRIE = ["core/fib/poptrie_test.ts", "core/fib/bulk_test.ts"];

/** DIR-24-8 (rte_lpm), DXR, Poptrie. */
export const FIB_FAULTS: readonly Fault[] = [
  ...faultsIn("LPM", "core/fib/_levels.ts", DIR, [
    {
      id: "tbl8-leaks-at-boundary",
      what: "a group whose rules are all gone is kept where the cover has the depth of its level",
      from: "common >>> DEPTH_SHIFT > level) return false;",
      to: "common >>> DEPTH_SHIFT >= level) return false;",
    },
    {
      id: "tbl8-never-freed",
      what: "a group that came to say no more than its parent is not given back to the pool",
      from: "    this.publish(parent, slot, common);\n    this.pool.release(group);\n",
      to: "    this.publish(parent, slot, common);\n",
    },
    {
      id: "tbl8-freed-by-first-entry",
      what: "a group is judged empty by its first 255 entries",
      from: "for (let i = base + 1; i < base + GROUP_SLOTS; i++) {",
      to: "for (let i = base + 1; i < base + GROUP_SLOTS - 1; i++) {",
    },
    {
      id: "tbl8-misses-next-level",
      what: "a rule exactly as long as a level is put one level too deep",
      from: "    while (depth > level) {\n      const old = table[slot]!;",
      to: "    while (depth >= level && level < 32) {\n      const old = table[slot]!;",
    },
    {
      id: "tbl8-forgets-cover",
      what: "a new group forgets the entry that it replaces",
      from: "entries.fill(old, group << 8, (group << 8) + GROUP_SLOTS);",
      to: "entries.fill(0, group << 8, (group << 8) + GROUP_SLOTS);",
    },
    {
      id: "tbl24-range-one-short",
      what: "the last slot of a rule's range is not written",
      from: "    this.writeRange(table, slot, slot + (1 << (level - depth)), entry);\n  }",
      to:
        "    const slots = 1 << (level - depth);\n    this.writeRange(table, slot, slot + Math.max(1, slots - 1), entry);\n  }",
    },
    {
      id: "tbl24-overwrites-longer",
      what: "a rule is written over longer ones (the depths are not compared)",
      from: "const wins = ((old >>> DEPTH_SHIFT) - depth - 1) >> 31;",
      to: "const wins = ((old >>> DEPTH_SHIFT) - 33) >> 31;",
    },
    {
      id: "tbl24-equal-depth-loses",
      what: "a changed next hop loses against the old one of the same depth",
      from: "const wins = ((old >>> DEPTH_SHIFT) - depth - 1) >> 31;",
      to: "const wins = ((old >>> DEPTH_SHIFT) - depth) >> 31;",
    },
    {
      id: "tbl8-not-updated-beneath",
      what: "a shorter rule is not written into the groups beneath its slots",
      from: "        this.writeRange(this.pool.entries, base, base + GROUP_SLOTS, entry);\n",
      to: "        this.touched += base & 0;\n",
    },
    {
      id: "erase-skips-groups",
      what: "a deletion leaves the rule standing in the groups beneath",
      from:
        "        this.eraseRange(this.pool.entries, base, base + GROUP_SLOTS, depth, uncovered);\n",
      to: "        this.touched += base & 0;\n",
    },
    {
      id: "erase-takes-longer-too",
      what: "a deletion also takes what longer rules have in the range",
      from: "      } else if (old >>> DEPTH_SHIFT === depth) {",
      to: "      } else if (old >>> DEPTH_SHIFT >= depth) {",
    },
    {
      id: "collapse-stops-early",
      what: "only the lowest group on the path of a deleted rule is looked at",
      from: "      if (!this.collapse(parent, path[below]!, level)) return;",
      to: "      this.collapse(parent, path[below]!, level);\n      return;",
    },
    {
      id: "missing-groups-short-by-one",
      what: "one group too few is reckoned for a rule that needs a whole chain",
      from:
        "      if ((entry & EXTENDED) === 0) return Math.ceil((depth - level) / 8);\n      table = this.pool.entries;\n      slot = ((entry & HOP) << 8) | ((prefix >>> (24 - level)) & 255);\n    }\n    return 0;",
      to:
        "      if ((entry & EXTENDED) === 0) return Math.floor((depth - level) / 8);\n      table = this.pool.entries;\n      slot = ((entry & HOP) << 8) | ((prefix >>> (24 - level)) & 255);\n    }\n    return 0;",
    },
    {
      id: "valid-count-drifts",
      what: "a published entry that was invalid before is not counted as occupied",
      from: "this.validFirst += (entry === 0 ? 0 : 1) - (table[slot] === 0 ? 0 : 1);",
      to: "this.validFirst -= entry === 0 && table[slot] !== 0 ? 1 : 0;",
    },
    {
      id: "clear-leaves-slots",
      what: "clear empties one slot for a rule that covers many",
      from: "    return depth >= this.firstBits ? 1 : 1 << (this.firstBits - depth);",
      to: "    return depth >= this.firstBits - 1 ? 1 : 1 << (this.firstBits - depth);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_levels.ts", READER, [
    {
      id: "group-published-before-filled",
      what: "a group is made reachable before its entries are written",
      from:
        "        this.publish(table, slot, this.buildGroup(prefix, depth, entry, level, old));\n        return;",
      to:
        "        const group = this.pool.allocate();\n        this.publish(table, slot, entryBits.groupEntry(group));\n        this.pool.entries.fill(old, group << 8, (group << 8) + GROUP_SLOTS);\n        this.insert(prefix, depth, entry);\n        return;",
    },
    {
      id: "publish-not-atomic",
      what: "the store that makes a group reachable is a plain one where other threads read",
      from:
        "    if (this.isShared) Atomics.store(table, slot, entry);\n    else table[slot] = entry;",
      to: "    table[slot] = entry;",
    },
    {
      id: "group-freed-before-parent",
      what: "a group goes back to the pool before its parent's entry is replaced",
      from: "    this.publish(parent, slot, common);\n    this.pool.release(group);\n",
      to:
        "    this.pool.release(group);\n    entries[base] = 0;\n    this.publish(parent, slot, common);\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/group_pool.ts", [...DIR, ...READER], [
    {
      id: "pool-hands-out-first-again",
      what: "of the returned groups the first is handed out, whichever the count has come to",
      from: "if (this.returnedCount > 0) return this.returned[--this.returnedCount]!;",
      to: "if (this.returnedCount > 0) return this.returned[--this.returnedCount * 0]!;",
    },
    {
      id: "pool-one-group-unused",
      what: "the last group of the pool is never handed out",
      from: "return this.freshNext < this.capacity ? this.freshNext++ : -1;",
      to: "return this.freshNext < this.capacity - 1 ? this.freshNext++ : -1;",
    },
    {
      id: "rcu-reuse-at-once",
      what: "a group that readers may still be in is handed out again at once",
      from: "    if (this.grace === undefined) this.returned[this.returnedCount++] = group;\n",
      to: "    if (this.grace !== null) this.returned[this.returnedCount++] = group;\n",
    },
    {
      id: "rcu-queue-never-drained",
      what: "groups that readers have left are not taken back",
      from: "while (n < waiting.length && grace!.hasPassed(waiting[n]![1])) {",
      to: "while (n < waiting.length - 1 && grace!.hasPassed(waiting[n]![1])) {",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_grace.ts", READER, [
    {
      id: "qsbr-looks-at-one-reader",
      what: "only the first reader is asked whether it was quiescent",
      from: "for (let at = LINE; at < this.words.length; at += LINE) {",
      to: "for (let at = LINE; at < 2 * LINE; at += LINE) {",
    },
    {
      id: "qsbr-token-compared-unsigned",
      what: "tokens are compared as numbers, which goes wrong when they wrap",
      from: "if (seen !== 0 && ((seen - token) | 0) < 0) return false;",
      to: "if (seen !== 0 && seen < token) return false;",
    },
    {
      id: "qsbr-equal-token-waits",
      what: "a reader that has reported this very token is waited for",
      from: "if (seen !== 0 && ((seen - token) | 0) < 0) return false;",
      to: "if (seen !== 0 && ((seen - token) | 0) <= 0) return false;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/dir24_8.ts", DIR, [
    {
      id: "delete-uncovers-nothing",
      what: "a deletion writes invalid entries instead of the rule beneath",
      from: "return covering === 0 ? 0 : entryBits.leafEntry(",
      to: "return covering >= 0 ? 0 : entryBits.leafEntry(",
    },
    {
      id: "rule-stays-when-refused",
      what: "the limit of rules is checked one too late",
      from: "      if (rules.count >= this.maxRules) return false;\n      if (!levels.pool",
      to: "      if (rules.count > this.maxRules) return false;\n      if (!levels.pool",
    },
    {
      id: "default-route-survives-delete",
      what: "a deleted default route goes on answering",
      from: "    if (depth === 0) this.setMiss(-1);\n",
      to: "    if (depth === 0) this.missHop |= 0;\n",
    },
    {
      id: "bulk-skips-third-level",
      what: "the bulk look-up takes the number of a group for a next hop",
      from: "if ((deep & EXTENDED) === 0) continue;",
      to: "if ((deep & EXTENDED) === 0 || n > 2) continue;",
    },
    {
      id: "lookup-wrong-byte",
      what: "the last 8 bits of the address are taken from the byte before",
      from: "((address >>> (shift - 16)) & 255)",
      to: "((address >>> (shift - 8)) & 255)",
    },
    {
      id: "clear-keeps-default",
      what: "clear keeps what a miss answers",
      from: "    this.rules.clear();\n    this.missHop = -1;\n",
      to: "    this.rules.clear();\n",
    },
    {
      id: "host-bits-not-masked",
      what: "add does not mask the host bits of a prefix",
      from: "    const masked = prefix & maskOf(depth);\n    // Whether",
      to: "    const masked = prefix & maskOf(Math.min(32, depth + 8));\n    // Whether",
    },
  ]),
  ...faultsIn("LPM", "core/fib/dir24_8_reader.ts", READER, [
    {
      id: "reader-joins-old-entry-to-new-default",
      what: "a reader answers a miss with the default it saw, whatever has changed since",
      from: "if (this.seen[CHANGES] === this.memory.missChanges) return this.seen[MISS]!;",
      to: "if (this.seen[CHANGES]! >= 0) return this.seen[MISS]!;",
    },
    {
      id: "reader-default-torn",
      what: "a default that changed while it was read is believed",
      from: "if (memory.missChanges !== changes) continue;",
      to: "if (memory.missChanges < changes) continue;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/rule_table.ts", RIB, [
    {
      id: "rib-hole-breaks-probe",
      what: "a removed rule leaves a hole that ends the probe for those behind it",
      from: "if (((slot - home) & this.mask) >= ((slot - hole) & this.mask)) {",
      to: "if (((slot - home) & this.mask) > ((slot - hole) & this.mask)) {",
    },
    {
      id: "rib-cover-shortest",
      what: "what a deletion uncovers is looked for from the shortest depth on",
      from: "for (let d = depth - 1; d > 0; d--) {",
      to: "for (let d = 1; d < depth; d++) {",
    },
    {
      id: "rib-cover-misses-one-depth",
      what: "the depth just above the deleted rule's is not looked at",
      from: "for (let d = depth - 1; d > 0; d--) {",
      to: "for (let d = depth - 2; d > 0; d--) {",
    },
    {
      id: "rib-doubling-loses-depth-count",
      what: "the count of rules of a depth is not reduced by a removal",
      from: "    this.perDepth[depth]!--;\n    this.bits?.remove(prefix, depth);",
      to: "    this.bits?.remove(prefix, depth);",
    },
    {
      id: "rib-bits-stale",
      what: "a removed rule keeps its bit in a large table",
      from: "    this.perDepth[depth]!--;\n    this.bits?.remove(prefix, depth);",
      to: "    this.perDepth[depth]!--;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_bulk.ts", DIR, [
    {
      id: "bulk-load-descending",
      what: "a bulk load of equal depths lets the first duplicate win",
      from: "for (let i = 0; i < routes.count; i++) order[next[routes.depth[i]!]!++] = i;",
      to: "for (let i = routes.count - 1; i >= 0; i--) order[next[routes.depth[i]!]!++] = i;",
    },
    {
      id: "bulk-refusal-half-undone",
      what: "what a refused bulk addition had changed is not changed back",
      from: "      else fib.add(routes.prefix[i]!, routes.depth[i]!, before[i]!);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_compact_levels.ts", COMPACT, [
    {
      id: "compact-counts-changes",
      what: "a changed next hop counts as one more rule of its groups",
      from: "if (isNew) this.longer[group]!++;",
      to: "this.longer[group]!++;",
    },
    {
      id: "compact-collapses-lowest-only",
      what: "of the groups on the path of a deleted rule only the lowest can go back",
      from: "while (above-- > 0) this.collapse(",
      to: "if (above-- > 0) this.collapse(",
    },
    {
      id: "compact-miss-is-no-leaf",
      what: "no groups are reckoned for a rule in an empty place",
      from: "if (entry <= 0) return Math.ceil((depth - level) / 8);",
      to: "if (entry < 0) return Math.ceil((depth - level) / 8);",
    },
    {
      id: "compact-wipe-leaves-depths",
      what: "an emptied slot keeps the depth of the rule that had won it",
      from: "    this.first.fill(0, from, to);\n    this.firstDepths.fill(0, from, to);\n",
      to: "    this.first.fill(0, from, to);\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_ranges.ts", DXR, [
    {
      id: "dxr-range-ends-late",
      what: "a range that ends where the next begins is not closed",
      from: "while (this.endings[this.open - 1]! <= offset) {",
      to: "while (this.endings[this.open - 1]! < offset) {",
    },
    {
      id: "dxr-equal-neighbours",
      what: "neighbouring ranges with one next hop stay two",
      from: "if (n === 0 || this.hops[n - 1] !== hop) {",
      to: "if (n === 0 || this.hops[n - 1] !== hop || start % 2 === 0) {",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_dxr_chunks.ts", DXR, [
    {
      id: "dxr-chunk-shared-but-freed",
      what: "a shared run goes back with the first of its references",
      from: "    if (--this.references[d]! > 0) return;\n",
      to: "    if (--this.references[d]! > 1) return;\n    this.references[d] = 0;\n",
    },
    {
      id: "dxr-chunk-leaks",
      what: "the range entries of a run that nobody holds are not given back",
      from: "    this.arena.release(this.bases[d]!, this.lengths[d]!);\n    const head",
      to: "    const head",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_dxr_entry.ts", DXR, [
    {
      id: "dxr-short-limit",
      what: "a next hop that does not fit a short entry is put into one",
      from: "const top = 2 ** (this.bits - 8) - 2;",
      to: "const top = 2 ** (this.bits - 8);",
    },
    {
      id: "dxr-xl-off-by-one",
      what: "a run of 512 ranges is not marked as one whose length is in its first word",
      from: "const extra = count - 1 >= XL ? 1 : 0;",
      to: "const extra = count - 1 > XL ? 1 : 0;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/dxr.ts", DXR, [
    {
      id: "dxr-search-signed",
      what: "the search takes the greater half where start and address are equal",
      from: "at += half & (((words[at + half]! >>> bits) - offset - 1) >> 31);",
      to: "at += half & (((words[at + half]! >>> bits) - offset) >> 31);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_chunk_rules.ts", [...DXR, ...POPTRIE], [
    {
      id: "chunk-cover-of-equal-depth",
      what: "a changed short rule does not replace the next hop of its chunks",
      from: "if (this.coverDepth[c]! > depth + 1) continue;",
      to: "if (this.coverDepth[c]! >= depth + 1) continue;",
    },
    {
      id: "chunk-uncovers-zero",
      what: "a chunk that loses its only cover answers next hop 0",
      from: "this.coverDepth[c] = hop < 0 ? 0 : covering + 1;\n      this.coverHop[c] = hop;",
      to: "this.coverDepth[c] = covering + 1;\n      this.coverHop[c] = Math.max(0, hop);",
    },
    {
      id: "chunk-block-not-returned",
      what: "the list that a chunk has outgrown is used by two",
      from: "    if (n === 0 || to !== from) this.giveBack(from, sizeOf(n + 1));\n",
      to: "    if (to !== from) this.giveBack(to, sizeOf(n + 1));\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_chunk_updates.ts", [...DXR, ...POPTRIE], [
    {
      id: "chunk-refusal-keeps-new-hop",
      what: "a refused change of a next hop is not taken back",
      from:
        "      else rules.set(masked, depth, before, compile);\n    }\n    this.store.settle();",
      to: "    }\n    this.store.settle();",
    },
    {
      id: "chunk-limit-off-by-one",
      what: "a table that just fits its limit of bytes is refused",
      from: "const fits = this.store.bytesOccupied <= this.limits.maxBytes;",
      to: "const fits = this.store.bytesOccupied < this.limits.maxBytes;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie_node.ts", [...POPTRIE, "core/fib/poptrie6_test.ts"], [
    {
      id: "poptrie-rank-misses-high-word",
      what: "the upper half of a vector is counted with the mask of the lower",
      from: "let b = words[at + 1]! & mask & high;",
      to: "let b = words[at + 1]! & (mask >>> 1) & high;",
    },
    {
      id: "poptrie-rank-slot-31",
      what: "slot 31 counts the whole upper half",
      from: "const high = -(v >>> 5);",
      to: "const high = -((v + 1) >>> 5);",
    },
    {
      id: "poptrie-leafvec-over-child",
      what: "a run of leaves begins anew behind each child",
      from: "if (this.leaves > 0 && this.values[this.leaves - 1] === value) return;",
      to: "if (this.leaves > this.children && this.values[this.leaves - 1] === value) return;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie_build.ts", POPTRIE, [
    {
      id: "poptrie-child-for-full-slot",
      what: "a slot whose answer changes at its very end gets no child",
      from: "starts[run + 1]! < from + size) {",
      to: "starts[run + 1]! < from + size - 1) {",
    },
    {
      id: "poptrie-rebase-children",
      what: "the children of a moved block are looked for where they were",
      from: "    words[w + BASE1]! += byWords;\n",
      to: "    words[w + BASE1]! += byWords & ~31;\n",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_poptrie_store.ts", POPTRIE, [
    {
      id: "poptrie-block-leaks",
      what: "the block that an update replaces is not given back",
      from: "      arena.release(old, lengths[chunk]!);\n    }",
      to: "    }",
    },
    {
      id: "poptrie-freed-before-published",
      what: "the old block goes back with the length of the new one",
      from: "arena.release(old, lengths[chunk]!);",
      to: "arena.release(old, length);",
    },
  ]),
];
