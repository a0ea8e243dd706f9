/** Faults of Snabb: packets, links, engine, drivers, interlinks, apps; and of what the core has for such drivers. */
import { type Fault, faultsIn } from "../fault.ts";

const LAWS = "stacks/snabb/conformance_test.ts";
const ENGINE = ["stacks/snabb/engine_test.ts", LAWS];
const INTEL = ["stacks/snabb/intel_test.ts", LAWS];
const PACKETS = ["stacks/snabb/packet_test.ts", "stacks/snabb/processes_test.ts"];
const PROCESSES = ["stacks/snabb/processes_test.ts", LAWS];
const APPS = ["stacks/snabb/apps_test.ts"];
const QUEUES = ["core/nic/queue_pairs_test.ts"];

/** Snabb. */
export const SNABB_FAULTS: readonly Fault[] = [
  ...faultsIn("ring", "stacks/snabb/link.ts", [LAWS, ...ENGINE], [
    {
      id: "snabb-link-overruns",
      what: "a full link takes a packet over the one that is read next",
      from: "    if (next === l.read) {",
      to: "    if (next === l.read && l.write < 0) {",
    },
    {
      id: "snabb-link-drop-silent",
      what: "what a full link drops is freed without a word",
      from: '      env.end(cpu, p, REASON["ring-full"], l.place, this.nreadable(l));\n',
      to: "",
    },
  ]),
  ...faultsIn("pool", "stacks/snabb/packet.ts", [LAWS, ...PACKETS], [
    {
      id: "snabb-free-keeps-headroom",
      what: "a freed packet keeps its length and its headroom",
      from: "    this.#reset(p);\n    this.freelist.add(p);",
      to: "    this.freelist.add(p);",
    },
    {
      id: "snabb-rebalance-too-much",
      what: "a process passes on packets that it allocated itself",
      from: "this.freelist.nfree >= this.allocated + group.chunksize) {",
      to: "this.freelist.nfree >= group.chunksize) {",
    },
  ]),
  ...faultsIn("packet", "stacks/snabb/packet_data.ts", PACKETS, [
    {
      id: "snabb-odd-headroom",
      what: "data may begin at an odd byte",
      from: "headroom < PACKET_ALIGNMENT && (headroom & 1) === 0;",
      to: "headroom < PACKET_ALIGNMENT;",
    },
  ]),
  ...faultsIn("pool", "stacks/snabb/group_freelist.ts", PACKETS, [
    {
      id: "snabb-chunk-stays",
      what: "a chunk that was taken still counts its packets",
      from: "    this.#nfree[at] = 0;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "stacks/snabb/apps/intel_rx.ts", INTEL, [
    {
      id: "snabb-rdt-at-next",
      what: "RDT is the slot to be looked at next, and so equal to RDH of a full ring",
      from: "this.#device.rxTail(cpu, this.#number, (this.#rdt - 1) & mask);",
      to: "this.#device.rxTail(cpu, this.#number, this.#rdt);",
    },
    {
      id: "snabb-rx-not-refilled",
      what: "every 16th slot is left without a fresh packet",
      from: "      this.#refill(this.#rdt);",
      to: "      if ((this.#rdt & 15) !== 7) this.#refill(this.#rdt);",
    },
    {
      id: "snabb-pull-without-limit",
      what: "a pull takes all that is there",
      from: "while (ring.done[this.#rdt] === 1 && n < engine.pullNpackets) {",
      to: "while (ring.done[this.#rdt] === 1 && n < engine.pullNpackets * 9) {",
    },
    {
      id: "snabb-drop-en-clear",
      what: "a late process holds up the queues of others",
      from: "    ring.dropEnable = true;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "stacks/snabb/apps/intel_tx.ts", INTEL, [
    {
      id: "snabb-frees-unsent",
      what: "a push frees all that it has posted, whatever TDH says",
      from: "    const head = ring.sent & mask;",
      to: "    const head = this.#tdt;",
    },
    {
      id: "snabb-tx-ring-overruns",
      what: "the transmit ring is filled to its last slot and beyond",
      from: "((this.#tdt + 1) & mask) !== this.#tdh) {",
      to: "((this.#tdt + 1) & mask) !== -1) {",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/order.ts", ENGINE, [
    {
      id: "snabb-order-backwards",
      what: "pushes run against the way of packets",
      from: "  return postOrder.reverse();",
      to: "  return postOrder;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/actions.ts", ENGINE, [
    {
      id: "snabb-reconfigure-all-links",
      what: "links of both designs are freed too",
      from: "    if (next.links.has(spec)) continue;",
      to: "    if (next.links.has(spec) && old.links.size > 99) continue;",
    },
  ]),
  ...faultsIn("time", "stacks/snabb/pace.ts", ENGINE, [
    {
      id: "snabb-sleep-doubles",
      what: "an idle process doubles its sleep",
      from: "Math.min(this.sleep + 1, this.maxsleep)",
      to: "Math.min(this.sleep * 2 + 1, this.maxsleep)",
    },
    {
      id: "snabb-sleep-without-limit",
      what: "the sleep grows for ever",
      from: "Math.min(this.sleep + 1, this.maxsleep)",
      to: "Math.min(this.sleep + 1, this.maxsleep * 9)",
    },
  ]),
  ...faultsIn("ring", "stacks/snabb/interlink.ts", PROCESSES, [
    {
      id: "snabb-interlink-early",
      what: "another lcore sees what a push will have published only later",
      from: "    return tsc >= this.#atTsc ? this.#value : this.#before;",
      to: "    return tsc >= 0 ? this.#value : this.#before;",
    },
    {
      id: "snabb-interlink-overruns",
      what: "a producer uses the slot that is to stay free",
      from: "    return this.nwrite - this.#lread >= this.size - 1;",
      to: "    return this.nwrite - this.#lread >= this.size + 1;",
    },
  ]),
  ...faultsIn("packet", "stacks/snabb/apps/router.ts", [LAWS], [
    {
      id: "snabb-router-by-next-hop",
      what: "the next hop's number is taken for its port",
      from: "this.#outputs[neighbours.port[nextHop]!];",
      to: "this.#outputs[nextHop];",
    },
  ]),
  ...faultsIn("loss and order", "stacks/snabb/apps/rate_limiter.ts", APPS, [
    {
      id: "snabb-rate-limiter-bucket-bottomless",
      what: "tokens gather beyond the bucket",
      from: "this.#contingent + rate * (now - this.#last), bucket_capacity);",
      to: "this.#contingent + rate * (now - this.#last), 1e9);",
    },
  ]),
  ...faultsIn("packet", "stacks/snabb/apps/pflang.ts", APPS, [
    {
      id: "snabb-filter-later-fragments",
      what: "ports are read from later fragments, which have none",
      from: "    if ((word(bytes, at + IP + 6) & 0x1fff) !== 0) return false;\n",
      to: "",
    },
  ]),
  ...faultsIn("NIC", "core/nic/receive_side.ts", QUEUES, [
    {
      id: "drop-en-before-first-tail",
      what: "a queue with Drop_En loses packets before it was given any descriptor",
      from: "ring.enabled && ring.tail !== 0 &&",
      to: "ring.enabled &&",
    },
  ]),
  ...faultsIn("NIC", "core/nic/transmit_side.ts", QUEUES, [
    {
      id: "tdh-behind",
      what: "the transmit head register passes no descriptor",
      from: "    ring.sent = (ring.sent + parts) >>> 0;\n",
      to: "",
    },
  ]),
];
