/** Faults of the VPP stack: its dispatcher, its nodes, its tables, its threads. */
import { type Fault, faultsIn } from "../fault.ts";

const CONFORMANCE = "stacks/vpp/conformance_test.ts";
const GRAPH = [CONFORMANCE, "stacks/vpp/loops_test.ts"];
const TABLES = ["stacks/vpp/tables_test.ts", CONFORMANCE];
const AROUND = ["stacks/vpp/interfaces_test.ts", CONFORMANCE];
const WORKERS = ["stacks/vpp/workers_test.ts", CONFORMANCE];

/** VPP. */
export const VPP_FAULTS: readonly Fault[] = [
  ...faultsIn("loss and order", "stacks/vpp/vlib_main.ts", GRAPH, [
    {
      id: "vpp-frame-overflows",
      what: "a vector is put into a frame that is full",
      from: "open.nVectors < this.#frameSize) return open;",
      to: "open.nVectors <= this.#frameSize) return open;",
    },
    {
      id: "vpp-arc-reorders",
      what: "every fifth vector of a frame overtakes the one before it on its arc",
      from: "do frame.buffers[at++] = buffers[i++]!; while (",
      to:
        "do { if (at > 0 && i % 5 === 4) { frame.buffers[at] = frame.buffers[at - 1]!; frame.buffers[at++ - 1] = buffers[i++]!; } else frame.buffers[at++] = buffers[i++]!; } while (",
    },
    {
      id: "vpp-vectors-miscounted",
      what: "a call over several vectors counts one too few",
      from: "    node.count(n, ",
      to: "    node.count(n > 1 ? n - 1 : n, ",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/main_loop.ts", [
    CONFORMANCE,
    ...AROUND,
    "stacks/vpp/workers_test.ts",
  ], [
    {
      id: "vpp-polls-early",
      what: "devices are polled while one frame is still pending",
      from: "if (vm.pending > 0) return this.#end(vm.dispatchPending());\n      if (",
      to: "if (vm.pending > 1) return this.#end(vm.dispatchPending());\n      if (",
    },
    {
      id: "vpp-interrupt-stays-masked",
      what: "the interrupt is not unmasked after a pass",
      from: "    this.#unmask(cpu);\n  }",
      to: "  }",
    },
    {
      id: "vpp-sleeps-after-refusal",
      what: "a thread waits for interrupts though the pool has refused to refill a ring",
      from: "this.#passVectors > 0 || refused !== this.#refused;",
      to: "false;",
    },
    {
      id: "vpp-handed-first",
      what: "frames of other threads are taken over and over before a device has its turn",
      from: "    if (isTurnOfDevices) return 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/adaptive.ts", [CONFORMANCE, ...AROUND], [
    {
      id: "vpp-adaptive-threshold",
      what: "adaptive mode polls after 9 vectors in a window",
      from: "n > POLLING_THRESHOLD)",
      to: "n > POLLING_THRESHOLD - 2)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/interface_output.ts", [...AROUND], [
    {
      id: "vpp-tx-leaks-last",
      what: "the last of the packets that a full ring refused is not freed",
      from: "for (let i = sent; i < n; i++) vm.env",
      to: "for (let i = sent; i + 1 < n; i++) vm.env",
    },
    {
      id: "vpp-tx-retries-from-start",
      what: "what is offered again is the beginning of the frame",
      from: "buffers, sent, n - sent)",
      to: "buffers, 0, n - sent)",
    },
    {
      id: "vpp-sends-while-down",
      what: "an interface that is down sends",
      from: "if (!out.adminUp || ",
      to: "if (out.index < 0 && ",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip4_rewrite.ts", [...AROUND], [
    {
      id: "vpp-forwards-ttl-1",
      what: "a TTL of 1 is forwarded as 0",
      from: "if (!isOwn && bytes[ip + 8]! <= 1)",
      to: "if (!isOwn && bytes[ip + 8]! < 1)",
    },
    {
      id: "vpp-quotes-decremented-ttl",
      what: "fragmentation needed quotes the TTL less one",
      from: "  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;\n",
      to:
        "  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;\n  if (total > mtu) decrementTtl(bytes, ip);\n",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip4_input.ts", GRAPH, [
    {
      id: "vpp-quad-skips-fourth",
      what: "the quad loop does not look at its fourth packet",
      from: "isGood(memory, buffers[i + 3]!, verify)",
      to: "isGood(memory, buffers[i + 2]!, verify)",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/ip4_icmp_error.ts", [...AROUND], [
    {
      id: "vpp-icmp-from-first-port",
      what: "ICMP errors have the address of port 0",
      from: "vnet.settings.addresses[port];",
      to: "vnet.settings.addresses[port * 0];",
    },
    {
      id: "vpp-icmp-answer-leaks",
      what: "an answer is made and not sent",
      from: "        vm.enqueue(node, NEXT_LOOKUP, answer);\n",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/vpp/vlib_buffer.ts", [
    "stacks/vpp/errors_test.ts",
    ...GRAPH,
  ], [
    {
      id: "vpp-stale-error",
      what: "the buffer template keeps the error of the packet before",
      from: "    words[at + ERROR] = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/ip4_lookup.ts", [CONFORMANCE, ...AROUND], [
    {
      id: "vpp-quad-mixes-leaves",
      what: "the second of two look-ups takes the leaf of the first",
      from: "const leaf = leaves[k]!;",
      to: "const leaf = leaves[k & 2]!;",
    },
    {
      id: "vpp-incomplete-adjacency",
      what: "an adjacency without a MAC address is used",
      from: "adjacencies.complete[index] === 0 ? DPO.arp : type",
      to: "adjacencies.complete[index] === 2 ? DPO.arp : type",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/ip4_fib.ts", TABLES, [
    {
      id: "vpp-mtrie-keeps-deleted",
      what: "a deleted route stays in the mtrie",
      from: "    this.mtrie.delete(prefix, depth);\n",
      to: "",
    },
  ]),
  ...faultsIn("LPM", "stacks/vpp/load_balance.ts", TABLES, [
    {
      id: "vpp-buckets-left-over",
      what: "buckets that rounding leaves go to nobody",
      from: "    share[0]! += left;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/barrier.ts", WORKERS, [
    {
      id: "vpp-barrier-does-not-wait",
      what: "the barrier counts as complete when the first worker has stopped",
      from: "return this.#arrived.size === this.#threads;",
      to: "return this.#arrived.size > 0;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/handoff.ts", WORKERS, [
    {
      id: "vpp-handoff-reuses-slot",
      what: "every frame is handed over in the same slot",
      from: "    queue.at = (queue.at + 1) % this.#size;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/dpdk_input.ts", GRAPH, [
    {
      id: "vpp-rx-counter-short",
      what: "of several packets received one is not counted",
      from: "RX_PACKETS, n);",
      to: "RX_PACKETS, n > 2 ? n - 1 : n);",
    },
  ]),
  ...faultsIn("harness", "stacks/vpp/trace.ts", ["stacks/vpp/trace_test.ts"], [
    {
      id: "vpp-trace-never-stops",
      what: "more packets are traced than were asked for",
      from: "i < n && left > 0; i++, left--)",
      to: "i < n && left > 0; i++)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/vpp/feature.ts", ["stacks/vpp/features_test.ts"], [
    {
      id: "vpp-feature-order",
      what: "runs_after is not asked for",
      from: "(features.find(({ node }) => node === b)!.runsAfter ?? []).includes(a.node);",
      to: "(features.find(({ node }) => node === b)!.runsAfter ?? []).includes(b);",
    },
  ]),
];
