/**
 * Faults of stacks and of the harness, of the kinds that the histories of real data planes mend;
 * written from the sources alone, before the tests were looked at.
 */
import { type Fault, type FaultClass, faultsIn, type Patch } from "../fault.ts";

/** Faults of one file of a stack, for its tests. */
function of(
  faultClass: FaultClass,
  stack: string,
  file: string,
  tests: readonly string[],
  patches: readonly Patch[],
): Fault[] {
  const paths = [...tests, "conformance"].map((name) => `stacks/${stack}/${name}_test.ts`);
  return faultsIn(faultClass, `stacks/${stack}/${file}.ts`, paths, patches);
}

/** Faults of stacks. */
export const UNSEEN_STACK_FAULTS: readonly Fault[] = [
  ...of("loss and order", "dpdk", "tx_buffers", ["l3fwd"], [
    {
      id: "u-dpdk-drain-time-of-all",
      what: "lcores share the time of their last drain",
      from: "      this.#lastDrain[cpu.lcore] = now;",
      to: "      this.#lastDrain.fill(now);",
    },
  ]),
  ...of("packet", "dpdk", "rewrite", ["l3fwd"], [
    {
      id: "u-dpdk-carry-at-ff",
      what: "the carry of the checksum is taken one step early",
      from: "  if (high > 0xff)",
      to: "  if (high >= 0xff)",
    },
  ]),
  ...of("loss and order", "dpdk", "testpmd", ["testpmd"], [
    {
      id: "u-testpmd-retry-sends-again",
      what: "a retry begins with the packets that were sent before",
      from: "    retry.at = at;",
      to: "    retry.at = 0;",
    },
    {
      id: "u-testpmd-retry-not-counted",
      what: "packets that a retry sent are not counted",
      from: "buffers, at, n - at);\n    stream.txPackets += sent;",
      to: "buffers, at, n - at);",
    },
  ]),
  ...of("loss and order", "p2pnic", "firmware", ["system"], [
    {
      id: "u-p2pnic-removed-not-flushed",
      what: "frames that wait for a NIC that is removed are not given up",
      from: "    if (nic.port !== port) this.#post(nic.port, port);\n",
      to: "",
    },
  ]),
  ...of("LPM", "p2pnic", "table", ["system"], [
    {
      id: "u-p2pnic-same-but-next-hop",
      what: "routes that differ in their next hop only are not loaded anew",
      from: " && words[at + 2] === nextHop;",
      to: ";",
    },
  ]),
  ...of("loss and order", "p2pnic", "peers", ["system", "wr"], [
    {
      id: "u-p2pnic-fetch-ends-service",
      what: "after a fetch no further descriptor is taken",
      from: "nic.macOut.send(head);\n    this.#serve(nic);",
      to: "nic.macOut.send(head);",
    },
  ]),
  ...of("NIC", "p2pnic", "driver", ["system"], [
    {
      id: "u-p2pnic-rings-overlap",
      what: "rings and buffers in a BAR are laid out one entry apart",
      from: "      address += slots * each;",
      to: "      address += each;",
    },
  ]),
  ...of("packet", "netmap", "vale_table", ["vale_table", "vale", "bridge"], [
    {
      id: "u-vale-half-address",
      what: "an address is found by its last four bytes",
      from: "this.#high[bucket] === high && this.#low[bucket] === low",
      to: "this.#high[bucket]! >= 0 && this.#low[bucket] === low",
    },
  ]),
  ...of("loss and order", "netmap", "leases", ["vale"], [
    {
      id: "u-vale-empty-lease-stays",
      what: "a lease that was not used stays the last",
      from: "        this.#next = lease;\n        return tail;",
      to: "        return tail;",
    },
  ]),
  ...of("loss and order", "netmap", "vale_batch", ["vale"], [
    {
      id: "u-vale-batch-half-frame",
      what: "a batch ends with the fragments that it has, though more belong to the frame",
      from: "      end = kring.next(at);\n",
      to: "      end = kring.next(kring.next(at)) === to ? to : kring.next(at);\n",
    },
  ]),
  ...of("loss and order", "netmap", "pipe", ["pipe"], [
    {
      id: "u-pipe-more-fragments-lost",
      what: "a slot handed through a pipe forgets that more fragments follow",
      from: "NS_BUF_CHANGED | (tx.ring.flagsOf[i]! & NS_MOREFRAG);",
      to: "NS_BUF_CHANGED;",
    },
  ]),
  ...of("input", "netmap", "kring", ["kring", "hostile", "audit"], [
    {
      id: "u-kring-cur-beyond-tail",
      what: "a cur beyond the tail is taken",
      from: "moved > mine || wake < moved || wake > mine",
      to: "moved > mine || wake < moved",
    },
    {
      id: "u-kring-reinit-keeps-lengths",
      what: "after a fault a slot keeps a length beyond its buffer",
      from: " else if (ring.len[i]! > mem.bufSize) ring.len[i] = 0;",
      to: "",
    },
  ]),
  ...of("NIC", "netmap", "ixgbe_netmap", ["kring", "pkt_gen", "claims"], [
    {
      id: "u-netmap-report-middle-only",
      what: "only one descriptor of a ring asks to be reported",
      from: " || nic === 0 || nic === half;",
      to: " || nic === half;",
    },
  ]),
  ...of("loss and order", "netmap", "generic", ["emulated"], [
    {
      id: "u-generic-flags-survive",
      what: "an interrupt without packets tells of those before",
      from: "    this.#arrived = this.#freed = false;",
      to: "    this.#freed = false;",
    },
  ]),
  ...of("pool", "netmap", "host_rings", ["host_rings"], [
    {
      id: "u-host-ring-one-too-many",
      what: "the host ring takes one more than its slots",
      from: "busy >= rx.numSlots - 1",
      to: "busy >= rx.numSlots",
    },
  ]),
  ...of("ring", "netmap", "vring", ["ptnet"], [
    {
      id: "u-vring-event-inclusive",
      what: "an event index just passed does not notify",
      from: "((now - event - 1) & MASK) < ((now - old) & MASK)",
      to: "((now - event) & MASK) < ((now - old) & MASK)",
    },
  ]),
  ...of("interrupt", "netmap", "mitigation", ["emulated"], [
    {
      id: "u-mitigation-pending-lost",
      what: "an interrupt held back is not told when the timer ends",
      from: "      this.#pending = true;\n      this.held++;",
      to: "      this.held++;",
    },
  ]),
  ...of("packet", "vpp", "ip4_input", ["loops", "errors"], [
    {
      id: "u-vpp-ip4-counted-twice",
      what: "an interface counts the IPv4 packets of the one before it in the frame",
      from: "      since = i + 1;\n",
      to: "",
    },
    {
      id: "u-vpp-tiny-fragment-in-quad",
      what: "a fragment at offset 1 passes where four packets are looked at at once",
      from: "    ((bytes[ip + 6]! & 0x1f) | bytes[ip + 7]! ^ 1) !== 0 &&\n",
      to: "",
    },
  ]),
  ...of("packet", "vpp", "ip4_neighbor", ["interfaces", "errors"], [
    {
      id: "u-vpp-arp-not-throttled",
      what: "a next hop without address is asked for with each packet",
      from: "  asked.set(adj, now);\n",
      to: "",
    },
  ]),
  ...of("packet", "vpp", "ip4_icmp_error", ["interfaces", "errors"], [
    {
      id: "u-vpp-icmp-about-group-frame",
      what: "a packet that came in a frame to a group is answered by an error",
      from: "address === undefined || isGroupFrame || !mayAnswer",
      to: "address === undefined || !mayAnswer",
    },
    {
      id: "u-vpp-icmp-about-fragment",
      what: "a later fragment is answered by an error",
      from: "  if (ipv4FragmentOffset(bytes, ip) !== 0) return false;\n",
      to: "",
    },
  ]),
  ...of("hash", "vpp", "load_balance", ["tables"], [
    {
      id: "u-vpp-block-not-reused",
      what: "the buckets of a load balance that is gone are given to a smaller one",
      from: "    const blocks = this.#blocks.get(buckets);\n",
      to: "    const blocks = this.#blocks.get(buckets >> 1);\n",
    },
  ]),
  ...of("loss and order", "vpp", "interface_output", ["interfaces", "runtime"], [
    {
      id: "u-vpp-tx-errors-of-all",
      what: "a burst that is not sent whole counts all of it as errors",
      from: "vnet.interfaces.count(vm.thread, port + 1, TX_ERROR, n - sent);",
      to: "vnet.interfaces.count(vm.thread, port + 1, TX_ERROR, n);",
    },
    {
      id: "u-vpp-sub-up-port-down",
      what: "a subinterface sends though its port is down",
      from: "!out.adminUp || !all[out.port + 1]!.adminUp",
      to: "!out.adminUp",
    },
  ]),
  ...of("packet", "vpp", "acl", ["features"], [
    {
      id: "u-vpp-acl-any-is-zero",
      what: "a rule for any address holds for 0.0.0.0 only",
      from: "depth === 0 || (address ^ of)",
      to: "(address ^ of)",
    },
    {
      id: "u-vpp-source-check-last-path",
      what: "the last path of the route back is not looked at",
      from: "at <= base + loadBalances.mask[loadBalance]!; at++",
      to:
        "at < base + loadBalances.mask[loadBalance]! + (loadBalances.mask[loadBalance] === 0 ? 1 : 0); at++",
    },
  ]),
  ...of("LPM", "vpp", "ip6_fib", ["ip6", "tables"], [
    {
      id: "u-vpp-ip6-replaced-leaks",
      what: "the load balance of a route that is replaced is not released",
      from:
        "    if (known >= 0) this.#loadBalances.release(this.#loadBalance[at]!);\n    else this",
      to: "    if (known < 0) this",
    },
  ]),
  ...of("packet", "vpp", "l2_nodes", ["interfaces"], [
    {
      id: "u-vpp-learns-in-no-domain",
      what: "an address is looked up in any domain",
      from: "vnet.l2.lookup(domainOf(vnet, rxIf), dstMac(bytes, offset[b]!))",
      to: "vnet.l2.lookup(0, dstMac(bytes, offset[b]!))",
    },
  ]),
  ...of("packet", "vpp", "dpdk_input", ["loops", "runtime"], [
    {
      id: "u-vpp-last-checksum-decides",
      what: "a frame is taken as checked when the checksum of its last packet is right",
      from: "    if (allGood) allGood = nicFoundGood(memory, b);",
      to: "    allGood = nicFoundGood(memory, b);",
    },
  ]),
  ...of("ring", "pf-ring", "slot_ring", ["slot_ring", "audit"], [
    {
      id: "u-pfring-one-slot-short",
      what: "the ring may be filled until the writer stands on the reader",
      from: "return removeOff - insertOff >= 2 * slotLen;",
      to: "return removeOff - insertOff >= slotLen;",
    },
    {
      id: "u-pfring-lost-not-in-total",
      what: "packets that find no room are not counted as seen",
      from: "    kernel.totPkts++;\n    if (!this.hasRoom(nowPs)) {",
      to: "    if (this.hasRoom(nowPs)) kernel.totPkts++;\n    if (!this.hasRoom(nowPs)) {",
    },
  ]),
  ...of("hash", "pf-ring", "cluster", ["cluster", "vanilla"], [
    {
      id: "u-pfring-left-still-member",
      what: "a socket that has left its cluster gets nothing",
      from: "    socket.clusterId = -1;\n",
      to: "",
    },
  ]),
  ...of("hash", "pf-ring", "parse_pkt", ["cluster", "vanilla", "bpf"], [
    {
      id: "u-pfring-first-fragment-none",
      what: "the first fragment is not taken for one",
      from: "    return this.fragmentOffset > 0 || this.moreFragments;",
      to: "    return this.fragmentOffset > 0;",
    },
    {
      id: "u-pfring-inner-over-outer",
      what: "the fields of an inner packet's transport are taken for the outer's",
      from: "      if (level === 1) this.#fill(this.outer",
      to: "      if (level === 1 || kind === LAYER.udp) this.#fill(this.outer",
    },
  ]),
  ...of("packet", "pf-ring", "filters", ["cluster", "vanilla", "bpf"], [
    {
      id: "u-pfring-last-port-outside",
      what: "the last port of a range does not match",
      from: "(is >= want[0] && is <= want[1])",
      to: "(is >= want[0] && is < want[1])",
    },
    {
      id: "u-pfring-vlan-rule-ignored",
      what: "a wildcard rule for a VLAN matches in all",
      from: "(rule.vlanId === undefined || rule.vlanId === vlanId) &&\n",
      to: "(rule.vlanId === undefined || vlanId >= 0) &&\n",
    },
  ]),
  ...of("pool", "pf-ring", "zc_tx_ring", ["zc"], [
    {
      id: "u-zc-spare-leaks",
      what: "the spare buffers of a ring do not go back when it is released",
      from: "    for (const b of this.#spare) if (b >= 0) pool.put(cpu.lcore, b);\n",
      to: "",
    },
    {
      id: "u-zc-refused-not-counted",
      what: "packets that find the ring full are not counted",
      from: "      this.refused++;\n",
      to: "",
    },
  ]),
  ...of("loss and order", "pf-ring", "zc_queue", ["zc"], [
    {
      id: "u-zc-consumer-not-woken",
      what: "who waits for a queue is not woken",
      from: "    if (this.consumer !== null) cpu.wake(this.consumer);\n",
      to: "",
    },
  ]),
  ...of("time", "odp", "tm_shaper", ["tm"], [
    {
      id: "u-tm-length-not-adjusted",
      what: "a shaper ignores its adjustment of lengths",
      from: "8 * (bytes + this.#lenAdjust)",
      to: "8 * bytes",
    },
    {
      id: "u-tm-peak-not-charged",
      what: "what the committed rate carries is not charged to the peak rate",
      from: "    if (this.#peak !== null) this.#peak.take(bits, ps);",
      to: "    else if (this.#peak !== null) this.#peak.take(bits, ps);",
    },
  ]),
  ...of("loss and order", "odp", "tm_wred", ["tm"], [
    {
      id: "u-wred-second-slope-from-zero",
      what: "above the middle threshold the probability begins at zero",
      from: "    : medDropProb + (maxDropProb - medDropProb)",
      to: "    : (maxDropProb - medDropProb)",
    },
  ]),
  ...of("loss and order", "odp", "tm_node", ["tm"], [
    {
      id: "u-tm-delayed-earns",
      what: "a node that its shaper held back makes up for it",
      from:
        "      if (parent !== null) at.start = Math.max(at.start, parent.virtualTime[at.prio]!);\n",
      to: "",
    },
  ]),
  ...of("pool", "odp", "tm_system", ["tm"], [
    {
      id: "u-tm-bytes-not-given-back",
      what: "the bytes of a packet that has left its queue stay counted",
      from: "    queue.bytes -= bytes;\n",
      to: "",
    },
  ]),
  ...of("loss and order", "odp", "sched_context", ["scheduler"], [
    {
      id: "u-odp-lock-before-ticket",
      what: "an ordered lock may be taken by an earlier ticket's turn",
      from: "queue.lock[index] !== local.ticket || ",
      to: "queue.lock[index]! > local.ticket || ",
    },
  ]),
  ...of("packet", "odp", "pmr", ["classification"], [
    {
      id: "u-pmr-masked-low-only",
      what: "of a masked MAC address the low half is compared",
      from:
        "((low(field) ^ low(value)) & low(mask)) === 0 &&\n    ((high(field) ^ high(value)) & high(mask)) === 0;",
      to: "((low(field) ^ low(value)) & low(mask)) === 0;",
    },
    {
      id: "u-pmr-custom-at-end",
      what: "bytes at the end of a frame cannot be matched",
      from: "offset + size > memory.length[b]!",
      to: "offset + size >= memory.length[b]!",
    },
  ]),
  ...of("packet", "odp", "classification", ["classification"], [
    {
      id: "u-cls-copy-without-meta",
      what: "a packet that is copied into a class's pool has the metadata of that buffer's last",
      from: "    meta.copy(from, to);\n",
      to: "",
    },
    {
      id: "u-cls-dropped-not-counted",
      what: "a class that drops does not count",
      from: "      cos.dropped++;\n",
      to: "",
    },
    {
      id: "u-cls-pool-discard-not-counted",
      what: "an interface does not count what a class's pool cannot take",
      from: "      pktio.in.discards++;\n",
      to: "",
    },
  ]),
  ...of("packet", "odp", "packet", ["classification", "pktio"], [
    {
      id: "u-odp-fragment-has-ports",
      what: "a later fragment is parsed as if it began with ports",
      from: "reason === REASON.none && !isIpv4Fragment(bytes, frame + at)",
      to: "reason === REASON.none",
    },
  ]),
  ...of("NIC", "odp", "pktio", ["pktio", "forwarding"], [
    {
      id: "u-odp-five-bytes-broadcast",
      what: "an address of five bytes 0xff counts as broadcast",
      from: "i < at + 6; i++) if (bytes[i] !== 0xff)",
      to: "i < at + 5; i++) if (bytes[i] !== 0xff)",
    },
    {
      id: "u-odp-lock-free-at-once",
      what: "an output queue can be used while another thread sends on it",
      from: "    lock.untilPs = context.nowPs;\n",
      to: "",
    },
  ]),
  ...of("pool", "snabb", "interlink", ["processes", "app_units"], [
    {
      id: "u-interlink-wrong-end-left",
      what: "an interlink left by its receiver takes a transmitter again",
      from: 'end === "receiver" ? "TXUP" : "RXUP";',
      to: 'end === "receiver" ? "RXUP" : "TXUP";',
    },
  ]),
  ...of("pool", "snabb", "group_freelist", ["packet", "processes"], [
    {
      id: "u-group-freelist-overfills",
      what: "a chunk is taken that the freelist cannot hold",
      from: "    if (to.nfree + n > to.max) return 0;\n",
      to: "",
    },
  ]),
  ...of("time", "snabb", "pace", ["engine", "timer"], [
    {
      id: "u-snabb-wakes-slowly",
      what: "an engine that has had work sleeps as long as before when it is idle again",
      from: ": this.sleep >> 1;",
      to: ": this.sleep;",
    },
  ]),
  ...of("loss and order", "xdp", "devmap", ["devmap", "redirect"], [
    {
      id: "u-devmap-aborted-passes-count",
      what: "an egress program's drop is not counted",
      from: "      this.#points.devmapProgDrops++;\n",
      to: "",
    },
  ]),
  ...of("packet", "xdp", "xdp_buff", ["xdp_buff"], [
    {
      id: "u-xdp-meta-into-frame",
      what: "metadata may be pushed into the room of the kernel's frame",
      from: "    if (data - meta < this.hardStart + XDP_FRAME_BYTES ||",
      to: "    if (data < this.hardStart + XDP_FRAME_BYTES ||",
    },
    {
      id: "u-xdp-meta-odd",
      what: "metadata may have any number of bytes",
      from: " || bytes < 0 || bytes % 4 !== 0)",
      to: " || bytes < 0)",
    },
  ]),
  ...of("packet", "xdp", "hook", ["redirect", "verdicts", "devmap"], [
    {
      id: "u-xdp-redirect-longer",
      what: "a frame with a tag that fits the MTU is refused",
      from: "device.mtu + 14 + 4",
      to: "device.mtu + 14",
    },
  ]),
  ...of("LPM", "xdp", "fib_lookup", ["forward"], [
    {
      id: "u-fib-lookup-forwards-off",
      what: "a look-up answers though forwarding is off",
      from: "  if (!ip.sysctl.ipForward) return vm.answer(FIB_LKUP.FWD_DISABLED);\n",
      to: "",
    },
    {
      id: "u-fib-lookup-at-mtu",
      what: "a packet as long as the MTU is said to need fragments",
      from: "totalLength > ip.mtu",
      to: "totalLength >= ip.mtu",
    },
  ]),
  ...of("pool", "xdp", "xsk/kernel", ["xsk", "audit"], [
    {
      id: "u-xsk-left-stays-posted",
      what: "a chunk whose frame goes to the kernel counts as posted",
      from: "    socket.posted.delete(socket.umem.chunkOf(page));\n",
      to: "",
    },
  ]),
  ...of("pool", "xdp", "xsk/transmit", ["xsk"], [
    {
      id: "u-xsk-completion-not-cancelled",
      what: "without an skb the slot reserved for the completion is kept",
      from: "        socket.completion.cancel();\n        socket.tx.unpeek();",
      to: "        socket.tx.unpeek();",
    },
    {
      id: "u-xsk-frame-not-put-back",
      what: "without an skb the descriptor counts as taken",
      from: "        socket.completion.cancel();\n        socket.tx.unpeek();",
      to: "        socket.completion.cancel();",
    },
  ]),
  ...of("ring", "xdp", "xsk/ring", ["xsk"], [
    {
      id: "u-xsk-room-at-wrap",
      what: "the room is wrong where the indices pass 2^32",
      from: "    return this.size - ((this.#cachedProd - this.consumer) >>> 0);",
      to: "    return this.size - (this.#cachedProd - this.consumer);",
    },
  ]),
  ...of("input", "xdp", "xsk/socket", ["xsk"], [
    {
      id: "u-xsk-invalid-not-counted",
      what: "a FILL entry that names no chunk is not counted",
      from: "      this.statistics.rxInvalidDescs++;\n",
      to: "",
    },
  ]),
  ...of("NIC", "packetshader", "ps_tx_ring", ["ps_tx_ring", "engine"], [
    {
      id: "u-ps-tx-overruns",
      what: "a burst is written though one slot is free",
      from: "    if (this.free < n) {",
      to: "    if (this.free < 1) {",
    },
  ]),
  ...of("packet", "packetshader", "chunk", ["engine", "checklist"], [
    {
      id: "u-ps-sent-counts-stay",
      what: "a chunk that is used again begins where its last views ended",
      from: "    this.viewSent.fill(0);\n",
      to: "",
    },
  ]),
  ...of("packet", "packetshader", "master", ["gpu", "engine"], [
    {
      id: "u-ps-batch-over",
      what: "a batch takes a chunk more than its keys allow",
      from: "packets + next.keyCount > this.#batchMax",
      to: "packets > this.#batchMax",
    },
  ]),
  ...of("packet", "packetshader", "app_ipv6", ["apps"], [
    {
      id: "u-ps-ip6-payload-unchecked",
      what: "an IPv6 packet that is cut is forwarded",
      from: "there < HEADER + payload ||",
      to: "there < HEADER ||",
    },
  ]),
  ...of("time", "packetshader", "gpu", ["gpu"], [
    {
      id: "u-ps-table-upload-in-no-time",
      what: "a batch does not wait for the table that is copied before it",
      from:
        "    this.#copyInFree = Math.max(tsc, this.#copyInFree) + this.#h2d.ns(bytes) * this.#cyclesPerNs;\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/external/likeness.ts", [
    "stacks/external/identity_test.ts",
    "stacks/external/external_test.ts",
  ], [
    {
      id: "u-alike-ignores-dscp",
      what: "packets that differ in DSCP are taken for one",
      from: "  return at === 8 || at === 10 || at === 11;",
      to: "  return at === 1 || at === 8 || at === 10 || at === 11;",
    },
    {
      id: "u-part-behind-the-end",
      what: "a fragment that reaches beyond its datagram is taken for a part of it",
      from: "skipped + count > whole || count === whole",
      to: "skipped > whole || count === whole",
    },
  ]),
  ...faultsIn("input", "stacks/external/records.ts", [
    "stacks/external/identity_test.ts",
    "stacks/external/external_test.ts",
  ], [
    {
      id: "u-records-port-one-beyond",
      what: "a frame for the port behind the last is read",
      from: "    if (port >= ports) throw",
      to: "    if (port > ports) throw",
    },
  ]),
];

/** Faults of the harness. */
export const UNSEEN_HARNESS_FAULTS: readonly Fault[] = [
  ...faultsIn("harness", "properties/ring/history.ts", ["properties/ring/history_test.ts"], [
    {
      id: "u-history-order-of-one-call",
      what: "the order of the items of one call is not judged",
      from: "(now < then || now === then && item.place < before.place)",
      to: "(now < then)",
    },
    {
      id: "u-history-bulk-found-none",
      what: "a bulk that found nothing is never held against the queue",
      from: "call.bulk ? found === 0 && call.asked === 1 : found < call.asked",
      to: "!call.bulk && found < call.asked",
    },
  ]),
  ...faultsIn("harness", "properties/mempool/laws.ts", ["properties/mempool/conformance_test.ts"], [
    {
      id: "u-pool-law-cache-sum-unheard",
      what: "what all caches hold is not held against what is cached",
      from: "pool.cached !== undefined && pool.cached !== sum",
      to: "pool.cached !== undefined && pool.cached < 0",
    },
    {
      id: "u-pool-law-return-not-unique",
      what: "a buffer that comes back twice counts for two",
      from: "rig.held.length !== size || different !== size",
      to: "rig.held.length !== size",
    },
  ]),
  ...faultsIn("harness", "properties/laws/nic_truth.ts", [
    "properties/laws/nic_test.ts",
    "core/machine/faults_test.ts",
    "stacks/example/conformance_test.ts",
  ], [
    {
      id: "u-nic-law-any-hash",
      what: "any RSS hash of an IPv4 packet is right",
      from: "(ipv4 && hashesOf(traffic, p).includes(hash))",
      to: "ipv4",
    },
  ]),
  ...faultsIn("harness", "properties/laws/pkt_originated.ts", [
    "properties/laws/pkt_test.ts",
    "properties/laws/laws_test.ts",
    "stacks/linux-napi/originated_test.ts",
    "stacks/vpp/errors_test.ts",
  ], [
    {
      id: "u-originated-answered-twice",
      what: "a packet may be answered twice",
      from: "        answered.add(p);\n",
      to: "",
    },
    {
      id: "u-originated-rate-of-all",
      what: "a host's burst is full again with each message",
      from: "    buckets.set(host, { tokens, at: now });\n",
      to: "",
    },
  ]),
  ...faultsIn("harness", "properties/laws/loss_paced.ts", ["properties/laws/loss_paced_test.ts"], [
    {
      id: "u-paced-smallest-credits-one-more",
      what: "the smallest credits are taken for two headers",
      from: "headerCredits: 1, dataCredits: Math.ceil(g.mps / 16)",
      to: "headerCredits: 2, dataCredits: Math.ceil(g.mps / 16)",
    },
  ]),
  ...faultsIn("harness", "properties/reference/router.ts", [
    "properties/reference/router_test.ts",
    "properties/reference/settings_test.ts",
  ], [
    {
      id: "u-reference-own-address-routed",
      what: "a packet to the host's own address is to be forwarded",
      from: " | (isOwn(ip + 16) ? DEFECT.consumed : 0)",
      to: "",
    },
    {
      id: "u-reference-loose-needs-port",
      what: "the loose check of the way back is as the strict one",
      from: "    ? back.length > 0\n",
      to: "    ? back.length > 0 && back.some((one) => neighbours.port[one] === traffic.port[p])\n",
    },
    {
      id: "u-reference-option-list-runs-on",
      what: "bytes behind the end of the option list are read as options",
      from: "    if (type === 0) break; // end of option list\n",
      to: "    if (type === 0) {\n      at++;\n      continue;\n    }\n",
    },
  ]),
  ...faultsIn("harness", "properties/reference/ports.ts", [
    "properties/reference/settings_test.ts",
    "properties/reference/router_test.ts",
    "stacks/dpdk/testpmd_test.ts",
  ], [
    {
      id: "u-reference-odd-port-alone",
      what: "the last of an odd number of ports is paired with the first",
      from: "  return next === 0 ? ingress : next;",
      to: "  return next;",
    },
  ]),
  ...faultsIn("harness", "properties/pcie/credits.ts", ["properties/pcie/pcie_test.ts"], [
    {
      id: "u-pcie-law-rest-forgives",
      what: "credits that are missing at rest are forgiven up to a quarter",
      from: "missing >= ledger.options.creditScale",
      to: "missing >= ledger.options.creditScale + advertised / 4",
    },
  ]),
  ...faultsIn("harness", "properties/laws/rss.ts", ["properties/laws/rss_test.ts"], []),
  ...faultsIn("harness", "properties/laws/pkt_header.ts", ["properties/laws/pkt_header_test.ts"], [
    {
      id: "u-padding-law-of-tagged",
      what: "an untagged frame may be as long as a tagged one",
      from: "tagged ? LONGEST_TAGGED : LONGEST, beyond",
      to: "LONGEST_TAGGED, beyond",
    },
  ]),
];
