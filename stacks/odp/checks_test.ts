// Aim: each checker says what is wrong, in a sentence that names it, and nothing where nothing is. Method: facts
// written by hand, right ones and the same with one thing changed; whole instances whose books are falsified.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { scenarioOf, stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Env, Stack } from "../../core/stack.ts";
import { checkClassPools, checkLoops } from "./check_buffers.ts";
import { checkClasses, checkHashes } from "./check_cls.ts";
import { checkGroups, checkPriority, checkSpread } from "./check_fair.ts";
import { checkAtomic, checkLocks, checkTickets, type QueueList } from "./check_order.ts";
import { checkRates, checkShares, checkUrgency } from "./check_tm.ts";
import { checkConservation, checkWred } from "./check_wred.ts";
import { bed, wrong } from "./_rig_for_tests.ts";
import { odp } from "./mod.ts";
import type { Odp } from "./odp.ts";
import type { TmFact } from "./tm_log.ts";
import type { TmQueue } from "./tm_node.ts";
import type { TmOptions } from "./tm_options.ts";
import { FACT, type Fact } from "./witness.ts";

const QUEUES: QueueList = [
  { name: "atomic", sync: "atomic", prio: 3, group: 0 },
  { name: "ordered", sync: "ordered", prio: 3, group: 0 },
  { name: "urgent", sync: "parallel", prio: 7, group: 0 },
];

let ps = 0;
/** A fact, a nanosecond after the one before. */
function fact(kind: keyof typeof FACT, queue: number, thread: number, detail = 0): Fact {
  return { kind: FACT[kind], ps: ps += 1000, queue, thread, detail };
}

/** The sentence of a checker, which has to be one. */
function says(sentence: string | null | undefined, part: string): void {
  assert(typeof sentence === "string", `expected a sentence, got ${sentence}`);
  assertStringIncludes(sentence, part);
}

Deno.test("odp ODP-1 tells a queue held by two threads, and an event that overtakes", () => {
  const right = [fact("enqueued", 0, -1, 5), fact("enqueued", 0, -1, 6), fact("taken", 0, 1, 5)];
  const next = [fact("released", 0, 1), fact("taken", 0, 2, 6)];
  assertEquals(checkAtomic([...right, ...next], QUEUES), null);
  assertEquals(checkAtomic([fact("taken", 2, 1, 5)], QUEUES), undefined);
  says(checkAtomic([...right, next[1]!], QUEUES), "which thread 1 had held since");
  says(checkAtomic([...right.slice(0, 2), fact("taken", 0, 1, 6)], QUEUES), "expected event 5");
});

Deno.test("odp ODP-2 and ODP-5 tell what is put out before its turn, and a ticket that is lost", () => {
  const begin = [fact("ticket", 1, 1, 0), fact("ticket", 1, 2, 1)];
  const first = [fact("out", 1, 1, 0), fact("released", 1, 1, 0)];
  const second = [fact("out", 1, 2, 1), fact("released", 1, 2, 1)];
  assertEquals(checkTickets([...begin, ...first, ...second], QUEUES), {
    order: null,
    returned: null,
  });
  assertEquals(checkTickets([], QUEUES), { order: undefined, returned: undefined });
  says(checkTickets([...begin, ...second, ...first], QUEUES).order, "while ticket 0 was still out");
  says(
    checkTickets([...begin, ...first], QUEUES).returned,
    "ticket 1 of ordered queue ordered was never given back",
  );
});

Deno.test("odp ODP-4 tells two threads inside, and a ticket before its turn", () => {
  const lock = 2 ** 20;
  const right = [
    fact("locked", 1, 1, lock),
    fact("unlocked", 1, 1, lock),
    fact("locked", 1, 2, lock + 1),
  ];
  assertEquals(checkLocks(right, QUEUES), null);
  says(checkLocks([right[0]!, right[2]!], QUEUES), "while ticket 0 held it");
  says(
    checkLocks([right[2]!, fact("unlocked", 1, 2, lock + 1), fact("locked", 1, 1, lock)], QUEUES),
    "after ticket 1",
  );
  // who never takes it has it until his context is released
  const out = [fact("ticket", 1, 1, 0), fact("ticket", 1, 2, 1)];
  const released = fact("released", 1, 1, 0);
  assertEquals(checkLocks([...out, released, right[2]!], QUEUES), null);
  says(checkLocks([...out, right[2]!, released], QUEUES), "while ticket 0 was still out");
  assertEquals(checkLocks([...out, ...right, released], QUEUES), null);
});

Deno.test("odp ODP-7 tells a queue that was passed over by a less urgent one", () => {
  const ready = fact("ready", 2, -1);
  const taken = fact("taken", 0, 1, 5);
  assertEquals(checkPriority([ready, fact("taken", 2, 1, 7), taken], QUEUES), null);
  says(checkPriority([ready, taken], QUEUES), "while urgent of priority 7 had been ready since");
});

Deno.test("odp ODP-8 tells a spread that starves", () => {
  const queues = [QUEUES[0]!, QUEUES[0]!];
  const takes = (n: number): Fact[] => Array.from({ length: n }, (_, i) => fact("taken", 0, 1, i));
  const waits = fact("ready", 1, -1);
  assertEquals(checkSpread([waits, ...takes(4)], queues, 2, 3), null);
  assertEquals(
    checkSpread([waits, ...takes(4), fact("taken", 1, 1, 9), ...takes(4)], queues, 2, 3),
    null,
  );
  says(checkSpread([waits, ...takes(5)], queues, 2, 3), "thread 1 passed over spread 1");
});

Deno.test("odp ODP-9 tells a thread that is not, or no longer, in the group", () => {
  const facts = [fact("joined", -1, 1, 0), fact("taken", 0, 1, 5)];
  assertEquals(checkGroups(facts, QUEUES), null);
  says(
    checkGroups([...facts, fact("left", -1, 1, 0), fact("taken", 0, 1, 6)], QUEUES),
    "which is of group 0",
  );
});

Deno.test("odp ODP-10 and ODP-11 tell a wrong class, and a flow in two queues", () => {
  const { bytes } = scenarioOf([{ port: 0, at: 1e6, srcPort: 80 }]).traffic;
  const seen = { pktio: 0, cos: 1, queue: -1, length: 60, frame: bytes };
  const options = {
    cos: [{ name: "plain" }, { name: "web" }],
    pmr: [{ from: "plain", to: "web", terms: [{ term: "UDP_SPORT" as const, value: 80 }] }],
    defaultCos: "plain",
  };
  assertEquals(checkClasses([seen], options, -1), null);
  says(checkClasses([{ ...seen, cos: 0 }], options, -1), "got class plain, expected web");
  const broken = Uint8Array.from(bytes, (byte, i) => i === 24 ? byte ^ 1 : byte);
  says(
    checkClasses([{ ...seen, frame: broken }], { ...options, errorCos: "plain" }, -1),
    "expected plain",
  );
  const hashed = { ...seen, pktio: -1, queue: 3 };
  assertEquals(checkHashes([hashed, hashed]), null);
  says(checkHashes([hashed, { ...hashed, queue: 4 }]), "went to queues 3 and 4");
});

const shaper = { commitRate: 1e9, commitBurst: 8000 };
const TM: TmOptions = {
  queues: [{ name: "a", prio: 0, shaper }, { name: "b", prio: 1 }, {
    name: "c",
    prio: 1,
    weight: 3,
  }],
};
const sent = (queue: number, ps: number, bytes = 1000): TmFact => ({
  isSent: true,
  queue,
  ps,
  bytes,
});
const came = (queue: number, ps: number, bytes = 1000): TmFact => ({
  isSent: false,
  queue,
  ps,
  bytes,
});

Deno.test("odp ODP-15 and ODP-20 tell a node that sends more than its rate and burst", () => {
  // 8000 bits a packet, 8 us each: the burst is one, one more may go on what is left of it
  assertEquals(checkRates([sent(0, 0), sent(0, 1), sent(0, 8e6)], TM, false), null);
  const fast = [sent(0, 0), sent(0, 1), sent(0, 2e6)];
  says(checkRates(fast, TM, false), "a sent");
  says(checkRates([...fast, sent(0, 9e9), sent(0, 9e9), sent(0, 9e9)], TM, true), "a sent");
  // too much, but never after a time of rest
  assertEquals(checkRates([sent(1, 0)], TM, true), undefined);
});

Deno.test("odp ODP-16 tells shares that are not those of the weights", () => {
  const backlog = Array.from({ length: 20 }, (_, i) => [came(1, i), came(2, i)]).flat();
  const serve = (order: string): TmFact[] =>
    [...order].map((queue, i) => sent(Number(queue), 1000 + i));
  assertEquals(checkShares([...backlog, ...serve("222122212221")], TM), null);
  says(checkShares([...backlog, ...serve("121212121212")], TM), "b and c, both backlogged");
  // a child that has nothing gets nothing, and saves nothing up
  assertEquals(
    checkShares([came(1, 0), came(1, 1), came(1, 2), sent(1, 3), sent(1, 4), sent(1, 5)], TM),
    null,
  );
});

Deno.test("odp ODP-17 tells a child that is served before a more urgent one that may send", () => {
  const both = [came(0, 0), came(0, 0), came(0, 0), came(1, 0)];
  assertEquals(
    checkUrgency([...both, sent(0, 1), sent(0, 2), sent(1, 3)], TM),
    null,
    "a has no credit",
  );
  says(checkUrgency([...both, sent(1, 3)], TM), "root served b");
  says(checkUrgency([...both, sent(0, 1), sent(0, 2), sent(1, 1e9)], TM), "root served b");
});

Deno.test("odp ODP-18 and ODP-19 tell a packet that is missing, and drops that are not on the line", () => {
  const queue = { name: "q", offered: 10, discards: 2, refused: 1, packets: 5, pkts: 3 } as TmQueue;
  assertEquals(checkConservation([queue]), null);
  says(checkConservation([{ ...queue, pkts: 2 } as TmQueue]), "was handed 10 packets");
  const wred = { green: { minThreshold: 50, medThreshold: 75, medDropProb: 50, maxDropProb: 100 } };
  const options: TmOptions = { queues: [{ name: "q", maxPkts: 100, wred }] };
  const asked = (pkts: number, isDropped: boolean) => ({ queue: 0, colour: 0, pkts, isDropped });
  const half = Array.from({ length: 400 }, (_, i) => asked(75, i % 2 === 0));
  assertEquals(checkWred([asked(49, false), ...half], options), null);
  says(
    checkWred([asked(49, true)], options),
    "dropped a green packet with 49 of 100 in it, expected none",
  );
  says(
    checkWred(half.map((one) => ({ ...one, isDropped: false })), options),
    "WRED dropped 0 green packets",
  );
});

/** The stack with something done to its instance before it is asked how it went. */
function falsified(stack: Stack, change: (env: Env) => void): Stack {
  const make = (env: Env) => {
    const plane = stack(env);
    return { ...plane, name: plane.name, audit: () => (change(env), plane.audit!()) };
  };
  return Object.assign(make, { policy: stack.policy!, invariants: stack.invariants! });
}

Deno.test("odp ODP-12 and ODP-13 tell a buffer that lies nowhere, and a frame that no send took", () => {
  const scenario = scenarioOf(stream(40, 200_000));
  assertEquals(wrong(bed(odp()).run(scenario)), []);
  const leak = falsified(odp(), ({ pool }) => void pool.get(0));
  says(wrong(bed(leak).run(scenario))[0], "ODP-12: mempool has");
  const more = falsified(odp(), ({ hardware: { nics } }) => void nics[1]!.counters.txFrames++);
  says(
    wrong(bed(more).run(scenario))[0],
    "ODP-13: dpdk:1 took 40 packets in all sends, but its port sent 41",
  );
});

Deno.test("odp ODP-14 and ODP-22 tell a loop that loses or changes, and a class that loses without its pool being empty", () => {
  const loop = (loops: object) =>
    checkLoops({ loops, pktios: [], clsWitness: { decisions: [] }, loop: -1 } as unknown as Odp);
  const right = { sentCount: 2, receivedCount: 2, changed: [] };
  assertEquals(loop(right), null);
  assertEquals(loop({ ...right, sentCount: 0 }), undefined);
  says(loop({ ...right, receivedCount: 1 }), "2 packets went into the loop interface, 1 came out");
  says(loop({ ...right, changed: [7] }), "the packet in buffer 7 changed");
  const cos = (poolDiscards: number, refusals: number) =>
    checkClassPools({ cos: [{ name: "a", poolDiscards, pool: { refusals } }] } as unknown as Odp);
  assertEquals(cos(2, 2), null);
  says(cos(3, 2), "class a lost 3 packets for want of buffers, but its pool refused 2");
});
