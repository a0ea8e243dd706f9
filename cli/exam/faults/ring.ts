/** Faults of rings, between threads and in virtual time. */
import { type Fault, faultsIn } from "../fault.ts";

const SPSC = [
  "properties/ring/conformance_test.ts",
  "core/ring/spsc_test.ts",
  "core/ring/publication_test.ts",
];
const MPMC = [
  "properties/ring/conformance_test.ts",
  "core/ring/_mpmc_side_test.ts",
  "core/ring/mpmc_test.ts",
  "core/ring/mpmc_stall_test.ts",
];
const MPMC_STEPS = ["core/ring/mpmc_steps_test.ts", "core/ring/publication_test.ts"];
const SPSC_STEPS = ["core/ring/spsc_steps_test.ts", "core/ring/publication_test.ts"];
const LATE = ["core/ring/_late_stores_test.ts", ...SPSC_STEPS];
const TIMED = ["core/ring/timed_ring_test.ts"];
const REORDER = ["core/ring/reorder_buffer_test.ts"];

/** SPSC, MPMC in four modes, their micro-steps, timed rings, reorder buffers. */
export const RING_FAULTS: readonly Fault[] = [
  ...faultsIn("ring", "core/ring/_slots.ts", SPSC, [
    {
      id: "ring-wrap-one-late",
      what: "a copy that ends with the last slot is taken for one that wraps, one slot off",
      from:
        "    const room = this.#mask + 1 - first;\n    if (n <= room) return this.#paired.copyIn(first, items, at, n);",
      to:
        "    const room = this.#mask - first;\n    if (n <= room) return this.#paired.copyIn(first, items, at, n);",
    },
    {
      id: "ring-wrap-restarts-source",
      what: "what goes behind the wrap is taken from the beginning of the burst again",
      from: "this.#paired.copyIn(0, items, at + room, n - room);",
      to: "this.#paired.copyIn(0, items, at, n - room);",
    },
    {
      id: "ring-wrap-out-overlaps",
      what: "what comes from behind the wrap is written over the beginning of the answer",
      from: "this.#paired.copyOut(0, out, room, n - room);",
      to: "this.#paired.copyOut(0, out, 0, n - room);",
    },
  ]),
  ...faultsIn("ring", "core/ring/_spsc_end.ts", SPSC, [
    {
      id: "spsc-index-not-wrapped",
      what: "indices are compared unsigned: past 2^31 a full ring looks empty",
      from: "    const room = (this.#lead + opposite - mine[OWN]!) | 0;",
      to: "    const room = this.#lead + opposite - mine[OWN]!;",
    },
    {
      id: "spsc-bulk-gives-part",
      what: "a bulk that does not fit moves what fits",
      from: "return room >= want ? want : bulk ? 0 : room;",
      to: "return room >= want ? want : room;",
    },
    {
      id: "spsc-exact-fit-refused",
      what: "a burst that just fits is cut by one",
      from: "return room >= want ? want : bulk ? 0 : room;",
      to: "return room > want ? want : bulk ? 0 : Math.max(0, room - 1);",
    },
    {
      id: "spsc-stale-index-kept",
      what: "the other end's index is loaded once and never again",
      from: "    mine[SEEN] = opposite;\n    const room",
      to: "    mine[SEEN] = opposite + this.#lead;\n    const room",
    },
    {
      id: "spsc-short-burst-not-published",
      what: "an operation that got less than it asked for keeps its batch to itself",
      from: "if (this.#shared) this.#tell(n === want ? this.#batch : 1);",
      to: "if (this.#shared) this.#tell(this.#batch);",
    },
    {
      id: "spsc-batch-one-late",
      what: "a batch is published one item after it is full",
      from: "if (((own - mine[TOLD]!) | 0) < due) return;",
      to: "if (((own - mine[TOLD]!) | 0) <= due) return;",
    },
    {
      id: "spsc-advance-before-copy",
      what: "the consumer gives slots back before it has read them",
      from: "    const n = this.peek(out, want, bulk);\n    this.advance(n, want);\n    return n;",
      to:
        "    const n = this.claim(want, bulk);\n    this.advance(n, want);\n    this.#slots.copyOut((this.#mine[OWN]! - n) | 0, out, n);\n    return n;",
    },
    {
      id: "spsc-publish-before-copy",
      what: "the producer publishes items before it has written them",
      from:
        "    this.#slots.copyIn(this.#mine[OWN]!, items, at, n);\n    this.advance(n, want);\n    return n;",
      to:
        "    const own = this.#mine[OWN]!;\n    this.advance(n, want);\n    this.#slots.copyIn(own, items, at, n);\n    return n;",
    },
  ]),
  ...faultsIn("ring", "core/ring/spsc.ts", SPSC, [
    {
      id: "spsc-peek-survives-dequeue",
      what: "a peek is still released after the items were dequeued",
      from: "    this.#peeked = 0;\n    return this.#out.dequeue(out, want, bulk);",
      to: "    return this.#out.dequeue(out, want, bulk);",
    },
    {
      id: "spsc-reset-keeps-reservation",
      what: "a reset ring still has a reservation open",
      from: "    this.#reserved = 0;\n    this.#peeked = 0;\n    this.#in.reset(start);",
      to: "    this.#peeked = 0;\n    this.#in.reset(start);",
    },
    {
      id: "spsc-enqueue-over-reservation",
      what: "an enqueue writes into the slots of an open reservation",
      from:
        '    checkBurst("enqueue", want, at, items.length);\n    if (this.#reserved !== 0) this.#refuseReserved();\n',
      to: '    checkBurst("enqueue", want, at, items.length);\n',
    },
    {
      id: "spsc-free-counts-size-plus",
      what: "free says one slot more than there is",
      from: "    return this.size - this.count;",
      to: "    return this.size - this.count + (this.count > 1 ? 1 : 0);",
    },
  ]),
  ...faultsIn("ring", "core/ring/spsc_memory.ts", SPSC, [
    {
      id: "ring-exact-size-rounds-down",
      what: "a ring of an exact size gets the next lower power of two of slots",
      from: "return size === 1 ? 1 : 1 << (32 - Math.clz32(size - 1));",
      to: "return size === 1 ? 1 : 1 << (31 - Math.clz32(size));",
    },
    {
      id: "ring-burst-beyond-array",
      what: "a burst that reaches beyond the caller's array is let through",
      from: "if ((n | 0) === n && (at | 0) === at && (n | at) >= 0 && at + n <= length) return;",
      to: "if ((n | 0) === n && (at | 0) === at && (n | at) >= 0 && n <= length) return;",
    },
    {
      id: "ring-attach-any-memory",
      what: "memory that holds no ring is attached to",
      from: "} else if (control[MARK] !== SPSC_MARK || control[CAPACITY] !== size) {",
      to: "} else if (control[MARK] !== SPSC_MARK && control[CAPACITY] !== size) {",
    },
    {
      id: "ring-release-beyond-peek",
      what: "one more item than was peeked can be released",
      from: "if ((n | 0) !== n || n < 0 || n > most) {",
      to: "if ((n | 0) !== n || n < 0 || n > most + 1) {",
    },
  ]),
  ...faultsIn("ring", "core/ring/_mpmc_side.ts", MPMC, [
    {
      id: "mpmc-lost-cas",
      what: "a claim goes on although its CAS failed",
      from: "if (seen === head) return n;",
      to: "if (seen !== head + n) return n;",
    },
    {
      id: "mpmc-cas-retry-keeps-head",
      what: "after a failed CAS the same old head is tried for ever",
      from: "        head = seen;\n        ordered = true;",
      to: "        ordered = true;",
    },
    {
      id: "mpmc-short-answer-unordered",
      what: "a claim with too little room answers by a head that may be old",
      from: "for (let ordered = false;;) {",
      to: "for (let ordered = true;;) {",
    },
    {
      id: "mpmc-publishes-out-of-order",
      what: "the tail is moved past claims that are not yet copied",
      from: "        return this.#inOrder(end);",
      to: "        Atomics.store(control, this.#tail, end);\n        return;",
    },
    {
      id: "mpmc-rts-publishes-always",
      what: "relaxed tail sync moves the tail although others have not finished",
      from: "if (Atomics.load(control, this.#head) !== done) return;",
      to: "if (Atomics.load(control, this.#head) === done + 1) return;",
    },
    {
      id: "mpmc-rts-never-publishes",
      what: "relaxed tail sync counts operations where it has to count items",
      from: "const done = (Atomics.add(control, this.#done, n) + n) | 0;",
      to: "const done = (Atomics.add(control, this.#done, 1) + 1) | 0;",
    },
    {
      id: "mpmc-hts-lets-two-in",
      what: "head/tail sync lets a second one in while one is at work",
      from: "const most = this.#mode === HTS ? 0 : this.#htdMax;",
      to: "const most = this.#mode === HTS ? 1 : this.#htdMax;",
    },
    {
      id: "mpmc-rts-distance-unsigned",
      what: "the distance of head and tail is one more than allowed",
      from: "((head - (tail = Atomics.load(control, this.#tail))) | 0) > most;",
      to: "((head - (tail = Atomics.load(control, this.#tail))) | 0) > most + 1;",
    },
    {
      id: "mpmc-hts-keeps-claim",
      what: "what a consumer gives back of its claim stays claimed",
      from: "if (kept < n && this.#mode === HTS) {",
      to: "if (kept > n && this.#mode === HTS) {",
    },
  ]),
  ...faultsIn("ring", "core/ring/mpmc.ts", MPMC, [
    {
      id: "mpmc-peek-consumes",
      what: "a peek in a mode that cannot give back is allowed",
      from: 'if (sync === "st" || sync === "mt-hts") return;',
      to: 'if (sync !== "mt") return;',
    },
    {
      id: "mpmc-done-not-reset",
      what: "a reset leaves the count of finished items where it was",
      from: "for (const word of [SIDE_HEAD, SIDE_DONE, SIDE_TAIL]) {",
      to: "for (const word of [SIDE_HEAD, SIDE_TAIL]) {",
    },
  ]),
  ...faultsIn("ring", "core/ring/_mpmc_step_moves.ts", MPMC_STEPS, [
    {
      id: "steps-cas-not-compared",
      what: "the stepped claim does not look whether head is still what it was",
      from: "    if (head !== this.#state.get(p, START)) {\n      this.#state.set(p, BURST, 0);",
      to:
        "    if (head !== this.#state.get(p, START) && p < 0) {\n      this.#state.set(p, BURST, 0);",
    },
    {
      id: "steps-tail-not-awaited",
      what: "the stepped publication does not wait for earlier claims",
      from: "return this.#load(p, TAIL) !== state.get(p, START);",
      to: "return this.#load(p, TAIL) === state.get(p, START) + 1;",
    },
    {
      id: "steps-rts-tail-goes-back",
      what: "a tail that others have moved further is moved back",
      from: "if (short > 0) this.#goto(p, AT.RAISE_TAIL);",
      to: "if (short !== 0) this.#goto(p, AT.RAISE_TAIL);",
    },
  ]),
  ...faultsIn("ring", "core/ring/spsc_steps.ts", SPSC_STEPS, [
    {
      id: "steps-slot-after-index",
      what: "the stepped producer may publish while its stores to slots are still late",
      from:
        'if (pc === PUBLISH) return this.#fault("plain-publish") || this.#late.count(actor) === 0;',
      to: "if (pc === PUBLISH) return true;",
    },
    {
      id: "steps-batch-never-flushed",
      what: "a program that is over leaves its last items unpublished",
      from: "short || last && !this.#retries(actor);",
      to: "short && last && !this.#retries(actor);",
    },
  ]),
  ...faultsIn("ring", "core/ring/_late_stores.ts", LATE, [
    {
      id: "late-own-store-unseen",
      what: "a participant does not see its own late stores",
      from:
        "if (this.#words[buffer + 1 + 2 * i] === word) return this.#words[buffer + 2 + 2 * i]!;",
      to: "if (this.#words[buffer + 1 + 2 * i] === ~word) return this.#words[buffer + 2 + 2 * i]!;",
    },
    {
      id: "late-store-sees-oldest",
      what: "of its late stores to one word a participant sees the oldest",
      from: "for (let i = this.#words[buffer]! - 1; i >= 0; i--) {",
      to: "for (let i = 0; i < this.#words[buffer]!; i++) {",
    },
    {
      id: "late-same-word-reordered",
      what: "two late stores to one word may land in either order",
      from:
        "if (this.#words[buffer + 1 + 2 * older] === this.#words[buffer + 1 + 2 * i]) return false;",
      to:
        "if (this.#words[buffer + 1 + 2 * older] === ~this.#words[buffer + 1 + 2 * i]!) return false;",
    },
  ]),
  ...faultsIn("ring", "core/ring/interleave.ts", [...SPSC_STEPS, ...MPMC_STEPS], [
    {
      id: "explorer-skips-last-actor",
      what: "the exploration of interleavings never lets the last actor begin",
      from: "for (let actor = 0; actor < system.actors; actor++) {",
      to: "for (let actor = 0; actor < system.actors - 1; actor++) {",
    },
    {
      id: "explorer-checks-first-state-only",
      what: "the exploration asks for the invariant in the initial state alone",
      from: "    const message = check();",
      to: "    const message = node === 0 ? check() : undefined;",
    },
  ]),
  ...faultsIn("ring", "core/ring/timed_ring.ts", TIMED, [
    {
      id: "timed-slot-free-early",
      what: "the producer sees a slot free before the consumer has released it",
      from:
        "while (room < most && this.#releasedPs[(first + room) & this.#mask]! <= nowPs) room++;",
      to: "while (room < most && this.#releasedPs[(first + room) & this.#mask]! >= 0) room++;",
    },
    {
      id: "timed-item-seen-early",
      what: "the consumer sees an item before it was published",
      from: "if (this.#publishedPs[slot]! > nowPs) break;",
      to: "if (this.#publishedPs[slot]! > nowPs + 1000) break;",
    },
    {
      id: "timed-item-seen-late",
      what: "the consumer does not see an item at the instant of its publication",
      from: "if (this.#publishedPs[slot]! > nowPs) break;",
      to: "if (this.#publishedPs[slot]! >= nowPs) break;",
    },
    {
      id: "timed-wrong-slot-released",
      what: "the release time is looked for in the slot of the item to be written",
      from: "const first = this.#tail - this.size;",
      to: "const first = this.#tail;",
    },
  ]),
  ...faultsIn("loss and order", "core/ring/reorder_buffer.ts", REORDER, [
    {
      id: "reorder-late-is-early",
      what: "an item whose number has passed is taken for one that is far ahead",
      from: "  return (a - b | 0) < 0;",
      to: "  return a < b;",
    },
    {
      id: "reorder-window-one-short",
      what: "the window moves one step less than an early item needs",
      from: '!this.#moveWindow(ahead + 1 - this.size)) return "full";',
      to: '!this.#moveWindow(ahead - this.size)) return "full";',
    },
    {
      id: "reorder-window-moves-then-refuses",
      what: "a refused item has moved the window all the same",
      from: "    if (items > this.size - this.#readyCount) return false;\n",
      to:
        "    if (items > this.size - this.#readyCount) {\n      this.#take();\n      return false;\n    }\n",
    },
    {
      id: "reorder-drains-window-first",
      what: "what is in the window leaves before what is ready",
      from:
        "    while (count < n && this.#readyCount > 0) out[at + count++] = this.#takeReady();\n    while (count < n && this.#window[this.#head] !== EMPTY) out[at + count++] = this.#take();",
      to:
        "    while (count < n && this.#window[this.#head] !== EMPTY) out[at + count++] = this.#take();\n    while (count < n && this.#readyCount > 0) out[at + count++] = this.#takeReady();",
    },
    {
      id: "reorder-duplicate-overwrites",
      what: "a second item of one number takes the place of the first, which is lost",
      from: '    if (this.#window[at] !== EMPTY) return "duplicate";\n',
      to: "",
    },
  ]),
];
