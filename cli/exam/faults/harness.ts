/** Faults of what judges: laws, runs, the reference, what makes counterexamples small. */
import { type Fault, faultsIn } from "../fault.ts";

const RUN = [
  "properties/run/check_test.ts",
  "properties/run/property_test.ts",
  "properties/run/judge_scenario_test.ts",
];
const PART = [
  "properties/part_test.ts",
  "properties/ring/conformance_faults_test.ts",
  "properties/ring/conformance_test.ts",
  "properties/mempool/conformance_test.ts",
  "core/fib/score_surface_test.ts",
];
const REFERENCE = ["properties/reference/router_test.ts"];

/** Laws, runs, the reference router, tokens, minimisers. */
export const HARNESS_FAULTS: readonly Fault[] = [
  ...faultsIn("harness", "properties/laws/judge.ts", [
    "properties/laws/judge_test.ts",
    "properties/run/check_test.ts",
  ], [
    {
      id: "judge-without-evidence",
      what: "a law is judged on a device that does not show what it needs",
      from: "    if (!run.offers.has(evidence)) return notJudged(`",
      to: "    if (run.offers.size === 0) return notJudged(`",
    },
    {
      id: "judge-link-law-on-coarse",
      what: "a law about TLPs is judged on a coarse run",
      from: 'if (law.fidelity !== undefined && fidelity === "coarse") {',
      to: 'if (law.fidelity === "coarse" && fidelity === "coarse") {',
    },
    {
      id: "judge-reruns-first",
      what: "laws that run the device again come before those that judge its run",
      from: "    if (laws[i]!.reruns !== true) verdicts[i] = judge(run, laws[i]!);",
      to: "    if (laws[i]!.reruns === true) verdicts[i] = judge(run, laws[i]!);",
    },
  ]),
  ...faultsIn("harness", "properties/laws/loss.ts", [
    "properties/laws/loss_test.ts",
    "properties/laws/loss_paced_test.ts",
  ], [
    {
      id: "loss-1a-nearly-full",
      what: "a drop at a place with one slot left is kept",
      from: "if (o.occupancy[p]! < place.capacity) {",
      to: "if (o.occupancy[p]! < place.capacity - 1) {",
    },
    {
      id: "loss-1a-kept-without-a-loss",
      what: "the law about congestion is kept by a run without any",
      from: 'return judged === 0 ? notJudged("no packet was lost to congestion") : KEPT;',
      to: "return KEPT;",
    },
    {
      id: "loss-1a-any-reason",
      what: "any reason of a drop counts as declared",
      from: "const isDeclared = (declared >>> reason & 1) === 1;",
      to: "const isDeclared = declared !== 0 && reason !== 0;",
    },
    {
      id: "loss-1a-unbounded-place",
      what: "a place without a capacity may be full",
      from: "place === undefined || place.capacity === Infinity",
      to: "place === undefined",
    },
    {
      id: "loss-2-freed-in-silence",
      what: "a packet may be freed before anything has become of it",
      from: "if (fate === FATE.freed) {",
      to: "if (fate === FATE.freed && p < 0) {",
    },
    {
      id: "loss-2-no-reason",
      what: "a packet may be dropped without a reason",
      from: "if (fate === FATE.dropped && o.reason[p] === REASON.none) {",
      to: "if (fate === FATE.dropped && o.reason[p]! < REASON.none) {",
    },
    {
      id: "loss-2-emitted-unseen",
      what: "a packet booked as emitted need not leave",
      from: "if (fate === FATE.emitted && seen[p] === 0) {",
      to: "if (fate === FATE.emitted && seen[p]! > 1) {",
    },
    {
      id: "loss-3-one-may-wait",
      what: "one packet may wait at the end",
      from: "if (waiting.length === 0) return KEPT;",
      to: "if (waiting.length <= 1) return KEPT;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/loss_paced.ts", ["properties/laws/loss_paced_test.ts"], [
    {
      id: "loss-1b-first-packet",
      what: "the loss of the first packet of paced traffic is overlooked",
      from: "if (lost >= 0) return broken(",
      to: "if (lost > 0) return broken(",
    },
    {
      id: "loss-1b-hurried",
      what: "a frame that comes too early is judged, too",
      from: "const lost = firstLost(run, o, hurried);",
      to: "const lost = firstLost(run, o, o.count);",
    },
    {
      id: "loss-1c-twice-the-credits",
      what: "the smallest credits are twice the smallest",
      from: "dataCredits: Math.ceil(g.mps / 16) }",
      to: "dataCredits: Math.ceil(g.mps / 8) }",
    },
  ]),
  ...faultsIn("harness", "properties/laws/_hops.ts", ["properties/laws/lpm_test.ts"], [
    {
      id: "lpm-1-mac-not-looked-at",
      what: "a frame to another neighbour on the right port is kept",
      from: "      sameBytes(o.outBytes, o.outOffset[i]!, neighbours.mac, hop * 6, 6));",
      to: "      sameBytes(o.outBytes, o.outOffset[i]!, o.outBytes, o.outOffset[i]!, 6));",
    },
    {
      id: "lpm-1-any-port",
      what: "the port is not looked at",
      from: "  return neighbours.port[hop] === o.outPort[i] &&\n    (policy",
      to: "  return (policy",
    },
  ]),
  ...faultsIn("harness", "properties/laws/lpm.ts", ["properties/laws/lpm_test.ts"], [
    {
      id: "lpm-1-miss-forwarded",
      what: "a packet that no route covers may be forwarded",
      from: 'if (policy.onMiss === "reflect" && port === traffic.port[p]) continue;',
      to: 'if (policy.onMiss === "reflect" || port === traffic.port[p]) continue;',
    },
  ]),
  ...faultsIn("harness", "properties/laws/nic.ts", ["properties/laws/nic_test.ts"], [
    {
      id: "nic-4-no-data",
      what: "a descriptor whose data never came is kept",
      from: "if (data < 0 || data > desc) {",
      to: "if (data > desc) {",
    },
    {
      id: "nic-4-late-data",
      what: "a descriptor whose data came later is kept",
      from: "if (data < 0 || data > desc) {",
      to: "if (data < 0) {",
    },
    {
      id: "nic-9-nobody-looked",
      what: "a packet that nobody looked at is kept",
      from: "if (o.seenAt[p]! >= 0) continue;",
      to: "if (o.seenAt[p]! >= -1) continue;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/ord.ts", ["properties/laws/ord_test.ts"], [
    {
      id: "ord-1-neighbours-may-swap",
      what: "packets next to each other may change places",
      from: "if (p < q) return broken(",
      to: "if (p < q - 1) return broken(",
    },
    {
      id: "ord-1-any-flow",
      what: "packets of all flows must keep their order",
      from: "if (o.outPort[last] !== port || !sameFlow(traffic, p, q)) continue;",
      to: "if (o.outPort[last] !== port) continue;",
    },
    {
      id: "ord-1-other-ports",
      what: "packets on other ports must keep their order",
      from: "if (o.outPort[last] !== port || !sameFlow(traffic, p, q)) continue;",
      to: "if (!sameFlow(traffic, p, q)) continue;",
    },
    {
      id: "ord-1-first-frame-only",
      what: "a frame is compared with the first of its flow only",
      from: "    slots[slot] = i;\n",
      to: "    if (slots[slot]! < 0) slots[slot] = i;\n",
    },
    {
      id: "ord-2-first-frame-twice",
      what: "the first frame may be emitted twice",
      from: "if (first >= 0) {",
      to: "if (first > 0) {",
    },
  ]),
  ...faultsIn("harness", "properties/laws/pcie.ts", ["properties/laws/pcie_test.ts"], [
    {
      id: "pcie-1-one-too-many",
      what: "one credit more than was advertised may be left",
      from: "if (c.mostLeft > c.advertised) {",
      to: "if (c.mostLeft > c.advertised + 1) {",
    },
    {
      id: "pcie-1-one-too-few",
      what: "a sender may be one credit short",
      from: "if (c.leastLeft < 0) {",
      to: "if (c.leastLeft < -1) {",
    },
    {
      id: "pcie-2-held-at-rest",
      what: "credits may be held at rest",
      from: 'if (o.end === "quiet" && c.held !== 0) {',
      to: 'if (o.end === "quiet" && c.held < 0) {',
    },
    {
      id: "pcie-2-returned-too-many",
      what: "more credits may come back than were consumed",
      from: "if (c.consumed !== c.returned + c.held) {",
      to: "if (c.consumed > c.returned + c.held) {",
    },
  ]),
  ...faultsIn("harness", "properties/laws/pkt.ts", ["properties/laws/pkt_test.ts"], [
    {
      id: "pkt-1-port-not-looked-at",
      what: "a frame may leave on another port",
      from: "if (hop === null && o.outPort[i] !== e.port[p]) {",
      to: "if (hop === null && o.outPort[i]! > 255) {",
    },
    {
      id: "pkt-1-longer-frame",
      what: "a frame may be longer than expected",
      from: "if (length === want.length && sameBytes(o.outBytes, at, want, 0, length)) continue;",
      to: "if (length >= want.length && sameBytes(o.outBytes, at, want, 0, want.length)) continue;",
    },
    {
      id: "pkt-2-ttl-0-stays",
      what: "a TTL of 0 is expected to stay",
      from: "const expected = (arrived + 255) & 255;",
      to: "const expected = Math.max(0, arrived - 1);",
    },
    {
      id: "pkt-2-ttl-1-forwarded",
      what: "a packet that arrived with TTL 1 may be forwarded",
      from: 'if (policy.ttl === "drop" && arrived <= 1) {',
      to: 'if (policy.ttl === "drop" && arrived < 1) {',
    },
    {
      id: "pkt-3-carry-once",
      what: "the carries of the sum are folded once",
      from: "while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);",
      to: "sum = (sum & 0xff) + (sum >>> 8);",
    },
    {
      id: "pkt-3-without-options",
      what: "the options are not summed",
      from: "k < IP + bytes; k += 2) sum",
      to: "k < IP + 20; k += 2) sum",
    },
    {
      id: "pkt-7-source-only",
      what: "the destination MAC address is not looked at",
      from:
        "if (e.forward[p] === 0 || sameBytes(o.outBytes, at, e.bytes, e.offset[p]!, 6)) continue;",
      to: "if (e.forward[p]! <= 1) continue;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/pkt_drop.ts", ["properties/laws/pkt_test.ts"], [
    {
      id: "pkt-5-forwarded",
      what: "a packet that must be dropped may be forwarded",
      from: "if (fate === FATE.emitted) {",
      to: "if (fate === FATE.emitted && right === 0) {",
    },
    {
      id: "pkt-5-any-reason",
      what: "a packet may be dropped for any reason",
      from: "((right | congestion) >>> o.reason[p]! & 1) === 0",
      to: "(right | congestion) === 0",
    },
  ]),
  ...faultsIn("harness", "properties/laws/pool.ts", ["properties/laws/pool_test.ts"], [
    {
      id: "pool-1-one-leaked",
      what: "one buffer may be out at rest",
      from: "if (count <= inHandAtBoot) return null;",
      to: "if (count <= inHandAtBoot + 1) return null;",
    },
    {
      id: "pool-1-too-few",
      what: "a pool may have fewer buffers than its size",
      from: "if (found === pool.size) continue;",
      to: "if (found <= pool.size) continue;",
    },
    {
      id: "pool-1-held-at-rest",
      what: "a device may hold buffers at rest",
      from: "if (pool.device && atRest && held > 0) {",
      to: "if (pool.device && atRest && held > pool.size) {",
    },
  ]),
  ...faultsIn("harness", "properties/laws/time.ts", ["properties/laws/time_test.ts"], [
    {
      id: "time-1-trace-not-compared",
      what: "runs with other traces are the same",
      from: "if (a.traceHash !== b.traceHash) {",
      to: "if (a.traceHash !== b.traceHash && a.events === 0) {",
    },
    {
      id: "time-1-bytes-not-compared",
      what: "frames with other bytes are the same",
      from: "      length !== b.outLength[i] ||\n",
      to: "      length !== b.outLength[i] &&\n",
    },
    {
      id: "time-1-instants-not-compared",
      what: "frames at other instants are the same",
      from: "a.outStart[i] !== b.outStart[i] ||",
      to: "false ||",
    },
    {
      id: "time-1-fewer-frames",
      what: "a second run may emit more frames",
      from: "return a.outCount === b.outCount ? null : broken(",
      to: "return a.outCount <= b.outCount ? null : broken(",
    },
  ]),
  ...faultsIn("harness", "properties/laws/_faults.ts", [
    "properties/laws/nic_test.ts",
    "properties/laws/pool_test.ts",
  ], [
    {
      id: "ledger-nothing-looked-at",
      what: "a law about buffers is kept by a run without any",
      from: "  if (looked === 0) return notJudged(`no ${what}`);\n",
      to: "",
    },
    {
      id: "ledger-findings-cut",
      what: "findings that were not kept are forgotten",
      from: "return o.faultCount > o.faults.length",
      to: "return o.faultCount < o.faults.length",
    },
    {
      id: "ledger-first-kind-only",
      what: "only the first finding is looked at",
      from: "if (KINDS[fault.kind][0] === law) return describe(o, fault);",
      to: "return KINDS[fault.kind][0] === law ? describe(o, fault) : null;",
    },
  ]),
  ...faultsIn("harness", "properties/laws/_flow.ts", ["properties/laws/ord_test.ts"], [
    {
      id: "flow-ports-of-fragments",
      what: "the bytes of a later fragment are taken for ports",
      from: "+ IP + 6) & 0x3fff) !== 0;",
      to: "+ IP + 6) & 0x2000) !== 0;",
    },
    {
      id: "flow-without-ports",
      what: "flows are told apart by addresses only",
      from: "    ports(t, a) === ports(t, b);",
      to: "    true;",
    },
  ]),
  ...faultsIn("harness", "properties/run/property.ts", [
    "properties/run/check_test.ts",
    "properties/run/property_test.ts",
    "properties/conformance_test.ts",
    "properties/conformance_fails_test.ts",
  ], [
    {
      id: "harn-2-half-the-runs",
      what: "half of the scenarios are enough",
      from: "if (runs < wanted) {",
      to: "if (runs < wanted / 2) {",
    },
    {
      id: "harn-3-never-due",
      what: "no kind of scenario is due",
      from: "if (had >= floor || broken) continue;",
      to: "if (had >= 0) continue;",
    },
    {
      id: "harn-1-nothing-judged",
      what: "laws of which none was judged are kept",
      from: "} else if (tallies.slice(1).every((tally) => tally.judged === 0)) {",
      to: "} else if (tallies.length === 0) {",
    },
    {
      id: "harn-1-no-packet",
      what: "runs without a packet are enough",
      from: "if (packets === 0) {",
      to: "if (packets < 0) {",
    },
    {
      id: "property-seed-ignored",
      what: "the seed of the options is not used",
      from: "    seed,\n    endOnFailure: true,",
      to: "    endOnFailure: true,",
    },
    {
      id: "property-reruns-once",
      what: "laws that run the device again are judged in the first run only",
      from: "const isSample = runs % RERUN_EVERY === 0;",
      to: "const isSample = runs === 0;",
    },
  ]),
  ...faultsIn("harness", "properties/run/check.ts", [
    "properties/run/check_test.ts",
    "properties/run/property_test.ts",
    "properties/conformance_test.ts",
    "properties/conformance_fails_test.ts",
  ], [
    {
      id: "check-harness-not-ok",
      what: "a run that broke the rules of the harness is ok",
      from: "ok: !broken && outcome.harness.length === 0,",
      to: "ok: !broken,",
    },
    {
      id: "check-seed-fixed",
      what: "every run has the same seed",
      from: "const seed = options.seed ?? SEED;",
      to: "const seed = SEED;",
    },
    {
      id: "check-minimal-always",
      what: "a search that was ended counts as finished",
      from: "minimal: isMinimal && again,",
      to: "minimal: true,",
    },
    {
      id: "check-only-matches-none",
      what: "a choice that matches no law is taken",
      from: "if (chosen.length === 0) {",
      to: "if (chosen.length < 0) {",
    },
    {
      id: "check-replay-empty",
      what: "a replay without packets is judged",
      from: "if (one.traffic.count === 0) {",
      to: "if (one.traffic.count < 0) {",
    },
    {
      id: "check-not-shrunk",
      what: "a counterexample is not made smaller",
      from: "const least = fails(draw)\n",
      to: "const least = draw.packets.length === 0 && fails(draw)\n",
    },
  ]),
  ...faultsIn("harness", "properties/run/tally.ts", [
    "properties/run/check_test.ts",
    "properties/run/property_test.ts",
    "properties/run/judge_scenario_test.ts",
    "properties/conformance_test.ts",
  ], [
    {
      id: "tally-largest",
      what: "the largest of the failing scenarios is kept",
      from: "draw.packets.length < this.smallest.packets.length",
      to: "draw.packets.length > this.smallest.packets.length",
    },
    {
      id: "tally-first-is-last",
      what: "the first failing run is told as the last",
      from: "if (this.broken++ === 0) this.first = run;",
      to: "this.broken++;\n      this.first = run;",
    },
    {
      id: "tally-broken-not-judged",
      what: "a broken law does not count as judged",
      from: "return this.kept + this.broken;",
      to: "return this.kept;",
    },
  ]),
  ...faultsIn("harness", "properties/run/judge_scenario.ts", RUN, [
    {
      id: "judge-on-an-overwritten-run",
      what: "a law is judged on what a later run has overwritten",
      from: "    if (!this.#subject.hasSpare) this.#overwritten = true;\n",
      to: "",
    },
  ]),
  ...faultsIn("harness", "properties/run/subject.ts", [
    "properties/run/check_test.ts",
    "properties/run/property_test.ts",
    "properties/run/judge_scenario_test.ts",
    "properties/conformance_test.ts",
  ], [
    {
      id: "subject-trace-of-one-device",
      what: "repetition is judged where no second device can be built",
      from: '    if (this.#fresh === null) offers.delete("trace");\n',
      to: "",
    },
    {
      id: "subject-same-device-again",
      what: "a fresh run is one on the spare device",
      from: "const device = fresh ? this.#fresh() : this.#spare ??= this.#fresh();",
      to: "const device = this.#spare ??= this.#fresh();",
    },
  ]),
  ...faultsIn("harness", "properties/run/labels.ts", [
    "properties/run/check_test.ts",
    "properties/run/property_test.ts",
    "properties/conformance_test.ts",
  ], [
    {
      id: "labels-no-floor",
      what: "no label has a floor",
      from: "return due < 3 ? 0 : Math.floor(due);",
      to: "return 0;",
    },
    {
      id: "labels-floor-of-one",
      what: "a label is due that may well not be drawn",
      from: "return due < 3 ? 0 : Math.floor(due);",
      to: "return Math.ceil(3 * due);",
    },
  ]),
  ...faultsIn("harness", "properties/part.ts", PART, [
    {
      id: "part-vacuous",
      what: "a law that did nothing holds",
      from: 'if (detail === "" && kit.operations > 0) {',
      to: 'if (detail === "") {',
    },
    {
      id: "part-fewer-runs",
      what: "a law that was not tried as often as asked holds",
      from:
        'if (!details.failed && !details.interrupted && details.numRuns === numRuns) return "";',
      to: 'if (!details.failed) return "";',
    },
    {
      id: "part-floors-never-due",
      what: "no kind of scenario is due",
      from: "seen(label) < least)",
      to: "seen(label) < 0)",
    },
    {
      id: "part-seed-ignored",
      what: "the seed is not used",
      from: "{ numRuns, seed: kit.seed },",
      to: "{ numRuns },",
    },
    {
      id: "part-nothing-judged",
      what: "a subject of which no law was judged passes",
      from: "    if (judged === 0) throw new Error(`No law of",
      to: "    if (judged < 0) throw new Error(`No law of",
    },
    {
      id: "part-broken-is-said-only",
      what: "a broken law does not fail its test",
      from: 'if (verdict.outcome === "broken") throw withoutStack(new Error(verdict.message));',
      to: 'if (verdict.outcome === "broken") console.log(verdict.message);',
    },
  ]),
  ...faultsIn("harness", "properties/conformance.ts", [
    "properties/conformance_test.ts",
    "properties/conformance_fails_test.ts",
  ], [
    {
      id: "conformance-failure-swallowed",
      what: "a law that is broken is not told",
      from: 'failure: failure === "" ? null : failure,',
      to: "failure: null,",
    },
    {
      id: "conformance-not-judged-passes",
      what: "a law that was never judged looks as if it was kept",
      from: "ignore: law.judged === 0,",
      to: "ignore: false,",
    },
  ]),
  ...faultsIn("harness", "properties/ring/history.ts", ["properties/ring/history_test.ts"], [
    {
      id: "history-got-twice",
      what: "an item may be got twice",
      from: "if (item.dequeue) return `${id} was got twice",
      to: "if (item.dequeue === null) return `${id} was got twice",
    },
    {
      id: "history-lost",
      what: "an item may be lost",
      from: "if (!dequeue) return `${id} was lost",
      to: "if (dequeue === null) return `${id} was lost",
    },
    {
      id: "history-got-before",
      what: "an item may be got before it was put in",
      from: "if (call.endedAt < item.enqueue.startedAt) {",
      to: "if (call.endedAt < 0) {",
    },
    {
      id: "history-overtaken",
      what: "an item may overtake one that was put in long before",
      from: "if (last && last.dequeue!.startedAt > item.dequeue!.endedAt) {",
      to: "if (last && last.dequeue!.startedAt > item.dequeue!.endedAt + 1000) {",
    },
    {
      id: "history-bulk-part",
      what: "a bulk may move a part",
      from: "call.bulk && call.ids.length % call.asked > 0",
      to: "call.bulk && call.ids.length < 0",
    },
    {
      id: "history-short-get",
      what: "a get may come back with less though the queue was never empty",
      from: "if (over && over.to > call.endedAt) {",
      to: "if (over && over.to > call.endedAt + 1000) {",
    },
    {
      id: "history-short-put",
      what: "a put may be refused though there was room",
      from: "if (most < needed) {",
      to: "if (most < needed - 1) {",
    },
  ]),
  ...faultsIn("harness", "properties/mempool/laws.ts", ["properties/mempool/conformance_test.ts"], [
    {
      id: "mempool-given-twice",
      what: "a buffer that somebody holds may be given",
      from: "if (rig.held.indexOf(b) !== rig.held.lastIndexOf(b)) {",
      to: "if (rig.held.indexOf(b) < 0) {",
    },
    {
      id: "mempool-sum-too-small",
      what: "buffers may be missing",
      from: "if (sum !== rig.geometry.size) {",
      to: "if (sum > rig.geometry.size) {",
    },
    {
      id: "mempool-refusal-overlooked",
      what: "a pool may refuse what it could serve",
      from: "if (!got && n <= reach) rig.fail(",
      to: "if (!got && n < 0) rig.fail(",
    },
    {
      id: "mempool-cache-overfull",
      what: "a cache may be larger than its limit",
      from: "if (!(cached >= 0 && cached <= limit)) {",
      to: "if (!(cached >= 0)) {",
    },
    {
      id: "mempool-fault-uncounted",
      what: "a fault may go unnoticed",
      from: "if (rig.pool.faults !== expected) {",
      to: "if (rig.pool.faults! > expected) {",
    },
  ]),
  ...faultsIn("harness", "properties/fib/rig.ts", [
    "core/fib/lc_trie_test.ts",
    "core/fib/bspl_test.ts",
    "core/fib/state_jump_test.ts",
  ], [
    {
      id: "fib-rig-answers-not-compared",
      what: "answers of a table are not compared",
      from: "      if (got !== expected) {\n",
      to: "      if (got < -1) {\n",
    },
  ]),
  ...faultsIn("harness", "properties/fib/laws_operation.ts", ["core/fib/mtrie_test.ts"], [
    {
      id: "fib-size-not-compared",
      what: "the number of routes is not compared",
      from: "if (fib.size !== model.routes.length) {",
      to: "if (fib.size < 0) {",
    },
    {
      id: "fib-leak-not-noticed",
      what: "an emptied table may keep what it took",
      from: "if (rig.fib.bytesOccupied !== empty) {",
      to: "if (rig.fib.bytesOccupied < empty) {",
    },
    {
      id: "fib-uses-not-compared",
      what: "the number of units in use is not compared",
      from: "if (needs !== undefined && fib.uses() !== needs) {",
      to: "if (needs !== undefined && fib.uses() < 0) {",
    },
    {
      id: "fib-work-without-limit",
      what: "an update may touch any number of entries",
      from: "if (work > limit) rig.fail(",
      to: "if (work > 1e9) rig.fail(",
    },
  ]),
  ...faultsIn("harness", "properties/pcie/order.ts", ["properties/pcie/pcie_test.ts"], [
    {
      id: "pcie-order-table-ignored",
      what: "any TLP may overtake any",
      from: 'if (TABLE[later.cls]![earlier.cls] !== "n") return true;',
      to: "return true;",
    },
  ]),
  ...faultsIn("harness", "properties/pcie/credits.ts", ["properties/pcie/pcie_test.ts"], [
    {
      id: "pcie-credit-overrun-kept",
      what: "a sender may use more credits than it has",
      from: "if (used <= most) continue;",
      to: "if (used <= most + 4) continue;",
    },
  ]),
  ...faultsIn("harness", "properties/reference/router.ts", REFERENCE, [
    {
      id: "reference-ttl-0-kept",
      what: "the reference keeps a TTL of 0",
      from: "const newTtl = ttl === 0 ? 255 : ttl - 1;",
      to: "const newTtl = ttl === 0 ? 0 : ttl - 1;",
    },
    {
      id: "reference-sum-folds-wrong",
      what: "the reference folds a carry by 2^16",
      from: "if (sum > 0xffff) sum -= 0xffff;",
      to: "if (sum > 0xffff) sum -= 0x10000;",
    },
    {
      id: "reference-no-hairpin",
      what: "the reference never drops what goes back",
      from: 'return back && policy.hairpin === "drop" ? DEFECT.hairpin : 0;',
      to: "return 0;",
    },
    {
      id: "reference-runt-of-59",
      what: "the reference forwards a frame one byte too short",
      from: "if (length < FRAME_MIN) defects |=",
      to: "if (length < FRAME_MIN - 1) defects |=",
    },
    {
      id: "reference-oversize-by-one",
      what: "the reference forwards a frame one byte too long",
      from: "Math.max(FRAME_MAX, longest) : FRAME_MAX)",
      to: "Math.max(FRAME_MAX, longest) : FRAME_MAX + 1)",
    },
    {
      id: "reference-padding-refused",
      what: "the reference drops frames with padding",
      from: "totalLength > delivered\n  ) {",
      to: "totalLength !== delivered\n  ) {",
    },
    {
      id: "reference-adjusts-up",
      what: "the reference updates a checksum in the wrong direction",
      from: "(checksum - ttlChange * 256 + 2 * 65535) % 65535",
      to: "(checksum + ttlChange * 256 + 2 * 65535) % 65535",
    },
  ]),
  ...faultsIn("harness", "properties/reference/longest_match.ts", [
    "properties/reference/longest_match_test.ts",
  ], [
    {
      id: "reference-first-of-two",
      what: "of two routes for one prefix the first counts",
      from: "if (depth < bestDepth) continue;",
      to: "if (depth < bestDepth || best >= 0 && depth === bestDepth) continue;",
    },
    {
      id: "reference-shortest-left-out",
      what: "the default route is never found",
      from: "for (let depth = 32; depth >= shortest; depth--) {",
      to: "for (let depth = 32; depth > shortest; depth--) {",
    },
  ]),
  ...faultsIn("harness", "properties/replay/token.ts", ["properties/replay/token_test.ts"], [
    {
      id: "token-checksum-not-compared",
      what: "a damaged token is taken",
      from: "if (text.length !== length || crc32c(text, 0, length) !== view.getUint32(0, true)) {",
      to: "if (text.length !== length) {",
    },
    {
      id: "token-of-any-form",
      what: "a token of another version is taken",
      from: "if (!token.startsWith(FORM)) {",
      to: 'if (!token.startsWith("pc")) {',
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/minimise.ts", [
    "properties/arbitraries/minimise_test.ts",
    "properties/run/check_test.ts",
  ], [
    {
      id: "minimise-says-minimal",
      what: "a search that ran out of runs says that it is done",
      from: "minimal: false, runs };",
      to: "minimal: true, runs };",
    },
    {
      id: "minimise-takes-passing",
      what: "a simpler scenario is taken though it does not fail",
      from: "step = search.next(stillFails(step.value));",
      to: "step = search.next(stillFails(step.value) || step.value.packets.length > 3);",
    },
    {
      id: "minimise-stops-at-first",
      what: "the search ends after the first simpler scenario",
      from: "        continue search;\n",
      to: "        return { draw: current, minimal: true, runs };\n",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/simpler.ts", [
    "properties/arbitraries/minimise_test.ts",
    "properties/arbitraries/scenario_test.ts",
  ], [
    {
      id: "simpler-times-lost",
      what: "the time of packets that go is lost",
      from: "      carriedNs += packet.gapNs;\n",
      to: "",
    },
    {
      id: "simpler-fixed-ignored",
      what: "what the caller fixed is changed",
      from: "geometry: { ...free.geometry, ...fixed } };",
      to: "geometry: free.geometry };",
    },
    {
      id: "simpler-not-smaller",
      what: "a candidate may be as large as before",
      from: "if (isValid(candidate) && isLess(measureOf(candidate), measure)) yield candidate;",
      to: "if (isValid(candidate)) yield candidate;",
    },
  ]),
  ...faultsIn("harness", "properties/arbitraries/build.ts", [
    "properties/arbitraries/scenario_test.ts",
  ], [
    {
      id: "build-wire-never-busy",
      what: "frames overlap on a wire",
      from: "    wireFreeAt[packet.port] = now;\n",
      to: "",
    },
    {
      id: "build-one-wire",
      what: "frames on one port wait for those on another",
      from: "wireFreeAt[packet.port]! + wirePs(packet.size)",
      to: "Math.max(...wireFreeAt) + wirePs(packet.size)",
    },
  ]),
  ...faultsIn("harness", "properties/shrink/frames.ts", ["properties/shrink/scenario_test.ts"], [
    {
      id: "shrink-repairs-checksum",
      what: "a wrong checksum becomes right",
      from: "    if (!right) bytes[ETHERNET + 10]! ^= 1;\n",
      to: "",
    },
  ]),
  ...faultsIn("harness", "properties/shrink/scenario.ts", ["properties/shrink/scenario_test.ts"], [
    {
      id: "shrink-takes-passing",
      what: "a smaller scenario is taken though it does not fail",
      from: "    if (!this.#stillFails(candidate)) return false;\n",
      to: "    this.#stillFails(candidate);\n",
    },
    {
      id: "shrink-says-minimal",
      what: "a search that ran out of runs says that it is done",
      from:
        "if (this.runs === this.#maxRuns) return false;\n        if (this.#take(keeping(keep)))",
      to: "if (this.runs === this.#maxRuns) return true;\n        if (this.#take(keeping(keep)))",
    },
  ]),
];
