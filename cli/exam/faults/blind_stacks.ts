/**
 * Faults of stacks and of the harness, of the kinds that the histories of real data planes mend; written from the
 * sources alone, before the tests were looked at.
 */
import { type Fault, faultsIn } from "../fault.ts";

const VPP = "stacks/vpp/conformance_test.ts";
const SNABB = "stacks/snabb/conformance_test.ts";
const NETMAP = "stacks/netmap/conformance_test.ts";
const PF_RING = "stacks/pf-ring/conformance_test.ts";
const XDP = "stacks/xdp/conformance_test.ts";
const PS = "stacks/packetshader/conformance_test.ts";
const ODP = "stacks/odp/conformance_test.ts";

/** Faults of packets: headers, lengths, addresses, fragments, tags, ICMP. */
const PACKETS: readonly Fault[] = [
  ...faultsIn("packet", "stacks/vpp/ip6_nd.ts", ["stacks/vpp/ip6_test.ts", VPP], [
    {
      id: "s-vpp-nd-hop-limit-64",
      what: "neighbour discovery is sent with a hop limit of 64, which every host ignores",
      from: "  setIpv6HopLimit(bytes, ip, 255);",
      to: "  setIpv6HopLimit(bytes, ip, 64);",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip6_local.ts", ["stacks/vpp/ip6_test.ts", VPP], [
    {
      id: "s-vpp-echo6-keeps-hop-limit",
      what: "an ICMPv6 echo reply leaves with the hop limit that was left to the request",
      from: "  setIpv6HopLimit(bytes, ip, 64);\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip6_nodes.ts", ["stacks/vpp/ip6_test.ts", VPP], [
    {
      id: "s-vpp-packet-too-big-less-header",
      what: "packet too big names the MTU less an IPv6 header",
      from: "    words[row + ICMP_DATA] = !isOwn && limit <= 1 ? 0 : out.mtu;",
      to: "    words[row + ICMP_DATA] = !isOwn && limit <= 1 ? 0 : out.mtu - IPV6_HEADER_BYTES;",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip4_icmp_error.ts", [
    "stacks/vpp/interfaces_test.ts",
    "stacks/vpp/errors_test.ts",
    VPP,
    "stacks/vpp/features_test.ts",
  ], [
    {
      id: "s-vpp-icmp-quotes-padding",
      what: "an ICMP error quotes the padding behind the packet",
      from: "  const quoted = Math.min(ipv4TotalLength(bytes, ip), MESSAGE_MAX - HEADERS);",
      to: "  const quoted = Math.min(vm.memory.length[b]!, MESSAGE_MAX - HEADERS);",
    },
  ]),
  ...faultsIn("packet", "stacks/netmap/bridge.ts", ["stacks/netmap/bridge_test.ts", NETMAP], [
    {
      id: "s-netmap-bridge-swaps-across-regions",
      what: "a bridge exchanges buffers between ports of two regions",
      from: "    const swap = this.#zeroCopy && source.mem === target.mem;",
      to: "    const swap = this.#zeroCopy;",
    },
  ]),
  ...faultsIn("packet", "stacks/snabb/apps/bridge.ts", [
    "stacks/snabb/apps_test.ts",
    "stacks/snabb/app_units_test.ts",
  ], [
    {
      id: "s-snabb-bridge-destination-keeps-alive",
      what: "an address that is sent to never ages, though nobody hears from it",
      from: "    const output = this.output[known.port];",
      to: "    known.seen = now;\n    const output = this.output[known.port];",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/acl.ts", [
    "stacks/vpp/features_test.ts",
    "stacks/vpp/conformance_test.ts",
  ], [
    {
      id: "s-vpp-acl-denied-flow-remembered",
      what: "a flow that was denied has a session: its second packet passes",
      from: "    if (rule?.permit !== true) return false;\n    if (stateful) sessions.add(flow);",
      to: "    if (stateful) sessions.add(flow);\n    if (rule?.permit !== true) return false;",
    },
  ]),
  ...faultsIn("packet", "stacks/xdp/hook.ts", [
    "stacks/xdp/forward_test.ts",
    "stacks/xdp/programs_test.ts",
    "stacks/xdp/verdicts_test.ts",
    "stacks/xdp/xdp_buff_test.ts",
    "stacks/xdp/conformance_test.ts",
  ], [
    {
      id: "s-xdp-meta-of-last-frame",
      what: "a program finds the metadata of the frame that was on the page before",
      from:
        "    // what an earlier frame in this page had in front of it is gone\n    if (this.#parts.meta.size > 0) this.#parts.meta.delete(page);\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/snabb/apps/vhost_user.ts", [
    "stacks/snabb/app_units_test.ts",
    "stacks/snabb/apps_test.ts",
  ], [
    {
      id: "s-snabb-vhost-length-after-free",
      what: "the guest is told the length of a packet that has been freed",
      from:
        "      rx.use(descriptor, packet.length(p));\n      this.#process.discard(p, REASON.consumed);",
      to:
        "      this.#process.discard(p, REASON.consumed);\n      rx.use(descriptor, packet.length(p));",
    },
  ]),
  ...faultsIn("packet", "stacks/netmap/os_stack.ts", [
    "stacks/netmap/os_stack_test.ts",
    "stacks/netmap/host_rings_test.ts",
    "stacks/netmap/bridge_test.ts",
    "stacks/netmap/conformance_test.ts",
  ], [
    {
      id: "s-netmap-ping-sum-of-padding",
      what: "the checksum of an echo reply is taken over what pads the frame, too",
      from: "    const size = ipv4TotalLength(bytes, ip) - ipv4HeaderLength(bytes, ip);",
      to: "    const size = at + length[skb]! - icmp;",
    },
  ]),
  ...faultsIn("packet", "stacks/pf-ring/pcap.ts", [
    "stacks/pf-ring/vanilla_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-savefile-forgets-length",
      what: "a savefile has the bytes that were kept for those that a packet had",
      from: "    view.setUint32(12, len, true);",
      to: "    view.setUint32(12, caplen, true);",
    },
  ]),
];

/** Faults of loss and order: bursts, back-pressure, stalls, leaks in error paths. */
const LOSSES: readonly Fault[] = [
  ...faultsIn("loss and order", "stacks/vpp/handoff.ts", [
    "stacks/vpp/workers_test.ts",
    VPP,
    "stacks/vpp/audit_dispatch_test.ts",
  ], [
    {
      id: "s-vpp-handoff-counts-frames",
      what: "congestion drops are counted by frames and not by packets",
      from: "  vm.countError(node, CONGESTION_DROP, group.length);",
      to: "  vm.countError(node, CONGESTION_DROP, 1);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/ip4_neighbor.ts", [
    "stacks/vpp/interfaces_test.ts",
    "stacks/vpp/errors_test.ts",
    VPP,
    "stacks/vpp/tables_test.ts",
  ], [
    {
      id: "s-vpp-arp-throttled-by-nothing",
      what: "a request for which there was no buffer throttles the next one like one that was sent",
      from: "  const request = ownBuffer(vm, b, FRAME_MIN, BUFFER.locallyOriginated);\n" +
        "  if (request < 0) return NO_BUFFERS;\n  asked.set(adj, now);",
      to: "  asked.set(adj, now);\n" +
        "  const request = ownBuffer(vm, b, FRAME_MIN, BUFFER.locallyOriginated);\n" +
        "  if (request < 0) return NO_BUFFERS;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/load_balance.ts", ["stacks/vpp/tables_test.ts", VPP], [
    {
      id: "s-vpp-load-balance-counters-lost",
      what: "when there are more load balances than room, all their counters begin again",
      from: "      counts.set(this.#counts[t]!);\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/apps/basic_apps.ts", [
    "stacks/snabb/app_units_test.ts",
    "stacks/snabb/apps_test.ts",
  ], [
    {
      id: "s-snabb-tee-original-first",
      what: "a tee hands the packet itself over first: a full link has freed it when it is copied",
      from: "        for (let o = 0; o < this.output.length - 1; o++) {\n" +
        "          link.transmit(this.output[o]!, packet.clone(p));\n        }\n" +
        "        link.transmit(this.output[this.output.length - 1]!, p);",
      to: "        link.transmit(this.output[this.output.length - 1]!, p);\n" +
        "        for (let o = 0; o < this.output.length - 1; o++) {\n" +
        "          link.transmit(this.output[o]!, packet.clone(p));\n        }",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/network.ts", [
    "stacks/snabb/engine_test.ts",
    SNABB,
    "stacks/snabb/report_test.ts",
  ], [
    {
      id: "s-snabb-txdrop-outlives-link",
      what: "the drops of a link that was removed stay among the counters of the process",
      from: '["rxpackets", "rxbytes", "txpackets", "txbytes", "txdrop"]',
      to: '["rxpackets", "rxbytes", "txpackets", "txbytes"]',
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/apps/pcap.ts", [
    "stacks/snabb/app_units_test.ts",
    "stacks/snabb/apps_test.ts",
  ], [
    {
      id: "s-snabb-pcap-original-length",
      what: "the reader takes the length that a packet had for the bytes that were kept of it",
      from: "view.getUint32(this.#at + 8, true);",
      to: "view.getUint32(this.#at + 12, true);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/host_rings.ts", [
    "stacks/netmap/host_rings_test.ts",
    NETMAP,
  ], [
    {
      id: "s-netmap-host-ring-counts-no-queue",
      what:
        "what waits for the next sync does not count when the host sends: the queue has no bound",
      from: "    const busy = rx.distance(rx.hwcur, rx.hwtail) + this.#queue.length;",
      to: "    const busy = rx.distance(rx.hwcur, rx.hwtail);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/cluster.ts", [
    "stacks/pf-ring/cluster_test.ts",
    PF_RING,
  ], [
    {
      id: "s-pf-cluster-turn-of-inactive",
      what: "round robin gives packets to a socket that is closed for a while",
      from: "      if (socket.active && socket.ring.hasRoom(nowPs)) return socket;",
      to: "      if (socket.ring.hasRoom(nowPs)) return socket;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/xdp/cpumap.ts", [
    "stacks/xdp/cpumap_test.ts",
    "stacks/xdp/redirect_test.ts",
    XDP,
    "stacks/xdp/audit_test.ts",
  ], [
    {
      id: "s-xdp-cpumap-no-turns",
      what: "the thread of a cpumap takes from the first CPU's ring while there is anything",
      from: "      if (taken > 0) this.#turn = (this.#turn + i + 1) % this.#rings.length;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/host_stack.ts", [
    "stacks/packetshader/checklist_test.ts",
    "stacks/packetshader/engine_test.ts",
    PS,
    "stacks/packetshader/apps_test.ts",
  ], [
    {
      id: "s-ps-backlog-sleeps-early",
      what: "the softirq of the host's stack sleeps after 64 packets, whatever else waits",
      from: "    if (this.#backlog.length === 0) cpu.sleep();",
      to: "    cpu.sleep();",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/app_openflow.ts", [
    "stacks/packetshader/flow_test.ts",
    "stacks/packetshader/apps_test.ts",
    PS,
  ], [
    {
      id: "s-ps-openflow-lowest-priority",
      what: "entries without a priority come before those that have one",
      from: "    .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));",
      to: "    .sort((a, b) => (b.priority ?? Infinity) - (a.priority ?? Infinity) || 0);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/pktio_socket.ts", [
    "stacks/odp/pktio_test.ts",
    ODP,
  ], [
    {
      id: "s-odp-socket-frame-lost-without-packet",
      what: "a frame for which the pool has no packet leaves the socket's queue for nowhere",
      from: "      const b = this.#copy(cpu, waiting[0]!);\n      if (b < 0) break;\n" +
        "      waiting.shift();",
      to: "      const b = this.#copy(cpu, waiting.shift()!);\n      if (b < 0) break;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/interlink.ts", [
    "stacks/snabb/processes_test.ts",
    "stacks/snabb/apps_test.ts",
  ], [
    {
      id: "s-snabb-interlink-name-stays",
      what: "the name of an interlink that both ends have left cannot be used again",
      from: "    this.#links.delete(link.name);\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/router.ts", ["stacks/netmap/conformance_test.ts"], [
    {
      id: "s-netmap-router-waits-for-room-for-ever",
      what: "a receive ring that once waited for room is not asked for packets any more",
      from: "    this.#waitsFor[port] = -1;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/worker.ts", [
    "stacks/packetshader/engine_test.ts",
    "stacks/packetshader/gpu_test.ts",
    "stacks/packetshader/conformance_test.ts",
  ], [
    {
      id: "s-ps-full-chunk-not-offloaded",
      what:
        "a chunk that is full is shaded on the core where the threshold is beyond what a chunk holds",
      from: "      : Math.min(settings.offloadThreshold, this.#asked);",
      to: "      : settings.offloadThreshold;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/pipeline.ts", [
    "stacks/dpdk/l3fwd_test.ts",
    "stacks/dpdk/conformance_test.ts",
  ], [
    {
      id: "s-dpdk-pipeline-turn-of-burst",
      what: "workers take turns anew in every burst: single packets all go to the first",
      from: "(this.#inTurn ? this.#turn++ : hash[b]!)",
      to: "(this.#inTurn ? i : hash[b]!)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/testpmd_commands.ts", [
    "stacks/dpdk/testpmd_test.ts",
    "stacks/dpdk/conformance_test.ts",
  ], [
    {
      id: "s-dpdk-closed-port-starts",
      what: "a port that was closed can be started again",
      from: '        if (command.action === "close") this.#closed.add(command.port);\n',
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/zc_worker.ts", [
    "stacks/pf-ring/zc_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-fan-out-counts-full-queues",
      what:
        "a packet that only some queues had room for is kept until all of them are done with it",
      from: "    memory.references[packet] = shown;",
      to: "    memory.references[packet] = this.#queues.length;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/ps_tx_ring.ts", [
    "stacks/packetshader/ps_tx_ring_test.ts",
    "stacks/packetshader/engine_test.ts",
    "stacks/packetshader/conformance_test.ts",
  ], [
    {
      id: "s-ps-refused-send-not-woken",
      what: "who was refused by a transmit ring is not told of its write-backs",
      from: "      ring.waiter = cpu as Context;\n      return 0;",
      to: "      return 0;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/send_views.ts", [
    "stacks/packetshader/engine_test.ts",
    "stacks/packetshader/checklist_test.ts",
    "stacks/packetshader/conformance_test.ts",
  ], [
    {
      id: "s-ps-view-longer-than-ring",
      what: "a view that is longer than the transmit ring is sent in one call, which can never be",
      from: "Math.min(left, ring.most)",
      to: "left",
    },
  ]),
  ...faultsIn("loss and order", "stacks/packetshader/master.ts", [
    "stacks/packetshader/gpu_test.ts",
    "stacks/packetshader/engine_test.ts",
    "stacks/packetshader/conformance_test.ts",
  ], [
    {
      id: "s-ps-batch-without-bound",
      what:
        "the packets of chunks that were gathered already do not count towards the limit of a batch",
      from: "      packets += next.keyCount;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/driver.ts", [
    "stacks/p2pnic/system_test.ts",
    "stacks/p2pnic/conformance_test.ts",
  ], [
    {
      id: "s-p2p-memory-exactly-full",
      what: "rings and buffers that fill a NIC's memory exactly are refused",
      from: "    if (this.bytes > barBytes) {",
      to: "    if (this.bytes >= barBytes) {",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_system.ts", [
    "stacks/odp/tm_test.ts",
    "stacks/odp/checks_test.ts",
    "stacks/odp/conformance_test.ts",
  ], [
    {
      id: "s-odp-tm-bytes-without-packet",
      what: "the packet itself does not count towards the bytes that a queue may hold",
      from: "queue.bytes + bytes > maxBytes",
      to: "queue.bytes > maxBytes",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/sched_context.ts", [
    "stacks/odp/scheduler_test.ts",
    "stacks/odp/conformance_test.ts",
  ], [
    {
      id: "s-odp-skipped-lock-too-early",
      what: "a lock that a context passed over may be taken before the context was released",
      from:
        "      queue.lock[i] = local.ticket + 1;\n      queue.lockPs[i] = ps;\n    }\n    local.locksCalled = 0;",
      to: "      queue.lock[i] = local.ticket + 1;\n    }\n    local.locksCalled = 0;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/testpmd.ts", [
    "stacks/dpdk/testpmd_test.ts",
    "stacks/dpdk/conformance_test.ts",
  ], [
    {
      id: "s-dpdk-retries-of-burst-before",
      what: "the retries of a burst count those of the burst before it",
      from: "    retry.tries = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/fd.ts", [
    "stacks/netmap/bridge_test.ts",
    "stacks/netmap/hostile_test.ts",
    "stacks/netmap/conformance_test.ts",
  ], [
    {
      id: "s-netmap-exclusive-outlives-close",
      what: "rings that one process had for itself cannot be opened after it has gone",
      from: "      if (this.#exclusive) kring.kflags &= ~NKR_EXCLUSIVE;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/memory.ts", [
    "stacks/netmap/vale_test.ts",
    "stacks/netmap/hostile_test.ts",
    "stacks/netmap/bridge_test.ts",
  ], [
    {
      id: "s-netmap-rings-not-given-back",
      what: "a ring that is deleted counts as in use",
      from: "      ring.bufIdx[i] = 0;\n    }\n    this.rings--;",
      to: "      ring.bufIdx[i] = 0;\n    }",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/cli_apply.ts", [
    "stacks/vpp/runtime_test.ts",
    "stacks/vpp/loops_test.ts",
    "stacks/vpp/workers_test.ts",
  ], [
    {
      id: "s-vpp-clear-keeps-loops",
      what: "after clear runtime the main loops since the start are told",
      from: "      vm.loopsLastClear = vm.loops;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/trace.ts", [
    "stacks/vpp/trace_test.ts",
    "stacks/vpp/workers_test.ts",
  ], [
    {
      id: "s-vpp-clear-trace-goes-on",
      what: "after clear trace packets that were asked for before are still marked",
      from: "    this.traces.length = 0;\n    this.#left.clear();",
      to: "    this.traces.length = 0;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/cluster_hash.ts", [
    "stacks/pf-ring/cluster_test.ts",
    "stacks/pf-ring/cluster_watch_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-tcp-hash-of-ports",
      what: "a cluster by TCP's five fields looks at the ports of other protocols as well",
      from: '        : addresses(tuple);\n    case "per_flow_ip_5_tuple"',
      to: '        : (addresses(tuple) + ports(tuple)) >>> 0;\n    case "per_flow_ip_5_tuple"',
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/pf_ring_module.ts", [
    "stacks/pf-ring/vanilla_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-quick-to-first-only",
      what: "in quick mode the first socket decides, whether it is bound to the channel or not",
      from: "      if (!socket.sees(port, queue, received, 0)) continue;\n      this.#add",
      to: "      if (!socket.sees(port, queue, received, 0)) return;\n      this.#add",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/transfer.ts", [
    "stacks/p2pnic/sequence_test.ts",
    "stacks/p2pnic/system_test.ts",
    "stacks/p2pnic/wr_test.ts",
    "stacks/p2pnic/conformance_test.ts",
  ], [
    {
      id: "s-p2p-completions-one-more",
      what: "completions wait for one more than a batch",
      from: "waiting >= this.#batch;",
      to: "waiting > this.#batch;",
    },
    {
      id: "s-p2p-looks-take-all",
      what: "looks at rings may take all of a NIC's memory from reads",
      from: "    return Math.min(SHARE_MAX, rings * this.#look / this.#period);",
      to: "    return Math.min(1, rings * this.#look / this.#period);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/monitor.ts", [
    "stacks/netmap/pipe_test.ts",
    "stacks/netmap/vale_test.ts",
    "stacks/netmap/conformance_test.ts",
  ], [
    {
      id: "s-netmap-monitor-counts-nothing",
      what: "the packets of a monitor are counted when its tail has moved already",
      from:
        "    this.#rx.packets += this.#rx.distance(this.#rx.hwtail, this.#filled);\n    this.#rx.hwtail = this.#filled;",
      to:
        "    this.#rx.hwtail = this.#filled;\n    this.#rx.packets += this.#rx.distance(this.#rx.hwtail, this.#filled);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/vale.ts", [
    "stacks/netmap/vale_test.ts",
    "stacks/netmap/vale_table_test.ts",
  ], [
    {
      id: "s-netmap-vale-numbers-used-up",
      what: "the number of a port that has left a switch is given to nobody",
      from: "    let at = this.ports.indexOf(null);\n    if (at < 0) at = this.ports.length;",
      to: "    const at = this.ports.length;",
    },
  ]),
];

/** Faults of interrupts and of time. */
const TIMES: readonly Fault[] = [
  ...faultsIn("interrupt", "stacks/netmap/mitigation.ts", [
    "stacks/netmap/emulated_test.ts",
    NETMAP,
  ], [
    {
      id: "s-netmap-mitigation-not-renewed",
      what: "a timer that has told of what it held back is not set again: the next comes at once",
      from: "        this.#due = cpu.tsc() + this.#cycles;\n      } else",
      to: "        this.#running = false;\n      } else",
    },
  ]),
  ...faultsIn("time", "stacks/snabb/apps/rate_limiter.ts", [
    "stacks/snabb/app_units_test.ts",
    "stacks/snabb/apps_test.ts",
  ], [
    {
      id: "s-snabb-bucket-overfull-after-rest",
      what: "the tokens of a rest are added to a bucket that was capped before",
      from: "Math.min(this.#contingent + rate * (now - this.#last), bucket_capacity);",
      to: "Math.min(this.#contingent, bucket_capacity) + rate * (now - this.#last);",
    },
  ]),
  ...faultsIn("time", "stacks/odp/sched_local.ts", [
    "stacks/odp/scheduler_test.ts",
    "stacks/odp/conformance_test.ts",
  ], [
    {
      id: "s-odp-wait-not-begun-anew",
      what: "a wait that ran out of time lets all later ones run out at once",
      from: "    if (this.expired) this.waitingSincePs = -1;\n    else cpu.wakeAt",
      to: "    if (!this.expired) cpu.wakeAt",
    },
  ]),
  ...faultsIn("interrupt", "stacks/vpp/adaptive.ts", [
    "stacks/vpp/loops_test.ts",
    "stacks/vpp/audit_dispatch_test.ts",
    "stacks/vpp/conformance_test.ts",
  ], [
    {
      id: "s-vpp-adaptive-window-of-one-loop",
      what: "after its first window adaptive mode decides after every loop",
      from: "    this.#loops = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "stacks/pf-ring/pfring.ts", [
    "stacks/pf-ring/vanilla_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-poll-duration-in-us",
      what: "the duration of a poll is taken for microseconds",
      from: "pollDurationMs * 1000 * this.#env.cost",
      to: "pollDurationMs * this.#env.cost",
    },
  ]),
  ...faultsIn("time", "stacks/pf-ring/socket.ts", [
    "stacks/pf-ring/vanilla_test.ts",
    "stacks/pf-ring/conformance_test.ts",
  ], [
    {
      id: "s-pf-watermark-time-once",
      what:
        "the watermark's time counts from the start and not from when the reader was last woken",
      from: "    this.#lastWakePs = now;\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "stacks/snabb/histogram.ts", [
    "stacks/snabb/report_test.ts",
    "stacks/snabb/engine_test.ts",
  ], [
    {
      id: "s-snabb-quantile-bucket-below",
      what: "a quantile is the lower bound of its bucket",
      from: "Math.exp(this.#growth * i);",
      to: "Math.exp(this.#growth * (i - 1));",
    },
  ]),
  ...faultsIn("time", "stacks/snabb/apps/rate_limiter.ts", [
    "stacks/snabb/apps_test.ts",
    "stacks/snabb/app_units_test.ts",
  ], [
    {
      id: "s-snabb-bucket-empty-is-full",
      what: "a bucket that is to be empty at first is full",
      from: "conf.initial_capacity ?? conf.bucket_capacity",
      to: "conf.initial_capacity || conf.bucket_capacity",
    },
  ]),
];

/** Faults of the harness and of readers. */
const HARNESS: readonly Fault[] = [
  ...faultsIn("harness", "properties/l2/check.ts", ["properties/l2/check_test.ts"], [
    {
      id: "s-l2-unjudged-is-ok",
      what: "a bridge conforms though a law was never judged",
      from: "    const ok = laws.every((one) => one.judged > 0);",
      to: "    const ok = laws.some((one) => one.judged > 0);",
    },
  ]),
  ...faultsIn("harness", "properties/l2/bridge.ts", ["properties/l2/check_test.ts"], [
    {
      id: "s-l2-no-reserved-drawn",
      what: "frames to reserved addresses are never drawn",
      from: "    dst: fc.nat(3 * HOSTS + GROUPS.length - 1).map((n) =>",
      to: "    dst: fc.nat(3 * HOSTS + FIRST_RESERVED - 1).map((n) =>",
    },
  ]),
  ...faultsIn("harness", "properties/laws/loss_paced.ts", [
    "properties/laws/loss_paced_test.ts",
    "properties/conformance_fails_test.ts",
  ], [
    {
      id: "s-loss-paced-one-gap",
      what: "a packet that is still under way when the next comes is not given a longer gap",
      from: "  for (const last of [false, true]) {",
      to: "  for (const last of [true]) {",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/faults.ts", [
    "properties/arbitraries/scenario_test.ts",
    "properties/run/labels_test.ts",
  ], [
    {
      id: "s-faults-first-queue-only",
      what: "faults are drawn for queue 0 alone",
      from:
        "  nics(g).flatMap((nic) => Array.from({ length: g.lcores }, (_, q) => `${nic}.${q}`));",
      to: "  nics(g).flatMap((nic) => Array.from({ length: 1 }, (_, q) => `${nic}.${q}`));",
    },
  ]),
  ...faultsIn("harness", "properties/differential/outcomes.ts", [
    "properties/differential/outcomes_test.ts",
  ], [
    {
      id: "s-outcomes-second-frame-unseen",
      what: "a packet that left twice counts as forwarded as declared",
      from: "  return sent.length === 1 && (e.oneOf",
      to: "  return (e.oneOf",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/to_ethernet.ts", [
    "fixtures/capture/write_test.ts",
    "fixtures/capture/read_test.ts",
    "fixtures/traffic/replay_test.ts",
  ], [
    {
      id: "s-ethernet-original-keeps-fcs",
      what: "the original length of a frame counts the FCS that was taken off",
      from: "+ header - fcs;",
      to: "+ header;",
    },
  ]),
  ...faultsIn("input", "fixtures/traffic/replay.ts", ["fixtures/traffic/replay_test.ts"], [
    {
      id: "s-replay-one-tag",
      what: "behind two VLAN tags the addresses of a flow are not found",
      from: "  while ((type === 0x8100 || type === 0x88a8) && l3 < length) {",
      to: "  if ((type === 0x8100 || type === 0x88a8) && l3 < length) {",
    },
  ]),
  ...faultsIn("harness", "properties/laws/time.ts", [
    "properties/laws/time_test.ts",
    "properties/conformance_fails_test.ts",
  ], [
    {
      id: "s-time-fates-without-instants",
      what: "a packet that ends at another instant in a second run counts as the same",
      from: "a.place[p] === b.place[p] &&\n      a.endAt[p] === b.endAt[p]",
      to: "a.place[p] === b.place[p]",
    },
  ]),
  ...faultsIn("input", "fixtures/capture/pcapng.ts", [
    "fixtures/capture/read_test.ts",
    "fixtures/stream_test.ts",
  ], [
    {
      id: "s-pcapng-simple-packet-of-first-section",
      what: "a simple packet block of a later section is of the first interface of the file",
      from: "    const index = this.#firstInterface;\n    const snap",
      to: "    const index = 0;\n    const snap",
    },
  ]),
  ...faultsIn("harness", "properties/shrink/scenario.ts", ["properties/shrink/scenario_test.ts"], [
    {
      id: "s-shrink-fcs-of-other-packet",
      what: "after a packet is removed the wrong FCS is that of the one behind it",
      from: "({ i }) => badFcs[i]!)",
      to: "(_, p) => badFcs[p]!)",
    },
  ]),
  ...faultsIn("harness", "stacks/external/observe.ts", [
    "stacks/external/external_test.ts",
    "stacks/external/identity_test.ts",
  ], [
    {
      id: "s-ext-sent-before-it-came",
      what: "a frame counts as sent before its packet came",
      from: "      now = Math.max(now, at[packet]!);\n",
      to: "",
    },
  ]),
  ...faultsIn("harness", "stacks/external/captures.ts", ["stacks/external/external_test.ts"], [
    {
      id: "s-ext-captures-bad-fcs",
      what: "a frame with a wrong FCS stands in the capture that a program reads",
      from: " || traffic.badFcs?.[i] === 1) continue;",
      to: ") continue;",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/arrivals.ts", [
    "properties/arbitraries/scenario_test.ts",
    "properties/run/labels_test.ts",
  ], [
    {
      id: "s-arrivals-before-the-drain",
      what: "no gap around the drain is drawn that is longer than it",
      from: "random.nextInt(95_000, 105_000)",
      to: "random.nextInt(95_000, 99_000)",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/packets.ts", [
    "properties/arbitraries/scenario_test.ts",
    "properties/arbitraries/frame_test.ts",
    "properties/run/labels_test.ts",
  ], [
    {
      id: "s-packets-one-source-port",
      what: "flows differ in their addresses and protocols alone",
      from: "    srcPort: 1024 + random.nextInt(0, 3),",
      to: "    srcPort: 1024,",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/geometry.ts", [
    "properties/arbitraries/scenario_test.ts",
    "properties/run/labels_test.ts",
  ], [
    {
      id: "s-geometry-no-cache",
      what: "pools without a cache alone are drawn",
      from: "    poolCache: pick(random, CACHES),",
      to: "    poolCache: pick(random, CACHES.slice(0, 2)),",
    },
  ]),
];

/** Every fault of this list. */
export const BLIND_STACK_FAULTS: readonly Fault[] = [...PACKETS, ...LOSSES, ...TIMES, ...HARNESS];
