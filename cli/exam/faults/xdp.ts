/** Faults of eBPF and of XDP. */
import { type Fault, faultsIn } from "../fault.ts";

const VERIFIER = ["core/bpf/_num_test.ts", "core/bpf/verifier_test.ts"];
const VM = ["core/bpf/vm_test.ts", "stacks/xdp/verdicts_test.ts"];
const MAPS = ["core/bpf/map_test.ts"];
const XDP = [
  "stacks/xdp/conformance_test.ts",
  "stacks/xdp/verdicts_test.ts",
  "stacks/xdp/forward_test.ts",
];
const XSK = ["stacks/xdp/conformance_test.ts", "stacks/xdp/xsk_test.ts"];

/** Verifier, interpreter, maps, verdicts, bulk queues, sockets. */
export const XDP_FAULTS: readonly Fault[] = [
  ...faultsIn("input", "core/bpf/_verifier_branch.ts", VERIFIER, [
    {
      id: "xdp-range-one-more",
      what: "a comparison with data_end makes one byte more readable than it showed",
      from: "const range = off + (condition === JMP.JLT ? 1 : 0);",
      to: "const range = off + 1;",
    },
    {
      id: "xdp-jgt-learns-jge",
      what: "after a > b the verifier takes a >= b + 2 for known",
      from: "pair = [bounded(a, { umin: b.umin + 1n }), bounded(b, { umax: a.umax - 1n })];",
      to: "pair = [bounded(a, { umin: b.umin + 2n }), bounded(b, { umax: a.umax - 2n })];",
    },
  ]),
  ...faultsIn("input", "core/bpf/_verifier_memory.ts", VERIFIER, [
    {
      id: "xdp-map-value-end",
      what: "an access may reach one byte beyond a map value",
      from: "num.umax + BigInt(at + size) > BigInt(valueSize)",
      to: "num.umax + BigInt(at + size) > BigInt(valueSize + 1)",
    },
    {
      id: "xdp-map-value-begin",
      what: "an access may begin in front of a map value",
      from: "num.smin + BigInt(at) < 0n || ",
      to: "",
    },
  ]),
  ...faultsIn("input", "core/bpf/verifier.ts", VERIFIER, [
    {
      id: "xdp-endless-loop",
      what: "a loop that comes back to the same state is followed to the budget",
      from: 'if (same(kept.frames, frames) && isAncestor(kept, state)) return "loop";',
      to: 'if (same(kept.frames, frames) && isAncestor(kept, state)) return "known";',
    },
  ]),
  ...faultsIn("input", "core/bpf/_alu.ts", VM, [
    {
      id: "xdp-add-without-carry",
      what: "a sum of 64 bits loses the carry of its low half",
      from: "high = (ah + bh + (sum >>> 0 < al >>> 0 ? 1 : 0)) | 0;",
      to: "high = (ah + bh) | 0;",
    },
  ]),
  ...faultsIn("input", "core/bpf/vm.ts", VM, [
    {
      id: "xdp-tail-calls-34",
      what: "34 tail calls are let through",
      from: "if (this.tailCalls >= TAIL_CALLS_MAX) return false;",
      to: "if (this.tailCalls > TAIL_CALLS_MAX) return false;",
    },
  ]),
  ...faultsIn("LPM", "core/bpf/_lpm_trie.ts", MAPS, [
    {
      id: "xdp-trie-joint-found",
      what: "a joint of the trie is taken for an entry",
      from: "if (this.#real[node] === 1) found = node;",
      to: "found = node;",
    },
    {
      id: "xdp-trie-node-leak",
      what: "a joint that lost one of its two is never given back",
      from: "    this.#give(parent);\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/xdp/devmap.ts", XDP, [
    {
      id: "xdp-devmap-no-flush",
      what: "a bulk of fewer than 16 is left for the next poll",
      from: "      this.#xmitAll(cpu, queue);\n      queue.listed = false;",
      to:
        "      if (queue.count === DEV_MAP_BULK_SIZE) this.#xmitAll(cpu, queue);\n      queue.listed = false;",
    },
    {
      id: "xdp-devmap-lost-frame",
      what: "what the driver has no descriptor for is forgotten, not freed",
      from: '      devices.env.drop(cpu, page, REASON["tx-full"], tx.place, tx.used);',
      to: "",
    },
    {
      id: "xdp-devmap-program-reversed",
      what: "frames that a second program passes change their order",
      from: "        frames[left] = page;\n        from[left++] = from[i]!;",
      to:
        "        frames[left] = page;\n        frames.copyWithin(1, 0, left);\n        frames[0] = page;\n        from[left++] = from[i]!;",
    },
  ]),
  ...faultsIn("NIC", "stacks/xdp/hook.ts", XDP, [
    {
      id: "xdp-tx-doorbell-forgotten",
      what: "XDP_TX posts frames and never rings the doorbell",
      from: "    for (const tx of this.#doorbells) tx.flush(cpu);\n",
      to: "",
    },
    {
      id: "xdp-page-returned-twice",
      what: "a page comes back to the pool twice when its frame was sent",
      from: "    env.pool.put(cpu.lcore, frame);\n",
      to: "    env.pool.put(cpu.lcore, frame);\n    env.pool.put(cpu.lcore, frame);\n",
    },
    {
      id: "xdp-redirect-to-down",
      what: "frames are redirected to an interface that is down",
      from: "!device.up || ",
      to: "",
    },
  ]),
  ...faultsIn("packet", "stacks/xdp/fib_lookup.ts", XDP, [
    {
      id: "xdp-fib-macs-swapped",
      what: "bpf_fib_lookup answers source and destination address the wrong way round",
      from:
        "    bytes[at + AT.dmac + i] = header[i]!;\n    bytes[at + AT.smac + i] = header[6 + i]!;",
      to:
        "    bytes[at + AT.smac + i] = header[i]!;\n    bytes[at + AT.dmac + i] = header[6 + i]!;",
    },
    {
      id: "xdp-fib-unresolved",
      what: "bpf_fib_lookup says SUCCESS for a neighbour that nobody has resolved",
      from: "  if (!ip.neigh.header(nextHop, header, 0)) return vm.answer(FIB_LKUP.NO_NEIGH);",
      to: "  ip.neigh.header(nextHop, header, 0);",
    },
  ]),
  ...faultsIn("interrupt", "stacks/xdp/cpumap.ts", XDP, [
    {
      id: "xdp-cpumap-no-wake",
      what: "the thread of a cpumap entry is not woken",
      from: "    if (sent > 0) cpu.wake(this.#kthread);\n",
      to: "",
    },
  ]),
  ...faultsIn("pool", "stacks/xdp/xsk/kernel.ts", XSK, [
    {
      id: "xdp-xsk-chunk-lost",
      what: "the chunk of a frame that found the RX ring full is lost",
      from: "      socket.spare.push(chunk);\n      return this.#full",
      to: "      return this.#full",
    },
    {
      id: "xdp-xsk-wrong-queue",
      what: "a socket takes frames of every port",
      from: "if (socket === undefined || socket.port !== port || socket.queue !== queue) {",
      to: "if (socket === undefined || socket.queue !== queue) {",
    },
  ]),
  ...faultsIn("pool", "stacks/xdp/xsk/transmit.ts", XSK, [
    {
      id: "xdp-xsk-no-completion-slot",
      what: "a frame is sent without a slot of the COMPLETION ring",
      from: '      if (!socket.completion.reserve(0)) return this.#stop(socket, "again");',
      to: "      socket.completion.reserve(0);",
    },
  ]),
  ...faultsIn("interrupt", "stacks/xdp/xsk/app.ts", XSK, [
    {
      id: "xdp-xsk-lost-wakeup",
      what: "the process trusts that somebody polls, though nobody does",
      from: "if (needWakeup && napi.scheduled) return 0;",
      to: "if (needWakeup) return 0;",
    },
    {
      id: "xdp-xsk-chunk-kept",
      what: "chunks of frames that were sent never go back to FILL",
      from: "      this.held[this.#home[chunk]!]!.push(chunk);\n",
      to: "      if (chunk % 4 > 0) this.held[this.#home[chunk]!]!.push(chunk);\n",
    },
  ]),
];
