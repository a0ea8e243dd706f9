/** Faults of the laws about single fields, fairness, queues and rest, of invariants, and of processes. */
import { type Fault, faultsIn } from "../fault.ts";

/** What judges runs, and a machine's processes. */
export const LAW_FAULTS: readonly Fault[] = [
  ...faultsIn("harness", "properties/laws/pkt_header.ts", ["properties/laws/pkt_header_test.ts"], [
    {
      id: "pkt-4-of-fragments",
      what: "the UDP checksum of a later fragment is looked for in its payload",
      from: "  if ((u16(bytes, at + IP + 6) & 0x3fff) !== 0) return -1;",
      to: "  if ((u16(bytes, at + IP + 6) & 0x2000) !== 0) return -1;",
    },
    {
      id: "pkt-4-asks-who-trusts",
      what: "a stack that trusts checksums is asked about their form",
      from: 'policy.topology === undefined && policy.checksum === "verify"',
      to: "policy.topology === undefined",
    },
    {
      id: "pkt-6-first-option-only",
      what: "options are compared up to the last four bytes",
      from: "o.outLength[i]! - IP) - 20;",
      to: "o.outLength[i]! - IP) - 24;",
    },
    {
      id: "pkt-8-cut-packet",
      what: "a packet that lost its end is kept",
      from: "went > length - IP) {",
      to: "went > length + IP) {",
    },
    {
      id: "pkt-9-tag-is-payload",
      what: "a tagged frame may not be four bytes longer",
      from: "tagged ? LONGEST_TAGGED : LONGEST, beyond",
      to: "tagged ? LONGEST : LONGEST, beyond",
    },
    {
      id: "pkt-9-mtu-of-frames",
      what: "the MTU is held against what may be cut",
      from: "if (mayBeCut || total <= most) continue;",
      to: "if (total <= most) continue;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/fair.ts", ["properties/laws/fair_test.ts"], [
    {
      id: "fair-1-lowest-port-only",
      what: "only the lowest port is flooded",
      from: 'return verdict.kind === "broken" ? verdict : judgeGuest(run, first, last);',
      to: "return verdict;",
    },
    {
      id: "fair-1-without-saturation",
      what: "a flood that the device takes counts as one",
      from: 'if (!isSaturated(o)) return notJudged("the flood was no more than the device takes");',
      to: 'if (isSaturated(o)) return notJudged("the flood was no more than the device takes");',
    },
    {
      id: "fair-1-patient",
      what: "what left after the flood was in time",
      from: "if (isOut && endAt[made.guest]! <= lastAt) return KEPT;",
      to: "if (isOut) return KEPT;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/rss.ts", ["properties/laws/rss_test.ts"], [
    {
      id: "rss-4-any-queue",
      what: "a flow on two queues is kept",
      from: "if (o.seenRing[p] === o.seenRing[q]) break;",
      to: "if (o.seenRing[p]! >= 0) break;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/time.ts", ["properties/laws/time_test.ts"], [
    {
      id: "time-3-limit-is-rest",
      what: "a run that was cut by its limit of events counts as one at rest",
      from: 'if (o.end === "quiet") return KEPT;',
      to: 'if (o.end !== "horizon") return KEPT;',
    },
  ]),
  ...faultsIn("harness", "properties/laws/invariant.ts", ["properties/laws/invariant_test.ts"], [
    {
      id: "invariant-silence-is-kept",
      what: "an invariant that the audit says nothing of is kept",
      from: 'if (said.length === 0) return notJudged("the run gave it nothing to say");',
      to: "if (said.length === 0) return KEPT;",
    },
    {
      id: "invariant-first-finding",
      what: "only the first finding of an invariant counts",
      from: "const wrong = said.find((finding) => finding.broken !== null);",
      to: "const wrong = said.slice(0, 1).find((finding) => finding.broken !== null);",
    },
  ]),
  ...faultsIn("harness", "core/machine/audit.ts", ["properties/laws/invariant_test.ts"], [
    {
      id: "audit-of-anything",
      what: "an audit may answer for what the stack does not declare",
      from: "    if (declared.some((one) => one.id === id)) continue;",
      to: "    if (declared.length > 0) continue;",
    },
  ]),
  ...faultsIn("interrupt", "core/host/process.ts", ["core/host/process_test.ts"], [
    {
      id: "process-switch-unpaid",
      what: "a process that was woken runs on without a context switch",
      from: "        cpu.charge(costs.switch);\n",
      to: "",
    },
    {
      id: "process-wake-up-lost",
      what: "a process that blocks is not woken by another lcore",
      from: "    waker.wake(this.#cpu);",
      to: "    if (waker.lcore === this.#cpu.lcore) waker.wake(this.#cpu);",
    },
    {
      id: "process-sleeps-through",
      what: "a process that named a time is not woken by it",
      from: "    if (untilTsc !== undefined) cpu.wakeAt(untilTsc);\n",
      to: "",
    },
  ]),
  ...faultsIn("interrupt", "core/linux/ixgbe_rx.ts", ["core/linux/ixgbe_poll_test.ts"], [
    {
      id: "hook-flushed-never",
      what: "what a hook gathered is not sent at the end of the poll",
      from: "    if (hook !== null) hook.flush(cpu);\n",
      to: "",
    },
    {
      id: "hook-keeps-reserved",
      what: "the skb that was reserved for a page that a hook took is lost",
      from: "        skbs.release(cpu);\n        continue;",
      to: "        continue;",
    },
  ]),
];
