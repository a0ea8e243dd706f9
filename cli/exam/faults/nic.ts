/** Faults of NICs and their drivers, of rings between NICs, and of the stacks that run on them. */
import { type Fault, faultsIn } from "../fault.ts";

const EXAMPLE = "stacks/example/conformance_test.ts";
const RECEIVE = [EXAMPLE, "core/nic/queue_pairs_test.ts", "stacks/dpdk/conformance_test.ts"];
const TRANSMIT = [...RECEIVE, "core/nic/rings_test.ts"];
const RINGS = ["core/nic/rings_test.ts", "core/nic/queue_pairs_test.ts", EXAMPLE];
const POLL = [
  EXAMPLE,
  "core/nic/queue_pairs_test.ts",
  "core/nic/poll_port_test.ts",
  "stacks/dpdk/conformance_test.ts",
];
const DMA = ["core/nic/dma_test.ts", "core/nic/dma_reset_test.ts", EXAMPLE];
const MAC = ["core/nic/mac_test.ts", EXAMPLE];
const PEERS = ["stacks/p2pnic/conformance_test.ts", "core/nic/peer_rings_test.ts"];
const HOST_RINGS = ["stacks/p2pnic/conformance_test.ts", "core/nic/host_rings_test.ts"];
const FIRMWARE = [
  "stacks/p2pnic/conformance_test.ts",
  "stacks/p2pnic/wr_test.ts",
  "stacks/p2pnic/system_test.ts",
];
const DPDK = ["stacks/dpdk/conformance_test.ts", "stacks/dpdk/l3fwd_test.ts"];
const LINUX = [
  "stacks/linux-napi/conformance_test.ts",
  "stacks/linux-napi/ip_test.ts",
  "stacks/linux-napi/ixgbe_test.ts",
  "stacks/linux-napi/tx_path_test.ts",
  "core/linux/ixgbe_poll_test.ts",
];

/** NICs, drivers, stacks. */
export const NIC_FAULTS: readonly Fault[] = [
  ...faultsIn("NIC", "core/nic/_steering.ts", RECEIVE, [
    {
      id: "rx-reta-off-by-one",
      what: "the hash picks the entry beside its own for every second frame",
      from: "    return retaQueue(this.reta, hash[b]!);",
      to: "    return retaQueue(this.reta, hash[b]! + (b & 1));",
    },
    {
      id: "rx-stale-hash",
      what: "a frame keeps the hash of the one that lay in its ingress buffer before",
      from:
        "if (hash[b] === 0) hash[b] = rssHashIpv4(bytes, at + ETHERNET_HEADER_BYTES, this.rss);",
      to:
        "if (hash[b] === 0) hash[b] = (rssHashIpv4(bytes, at + ETHERNET_HEADER_BYTES, this.rss) ^ b) >>> 0;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/receive_side.ts", RECEIVE, [
    {
      id: "rx-done-before-data",
      what: "the descriptor is written back before the frame",
      from:
        "      this.#dma.write(HOST, left, this.#dataLanded, b, this.#addressOf(ring, slot + parts - 1));\n      for (let i = 1; i <= parts; i++) this.#use(queue, b, i < parts ? 1 : 0);\n",
      to:
        "      for (let i = 1; i <= parts; i++) this.#use(queue, b, i < parts ? 1 : 0);\n      this.#dma.write(HOST, left, this.#dataLanded, b, this.#addressOf(ring, slot + parts - 1));\n",
    },
    {
      id: "rx-writeback-lost",
      what: "the write-back of the last descriptor of a ring is lost",
      from: "      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.doneHandler, held, address);\n",
      to:
        "      if (slotOf(held) === this.rings[queueOf(held)]!.size - 1) continue;\n      this.#dma.write(HOST, DESCRIPTOR_BYTES, this.doneHandler, held, address);\n",
    },
    {
      id: "rx-descriptor-read-late",
      what: "the device uses the buffer that the descriptor names now and not the one it read",
      from: "this.#target[b] = parts === 1 ? ring.read[slot]! : -1 - key(queue, slot);",
      to: "this.#target[b] = parts === 1 ? ring.read[(slot + 1) & (ring.size - 1)]! : -1;",
    },
    {
      id: "rx-uses-unread-descriptor",
      what: "the device uses a descriptor that it has not read yet",
      from: "if (ring.ready < parts || !ring.enabled) {",
      to: "if (ring.ready + 1 < parts || !ring.enabled) {",
    },
    {
      id: "rx-no-notification",
      what: "a poll loop that parks is not told of a done bit",
      from:
        "    if (ring.waiter !== null) ring.waiter.notify();\n    this.#vectors[queue]!.cause();",
      to: "    this.#vectors[queue]!.cause();",
    },
    {
      id: "rx-waits-for-fifo",
      what: "new descriptors do not wake the packet that waits for them",
      from: "    this.#fetch(queue);\n    this.#pump();\n  }\n\n  #pump",
      to: "    this.#fetch(queue);\n  }\n\n  #pump",
    },
    {
      id: "rx-ingress-leaks",
      what: "the ingress buffer of a frame in several parts is not given back",
      from: "    this.#macIn.release(b);\n  }\n\n  /** The last part",
      to: "    if (to >= 0) this.#macIn.release(b);\n  }\n\n  /** The last part",
    },
    {
      id: "rx-more-on-last",
      what: "the last of several descriptors says that more follows",
      from: "this.#use(queue, b, i < parts ? 1 : 0);",
      to: "this.#use(queue, b, i <= parts && parts > 1 ? 1 : 0);",
    },
    {
      id: "rx-stopped-queue-goes-on",
      what: "a stopped queue goes on using descriptors",
      from: "      this.rings[queue]!.enabled = false;\n",
      to: "      this.rings[queue]!.enabled = this.rings[queue]!.ready > 0;\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/transmit_side.ts", TRANSMIT, [
    {
      id: "tx-sends-before-filled",
      what: "a frame of several buffers is sent when the first has been read",
      from: "if (--this.#missing[slot]! > 0) return;",
      to: "if (--this.#missing[slot]! < this.#parts[slot]! - 1) return;",
    },
    {
      id: "tx-out-of-order",
      what: "frames leave in the order in which their reads come back",
      from: "this.#filled[this.#order[this.#orderHead]!] === 1) {",
      to: "this.#filled[this.#order[this.#orderHead]!]! >= 0) {",
    },
    {
      id: "tx-fifo-leaks",
      what: "a slot of the transmit FIFO is lost with each frame of several buffers",
      from: "    this.#free[this.#freeCount++] = b - this.#first;\n",
      to:
        "    if (this.#parts[b - this.#first] === 1) this.#free[this.#freeCount++] = b - this.#first;\n",
    },
    {
      id: "tx-reports-every",
      what: "every descriptor is written back, asked for or not",
      from: "} else if (ring.readStatus[at] === 0) ring.busy--;",
      to: "} else if (ring.readStatus[at] === 2) ring.busy--;",
    },
    {
      id: "tx-starves-queue",
      what: "the first queue is served again and again before the others",
      from: "      this.#turn = q + 1 === this.#queues ? 0 : q + 1;",
      to:
        "      this.#turn = idle === 0 && wholeFrame(this.rings[0]!) > 0 ? 0 : q + 1 === this.#queues ? 0 : q + 1;",
    },
    {
      id: "tx-doorbell-ignored",
      what: "a doorbell that comes while descriptors are being read is forgotten",
      from: "      ring.fetched = (ring.fetched + 1) >>> 0;\n    }\n    this.#pump();",
      to:
        "      ring.fetched = (ring.fetched + 1) >>> 0;\n    }\n    if (ring.unread === 0) this.#pump();",
    },
  ]),
  ...faultsIn("NIC", "core/nic/rings.ts", RINGS, [
    {
      id: "ring-tail-not-wrapped",
      what: "a tail that passes slot 0 goes back instead of on",
      from: "this.tail = (this.tail + ((slot - this.tail) & (this.size - 1))) >>> 0;",
      to: "this.tail = ((this.tail & ~(this.size - 1)) + slot) >>> 0;",
    },
    {
      id: "ring-ready-counts-asked",
      what: "descriptors that were asked for count as read",
      from: "return (this.fetched - this.head) >>> 0;",
      to: "return (this.fetching - this.head) >>> 0;",
    },
    {
      id: "ring-quiet-too-early",
      what: "a ring counts as quiet while write-backs are under way",
      from: "return this.fetching === this.fetched && this.busy === 0;",
      to: "return this.fetching === this.fetched;",
    },
    {
      id: "ring-reset-keeps-done",
      what: "a reset ring keeps its done bits",
      from: "    this.done.fill(0, 0, size);\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/driver.ts", POLL, [
    {
      id: "driver-done-not-cleared",
      what: "the done bit of a descriptor that was taken stays",
      from:
        "  const b = ring.buffer[slot]!;\n  ring.done[slot] = 0;\n  ring.buffer[slot] = -1;\n  const ledger = memory.ledger;\n  if (ledger !== null) ledger.received(b, place);",
      to:
        "  const b = ring.buffer[slot]!;\n  const ledger = memory.ledger;\n  if (ledger !== null) ledger.received(b, place);",
    },
    {
      id: "driver-report-not-asked",
      what: "a transmit descriptor never asks for its write-back",
      from: "ring.reportStatus[slot] = report ? 1 : 0;",
      to: "ring.reportStatus[slot] = 0;",
    },
    {
      id: "driver-release-leaks",
      what: "the buffer of the last descriptor is not given back when a queue stops",
      from:
        "for (let slot = 0; slot < ring.size; slot++) {\n    const b = ring.buffer[slot]!;\n    if (b < 0) continue;",
      to:
        "for (let slot = 0; slot < ring.size - 1; slot++) {\n    const b = ring.buffer[slot]!;\n    if (b < 0) continue;",
    },
    {
      id: "driver-oversized-sent",
      what: "a length that no frame has is handed to the device",
      from: "if (!(length >= 0 && length <= LONGEST)) {",
      to: "if (!(length >= 0)) {",
    },
  ]),
  ...faultsIn("NIC", "core/nic/poll_port.ts", POLL, [
    {
      id: "pmd-doorbell-before-descriptors",
      what: "the receive tail is moved before the descriptors are written",
      from:
        "      for (let i = 0; i < rxFreeThresh; i++) {\n        postEmpty(this.#memory, ring, begin + i, state.refill[i]!);\n      }\n      this.#device.rxTail(context, queue, state.trigger);",
      to:
        "      this.#device.rxTail(context, queue, state.trigger);\n      for (let i = 0; i < rxFreeThresh - 1; i++) {\n        postEmpty(this.#memory, ring, begin + i, state.refill[i]!);\n      }",
    },
    {
      id: "pmd-tail-passes-head",
      what: "the whole ring is handed to the device: head and tail are equal",
      from: "this.#device.rxTail(cpu, queue, rx.size - 1);",
      to: "this.#device.rxTail(cpu, queue, 0);",
    },
    {
      id: "pmd-refill-one-early",
      what: "the refill begins at a descriptor that is still to be looked at",
      from: "const begin = state.trigger - rxFreeThresh + 1;",
      to: "const begin = (state.trigger - rxFreeThresh + 2) % ring.size;",
    },
    {
      id: "pmd-refill-failure-loses",
      what: "packets that were done are skipped when the pool cannot refill",
      from: "      this.rxNombuf += rxFreeThresh;\n      return false;",
      to:
        "      this.rxNombuf += rxFreeThresh;\n      state.rxTail = tail + n === ring.size ? 0 : tail + n;\n      return false;",
    },
    {
      id: "pmd-burst-keeps-staged",
      what: "what was handed out stays staged",
      from: "    state.staged -= n;\n    context.charge(n * this.#costs.rxPacket);",
      to: "    state.staged -= n >> 1 << 1;\n    context.charge(n * this.#costs.rxPacket);",
    },
    {
      id: "pmd-reclaims-unsent",
      what: "buffers are taken back without a look at the done bit",
      from: "if (ring.done[state.nextDone] !== 1) return false;",
      to: "if (ring.done[state.nextDone]! > 1) return false;",
    },
    {
      id: "pmd-reclaim-double-count",
      what: "a reclaim counts one descriptor too many as free",
      from: "    state.txFree += txRsThresh;\n",
      to: "    state.txFree += txRsThresh + 1;\n",
    },
    {
      id: "pmd-report-wraps-late",
      what: "after a turn of the ring the wrong descriptor asks for its write-back",
      from: "if (state.nextReport >= ring.size) state.nextReport = this.#t.txRsThresh - 1;",
      to: "if (state.nextReport >= ring.size) state.nextReport = this.#t.txRsThresh;",
    },
    {
      id: "pmd-tx-doorbell-forgotten",
      what: "a burst of one packet rings no doorbell",
      from: "    this.#device.txTail(context, queue, slot);\n    return take;",
      to: "    if (take > 1) this.#device.txTail(context, queue, slot);\n    return take;",
    },
    {
      id: "pmd-stop-leaks-staged",
      what: "staged packets are not given back when a queue is released",
      from: "      freeChain(this.#pool, cpu.lcore, state.stage[state.next++]!);\n",
      to: "      state.next++;\n",
    },
  ]),
  ...faultsIn("NIC", "core/nic/_poll_queue.ts", POLL, [
    {
      id: "pmd-tx-takes-last-descriptor",
      what: "a burst may take the descriptor that has to stay free",
      from: "this.txFree = size - 1;",
      to: "this.txFree = size;",
    },
    {
      id: "pmd-chain-half-sent",
      what: "a chain that does not fit is sent in part",
      from: "      if (used + segments > this.txFree) break;\n",
      to: "",
    },
    {
      id: "pmd-chain-joins-packets",
      what: "the segment after the last one is chained to the packet before",
      from: "this.last = more ? b : -1;",
      to: "this.last = more || this.parts > 0 ? b : -1;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/segments.ts", POLL, [
    {
      id: "segment-boundary-one-more",
      what: "a frame that just fills its buffers is given one more",
      from: "return Math.max(1, Math.ceil(length / room));",
      to: "return Math.floor(length / room) + 1;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/dma.ts", DMA, [
    {
      id: "dma-stalled-write-lost",
      what: "a write that found no room is not tried again",
      from: "      this.#writeStalled = false;\n      this.#issueWrite();",
      to: "      this.#writeStalled = false;",
    },
    {
      id: "dma-reads-unlimited",
      what: "more reads are under way than the engine has places for",
      from: "this.#inFlight >= this.#profile.readsInFlight) return;",
      to: "this.#inFlight > this.#profile.readsInFlight) return;",
    },
    {
      id: "dma-queue-grows-wrong",
      what: "a queue that grows loses the entries before its head",
      from: "    this.words.set(words.subarray(0, head * WORDS), words.length - head * WORDS);\n",
      to: "",
    },
    {
      id: "dma-slot-freed-twice",
      what: "the slot of a read that came back is handed out while another uses it",
      from: "this.#freeSlots[this.#freeSlots.length - 1 - this.#inFlight] = slot;",
      to: "this.#freeSlots[this.#freeSlots.length - 1] = slot;",
    },
    {
      id: "dma-reset-keeps-stall",
      what: "an engine that was reset while stalled never starts again",
      from:
        "    this.#writing = false;\n    this.#writeStalled = false;\n    this.#reading = false;",
      to: "    this.#writeStalled = false;\n    this.#reading = false;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mac.ts", MAC, [
    {
      id: "mac-runt-accepted",
      what: "a frame of 59 bytes is no runt",
      from: "if (badFcs || length < SHORTEST || length > LONGEST) {",
      to: "if (badFcs || length < SHORTEST - 1 || length > LONGEST) {",
    },
    {
      id: "mac-oversize-accepted",
      what: "a frame one byte too long is accepted",
      from: "if (badFcs || length < SHORTEST || length > LONGEST) {",
      to: "if (badFcs || length < SHORTEST || length > LONGEST + 1) {",
    },
    {
      id: "mac-drops-one-early",
      what: "a frame is lost though the ingress buffer has room for one",
      from: "    if (this.#freeCount === 0) {\n      this.#counters.rxMissed++;",
      to: "    if (this.#freeCount <= 1) {\n      this.#counters.rxMissed++;",
    },
    {
      id: "mac-missed-not-counted",
      what: "a frame that is lost at the ingress buffer is not counted",
      from: "      this.#counters.rxMissed++;\n",
      to: "",
    },
    {
      id: "mac-flags-stale",
      what: "a frame keeps the packet type of the one before it in the ingress buffer",
      from: "    memory.hash[b] = 0;\n    memory.flags[b] = 0;",
      to: "    memory.hash[b] = 0;",
    },
    {
      id: "mac-hash-stale",
      what: "a frame keeps the hash of the one before it in the ingress buffer",
      from: "    memory.hash[b] = 0;\n    memory.flags[b] = 0;",
      to: "    memory.flags[b] = 0;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/mac_out.ts", MAC, [
    {
      id: "mac-gap-forgotten",
      what: "frames leave without preamble and gap",
      from: "export const OVERHEAD = 24;",
      to: "export const OVERHEAD = 4;",
    },
    {
      id: "mac-rounding-adds-up",
      what: "each frame is rounded by itself, and the errors add up",
      from: "    this.#freeAt = this.#idleSince + Math.round(this.#bits * this.#psPerBit);",
      to:
        "    this.#freeAt += Math.ceil((this.#memory.length[b]! + OVERHEAD) * 8 * this.#psPerBit + 0.4);",
    },
  ]),
  ...faultsIn("NIC", "core/nic/_peer_pair.ts", PEERS, [
    {
      id: "peer-lost-entry-taken",
      what: "an entry whose write never came is taken with what lay there before",
      from: "      this.entry[this.visible % size] = -1;\n",
      to: "",
    },
    {
      id: "peer-append-before-wrap",
      what: "the count of entries that wait is of those visible",
      from: "return this.written - this.flushed;\n  }\n\n  /**",
      to: "return this.written - this.visible;\n  }\n\n  /**",
    },
  ]),
  ...faultsIn("NIC", "core/nic/peer_rings.ts", PEERS, [
    {
      id: "peer-descriptor-before-frame",
      what: "a slot is announced when its frame is asked for, a microsecond before it lands",
      from: "    nic.dma.write(node, length, this.#frameLanded, b);\n",
      to: "    this.#clock.at(this.#clock.now + 1_000_000, this.#frameLanded, b);\n",
    },
    {
      id: "peer-slot-leaks",
      what: "the slot of every completion but the first of a batch is lost",
      from: "      pair.free[(pair.freeHead + pair.freeCount++) % this.slots] = slot;",
      to: "      if (i === 0) pair.free[(pair.freeHead + pair.freeCount++) % this.slots] = slot;",
    },
    {
      id: "peer-slot-reused-early",
      what: "a slot is free again when its completion is written and not when it is visible",
      from: "    if (pair.freeCount === 0) return -1;",
      to:
        "    if (pair.freeCount === 0 && pair.completions.flushed === pair.completions.visible) return -1;\n    if (pair.freeCount === 0) pair.freeCount++;",
    },
    {
      id: "peer-completion-not-signalled",
      what: "an ingress NIC that waits for a slot is not told that one is free",
      from: "    ingress.threads.signal(COMPLETION, index % this.#ports);\n",
      to: "    ingress.threads.signal(COMPLETION, ingress.port);\n",
    },
    {
      id: "peer-batch-one-more",
      what: "a flush writes one descriptor more than a DMA carries",
      from:
        "      const n = Math.min(d.written - d.flushed, BATCH_MAX);\n      pair.batches[n]!++;",
      to:
        "      const n = Math.min(d.written - d.flushed, BATCH_MAX + 1);\n      pair.batches[Math.min(n, BATCH_MAX)]!++;",
    },
    {
      id: "peer-ingress-freed-on-offer",
      what:
        "in reads, the ingress buffer goes back when its frame is fetched, and again at the completion",
      from:
        "    ledger?.moved(b, slot);\n    const packet = ledger?.packet[slot] ?? -1;\n    if (packet >= 0) this.#observation.txAt",
      to:
        "    ledger?.moved(b, slot);\n    this.#nics[this.#memory.port[b]!]!.macIn.release(b);\n    const packet = ledger?.packet[slot] ?? -1;\n    if (packet >= 0) this.#observation.txAt",
    },
  ]),
  ...faultsIn("NIC", "core/nic/host_rings.ts", HOST_RINGS, [
    {
      id: "host-descriptor-passes-frame",
      what: "a descriptor is visible before host memory has taken its frame",
      from:
        "this.#clock.at(Math.max(this.#memoryFreeAt, this.#clock.now), this.#descriptorsVisible, arg);",
      to: "this.#clock.at(this.#clock.now, this.#descriptorsVisible, arg);",
    },
    {
      id: "host-buffers-told-twice",
      what: "the free buffers that a NIC was told of are told again",
      from: "    lane.untold = 0;\n",
      to: "    lane.untold >>= 1;\n",
    },
    {
      id: "host-ring-not-notified",
      what: "an lcore that is parked is not told of descriptors",
      from: "    this.#contexts[index % this.queues]!.notify();\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/host_tx.ts", HOST_RINGS, [
    {
      id: "host-tx-two-reads",
      what: "two reads of one ring are under way, and what the second brings is taken twice",
      from: "    if (lane.polling || n === 0) return;",
      to: "    if (n === 0) return;",
    },
    {
      id: "host-tx-slot-not-freed",
      what: "a slot of the NIC is not free again after every frame",
      from:
        "if (this.#memory.ledger?.free(slot, lane.place) !== false) lane.free[lane.freeCount++] = slot;",
      to:
        "if (this.#memory.ledger?.free(slot, lane.place) === false) lane.free[lane.freeCount++] = slot;",
    },
  ]),
  ...faultsIn("NIC", "core/nic/threads.ts", ["core/nic/threads_test.ts", ...FIRMWARE], [
    {
      id: "firmware-thread-lost",
      what: "a thread that is done is not free when no packet waits",
      from: "    this.#free[this.#freeCount++] = thread;\n    this.#assign();",
      to:
        "    if (this.#waitingCount > 0) this.#free[this.#freeCount++] = thread;\n    this.#assign();",
    },
    {
      id: "firmware-last-in-first-out",
      what: "of the packets that wait the last one is taken first",
      from: "      const b = this.#waiting[this.#waitingHead]!;\n",
      to:
        "      const last = (this.#waitingHead + this.#waitingCount - 1) % this.#waiting.length;\n      const b = this.#waiting[last]!;\n      this.#waiting[last] = this.#waiting[this.#waitingHead]!;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/sequence.ts", [
    "stacks/p2pnic/sequence_test.ts",
    ...FIRMWARE,
  ], [
    {
      id: "p2pnic-order-by-finish",
      what: "packets of a lane leave in the order in which their threads finish",
      from: "      if (ring[at] !== b) continue;\n      ring[at] = ~b;\n      return;",
      to:
        "      if (ring[at] !== b) continue;\n      ring[at] = ring[this.#first]!;\n      ring[this.#first] = ~b;\n      return;",
    },
    {
      id: "p2pnic-sequence-grows-wrong",
      what: "a sequence that grows forgets where it began",
      from: "ring[i] = old[(this.#first + i) & (old.length - 1)]!;",
      to: "ring[i] = old[i]!;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/firmware.ts", FIRMWARE, [
    {
      id: "p2pnic-held-for-ever",
      what: "descriptors that wait are not written when no other packet is under way",
      from: "if (held < batch && state.inFlight > 0) continue;",
      to: "if (held < batch) continue;",
    },
    {
      id: "p2pnic-no-flush-without-slot",
      what: "descriptors that wait are not written when there is no slot for the next frame",
      from: "          transfer.flush(ingress, lane);\n        }\n        return;",
      to: "        }\n        return;",
    },
    {
      id: "p2pnic-completion-forgotten",
      what: "packets that wait for a slot are not posted when one comes back",
      from: "if (kind === COMPLETION) this.#post(nic.port, arg);",
      to: "if (kind === COMPLETION) this.#env.memory.note(0);",
    },
    {
      id: "p2pnic-drop-keeps-ingress",
      what: "a packet without a route keeps its ingress buffer",
      from: "    nic.drop(b, reason);\n",
      to: '    if (reason !== REASON["no-route"]) nic.drop(b, reason);\n',
    },
  ]),
  ...faultsIn("loss and order", "stacks/p2pnic/transfer.ts", FIRMWARE, [
    {
      id: "p2pnic-completions-held",
      what: "completions are held until a batch is full",
      from: "return --this.#sending[egress]![ring]! === 0 || waiting >= this.#batch;",
      to: "return --this.#sending[egress]![ring]! < 0 || waiting >= this.#batch;",
    },
  ]),
  ...faultsIn("packet", "stacks/p2pnic/ingress.ts", FIRMWARE, [
    {
      id: "p2pnic-hairpin",
      what: "a packet back to its own port is put on a ring that is not there",
      from: "if (egress === port) {",
      to: "if (egress === port && port < 0) {",
    },
    {
      id: "p2pnic-rewrites-dropped",
      what: "the frame is not rewritten towards odd ports",
      from: "  rewriteFrame(bytes, at, neighbours, nextHop);\n  verdict.egress = egress;",
      to:
        "  if ((egress & 1) === 0) rewriteFrame(bytes, at, neighbours, nextHop);\n  verdict.egress = egress;",
    },
  ]),
  ...faultsIn("packet", "stacks/p2pnic/checked.ts", [
    "stacks/p2pnic/figures_test.ts",
    ...FIRMWARE,
  ], [
    {
      id: "p2pnic-failed-keeps-slot",
      what: "the slot of a frame that was lost on its way is not given back",
      from: "    this.failed++;\n    this.done(nic, ingress, slot);\n",
      to: "    this.failed++;\n",
    },
  ]),
  ...faultsIn("packet", "stacks/dpdk/l3fwd_lpm.ts", DPDK, [
    {
      id: "l3fwd-next-hop-shifted",
      what: "after a dropped packet the next hops are those of the packets before",
      from: "      this.#destinations[good] = ipv4Dst(bytes, ip);",
      to: "      this.#destinations[i] = ipv4Dst(bytes, ip);",
    },
    {
      id: "l3fwd-egress-of-burst-index",
      what: "after a packet without a route the egress ports are shifted",
      from: "      egress[forwarded] = this.#rewrite(b, nextHop);",
      to: "      egress[i] = this.#rewrite(b, nextHop);",
    },
    {
      id: "l3fwd-first-segment-length",
      what: "of a packet in several mbufs only the first is checked against its total length",
      from: "const length = memory.next[b]! < 0 ? memory.length[b]! : mbufLength(memory, b);",
      to: "const length = memory.length[b]!;",
    },
    {
      id: "l3fwd-faithful-checks-total",
      what: "the faithful profile refuses what the example lets through",
      from: "first < 0x45 || first > 0x4f || total < 20 ?",
      to: "first < 0x45 || first > 0x45 || total < 20 ?",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/tx_buffers.ts", DPDK, [
    {
      id: "l3fwd-table-overruns",
      what: "what the ring refused stays in the table and is sent again over others",
      from: "    this.#counts[table] = 0;\n  }",
      to: "    this.#counts[table] = n - sent > 1 ? 1 : 0;\n  }",
    },
    {
      id: "l3fwd-refused-not-dropped",
      what: "what the ring refused is neither sent nor dropped",
      from: 'this.#env.drop(cpu, this.#mbufs[at + i]!, REASON["tx-full"]);',
      to: "this.#env.memory.note(this.#mbufs[at + i]!);",
    },
    {
      id: "l3fwd-drain-without-deadline",
      what: "a loop that parks does not say when it has to drain",
      from: "    cpu.wakeAt(this.#lastDrain[cpu.lcore]! + this.#drainCycles + 1);\n",
      to: "",
    },
    {
      id: "l3fwd-drain-skips-last-port",
      what: "the drain leaves the table of the last port",
      from: "for (let p = 0; p < this.#ports.length; p++) this.#send(cpu, p);",
      to: "for (let p = 0; p < this.#ports.length - 1; p++) this.#send(cpu, p);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/dpdk/pipeline.ts", DPDK, [
    {
      id: "pipeline-splits-flow",
      what: "packets of one flow go to several workers",
      from: "(this.#inTurn ? this.#turn++ : hash[b]!) % counts.length;",
      to: "this.#turn++ % counts.length;",
    },
    {
      id: "pipeline-consumer-asleep",
      what: "the next stage is not woken by what is put into its ring",
      from: "    if (moved > 0) cpu.wake(this.consumer!);\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "stacks/dpdk/testpmd.ts", ["stacks/dpdk/testpmd_test.ts", ...DPDK], [
    {
      id: "testpmd-retry-repeats-sent",
      what: "what was sent on the first try is sent again with the retry",
      from: "    retry.at += sent;\n",
      to: "",
    },
    {
      id: "testpmd-macswap-once",
      what: "of swapped MAC addresses the last byte stays",
      from: "for (let i = at; i < at + 6; i++) {",
      to: "for (let i = at; i < at + 5; i++) {",
    },
  ]),
  ...faultsIn("NIC", "core/linux/ixgbe_rx.ts", LINUX, [
    {
      id: "ixgbe-unused-off-by-one",
      what: "a full ring counts as one with a descriptor to post",
      from: "return (nextToClean > nextToUse ? 0 : this.#ring.size) + nextToClean - nextToUse - 1;",
      to: "return (nextToClean > nextToUse ? 0 : this.#ring.size) + nextToClean - nextToUse;",
    },
    {
      id: "ixgbe-refill-without-doorbell",
      what: "a refill that could post only a part is not told to the device",
      from: "    if (posted === 0) return;\n",
      to: "    if (posted < wanted) return;\n",
    },
    {
      id: "ixgbe-budget-overrun",
      what: "a clean takes one packet more than its budget",
      from: "while (taken < budget) {",
      to: "while (taken <= budget) {",
    },
  ]),
  ...faultsIn("loss and order", "core/linux/ixgbe_tx.ts", LINUX, [
    {
      id: "ixgbe-queue-never-restarted",
      what: "a stopped queue is not started again by the clean",
      from: "      if (this.onWake !== null) this.onWake(cpu);\n",
      to: "",
    },
    {
      id: "ixgbe-doorbell-held-at-stop",
      what: "the doorbell is held back though the queue has just stopped",
      from: "if (!more || this.stopped) this.flush(cpu);",
      to: "if (!more) this.flush(cpu);",
    },
    {
      id: "ixgbe-tx-cleans-unsent",
      what: "the clean takes back what the device has not sent",
      from: "      if (ring.done[slot] !== 1) break;\n      const skb",
      to: "      if (ring.done[slot]! > 1) break;\n      const skb",
    },
  ]),
  ...faultsIn("loss and order", "core/linux/qdisc.ts", LINUX, [
    {
      id: "qdisc-limit-overrun",
      what: "a full band takes one packet more, over the first",
      from: "if (this.#count === this.limit) {",
      to: "if (this.#count > this.limit) {",
    },
    {
      id: "qdisc-bypass-overtakes",
      what: "a packet goes straight to the driver while others wait",
      from: "if (this.#count === 0 && !tx.stopped) {",
      to: "if (!tx.stopped) {",
    },
    {
      id: "qdisc-not-rescheduled",
      what: "a run that sent its weight does not ask to be run again",
      from: "if (this.#count > 0 && !tx.stopped) this.#softnet.netifSchedule(cpu, this);",
      to: "if (this.#count < 0 && !tx.stopped) this.#softnet.netifSchedule(cpu, this);",
    },
  ]),
  ...faultsIn("packet", "core/linux/ip_rcv.ts", LINUX, [
    {
      id: "ip-rcv-truncated-forwarded",
      what: "a packet whose total length exceeds what came is forwarded",
      from: "  if (total > available) {",
      to: "  if (total > available + 64) {",
    },
    {
      id: "ip-rcv-checksum-of-20",
      what: "options do not go into the header checksum",
      from: "if (!verifyChecksum(bytes, ip, headerBytes)) {",
      to: "if (!verifyChecksum(bytes, ip, 20)) {",
    },
  ]),
  ...faultsIn("packet", "core/linux/ip_forward.ts", LINUX, [
    {
      id: "ip-forward-ttl-one",
      what: "a packet with TTL 1 is forwarded",
      from: "if (ipv4Ttl(bytes, ip) <= 1) {",
      to: "if (ipv4Ttl(bytes, ip) === 0) {",
    },
  ]),
  ...faultsIn("packet", "core/linux/netif_receive.ts", LINUX, [
    {
      id: "netif-other-host-forwarded",
      what: "a frame for another host is forwarded",
      from: "if (!equalMac(bytes, at, neighbours.portMac, port * 6)) {",
      to: "if (!equalMac(bytes, at, neighbours.portMac, port * 6) && bytes[at] === 0xff) {",
    },
  ]),
  ...faultsIn("packet", "core/linux/neigh.ts", LINUX, [
    {
      id: "neigh-source-of-hop",
      what: "the cached header has the MAC of the wrong own port",
      from: "const own = port[hop]! * 6;",
      to: "const own = port[0]! * 6;",
    },
  ]),
  ...faultsIn("pool", "core/linux/skb.ts", [
    "stacks/linux-napi/conformance_test.ts",
    "stacks/linux-napi/ixgbe_test.ts",
    "stacks/linux-napi/report_test.ts",
  ], [
    {
      id: "skb-page-leaks",
      what: "the page that a frame was copied out of is not given back",
      from: "    this.#memory.copy(page, skb);\n    this.#pool.put(cpu.lcore, page);",
      to: "    this.#memory.copy(page, skb);",
    },
    {
      id: "skb-consumed-twice",
      what: "the skb of a sent packet is freed twice",
      from: "    this.consumed++;\n    this.#pool.put(cpu.lcore, skb);",
      to:
        "    this.consumed++;\n    this.#pool.put(cpu.lcore, skb);\n    this.#pool.put(cpu.lcore, skb);",
    },
  ]),
];
