/** Faults of PF_RING: the slot ring, clusters and filters, the library, and ZC's exchange of buffers. */
import { type Fault, faultsIn } from "../fault.ts";

const CONFORMANCE = "stacks/pf-ring/conformance_test.ts";
const RING = ["stacks/pf-ring/slot_ring_test.ts", CONFORMANCE];
const VANILLA = [CONFORMANCE, "stacks/pf-ring/vanilla_test.ts"];
const CLUSTER = ["stacks/pf-ring/cluster_test.ts", "stacks/pf-ring/vanilla_test.ts"];
const ZC = [CONFORMANCE, "stacks/pf-ring/zc_test.ts"];

/** Vanilla and ZC. */
export const PF_RING_FAULTS: readonly Fault[] = [
  ...faultsIn("ring", "stacks/pf-ring/slot_ring.ts", RING, [
    {
      id: "pf-ring-one-slot-free",
      what:
        "the kernel writes while one slot of full length is free in front of the reader, and not two",
      from: "if (insertOff < removeOff) return removeOff - insertOff >= 2 * slotLen;",
      to: "if (insertOff < removeOff) return removeOff > insertOff;",
    },
    {
      id: "pf-ring-full-is-empty",
      what: "a ring whose offsets have met is taken for empty",
      from: "if (insertOff === removeOff) return this.#seenQueued === 0;",
      to: "if (insertOff === removeOff) return true;",
    },
    {
      id: "pf-ring-wraps-late",
      what:
        "the next slot begins before the end of the ring though a packet of full length does not fit there",
      from: "return next + this.info.kernel.slotLen > this.#size ? 0 : next;",
      to: "return next + this.headerBytes > this.#size ? 0 : next;",
    },
    {
      id: "pf-ring-no-magic",
      what: "the magic is written over the last two bytes of the packet",
      from: "at + hdr.caplen, at + hdr.caplen + RING_MAGIC_BYTES);",
      to: "at + hdr.caplen - RING_MAGIC_BYTES, at + hdr.caplen);",
    },
    {
      id: "pf-ring-seen-early",
      what: "the application reads a slot at an instant before it was written",
      from: "if (this.#published.length === 0 || this.#published[0]! > nowPs) return -1;",
      to: "if (this.#published.length === 0) return -1;",
    },
    {
      id: "pf-ring-lost-uncounted",
      what: "a packet that finds the ring full is not counted among all packets",
      from: "      kernel.totLost++;\n",
      to: "      kernel.totLost++;\n      kernel.totPkts--;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/socket.ts", VANILLA, [
    {
      id: "pf-ring-no-wakeup",
      what: "a reader in poll(2) is woken one packet after its watermark",
      from: "if (this.ring.queued < watermark && !due) return;",
      to: "if (this.ring.queued <= watermark && !due) return;",
    },
    {
      id: "pf-ring-loss-unsaid",
      what: "a packet that found the ring full meets no fate of its own",
      from: '    dropCopy(cpu, copy, REASON["ring-full"], this.place, used);\n',
      to: '    if (used < 0) dropCopy(cpu, copy, REASON["ring-full"], this.place, used);\n',
    },
    {
      id: "pf-ring-spinner-sleeps-on",
      what: "a reader that looks again and again is not told of a packet",
      from: "if (!reader.blocked) cpu.wake(reader.cpu);",
      to: "if (reader.blocked) cpu.wake(reader.cpu);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/cluster.ts", CLUSTER, [
    {
      id: "pf-ring-cluster-by-turn",
      what: "later fragments go where their addresses lead, not where their first one went",
      from: "const hash = parsed.isFragment && this.#fragments !== null",
      to: "const hash = parsed.moreFragments && this.#fragments !== null",
    },
    {
      id: "pf-ring-leaves-early",
      what: "who leaves a cluster takes the socket beside its own along",
      from: "if (at >= 0) this.sockets.splice(at, 1);",
      to: "if (at >= 0) this.sockets.splice(at, 2);",
    },
  ]),
  ...faultsIn("packet", "stacks/pf-ring/cluster_hash.ts", CLUSTER, [
    {
      id: "pf-ring-hash-one-way",
      what: "the two directions of a flow have different hashes",
      from: "return (tuple.src + tuple.dst) >>> 0;",
      to: "return (tuple.src + 3 * tuple.dst) >>> 0;",
    },
  ]),
  ...faultsIn("packet", "stacks/pf-ring/filters.ts", CLUSTER, [
    {
      id: "pf-ring-mask-ignored",
      what: "a wildcard rule compares addresses without their mask",
      from: "((want[0] ^ is) & want[1]) === 0;",
      to: "want[0] === is;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/pf-ring/apps.ts", VANILLA, [
    {
      id: "pf-ring-enobufs-lost",
      what: "a packet for which the kernel had no skb is given up in silence",
      from: 'if (result === "no-buffer") return false;',
      to: 'if (result === "no-buffer") this.sendErrors++;',
    },
    {
      id: "pf-ring-ttl-kept-twice",
      what: "a packet that is sent again is rewritten again",
      from: "    if (this.#egress < 0) {\n      cpu.charge",
      to: "    if (this.#egress < 99) {\n      cpu.charge",
    },
  ]),
  ...faultsIn("NIC", "stacks/pf-ring/zc_device.ts", ZC, [
    {
      id: "zc-tail-one-far",
      what: "RDT is written one descriptor too far",
      from: "this.#device.rxTail(context, this.queue, (slot - 1) & mask);",
      to: "this.#device.rxTail(context, this.queue, slot);",
    },
    {
      id: "zc-same-buffer-posted",
      what: "the filled buffer stays in its descriptor while the application has it",
      from: "postEmpty(this.#memory, ring, slot, buffer[n]!);",
      to: "postEmpty(this.#memory, ring, slot, full);",
    },
  ]),
  ...faultsIn("NIC", "stacks/pf-ring/zc_tx_ring.ts", ZC, [
    {
      id: "zc-no-report",
      what: "no descriptor asks for a write-back",
      from: "const report = slot % this.#rs === this.#rs - 1;",
      to: "const report = slot < 0;",
    },
    {
      id: "zc-spare-kept",
      what: "the handle is given the buffer of the descriptor before",
      from: "handles.buffer[i] = this.#spare[slot]!;",
      to: "handles.buffer[i] = this.#spare[(slot + 1) & (ring.size - 1)]!;",
    },
    {
      id: "zc-flush-forgets",
      what: "a flush of a single packet writes no TDT",
      from: "if (this.#pending === 0) return;",
      to: "if (this.#pending <= 1) return;",
    },
  ]),
  ...faultsIn("ring", "stacks/pf-ring/zc_queue.ts", ZC, [
    {
      id: "zc-push-eats-empty",
      what: "a push hands back the buffer that it has just queued",
      from: "    handles.buffer[i] = this.#one[0]!;\n    this.sent++;",
      to: "    this.sent++;",
    },
  ]),
  ...faultsIn("pool", "stacks/pf-ring/zc_apps.ts", ZC, [
    {
      id: "zc-fan-out-frees-early",
      what: "the first consumer of a packet in several queues gives its buffer back",
      from: "if (memory.references[b]! > 1) {",
      to: "if (memory.references[b]! > 2) {",
    },
    {
      id: "zc-sleeps-masked",
      what: "a thread goes to sleep without having its interrupt unmasked",
      from: "if (!this.#device.arm(cpu, this.process)) this.process.block(cpu);",
      to: "this.process.block(cpu);",
    },
  ]),
];
