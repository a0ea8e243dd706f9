/**
 * Faults of packets, pools and the kernel's network part as the histories of DPDK (rte_mbuf,
 * rte_mempool, rte_ip_frag, rte_net), Linux (skbs, GRO, NAPI, ICMP, ARP) and of models of hosts have
 * them, in our core.
 */
import { type Fault, faultsIn } from "../fault.ts";

const POOL = ["properties/mempool/conformance_test.ts", "core/memory/mempool_test.ts"];
const MBUF = ["core/memory/mbuf_test.ts", "core/memory/refusal_test.ts"];
const HOST_MEMORY = ["core/memory/host_memory_test.ts"];
const MACHINE = ["core/machine/testbed_test.ts", "stacks/example/conformance_test.ts"];
const LAYERS = ["core/packet/layers_test.ts"];
const FIELDS = ["core/packet/fields_test.ts", "core/packet/frame_test.ts", ...LAYERS];
const FRAGMENT = ["core/packet/fragment_test.ts"];
const IP = ["stacks/linux-napi/ip_test.ts", "stacks/linux-napi/conformance_test.ts"];
const GRO = ["stacks/linux-napi/gro_test.ts", "stacks/linux-napi/conformance_test.ts"];
const ICMP = ["stacks/linux-napi/originated_test.ts", ...IP];
const DRIVER = [
  "stacks/linux-napi/ixgbe_test.ts",
  "stacks/linux-napi/tx_path_test.ts",
  "stacks/linux-napi/conformance_test.ts",
];

/** Memory, packets, the kernel, machines. */
export const HISTORY_CORE_FAULTS: readonly Fault[] = [
  ...faultsIn("pool", "core/memory/mempool.ts", POOL, [
    {
      id: "pool-flush-wakes-nobody",
      what: "buffers that a flush gives back do not wake who was refused",
      from: "    if (cached > 0 && this.#starved) this.#wake();\n",
      to: "",
    },
    {
      id: "pool-threshold-order-of-part",
      what: "a pool with flush threshold hands out a refill from the wrong end",
      from: "        out.subarray(at, at + n).reverse();\n",
      to: "",
    },
    {
      id: "pool-setup-keeps-cached",
      what: "a pool that is set up anew keeps what its caches held before",
      from: "    this.#cached.fill(0);\n",
      to: "",
    },
  ]),
  ...faultsIn("pool", "core/memory/pairs.ts", [
    "core/memory/copy_test.ts",
    ...POOL,
    "core/memory/mempool_test.ts",
  ], [
    {
      id: "pairs-odd-count",
      what: "an odd number of words is copied in pairs, without the last",
      from:
        "if (n >= PAIRED_FROM && this.#inPairs(from, to | at | n, at + n)) {\n      this.#pairsIn",
      to: "if (n >= PAIRED_FROM && this.#inPairs(from, to | at, at + n)) {\n      this.#pairsIn",
    },
    {
      id: "pairs-of-other-array",
      what: "words are copied from the pairs of the array that was used before",
      from: "this.#theirs = array === this.#array ? pairsOf(array) : NONE;",
      to: "if (array === this.#array) this.#theirs = pairsOf(array);",
    },
  ]),
  ...faultsIn("pool", "core/memory/copy.ts", [
    "core/memory/copy_test.ts",
    "core/memory/mempool_test.ts",
    ...MACHINE,
  ], [
    {
      id: "copy-last-bytes-of-word",
      what: "a copy in words leaves the bytes behind the last whole word",
      from: "  for (let i = words << 2; i < n; i++) to[toAt + i] = from[fromAt + i]!;\n",
      to: "",
    },
    {
      id: "copy-words-unaligned",
      what: "a copy to bytes that do not begin with a word is made in words",
      from: "((fromAt | toAt) & 3) !== 0",
      to: "(fromAt & 3) !== 0",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_external.ts", MBUF, [
    {
      id: "external-freed-with-first-holder",
      what: "external bytes are told free when one of several holders goes",
      from: "if (--external.references === 0) external.onFree(external);",
      to: "if (--external.references <= 1) external.onFree(external);",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_share.ts", MBUF, [
    {
      id: "mbuf-attach-to-indirect",
      what: "a clone of a clone holds the clone and not the owner of the bytes",
      from: "    references[of] = references[of]! + 1;\n    owner[b] = of;",
      to: "    references[from] = references[from]! + 1;\n    owner[b] = of;",
    },
    {
      id: "mbuf-bulk-free-of-64",
      what: "a bulk free forgets what waits when it is just full",
      from: "        home.putBulk(lcore, pending, 0, waiting);\n        waiting = 0;",
      to: "        home.putBulk(lcore, pending, 0, waiting - 1);\n        waiting = 0;",
    },
    {
      id: "mbuf-last-pool-by-first",
      what: "the buffers of several pools go back to that of the first of a run",
      from: "while (end < at + n && homeOf(buffers[end]!) === home) end++;",
      to: "while (end < at + n) end++;",
    },
    {
      id: "mbuf-reference-wraps",
      what: "a reference count may go beyond its 16 bits",
      from: "if (references[s]! + n > REFERENCES_MAX) return false;",
      to: "if (references[s]! > REFERENCES_MAX) return false;",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_check.ts", MBUF, [
    {
      id: "mbuf-check-length-of-segment",
      what: "the check of a buffer does not see a segment that ends behind its buffer",
      from: "from < 0 || length < 0 || from + length > STRIDE) {",
      to: "from < 0 || length < 0 || from > STRIDE) {",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_copy.ts", MBUF, [
    {
      id: "mbuf-copy-from-inner-segment",
      what: "a copy that begins in a later segment begins there too early",
      from: "      skip -= memory.length[s]!;\n",
      to: "      skip = 0;\n",
    },
  ]),
  ...faultsIn("pool", "core/memory/failing_mempool.ts", [
    "core/machine/faults_test.ts",
    "core/machine/refill_test.ts",
  ], [
    {
      id: "failing-pool-never-eases",
      what: "after a failed allocation nobody is told that it may be tried again",
      from: "    this.#clock.at(this.#clock.now + PRESSURE_PS, this.#eased, 0);\n",
      to: "",
    },
  ]),
  ...faultsIn("pool", "core/memory/outside.ts", ["core/memory/outside_test.ts"], [
    {
      id: "outside-copy-not-free-again",
      what: "the number of a copy that ended is never used again",
      from: "    this.#free.push(copy - this.#first);\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "core/memory/llc.ts", HOST_MEMORY, [
    {
      id: "llc-clean-line-written-back",
      what: "a line that is filled by a read keeps the dirty mark of the one before it",
      from: "    this.#dirty[victim] = write ? 1 : 0;\n",
      to: "    if (write) this.#dirty[victim] = 1;\n",
    },
    {
      id: "llc-ddio-evicts-newest",
      what: "a full set gives up the line that was used last",
      from: "      if (used < oldest) {\n",
      to: "      if (used < oldest || used > oldest) {\n",
    },
  ]),
  ...faultsIn("time", "core/memory/iotlb.ts", HOST_MEMORY, [
    {
      id: "iotlb-first-in-first-out",
      what: "a hit does not count as use of the entry",
      from: "        this.#used[at] = this.#looks;\n        return true;",
      to: "        return true;",
    },
  ]),
  ...faultsIn("time", "core/memory/host_memory.ts", HOST_MEMORY, [
    {
      id: "host-memory-last-line",
      what: "an access that ends in a line with one byte does not touch it",
      from: "    const end = address + bytes;\n    let latest = 0;",
      to: "    const end = address + bytes - 1;\n    let latest = 0;",
    },
    {
      id: "host-memory-remote-of-neighbour",
      what: "the port beside a remote one counts as remote",
      from: "this.#remote[port + 1] = 1;",
      to: "this.#remote[port] = 1;",
    },
  ]),
  ...faultsIn("packet", "core/packet/layers.ts", LAYERS, [
    {
      id: "layers-fragment-has-ports",
      what: "the data of a later fragment are read as a transport header",
      from: "const isLater = ip.ipv4FragmentOffset(bytes, at) !== 0;",
      to: "const isLater = false;",
    },
    {
      id: "layers-inner-end-not-narrowed",
      what: "the padding behind an IPv4 packet counts as part of it",
      from: "    this.#narrow(at + total);\n",
      to: "",
    },
    {
      id: "layers-ipv4-total-below-header",
      what: "a total length below the header's is let through",
      from: "if (!isRight || total < length) return",
      to: "if (!isRight) return",
    },
    {
      id: "layers-tcp-offset-below-five",
      what: "a TCP header of fewer than five words is taken",
      from: 'if (length < TCP_HEADER_BYTES) return this.#stop("broken");',
      to: 'if (length === 0) return this.#stop("broken");',
    },
    {
      id: "layers-tags-of-outer",
      what: "the tags of an inner Ethernet header count on from those of the outer",
      from: "    this.#tags = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/mpls.ts", FIELDS, [
    {
      id: "mpls-bottom-bit-of-ttl",
      what: "the bottom of the stack is read from the byte of the TTL",
      from: "return (bytes[at + 2]! & 1) === 1;",
      to: "return (bytes[at + 3]! & 1) === 1;",
    },
    {
      id: "mpls-traffic-class-shift",
      what: "the traffic class has the bit of the bottom in it",
      from: "return bytes[at + 2]! >>> 1 & 7;",
      to: "return bytes[at + 2]! & 7;",
    },
  ]),
  ...faultsIn("packet", "core/packet/gre.ts", FIELDS, [
    {
      id: "gre-key-behind-no-checksum",
      what: "the key is read at one place whether there is a checksum or not",
      from: "(greFlags(bytes, off) & GRE_FLAG.checksum) !== 0 ? 8 : 4));",
      to: "(greFlags(bytes, off) & GRE_FLAG.key) !== 0 ? 4 : 8));",
    },
    {
      id: "gre-version-1-taken",
      what: "GRE of version 1 (PPTP) is read as version 0",
      from: "const VERSION = 7;",
      to: "const VERSION = 6;",
    },
  ]),
  ...faultsIn("packet", "core/packet/vxlan.ts", FIELDS, [
    {
      id: "vxlan-flag-unchecked",
      what: "a header without the flag that says that the VNI is there is taken",
      from: "&&\n    (bytes[off]! & FLAG_I) !== 0;",
      to: ";",
    },
  ]),
  ...faultsIn("packet", "core/packet/vlan.ts", ["core/packet/ethernet_test.ts", ...FIELDS], [
    {
      id: "vlan-pop-copies-forwards",
      what: "taking a tag out copies the addresses over themselves",
      from: "for (let i = 11; i >= 0; i--) bytes[at + i] = bytes[off + i]!;",
      to: "for (let i = 0; i < 12; i++) bytes[at + i] = bytes[off + i]!;",
    },
    {
      id: "vlan-dei-in-vid",
      what: "the VLAN id has the drop-eligible bit in it",
      from: "return tci & 0xfff;",
      to: "return tci & 0x1fff;",
    },
  ]),
  ...faultsIn("packet", "core/packet/arp.ts", [...FIELDS, ...ICMP], [
    {
      id: "arp-hardware-length-unchecked",
      what: "an ARP message of other address lengths is taken",
      from: " && readU16(bytes, off + 4) === 0x0604;",
      to: ";",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv4.ts", FIELDS, [
    {
      id: "ipv4-dscp-clears-ecn",
      what: "setting the DSCP clears the ECN bits",
      from: "bytes[off + 1] = (dscp << 2) | (bytes[off + 1]! & 3);",
      to: "bytes[off + 1] = dscp << 2;",
    },
    {
      id: "ipv4-offset-clears-flags",
      what: "setting the fragment offset clears the flags",
      from: "(bytes[off + 6]! >>> 5 << 13) | (units & 0x1fff));",
      to: "units & 0x1fff);",
    },
    {
      id: "ipv4-reserved-bit-is-fragment",
      what: "the reserved bit makes a packet a fragment",
      from: "return (readU16(bytes, off + 6) & 0x3fff) !== 0;",
      to: "return (readU16(bytes, off + 6) & 0xbfff) !== 0;",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv6.ts", FIELDS, [
    {
      id: "ipv6-traffic-class-shift",
      what: "setting the traffic class writes over the flow label",
      from: "(readU16(bytes, off) & 0xf00f) |",
      to: "(readU16(bytes, off) & 0xf000) |",
    },
  ]),
  ...faultsIn("packet", "core/packet/ipv6_fragment.ts", FRAGMENT, [
    {
      id: "ipv6-fragment-room-not-of-eight",
      what: "a fragment that is not the last has a number of bytes that is no multiple of eight",
      from: "const room = (mtu - perFragmentBytes - IPV6_FRAGMENT_BYTES) & ~7;",
      to: "const room = mtu - perFragmentBytes - IPV6_FRAGMENT_BYTES;",
    },
    {
      id: "ipv6-fragment-without-transport",
      what: "a packet is cut within its headers (RFC 7112)",
      from: "  if (Math.max(first, 8) > (room & ~7)) return 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/checksum.ts", ["core/packet/checksum_test.ts"], [
    {
      id: "checksum-initial-not-folded",
      what: "an initial sum of more than 16 bits loses its upper part",
      from: "  let sum = fold(initial);\n  let at = off;",
      to: "  let sum = initial & 0xffff;\n  let at = off;",
    },
  ]),
  ...faultsIn("packet", "core/packet/_mbuf_cut.ts", FRAGMENT, [
    {
      id: "mbuf-cut-leaks-rest",
      what: "the segments behind the end of a packet are cut off and not given back",
      from: "  if (rest >= 0) freeChain(home, lcore, rest);\n",
      to: "",
    },
    {
      id: "mbuf-behind-keeps-empty-head",
      what: "a segment that has no bytes left stays at the head of a fragment",
      from: "  while (length[head] === 0) {",
      to: "  while (length[head]! < 0) {",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_table.ts", FRAGMENT, [
    {
      id: "reassembly-youngest-kept",
      what: "when the youngest packet is complete, the list of ages still ends with it",
      from: "    if (younger === NONE) this.#youngest = older;\n",
      to: "    if (younger === NONE && older !== NONE) this.#youngest = older;\n",
    },
  ]),
  ...faultsIn("packet", "core/packet/_fragment_entries.ts", FRAGMENT, [
    {
      id: "reassembly-ecn-of-before",
      what: "an entry begins with the ECN marks of the packet that it held before",
      from: "      this.#ecn[e] = 0;\n",
      to: "",
    },
    {
      id: "reassembly-crowded-one-more",
      what: "one fragment more than the limit is written behind the entry's places",
      from: "if (this.#count[e] === this.#limits.fragments) {",
      to: "if (this.#count[e]! > this.#limits.fragments) {",
    },
    {
      id: "reassembly-ended-expires-again",
      what: "a packet that was given up counts as expired as well",
      from: "      if (this.#ended[e] === 0) this.counts.expired++;\n",
      to: "      this.counts.expired++;\n",
    },
  ]),
  ...faultsIn("packet", "core/packet/reassembler.ts", FRAGMENT, [
    {
      id: "reassembly6-payload-length",
      what: "a reassembled IPv6 packet counts its fragment header in its length",
      from: "const payload = fragmentAt - off - ip6.IPV6_HEADER_BYTES + data;",
      to:
        "const payload = fragmentAt - off - ip6.IPV6_HEADER_BYTES + data + ext.IPV6_FRAGMENT_BYTES;",
    },
    {
      id: "reassembly6-key-without-destination",
      what: "IPv6 fragments to two hosts with one id are put together",
      from: "for (let i = 0; i < 8; i++) key[2 + i] =",
      to: "for (let i = 0; i < 4; i++) key[2 + i] =",
    },
    {
      id: "reassembly-key-of-ipv6-stays",
      what: "the key of an IPv4 packet ends with that of the IPv6 packet before it",
      from: "    key.fill(0);\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/packet/mbuf_fragment.ts", FRAGMENT, [
    {
      id: "fragment-refusal-leaks-first",
      what: "a fragmentation that runs out of buffers keeps those of the first fragment",
      from: "  for (let i = 0; i < count; i++) freeChain(pool, lcore, out[i]!);\n",
      to: "  for (let i = 1; i < count; i++) freeChain(pool, lcore, out[i]!);\n",
    },
  ]),
  ...faultsIn("hash", "core/packet/toeplitz6.ts", [
    "core/packet/toeplitz_test.ts",
    "fixtures/vectors/vectors_test.ts",
  ], [
    {
      id: "rss6-short-packet-read",
      what: "ports that lie behind the end of an IPv6 packet are hashed",
      from: "    fragmentAt < 0 && offset + 4 <= end;",
      to: "    fragmentAt < 0;",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_send.ts", ICMP, [
    {
      id: "icmp-about-icmp-error",
      what: "an ICMP error is answered by an ICMP error (RFC 1812, 4.3.2.7)",
      from: "return type <= NR_ICMP_TYPES && !ERROR_TYPES.includes(type);",
      to: "return type <= NR_ICMP_TYPES;",
    },
    {
      id: "icmp-about-later-fragment",
      what: "a fragment that is not the first is answered by an ICMP error",
      from: "  if (ipv4FragmentOffset(bytes, ip) !== 0) return false;\n",
      to: "",
    },
    {
      id: "icmp-about-broadcast",
      what: "a packet to a broadcast or multicast address is answered by an ICMP error",
      from: "  if (dst >>> 28 === 14 || dst === 0xffffffff) return false;\n",
      to: "",
    },
    {
      id: "icmp-quotes-too-much",
      what: "an ICMP error is longer than 576 bytes",
      from: "      this.#messageMax - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES,",
      to: "      this.#messageMax - ICMP_HEADER_BYTES,",
    },
    {
      id: "icmp-frag-needed-limited",
      what: '"fragmentation needed" is rate limited, which breaks path MTU discovery',
      from: "const isLimited = type !== ICMP_UNREACHABLE || code !== ICMP_FRAG_NEEDED;",
      to: "const isLimited = true;",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_limit.ts", ICMP, [
    {
      id: "icmp-limit-global-never-refills",
      what: "the global bucket of ICMP messages never fills again",
      from: "      this.#credit = Math.min(ICMP_MSGS_BURST, this.#credit + gained);\n",
      to: "",
    },
    {
      id: "icmp-limit-stamp-always",
      what: "the time of the last refill is noted though nothing was added",
      from: "      this.#stampMs = nowMs;\n    }",
      to: "    }\n    this.#stampMs = nowMs;",
    },
    {
      id: "icmp-limit-tokens-unbounded",
      what: "a host that was quiet for long may get any number of messages",
      from: "peer.tokensMs = Math.min(most, peer.tokensMs + nowMs - peer.lastMs);",
      to: "peer.tokensMs += nowMs - peer.lastMs;",
    },
  ]),
  ...faultsIn("packet", "core/linux/icmp_echo.ts", ["core/linux/icmp_echo_test.ts", ...ICMP], [
    {
      id: "icmp-echo-to-multicast-source",
      what: "an echo request with a multicast source is answered",
      from: "src === 0 || src === 127 || src >= 224) return false;\n  return icmpType",
      to: "src === 0 || src === 127) return false;\n  return icmpType",
    },
    {
      id: "icmp-echo-keeps-ttl",
      what: "an echo reply leaves with the TTL that the request came with",
      from: "    bytes[own + 8] = IP_DEFAULT_TTL;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "core/linux/gro.ts", GRO, [
    {
      id: "gro-merges-out-of-order",
      what: "a segment that does not follow the last one is merged",
      from: "    if (tcpSeq(bytes, this.#tcp(skb)) !== held.nextSeq) return false;\n",
      to: "",
    },
    {
      id: "gro-merges-behind-short",
      what: "a segment is merged behind one that was shorter than the others",
      from: "if (ends || payload < held.mss || held.segments",
      to: "if (ends || held.segments",
    },
    {
      id: "gro-flow-without-ports",
      what: "two connections between the same hosts are one flow",
      from: "for (let i = 12; i < 24; i++) if (bytes[x + i]",
      to: "for (let i = 12; i < 20; i++) if (bytes[x + i]",
    },
    {
      id: "gro-ack-passes-held-data",
      what: "a segment without data overtakes those that are held",
      from: "    if (held !== undefined) this.#complete(cpu, at);\n",
      to: "    if (held !== undefined && payload > 0) this.#complete(cpu, at);\n",
    },
    {
      id: "gro-holds-one-flow-more",
      what: "when all places are taken the held packet that is oldest is forgotten",
      from: "if (this.#held.length === FLOWS_MAX) this.#complete(cpu, 0);",
      to: "if (this.#held.length === FLOWS_MAX) this.#held.shift();",
    },
  ]),
  ...faultsIn("packet", "core/linux/gso.ts", GRO, [
    {
      id: "gso-id-not-raised",
      what: "the segments that a packet is cut into have one id",
      from: "(id + step * i) & 0xffff",
      to: "(id + step) & 0xffff",
    },
    {
      id: "gso-psh-on-all",
      what: "every segment has the flags of the last",
      from: "const ends = tcpFlags(bytes, at + tcp - header) & ENDS;",
      to: "const ends = ENDS;",
    },
    {
      id: "gso-chain-not-cut",
      what: "the first segment still leads to the others when it is sent",
      from: "  next[skb] = -1;\n  const rest",
      to: "  const rest",
    },
  ]),
  ...faultsIn("packet", "core/linux/neigh.ts", ICMP, [
    {
      id: "arp-queue-drops-newest",
      what: "a full queue of packets that wait for an address drops the newest",
      from: "dropWaiting(cpu, queue.shift()!,",
      to: "dropWaiting(cpu, queue.pop()!,",
    },
    {
      id: "arp-unasked-reply-taken",
      what: "a reply for which nobody asked fills the table",
      from: "      if (this.#state[hop] === NUD_NONE) continue;\n",
      to: "",
    },
    {
      id: "arp-failed-queue-kept",
      what: "the packets that wait for an address which does not come are not freed",
      from:
        "    for (const skb of queue) out.dropWaiting(cpu, skb, this.#places[hop]!, queue.length, true);\n",
      to: "",
    },
    {
      id: "arp-timer-after-answer",
      what: "a neighbour that has answered is asked again and then given up",
      from: "      this.#state[hop] = NUD_REACHABLE;\n      this.#dueTsc[hop] = Infinity;\n",
      to: "      this.#state[hop] = NUD_REACHABLE;\n",
    },
  ]),
  ...faultsIn("packet", "core/linux/netif_receive.ts", [GRO[0]!, ...ICMP], [
    {
      id: "netif-frees-first-of-chain",
      what: "of a merged packet that is dropped only the first skb is freed",
      from: "for (let one = skb, rest = next[skb]!; one >= 0; one = rest) {",
      to: "for (let one = skb, rest = next[skb]!; one >= 0; one = -1) {",
    },
  ]),
  ...faultsIn("packet", "core/linux/tap.ts", [
    "core/linux/tap_test.ts",
    "stacks/linux-napi/report_test.ts",
    "stacks/linux-napi/ip_test.ts",
  ], [
    {
      id: "tap-drop-not-counted",
      what: "a frame that the capture had no room for is not counted as received by the filter",
      from: "    this.received++;\n    this[way][port]!++;\n",
      to: "    this[way][port]!++;\n    if (this.#waiting < TAP_SLOTS) this.received++;\n",
    },
  ]),
  ...faultsIn("loss and order", "core/linux/qdisc.ts", ["core/linux/qdisc_test.ts", ...DRIVER], [
    {
      id: "qdisc-requeue-loses",
      what: "a packet that the driver refused is taken out of the band all the same",
      from:
        "      if (!tx.xmit(cpu, skb, sent + 1 < bulk)) break;\n      this.#head = (this.#head + 1) % this.limit;\n      this.#count--;\n",
      to:
        "      this.#head = (this.#head + 1) % this.limit;\n      this.#count--;\n      if (!tx.xmit(cpu, skb, sent + 1 < bulk)) break;\n",
    },
    {
      id: "qdisc-more-on-last",
      what: "the last packet of a bulk says that more follow, and no doorbell is rung",
      from: "tx.xmit(cpu, skb, sent + 1 < bulk)",
      to: "tx.xmit(cpu, skb, sent < bulk)",
    },
  ]),
  ...faultsIn("NIC", "core/linux/ixgbe_rx.ts", DRIVER, [
    {
      id: "ixgbe-refill-of-reserve-failure",
      what: "a packet for which there is no skb is passed over and its page stays in the ring",
      from: "        this.allocRxBuffFailed++;\n        this.starved = true;\n        break;",
      to:
        "        this.allocRxBuffFailed++;\n        this.nextToClean = (slot + 1) & mask;\n        break;",
    },
  ]),
  ...faultsIn("NIC", "core/linux/ixgbe_tx.ts", ["core/linux/ixgbe_poll_test.ts", ...DRIVER], [
    {
      id: "ixgbe-owner-of-slot-before",
      what: "a frame of XDP's is freed as an skb, for the owner is noted one slot late",
      from:
        "    this.#owner[this.nextToUse] = owner;\n    this.nextToUse = (this.nextToUse + 1) & (this.#ring.size - 1);\n",
      to:
        "    this.nextToUse = (this.nextToUse + 1) & (this.#ring.size - 1);\n    this.#owner[this.nextToUse] = owner;\n",
    },
  ]),
  ...faultsIn("interrupt", "core/linux/ixgbe.ts", [
    "core/linux/ixgbe_poll_test.ts",
    "stacks/linux-napi/interrupts_test.ts",
    ...DRIVER,
  ], [
    {
      id: "ixgbe-tx-work-left",
      what: "a poll whose transmit clean stopped at its budget completes",
      from: "if (!allSent || work === budget || this.rx.starved) return budget;",
      to: "if (work === budget || this.rx.starved) return budget;",
    },
    {
      id: "itr-counts-since-boot",
      what: "the adaptive interval is chosen from all packets ever received",
      from: "    this.#rxPackets = rx.packets;\n",
      to: "",
    },
  ]),
  ...faultsIn("harness", "core/machine/observation.ts", [
    "core/machine/observation_test.ts",
    ...MACHINE,
  ], [
    {
      id: "observation-second-fate-taken",
      what: "a packet that has a fate gets another",
      from:
        '      this.fault("second-fate", at, -1, packet, place, this.place[packet]!);\n      return false;\n',
      to: '      this.fault("second-fate", at, -1, packet, place, this.place[packet]!);\n',
    },
    {
      id: "observation-reset-keeps-occupancy",
      what: "a run begins with how full the places were in the last one",
      from: "for (const one of [this.occupancy, this.carrier]) one.fill(-1, 0, count);",
      to: "this.carrier.fill(-1, 0, count);",
    },
    {
      id: "observation-faults-not-counted",
      what: "faults beyond those that are kept are not counted",
      from: "    this.faultCount++;\n    if (this.faults.length >= FAULTS_MAX) return;\n",
      to: "    if (this.faults.length >= FAULTS_MAX) return;\n    this.faultCount++;\n",
    },
  ]),
  ...faultsIn(
    "harness",
    "core/machine/environment.ts",
    ["core/machine/refill_test.ts", ...MACHINE],
    [
      {
        id: "environment-refill-wakes-one",
        what: "when the pool has buffers again only the first context is told",
        from: "for (const context of this.#contexts) context.notify();",
        to: "this.#contexts[0]?.notify();",
      },
      {
        id: "environment-refusals-not-used-up",
        what: "what a full ring refused once stands as evidence for every later drop",
        from: "if (refused) context.refusedCount--;",
        to: "if (refused) context.refusedCount += 0;",
      },
    ],
  ),
  ...faultsIn("harness", "core/machine/pool_accounts.ts", [
    "core/machine/add_pool_test.ts",
    ...MACHINE,
    "core/machine/score_test.ts",
  ], [
    {
      id: "accounts-first-buffer-left-out",
      what: "the account of a pool leaves its first buffer out",
      from: "for (let b = first; b < first + size; b++) {\n    if (ledger.isFree(b)) continue;",
      to: "for (let b = first + 1; b < first + size; b++) {\n    if (ledger.isFree(b)) continue;",
    },
  ]),
  ...faultsIn("harness", "core/machine/peer.ts", [
    "core/nic/mac_test.ts",
    "core/machine/stream_test.ts",
    ...MACHINE,
  ], [
    {
      id: "peer-pause-of-zero-ignored",
      what: "a pause of 0 quanta does not end a pause",
      from: "    if (this.#state[port] === WAITING) this.#tryBegin(port);\n",
      to: "    if (this.#state[port] === WAITING && quanta > 0) this.#tryBegin(port);\n",
    },
    {
      id: "peer-pause-cuts-frame",
      what: "a pause delays the frame that is being sent",
      from: "if (this.#state[port] !== WAITING) return;\n    const { now }",
      to: "if (this.#state[port] === IDLE) return;\n    const { now }",
    },
  ]),
  ...faultsIn(
    "harness",
    "core/machine/scenario_table.ts",
    ["core/machine/scenario_table_test.ts"],
    [
      {
        id: "scenario-table-not-cleared",
        what: "the routes of the scenario before stay in the table",
        from: "    else this.#table.clear();\n",
        to: "",
      },
    ],
  ),
  ...faultsIn("harness", "core/machine/flat_out.ts", ["core/machine/flat_out_test.ts"], [
    {
      id: "flat-out-reports-all",
      what: "the flat-out device writes back what was not asked for",
      from: "if (ring.reportStatus[at] === 1) ring.done[at] = 1;",
      to: "ring.done[at] = 1;",
    },
  ]),
];
