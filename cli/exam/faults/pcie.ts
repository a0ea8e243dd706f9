/** Faults of PCI Express: credits, ordering, splits, tags, replay; coarse, by TLPs, and to the link. */
import { type Fault, faultsIn } from "../fault.ts";

const EXAMPLE = "stacks/example/conformance_test.ts";
const P2PNIC = "stacks/p2pnic/conformance_test.ts";
const FABRIC = [
  "core/pcie/conservation_test.ts",
  "core/pcie/fabric_test.ts",
  "core/pcie/ordering_test.ts",
  "core/pcie/latency_test.ts",
  "core/pcie/throughput_test.ts",
];
const CREDITS = [EXAMPLE, P2PNIC, ...FABRIC];
const LINK = ["properties/pcie/pcie_test.ts", "core/pcie/link/link_test.ts"];

/** The three fidelities. */
export const PCIE_FAULTS: readonly Fault[] = [
  ...faultsIn("PCIe", "core/pcie/_credits.ts", CREDITS, [
    {
      id: "credit-returned-twice",
      what: "the header credit of a TLP is returned twice",
      from: "words[w | ALLOCATED] = (words[w | ALLOCATED]! + 1) & HEADER_MASK;",
      to: "words[w | ALLOCATED] = (words[w | ALLOCATED]! + 2) & HEADER_MASK;",
    },
    {
      id: "credit-never-returned",
      what: "data credits are returned short by one for TLPs of a whole payload",
      from: "words[w | ALLOCATED | DATA] = (words[w | ALLOCATED | DATA]! + data) & DATA_MASK;",
      to:
        "words[w | ALLOCATED | DATA] = (words[w | ALLOCATED | DATA]! + data - (data > 4 ? 1 : 0)) & DATA_MASK;",
    },
    {
      id: "credit-gate-one-open",
      what: "the gate lets one TLP more through than there are header credits",
      from: "((words[w | LIMIT]! - words[w | USED]! - 1) & HEADER_MASK) <= 0x80",
      to: "((words[w | LIMIT]! - words[w | USED]!) & HEADER_MASK) <= 0x80",
    },
    {
      id: "credit-gate-not-modular",
      what: "limit and use are compared as numbers, which goes wrong when they wrap",
      from: "((words[w | LIMIT | DATA]! - words[w | USED | DATA]! - data) & DATA_MASK) <= 0x800;",
      to: "words[w | LIMIT | DATA]! - words[w | USED | DATA]! - data >= 0;",
    },
    {
      id: "credit-data-not-checked",
      what: "only header credits are looked at",
      from: "((words[w | LIMIT | DATA]! - words[w | USED | DATA]! - data) & DATA_MASK) <= 0x800;",
      to: "data >= 0;",
    },
    {
      id: "credit-second-update-lost",
      what: "credits freed while an UpdateFC is on its way are never told",
      from: "doubles[d | FIRST_AT] = doubles[d | SECOND_AT]!;",
      to: "doubles[d | FIRST_AT] = Infinity;",
    },
    {
      id: "credit-vacated-data-kept",
      what: "the account of occupied data is not reduced",
      from: "    words[w | OCCUPIED | DATA] = words[w | OCCUPIED | DATA]! - data;\n",
      to: "",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_ordering.ts", FABRIC, [
    {
      id: "order-read-passes-write",
      what: "a read may pass a write before it",
      from: "  ...[0, 0, 1],\n",
      to: "  ...[1, 0, 1],\n",
    },
    {
      id: "order-completion-passes-write",
      what: "a completion may pass a write before it",
      from: "  // completion: not posted; non-posted\n  ...[0, 1, 0],",
      to: "  // completion: not posted; non-posted\n  ...[1, 1, 0],",
    },
    {
      id: "order-posted-waits-for-read",
      what: "a posted TLP waits for a read before it: the circle that deadlocks",
      from: "  ...[0, 1, 1],\n",
      to: "  ...[0, 0, 1],\n",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_queues.ts", FABRIC, [
    {
      id: "queue-need-rounded-down",
      what: "a TLP that does not fill its last data credit does not need it",
      from: "(bytes + 15) >> DATA_CREDIT_SHIFT;",
      to: "bytes >> DATA_CREDIT_SHIFT;",
    },
    {
      id: "queue-oldest-class-first",
      what: "the classes are not taken in turn: the first always goes before the others",
      from: "      this.#turn[base] = cls;\n      return cls;",
      to: "      this.#turn[base] = CLASSES - 1;\n      return cls;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_endpoints.ts", [...FABRIC, EXAMPLE], [
    {
      id: "tag-given-back-early",
      what: "a tag comes back with every completion of its request",
      from: "    if (pool.last(tlp)) {\n      this.#tags.giveBack(requester, 1, at);\n",
      to: "    this.#tags.giveBack(requester, 1, at);\n    if (pool.last(tlp)) {\n",
    },
    {
      id: "read-done-with-first-completion",
      what: "a read counts as done when its first completion is there",
      from: "    if (pool.comeBack(op, pool.bytes(tlp)) > 0) return;",
      to: "    pool.comeBack(op, pool.bytes(tlp));\n    if (!pool.last(tlp)) return;",
    },
    {
      id: "read-sees-before-write",
      what: "a completion is seen before the write that its completer sent first",
      from: "    this.#finish(op, at > visible ? at : visible + 1);",
      to: "    this.#finish(op, Math.min(at, visible + 1) > 0 ? at : visible);",
    },
    {
      id: "read-answered-before-write-visible",
      what: "a read is answered before the write that went before it is visible",
      from: "this.#clock.at(ready > visible ? ready : visible, this.#answerHandler, tlp);",
      to: "this.#clock.at(ready, this.#answerHandler, tlp);",
    },
    {
      id: "completer-place-lost",
      what: "a completer that is done with a request does not take up the next",
      from: "this.#send(tlp);\n    this.#reading[node]!--;\n    this.#accept(node);",
      to: "this.#send(tlp);\n    this.#reading[node]!--;",
    },
    {
      id: "room-forgotten",
      what: "a source that was refused is not called when it has room again",
      from: "      if (handler >= 0) this.#clock.at(this.#clock.now, handler, node);\n",
      to: "      if (handler < 0) this.#clock.at(this.#clock.now, handler, node);\n",
    },
    {
      id: "write-visible-with-first-tlp",
      what: "a write is visible when its first TLP has landed",
      from: "    if (!this.#pool.last(tlp)) return;\n",
      to: "    if (!this.#pool.last(tlp) && this.#pool.bytes(tlp) < 0) return;\n",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_switch.ts", [...FABRIC, EXAMPLE], [
    {
      id: "switch-starves-ingress",
      what: "an egress begins with the same ingress every time",
      from: "      this.#turn[node] = ingress;\n",
      to: "",
    },
    {
      id: "switch-keeps-credits",
      what: "the credits of what a switch passes on from the host are not returned",
      from:
        "    this.#wires.release(upLink(ingress), cls, bytes, this.#wires.now);\n    receiver.deliver",
      to:
        "    if (ingress > 0) this.#wires.release(upLink(ingress), cls, bytes, this.#wires.now);\n    receiver.deliver",
    },
    {
      id: "switch-no-block",
      what: "an egress without credits does not ask to be looked at again",
      from: "    this.#wires.block(link);\n  }\n\n  #forward",
      to: "  }\n\n  #forward",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_links.ts", FABRIC, [
    {
      id: "link-rounding-adds-up",
      what: "each packet on a link is rounded up by itself",
      from: "const free = doubles[d | SINCE]! + Math.round(sent * doubles[d | PS_PER_BYTE]!);",
      to:
        "const free = Math.max(at, doubles[d | FREE_AT]!) + Math.ceil(bytes * doubles[d | PS_PER_BYTE]!);",
    },
    {
      id: "link-host-rate-for-all",
      what: "the upstream link of the switch has the rate of a device's",
      from: "const gbps = link < 2 ? profile.hostLinkGbps : profile.deviceLinkGbps;",
      to: "const gbps = profile.deviceLinkGbps;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_allowance.ts", ["core/pcie/_allowance_test.ts", ...FABRIC], [
    {
      id: "allowance-one-more",
      what: "one more than the limit may be outstanding",
      from: "    this.#limit = limit;\n",
      to: "    this.#limit = ++limit;\n",
    },
    {
      id: "allowance-back-early",
      what: "what comes back later counts as back at once",
      from: "return this.opensAt(party) <= now;",
      to: "return this.opensAt(party) < Infinity;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_express.ts", FABRIC, [
    {
      id: "express-passes-waiting",
      what: "a single TLP passes those that wait for its second link",
      from: "if (this.#waiting[up] !== 0 || this.#waiting[down] !== 0) return -1;",
      to: "if (this.#waiting[up] !== 0) return -1;",
    },
    {
      id: "express-overtakes-pair",
      what: "a single TLP may arrive before the operation of its pair before it",
      from: "    if (earlier > at) at = earlier;\n",
      to: "",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/coarse.ts", FABRIC, [
    {
      id: "coarse-reads-pass-writes",
      what: "in the coarse fabric a read does not wait for the write before it",
      from: "this.#clock.at(ready > visible ? ready : visible, this.#answerHandler, leg.index);",
      to: "this.#clock.at(ready, this.#answerHandler, leg.index);",
    },
    {
      id: "coarse-tags-by-bytes",
      what: "in the coarse fabric a read gives back one tag, however many it took",
      from: "this.#window.giveTags(src, bytes <= unit ? 1 : Math.ceil(bytes / unit), at);",
      to: "this.#window.giveTags(src, 1, at);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/_window.ts", FABRIC, [
    {
      id: "window-refusal-forgotten",
      what: "a source that was refused while it was unknown when it may go on is not called",
      from:
        "    this.#started.giveBack(src, tlps, ps);\n    if (this.#refused[src] === 1) this.refuse(src);",
      to: "    this.#started.giveBack(src, tlps, ps);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_flow_control.ts", LINK, [
    {
      id: "link-credit-gate-one-open",
      what: "the transmit gate allows one credit more than the limit",
      from: "return ((this.#limit[u]! - this.#used[u]! - need) & mask) <= (mask + 1) / 2;",
      to: "return ((this.#limit[u]! - this.#used[u]! - need + 1) & mask) <= (mask + 1) / 2;",
    },
    {
      id: "link-credit-update-before-free",
      what: "credits are granted when a TLP arrives and not when it leaves the buffer",
      from: "    this.#received[u + 1] = (this.#received[u + 1]! + data) & this.#mask[1]!;\n",
      to:
        "    this.#received[u + 1] = (this.#received[u + 1]! + data) & this.#mask[1]!;\n    this.#allocated[u] = (this.#allocated[u]! + 1) & this.#mask[0]!;\n",
    },
    {
      id: "link-credit-scaled-wrong",
      what: "a scaled field is taken as it stands",
      from: "    this.#update(u, headers << this.#shift);\n",
      to: "    this.#update(u, headers);\n",
    },
    {
      id: "link-pool-overdrawn",
      what: "the shared pool of a switch grants though it has not enough",
      from: "if (this.#pool[node * 2 + unit]! < n || this.#advertised[u] === 0) continue;",
      to: "if (this.#pool[node * 2 + unit]! <= 0 || this.#advertised[u] === 0) continue;",
    },
    {
      id: "link-pool-never-refilled",
      what: "what the pool has granted does not come back to it",
      from: "      this.#pool[pool]! += n - own;\n",
      to: "",
    },
    {
      id: "link-update-not-urgent",
      what: "a sender that has nothing left is told with the timer only",
      from: "if (left < this.#least[u & 1]! || owed * 4 >= this.#advertised[u]!) return 2;",
      to: "if (left < 0) return 2;",
    },
  ]),
  ...faultsIn(
    "PCIe",
    "core/pcie/link/_sequence.ts",
    ["core/pcie/link/_sequence_test.ts", ...LINK],
    [
      {
        id: "replay-buffer-one-more",
        what: "the replay buffer takes one TLP more than it has places",
        from: "return this.unacked(d) >= this.#size;",
        to: "return this.unacked(d) > this.#size;",
      },
      {
        id: "replay-from-after-ack",
        what: "a replay begins one TLP behind the oldest without an Ack",
        from: "if (this.unacked(d) > 0) this.#again[d] = (this.#acked[d]! + 1) & MASK;",
        to: "if (this.unacked(d) > 1) this.#again[d] = (this.#acked[d]! + 2) & MASK;",
      },
      {
        id: "replay-old-ack-taken",
        what: "an Ack of what was acknowledged before takes the sender back",
        from: "if (n === 0 || n > this.unacked(d)) return false;",
        to: "if (n === 0) return false;",
      },
      {
        id: "replay-duplicate-delivered",
        what: "a TLP that is sent again is delivered again",
        from: "return ahead >= SEQUENCES / 2 ? DUPLICATE : OUT_OF_SEQUENCE;",
        to: "return ahead >= SEQUENCES / 2 ? GOOD : OUT_OF_SEQUENCE;",
      },
      {
        id: "replay-gap-accepted",
        what: "a TLP behind one that was corrupted is accepted",
        from: "return ahead >= SEQUENCES / 2 ? DUPLICATE : OUT_OF_SEQUENCE;",
        to: "return ahead >= SEQUENCES / 2 ? DUPLICATE : GOOD;",
      },
      {
        id: "replay-lcrc-unchecked",
        what: "a corrupted TLP is taken for a good one out of sequence, and no Nak is sent",
        from: "    if (isBad) return BAD_LCRC;\n",
        to: "    if (isBad) return DUPLICATE;\n",
      },
    ],
  ),
  ...faultsIn("PCIe", "core/pcie/link/_dllps.ts", LINK, [
    {
      id: "nak-sent-for-each",
      what: "every TLP behind a corrupted one is answered by a Nak",
      from: "      this.#nakSent[d] = 1;\n",
      to: "",
    },
    {
      id: "nak-never-again",
      what: "after one Nak no other is sent",
      from: "    this.expected.take(d);\n    this.#nakSent[d] = 0;",
      to: "    this.expected.take(d);",
    },
    {
      id: "replay-timer-dead",
      what: "the replay timer does not replay",
      from: "    if (this.replay.pending(d) < 0) this.replay.replay(d);\n",
      to: "",
    },
    {
      id: "lost-update-not-repeated",
      what: "an UpdateFC that was lost is not sent again",
      from: "      if (bit >= UPDATE && bit < INIT1) this.#updateLater(d, cls);\n",
      to: "",
    },
    {
      id: "init-not-repeated",
      what: "an InitFC that was lost is not said again",
      from:
        "    this.clock.at(this.clock.now + INIT_PS, this.#initTimer, d);\n    this.wake(d);\n  }\n\n  /** The sender of",
      to: "    this.wake(d);\n  }\n\n  /** The sender of",
    },
    {
      id: "init-ends-with-first",
      what: "a link is up when InitFC1 of posted credits alone was heard",
      from: "      if (this.#heard[d] !== 7) return;\n",
      to: "      if (this.#heard[d] === 0) return;\n",
    },
    {
      id: "ack-of-next",
      what: "an Ack says the sequence number that is expected next",
      from: "      value = this.expected.last(about);\n",
      to: "      value = (this.expected.last(about) + 1) & 4095;\n",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_completer.ts", LINK, [
    {
      id: "split-beyond-mps",
      what: "a completion may carry one boundary more than the payload size",
      from: "const reach = Math.min(mps - address % 4, left - 1);",
      to: "const reach = Math.min(mps + boundary, left - 1);",
    },
    {
      id: "split-off-boundary",
      what: "completions end where the payload is full and not at a boundary",
      from: "tlp.chunk = index < ends ? first + index * boundary : left;",
      to: "tlp.chunk = index < ends ? Math.min(left, first + index * boundary + 4) : left;",
    },
    {
      id: "split-boundary-of-root",
      what: "the root complex ends completions at 128 bytes though its boundary is 64",
      from: "const boundary = node === 0 ? this.#o.rcb : 128;",
      to: "const boundary = node === 0 ? this.#o.rcb : 64;",
    },
    {
      id: "completion-passes-write",
      what: "a completion is seen before a write that its completer sent before it",
      from: "mayPass || now > visible ? now : visible + 1);",
      to: "mayPass || now > 0 ? now : visible + 1);",
    },
    {
      id: "write-lands-out-of-order",
      what: "a write whose latency is shorter lands before an earlier one",
      from: "const at = isRelaxed || own > before ? own : before;",
      to: "const at = own;",
    },
    {
      id: "completer-reads-unlimited",
      what: "a completer takes up one request more than it has places",
      from: "while (this.#reading[node]! < this.#o.reads && requests.length > 0) {",
      to: "while (this.#reading[node]! <= this.#o.reads && requests.length > 0) {",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_requester.ts", LINK, [
    {
      id: "request-crosses-4k",
      what: "a request may cross a boundary of 4 KiB",
      from: "      PAGE - op.address % PAGE,\n",
      to: "      2 * PAGE - op.address % PAGE,\n",
    },
    {
      id: "request-beyond-mrrs",
      what: "a read request asks for twice the maximum",
      from: "op.kind === WRITE ? this.#o.mps - op.address % 4 : this.#o.mrrs,",
      to: "op.kind === WRITE ? this.#o.mps - op.address % 4 : 2 * this.#o.mrrs,",
    },
    {
      id: "tag-reused-early",
      what: "a tag is free with the first completion",
      from:
        "      if (wait.due === 0) this.#release(node, wait);\n      this.#came(op!, bytes, at);",
      to: "      this.#release(node, wait);\n      this.#came(op!, bytes, at);",
    },
    {
      id: "timeout-never-fires",
      what: "after one request that was answered in time no other can time out",
      from: "        this.#clock.at(deadline, this.#timer, node);\n        return;",
      to: "        return;",
    },
    {
      id: "timeout-leaks-tag",
      what: "the tag of a request that timed out is lost",
      from: "    this.#tags[node]!.push(wait.tag);\n",
      to: "    if (wait.op!.status !== TIMEOUT) this.#tags[node]!.push(wait.tag);\n",
    },
    {
      id: "completion-buffer-overrun",
      what: "requests are sent for which there is no room for completions",
      from: "this.#asked[node]! + op.chunk <= this.#o.completionBufferBytes);",
      to: "this.#asked[node]! <= this.#o.completionBufferBytes);",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_router.ts", LINK, [
    {
      id: "router-no-turn",
      what: "an egress port serves the same ingress again while others wait",
      from: "      this.#turn[d] = place;\n",
      to: "",
    },
    {
      id: "router-frees-at-start",
      what: "the receive buffer of a TLP that is passed on is freed when it begins to leave",
      from: "    this.#clock.at(endPs, this.#freed, d);\n",
      to: "    this.#clock.at(this.#clock.now, this.#freed, d);\n",
    },
    {
      id: "router-unsupported-unanswered",
      what: "a read of an address that is nobody's is not answered",
      from: "    this.enqueue(egress, tlp);\n  }\n\n  /** Empties the queues",
      to: "    if (tlp.src < 0) this.enqueue(egress, tlp);\n  }\n\n  /** Empties the queues",
    },
    {
      id: "router-cut-through-early",
      what: "a switch passes a TLP on to a faster link before it has enough of it",
      from: "headPs : Math.max(headPs, endPs - lasts);",
      to: "headPs : headPs;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_queues.ts", LINK, [
    {
      id: "link-relaxed-read-passes",
      what: "relaxed ordering lets a read pass a write",
      from: "return isFree || (isRelaxed && later.cls !== NON_POSTED);",
      to: "return isFree || isRelaxed;",
    },
    {
      id: "link-ido-same-requester",
      what: "ID-based ordering lets TLPs of one requester pass each other",
      from: "(later.attributes & ID_BASED) !== 0 && later.src !== earlier.src;",
      to: "(later.attributes & ID_BASED) !== 0;",
    },
    {
      id: "link-head-alone-looked-at",
      what: "a TLP that may pass heads does not wait for those behind them",
      from: "if (tlp.attributes !== 0 && !this.#mustWait(set, tlp) && gate(tlp)) return tlp;",
      to: "if (tlp.attributes !== 0 && !this.#heads(set, tlp) && gate(tlp)) return tlp;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_serializer.ts", LINK, [
    {
      id: "serializer-overlaps",
      what: "a DLLP takes no time on the link",
      from: "    this.#occupy(d, DLLP_BYTES);\n",
      to: "    this.#occupy(d, 0);\n",
    },
    {
      id: "serializer-flit-head-early",
      what: "the beginning of a TLP in a flit is used before the flit's CRC",
      from: "this.headAt = (Math.floor(first / FLIT_TLP_BYTES) + 1) * flitPs;",
      to: "this.headAt = Math.floor(first / FLIT_TLP_BYTES) * flitPs;",
    },
  ]),
  ...faultsIn("PCIe", "core/pcie/link/_rates.ts", LINK, [
    {
      id: "rates-8b10b-as-128b130b",
      what: "Gen2 has the encoding of Gen3",
      from: "const bits = link.generation <= 2 ? 10 :",
      to: "const bits = link.generation <= 1 ? 10 :",
    },
    {
      id: "rates-ecrc-not-counted",
      what: "the ECRC takes no bytes on the link",
      from: "return header + payload + (ecrc ? 4 : 0) + (flit ? 0 : FRAMING);",
      to: "return header + payload + (flit ? 0 : FRAMING);",
    },
  ]),
];
