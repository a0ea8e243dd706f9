import type { RingKit, RingLaw } from "./law.ts";
import { list, type RingOutcome, type RingRig } from "./rig.ts";
import type { RingScenario, RingStepKind } from "./scenario.ts";

/** The laws of rings that one thread can judge, in the order of their numbers. */
export const ringLaws: readonly RingLaw[] = [
  {
    id: "RING-1",
    statement: "items come out in the order in which they went in, each as it went in",
    clause: "contract of BurstRing; DPDK ring tests: data equal after each drain",
    judged: "zero",
    check: checkOrder,
  },
  {
    id: "RING-2",
    statement: "count and free make the size after every operation; nothing is lost or there twice",
    clause: "contract of BurstRing.count and free; DPDK ring tests: free, count, full, empty",
    judged: "zero",
    check: checkCounts,
  },
  {
    id: "RING-3",
    statement: "a burst moves what it can, a bulk all or nothing, and says what it did",
    clause: "contract of BurstRing; rte_ring.h, RTE_RING_QUEUE_FIXED and _VARIABLE",
    judged: "zero",
    check: checkEffects,
  },
  {
    id: "RING-4",
    statement: "0, 1, size - 1, size and size + 1 items are served at every fill, at any size",
    clause: "DPDK ring tests: edges, maximal bulk, exact size (RING_F_EXACT_SZ)",
    judged: "once",
    check: checkEdges,
  },
  {
    id: "RING-5",
    statement: "all that holds where the indices pass 2^31 and 2^32",
    clause: "contract of RingGeometry.startIndex; DPDK ring tests: start shift",
    judged: "wrap",
    check: checkWrap,
  },
  {
    id: "RING-9",
    statement: "what is peeked or reserved changes nothing but by what is released or committed",
    clause: "contract of BurstRing.peekBurst and reserve; DPDK ring tests: peek, zero-copy",
    needs: ["peek", "reserve"],
    judged: "wrap",
    check: checkParts,
  },
  {
    id: "RING-10",
    statement: "a full ring tells the producer, and takes as much again as was taken out",
    clause: "contract of BurstRing.enqueueBurst; DPDK programmer's guide, ring library",
    judged: "zero",
    check: checkPressure,
  },
  {
    id: "RING-11",
    statement: "every 32-bit integer is a word of an item, but -1 for the single dequeue",
    clause: "contract of BurstRing; DPDK ring tests: element sizes, arrays at any alignment",
    judged: "once",
    check: checkBits,
  },
  {
    id: "RING-12",
    statement: "rings share nothing, and one that was reset is as a new one",
    clause: "contract of BurstRing.reset; DPDK ring tests: creation, freeing, reset",
    needs: ["reset"],
    judged: "wrap",
    check: checkLife,
  },
];

/** Does the steps of a scenario; `judge` says what is wrong with each. */
function runSteps(
  kit: RingKit,
  rig: RingRig,
  scenario: RingScenario,
  judge: (outcome: RingOutcome) => string,
): void {
  for (const step of scenario.steps) {
    const outcome = rig.step(scenario, step);
    kit.operations++;
    const wrong = judge(outcome);
    if (wrong) rig.fail(wrong);
  }
}

function checkOrder(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  runSteps(
    kit,
    rig,
    scenario,
    ({ items, expectedItems }) =>
      items.join() === expectedItems.join()
        ? ""
        : `expected items ${list(expectedItems)}, got ${list(items)}`,
  );
  rig.drain();
}

function checkCounts(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  const wrong = rig.wrongCount();
  if (wrong) rig.fail(wrong);
  runSteps(kit, rig, scenario, () => rig.wrongCount());
  rig.drain();
}

function checkEffects(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  const seen = new Set<string>();
  let total = 0;
  runSteps(kit, rig, scenario, ({ asked, expected, moved, stray }) => {
    if (expected < asked) seen.add(expected > 0 ? "partial" : "refused");
    if (rig.room === 0) seen.add("full");
    total += expected;
    if (total > 2 * scenario.geometry.size) seen.add("around");
    if (stray) return "expected nothing written but the items moved, the caller's array was";
    return moved === expected ? "" : `expected ${expected} items moved, got ${moved}`;
  });
  rig.drain();
  for (const label of seen) kit.label(label);
}

const BURSTS = ["enqueueBurst", "enqueueBulk", "dequeueBurst", "dequeueBulk"] as const;

function checkEdges(kit: RingKit): void {
  for (const size of kit.sizes()) {
    for (const fill of new Set([0, size >> 1, size - 1, size])) {
      for (const kind of BURSTS) {
        for (const n of [0, 1, size - 1, size, size + 1]) checkEdge(kit, size, fill, kind, n);
      }
    }
  }
}

function checkEdge(kit: RingKit, size: number, fill: number, kind: RingStepKind, n: number): void {
  const rig = kit.open({ size, exactSize: kit.exactSizes, startIndex: 0 });
  const steps = [() => rig.run("enqueueBurst", fill), () => rig.run(kind, n)];
  for (const step of steps) {
    const wrong = rig.wrongWith(step());
    kit.operations++;
    if (wrong) rig.fail(wrong);
  }
  rig.drain();
}

function checkWrap(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  let total = 0;
  runSteps(kit, rig, scenario, (outcome) => {
    total += outcome.expected;
    return rig.wrongWith(outcome);
  });
  rig.drain();
  const passed = (scenario.geometry.startIndex % 2 ** 31) + total >= 2 ** 31;
  if (passed) kit.label("past the wrap");
}

function checkParts(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  const parts = (["peek", "reserve"] as const).filter((part) => kit.has(rig.ring, part));
  const bulk = (["peekBulk", "reserveBulk"] as const).filter((kind) =>
    rig.ring[kind] !== undefined && kit.has(rig.ring, kind === "peekBulk" ? "peek" : "reserve")
  );
  const kinds = [...scenario.kinds, ...parts, ...parts, ...bulk];
  runSteps(kit, rig, { ...scenario, kinds }, (outcome) => {
    if (outcome.stray) return "expected nothing written but the items peeked";
    return rig.wrongWith(outcome);
  });
  rig.drain();
}

function checkPressure(kit: RingKit, scenario: RingScenario): void {
  const rig = kit.open(scenario.geometry);
  const judge = (outcome: RingOutcome): void => {
    kit.operations++;
    const wrong = rig.wrongWith(outcome);
    if (wrong) rig.fail(wrong);
  };
  const { size } = scenario.geometry;
  for (const { by, quarters } of scenario.steps) {
    judge(rig.run("enqueueBurst", size + 1));
    judge(rig.run("enqueue", 1));
    judge(rig.run("enqueueBulk", 1));
    judge(rig.run("dequeueBurst", (size * quarters) >> 2));
    // One more than fits is refused as a whole, as much as fits is taken.
    judge(rig.run("enqueueBulk", rig.room + 1));
    judge(rig.run("enqueueBulk", Math.max(0, rig.room - Math.max(0, by))));
  }
  rig.drain();
}

function checkBits(kit: RingKit): void {
  const bits = Array.from({ length: 32 }, (_, i) => 1 << i);
  const items = [0, -1, ...bits, ...bits.map((bit) => ~bit), 0x01020304, 0x04030201];
  for (const kind of ["enqueueBurst", "enqueueBulk"] as const) {
    const rig = kit.open({ size: 4, exactSize: kit.exactSizes, startIndex: 0 });
    for (let at = 0; at < items.length; at += 3) {
      // Each integer is once each word of an element, beside words of other elements.
      for (let turn = 0; turn < rig.words; turn++) {
        const three = items.slice(at, at + 3);
        rig.enqueue(kind, three.flatMap((item) => elementOf(item, turn, rig.words)));
        rig.drain();
        kit.operations++;
      }
    }
  }
  const rig = kit.open({ size: 4, exactSize: kit.exactSizes, startIndex: 0 });
  const { ring } = rig;
  if (rig.words > 1 || ring.enqueue === undefined || ring.dequeue === undefined) return;
  for (const item of items.filter((one) => one !== -1)) {
    rig.log.push(`enqueue ${list([item])}, dequeue`);
    const got = ring.enqueue(item) ? [ring.dequeue()] : [];
    kit.operations++;
    if (got[0] !== item) rig.fail(`expected items ${list([item])}, got ${list(got)}`);
  }
}

/** An element of `words` words with `item` as word `turn`. */
function elementOf(item: number, turn: number, words: number): number[] {
  return Array.from(
    { length: words },
    (_, i) => i === turn ? item : Math.imul(item ^ i, 0x85ebca6b),
  );
}

function checkLife(kit: RingKit, scenario: RingScenario): void {
  const other = kit.open(scenario.geometry);
  const wrongFill = other.wrongWith(other.run("enqueueBurst", scenario.geometry.size));
  if (wrongFill) other.fail(wrongFill);
  const rig = kit.open(scenario.geometry);
  runSteps(kit, rig, scenario, (outcome) => rig.wrongWith(outcome));
  // An open peek or reservation goes with the contents.
  const [peek, reserve] = [kit.has(rig.ring, "peek"), kit.has(rig.ring, "reserve")];
  if (peek) rig.ring.peekBurst!(new Int32Array(rig.words), 1);
  if (reserve) rig.ring.reserve!(1);
  rig.log.push(...(peek ? ["peekBurst 1"] : []), ...(reserve ? ["reserve 1"] : []));
  rig.reset(scenario.geometry.startIndex);
  const wrong = rig.wrongCount();
  if (wrong) rig.fail(wrong);
  runSteps(kit, rig, scenario, (outcome) => rig.wrongWith(outcome));
  rig.drain();
  other.log.push("(another ring was used)");
  other.drain();
}
