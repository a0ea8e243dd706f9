// Aim: MBUF-1..5 hold after every operation on packets that are chained, shared, cut and copied in any
// order, and the ledger stays right. Method: a model of plain arrays beside the buffers, checked whole
// after each step, with floors on what the runs meet; then examples of what is wrong or refused.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FATE, Observation } from "../machine/observation.ts";
import { type Operation, Rig } from "./_mbuf_model_for_tests.ts";
import { checkReset } from "./_mbuf_packets_for_tests.ts";
import { Ledger } from "./ledger.ts";
import { mbufAdjust, mbufAppend, mbufLength, mbufRead, mbufTrim } from "./mbuf.ts";
import { mbufChain, mbufPrepend, mbufSegments } from "./mbuf.ts";
import { checkMbuf } from "./mbuf_check.ts";
import { mbufCopy, mbufLinearise } from "./mbuf_copy.ts";
import { ExternalBuffer, mbufAttachExternal } from "./mbuf_external.ts";
import {
  freeBulk,
  freeChain,
  freeSegment,
  mbufAttach,
  mbufClone,
  mbufDetach,
  mempoolsOf,
} from "./mbuf_share.ts";
import { mbufRetain, REFERENCES_MAX } from "./mbuf_share.ts";
import { FLAG, HEADROOM, Memory, POISON, STRIDE } from "./memory.ts";
import { Mempool } from "./mempool.ts";

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.nat(14),
  pick: fc.nat(20),
  other: fc.nat(20),
  n: fc.oneof(fc.nat(40), fc.constantFrom(0, 1, 127, 128, 129, 1919, 1920, 1921, 2048)),
});

Deno.test("mbuf MBUF-1..5: length, rooms, references, shape and limits, after every operation", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(operation, { minLength: 1, maxLength: 60, size: "max" }),
      (checked, operations) => {
        const rig = new Rig(checked, seen);
        for (const one of operations) {
          rig.step(one);
          rig.check();
        }
        // some runs end in the middle
        for (
          const { segments, holds } of operations.length % 3 === 0 ? [] : rig.packets.splice(0)
        ) {
          for (let i = 0; i < holds; i++) freeChain(rig.pool, 0, segments[0]!.buffer);
        }
        rig.check();
        checkReset(rig.memory);
      },
    ),
    { numRuns: 120, seed: 5 },
  );
  for (const verb of ["prepend", "append", "adjust", "trim", "chain", "clone", "copy"]) {
    for (const outcome of [true, false]) {
      const times = seen.get(`${verb} ${outcome}`) ?? 0;
      assert(times >= 10, `HARN-3: ${verb} was ${outcome} only ${times} times`);
    }
  }
  for (
    const label of [
      ...["linearise true", "linearise false", "detach true", "retain true"],
      ...["attach external true", "free bulk true"],
    ]
  ) {
    assert((seen.get(label) ?? 0) >= 10, `HARN-3: ${label} was seen only ${seen.get(label)} times`);
  }
});

function books(sizes: readonly number[] = [8]) {
  const observation = new Observation();
  observation.reset(2, "coarse");
  const place = observation.addPlace("lcore 0");
  const memory = new Memory(Math.max(16, sizes.reduce((sum, n) => sum + n)));
  const ledger = new Ledger(memory, observation, () => 3);
  memory.ledger = ledger;
  const pools = sizes.map((n, i) =>
    new Mempool(memory, memory.region(`pool ${i}`, 0, n), [place], 0)
  );
  return { observation, memory, ledger, pools, pool: pools[0]! };
}

Deno.test("mbufRead reads any range across segments, and nothing beyond the end", () => {
  const { memory, pool } = books();
  const [a, b, c] = [pool.get(0), pool.get(0), pool.get(0)];
  memory.bytes.set([0, 1, 2], mbufAppend(memory, a, 3));
  memory.bytes.set([3, 4, 5, 6], mbufAppend(memory, c, 4));
  assertEquals([mbufChain(memory, a, b), mbufChain(memory, a, c)], [true, true]);
  for (let from = 0; from <= 8; from++) {
    for (let n = 0; n <= 8; n++) {
      const out = new Uint8Array(10).fill(99);
      const fits = from + n <= 7;
      assertEquals(mbufRead(memory, a, from, n, out, 1), fits);
      const want = Array.from({ length: n }, (_, i) => from + i);
      assertEquals([...out], [99, ...(fits ? want : []), ...Array(fits ? 9 - n : 9).fill(99)]);
    }
  }
  assertEquals(mbufRead(memory, a, -1, 1, new Uint8Array(1), 0), false);
});

Deno.test("mbuf operations refuse negative sizes", () => {
  const { memory, pool } = books();
  const b = pool.get(0);
  mbufAppend(memory, b, 4);
  assertEquals(
    [mbufPrepend(memory, b, -1), mbufAppend(memory, b, -1), mbufAdjust(memory, b, -1)],
    [-1, -1, -1],
  );
  assertEquals([mbufTrim(memory, b, -1), mbufRetain(memory, b, -1)], [false, false]);
  assertEquals([mbufCopy(pool, 0, b, -1, 1), mbufCopy(pool, 0, b, 0, -1)], [-1, -1]);
  assertEquals(mbufLength(memory, b), 4);
});

Deno.test("mbuf references end at 65535", () => {
  const { memory, pool } = books();
  const [a, b] = [pool.get(0), pool.get(0)];
  assertEquals(mbufRetain(memory, a, REFERENCES_MAX - 1), true);
  assertEquals([mbufRetain(memory, a, 1), mbufAttach(memory, b, a)], [false, false]);
  assertEquals([mbufClone(pool, 0, a), pool.free], [-1, 6]);
});

Deno.test("mbufClone takes nothing when the pool has a buffer too few", () => {
  const { memory, pool } = books();
  const [a, b] = [pool.get(0), pool.get(0)];
  mbufAppend(memory, a, 4);
  mbufAppend(memory, b, 4);
  memory.next[a] = b;
  while (pool.free > 1) pool.get(0);
  assertEquals([mbufClone(pool, 0, a), pool.free], [-1, 1]);
  assertEquals([memory.references[a], memory.references[b]], [1, 1]);
});

Deno.test("freeChain returns the segments of several pools each to its own", () => {
  const { memory, observation, pools } = books([2, 3, 4]);
  const home = mempoolsOf(pools);
  const heads = pools.map((pool) => pool.get(0));
  mbufAppend(memory, heads[0]!, 5);
  const shows = pools[2]!.get(0);
  mbufAttach(memory, shows, heads[0]!);
  mbufChain(memory, heads[1]!, heads[2]!);
  mbufChain(memory, heads[1]!, shows);
  freeChain(home, 0, heads[0]!);
  assertEquals(pools.map((pool) => pool.free), [1, 2, 2]);
  freeChain(home, 0, heads[1]!);
  assertEquals(pools.map((pool) => pool.free), [2, 3, 4]);
  assertEquals(observation.faults, []);
  assertThrows(() => mempoolsOf([]), RangeError, "Cannot join mempools: there are none");
  assertThrows(() => mempoolsOf([pools[0]!, books().pool]), RangeError, "are of two memories");
});

Deno.test("freeBulk gives chains over several pools back in bulks of one pool each", () => {
  const { memory, observation, pools } = books([80, 70]);
  const home = mempoolsOf(pools);
  const heads = new Int32Array(72).fill(-1);
  // 70 packets: a segment of the first pool before one of the second in each, then a lone one.
  for (let i = 0; i < 70; i++) {
    heads[i + 1] = pools[0]!.get(0);
    mbufChain(memory, heads[i + 1]!, pools[1]!.get(0));
  }
  heads[0] = pools[0]!.get(0);
  const before = pools.map((pool) => pool.commonOps);
  freeBulk(home, 0, heads, 0, 72);
  assertEquals(pools.map((pool) => pool.free), [80, 70]);
  assertEquals(observation.faults, []);
  // Pools that alternate cannot be joined; only the first two buffers are neighbours of one pool.
  assertEquals(pools.map((pool, i) => pool.commonOps - before[i]!), [70, 70]);
  const one = new Int32Array(80);
  pools[0]!.getBulk(0, one, 0, 80);
  const taken = pools[0]!.commonOps;
  freeBulk(home, 0, one, 0, 80);
  assertEquals([pools[0]!.commonOps - taken, pools[0]!.free], [2, 80]);
  freeBulk(home, 0, one, 3, 0);
  assertEquals(pools[0]!.commonOps - taken, 2);
});

Deno.test("freeSegment gives one segment back, unlinked and as new, and leaves the others", () => {
  const { memory, observation, pool } = books([3]);
  const [a, b, c] = [pool.get(0), pool.get(0), pool.get(0)];
  for (const one of [a, b, c]) mbufAppend(memory, one, 10);
  mbufChain(memory, a, b);
  mbufChain(memory, a, c);
  // Whoever frees a segment of its own has taken it out of the chain.
  memory.next[a] = c;
  freeSegment(pool, 0, b);
  assertEquals([mbufLength(memory, a), mbufSegments(memory, a), pool.free], [20, 2, 1]);
  const raw = pool.getRaw(0);
  assertEquals([raw, memory.next[raw], memory.references[raw]], [b, -1, 1]);
  freeChain(pool, 0, a);
  // A pool hands out segments whose words say nothing of the chain that they were in.
  for (let i = 0; i < 2; i++) {
    const one = pool.getRaw(0);
    assertEquals([memory.next[one], memory.references[one], memory.owner[one]], [-1, 1, one]);
  }
  assertEquals([pool.getRaw(0), observation.faults], [-1, []]);
});

Deno.test("ExternalBuffer lies behind the buffers of the arena", () => {
  const memory = new Memory(2, new ArrayBuffer(2 * STRIDE + 100));
  const free = () => {};
  for (const [at, n] of [[2 * STRIDE - 1, 1], [2 * STRIDE, 101], [2 * STRIDE, 0], [NaN, 1]]) {
    assertThrows(
      () => new ExternalBuffer(memory, at!, n!, free),
      RangeError,
      `Cannot use ${n} bytes at ${at} as external: behind the buffers of the arena lie 4096..4195`,
    );
  }
  assertThrows(() => new ExternalBuffer(new Memory(1), 2048, 1, free), RangeError, "lie none");
  assertEquals(new ExternalBuffer(memory, 4096, 100, free).end, 4196);
});

Deno.test("mbufAttachExternal is refused where bytes would be lost, and ends at 65535", () => {
  const memory = new Memory(8, new ArrayBuffer(8 * STRIDE + 100));
  const pool = new Mempool(memory, memory.region("pool", 0, 8), [-1], 0);
  const [a, b, c, d] = [pool.get(0), pool.get(0), pool.get(0), pool.get(0)];
  const told: number[] = [];
  const external = new ExternalBuffer(memory, 8 * STRIDE, 100, ({ at }) => told.push(at));
  mbufChain(memory, a, b);
  mbufRetain(memory, c, 1);
  mbufAttach(memory, d, c);
  for (const one of [a, c, d]) assertEquals(mbufAttachExternal(memory, one, external), false);
  external.references = 65535;
  assertEquals(mbufAttachExternal(memory, b, external), false);
  external.references = 0;
  assertEquals(mbufAttachExternal(memory, b, external), true);
  memory.bytes.set([1, 2, 3], mbufAppend(memory, b, 3));
  assertEquals([mbufPrepend(memory, b, 1), mbufAppend(memory, b, 98)], [-1, -1]);
  // What others see cannot be grown, and a chain behind it not be gathered in it.
  const clone = mbufClone(pool, 0, b);
  assertEquals([external.references, mbufAppend(memory, b, 1)], [2, -1]);
  const read = new Uint8Array(3);
  assertEquals([mbufRead(memory, clone, 0, 3, read, 0), ...read], [true, 1, 2, 3]);
  const empty = pool.get(0);
  mbufChain(memory, clone, empty);
  assertEquals([mbufLinearise(pool, 0, clone), mbufSegments(memory, clone)], [false, 2]);
  memory.next[clone] = -1;
  freeChain(pool, 0, empty);
  assertEquals([mbufDetach(pool, 0, clone), mbufLength(memory, clone), told], [true, 0, []]);
  memory.bytes[mbufAppend(memory, clone, 1)] = 4;
  mbufChain(memory, b, clone);
  assertEquals([mbufLinearise(pool, 0, b), memory.bytes[8 * STRIDE + 3]], [true, 4]);
  freeSegment(pool, 0, b);
  assertEquals([told, external.references, pool.free], [[8 * STRIDE], 0, 4 + 1]);
});

Deno.test("mbuf external bytes carry a packet like a buffer's own, and a reset forgets them", () => {
  const memory = new Memory(4, new ArrayBuffer(4 * STRIDE + 100));
  const observation = new Observation();
  observation.reset(1, "coarse");
  const place = observation.addPlace("lcore 0");
  const ledger = new Ledger(memory, observation, () => 3);
  memory.ledger = ledger;
  const pool = new Mempool(memory, memory.region("pool", 0, 4), [place], 0);
  let told = 0;
  const external = new ExternalBuffer(memory, 4 * STRIDE, 100, () => told++);
  const [a, b] = [pool.get(0), pool.get(0)];
  mbufAppend(memory, a, 60);
  ledger.enter(0, a, place);
  mbufAttachExternal(memory, b, external);
  memory.copy(a, b);
  const clone = mbufClone(pool, 0, b);
  assertEquals([observation.carrier[0], ledger.packet[clone]], [b, 0]);
  freeChain(pool, 0, clone);
  assertEquals(observation.fate[0], FATE.none);
  memory.bytes[4 * STRIDE] = 9;
  freeChain(pool, 0, b);
  // The bytes are those of who lent them: not poisoned.
  assertEquals([observation.fate[0], told, memory.bytes[4 * STRIDE]], [FATE.freed, 1, 9]);
  const c = pool.get(0);
  memory.fill(c, new Uint8Array(40).fill(7), 0, 40);
  mbufAttachExternal(memory, c, external);
  assertEquals([mbufLength(memory, c), memory.offset[c]], [0, 4 * STRIDE]);
  ledger.reset();
  memory.reset();
  assertEquals([external.references, memory.external.size, told], [0, 0, 1]);
  assertEquals([...memory.owner], [0, 1, 2, 3]);
  assertEquals(memory.bytes.findIndex((byte) => byte !== 0), 4 * STRIDE);
});

Deno.test("freeChain twice is named by the ledger, and ends on a chain that closes on itself", () => {
  const { memory, observation, pool } = books();
  const [a, b] = [pool.get(0), pool.get(0)];
  memory.next[a] = b;
  memory.next[b] = a;
  freeChain(pool, 0, a);
  assertEquals(observation.faults.map((f) => [f.kind, f.buffer]), [["double-free", a]]);
  assertEquals(pool.free, 8);
});

Deno.test("mbufAttach shares the identity of the packet; its carrier decides its fate", () => {
  const { ledger, memory, observation, pool } = books();
  const b = pool.get(0);
  mbufAppend(memory, b, 60);
  ledger.enter(0, b, 0);
  [memory.port[b], memory.hash[b], memory.flags[b]] = [3, 0xfeedbeef, FLAG.ipv4];
  const clone = mbufClone(pool, 0, b);
  assertEquals([ledger.packet[clone], observation.carrier[0]], [0, b]);
  const identity = [memory.port[clone], memory.hash[clone], memory.flags[clone]];
  assertEquals(identity, [3, 0xfeedbeef, FLAG.ipv4], "what the device found out goes with it");
  freeChain(pool, 0, b);
  assertEquals([observation.fate[0], memory.bytes[memory.offset[clone]!]], [FATE.none, 0]);
  const second = mbufClone(pool, 0, clone);
  assertEquals([mbufDetach(pool, 0, second), ledger.packet[second]], [true, -1]);
  freeChain(pool, 0, second);
  freeChain(pool, 0, clone);
  assertEquals([observation.fate[0], observation.faults], [FATE.freed, []]);
  assertEquals(memory.bytes[b * STRIDE + HEADROOM], POISON);
});

Deno.test("mbufCopy of all bytes carries the packet on, of a part does not", () => {
  const { ledger, memory, observation, pool } = books();
  const b = pool.get(0);
  mbufAppend(memory, b, 60);
  memory.port[b] = 3;
  ledger.enter(0, b, 0);
  const part = mbufCopy(pool, 0, b, 1, 59);
  assertEquals([ledger.packet[part], observation.carrier[0]], [-1, b]);
  const whole = mbufCopy(pool, 0, b, 0, 1000);
  assertEquals([ledger.packet[whole], observation.carrier[0]], [0, whole]);
  assertEquals([memory.copiedBytes, memory.port[whole], memory.port[part]], [119, 3, 3]);
});

Deno.test("mbufCopy leaves nothing taken when the pool ends in the middle", () => {
  const { memory, pool } = books([5]);
  const [a, b] = [pool.get(0), pool.get(0)];
  mbufAppend(memory, a, 1920);
  mbufPrepend(memory, a, 128);
  mbufAppend(memory, b, 1920);
  mbufChain(memory, a, b);
  const c = pool.get(0);
  assertEquals([mbufCopy(pool, 0, a, 0, 3968), pool.free], [-1, 2]);
  freeChain(pool, 0, c);
  const copy = mbufCopy(pool, 0, a, 0, 3968);
  assertEquals([mbufSegments(memory, copy), mbufLength(memory, copy)], [3, 3968]);
});

Deno.test("Mempool put of an indirect buffer poisons no byte of its owner", () => {
  const { memory, pool } = books();
  const [a, b] = [pool.get(0), pool.get(0)];
  memory.bytes.set([7, 8], mbufAppend(memory, a, 2));
  mbufAttach(memory, b, a);
  pool.put(0, b);
  assertEquals([...memory.bytes.subarray(memory.offset[a]!, memory.offset[a]! + 2)], [7, 8]);
  freeSegment(pool, 0, a);
});

Deno.test("Memory reset wipes what trimmed, adjusted and moved frames left behind", () => {
  const { memory, pool, ledger } = books();
  const b = pool.get(0);
  memory.bytes.fill(0xaa, mbufAppend(memory, b, 1000), b * STRIDE + HEADROOM + 1000);
  mbufTrim(memory, b, 1000);
  const c = pool.get(0);
  mbufAppend(memory, c, 500);
  mbufAdjust(memory, c, 500);
  memory.bytes.fill(0xaa, mbufAppend(memory, c, 1300), (c + 1) * STRIDE - 120);
  mbufAdjust(memory, c, 1300);
  const d = pool.get(0);
  memory.bytes.fill(0xaa, mbufAppend(memory, d, 700), d * STRIDE + HEADROOM + 700);
  mbufAttach(memory, d, c);
  const e = pool.get(0);
  mbufAppend(memory, e, 600);
  mbufAdjust(memory, e, 600);
  memory.bytes.fill(0xaa, mbufAppend(memory, e, 1200), (e + 1) * STRIDE - 120);
  memory.refresh(e);
  mbufRetain(memory, b, 1);
  ledger.reset();
  memory.reset();
  assertEquals(memory.bytes.findIndex((byte) => byte !== 0), -1);
  assertEquals([memory.references[b], memory.owner[d]], [1, d]);
});

Deno.test("checkMbuf says what is wrong with a broken buffer", () => {
  const { memory, pool } = books();
  const [a, b, c] = [pool.get(0), pool.get(0), pool.get(0)];
  const broken = (field: Int32Array, at: number, value: number) => {
    const old = field[at]!;
    field[at] = value;
    const reason = checkMbuf(memory, a);
    field[at] = old;
    return reason;
  };
  memory.next[a] = b;
  assertEquals(checkMbuf(memory, a), "");
  assertEquals(checkMbuf(memory, 7), "buffer 7: is free");
  assertEquals(checkMbuf(memory, 12), "buffer 12: is in no region, 8 buffers are");
  assertEquals(checkMbuf(memory, -1), "buffer -1: is none");
  assertEquals(
    broken(memory.next, b, a),
    "buffer 0: its segments close on themselves, or are more than 65535",
  );
  assertEquals(
    broken(memory.next, b, 99),
    "buffer 99: is in no region, 8 buffers are (segment 3 of buffer 0)",
  );
  assertEquals(broken(memory.next, b, -7).slice(0, 30), "buffer -7: is in no region, 8 ");
  assertEquals(broken(memory.references, a, 0), "buffer 0: has 0 references, expected 1..65535");
  assertEquals(
    broken(memory.offset, b, 5),
    "buffer 1: 0 bytes from -2043 on do not lie in the 2048 of buffer 1 (segment 2 of buffer 0)",
  );
  assertEquals(
    broken(memory.length, a, -1),
    "buffer 0: -1 bytes from 128 on do not lie in the 2048 of buffer 0",
  );
  // the whole of its bytes, and one more
  assertEquals(broken(memory.length, a, STRIDE - HEADROOM), "");
  assertEquals(
    broken(memory.length, a, STRIDE - HEADROOM + 1),
    `buffer 0: ${
      STRIDE - HEADROOM + 1
    } bytes from ${HEADROOM} on do not lie in the 2048 of buffer 0`,
  );
  assertEquals(broken(memory.owner, a, 40).slice(-23), "40, which is in no region".slice(-23));
  assertEquals(
    broken(memory.owner, a, 6),
    "buffer 0: shows the bytes of buffer 6, which is free",
  );
  assertEquals(
    broken(memory.owner, a, -1),
    "buffer 0: shows external bytes that nobody attached",
  );
  mbufAttach(memory, c, b);
  assertEquals(
    broken(memory.owner, a, c),
    "buffer 0: shows the bytes of buffer 2, which shows those of buffer 1 itself",
  );
});

Deno.test("checkMbuf says what is wrong with a buffer that shows external bytes", () => {
  const memory = new Memory(1, new ArrayBuffer(STRIDE + 100));
  memory.region("pool", 0, 1);
  const external = new ExternalBuffer(memory, STRIDE + 10, 50, () => {});
  mbufAttachExternal(memory, 0, external);
  mbufAppend(memory, 0, 50);
  assertEquals(checkMbuf(memory, 0), "");
  memory.length[0] = 51;
  const wrong = "buffer 0: 51 bytes at 2058 do not lie in the external ones 2058..2107";
  assertEquals(checkMbuf(memory, 0), wrong);
  memory.length[0] = 1;
  memory.offset[0] = STRIDE + 9;
  assertEquals(checkMbuf(memory, 0), wrong.replace("51 bytes at 2058", "1 bytes at 2057"));
  external.references = 0;
  assertEquals(checkMbuf(memory, 0), "buffer 0: shows external bytes with 0 references");
});

Deno.test("mbuf walks refuse chains that close on themselves", () => {
  const { memory, pool } = books();
  const b = pool.get(0);
  memory.next[b] = b;
  for (const walk of [mbufLength, mbufAppend, mbufTrim]) {
    assertThrows(() => walk(memory, b, 1), RangeError, "Cannot walk the segments of buffer 0");
  }
});
