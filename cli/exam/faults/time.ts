/** Faults of virtual time, of lcores and softirqs, and of interrupts. */
import { type Fault, faultsIn } from "../fault.ts";

const CLOCK = ["core/time/clock_test.ts"];
const CHOICES = ["core/time/clock_test.ts", "properties/run/judge_scenario_test.ts"];
const IRQ = [
  "stacks/linux-napi/conformance_test.ts",
  "core/host/irq_test.ts",
  "core/nic/mmio_test.ts",
];
const SOFTIRQ = [
  "core/host/softirq_test.ts",
  "stacks/linux-napi/conformance_test.ts",
  "stacks/linux-napi/interrupts_test.ts",
];
const LCORE = [
  "stacks/example/conformance_test.ts",
  "core/host/lcore_test.ts",
  "stacks/dpdk/l3fwd_test.ts",
];

/** Clock, choices, scheduling, interrupts. */
export const TIME_FAULTS: readonly Fault[] = [
  ...faultsIn("time", "core/time/_calendar.ts", CLOCK, [
    {
      id: "calendar-year-one-day-long",
      what: "an event just beyond the year is put into its first day",
      from: "if (ps >= this.#endPs) return this.#putOff(entry);",
      to: "if (ps > this.#endPs) return this.#putOff(entry);",
    },
    {
      id: "calendar-word-skipped",
      what: "the week after the present one is never found",
      from: "const later = this.#busyWeeks & (-2 << week);",
      to: "const later = this.#busyWeeks & (-4 << week);",
    },
    {
      id: "calendar-far-not-moved",
      what: "what lies a year ahead does not move over as time goes on",
      from: "while (this.#farPs < this.#endPs) this.#enter(",
      to: "while (this.#busyWeeks === 0 && this.#farPs < this.#endPs) this.#enter(",
    },
    {
      id: "calendar-tie-order",
      what: "of two events of one instant the later one runs first",
      from: "(one === other && keys[a << 1 | 1]! < keys[b << 1 | 1]!);",
      to: "(one === other && keys[a << 1 | 1]! > keys[b << 1 | 1]!);",
    },
    {
      id: "calendar-heap-child",
      what: "the fourth child is not looked at when the heap is mended",
      from: "child < first + 4 && child < end; child++) {",
      to: "child < first + 3 && child < end; child++) {",
    },
    {
      id: "calendar-heap-grown-wrong",
      what: "a heap that grows forgets what is in it",
      from: "    heap.set(this.#heap);\n",
      to: "",
    },
    {
      id: "calendar-last-not-kept",
      what: "an event at the end of its day is not noted as the last",
      from: "      data[last << 2] = entry;\n      days[day << 1 | 1] = entry;\n",
      to: "      data[last << 2] = entry;\n",
    },
  ]),
  ...faultsIn("time", "core/time/clock.ts", CLOCK, [
    {
      id: "clock-past-accepted",
      what: "an event in the past is accepted",
      from: "if (!(ps >= this.now) || ps !== Math.floor(ps)) {",
      to: "if (!(ps >= 0) || ps !== Math.floor(ps)) {",
    },
    {
      id: "clock-fraction-accepted",
      what: "a time that is no whole number is accepted",
      from: "if (!(ps >= this.now) || ps !== Math.floor(ps)) {",
      to: "if (!(ps >= this.now)) {",
    },
    {
      id: "clock-horizon-early",
      what: "the events of the horizon itself are not run",
      from: "const event = queue.take(horizonPs);",
      to: "const event = queue.take(horizonPs - 1);",
    },
    {
      id: "clock-timer-keeps-going",
      what: "timers alone keep a run going",
      from: 'if (this.#work === 0 && isQuiet()) return "quiet";',
      to: 'if (this.#work === 0 && queue.isEmpty && isQuiet()) return "quiet";',
    },
    {
      id: "clock-ends-before-work",
      what: "the end of an instant comes before what is asked for within it",
      from: "this.#push(ps, END_OF_INSTANT + arg * END_BAND + this.#sequence++, handler, arg);",
      to: "this.#push(ps, arg + this.#sequence++, handler, arg);",
    },
    {
      id: "clock-trace-without-argument",
      what: "the hash of a trace does not know arguments",
      from: "^ (handler << 24) ^ arg) | 0;",
      to: "^ (handler << 24)) | 0;",
    },
    {
      id: "clock-trace-not-reset",
      what: "a reset clock goes on with the hash of the last run",
      from: "    this.events = 0;\n    this.traceHash = 0;\n    this.#queue.reset();",
      to: "    this.events = 0;\n    this.#queue.reset();",
    },
    {
      id: "clock-tie-drops-order",
      what: "the events before the chosen one of a tie change places",
      from: "i === first ? least : i < first ? ties[(i + 1) * 3]! : ties[i * 3]!;",
      to: "i === first ? least : i < first ? ties[(first - i) * 3]! : ties[i * 3]!;",
    },
    {
      id: "clock-ties-of-lcores",
      what: "the choices may reorder lcores at the end of an instant",
      from: "(n > 0 && queue.orderOf(event) >= END_OF_INSTANT)) break;",
      to: "(n > 0 && queue.orderOf(event) >= 2 * END_OF_INSTANT)) break;",
    },
  ]),
  ...faultsIn("time", "core/time/choices.ts", CHOICES, [
    {
      id: "choices-positional",
      what: "a deviation is found by the number of all questions and not of its site's",
      from: "    const occurrence = this.#asked[site]!++;\n",
      to:
        "    const occurrence = this.#asked.reduce((sum, n) => sum + n, 0);\n    this.#asked[site]!++;\n",
    },
    {
      id: "choices-not-reduced",
      what: "an answer is not taken modulo the number of answers",
      from: "return (answers.get(occurrence) ?? 0) % n;",
      to: "return answers.get(occurrence) ?? 0;",
    },
    {
      id: "choices-survive-reset",
      what: "a reset keeps the deviations of the last run",
      from: "    this.#answers.fill(null);\n",
      to: "",
    },
  ]),
  ...faultsIn("time", "core/host/lcore.ts", LCORE, [
    {
      id: "lcore-deadline-early",
      what: "a deadline in the future is that of now",
      from: "const at = ps > this.clock.now ? ps : this.clock.now;",
      to: "const at = this.clock.now;",
    },
    {
      id: "lcore-notify-lost",
      what: "a parked lcore goes on parking when something changed",
      from: "    context.dirty = true;\n    if (this.#parkedAt >= 0) this.#resume(this.clock.now);",
      to: "    context.dirty = true;",
    },
    {
      id: "lcore-dirty-lost",
      what: "what changed while a thread waits for its turn is forgotten",
      from: "    context.dirty = true;\n    if (this.#parkedAt >= 0) this.#resume(this.clock.now);",
      to: "    if (this.#parkedAt >= 0) this.#resume(this.clock.now);",
    },
    {
      id: "lcore-empty-poll-free",
      what: "what parking has passed is not counted as empty polls",
      from: "    this.emptyPs += until - this.#parkedAt;\n",
      to: "",
    },
    {
      id: "lcore-interrupts-last",
      what: "threads run before interrupts that wait",
      from: "    if (this.#vectors.length > 0) {\n      this.#runInterrupt(now);",
      to: "    if (this.#vectors.length > 1) {\n      this.#runInterrupt(now);",
    },
    {
      id: "lcore-remote-wake-early",
      what:
        "another lcore's context is woken at the start of the waking body and not at its own time",
      from: "      this.clock.at(waker.nowPs, this.#woken, context.id - 1);",
      to: "      this.clock.at(this.clock.now, this.#woken, context.id - 1);",
    },
    {
      id: "lcore-parks-clock-readers",
      what: "a thread that reads the clock is parked without a deadline",
      from: "!context.dirty && context.mayPark && this.skipsIdlePolls ? spent : -1;",
      to: "!context.dirty && this.skipsIdlePolls ? spent : -1;",
    },
  ]),
  ...faultsIn("time", "core/host/rotation.ts", LCORE, [
    {
      id: "rotation-skips-one-turn-more",
      what: "a rotation that is skipped goes one turn too far",
      from: "    while (at < to) {",
      to: "    while (at <= to) {",
    },
    {
      id: "rotation-asleep-counts",
      what: "threads that sleep count in the time of a rotation",
      from: "      if (thread.runnable) at += thread.emptyPs;\n",
      to: "      at += Math.max(1, thread.emptyPs);\n",
    },
  ]),
  ...faultsIn("time", "core/host/context.ts", LCORE, [
    {
      id: "context-wake-at-rounded-down",
      what: "a deadline is rounded down: the thread looks a picosecond too early",
      from: "Math.ceil(tsc * this.#home.psPerCycle));",
      to: "Math.floor(tsc * this.#home.psPerCycle) - 1);",
    },
    {
      id: "context-charge-kept",
      what: "a body begins with what the last one charged",
      from: "    this.#startPs = ps;\n    this.#cycles = 0;",
      to: "    this.#startPs = ps;",
    },
  ]),
  ...faultsIn("interrupt", "core/host/irq.ts", IRQ, [
    {
      id: "irq-latch-lost",
      what: "a cause that comes while the vector is masked is forgotten",
      from: "    this.#latched = true;\n    if (this.#choices === null",
      to: "    this.#latched = this.#heldBack;\n    if (this.#choices === null",
    },
    {
      id: "irq-latch-not-cleared",
      what: "a latched cause raises the interrupt at each unmasking",
      from: "    this.#latched = false;\n    this.#raise();",
      to: "    this.#raise();",
    },
    {
      id: "irq-no-automask",
      what: "an interrupt does not mask its vector",
      from: "    this.#masked = true;\n    this.#earliest",
      to: "    this.#earliest",
    },
    {
      id: "irq-throttle-ignored",
      what: "two interrupts may come closer than the throttle says",
      from: "if (this.#clock.now < this.#earliest) {",
      to: "if (this.#clock.now < this.#earliest - this.#throttlePs / 2) {",
    },
    {
      id: "irq-throttled-lost",
      what: "an interrupt that was held back is never raised",
      from: "      this.#clock.at(this.#earliest, this.#released, 0);\n",
      to: "",
    },
    {
      id: "irq-passes-writeback",
      what: "the message does not take the path of the write-back that it announces",
      from: "    this.#dma!.write(HOST, MESSAGE_BYTES, this.#arrived, 0);",
      to: "    this.#clock.at(this.#clock.now, this.#arrived, 0);",
    },
    {
      id: "irq-reset-keeps-latch",
      what: "a reset vector has a cause latched",
      from: "    this.#masked = true;\n    this.#latched = false;\n    this.#heldBack",
      to: "    this.#masked = true;\n    this.#heldBack",
    },
  ]),
  ...faultsIn("interrupt", "core/host/napi.ts", SOFTIRQ, [
    {
      id: "napi-missed-forgotten",
      what: "a schedule of a scheduled instance is forgotten",
      from: "      this.missed = true;\n      return false;",
      to: "      return false;",
    },
    {
      id: "napi-list-tail-kept",
      what: "an emptied list still has its last member as the tail",
      from: "    if (this.#head === null) this.#tail = null;\n",
      to: "",
    },
    {
      id: "napi-splice-loses-other",
      what: "a list that takes another over is cut behind its own members",
      from:
        "    else this.#tail.next = other.#head;\n    this.#tail = other.#tail;\n    other.#head",
      to: "    this.#tail = other.#tail;\n    other.#head",
    },
  ]),
  ...faultsIn("interrupt", "core/host/softirq.ts", SOFTIRQ, [
    {
      id: "softirq-complete-while-missed",
      what: "an instance that was asked for again is idle all the same",
      from: "    if (napi.missed) {\n      napi.missed = false;",
      to: "    if (napi.missed && napi.polls < 0) {\n      napi.missed = false;",
    },
    {
      id: "softirq-repoll-lost",
      what: "an instance that used its weight is not polled in the next round",
      from: "    left.take(this.#repoll);\n",
      to: "",
    },
    {
      id: "softirq-round-not-raised",
      what: "what is left at the end of a round waits for the next interrupt",
      from: "    if (!list.isEmpty) this.#raise(cpu, NET_RX);\n",
      to: "",
    },
    {
      id: "softirq-budget-ignored",
      what: "a round goes on beyond its budget of packets",
      from: "if (this.#budget <= 0 || cpu.tsc() >= this.#roundEndTsc) {",
      to: "if (cpu.tsc() >= this.#roundEndTsc) {",
    },
    {
      id: "softirq-never-to-ksoftirqd",
      what: "softirqs go on for ever and starve the threads",
      from: "if (this.#passes < SOFTIRQ_PASSES_MAX && cpu.tsc() < this.#endTsc) return;",
      to: "if (this.#passes < SOFTIRQ_PASSES_MAX || cpu.tsc() < this.#endTsc) return;",
    },
    {
      id: "softirq-ksoftirqd-not-woken",
      what: "the work is handed to a thread that is not woken",
      from: "    cpu.sleep();\n    cpu.wake(this.ksoftirqd);",
      to: "    cpu.sleep();",
    },
    {
      id: "softirq-interrupt-steals",
      what: "while ksoftirqd has the work, an interrupt takes it back",
      from: '    if (this.#owner !== "nobody") return;\n',
      to: '    if (this.#owner === "softirq") return;\n',
    },
  ]),
  ...faultsIn("interrupt", "core/linux/ixgbe.ts", [
    ...SOFTIRQ,
    "core/linux/ixgbe_poll_test.ts",
  ], [
    {
      id: "ixgbe-interrupt-never-unmasked",
      what: "a poll that has found nothing leaves the interrupt masked",
      from: "    if (this.#softnet.napiComplete(cpu, this.napi)) {",
      to: "    if (this.#softnet.napiComplete(cpu, this.napi) && work > 0) {",
    },
    {
      id: "ixgbe-interrupt-enabled-early",
      what: "the interrupt is unmasked though the instance is polled again",
      from: "    if (!allSent || work === budget || this.rx.starved) return budget;",
      to:
        "    this.#parts.device.irqEnable(cpu as Context, this.#parts.queue);\n    if (!allSent || work === budget || this.rx.starved) return budget;",
    },
    {
      id: "ixgbe-starved-completes",
      what: "a poll without memory completes, and nobody looks again",
      from: "    if (!allSent || work === budget || this.rx.starved) return budget;",
      to: "    if (!allSent || work === budget) return budget;",
    },
  ]),
  ...faultsIn("interrupt", "core/linux/itr.ts", ["core/linux/itr_test.ts"], [
    {
      id: "itr-never-grows",
      what: "an adaptive interval does not grow when nothing came",
      from: "if (packets === 0) return clamp(now + ITR_INC_USECS);",
      to: "if (packets === 0) return clamp(now);",
    },
    {
      id: "itr-not-clamped",
      what: "an interval may be longer than its bound",
      from: "usecs > ITR_MAX_USECS ? ITR_MAX_USECS : usecs;",
      to: "usecs > 2 * ITR_MAX_USECS ? ITR_MAX_USECS : usecs;",
    },
  ]),
];
