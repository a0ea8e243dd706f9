/** Faults of the parts whose kinds the histories of drivers, hosts, fabrics and stacks show, written from the sources alone. */
import { type Fault, faultsIn } from "../fault.ts";

const FABRIC = [
  "core/pcie/fabric_test.ts",
  "core/pcie/conservation_test.ts",
  "core/pcie/ordering_test.ts",
  "core/pcie/throughput_test.ts",
  "core/machine/testbed_test.ts",
  "core/machine/fidelity_test.ts",
  "stacks/p2pnic/conformance_test.ts",
];
const LINK = [
  "properties/pcie/pcie_test.ts",
  "core/pcie/link/link_test.ts",
  "core/pcie/fabric_test.ts",
  "core/machine/fidelity_test.ts",
];
const LATE = [
  "core/pcie/late_fabric_test.ts",
  "core/machine/faults_test.ts",
  "core/pcie/ordering_test.ts",
  "core/pcie/fabric_test.ts",
  "stacks/dpdk/conformance_test.ts",
  "stacks/p2pnic/conformance_test.ts",
];
const MEMORY_BEHIND = [
  "core/memory/host_memory_test.ts",
  "core/pcie/ordering_test.ts",
  "core/machine/fidelity_test.ts",
  "core/machine/testbed_test.ts",
];
const QUEUES = [
  "core/nic/queue_pairs_test.ts",
  "core/nic/rings_test.ts",
  "core/nic/poll_port_test.ts",
  "core/machine/testbed_test.ts",
  "stacks/example/conformance_test.ts",
  "stacks/dpdk/conformance_test.ts",
];
const PORTS = [
  "core/nic/mac_test.ts",
  "core/machine/faults_test.ts",
  "core/machine/testbed_test.ts",
  "stacks/example/conformance_test.ts",
];
const PEERS = [
  "core/nic/peer_rings_test.ts",
  "core/nic/host_rings_test.ts",
  "core/nic/threads_test.ts",
  "core/machine/testbed_test.ts",
  "stacks/p2pnic/conformance_test.ts",
];
const MBUFS = [
  "core/memory/mbuf_test.ts",
  "core/memory/mempool_test.ts",
  "properties/mempool/conformance_test.ts",
];
const LINUX = [
  "stacks/linux-napi/originated_test.ts",
  "stacks/linux-napi/ip_test.ts",
  "stacks/linux-napi/ixgbe_test.ts",
  "stacks/linux-napi/report_test.ts",
  "stacks/linux-napi/conformance_test.ts",
];
const FRAGMENTS = [
  "core/packet/fragment_test.ts",
  "core/packet/fields_test.ts",
  "core/packet/frame_test.ts",
];

/** Faults of the fabric in its coarse fidelity and in that of TLPs, and of what stands over it. */
export const BLIND_FABRIC_FAULTS: readonly Fault[] = [
  ...faultsIn("PCIe", "core/pcie/_links.ts", FABRIC, [{
    id: "b-links-tlps-over-reset",
    what: "the TLPs that a direction has sent are counted on over a reset",
    from: "      doubles.fill(0, d, d + DOUBLES);",
    to: "      doubles.fill(0, d, d + TLPS);",
  }]),
  ...faultsIn("PCIe", "core/pcie/_wires.ts", FABRIC, [{
    id: "b-wires-stalls-over-reset",
    what: "the time for which a source was held up is counted on over a reset",
    from: "    this.#blocked.fill(0);\n    this.stalledPs.fill(0);",
    to: "    this.#blocked.fill(0);",
  }]),
  ...faultsIn("PCIe", "core/pcie/_switch.ts", FABRIC, [{
    id: "b-switch-holds-over-reset",
    what: "a switch that loses what it cannot hold does so in the runs after, too",
    from: "    this.holds = Infinity;\n    this.lost = 0;\n    this.lose = null;",
    to: "    this.lost = 0;",
  }]),
  ...faultsIn("PCIe", "core/pcie/_endpoints.ts", FABRIC, [{
    id: "b-endpoints-room-of-writes-alone",
    what: "a source has room however many of its read requests wait",
    from: "    return this.#waiting[src * 2]! < limit && this.#waiting[src * 2 + 1]! < limit;",
    to: "    return this.#waiting[src * 2]! < limit;",
  }]),
  ...faultsIn("PCIe", "core/pcie/_credits.ts", FABRIC, [{
    id: "b-credits-ride-earlier-update",
    what: "credits of a TLP that is yet to arrive go with an UpdateFC that has left before",
    from: "    if (at > doubles[d | FIRST_AT]!) {",
    to: "    if (at > doubles[d | FIRST_AT]! && doubles[d | SECOND_AT] !== Infinity) {",
  }]),
  ...faultsIn("PCIe", "core/pcie/_window.ts", FABRIC, [{
    id: "b-window-wake-over-reset",
    what: "a source that waited in the run before is thought to be called already",
    from: "    this.#wakeAt.fill(-1);\n    this.#refused.fill(0);",
    to: "    this.#refused.fill(0);",
  }]),
  ...faultsIn("PCIe", "core/pcie/late_fabric.ts", LATE, [
    {
      id: "b-late-answer-passes-writes",
      what: "an answer that comes in time passes a late write of the one who answers",
      from: "    if (!isWrite && dst !== HOST) {",
      to: "    if (!isWrite && dst === HOST) {",
    },
    {
      id: "b-late-held-passes-data",
      what: "a write-back that was held is visible before an earlier write that is late",
      from: "    this.#clock.at(Math.max(this.#clock.now, after + 1), handler, arg);",
      to: "    this.#clock.at(this.#clock.now, handler, arg);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/memory_fabric.ts", MEMORY_BEHIND, [{
    id: "b-memory-fabric-writes-pass",
    what: "a write that is quick in memory is visible before an earlier one that was slow",
    from: "    if (at <= this.#visibleAt[src]!) at",
    to: "    if (!write && at <= this.#visibleAt[src]!) at",
  }]),
  ...faultsIn("PCIe", "core/pcie/coarse.ts", FABRIC, [{
    id: "b-coarse-arrivals-over-reset",
    what: "an operation is not through before one of the run before was, of the same pair",
    from: "    this.#arrivesAt.fill(0);\n",
    to: "",
  }]),
  ...faultsIn("PCIe", "core/pcie/tlp.ts", FABRIC, [{
    id: "b-write-with-lost-part-lands",
    what: "a write of which a TLP was lost in a switch is said to have landed",
    from: "      pool.divert(op, this.#lost);\n",
    to: "",
  }]),
  ...faultsIn("PCIe", "core/pcie/late_fabric.ts", LATE, [{
    id: "b-late-held-over-reset",
    what: "a write-back that was held at the end of a run is released in the next",
    from: "    this.#held.clear();\n",
    to: "",
  }]),
];

/** Faults of the fabric's data link layer and transaction layer. */
export const BLIND_LINK_FAULTS: readonly Fault[] = [
  ...faultsIn("PCIe", "core/pcie/link/_serializer.ts", LINK, [
    {
      id: "b-skp-owed-once",
      what: "of several SKP ordered sets that a long TLP held up only one is sent",
      from: "owed = 1 + Math.floor((this.freeAt[d]! - due) / every);",
      to: "owed = 1;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_completer.ts", LINK, [
    {
      id: "b-completion-credits-unaligned",
      what: "a completion that begins within a word takes the credits of an aligned one",
      from: "    tlp.data = (words(address, tlp.chunk) + 15) >> 4;",
      to: "    tlp.data = (tlp.chunk + 15) >> 4;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_router.ts", LINK, [{
    id: "b-shared-queue-next-not-woken",
    what: "what comes next in a queue of several egresses is not looked at by its own",
    from:
      "        queue.shift();\n        const head = queue.first();\n        if (head !== undefined) this.link.wake(head.egress, this.#clock.now);",
    to: "        queue.shift();",
  }]),
  ...faultsIn("PCIe", "core/pcie/link/_plan.ts", LINK, [
    {
      id: "b-redirect-needs-root-peers",
      what: "what a switch redirects comes back from a root complex only if its ports are peers",
      from: "rootPeerToPeer || egress === (ingress ^ 1) ? egress : -2",
      to: "rootPeerToPeer ? egress : -2",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_flow_control.ts", LINK, [{
    id: "b-pool-grants-over-reset",
    what: "credits granted of a pool in the run before are taken back in the next",
    from: "[this.#used, this.#received, this.#granted, this.#occupied]",
    to: "[this.#used, this.#received, this.#occupied]",
  }]),
  ...faultsIn("PCIe", "core/pcie/link/fabric.ts", LINK, [{
    id: "b-link-fabric-other-mrrs",
    what: "a run with other read requests than the one before is given its model",
    from: "[devices, mps, mrrs, headerCredits, dataCredits, ledger]",
    to: "[devices, mps, headerCredits, dataCredits, ledger]",
  }]),
  ...faultsIn("PCIe", "core/pcie/link/model.ts", LINK, [{
    id: "b-removed-over-reset",
    what: "an endpoint that was removed in the run before may not begin anything",
    from: "    this.#removed.fill(0);\n",
    to: "",
  }]),
];

/** Faults of NICs. */
export const BLIND_NIC_FAULTS: readonly Fault[] = [
  ...faultsIn("NIC", "core/nic/transmit_side.ts", QUEUES, [{
    id: "b-head-register-counts-frames",
    what: "the head register moves by one for a frame of several descriptors",
    from: "    ring.sent = (ring.sent + parts) >>> 0;",
    to: "    ring.sent = (ring.sent + 1) >>> 0;",
  }]),
  ...faultsIn("NIC", "core/nic/mac_out.ts", PORTS, [{
    id: "b-stopped-line-counts-twice",
    what: "a line that stopped sends what went before the stop once more",
    from: "    this.#idleSince = this.#freeAt;\n    this.#bits = 0;",
    to: "    this.#idleSince = this.#freeAt;",
  }]),
  ...faultsIn("NIC", "core/nic/rings.ts", QUEUES, [{
    id: "b-drop-enable-over-reset",
    what: "a queue that is set up anew loses packets as it did before",
    from: "    this.dropEnable = false;\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/nic/host_rings.ts", PEERS, [{
    id: "b-host-memory-busy-over-boot",
    what: "host memory is as busy at boot as it was at the end of the run before",
    from: "    this.#memoryFreeAt = 0;\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/nic/peer_rings.ts", PEERS, [{
    id: "b-offered-frames-over-boot",
    what: "slots from which frames were read in the run before are read from in the next",
    from: "        this.#source.fill(-1, first, first + slots);\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/nic/threads.ts", PEERS, [{
    id: "b-threads-look-over-boot",
    what: "a thread that looked at an instant of the run before is not called at that of this one",
    from: "    this.#looksAt = -1;\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/nic/_steering.ts", [
    "core/nic/rss_key_test.ts",
    ...QUEUES,
  ], [{
    id: "b-rss-key-over-reset",
    what: "the key that a driver has written stays over a reset",
    from: "    this.rss = undefined;\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/machine/peer.ts", PORTS, [{
    id: "b-peers-paused-over-runs",
    what: "a sender that was stopped in the run before begins the next one late",
    from: "    this.#goesOnAt.fill(0);\n",
    to: "",
  }]),
  ...faultsIn("NIC", "core/nic/_host_lanes.ts", PEERS, [{
    id: "b-host-lane-one-more",
    what: "a ring towards a NIC takes one descriptor more than it has slots",
    from: "this.descriptors.written - this.reclaimed === this.descriptors.entry.length",
    to: "this.descriptors.written - this.reclaimed > this.descriptors.entry.length",
  }]),
  ...faultsIn("NIC", "core/nic/nic.ts", ["core/machine/testbed_test.ts", ...QUEUES], [{
    id: "b-nic-booted-over-reset",
    what: "a NIC that firmware drives tells of the rings of the run before",
    from: "    this.#booted = false;\n    this.#choices",
    to: "    this.#choices",
  }]),
  ...faultsIn("NIC", "core/nic/pause.ts", PORTS, [{
    id: "b-pause-over-reset",
    what: "a port that had stopped its peer does not stop it in the next run",
    from: "    this.#stopped = false;\n    this.#requests = 0;",
    to: "    this.#requests = 0;",
  }]),
  ...faultsIn("NIC", "core/machine/peer.ts", [...PORTS, "core/machine/stream_test.ts"], [{
    id: "b-peers-later-over-runs",
    what: "senders that have repeated their frames send those of the next run as late",
    from: "    this.#laterPs.fill(0);\n",
    to: "",
  }]),
];

/** Faults of pools, packet buffers and the memory behind them. */
export const BLIND_MEMORY_FAULTS: readonly Fault[] = [
  ...faultsIn("pool", "core/memory/mbuf_share.ts", MBUFS, [
    {
      id: "b-attach-forgets-own-bytes",
      what: "what a buffer held before it shows another's bytes is left over a reset",
      from: "    memory.note(b);\n    references[of]",
      to: "    references[of]",
    },
  ]),
  ...faultsIn("pool", "core/memory/mbuf_copy.ts", MBUFS, [{
    id: "b-copied-part-carries-packet",
    what: "a copy of a part of a packet is taken for the packet",
    from: "  if (length === total) memory.copied(b, head);",
    to: "  if (from === 0) memory.copied(b, head);",
  }]),
  ...faultsIn("pool", "core/memory/host_memory.ts", MEMORY_BEHIND, [{
    id: "b-iotlb-page-behind",
    what: "an access that ends with its page asks for the page behind it",
    from: "page * pageBytes < end; page++",
    to: "page * pageBytes <= end; page++",
  }]),
  ...faultsIn("pool", "core/memory/pairs.ts", ["core/memory/copy_test.ts", ...MBUFS], [{
    id: "b-pairs-misaligned",
    what: "words of an array that begins between two pairs are copied from one word before",
    from: "byteOffset % 8 === 0 ? length >> 1 : 0",
    to: "length >> 1",
  }]),
  ...faultsIn("pool", "core/memory/outside.ts", [
    "core/memory/outside_test.ts",
    "stacks/netmap/conformance_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [{
    id: "b-outside-copy-ends-packet",
    what: "a packet ends with a copy of it though something else carries it",
    from: "if (packet >= 0 && o.carrier[packet] === copy && o.fate",
    to: "if (packet >= 0 && o.fate",
  }]),
  ...faultsIn("pool", "core/memory/host_memory.ts", MEMORY_BEHIND, [{
    id: "b-iotlb-over-reset",
    what: "pages that were walked for in the run before are known in the next",
    from: "    this.#iotlb?.reset();\n",
    to: "",
  }]),
];

/** Faults of hosts, of the Linux kernel on them, and of time. */
export const BLIND_HOST_FAULTS: readonly Fault[] = [
  ...faultsIn("loss and order", "core/linux/qdisc.ts", [
    "core/linux/qdisc_test.ts",
    "stacks/linux-napi/tx_path_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [{
    id: "b-qdisc-requeues-sent",
    what: "packets of a bulk that the driver has taken are counted as put back",
    from: "this.#requeue(bulk - sent);",
    to: "this.#requeue(bulk);",
  }]),
  ...faultsIn("loss and order", "core/linux/gro.ts", [
    "stacks/linux-napi/gro_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [{
    id: "b-gro-sequence-wraps",
    what: "segments on both sides of sequence number 0 are not merged",
    from: "    held.nextSeq = (held.nextSeq + payload) >>> 0;",
    to: "    held.nextSeq += payload;",
  }]),
  ...faultsIn("packet", "core/linux/icmp_send.ts", LINUX, [{
    id: "b-icmp-longer-than-mtu",
    what: "an error about a packet is longer than the MTU where that is small",
    from: "    this.#messageMax = Math.min(MESSAGE_MAX, mtu);",
    to: "    this.#messageMax = MESSAGE_MAX;",
  }]),
  ...faultsIn("packet", "core/linux/icmp_echo.ts", [
    "core/linux/icmp_echo_test.ts",
    ...LINUX,
  ], [{
    id: "b-echo-options-answered",
    what: "a reply to a request with options has these for its message",
    from: "    memory.copyWithin(ip + header, icmp, length);",
    to: "    memory.copyWithin(ip + IPV4_HEADER_BYTES, icmp, length);",
  }]),
  ...faultsIn("LPM", "core/linux/kernel_fib.ts", ["core/linux/kernel_fib_test.ts", ...LINUX], [{
    id: "b-kept-trie-other-next-hops",
    what: "a trie is kept for routes that differ from its own in their next hops",
    from: "kept.every((word, i) => word === routes[i])",
    to: "kept.every((word, i) => i % 3 === 2 || word === routes[i])",
  }]),
  ...faultsIn("interrupt", "core/linux/ixgbe.ts", [
    "core/linux/ixgbe_poll_test.ts",
    "core/linux/itr_test.ts",
    "stacks/linux-napi/interrupts_test.ts",
    "stacks/linux-napi/ixgbe_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [{
    id: "b-itr-counts-sent-again",
    what: "frames sent before the last interrupt count for the interval up to the next",
    from: "    this.#txPackets = tx.packets;\n",
    to: "",
  }]),
  ...faultsIn("loss and order", "core/host/context.ts", [
    "core/machine/refill_test.ts",
    "core/machine/testbed_test.ts",
    "core/nic/poll_port_test.ts",
    "core/machine/faults_test.ts",
    "stacks/example/conformance_test.ts",
    "stacks/dpdk/conformance_test.ts",
  ], [{
    id: "b-refusal-of-body-before",
    what:
      "a packet that is given up is evidenced by a ring that refused others in an earlier burst",
    from: "    this.dirty = false;\n    this.refusedCount = 0;",
    to: "    this.dirty = false;",
  }]),
  ...faultsIn("interrupt", "core/host/softirq.ts", [
    "core/host/softirq_test.ts",
    "stacks/linux-napi/overload_test.ts",
    "stacks/linux-napi/conformance_test.ts",
  ], [{
    id: "b-softirq-passes-or-time",
    what: "softirqs go on for ten passes however long these take",
    from: "if (this.#passes < SOFTIRQ_PASSES_MAX && cpu.tsc() < this.#endTsc) return;",
    to: "if (this.#passes < SOFTIRQ_PASSES_MAX || cpu.tsc() < this.#endTsc) return;",
  }]),
  ...faultsIn("time", "core/machine/machine.ts", [
    "core/machine/stream_test.ts",
    "core/machine/testbed_test.ts",
  ], [{
    id: "b-arrivals-later-over-runs",
    what: "frames come as late as those of a repetition in the run before",
    from: "    this.#next = this.#laterPs = this.#turn = 0;",
    to: "    this.#next = this.#turn = 0;",
  }]),
];

/** Faults of IPv6 and of fragments. */
export const BLIND_PACKET_FAULTS: readonly Fault[] = [
  ...faultsIn("packet", "core/packet/ipv6_extensions.ts", [
    "core/packet/layers_test.ts",
    ...FRAGMENTS,
  ], [{
    id: "b-routing-type-2",
    what: "the home address in a routing header of Mobile IPv6 is not the last recipient",
    from: "    if (type === 0 || type === 2) this",
    to: "    if (type === 0) this",
  }]),
  ...faultsIn("packet", "core/packet/mpls.ts", [
    "core/packet/layers_test.ts",
    "core/packet/fields_test.ts",
  ], [{
    id: "b-mpls-payload-of-first-label",
    what: "what follows a stack of labels is told by its first label and not by its last",
    from: "mplsLabel(bytes, off + length - MPLS_ENTRY_BYTES)",
    to: "mplsLabel(bytes, off)",
  }]),
];
