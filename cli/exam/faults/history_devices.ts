/**
 * Faults of rings, virtual time, hosts, NICs and PCI Express as the histories of DPDK (rte_ring,
 * poll-mode drivers), Linux (NAPI, ixgbe) and of models of NICs and fabrics have them, in our core.
 */
import { type Fault, faultsIn } from "../fault.ts";

const EXAMPLE = "stacks/example/conformance_test.ts";
const RING = ["core/ring/mpmc_test.ts", "properties/ring/conformance_test.ts"];
const SPSC = ["core/ring/spsc_test.ts", "properties/ring/conformance_test.ts"];
const ELEMENTS = [
  "core/ring/spsc_test.ts",
  "core/ring/mpmc_test.ts",
  "properties/ring/conformance_test.ts",
];
const EXPLORE = ["core/ring/mpmc_steps_test.ts", "core/ring/spsc_steps_test.ts"];
const REORDER = ["core/ring/reorder_buffer_test.ts"];
const CLOCK = ["core/time/clock_test.ts"];
const TURNS = ["properties/run/check_test.ts", "core/machine/stream_test.ts"];
const HOST = ["core/host/lcore_test.ts", "core/host/irq_test.ts", "core/host/softirq_test.ts"];
const NIC = ["core/nic/queue_pairs_test.ts", "core/nic/rings_test.ts", EXAMPLE];
const POLL = ["core/nic/poll_port_test.ts", EXAMPLE];
const PAUSE = ["core/nic/mac_test.ts", "core/machine/testbed_test.ts"];
const HOST_RINGS = ["core/nic/host_rings_test.ts", "stacks/p2pnic/conformance_test.ts"];
const FABRIC = [
  "core/pcie/fabric_test.ts",
  "core/pcie/ordering_test.ts",
  "core/pcie/conservation_test.ts",
];
const LATE = ["core/machine/faults_test.ts", EXAMPLE];
const LINK = ["properties/pcie/pcie_test.ts", "core/pcie/link/link_test.ts"];
const MEMORY = ["core/memory/host_memory_test.ts", "core/machine/fidelity_test.ts"];

/** Rings, time, hosts, NICs, PCI Express. */
export const HISTORY_DEVICE_FAULTS: readonly Fault[] = [
  ...faultsIn("ring", "core/ring/element_ring.ts", ELEMENTS, [
    {
      id: "element-ring-free-in-words",
      what: "free counts words where it has to count elements",
      from: "    return this.size - this.count;\n",
      to: "    return this.size * this.elementWords - this.count;\n",
    },
    {
      id: "element-ring-release-words",
      what: "a release of elements gives back as many words",
      from: "    this.#ring.release(n * this.elementWords);\n",
      to: "    this.#ring.release(n);\n",
    },
    {
      id: "element-ring-bulk-checks-words",
      what: "a burst of elements may reach beyond the caller's array",
      from: "at + n * this.elementWords <= words.length) return;",
      to: "at + n <= words.length) return;",
    },
  ]),
  ...faultsIn("ring", "core/ring/mpmc_memory.ts", [...RING, "core/ring/mpmc_stall_test.ts"], [
    {
      id: "mpmc-attach-other-mode",
      what: "a ring that is attached to has the mode of its producers on both sides",
      from: "const consumers = SYNCS[control[CONSUMERS]!];",
      to: "const consumers = SYNCS[control[PRODUCERS]!];",
    },
    {
      id: "mpmc-htd-max-of-size",
      what: "head may run ahead of tail by the whole ring and no less",
      from: "htdMax = size >>> 3 } = options;",
      to: "htdMax = size } = options;",
    },
  ]),
  ...faultsIn("ring", "core/ring/_state_set.ts", ["core/ring/_state_set_test.ts", ...EXPLORE], [
    {
      id: "states-equal-by-hash-place",
      what: "two states whose first words agree count as one",
      from:
        "for (let i = 0, at = number * words; i < words; i++, at++) {\n      if (this.#rows[at] !==",
      to:
        "for (let i = 0, at = number * words; i < words - 1; i++, at++) {\n      if (this.#rows[at] !==",
    },
  ]),
  ...faultsIn("ring", "core/ring/spsc_memory.ts", SPSC, [
    {
      id: "ring-size-power-of-two-plus",
      what: "a ring of one more than a power of two gets the slots of that power",
      from: "1 << (32 - Math.clz32(size - 1));",
      to: "1 << (32 - Math.clz32(size >> 1));",
    },
  ]),
  ...faultsIn("loss and order", "core/ring/reorder_buffer.ts", REORDER, [
    {
      id: "reorder-drain-up-to-includes",
      what: "a drain up to a number takes that number, too",
      from: "while (count < n && isBefore(this.#next, sequence)) {",
      to: "while (count < n && isBefore(this.#next, sequence + 1)) {",
    },
    {
      id: "reorder-ready-sequence-of-window",
      what: "what has moved out of the window is drained whatever number was asked for",
      from:
        "if (count === n || !isBefore(this.#readySequence[this.#readyHead]!, sequence)) return count;",
      to: "if (count === n) return count;",
    },
    {
      id: "reorder-kept-drifts",
      what: "an item that moves out of the window still counts as kept",
      from: "    if (item !== EMPTY) this.#kept--;\n",
      to: "",
    },
  ]),
  ...faultsIn("ring", "core/ring/timed_ring.ts", ["core/ring/timed_ring_test.ts"], [
    {
      id: "timed-reset-keeps-releases",
      what: "a reset ring waits for the release times of before",
      from: "    this.#releasedPs.fill(-Infinity);\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "core/time/_calendar.ts", CLOCK, [
    {
      id: "calendar-day-not-closed",
      what: "a day whose last event is gone still counts as busy",
      from: "    if (next < 0) this.#close(day);\n",
      to: "",
    },
    {
      id: "calendar-year-turns-late",
      what: "what is just a year ahead moves over one week late",
      from: "while (this.#farPs < this.#endPs) this.#enter(",
      to: "while (this.#farPs < this.#endPs - WEEK_PS) this.#enter(",
    },
    {
      id: "calendar-insert-behind-tie",
      what: "an event goes in front of one of the same instant that was asked for first",
      from: "      if (this.#before(entry, next)) break;\n      at = next;",
      to:
        "      if (!this.#before(next, entry) || this.#keys[next * 2] === this.#keys[entry * 2]) break;\n      at = next;",
    },
    {
      id: "calendar-words-before-today",
      what: "of the weeks before the present one the first busy one is not looked for",
      from: "const other = lowest(later !== 0 ? later : this.#busyWeeks);",
      to: "const other = later !== 0 ? lowest(later) : 0;",
    },
  ]),
  ...faultsIn("time", "core/time/turns.ts", TURNS, [
    {
      id: "turns-first-always",
      what: "the order of waiting steps is never that of the choices",
      from: "n < 2 ? 0 : this.#choices.pick(this.#site, n), 1);",
      to: "n < 2 ? 0 : this.#choices.pick(this.#site, n) * 0, 1);",
    },
  ]),
  ...faultsIn("interrupt", "core/host/irq.ts", HOST, [
    {
      id: "irq-held-back-fires-masked",
      what: "an enabled vector with a latched cause is raised and its latch kept for an extra one",
      from: "    this.#latched = false;\n    this.#raise();",
      to: "    this.#raise();\n    this.#latched = this.#heldBack;",
    },
    {
      id: "irq-throttle-from-cause",
      what: "the interval between interrupts counts from when the last could have come",
      from: "this.#earliest = this.#clock.now + this.#throttlePs;",
      to: "this.#earliest += this.#throttlePs;",
    },
  ]),
  ...faultsIn("interrupt", "core/host/softirq.ts", [
    "core/host/softirq_test.ts",
    "stacks/linux-napi/interrupts_test.ts",
    "stacks/linux-napi/overload_test.ts",
  ], [
    {
      id: "softirq-repoll-first",
      what: "an instance that used its weight is polled again before others that wait",
      from: "    left.take(list);\n    left.take(this.#repoll);\n",
      to: "    this.#repoll.take(left);\n    left.take(this.#repoll);\n    left.take(list);\n",
    },
    {
      id: "softirq-squeeze-uncounted",
      what: "a round that ended with its budget does not count as squeezed",
      from: "      this.stat.timeSqueeze++;\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "core/host/lcore.ts", HOST, [
    {
      id: "lcore-useful-counts-empty",
      what: "an empty poll counts as useful time",
      from: "    this.emptyPs += spent;\n    if (spent === 0",
      to: "    this.usefulPs += spent;\n    if (spent === 0",
    },
    {
      id: "lcore-deadline-of-stale",
      what: "a deadline that was moved still wakes at its old time",
      from: "if (context === undefined || context.deadlinePs !== this.clock.now) return;",
      to: "if (context === undefined) return;",
    },
    {
      id: "lcore-vectors-last-first",
      what: "of several interrupts that wait the last is taken first",
      from: "this.#sink!.interrupt(irq, this.#vectors.shift()!);",
      to: "this.#sink!.interrupt(irq, this.#vectors.pop()!);",
    },
  ]),
  ...faultsIn("time", "core/host/rotation.ts", ["core/host/lcore_test.ts", EXAMPLE], [
    {
      id: "rotation-always-from-first",
      what: "the first thread has every turn that it can use",
      from:
        "    for (let i = 0; i < this.#threads.length; i++) {\n      const thread = this.#turn();",
      to:
        "    this.#next = 0;\n    for (let i = 0; i < this.#threads.length; i++) {\n      const thread = this.#turn();",
    },
  ]),
  ...faultsIn("NIC", "core/nic/poll_port.ts", POLL, [
    {
      id: "pmd-nb-rx-wrap",
      what: "a burst that ends with the ring leaves the tail behind its last slot",
      from: "state.rxTail = tail + n === ring.size ? 0 : tail + n;",
      to: "state.rxTail = tail + n > ring.size ? 0 : tail + n;",
    },
    {
      id: "pmd-nombuf-per-burst",
      what: "a refill that fails counts as one buffer missed",
      from: "      this.rxNombuf += rxFreeThresh;\n",
      to: "      this.rxNombuf++;\n",
    },
    {
      id: "pmd-free-thresh-at-most",
      what: "sent buffers are looked for when the ring is nearly full only",
      from: "if (state.txFree < this.#t.txFreeThresh) this.#reclaim",
      to: "if (state.txFree < 1) this.#reclaim",
    },
    {
      id: "pmd-tx-quiet-before-doorbell",
      what: "a transmit queue whose doorbell is under way counts as quiet",
      from: "return told && ring.quiet && ring.tail === ring.head;",
      to: "return ring.quiet && ring.tail === ring.head;",
    },
    {
      id: "pmd-refused-first-segment",
      what: "of a chain that was sent only the first segment comes back",
      from: "      if (releaseSegment(this.home, context.lcore, b)) state.sent[free++] = b;\n",
      to:
        "      if (this.#memory.next[b]! < 0 && releaseSegment(this.home, context.lcore, b)) state.sent[free++] = b;\n",
    },
    {
      id: "pmd-release-keeps-half-packet",
      what: "the segments of a packet that is half received are lost when the queue is released",
      from: "    if (state.last >= 0) freeChain(this.#pool, cpu.lcore, state.first);\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/thresholds.ts", POLL, [
    {
      id: "thresholds-rs-not-dividing",
      what: "a report threshold that does not divide the ring is taken",
      from: "const right = txRsThresh >= 1 && txSize % txRsThresh === 0 && txRsThresh",
      to: "const right = txRsThresh >= 1 && txRsThresh",
    },
  ]),
  ...faultsIn("NIC", "core/nic/driver.ts", [
    "core/nic/queue_pairs_test.ts",
    ...POLL,
    "stacks/linux-napi/conformance_test.ts",
  ], [
    {
      id: "driver-more-of-before",
      what: 'a descriptor keeps the "more follows" of the frame before in its slot',
      from: "  ring.more[slot] = more ? 1 : 0;\n",
      to: "  if (more) ring.more[slot] = 1;\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/receive_side.ts", NIC, [
    {
      id: "rx-scatter-last-length",
      what: "the last segment of a frame in several buffers is as long as the others",
      from: "Math.min(room, memory.length[b]! - i * room), to, 0);",
      to: "room, to, 0);",
    },
    {
      id: "rx-held-for-next-frame",
      what: "gathered write-backs wait for the next frame though none is under way",
      from: "const alone = more === 0 && this.#inFlight === 0;",
      to: "const alone = more === 0 && this.#inFlight < 0;",
    },
    {
      id: "rx-reset-keeps-waiting",
      what: "after a reset the ingress buffers of the last run still wait",
      from: "    this.#fifoHead = 0;\n    this.#fifoCount = 0;\n    this.#inFlight = 0;",
      to: "    this.#fifoHead = 0;\n    this.#inFlight = 0;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/transmit_side.ts", [...NIC, "stacks/snabb/conformance_test.ts"], [
    {
      id: "tx-gathered-not-told-at-end",
      what: "gathered write-backs of the last frames are never written",
      from: "      if (!full && more) return;\n",
      to: "      if (!full) return;\n",
    },
    {
      id: "tx-head-write-back-lost-order",
      what: "with head write-back a descriptor before the reported one is not told",
      from: "for (let n = 0; at !== ((slot + 1) & mask); n++, at = (at + 1) & mask) {",
      to:
        "at = slot;\n      for (let n = 0; at !== ((slot + 1) & mask); n++, at = (at + 1) & mask) {",
    },
  ]),
  ...faultsIn("NIC", "core/nic/host_path.ts", [
    "core/nic/threads_test.ts",
    "core/machine/testbed_test.ts",
    "stacks/p2pnic/system_test.ts",
    ...NIC,
  ], [
    {
      id: "host-path-one-direction",
      what: "what is received goes first as long as there is any",
      from:
        "    const other = 1 - this.#serving;\n    if (this.#waiting[other]!.count > 0) this.#serving = other;\n",
      to: "    this.#serving = this.#waiting[RECEIVE]!.count > 0 ? RECEIVE : TRANSMIT;\n",
    },
    {
      id: "host-path-stops-when-empty",
      what: "the path stays busy when nothing waits",
      from: "    this.#busy = count > 0;\n",
      to: "    this.#busy = true;\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mmio.ts", ["core/nic/mmio_test.ts", EXAMPLE], [
    {
      id: "mmio-writes-overtake",
      what: "a register write passes those that wait for room",
      from: "    this.#waiting.push(node, bytes, handler, arg);\n",
      to: "    this.#waiting.unshift(node, bytes, handler, arg);\n",
    },
    {
      id: "mmio-drains-one",
      what: "when there is room again all waiting writes but one are forgotten",
      from: "    else waiting.splice(0, at);\n",
      to: "    else waiting.splice(0, at + 4);\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/pause.ts", PAUSE, [
    {
      id: "pause-behind-waiting-frames",
      what: "a pause frame waits behind the frames that wait",
      from: "    if (this.#request >= 0) {\n",
      to: "    if (this.#request >= 0 && this.#count === 0) {\n",
    },
    {
      id: "pause-pending-without-waiting",
      what: "frames that wait for a pause frame count as gone",
      from: "    return super.pending + this.#count;\n",
      to: "    return super.pending;\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/_host_lanes.ts", HOST_RINGS, [
    {
      id: "host-lane-full-by-visible",
      what: "a transmit lane counts as full by what the device has seen",
      from: "return this.descriptors.written - this.reclaimed === this.descriptors.entry.length;",
      to: "return this.descriptors.visible - this.reclaimed === this.descriptors.entry.length;",
    },
    {
      id: "host-lane-free-head-stays",
      what: "the ring of free buffers hands out the same one again after a turn",
      from: "    this.#tail = (this.#tail + 1) % this.free.length;\n",
      to: "    this.#tail = Math.min(this.#tail + 1, this.free.length - 1);\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/nic.ts", NIC, [
    {
      id: "nic-counters-not-reset",
      what: "a NIC goes on counting where the last run ended",
      from: "    Object.assign(c, emptyCounters(this.port));\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/_steering.ts", ["core/nic/rss_key_test.ts", ...NIC], [
    {
      id: "rx-queue-of-hash-modulo",
      what: "the queue is the hash modulo the queues, whatever the redirection table says",
      from: "    return retaQueue(this.reta, hash[b]!);\n",
      to: "    return hash[b]! % this.#queues;\n",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/late_fabric.ts", LATE, [
    {
      id: "late-write-overtakes",
      what: "a late write is overtaken by the one behind it",
      from: "    if (at <= after) at = after + 1;\n",
      to: "",
    },
    {
      id: "late-held-write-back-lost",
      what: "a held write-back does not come when its vector is unmasked",
      from: 'if (meaning?.kind === "unmask") this.#release(',
      to: 'if (meaning?.kind === "rx doorbell") this.#release(',
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/memory_fabric.ts", MEMORY, [
    {
      id: "memory-fabric-read-passes-write",
      what: "a read of host memory is answered before the write in front of it is visible",
      from: "    if (at <= this.#visibleAt[src]!) at = this.#visibleAt[src]! + 1;\n    if (write)",
      to:
        "    if (write && at <= this.#visibleAt[src]!) at = this.#visibleAt[src]! + 1;\n    if (write)",
    },
    {
      id: "memory-fabric-room-not-told",
      what: "a source that was refused for full channels is not called when they open",
      from: "      this.#asked[src] = 1;\n      this.#clock.at(opensAt, this.#opens, src);\n",
      to: "      this.#asked[src] = 1;\n",
    },
    {
      id: "memory-fabric-asked-stays",
      what: "a source that was called once is not called again",
      from: "      this.#asked[src] = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/coarse.ts", [...FABRIC, "core/pcie/throughput_test.ts"], [
    {
      id: "coarse-completion-passes-write",
      what:
        "in the coarse fabric a completion is seen before the write that its completer sent first",
      from: "this.#clock.at(at > visible ? at : visible + 1, leg.handler, leg.arg);",
      to: "this.#clock.at(at, leg.handler, leg.arg);",
    },
    {
      id: "coarse-completions-of-mps",
      what: "in the coarse fabric completions are as long as writes, whatever the read boundary",
      from: "Math.min(completionChunk(mps, this.#profile.rcbBytes), mrrs);",
      to: "mps;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_geometry.ts", FABRIC, [
    {
      id: "credits-below-one-payload",
      what:
        "fewer data credits than one payload needs are taken, and the first write waits for ever",
      from: "const least = g.mps >> DATA_CREDIT_SHIFT;",
      to: "const least = 1;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/bandwidth.ts", ["core/pcie/bandwidth_test.ts"], [
    {
      id: "bandwidth-skip-not-lost",
      what: "SKP ordered sets take no bandwidth",
      from: "(2 * DLLP_BYTES) / interval + SKIP_SYMBOLS / SKIP_EVERY;",
      to: "(2 * DLLP_BYTES) / interval;",
    },
    {
      id: "bandwidth-header-of-64-bits",
      what: "requests with 64-bit addresses have the header of 32-bit ones",
      from: "const header = addressBits === 64 ? 16 : 12;",
      to: "const header = 12;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_data_link.ts", LINK, [
    {
      id: "replay-timer-of-newest",
      what: "every TLP that is sent starts the replay timer anew",
      from: "if (replay.oldest(d) === seq) dllps.restartTimer(d);",
      to: "dllps.restartTimer(d);",
    },
    {
      id: "replay-counts-as-new",
      what: "a TLP that is sent again takes credits again",
      from: "    if (!isReplay) this.#above.left(d, tlp, serializer.endAt);\n",
      to: "    this.#above.left(d, tlp, serializer.endAt);\n",
    },
    {
      id: "discarded-tlp-returns-credit",
      what: "a TLP that was discarded returns credits as if it had been received",
      from: "    this.dllps.refused(d, verdict === DUPLICATE);\n",
      to:
        "    this.flow.receive(d, tlp.cls, tlp.data);\n    this.dllps.refused(d, verdict === DUPLICATE);\n",
    },
    {
      id: "link-down-keeps-flight",
      what: "TLPs that were on a link when it went down are not told lost",
      from: "if (!expected.willHave(d, seq)) lost.set(replay.tlp(d, seq), false);",
      to: "if (expected.willHave(d, seq)) lost.set(replay.tlp(d, seq), false);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_plan.ts", LINK, [
    {
      id: "plan-acs-ignored",
      what: "a switch sends peer-to-peer TLPs down at once though ACS redirects them",
      from: "return acsRedirect ? 2 * node : egress;",
      to: "return egress;",
    },
    {
      id: "plan-replay-time-one-way",
      what: "the replay timer does not wait for the way there and back",
      from: "3 * Math.max(ps, this.ackPs[d]!) + 2 * this.propagationPs[d]!",
      to: "Math.max(ps, this.ackPs[d]!)",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_tlp.ts", LINK, [
    {
      id: "tlp-taken-with-old-status",
      what: "a TLP is handed out again with the status of the last one",
      from: "    tlp.status = 0;\n",
      to: "",
    },
    {
      id: "fifo-grown-from-slot-0",
      what: "a queue that grows takes its items over from slot 0 on",
      from: "(_, i) => old[(this.#head + i) % n]!);",
      to: "(_, i) => old[i % n]!);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_requester.ts", LINK, [
    {
      id: "requester-mps-from-first-byte",
      what: "a write that begins within a word has one word more than the payload size",
      from: "op.kind === WRITE ? this.#o.mps - op.address % 4 : this.#o.mrrs,",
      to: "op.kind === WRITE ? this.#o.mps : this.#o.mrrs,",
    },
    {
      id: "requester-late-completion-taken",
      what: "a completion for a request that timed out is taken for the one that has its tag now",
      from: "return wait !== null && wait.request === request ? wait : null;",
      to: "return wait;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_queues.ts", ["core/pcie/link/_queues_test.ts", ...LINK], [
    {
      id: "link-completions-pass-each-other",
      what: "completions of one request pass each other",
      from: "    if (later.cls === earlier.cls) return false;\n",
      to:
        "    if (later.cls === earlier.cls) return later.cls === COMPLETION && later.tag === earlier.tag;\n",
    },
    {
      id: "link-last-of-queue-lost",
      what: "when the last TLP of a queue is taken out of turn the next is hung in behind it",
      from: "    if (this.#last[queue] === tlp) this.#last[queue] = before;\n",
      to: "    if (this.#last[queue] === tlp && before === null) this.#last[queue] = before;\n",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_router.ts", LINK, [
    {
      id: "router-completion-misrouted-tag",
      what: "the answer to an unsupported request goes to the switch that refused it",
      from: "    tlp.dst = tlp.requester;\n",
      to: "    tlp.dst = tlp.src;\n",
    },
    {
      id: "router-refused-keeps-buffer",
      what: "a TLP that is refused keeps its receive buffer",
      from:
        "    if (tlp.ingress >= 0) this.link.free(tlp.ingress, tlp.cls, tlp.data, tlp.serial);\n",
      to: "",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_dllps.ts", LINK, [
    {
      id: "nak-does-not-acknowledge",
      what: "a Nak does not acknowledge the TLPs before it",
      from: "    if (replay.acknowledge(d, seq)) this.restartTimer(d);\n",
      to: "    if (!isNak && replay.acknowledge(d, seq)) this.restartTimer(d);\n",
    },
    {
      id: "duplicate-not-acknowledged",
      what: "a TLP that came twice is not acknowledged again",
      from: "    if (isDuplicate) this.#owe(d ^ 1, ACK);\n    else if",
      to: "    if (isDuplicate) return;\n    else if",
    },
  ]),
];
