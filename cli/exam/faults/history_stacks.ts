/**
 * Faults of whole data planes as the histories of DPDK's applications, VPP, Linux' XDP and AF_XDP,
 * netmap, PF_RING, ODP and Snabb have them, in our stacks.
 */
import { type Fault, faultsIn } from "../fault.ts";

const DPDK = [
  "stacks/dpdk/l3fwd_test.ts",
  "stacks/dpdk/testpmd_test.ts",
  "stacks/dpdk/conformance_test.ts",
];
const VPP = ["stacks/vpp/conformance_test.ts"];
const VPP_TABLES = ["stacks/vpp/tables_test.ts", ...VPP];
const VPP_ERRORS = ["stacks/vpp/errors_test.ts", ...VPP];
const VPP_AROUND = [
  "stacks/vpp/short_frame_test.ts",
  "stacks/vpp/interfaces_test.ts",
  "stacks/vpp/features_test.ts",
  ...VPP,
];
const VPP6 = ["stacks/vpp/ip6_test.ts"];
const XDP = [
  "stacks/xdp/verdicts_test.ts",
  "stacks/xdp/forward_test.ts",
  "stacks/xdp/programs_test.ts",
  "stacks/xdp/conformance_test.ts",
];
const XSK = [
  "stacks/xdp/xsk_test.ts",
  "stacks/xdp/audit_test.ts",
  "stacks/xdp/conformance_test.ts",
];
const NETMAP = ["stacks/netmap/conformance_test.ts", "stacks/netmap/audit_test.ts"];
const VALE = ["stacks/netmap/vale_test.ts", ...NETMAP];
const GUEST = ["stacks/netmap/ptnet_test.ts"];
const EMULATED = ["stacks/netmap/emulated_test.ts", ...NETMAP];
const PF_RING = [
  "stacks/pf-ring/slot_ring_test.ts",
  "stacks/pf-ring/vanilla_test.ts",
  "stacks/pf-ring/cluster_test.ts",
  "stacks/pf-ring/conformance_test.ts",
];
const ZC = ["stacks/pf-ring/zc_test.ts", "stacks/pf-ring/conformance_test.ts"];
const ODP = [
  "stacks/odp/scheduler_test.ts",
  "stacks/odp/checks_test.ts",
  "stacks/odp/conformance_test.ts",
];
const ODP_IO = [
  "stacks/odp/pktio_test.ts",
  "stacks/odp/forwarding_test.ts",
  "stacks/odp/classification_test.ts",
];
const TM = ["stacks/odp/tm_test.ts"];
const SNABB = [
  "stacks/snabb/apps_test.ts",
  "stacks/snabb/engine_test.ts",
  "stacks/snabb/conformance_test.ts",
];
const INTEL = [
  "stacks/snabb/intel_test.ts",
  "stacks/snabb/audit_test.ts",
  "stacks/snabb/conformance_test.ts",
];
const PROCESSES = [
  "stacks/snabb/processes_test.ts",
  "stacks/snabb/packet_test.ts",
  "stacks/snabb/audit_test.ts",
];
const SHADER = [
  "stacks/packetshader/engine_test.ts",
  "stacks/packetshader/checklist_test.ts",
  "stacks/packetshader/conformance_test.ts",
];
const APPS = ["stacks/packetshader/apps_test.ts", ...SHADER];
const P2PNIC = ["stacks/p2pnic/conformance_test.ts", "stacks/p2pnic/system_test.ts"];
const EXTERNAL = ["stacks/external/external_test.ts"];

/** Stacks. */
export const HISTORY_STACK_FAULTS: readonly Fault[] = [
  ...faultsIn("packet", "stacks/dpdk/rewrite.ts", DPDK, [
    {
      id: "l3fwd-checksum-carry",
      what: "the carry of the faithful checksum update is not brought round",
      from: "  if (high > 0xff) bytes[ip + 11] = bytes[ip + 11]! + 1;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/dpdk/l3fwd_lpm.ts", DPDK, [
    {
      id: "l3fwd-packet-type-not-asked",
      what: "a frame that is no IPv4 packet is read as one",
      from: '    if ((memory.flags[b]! & FLAG.ipv4) === 0) return REASON["not-ip"];\n',
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/testpmd.ts", DPDK, [
    {
      id: "testpmd-retry-for-ever",
      what: "a retry begins to count anew with each packet that it sends",
      from: "if (retry.at < n && ++retry.tries < this.#settings.burstTxRetryNum) {",
      to:
        "if (retry.at < n && (sent > 0 ? retry.tries = 0 : ++retry.tries) < this.#settings.burstTxRetryNum) {",
    },
    {
      id: "testpmd-odd-port-paired",
      what: "of an odd number of ports the last is paired with the first",
      from: "return next === 0 ? port : next;",
      to: "return next;",
    },
    {
      id: "testpmd-dropped-counted-short",
      what: "what was sent by a retry counts as dropped, too",
      from: "stream.fwdDropped += n - at;",
      to: "stream.fwdDropped += n;",
    },
  ]),
  ...faultsIn("harness", "stacks/dpdk/xstats.ts", [
    "stacks/dpdk/testpmd_test.ts",
    "stacks/dpdk/l3fwd_test.ts",
  ], [
    {
      id: "xstats-errors-are-missed",
      what: "the statistics show frames with errors as missed",
      from: 'row("rx_missed_errors", counters.rxMissed, "packets");',
      to: 'row("rx_missed_errors", counters.rxErrors, "packets");',
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/adjacency.ts", VPP_AROUND, [
    {
      id: "vpp-rewrite-of-untagged",
      what: "a tagged interface rewrites as many bytes as an untagged one",
      from: "this.rewriteBytes.push(out.vlan < 0 ? 14 : 18);",
      to: "this.rewriteBytes.push(14);",
    },
    {
      id: "vpp-adjacency-of-other-interface",
      what: "a neighbour that is known on another interface is taken for the one asked for",
      from: "each.address === address && (out === undefined || each.interface === out)",
      to: "each.address === address",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ethernet_input.ts", VPP_AROUND, [
    {
      id: "vpp-vlan-on-short-frame",
      what: "a tag that lies behind the frame's end is read",
      from: "if (isVlanType(type) && length[b]! >= HEADER + VLAN_TAG_BYTES) {",
      to: "if (isVlanType(type)) {",
    },
    {
      id: "vpp-subinterface-down-ignored",
      what: "a sub-interface that is down receives",
      from: "        if (!sub.adminUp) return this.#drop(vm, node, b, ERROR_DOWN);\n",
      to: "",
    },
    {
      id: "vpp-rx-interface-of-frame",
      what: "the packets of a frame from several interfaces count as received on the first",
      from: "const single = (flags & ETH_FRAME.singleSwIfIndex) !== 0;",
      to: "const single = arg > 0;",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/load_balance.ts", VPP_TABLES, [
    {
      id: "vpp-load-balance-counts-kept",
      what: "a load balance that is made anew goes on with the counters of the one before",
      from: "    for (const counts of this.#counts) counts.fill(0, 2 * index, 2 * index + 2);\n",
      to: "",
    },
    {
      id: "vpp-load-balance-block-of-one",
      what: "the buckets of a released load balance are handed out to one of another size",
      from: "const base = this.#blocks.get(buckets)?.pop() ?? this.#block(buckets);",
      to:
        "const base = [...this.#blocks.values()].find((each) => each.length > 0)?.pop() ?? this.#block(buckets);",
    },
    {
      id: "vpp-load-balance-released-unmarked",
      what: "a load balance that was released looks as if it were in use",
      from: "    this.mask[index] = -1;\n    this.#paths.delete(index);",
      to: "    this.#paths.delete(index);",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/ip4_fib.ts", VPP_TABLES, [
    {
      id: "vpp-old-load-balance-leaks",
      what: "a route that is changed keeps its old load balance",
      from: "    if (before >= 0) this.#loadBalances.release(before);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/ip4_lookup.ts", [...VPP, "stacks/vpp/loops_test.ts"], [
    {
      id: "vpp-quad-last-three",
      what:
        "the last packets of a frame that are no whole turn of the loop go where the first went",
      from:
        "      vm.nexts[i] = follow(vnet, vm, b, vnet.fib.lookup(ipv4Dst(bytes, offset[b]!)));\n",
      to:
        "      vm.nexts[i] = n > width ? vm.nexts[0]! : follow(vnet, vm, b, vnet.fib.lookup(ipv4Dst(bytes, offset[b]!)));\n",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip4_rewrite.ts", [
    ...VPP,
    "stacks/vpp/interfaces_test.ts",
    "stacks/vpp/errors_test.ts",
  ], [
    {
      id: "vpp-mtu-of-first-adjacency",
      what: "the packets of one turn of the loop share the MTU of the first",
      from: "const limit = own === adj ? mtu : vnet.adjacencies.all[own]!.interface.mtu;",
      to: "const limit = mtu;",
    },
    {
      id: "vpp-own-packet-decremented",
      what: "a packet of VPP's own making leaves with a TTL less one",
      from: "  if (!isOwn) decrementTtl(bytes, ip);\n",
      to: "  decrementTtl(bytes, ip);\n",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/ip6_fib.ts", VPP6, [
    {
      id: "vpp-ip6-length-kept",
      what: "a prefix length without routes is still probed",
      from: "    this.#hash.delete(this.#key);\n    this.#countLength(depth, -1);\n",
      to: "    this.#hash.delete(this.#key);\n",
    },
    {
      id: "vpp-ip6-shortest-first",
      what: "prefix lengths are probed from the shortest on",
      from: ".filter((each) => this.#count[each]! > 0).reverse();",
      to: ".filter((each) => this.#count[each]! > 0);",
    },
    {
      id: "vpp-ip6-mask-of-byte",
      what: "a prefix length within a byte masks the whole byte",
      from: "key[i] = bytes[at + i]! & (0xff00 >> bits);",
      to: "key[i] = bits > 0 ? bytes[at + i]! : 0;",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip6_nodes.ts", VPP6, [
    {
      id: "vpp-ip6-hop-limit-1",
      what: "an IPv6 packet with hop limit 1 is forwarded",
      from: "if ((!isOwn && limit <= 1) || tooLong) {",
      to: "if ((!isOwn && limit < 1) || tooLong) {",
    },
    {
      id: "vpp-ip6-mtu-of-payload",
      what: "the header of an IPv6 packet does not count towards the MTU",
      from: "const tooLong = IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, ip) > out.mtu;",
      to: "const tooLong = ipv6PayloadLength(bytes, ip) > out.mtu;",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip6_icmp_error.ts", VPP6, [
    {
      id: "vpp-icmp6-about-error",
      what: "an ICMPv6 error is answered by another",
      from: "const answer = address === undefined || isError ? -1 :",
      to: "const answer = address === undefined ? -1 :",
    },
    {
      id: "vpp-icmp6-longer-than-mtu",
      what: "an ICMPv6 error is longer than the least MTU",
      from: "    MESSAGE_MAX - IPV6_HEADER_BYTES - ICMP_BYTES,\n",
      to: "    MESSAGE_MAX,\n",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip6_nd.ts", VPP6, [
    {
      id: "vpp-nd-group-of-whole-address",
      what: "the solicited-node address is made of all bytes of the last word",
      from: "(0xff000000 | readU32(target, 12) & 0xffffff) >>> 0]",
      to: "readU32(target, 12)]",
    },
    {
      id: "vpp-nd-short-advertisement",
      what:
        "an advertisement without a link-layer address fills the table with what lies behind it",
      from: "  if (length[b]! < ND_LLA + 6) return;\n",
      to: "",
    },
  ]),
  ...faultsIn(
    "packet",
    "stacks/vpp/ip4_local.ts",
    [...VPP_ERRORS, "stacks/vpp/interfaces_test.ts"],
    [
      {
        id: "vpp-echo-keeps-checksum",
        what: "an echo reply has the ICMP checksum of the request",
        from: "updateChecksum(before, ICMP_ECHO_REQUEST << 8, ICMP_ECHO_REPLY));",
        to: "before);",
      },
    ],
  ),
  ...faultsIn("packet", "stacks/vpp/ip4_neighbor.ts", [
    "stacks/vpp/errors_test.ts",
    "stacks/vpp/interfaces_test.ts",
    ...VPP,
  ], [
    {
      id: "vpp-arp-not-throttled",
      what: "every packet to an unknown neighbour makes an ARP request",
      from: "  if (now - last < vnet.throttleCycles) return THROTTLED;\n",
      to: "",
    },
    {
      id: "vpp-arp-answers-for-all",
      what: "an ARP request for another host is answered",
      from:
        "  if (arpTargetIpv4(bytes, arp) !== vnet.settings.addresses[rx.port]) return ADDRESS_NOT_LOCAL;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/l2_nodes.ts", ["stacks/vpp/interfaces_test.ts", ...VPP], [
    {
      id: "vpp-l2-floods-back",
      what: "a flooded frame goes back where it came from, too",
      from: "const to = [...members].filter((each) => each !== rxIf);",
      to: "const to = [...members];",
    },
    {
      id: "vpp-l2-hairpin",
      what: "a frame to a host on its own interface is sent back",
      from: "  if (to === rxIf) {\n",
      to: "  if (to === rxIf && to < 0) {\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/handoff.ts", ["stacks/vpp/workers_test.ts"], [
    {
      id: "vpp-handoff-loses-when-full",
      what: "packets that find a frame queue full are not freed",
      from: '    vm.env.drop(vm.cpu, b, REASON["ring-full"], full.place, full.occupancy);\n',
      to:
        '    if (b < 0) vm.env.drop(vm.cpu, b, REASON["ring-full"], full.place, full.occupancy);\n',
    },
    {
      id: "vpp-handoff-nobody-woken",
      what: "a worker that sleeps is not woken by what is handed to it",
      from: "  if (full === null) return vnet.wake(vm.cpu, to);\n",
      to: "  if (full === null) return;\n",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/acl.ts", [
    "stacks/vpp/features_test.ts",
    "stacks/vpp/interfaces_test.ts",
  ], [
    {
      id: "vpp-acl-permits-without-rule",
      what: "what no rule of a list speaks of is permitted",
      from: "    if (rule?.permit !== true) return false;\n",
      to: "    if (rule?.permit === false) return false;\n",
    },
    {
      id: "vpp-urpf-first-path-only",
      what: "the source check looks at the first path of a route only",
      from: "at <= base + loadBalances.mask[loadBalance]!; at++",
      to: "at <= base; at++",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/drop.ts", VPP_ERRORS, [
    {
      id: "vpp-first-error-overwritten",
      what: "a packet that is dropped counts as dropped by the last node and not by the first",
      from: "if (words[vm.buffers.row(b) + ERROR] === 0) vm.setError(node, 0, b);",
      to: "vm.setError(node, 0, b);",
    },
  ]),
  ...faultsIn("input", "stacks/xdp/xdp_buff.ts", ["stacks/xdp/xdp_buff_test.ts", ...XDP], [
    {
      id: "xdp-adjust-head-loses-meta",
      what: "moving the head leaves the metadata where they were",
      from: "    if (meta > 0) this.bytes.copyWithin(data - meta, this.dataMeta, this.data);\n",
      to: "",
    },
    {
      id: "xdp-adjust-tail-shows-old",
      what: "bytes that the tail grows over show what lay there before",
      from: "    if (delta > 0) this.bytes.fill(0, this.dataEnd, end);\n",
      to: "",
    },
    {
      id: "xdp-adjust-tail-below-header",
      what: "the tail may be moved until no Ethernet header is left",
      from: "if (end > this.hardEnd || end < this.data + ETH_HLEN) return false;",
      to: "if (end > this.hardEnd || end < this.data) return false;",
    },
    {
      id: "xdp-headroom-of-frame",
      what: "the head may be moved over the room of the xdp_frame",
      from: "if (data - meta < this.hardStart + XDP_FRAME_BYTES || data",
      to: "if (data - meta < this.hardStart || data",
    },
  ]),
  ...faultsIn("input", "stacks/xdp/helpers.ts", ["stacks/xdp/redirect_test.ts", ...XDP], [
    {
      id: "xdp-redirect-map-miss-is-redirect",
      what: "a redirect to an empty entry of a map is tried all the same",
      from: "    return vm.answer(flags & ACTION_MASK);\n",
      to: "    return vm.answer(XDP.REDIRECT);\n",
    },
    {
      id: "xdp-redirect-keeps-map",
      what: "bpf_redirect goes where the last bpf_redirect_map went",
      from: "  info.map = null;\n  info.index = vm.lo[1]! >>> 0;",
      to: "  info.index = vm.lo[1]! >>> 0;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/xdp/devmap.ts", ["stacks/xdp/devmap_test.ts", ...XDP], [
    {
      id: "xdp-devmap-program-of-first",
      what: "frames for one device with two egress programs all run the last one's",
      from: "    if (queue.count > 0 && queue.program !== program) this.#xmitAll(cpu, queue);\n",
      to: "",
    },
    {
      id: "xdp-devmap-listed-for-ever",
      what: "a queue that was flushed once is not flushed again",
      from: "      queue.listed = false;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/xdp/cpumap.ts", XDP, [
    {
      id: "xdp-cpumap-room-of-one-ring",
      what: "a cpumap entry holds its size from every sender",
      from: "const room = Math.min(n, Math.max(0, this.qsize - queued));",
      to: "const room = Math.min(n, this.qsize - this.#rings[from]!.count);",
    },
    {
      id: "xdp-cpumap-flush-forgets-count",
      what: "a bulk that was flushed is flushed again with the next",
      from: "    this.#counts[from] = 0;\n    const { costs",
      to: "    const { costs",
    },
  ]),
  ...faultsIn("packet", "stacks/xdp/fib_lookup.ts", XDP, [
    {
      id: "xdp-fib-mtu-of-frame",
      what: "bpf_fib_lookup does not compare the length with the MTU",
      from: "  if (totalLength > ip.mtu) return vm.answer(FIB_LKUP.FRAG_NEEDED);\n",
      to: "",
    },
  ]),
  ...faultsIn("ring", "stacks/xdp/xsk/ring.ts", XSK, [
    {
      id: "xsk-room-by-published",
      what: "entries that are reserved and not submitted do not count",
      from: "return this.size - ((this.#cachedProd - this.consumer) >>> 0);",
      to: "return this.size - ((this.producer - this.consumer) >>> 0);",
    },
    {
      id: "xsk-index-signed",
      what: "indices are not unsigned: past 2^32 a ring has a number of entries below 0",
      from: "    return (this.producer - this.consumer) >>> 0;\n",
      to: "    return this.producer - this.consumer;\n",
    },
    {
      id: "xsk-release-one",
      what: "a release gives back one entry, however many were peeked",
      from: "    this.consumer = this.#cachedCons;\n",
      to: "    this.consumer = Math.min(this.consumer + 1, this.#cachedCons);\n",
    },
  ]),
  ...faultsIn("pool", "stacks/xdp/xsk/socket.ts", XSK, [
    {
      id: "xsk-invalid-fill-stops",
      what: "an address outside the UMEM on the FILL ring stays at its head",
      from: "      this.statistics.rxInvalidDescs++;\n",
      to: "      this.statistics.rxInvalidDescs++;\n      return -1;\n",
    },
    {
      id: "xsk-spare-chunk-twice",
      what: "a chunk that was set aside is used and stays aside",
      from: "if (this.spare.length > 0) return this.spare.pop()!;",
      to: "if (this.spare.length > 0) return this.spare.at(-1)!;",
    },
  ]),
  ...faultsIn("pool", "stacks/xdp/xsk/umem.ts", XSK, [
    {
      id: "xsk-descriptor-over-chunks",
      what: "a descriptor may reach from one chunk into the next",
      from: "return chunk >= 0 && len > 0 && addr + len <= (chunk + 1) * CHUNK_BYTES;",
      to: "return chunk >= 0 && len > 0 && addr + len <= this.size;",
    },
  ]),
  ...faultsIn("pool", "stacks/xdp/xsk/transmit.ts", XSK, [
    {
      id: "xsk-completion-slot-kept",
      what: "a slot of the COMPLETION ring stays reserved when there is nothing to send",
      from: "      if (at < 0) {\n        socket.completion.cancel();\n        break;",
      to: "      if (at < 0) {\n        break;",
    },
    {
      id: "xsk-copy-skb-leaks",
      what: "in copy mode the skb of a frame that was sent is not given back",
      from: "    if (!socket.zeroCopy) this.#env.pool.put(cpu.lcore, frame);\n",
      to: "",
    },
  ]),
  ...faultsIn("interrupt", "stacks/xdp/xsk/kernel.ts", XSK, [
    {
      id: "xsk-receiver-not-told",
      what: "a process that waits is not told of received frames",
      from: "      socket.rx.submit();\n      this.#tell(cpu, socket);\n",
      to: "      socket.rx.submit();\n",
    },
  ]),
  ...faultsIn("NIC", "stacks/netmap/kring.ts", [
    "stacks/netmap/kring_test.ts",
    "stacks/netmap/hostile_test.ts",
    ...NETMAP,
  ], [
    {
      id: "netmap-head-beyond-tail",
      what: "a process may hand in one slot that is not its own",
      from: "if (moved > mine || wake < moved || wake > mine) return false;",
      to: "if (moved > mine + 1 || wake < moved || wake > mine + 1) return false;",
    },
    {
      id: "netmap-reinit-keeps-index",
      what: "a ring that is set up again keeps a buffer index that is none",
      from: "        ring.bufIdx[i] = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "stacks/netmap/ixgbe_netmap.ts", NETMAP, [
    {
      id: "netmap-reclaim-when-cur-at-tail",
      what: "sent slots come back only when the process asks for them by force",
      from: "(flags & NAF_FORCE_RECLAIM) !== 0 || kring.rcur === kring.hwtail) this.",
      to: "(flags & NAF_FORCE_RECLAIM) !== 0) this.",
    },
    {
      id: "netmap-report-flag-kept",
      what: "NS_BUF_CHANGED of a slot that was sent stays",
      from: "    ring.flagsOf[i] = flags & ~(NS_BUF_CHANGED | NS_REPORT);\n",
      to: "    ring.flagsOf[i] = flags & ~NS_REPORT;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/generic.ts", EMULATED, [
    {
      id: "generic-rx-skb-leaks",
      what: "the skb that was copied into a slot is not freed",
      from: "      this.#env.pool.put(cpu.lcore, skb);\n      kring.packets++;",
      to: "      kring.packets++;",
    },
    {
      id: "generic-tx-not-woken",
      what: "a process that waits for slots is not told when skbs come back",
      from: "    if (this.#freed) this.#tx.si.wake(cpu);\n",
      to: "",
    },
  ]),
  ...faultsIn("interrupt", "stacks/netmap/mitigation.ts", EMULATED, [
    {
      id: "mitigation-pending-forgotten",
      what: "a notification that was held back is not made up for",
      from: "        this.#pending = false;\n        this.#tell(cpu);",
      to: "        this.#pending = false;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/bridge.ts", [
    "stacks/netmap/bridge_test.ts",
    ...NETMAP,
  ], [
    {
      id: "netmap-bridge-waits-for-output",
      what: "the bridge waits for packets of a port that has some, and not for room on the other",
      from: "    if (hasPackets(this.#a)) events[b]! |= POLLOUT;\n    else events[a]! |= POLLIN;\n",
      to: "    events[a]! |= POLLIN;\n",
    },
    {
      id: "netmap-bridge-copies-length-late",
      what: "a copied packet has the length of the one before in its slot",
      from: "        tx.len[j] = rx.len[i]!;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/monitor.ts", [
    "stacks/netmap/audit_test.ts",
    "stacks/netmap/vale_test.ts",
    "stacks/netmap/pipe_test.ts",
    "stacks/netmap/pkt_gen_test.ts",
  ], [
    {
      id: "monitor-overruns-reader",
      what: "a monitor writes over slots that its reader has not released",
      from: "      if (rx.next(this.#filled) === rx.hwcur) {\n",
      to: "      if (rx.next(this.#filled) === rx.hwcur && this.lost < 0) {\n",
    },
  ]),
  ...faultsIn("ring", "stacks/netmap/vring.ts", GUEST, [
    {
      id: "vring-event-not-modular",
      what: "event indices are compared as numbers, which goes wrong when they wrap",
      from: "return ((now - event - 1) & MASK) < ((now - old) & MASK);",
      to: "return now - event - 1 < now - old;",
    },
    {
      id: "vring-data-descriptor-lost",
      what: "the second descriptor of a chain is not free again",
      from: "    this.next[data] = this.#free;\n    this.#free = head;\n    this.#freeCount += 2;",
      to: "    this.next[head] = this.#free;\n    this.#free = head;\n    this.#freeCount += 2;",
    },
  ]),
  ...faultsIn("pool", "stacks/netmap/host_rings.ts", [
    "stacks/netmap/host_rings_test.ts",
    "stacks/netmap/hostile_test.ts",
    "stacks/netmap/audit_test.ts",
    ...NETMAP,
  ], [
    {
      id: "host-ring-drop-leaks",
      what: "an skb that the host ring has no room for is not freed",
      from: "      this.oqdrops++;\n      this.#env.pool.put(cpu.lcore, skb);\n",
      to: "      this.oqdrops++;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/vale_port.ts", VALE, [
    {
      id: "vale-blank-not-written",
      what: "leased slots that nothing was copied into keep the packet of before",
      from: "      kring.ring.len[at] = 0;\n",
      to: "",
    },
    {
      id: "vale-full-goes-on",
      what: "behind a packet that did not fit a shorter one that does is taken",
      from: "      full ||= frags > room;\n",
      to: "      full = frags > room;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/vale_batch.ts", VALE, [
    {
      id: "vale-unfinished-packet-taken",
      what: "a packet whose last slot has not come yet is taken as it is",
      from: "      end = kring.next(at);\n    }\n    return end;",
      to: "      end = kring.next(at);\n    }\n    return to;",
    },
  ]),
  ...faultsIn(
    "hash",
    "stacks/netmap/vale_table.ts",
    ["stacks/netmap/vale_table_test.ts", ...VALE],
    [
      {
        id: "vale-forget-keeps-cache",
        what: "after a port has left, its last address is not learned again elsewhere",
        from: "    this.#lastHigh.fill(-1);\n  }",
        to: "  }",
      },
    ],
  ),
  ...faultsIn("packet", "stacks/pf-ring/parse_pkt.ts", PF_RING, [
    {
      id: "pf-ring-inner-fragment",
      what: "the fragment fields are those of the inner header",
      from: "if (level === 1 && kind === LAYER.ipv4) this.#fragment(bytes, off);",
      to: "if (kind === LAYER.ipv4) this.#fragment(bytes, off);",
    },
    {
      id: "pf-ring-last-tag",
      what: "of two VLAN tags the inner one is taken",
      from: "        if (this.vlanId === 0) this.vlanId =",
      to: "        this.vlanId =",
    },
  ]),
  ...faultsIn("packet", "stacks/pf-ring/fragment_cache.ts", PF_RING, [
    {
      id: "pf-ring-fragment-key-without-protocol",
      what: "fragments of two protocols with one id go to one socket",
      from: "`${outer.src} ${outer.dst} ${outer.protocol} ${ipId}`;",
      to: "`${outer.src} ${outer.dst} ${ipId}`;",
    },
    {
      id: "pf-ring-fragment-cache-drops-newest",
      what: "a full cache of fragments forgets the one that is put in",
      from: "    this.#hash.set(key, hash);\n",
      to: "    if (this.#hash.size < CLUSTER_FRAGMENTS_MAX - 1) this.#hash.set(key, hash);\n",
    },
  ]),
  ...faultsIn("packet", "stacks/pf-ring/filters.ts", [...PF_RING, "stacks/pf-ring/bpf_test.ts"], [
    {
      id: "pf-ring-rules-as-added",
      what: "rules are tried in the order in which they were added",
      from: "    this.#wildcard.sort((a, b) => a.ruleId - b.ruleId);\n",
      to: "",
    },
    {
      id: "pf-ring-sampling-off-by-one",
      what: "with a sampling rate of n every packet but n is taken",
      from: "      this.#toSample = this.samplingRate - 1;\n",
      to: "      this.#toSample = this.samplingRate;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/cluster.ts", PF_RING, [
    {
      id: "pf-ring-round-robin-full",
      what: "round robin gives a packet to a socket whose ring is full while another has room",
      from: "if (socket.active && socket.ring.hasRoom(nowPs)) return socket;",
      to: "if (socket.active) return socket;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/pf_ring_module.ts", PF_RING, [
    {
      id: "pf-ring-sent-seen-as-received",
      what: "a socket that captures received packets sees those that are sent",
      from: "      if (!this.settings.enableTxCapture) return;\n",
      to: "",
    },
    {
      id: "pf-ring-reflected-not-copied",
      what: "a reflected packet is the received one, and both are freed",
      from: "    memory.copy(skb, clone);\n    this.#copied.mark(skb);",
      to: "    this.#copied.mark(skb);",
    },
  ]),
  ...faultsIn("pool", "stacks/pf-ring/zc_queue.ts", ZC, [
    {
      id: "zc-pop-keeps-buffer",
      what: "a pop takes a packet and hands in no buffer for it",
      from: "    this.#empty.enqueueBurst(handles.buffer, 0, n, now);\n",
      to: "    this.#empty.enqueueBurst(handles.buffer, 0, n - 1, now);\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/prio_rings.ts", ODP, [
    {
      id: "odp-priority-reversed",
      what: "the queue of the highest priority is in the ring of the lowest",
      from: "const at = (group * PRIOS + PRIOS - 1 - prio) * this.#spreads + spread;",
      to: "const at = (group * PRIOS + prio) * this.#spreads + spread;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/queue.ts", ["stacks/odp/queue_test.ts", ...ODP], [
    {
      id: "odp-queue-discards-uncounted",
      what: "events that a full queue refuses are not counted",
      from: "    this.discards += n - moved;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/timed_queue.ts", [
    "stacks/odp/timed_queue_test.ts",
    ...ODP,
  ], [
    {
      id: "odp-grown-queue-unwrapped",
      what: "a queue that grows takes its items over as they lie, not from its head on",
      from: "      const slot = (this.#head + i) & (slots - 1);\n      items[i]",
      to: "      const slot = i;\n      items[i]",
    },
    {
      id: "odp-equal-times-swap",
      what: "of two events of one instant the later one goes first",
      from: "if (this.#ps[before]! <= ps) break;",
      to: "if (this.#ps[before]! < ps) break;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/sched_local.ts", ODP, [
    {
      id: "odp-wait-never-expires",
      what: "a wait begins anew with every look",
      from: "    if (this.waitingSincePs < 0) this.waitingSincePs = ps;\n",
      to: "    this.waitingSincePs = ps;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/sched_context.ts", ODP, [
    {
      id: "odp-locks-called-kept",
      what: "the order locks that a context took count as taken by the next",
      from: "    local.locksCalled = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/odp/pmr.ts", ODP_IO, [
    {
      id: "odp-vlan-id-with-priority",
      what: "the VLAN id has the priority in it",
      from: "readU16(bytes, frame + 14) & 0xfff : -1;",
      to: "readU16(bytes, frame + 14) : -1;",
    },
    {
      id: "odp-range-without-end",
      what: "a range does not hold its last value",
      from: "field < term.range[0] || field > term.range[1]) return false;",
      to: "field < term.range[0] || field >= term.range[1]) return false;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/pktio_loop.ts", ODP_IO, [
    {
      id: "odp-loop-wakes-nobody",
      what: "what is sent on a loop interface wakes no thread",
      from: "    if (sent > 0) this.odp.scheduler.rings.wake(cpu);\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/pktio.ts", ODP_IO, [
    {
      id: "odp-broadcast-of-two-bytes",
      what: "a group address that begins with two bytes of ones counts as the broadcast",
      from: "for (let i = at; i < at + 6; i++) if (bytes[i] !== 0xff)",
      to: "for (let i = at; i < at + 2; i++) if (bytes[i] !== 0xff)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_shaper.ts", TM, [
    {
      id: "odp-eligible-one-early",
      what: "a delayed packet is looked at a picosecond before it has credit",
      from:
        " + 1;\n    // a rate is no binary fraction: a quotient that is whole may come out on either side\n    while (this.creditAt(at) <= 0) at++;\n",
      to: ";\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_node.ts", TM, [
    {
      id: "odp-fifo-cut-too-far",
      what: "a queue that drops its served part drops one packet more",
      from: "      this.#fifo.splice(0, 64);\n",
      to: "      this.#fifo.splice(0, 65);\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/apps/basic_apps.ts", [
    "stacks/snabb/app_units_test.ts",
    ...SNABB,
  ], [
    {
      id: "snabb-tee-sends-one-twice",
      what: "a tee sends the packet itself on two of its links",
      from: "link.transmit(this.output[o]!, packet.clone(p));\n        }\n        link",
      to: "link.transmit(this.output[o]!, o === 0 ? packet.clone(p) : p);\n        }\n        link",
    },
    {
      id: "snabb-join-first-input-only",
      what: "a join takes packets from its first input alone",
      from:
        "    const output = this.output[0]!;\n    for (let i = 0; i < this.input.length; i++) {",
      to: "    const output = this.output[0]!;\n    for (let i = 0; i < 1; i++) {",
    },
  ]),
  ...faultsIn(
    "packet",
    "stacks/snabb/apps/bridge.ts",
    ["stacks/snabb/app_units_test.ts", ...SNABB],
    [
      {
        id: "snabb-bridge-learns-groups",
        what: "a group address is learned as a source",
        from: "    if (!isGroupMac(bytes, at + 6)) this.#table",
        to: "    this.#table",
      },
      {
        id: "snabb-bridge-never-ages",
        what: "an address stays where it was seen last for ever",
        from: "if (known === undefined || now - known.seen > this.#timeout) return",
        to: "if (known === undefined) return",
      },
      {
        id: "snabb-bridge-split-horizon",
        what: "a known address is reached across a split horizon",
        from: "if (output !== undefined && this.talks(port, known.port)) link",
        to: "if (output !== undefined) link",
      },
    ],
  ),
  ...faultsIn("NIC", "stacks/snabb/apps/intel_tx.ts", ["stacks/snabb/apps_test.ts", ...INTEL], [
    {
      id: "snabb-released-before-sent",
      what: "a transmit queue counts as released while the device still sends",
      from: "    if (!told || ring.sent !== ring.tail) return false;\n",
      to: "    if (!told) return false;\n",
    },
    {
      id: "snabb-too-big-leaks",
      what: "a packet beyond the MTU is not freed",
      from: '        this.#process.discard(p, REASON["too-big"]);\n',
      to: "",
    },
  ]),
  ...faultsIn("pool", "stacks/snabb/packet.ts", PROCESSES, [
    {
      id: "snabb-preallocate-fixed-step",
      what: "a process that runs out of packets gets 1000 every time",
      from: "    this.#step *= 2;\n",
      to: "",
    },
    {
      id: "snabb-clone-without-length",
      what: "a clone of a packet has no packet type",
      from: "    memory.flags[copy] = memory.flags[p]!;\n",
      to: "",
    },
    {
      id: "snabb-freebits-without-minimum",
      what: "short packets count fewer bits than they take on the wire",
      from: "(Math.max(length, LEAST_BYTES) + L1_BYTES) * 8;",
      to: "(length + L1_BYTES) * 8;",
    },
  ]),
  ...faultsIn("pool", "stacks/snabb/group_freelist.ts", PROCESSES, [
    {
      id: "snabb-group-sequence-of-turn",
      what: "a chunk that was taken is not free for the next turn",
      from: "this.#sequence[at] = (this.#dequeue + this.#mask + 1) >>> 0;",
      to: "this.#sequence[at] = (this.#dequeue + this.#mask) >>> 0;",
    },
  ]),
  ...faultsIn("ring", "stacks/snabb/interlink.ts", [
    "stacks/snabb/processes_test.ts",
    "stacks/snabb/audit_test.ts",
  ], [
    {
      id: "snabb-interlink-kept-at-detach",
      what: "packets that are in an interlink when both ends are gone are lost",
      from: "    while (link.nread < link.nwrite) free(link.extract());\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "stacks/snabb/timer.ts", [
    "stacks/snabb/timer_test.ts",
    "stacks/snabb/engine_test.ts",
  ], [
    {
      id: "snabb-timer-drifts",
      what: "a repeating timer counts from when it ran and not from when it was due",
      from: "entry.atUs += entry.timer.us;",
      to: "entry.atUs = now + entry.timer.us;",
    },
  ]),
  ...faultsIn(
    "packet",
    "stacks/snabb/apps/router.ts",
    ["stacks/snabb/app_units_test.ts", ...SNABB],
    [
      {
        id: "snabb-router-keeps-unlinked",
        what: "a router goes on sending on a link that was taken away",
        from: 'if (direction === "output" && port >= 0) this.#outputs[port] = undefined;',
        to: 'if (direction === "input" && port >= 0) this.#outputs[port] = undefined;',
      },
    ],
  ),
  ...faultsIn("packet", "stacks/packetshader/chunk.ts", SHADER, [
    {
      id: "ps-chunk-keeps-keys",
      what: "a chunk that is used again still has the keys of the one before",
      from: "    this.keyCount = 0;\n    this.shaded",
      to: "    this.shaded",
    },
    {
      id: "ps-view-of-first-port",
      what: "the packets of all ports are in one view",
      from: "this.view[port * this.slots + this.viewCount[port]!++] = k;",
      to: "this.view[this.viewCount[port]!++] = k;",
    },
  ]),
  ...faultsIn("packet", "stacks/packetshader/flow.ts", [
    "stacks/packetshader/flow_test.ts",
    ...APPS,
  ], [
    {
      id: "ps-flow-ports-of-fragment",
      what: "a later fragment's data are matched as ports",
      from: "(u16(ip + 6) & 0x1fff) === 0 &&",
      to: "(u16(ip + 6) & 0x1fff) >= 0 &&",
    },
    {
      id: "ps-flow-vlan-with-priority",
      what: "the VLAN of a flow has the priority in it",
      from: "(tagged ? u16(14) & 0xfff : VLAN_NONE);",
      to: "(tagged ? u16(14) : VLAN_NONE);",
    },
  ]),
  ...faultsIn("packet", "stacks/packetshader/app_ipv4.ts", APPS, [
    {
      id: "ps-ipv4-same-number-of-routes",
      what: "a table is taken for loaded when it has as many routes",
      from: "        return r.prefix === prefix && r.depth === depth && r.nextHop === nextHop;\n",
      to: "        return r.depth === depth || prefix >= 0 || nextHop >= 0;\n",
    },
  ]),
  ...faultsIn("packet", "stacks/packetshader/app_ipsec.ts", APPS, [
    {
      id: "ps-ipsec-padding-zero",
      what: "the padding of ESP is zeros and not 1, 2, 3",
      from: "pad++) packet[ESP_HEADER + i] = pad;",
      to: "pad++) packet[ESP_HEADER + i] = 0;",
    },
    {
      id: "ps-ipsec-sequence-repeats",
      what: "two packets have one sequence number",
      from: "chunk.keys[key + 1] = ++this.#sequence;",
      to: "chunk.keys[key + 1] = this.#sequence++ || 1;",
    },
  ]),
  ...faultsIn("NIC", "stacks/packetshader/ps_tx_ring.ts", [
    "stacks/packetshader/ps_tx_ring_test.ts",
    ...SHADER,
  ], [
    {
      id: "ps-report-stays-on",
      what: "one report is asked for, and never another",
      from: "        this.#queued = 0;\n        report = true;",
      to: "        report = true;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/bounce.ts", P2PNIC, [
    {
      id: "p2pnic-bounce-first-nic-always",
      what: "a CPU looks at the rings of the first NIC first every time",
      from: "    let turn = this.#turn[queue]!;\n",
      to: "    let turn = -1;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/peers.ts", P2PNIC, [
    {
      id: "p2pnic-completion-to-own-ring",
      what: "a slot is completed on the ring of the NIC that sends",
      from: "const waiting = this.rings.complete(ingress, nic.port, slot);",
      to: "const waiting = this.rings.complete(nic.port, ingress, slot);",
    },
  ]),
  ...faultsIn("input", "stacks/external/records.ts", EXTERNAL, [
    {
      id: "records-bad-fcs-offered",
      what: "a frame with a wrong FCS is handed to the program",
      from: "    if (traffic.badFcs?.[i] === 1) continue;\n",
      to: "",
    },
  ]),
  ...faultsIn("input", "stacks/external/captures.ts", EXTERNAL, [
    {
      id: "captures-cut-file-taken",
      what: "an output file that is cut is taken for whole",
      from: "    if (capture.cut !== undefined) {\n",
      to: "    if (capture.cut !== undefined && capture.count === 0) {\n",
    },
  ]),
  ...faultsIn("input", "stacks/external/identity.ts", [
    "stacks/external/identity_test.ts",
    ...EXTERNAL,
  ], [
    {
      id: "identity-first-of-equal",
      what: "of equal frames that come out all count as the first",
      from: "      last = i;\n      if (this.#told[i] === 0) break;\n",
      to: "      last = i;\n      break;\n",
    },
  ]),
  ...faultsIn("input", "stacks/external/likeness.ts", [
    "stacks/external/identity_test.ts",
    ...EXTERNAL,
  ], [
    {
      id: "identity-checksum-compared",
      what: "a frame whose checksum was updated is a stranger",
      from: "return at === 8 || at === 10 || at === 11;",
      to: "return at === 8 || at === 10;",
    },
  ]),
];
