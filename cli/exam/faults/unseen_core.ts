/**
 * Faults of the parts, of the kinds that the histories of real data planes mend; written from the
 * sources alone, before the tests were looked at.
 */
import { type Fault, faultsIn } from "../fault.ts";

const FORWARDERS = ["stacks/example/conformance_test.ts", "stacks/dpdk/conformance_test.ts"];
const LINUX = [
  "stacks/linux-napi/ixgbe_test.ts",
  "stacks/linux-napi/tx_path_test.ts",
  "stacks/linux-napi/ip_test.ts",
  "stacks/linux-napi/originated_test.ts",
  "stacks/linux-napi/gro_test.ts",
  "stacks/linux-napi/interrupts_test.ts",
  "stacks/linux-napi/overload_test.ts",
  "stacks/linux-napi/conformance_test.ts",
];

/** Faults of rings, pools and hash tables. */
export const UNSEEN_MEMORY_FAULTS: readonly Fault[] = [
  ...faultsIn("ring", "core/ring/_mpmc_side.ts", [
    "core/ring/_mpmc_side_test.ts",
    "core/ring/mpmc_test.ts",
    "core/ring/mpmc_steps_test.ts",
    "core/ring/mpmc_stall_test.ts",
  ], [
    {
      id: "u-mpmc-exact-bulk-refused",
      what: "a bulk that fills the ring exactly is refused",
      from: "    return room >= want ? want : bulk ? 0 : room;",
      to: "    return room > want || (room === want && !bulk) ? want : bulk ? 0 : room;",
    },
    {
      id: "u-mpmc-rts-tail-compared-signed",
      what: "in RTS mode the tail is compared as a number, which fails where the indices wrap",
      from: "    while (((done - tail) | 0) > 0) {",
      to: "    while (done > tail) {",
    },
  ]),
  ...faultsIn("ring", "core/ring/mpmc.ts", [
    "core/ring/mpmc_test.ts",
    "core/ring/mpmc_steps_test.ts",
    "properties/ring/conformance_test.ts",
  ], [
    {
      id: "u-mpmc-peek-not-ended-by-dequeue",
      what: "a dequeue after a peek leaves the items peeked to be released later",
      from: "  dequeue(): number {\n    if (this.#peeked !== 0) this.release(0);\n",
      to: "  dequeue(): number {\n",
    },
    {
      id: "u-mpmc-free-by-heads",
      what: "an item that is being taken counts as taken: count is by the consumers' head",
      from: "    const head = this.#load(CONSUMER_WORDS + SIDE_TAIL);",
      to: "    const head = this.#load(CONSUMER_WORDS + SIDE_HEAD);",
    },
  ]),
  ...faultsIn("ring", "core/ring/_spsc_end.ts", [
    "core/ring/spsc_test.ts",
    "core/ring/spsc_worker_test.ts",
    "core/ring/publication_test.ts",
  ], [
    {
      id: "u-spsc-reset-keeps-seen",
      what: "a reset leaves what an end had seen of the other",
      from: "    mine[SEEN] = start;\n    mine[TOLD]",
      to: "    mine[TOLD]",
    },
    {
      id: "u-spsc-flush-waits-for-batch",
      what: "a flush publishes only when the batch is full",
      from: "    if (this.#shared) this.#tell(1);",
      to: "    if (this.#shared) this.#tell(this.#batch);",
    },
    {
      id: "u-spsc-told-not-noted",
      what: "what was published is not noted, so that batches grow together",
      from: "    mine[TOLD] = own;\n    Atomics.store(mine, PUBLISHED, own);",
      to: "    Atomics.store(mine, PUBLISHED, own);",
    },
  ]),
  ...faultsIn("ring", "core/ring/spsc.ts", [
    "core/ring/spsc_test.ts",
    "core/ring/spsc_worker_test.ts",
    "core/ring/publication_test.ts",
  ], [
    {
      id: "u-spsc-short-peek-holds-back",
      what: "a peek that finds too little does not tell the producer of the slots released before",
      from: "    if (n < want) this.#out.flush();\n    return this.#peeked = n;",
      to: "    return this.#peeked = n;",
    },
  ]),
  ...faultsIn("ring", "core/ring/element_ring.ts", [
    "core/ring/spsc_test.ts",
    "core/ring/mpmc_test.ts",
    "properties/ring/conformance_test.ts",
  ], [
    {
      id: "u-elements-reserve-bulk-part",
      what: "a bulk reservation of elements reserves what it can get",
      from: "this.#ring.reserveBulk(n * this.elementWords)",
      to: "this.#ring.reserve(n * this.elementWords)",
    },
  ]),
  ...faultsIn("ring", "core/ring/reorder_buffer.ts", ["core/ring/reorder_buffer_test.ts"], [
    {
      id: "u-reorder-beyond-by-one",
      what: "a sequence number twice the size ahead is taken, not beyond",
      from: "    if (ahead >= 2 * this.size) return",
      to: "    if (ahead > 2 * this.size) return",
    },
    {
      id: "u-reorder-ready-forgotten-in-count",
      what: "items that are ready are not counted",
      from: "    return this.#readyCount + this.#kept;",
      to: "    return this.#kept;",
    },
    {
      id: "u-reorder-drain-up-to-past-ready",
      what: "what is ready is drained up to the number, the number included",
      from: "!isBefore(this.#readySequence[this.#readyHead]!, sequence)",
      to: "isBefore(sequence, this.#readySequence[this.#readyHead]!)",
    },
  ]),
  ...faultsIn("ring", "core/ring/timed_ring.ts", ["core/ring/timed_ring_test.ts"], [
    {
      id: "u-timed-room-of-slots",
      what: "the room of a ring of exact size is judged by slots, not by the item `size` before",
      from: "    const first = this.#tail - this.size;",
      to: "    const first = this.#tail - this.#mask - 1;",
    },
    {
      id: "u-timed-reset-keeps-release",
      what: "a reset leaves the time of the last release",
      from: "    this.#lastPublishPs = -Infinity;\n    this.#lastReleasePs = -Infinity;\n  }",
      to: "    this.#lastPublishPs = -Infinity;\n  }",
    },
  ]),
  ...faultsIn("hash", "core/hash/hash_table.ts", ["core/hash/hash_table_test.ts"], [
    {
      id: "u-hash-second-bucket-not-tried",
      what: "no room is made in the second bucket of a key",
      from: "    if (slot === NONE) slot = buckets.makeRoom(second);\n",
      to: "",
    },
    {
      id: "u-hash-retired-key-unreadable",
      what: "the key of a position that waits to be reclaimed cannot be read",
      from: "    if (!(this.#state[position]! > 0)) return false;",
      to: "    if (this.#state[position] !== LIVE) return false;",
    },
  ]),
  ...faultsIn("hash", "core/hash/_buckets.ts", ["core/hash/hash_table_test.ts"], [
    {
      id: "u-hash-chained-bucket-leaks",
      what: "a chained bucket that has become empty does not go back to the spare ones",
      from: "    if (end > last * SLOTS) return;",
      to: "    if (end >= last * SLOTS) return;",
    },
    {
      id: "u-hash-chain-hole-not-filled",
      what: "a slot is cleared where it is, though a chain hangs on the bucket",
      from: "    if (before === NONE) {",
      to: "    if (before === NONE || slot < last * SLOTS) {",
    },
  ]),
  ...faultsIn("pool", "core/memory/mempool.ts", [
    "core/memory/mempool_test.ts",
    "properties/mempool/conformance_test.ts",
    "core/memory/refusal_test.ts",
    "core/machine/refill_test.ts",
  ], [
    {
      id: "u-pool-flush-copies-from-zero",
      what: "what stays in a cache of lcore 1 or later is moved to the wrong place",
      from: "    cache.copyWithin(base, base + cold, base + cached);",
      to: "    cache.copyWithin(base, base + cold, cached);",
    },
    {
      id: "u-pool-refusal-not-counted-twice",
      what: "a second refusal in a row is not counted",
      from: "    this.#starved = true;\n    this.refusals++;",
      to: "    if (!this.#starved) this.refusals++;\n    this.#starved = true;",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf.ts", [
    "core/memory/mbuf_test.ts",
    "core/packet/fragment_test.ts",
  ], [
    {
      id: "u-mbuf-headroom-of-shared",
      what: "bytes may be prepended to a buffer whose external bytes somebody else shows",
      from: "  return memory.owner[b] === b || memory.external.get(b)?.references === 1;",
      to: "  return memory.owner[b] === b || memory.external.has(b);",
    },
    {
      id: "u-mbuf-read-end-refused",
      what: "the last byte of a chain cannot be read",
      from: "from + n > mbufLength(memory, b)",
      to: "from + n >= mbufLength(memory, b)",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_share.ts", ["core/memory/mbuf_test.ts"], [
    {
      id: "u-mbuf-home-of-next-pool",
      what: "the first buffer behind a pool counts as the pool's own",
      from: "b >= pool.first && b < pool.first + pool.size",
      to: "b >= pool.first && b <= pool.first + pool.size",
    },
    {
      id: "u-mbuf-attach-forgets-hash",
      what: "a buffer that shows another's bytes keeps its own hash",
      from: "  memory.hash[b] = memory.hash[from]!;\n",
      to: "",
    },
    {
      id: "u-mbuf-detach-keeps-length",
      what: "a buffer that is detached keeps the length of what it showed",
      from: "  memory.length[b] = 0;\n  memory.hidden(b);",
      to: "  memory.hidden(b);",
    },
    {
      id: "u-mbuf-retain-one-too-few",
      what: "the last reference that fits is refused",
      from: "references[s]! + n > REFERENCES_MAX",
      to: "references[s]! + n >= REFERENCES_MAX",
    },
    {
      id: "u-mbuf-clone-leaks-made",
      what: "a clone that cannot attach a segment keeps the buffer that it has got for it",
      from: "      if (made >= 0) pool.put(lcore, made);\n",
      to: "",
    },
  ]),
  ...faultsIn("pool", "core/memory/llc.ts", ["core/memory/host_memory_test.ts"], [
    {
      id: "u-llc-first-in-first-out",
      what: "a line that is used stays as old as it was filled",
      from: "    this.#used[at] = ++this.#accesses;\n    if (write)",
      to: "    ++this.#accesses;\n    if (write)",
    },
    {
      id: "u-llc-dirty-forgotten",
      what: "a write to a cached line does not make it dirty",
      from: "    if (write) this.#dirty[at] = 1;\n",
      to: "",
    },
  ]),
  ...faultsIn("pool", "core/memory/host_memory.ts", ["core/memory/host_memory_test.ts"], [
    {
      id: "u-host-memory-keeps-busy",
      what: "memory that is reset is as busy as before",
      from: "    this.#freeAt.fill(0);\n    Object",
      to: "    Object",
    },
    {
      id: "u-ddio-fills-all-ways",
      what: "a line that a device writes is filled into every way, not only into those of DDIO",
      from: "this.#fill(line, this.#profile.ddioWays, true);",
      to: "this.#fill(line, this.#profile.llcWays, true);",
    },
  ]),
];

/** Faults of packets: headers, fragments, reassembly. */
export const UNSEEN_PACKET_FAULTS: readonly Fault[] = [
  ...faultsIn("packet", "core/packet/ipv4_forward.ts", [
    "core/packet/ipv4_forward_test.ts",
    "core/packet/router_test.ts",
  ], [
    {
      id: "u-header-of-twenty-refused",
      what: "a packet of a header and nothing else is refused",
      from: "  if (!(room >= 20)) return BAD_HEADER;",
      to: "  if (!(room > 20)) return BAD_HEADER;",
    },
    {
      id: "u-header-longer-than-there",
      what: "a header that is as long as its frame is refused",
      from: "headerBytes < 20 || headerBytes > room",
      to: "headerBytes < 20 || headerBytes >= room",
    },
  ]),
  ...faultsIn("packet", "core/packet/checksum.ts", ["core/packet/checksum_test.ts"], [
    {
      id: "u-checksum-32-low-from-old",
      what: "an update by 32 bits forgets what the high half changed",
      from: "  return updateChecksum(high, before & 0xffff, after & 0xffff);",
      to: "  return updateChecksum(sum, before & 0xffff, after & 0xffff);",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv4_fragment.ts", ["core/packet/fragment_test.ts"], [
    {
      id: "u-fragment-count-by-first-header",
      what: "the later fragments are counted with the options of the first",
      from: "  const room = mtu - laterHeaderBytes(bytes, off);\n",
      to: "  const room = mtu - header;\n",
    },
    {
      id: "u-fragment-at-mtu-cut",
      what: "a packet as long as the MTU is cut",
      from: "  if (total <= mtu) return 1;",
      to: "  if (total < mtu) return 1;",
    },
    {
      id: "u-fragment-last-loses-more",
      what: "the last fragment of a fragment says that it is the last of all",
      from: "  if (!isLast) ip.setIpv4Flags(out, at, ip.ipv4Flags(bytes, off) | IPV4_MF);",
      to: "  ip.setIpv4Flags(out, at, isLast ? 0 : ip.ipv4Flags(bytes, off) | IPV4_MF);",
    },
  ]),
  ...faultsIn("packet", "core/packet/mbuf_fragment.ts", ["core/packet/fragment_test.ts"], [
    {
      id: "u-fragment-cut-in-segment",
      what: "data that begins inside a segment is shown from the segment's begin",
      from: "    offset[made] = offset[made]! + from;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_entries.ts", ["core/packet/fragment_test.ts"], [
    {
      id: "u-reassembly-last-before-others",
      what: "a last fragment is taken though data behind it is there",
      from: "    if (f.isLast) return total >= 0 || at < behind;",
      to: "    if (f.isLast) return total >= 0;",
    },
    {
      id: "u-reassembly-held-not-less",
      what: "fragments of a packet that is whole count as held",
      from: "    this.held -= this.#count[e]!;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_table.ts", ["core/packet/fragment_test.ts"], [
    {
      id: "u-reassembly-youngest-lost",
      what: "when the youngest packet ends, the one before is no longer linked to later ones",
      from: "    if (younger === NONE) this.#youngest = older;",
      to: "    if (younger === NONE) this.#youngest = NONE;",
    },
    {
      id: "u-reassembly-key-short",
      what: "packets that differ in the last word of their key are taken for one",
      from: "      for (let i = 0; i < KEY_WORDS && same; i++) {",
      to: "      for (let i = 0; i < KEY_WORDS - 1 && same; i++) {",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv6_extensions.ts", [
    "core/packet/fields_test.ts",
    "core/packet/layers_test.ts",
    "core/packet/fragment_test.ts",
    "core/packet/checksum_test.ts",
  ], [
    {
      id: "u-routing-header-done",
      what: "a routing header without segments left still names the destination",
      from: "    if (bytes[at + 3] === 0 || length < 24) return;",
      to: "    if (length < 24) return;",
    },
  ]),
  ...faultsIn("packet", "core/packet/toeplitz.ts", [
    "core/packet/toeplitz_test.ts",
    "core/nic/rss_key_test.ts",
  ], [
    {
      id: "u-rss-ports-of-fragments",
      what: "the first fragment of a datagram is hashed with its ports",
      from: "isIpv4Fragment(bytes, l3off) ||",
      to: "(isIpv4Fragment(bytes, l3off) && (bytes[l3off + 7]! | bytes[l3off + 6]! & 31) !== 0) ||",
    },
  ]),
  ...faultsIn("packet", "core/packet/vlan.ts", [
    "core/packet/ethernet_test.ts",
    "core/packet/fields_test.ts",
  ], [
    {
      id: "u-vlan-pop-short-frame",
      what: "a tag is popped off a frame that ends inside it",
      from: "  if (len < 18 ||",
      to: "  if (len < 14 ||",
    },
    {
      id: "u-vlan-push-moves-down",
      what: "the addresses are moved from the last byte on, over those not yet moved",
      from: "  for (let i = 0; i < 12; i++) bytes[at + i] = bytes[off + i]!;",
      to: "  for (let i = 11; i >= 0; i--) bytes[at + i] = bytes[off + i]!;",
    },
  ]),
  ...faultsIn("packet", "core/packet/arp.ts", ["core/packet/layers_test.ts"], [
    {
      id: "u-arp-any-hardware",
      what: "ARP for other hardware than Ethernet is taken",
      from: " && readU16(bytes, off) === 1 &&",
      to: " &&",
    },
  ]),
  ...faultsIn("packet", "core/packet/mpls.ts", [
    "core/packet/fields_test.ts",
    "core/packet/layers_test.ts",
  ], [
    {
      id: "u-mpls-class-of-two-bits",
      what: "the traffic class is read as two bits",
      from: ">>> 1 & 7",
      to: ">>> 1 & 3",
    },
    {
      id: "u-mpls-stack-of-fifteen",
      what: "a stack as deep as allowed is not ended by its last entry",
      from: "n <= room; n += MPLS_ENTRY_BYTES",
      to: "n < room; n += MPLS_ENTRY_BYTES",
    },
  ]),
];

/** Faults of look-up tables. */
export const UNSEEN_TABLE_FAULTS: readonly Fault[] = [
  ...faultsIn("LPM", "core/fib/rule_table.ts", [
    "core/fib/rib_test.ts",
    "core/fib/dir24_8_test.ts",
    "core/fib/mtrie_test.ts",
  ], [
    {
      id: "u-rules-cover-of-one-bit",
      what: "a rule of one bit covers nothing",
      from: "    for (let d = depth - 1; d > 0; d--) {",
      to: "    for (let d = depth - 1; d > 1; d--) {",
    },
    {
      id: "u-rules-clear-keeps-depths",
      what: "the counts by depth survive a clear",
      from: "    this.perDepth.fill(0);\n    this.live = 0;",
      to: "    this.live = 0;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/mtrie.ts", ["core/fib/mtrie_test.ts"], [
    {
      id: "u-mtrie-cover-as-deep",
      what: "what is uncovered by a delete is noted with the depth of the rule deleted",
      from: "leafOf(cover), coverDepth);",
      to: "leafOf(cover), cover < 0 ? coverDepth : depth);",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_mtrie_plies.ts", ["core/fib/mtrie_test.ts"], [
    {
      id: "u-mtrie-last-ply-refused",
      what: "the last ply that memory allows is refused",
      from: "    if (needed > this.capacityMax) return false;",
      to: "    if (needed >= this.capacityMax) return false;",
    },
    {
      id: "u-mtrie-clear-keeps-free-list",
      what: "a clear keeps the list of free plies",
      from: "    this.freeList = 0;\n    this.used = 0;",
      to: "    this.used = 0;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_lc_routes.ts", ["core/fib/lc_trie_test.ts"], [
    {
      id: "u-lc-suffix-not-pulled",
      what: "a trie keeps the suffix length of a leaf that is gone",
      from:
        "      if (nodes.slen(parent) === nodes.slen(leaf)) nodes.pullSuffix(parent, nodes.pos(parent));\n",
      to: "",
    },
    {
      id: "u-lc-suffix-not-pushed",
      what: "a shorter prefix on a known leaf is not told to the nodes above",
      from: "        this.nodes.pushSuffix(parent, slen);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/group_pool.ts", [
    "core/fib/dir24_8_test.ts",
    "core/fib/dir24_8_cases_test.ts",
    "core/fib/dir24_8_reader_test.ts",
    "core/fib/lpm6_test.ts",
  ], [
    {
      id: "u-groups-clear-keeps-returned",
      what: "groups that were free before a clear are there twice after it",
      from: "    this.returnedCount = 0;\n    this.freshNext = 0;\n  }",
      to: "    this.freshNext = 0;\n  }",
    },
    {
      id: "u-groups-waiting-not-reclaimed",
      what: "groups whose readers are gone are not given out",
      from: "    if (count > this.free && this.waiting.length > 0) this.reclaim();\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_rib6.ts", ["core/fib/rib_test.ts", "core/fib/lpm6_test.ts"], [
    {
      id: "u-rib6-clear-keeps-freed",
      what: "a clear keeps the list of freed nodes",
      from: "    this.freed = 0;\n    this.live = 0;",
      to: "    this.live = 0;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_chunk_rules.ts", [
    "core/fib/dxr_test.ts",
    "core/fib/poptrie_test.ts",
  ], [
    {
      id: "u-chunk-rules-block-leaks",
      what: "the last rule of a chunk leaves its block behind",
      from: "    if (n === 0 || to !== from) this.giveBack(from, sizeOf(n + 1));",
      to: "    if (to !== from) this.giveBack(from, sizeOf(n + 1));",
    },
    {
      id: "u-chunk-rules-cover-shallow",
      what: "what covers after a delete is noted one bit too short",
      from: "      this.coverDepth[c] = hop < 0 ? 0 : covering + 1;",
      to: "      this.coverDepth[c] = hop < 0 ? 0 : covering;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/bspl.ts", ["core/fib/bspl_test.ts"], [
    {
      id: "u-bspl-refused-rule-stays",
      what: "a rule of a new length that does not fit is in the table of rules all the same",
      from: "      this.rules.remove(prefix, depth);\n      return false;",
      to: "      return false;",
    },
  ]),
  ...faultsIn("LPM", "core/fib/_jump_blocks.ts", ["core/fib/state_jump_test.ts"], [
    {
      id: "u-jump-erase-deeper",
      what: "a delete overwrites deeper rules",
      from: "} else if (elements.depths[i] === depth) {",
      to: "} else if (elements.depths[i]! >= depth) {",
    },
  ]),
];

/** Faults of devices and of PCI Express. */
export const UNSEEN_DEVICE_FAULTS: readonly Fault[] = [
  ...faultsIn("NIC", "core/nic/receive_side.ts", [
    "core/nic/queue_pairs_test.ts",
    "core/nic/poll_port_test.ts",
    "core/nic/rings_test.ts",
    "stacks/snabb/intel_test.ts",
    "stacks/snabb/conformance_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-rx-miss-stays-in-flight",
      what: "a frame that finds no descriptor counts as on its way for ever",
      from: "    this.#inFlight--;\n    ring.dropped++;",
      to: "    ring.dropped++;",
    },
    {
      id: "u-rx-reset-keeps-held",
      what: "write-backs held back before a reset are written after it",
      from: "    this.#inFlight = 0;\n    this.#heldCount = 0;",
      to: "    this.#inFlight = 0;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/transmit_side.ts", [
    "core/nic/queue_pairs_test.ts",
    "core/nic/rings_test.ts",
    "core/nic/poll_port_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-tx-reset-keeps-announced",
      what: "a device that is reset goes on announcing where it was",
      from: "[this.#underWay, this.#gathered, this.#announced]",
      to: "[this.#underWay, this.#gathered]",
    },
    {
      id: "u-tx-queues-not-in-turn",
      what: "the first queue with a frame is always served first",
      from: "      idle = 0;\n      this.#readFrame(q, parts);",
      to: "      idle = 0;\n      this.#turn = 0;\n      this.#readFrame(q, parts);",
    },
  ]),
  ...faultsIn("NIC", "core/nic/rings.ts", [
    "core/nic/rings_test.ts",
    "core/nic/queue_pairs_test.ts",
    "core/nic/poll_port_test.ts",
    "stacks/odp/pktio_test.ts",
    "stacks/dpdk/testpmd_test.ts",
  ], [
    {
      id: "u-ring-reset-stays-stopped",
      what: "a ring that was stopped stays so when it is set up again",
      from: "    this.enabled = true;\n    this.dropEnable",
      to: "    this.dropEnable",
    },
    {
      id: "u-ring-reset-keeps-dropped",
      what: "a ring that is set up again goes on counting where it was",
      from: "    this.dropped = 0;\n    this.sent",
      to: "    this.sent",
    },
  ]),
  ...faultsIn("NIC", "core/nic/dma.ts", [
    "core/nic/dma_test.ts",
    "core/nic/dma_reset_test.ts",
  ], [
    {
      id: "u-dma-read-not-resumed",
      what: "when writes and reads wait for room, only writes go on",
      from: "    if (this.#readStalled) {\n      this.#readStalled = false;",
      to: "    else if (this.#readStalled) {\n      this.#readStalled = false;",
    },
    {
      id: "u-dma-addresses-not-grown",
      what: "the addresses of a full queue are not turned when it grows",
      from: "    this.address.set(address.subarray(0, head), address.length - head);\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/segments.ts", [
    "core/nic/queue_pairs_test.ts",
    "core/nic/poll_port_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-segments-forget-port",
      what: "a segment does not say by which port it came",
      from: "  memory.port[to] = memory.port[from]!;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mmio.ts", ["core/nic/mmio_test.ts"], [
    {
      id: "u-mmio-reset-keeps-waiting",
      what: "doorbells that waited for room ring after a reset",
      from: "    this.#waiting.length = 0;\n    this.count = 0;",
      to: "    this.count = 0;",
    },
  ]),
  ...faultsIn(
    "NIC",
    "core/nic/pause.ts",
    ["core/nic/mac_test.ts", "stacks/p2pnic/system_test.ts"],
    [
      {
        id: "u-pause-never-ended-at-low",
        what: "sending is allowed again only below the low mark",
        from: "this.#stopped && packets <= this.#low",
        to: "this.#stopped && packets < this.#low",
      },
      {
        id: "u-pause-old-timer-repeats",
        what: "the timer of an earlier pause repeats it too",
        from: "      if (this.#stopped && request === this.#requests) this.#stop();",
        to: "      if (this.#stopped && request <= this.#requests) this.#stop();",
      },
    ],
  ),
  ...faultsIn("NIC", "core/nic/poll_port.ts", [
    "core/nic/poll_port_test.ts",
    "stacks/dpdk/testpmd_test.ts",
    "stacks/odp/pktio_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-poll-port-counts-packets",
      what: "a chain takes one descriptor of those that are free",
      from: "    state.txFree -= used;",
      to: "    state.txFree -= take;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mac_out.ts", ["core/nic/mac_test.ts"], [
    {
      id: "u-mac-out-starts-in-the-past",
      what:
        "a frame that comes within a microsecond after the last one starts where that one ended",
      from: "    if (this.#freeAt <= now) {",
      to: "    if (this.#freeAt < now - 1e6) {",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mac.ts", [
    "core/nic/mac_test.ts",
    "core/nic/queue_pairs_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-mac-miss-keeps-bytes",
      what: "the bytes of a frame that is missed late stay counted as received",
      from: "    this.#counters.rxBytes -= memory.length[b]!;\n",
      to: "",
    },
    {
      id: "u-mac-fill-not-told-of-release",
      what: "who watches the fill is not told when a frame leaves",
      from:
        "    this.#free[this.#freeCount++] = b;\n    if (this.watcher !== null) this.watcher.filled(this.occupancy);",
      to: "    this.#free[this.#freeCount++] = b;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_dllps.ts", [
    "core/pcie/link/link_test.ts",
    "properties/pcie/pcie_test.ts",
  ], [
    {
      id: "u-nak-for-each-bad",
      what: "every bad TLP is answered by a Nak of its own",
      from: "    else if (this.#nakSent[d] === 0) {",
      to: "    else {",
    },
    {
      id: "u-reset-keeps-nak-scheduled",
      what: "a link that is reset remembers that it has sent a Nak",
      from: "[this.#due, this.#heard, this.#inits, this.#ackWaits, this.#nakSent]",
      to: "[this.#due, this.#heard, this.#inits, this.#ackWaits]",
    },
    {
      id: "u-replay-timer-by-any-ack",
      what: "an acknowledgement that acknowledges nothing new restarts the replay timer",
      from: "    if (replay.acknowledge(d, seq)) this.restartTimer(d);",
      to: "    replay.acknowledge(d, seq);\n    this.restartTimer(d);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_flow_control.ts", [
    "core/pcie/link/link_test.ts",
    "properties/pcie/pcie_test.ts",
  ], [
    {
      id: "u-scaled-credits-lost",
      what: "credits below the scale of the field count as announced",
      from: "    this.#announced[u] = field << this.#shift;",
      to: "    this.#announced[u] = this.#allocated[u]!;",
    },
    {
      id: "u-pool-grant-forgotten",
      what: "credits out of the shared pool are not noted, and never go back",
      from: "      this.#granted[u]! += n;\n",
      to: "",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_sequence.ts", [
    "core/pcie/link/_sequence_test.ts",
    "core/pcie/link/link_test.ts",
    "properties/pcie/pcie_test.ts",
  ], [
    {
      id: "u-replay-from-acked",
      what: "a replay begins with the TLP that was acknowledged last",
      from: "    if (this.unacked(d) > 0) this.#again[d] = (this.#acked[d]! + 1) & MASK;",
      to: "    if (this.unacked(d) > 0) this.#again[d] = this.#acked[d]!;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_completer.ts", [
    "core/pcie/link/link_test.ts",
    "properties/pcie/pcie_test.ts",
  ], [
    {
      id: "u-completer-forgets-slot",
      what: "a completion that is lost with its link keeps its reading slot",
      from: "    if (entry.kind === COMPLETION_DATA) this.#done(entry.src);\n",
      to: "",
    },
    {
      id: "u-read-passes-write",
      what: "a read is answered before an earlier write to the same place is visible",
      from: "Math.max(now + latency, visible)",
      to: "now + latency",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_credits.ts", [
    "core/pcie/conservation_test.ts",
    "core/pcie/fabric_test.ts",
    "stacks/p2pnic/conformance_test.ts",
  ], [
    {
      id: "u-credits-data-not-occupied",
      what: "the data of a TLP does not occupy its receiver",
      from:
        "    words[w | OCCUPIED | DATA] = words[w | OCCUPIED | DATA]! + data;\n    const headers",
      to: "    const headers",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_switch.ts", [
    "core/pcie/fabric_test.ts",
    "core/pcie/conservation_test.ts",
    "core/pcie/throughput_test.ts",
  ], [
    {
      id: "u-switch-not-woken",
      what: "what waits behind a TLP that was forwarded is not looked at again",
      from:
        "      if (this.#waiting[node] !== 0) this.#wires.wake(link, this.#wires.links.freeAt(link));\n",
      to: "",
    },
  ]),
];

/** Faults of hosts, of time and of the Linux kernel. */
export const UNSEEN_HOST_FAULTS: readonly Fault[] = [
  ...faultsIn("interrupt", "core/host/irq.ts", [
    "core/host/irq_test.ts",
    "stacks/linux-napi/interrupts_test.ts",
  ], [
    {
      id: "u-vector-reset-held-back",
      what: "a vector that was held back stays so after a reset",
      from: "    this.#heldBack = false;\n    this.#earliest = 0;",
      to: "    this.#earliest = 0;",
    },
    {
      id: "u-vector-reset-throttle-left",
      what: "the time before which no interrupt may come survives a reset",
      from: "    this.#heldBack = false;\n    this.#earliest = 0;\n",
      to: "    this.#heldBack = false;\n",
    },
  ]),
  ...faultsIn("interrupt", "core/host/softirq.ts", [
    "core/host/softirq_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [
    {
      id: "u-ksoftirqd-not-counted",
      what: "the wake-ups of ksoftirqd are not counted",
      from: "    this.stat.ksoftirqdWakeups++;\n",
      to: "",
    },
    {
      id: "u-tx-softirq-starves-rx",
      what: "a pass with output work forgets the input that was raised with it",
      from: "    if (this.#txRun.isEmpty) this.#pending &= ~NET_TX;",
      to: "    if (this.#txRun.isEmpty) this.#pending = 0;",
    },
  ]),
  ...faultsIn("time", "core/host/lcore.ts", [
    "core/host/lcore_test.ts",
    "core/host/softirq_test.ts",
    ...FORWARDERS,
  ], [
    {
      id: "u-lcore-woken-not-dirty",
      what: "a context that another of its lcore wakes may park in the same turn",
      from: "    context.dirty = true;\n    context.runnable = true;\n  }",
      to: "    context.runnable = true;\n  }",
    },
  ]),
  ...faultsIn("time", "core/time/_calendar.ts", ["core/time/clock_test.ts"], [
    {
      id: "u-calendar-week-stale",
      what: "the week is not moved on when an event of a later one is taken",
      from: "* WEEK_PS;\n    this.#week = week;\n",
      to: "* WEEK_PS;\n",
    },
    {
      id: "u-calendar-reset-keeps-far",
      what: "events far away survive a reset",
      from: "    this.#far = 0;\n    this.#farPs = Infinity;\n  }",
      to: "    this.#farPs = Infinity;\n  }",
    },
  ]),
  ...faultsIn("packet", "core/linux/gro.ts", LINUX, [
    {
      id: "u-gro-bad-passes-held",
      what: "a TCP packet that cannot be merged overtakes those that are held",
      from: "      if (this.#memory.bytes[this.#ip(skb) + 9] === PROTOCOL_TCP) this.flush(cpu);\n",
      to: "",
    },
    {
      id: "u-gro-merges-acks",
      what: "segments that differ in their acknowledgement are merged",
      from: "  41,\n  47,",
      to: "  41,\n  42,\n  43,\n  44,\n  45,\n  47,",
    },
    {
      id: "u-gro-merges-ttls",
      what: "segments that differ in TTL are merged",
      from: "  19,\n  24,",
      to: "  19,\n  22,\n  24,",
    },
    {
      id: "u-gro-holds-one-more",
      what: "a ninth flow is held, the oldest not delivered",
      from: "    if (this.#held.length === FLOWS_MAX) this.#complete(cpu, 0);",
      to: "    if (this.#held.length > FLOWS_MAX) this.#complete(cpu, 0);",
    },
  ]),
  ...faultsIn("packet", "core/linux/gso.ts", LINUX, [
    {
      id: "u-gso-sequence-by-first",
      what: "the sequence numbers of segments are reckoned from the first's length",
      from: "    before = segment;\n",
      to: "",
    },
    {
      id: "u-gso-ends-on-all",
      what: "the flags of a segment's end are lost",
      from: "flags | ends);",
      to: "flags);",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_echo.ts", [
    "core/linux/icmp_echo_test.ts",
    "stacks/linux-napi/originated_test.ts",
  ], [
    {
      id: "u-echo-odd-checksum",
      what: "a request with a wrong ICMP checksum is answered",
      from: " &&\n    verifyIcmpChecksum(bytes, ip + header, length);",
      to: ";",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_limit.ts", [
    "stacks/linux-napi/originated_test.ts",
    "stacks/linux-napi/ip_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [
    {
      id: "u-icmp-peer-time-stands",
      what: "the time that a host has waited is counted again with each message",
      from: "    peer.lastMs = nowMs;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_send.ts", LINUX, [
    {
      id: "u-icmp-about-redirect",
      what: "an ICMP redirect is answered by an error",
      from: "[ICMP_UNREACHABLE, 4, 5, ICMP_TIME_EXCEEDED, 12]",
      to: "[ICMP_UNREACHABLE, 4, ICMP_TIME_EXCEEDED, 12]",
    },
    {
      id: "u-icmp-about-broadcast",
      what: "a packet to the limited broadcast address is answered by an error",
      from: "dst >>> 28 === 14 || dst === 0xffffffff",
      to: "dst >>> 28 === 14",
    },
  ]),
  ...faultsIn("packet", "core/linux/ip_rcv.ts", LINUX, [
    {
      id: "u-mib-checksum-not-counted",
      what: "packets with a wrong checksum are not counted as such",
      from: "    mib.inCsumErrors++;\n",
      to: "",
    },
    {
      id: "u-mib-truncated-as-header",
      what: "packets that are cut count as header errors",
      from: "    mib.inTruncatedPkts++;",
      to: "    mib.inHdrErrors++;",
    },
  ]),
  ...faultsIn("NIC", "core/linux/ixgbe_rx.ts", LINUX, [
    {
      id: "u-ixgbe-starved-forgotten",
      what: "a ring that got no page does not ask to be polled again",
      from: "      this.starved = this.#parts.source === null;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/linux/ixgbe_tx.ts", LINUX, [
    {
      id: "u-ixgbe-woken-too-early",
      what: "a queue is restarted as soon as one descriptor is free",
      from: "this.stopped && this.unused >= 2 * this.#needed",
      to: "this.stopped && this.unused >= 1",
    },
    {
      id: "u-ixgbe-tx-work-unbounded-said",
      what: "a clean-up that stopped at its limit says that it was over",
      from: "    return cleaned < TX_WORK;",
      to: "    return cleaned <= TX_WORK;",
    },
  ]),
  ...faultsIn("packet", "core/linux/neigh.ts", LINUX, [
    {
      id: "u-neigh-probes-not-reset",
      what: "a neighbour that is asked for again starts with the probes of before",
      from: "    this.#probes[hop] = 0;\n",
      to: "",
    },
    {
      id: "u-neigh-any-port",
      what: "a reply is taken from any port",
      from: "neighbours.port[hop] !== port || this.#arp",
      to: "this.#arp",
    },
    {
      id: "u-neigh-one-probe-more",
      what: "one more solicitation is sent than allowed",
      from: "this.#probes[hop]! < MCAST_SOLICIT",
      to: "this.#probes[hop]! <= MCAST_SOLICIT",
    },
  ]),
  ...faultsIn("packet", "core/linux/netif_receive.ts", LINUX, [
    {
      id: "u-host-unreachable-not-told",
      what: "who sent to a neighbour that does not answer is not told",
      from: "    if (failed) this.#tell(cpu, skb, ICMP_UNREACHABLE, ICMP_HOST_UNREACH, 0);\n",
      to: "",
    },
    {
      id: "u-merged-chain-freed-in-part",
      what: "of merged segments that are dropped only the first is freed",
      from: "rest = next[skb]!; one >= 0; one = rest",
      to: "rest = next[skb]!; one === skb; one = rest",
    },
  ]),
];
