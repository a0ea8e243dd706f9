/** Faults of netmap: rings, syncs, switch, pipes, host rings, guests. */
import { type Fault, faultsIn } from "../fault.ts";

const CONFORMANCE = "stacks/netmap/conformance_test.ts";
const RINGS = [
  CONFORMANCE,
  "stacks/netmap/hostile_test.ts",
  "stacks/netmap/pkt_gen_test.ts",
  "stacks/netmap/bridge_test.ts",
];
const VALE = ["stacks/netmap/vale_test.ts"];
const PIPES = ["stacks/netmap/pipe_test.ts"];
const GUESTS = ["stacks/netmap/ptnet_test.ts"];

/** netmap. */
export const NETMAP_FAULTS: readonly Fault[] = [
  ...faultsIn("NIC", "stacks/netmap/ixgbe_netmap.ts", RINGS, [
    {
      id: "netmap-reclaims-unreported",
      what: "transmit slots come back without a look at the done bit",
      from: "      if (tx.done[at] !== 1) break;\n",
      to: "",
    },
    {
      id: "netmap-report-once-a-ring",
      what: "half a ring is not reported, only slot 0 is",
      from: "nic === 0 || nic === half;",
      to: "nic === 0;",
    },
    {
      id: "netmap-tail-one-too-far",
      what: "the slot that the device has not reported is free again",
      from: "    kring.hwtail = kring.prev(kring.toSlot(clean));",
      to: "    kring.hwtail = kring.toSlot(clean);",
    },
    {
      id: "netmap-offset-forgotten",
      what: "a received descriptor goes to the slot of its own number",
      from: "      const b = takeReceived(this.#memory, rx, nic, this.#place);",
      to: "      const b = takeReceived(this.#memory, rx, i, this.#place);",
    },
    {
      id: "netmap-doorbell-of-nothing",
      what: "a receive sync rings the doorbell though nothing was released",
      from: "    if (kring.hwcur === kring.rhead) return true;\n    let n = 0;",
      to: "    let n = 0;",
    },
    {
      id: "netmap-whole-ring-posted",
      what: "the receive tail is moved to the slot after the last: the device has the whole ring",
      from: "kring.toNic(kring.prev(kring.hwcur)));",
      to: "kring.toNic(kring.hwcur));",
    },
    {
      id: "netmap-import-writes-users-slots",
      what: "an import begins one slot early, at one that the process has",
      from: "    const from = kring.hwtail;\n    let i = from;",
      to:
        "    const from = kring.hwtail;\n    kring.ring.len[kring.prev(from)] = 0;\n    let i = from;",
    },
  ]),
  ...faultsIn("interrupt", "stacks/netmap/nic_queue.ts", RINGS, [
    {
      id: "netmap-interrupt-stays-masked",
      what: "the handler does not unmask the interrupt if nobody slept",
      from: "    cpu.charge(this.#costs.irqEnable);\n    this.nic.queues.irqEnable",
      to:
        "    cpu.charge(this.#costs.irqEnable);\n    if (this.interrupts < 3) this.nic.queues.irqEnable",
    },
    {
      id: "netmap-interrupt-syncs",
      what: "the handler synchronises the receive ring itself",
      from: "    for (const kring of [this.tx, this.rx]) {\n      kring.kflags",
      to:
        "    this.rx.run(cpu, 0);\n    for (const kring of [this.tx, this.rx]) {\n      kring.kflags",
    },
  ]),
  ...faultsIn("interrupt", "stacks/netmap/poll_call.ts", RINGS, [
    {
      id: "netmap-poll-forgets-trigger",
      what: "what a wait queue told while others were asked is forgotten, and the process sleeps",
      from: "    if (!this.#triggered) {",
      to: "    {",
    },
  ]),
  ...faultsIn("interrupt", "stacks/netmap/fd.ts", RINGS, [
    {
      id: "netmap-poll-not-recorded",
      what: "a process that finds no packet does not enter the wait queue",
      from: "      if (round === 0) { for (const kring of this.rx) kring.si.record(waiter); }\n",
      to: "",
    },
    {
      id: "netmap-poll-sends-nothing",
      what: "poll does not send while there is room",
      from: "        if (!want && kring.ring.head === kring.hwcur) continue;",
      to: "        if (!want) continue;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/router.ts", RINGS, [
    {
      id: "netmap-router-skips-blocked",
      what: "a packet that finds no room is passed over",
      from: "        this.blocked++;\n        break;",
      to: "        this.blocked++;\n        slot = rx.next(slot);\n        break;",
    },
    {
      id: "netmap-router-keeps-index",
      what: "of two buffers one is given to both slots",
      from: "      swapSlots(rx, slot, tx, tx.head);",
      to:
        "      const kept = rx.bufIdx[slot]!;\n      swapSlots(rx, slot, tx, tx.head);\n      if (moved > 2) rx.bufIdx[slot] = kept;",
    },
  ]),
  ...faultsIn("pool", "stacks/netmap/kring.ts", RINGS, [
    {
      id: "netmap-cur-unchecked",
      what: "a wake-up point before head is accepted",
      from: "if (moved > mine || wake < moved || wake > mine) return false;",
      to: "if (moved > mine || wake > mine) return false;",
    },
    {
      id: "netmap-tail-believed",
      what: "the process is believed where its slots end",
      from: "    const { ring, rtail } = this;\n    // once",
      to: "    const { ring } = this;\n    const rtail = (this.rtail = ring.tail);\n    // once",
    },
  ]),
  ...faultsIn("pool", "stacks/netmap/memory.ts", ["stacks/netmap/hostile_test.ts", CONFORMANCE], [
    {
      id: "netmap-index-not-bounded",
      what: "an index behind the last one names the machine's buffer of that number",
      from: "return this.#lut[idx < this.objtotal ? idx : 0]!;",
      to: "return this.#lut[idx] ?? idx;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/leases.ts", VALE, [
    {
      id: "vale-lease-out-of-turn",
      what: "a lease that is done is published though an earlier one is not",
      from: "    if (start !== tail) return tail;\n",
      to: "",
    },
    {
      id: "vale-lease-gap-closes-one",
      what: "who closes the gap publishes its own range only",
      from: "      this.#done[at] = NOSLOT;\n    }",
      to: "      this.#done[at] = NOSLOT;\n      if (at === lease) break;\n    }",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/vale_port.ts", VALE, [
    {
      id: "vale-fragment-split",
      what: "of a packet that does not fit, the slots that do are copied",
      from: "      full ||= frags > room;",
      to: "      full ||= room <= 0;",
    },
  ]),
  ...faultsIn("hash", "stacks/netmap/vale_table.ts", VALE, [
    {
      id: "vale-learns-groups",
      what: "group addresses are learned as sources",
      from: "&& (bytes[at + 6]! & 1) === 0) this",
      to: ") this",
    },
    {
      id: "vale-never-relearns",
      what: "an address stays where it was first seen",
      from: "    this.#high[bucket] = high;\n",
      to:
        "    if (this.#high[bucket] === high && this.#low[bucket] === low) return;\n    this.#high[bucket] = high;\n",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/pipe.ts", PIPES, [
    {
      id: "pipe-overruns-reader",
      what: "a full pipe takes one slot more than it has",
      from: "const room = rx.numSlots - 1 - rx",
      to: "const room = rx.numSlots - rx",
    },
    {
      id: "pipe-sender-not-woken",
      what: "slots that the reader releases wake nobody",
      from: "      cpu.charge(costs.pipeNotify);\n      tx.si.wake(cpu);",
      to: "      cpu.charge(costs.pipeNotify);",
    },
  ]),
  ...faultsIn("interrupt", "stacks/netmap/kloop.ts", GUESTS, [
    {
      id: "kloop-sleeps-without-kick",
      what: "the loop sleeps without asking to be kicked",
      from: "  #sleep(cpu: Cpu): void {\n    this.#csb.kernNeedKick = true;",
      to: "  #sleep(cpu: Cpu): void {\n    this.#csb.kernNeedKick = false;",
    },
    {
      id: "kloop-tells-late",
      what: "a guest that sleeps is not interrupted",
      from: "    if (!this.#news || !this.#csb.applNeedKick) return;",
      to: "    if (!this.#news || this.#csb.applNeedKick) return;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/netmap/generic.ts", [
    CONFORMANCE,
    "stacks/netmap/emulated_test.ts",
  ], [
    {
      id: "generic-slot-freed-early",
      what: "a transmit slot is free though the driver still has its skb",
      from: "    kring.hwtail = kring.prev(this.#clean);",
      to: "    kring.hwtail = kring.prev(kring.hwcur);",
    },
  ]),
];
