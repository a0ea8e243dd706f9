/** Faults of OpenDataPlane: scheduler, order contexts, classifier, interfaces, Traffic Manager. */
import { type Fault, faultsIn } from "../fault.ts";

const CONFORMANCE = "stacks/odp/conformance_test.ts";
const SCHEDULER = [
  CONFORMANCE,
  "stacks/odp/scheduler_test.ts",
  "stacks/odp/forwarding_test.ts",
  "stacks/odp/turns_test.ts",
];
const CLASSES = [CONFORMANCE, "stacks/odp/classification_test.ts"];
const PKTIO = [CONFORMANCE, "stacks/odp/forwarding_test.ts", "stacks/odp/pktio_test.ts"];
const TM = [CONFORMANCE, "stacks/odp/tm_test.ts"];

/** Scheduler, classifier, interfaces, Traffic Manager. */
export const ODP_FAULTS: readonly Fault[] = [
  ...faultsIn("loss and order", "stacks/odp/schedule.ts", SCHEDULER, [
    {
      id: "odp-atomic-put-back-at-once",
      what: "an atomic queue's index goes back while its context is held",
      from: '      local.held = queue;\n      return;\n    }\n    if (sync === "ordered") {',
      to: '      local.held = queue;\n    }\n    if (sync === "ordered") {',
    },
    {
      id: "odp-empty-queue-stays-scheduled",
      what: "a queue that is found empty is not scheduled again when something comes",
      from: "        queue.scheduled = false;\n",
      to: "",
    },
    {
      id: "odp-future-event-forgotten",
      what: "a queue whose events are yet to be published is taken out of its ring",
      from: "        this.rings.push(queue, queue.events.nextPs);\n",
      to: "",
    },
    {
      id: "odp-no-wake-on-enqueue",
      what: "threads that rest are not told of an event",
      from: "    this.rings.wake(cpu);\n    return moved;",
      to: "    return moved;",
    },
    {
      id: "odp-least-urgent-first",
      what: "rings are looked at from the least urgent priority on",
      from: "this.rings.at(group, prio, spread)",
      to: "this.rings.at(group, PRIOS - 1 - prio, spread)",
    },
    {
      id: "odp-input-queue-lost",
      what: "an input queue whose packets all went to other queues is not polled again",
      from:
        "        this.rings.push(queue, (cpu as Context).nowPs);\n        this.rings.wake(cpu);\n        return SETTLED;",
      to: "        return SETTLED;",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/sched_context.ts", SCHEDULER, [
    {
      id: "odp-out-of-turn",
      what: "an ordered context puts something out whoever's turn it is",
      from: "queue.ctx === local.ticket && queue.ctxPs",
      to: "queue.ctx <= local.ticket && queue.ctxPs",
    },
    {
      id: "odp-turn-before-its-time",
      what: "a thread sees the turn pass before it has been passed",
      from: " && queue.ctxPs <= (cpu as Context).nowPs",
      to: "",
    },
    {
      id: "odp-lock-not-passed-on",
      what: "an order lock that a context did not take stays with it",
      from: "      queue.lock[i] = local.ticket + 1;\n",
      to: "",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/sched_local.ts", SCHEDULER, [
    {
      id: "odp-preferred-spread-only",
      what: "no spread but the preferred one is ever looked at first",
      from: "if (this.#round < this.#weight || this.#spreads === 1)",
      to: "if (this.#round <= this.#weight || this.#spreads === 1)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/timed_queue.ts", SCHEDULER, [
    {
      id: "odp-event-before-its-time",
      what: "an event is taken before it was published",
      from: "if (this.#count === 0 || this.#ps[this.#head]! > ps) return -1;",
      to: "if (this.#count === 0) return -1;",
    },
  ]),
  ...faultsIn("packet", "stacks/odp/classification.ts", CLASSES, [
    {
      id: "odp-one-rule-deep",
      what: "rules are followed one step only",
      from: "step < COS_MAX",
      to: "step < 1",
    },
    {
      id: "odp-class-copy-leaks",
      what: "a packet that was copied to the pool of its class is not freed",
      from: "    this.#odp.free(cpu, from);\n",
      to: "",
    },
    {
      id: "odp-hash-of-position",
      what: "the queue of a group depends on where the packet lies",
      from: "this.#hash.hash(tuple, 0, HASH_BYTES) % queues.length",
      to: "(this.#hash.hash(tuple, 0, HASH_BYTES) + b) % queues.length",
    },
    {
      id: "odp-error-to-default-class",
      what: "a packet with an error goes through the rules like any other",
      from: "error === REASON.none ? this.#select(cpu, b) : this.errorCos!",
      to: "this.#select(cpu, b)",
    },
  ]),
  ...faultsIn("packet", "stacks/odp/pmr.ts", CLASSES, [
    {
      id: "odp-any-term-matches",
      what: "the mask of a term is not looked at",
      from: "else if (!masked(field, term.value, term.mask))",
      to: "else if (!masked(field, term.value))",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/pktio.ts", PKTIO, [
    {
      id: "odp-pktout-without-lock",
      what: "two threads write into a pktout queue at the same time",
      from: "    if (waitPs > 0) {",
      to: "    if (waitPs > Infinity) {",
    },
    {
      id: "odp-overflow-in-silence",
      what: "what finds an event queue full is lost without a word",
      from:
        '      env.drop(cpu, buffers[i]!, REASON["ring-full"], queue.place, queue.param.size);\n',
      to: "      env.pool.put(cpu.lcore, buffers[i]!);\n",
    },
  ]),
  ...faultsIn("NIC", "stacks/odp/pktio_dpdk.ts", ["stacks/odp/scheduler_test.ts"], [
    {
      id: "odp-one-poller-told",
      what: "an arrival is news only to the thread that polled last",
      from: "for (const thread of this.#threads) (thread as Context).notify();",
      to: "for (const thread of this.#threads.slice(0, 1)) (thread as Context).notify();",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_node.ts", TM, [
    {
      id: "odp-wfq-without-weights",
      what: "children of a node share alike whatever their weights",
      from: "      at.start += bytes / at.weight;\n",
      to: "      at.start += bytes;\n",
    },
    {
      id: "odp-idle-child-saves-up",
      what: "a child that had nothing makes up for it when it has",
      from: "      at.start = Math.max(at.start, at.parent.virtualTime[at.prio]!);\n    }\n  }",
      to: "    }\n  }",
    },
    {
      id: "odp-tm-least-urgent-first",
      what: "a node looks at its least urgent priority first",
      from: "this.#first(at.children[prio]!, ps)",
      to: "this.#first(at.children[PRIOS - 1 - prio]!, ps)",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_shaper.ts", TM, [
    {
      id: "odp-shaper-credit-without-end",
      what: "an idle shaper saves up more than its burst",
      from: "return Math.min(this.#burst, this.#credit + (ps - this.#ps) * this.#bitsPerPs);",
      to: "return this.#credit + (ps - this.#ps) * this.#bitsPerPs;",
    },
    {
      id: "odp-yellow-takes-committed-credit",
      what: "a packet beyond the committed rate takes from the committed bucket too",
      from: "if (colour === 0) this.#commit.take(bits, ps);",
      to: "this.#commit.take(bits, ps);",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_wred.ts", TM, [
    {
      id: "odp-wred-from-the-start",
      what: "WRED's line begins at an empty queue",
      from: "medDropProb * (fullness - minThreshold) / (medThreshold - minThreshold)",
      to: "medDropProb * fullness / medThreshold",
    },
  ]),
  ...faultsIn("loss and order", "stacks/odp/tm_system.ts", TM, [
    {
      id: "odp-tm-refusal-forgotten",
      what: "a packet that the interface refuses is counted by nobody",
      from: "    queue.refused++;\n    queue.discards++;\n",
      to: "    queue.refused++;\n",
    },
  ]),
];
