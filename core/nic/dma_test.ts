// Aim: the DMA engine takes exactly its published times, serves in order, keeps at most its number of reads
// under way, and waits for a fabric without room without losing anything. Method: a fabric made by hand that
// records each operation, refuses as told and answers reads in any order; sums as the model.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import type { CreditAccount, Fabric, LinkAccount } from "../pcie/fabric.ts";
import { Clock } from "../time/clock.ts";
import { DmaEngine } from "./dma.ts";

const FAR = { horizonPs: 1e15, events: 1e6 };
const LATENCY = 300_000;

interface Issued {
  readonly at: number;
  readonly bytes: number;
  readonly dst: number;
}

/** Lands writes after a constant; answers reads when told; refuses while `refusing` says so. */
class HandFabric implements Fabric {
  readonly fidelity = "coarse" as const;
  readonly writes: Issued[] = [];
  readonly reads: Issued[] = [];
  /** Where in host memory each write goes, and each read. */
  readonly addresses = { write: [] as number[], read: [] as number[] };
  readonly open: { handler: number; arg: number }[] = [];
  mostOpen = 0;
  refusals = 0;
  refusing: (now: number) => number = () => 0;
  readonly #clock: Clock;
  #handler = -1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  write(...[_src, dst, bytes, handler, arg, address]: Parameters<Fabric["write"]>): void {
    this.#issue(this.writes, dst, bytes);
    this.addresses.write.push(address!);
    this.#clock.at(this.#clock.now + LATENCY, handler, arg);
  }

  read(...[_src, dst, bytes, handler, arg, address]: Parameters<Fabric["read"]>): void {
    this.#issue(this.reads, dst, bytes);
    this.addresses.read.push(address!);
    this.open.push({ handler, arg });
    this.mostOpen = Math.max(this.mostOpen, this.open.length);
  }

  /** Answers the i-th of the reads under way. */
  answer(i: number): void {
    const [{ handler, arg }] = this.open.splice(i, 1) as [{ handler: number; arg: number }];
    this.#clock.dispatch(handler, arg);
  }

  room(src: number): boolean {
    const now = this.#clock.now;
    const until = this.refusing(now);
    if (until <= now) return true;
    this.refusals++;
    this.#clock.at(until, this.#handler, src);
    return false;
  }

  onRoom(_src: number, handler: number): void {
    this.#handler = handler;
  }

  #issue(operations: Issued[], dst: number, bytes: number): void {
    const at = this.#clock.now;
    assert(this.refusing(at) <= at, `an operation at ${at} though there is no room`);
    operations.push({ at, bytes, dst });
  }

  reset(): void {}
  links(): LinkAccount[] {
    return [];
  }
  credits(): CreditAccount[] {
    return [];
  }
}

function engine() {
  const clock = new Clock();
  const fabric = new HandFabric(clock);
  const dma = new DmaEngine(1, clock, TEST_PROFILE.dma, 1518);
  dma.reset(fabric);
  const done: number[] = [];
  const handler = clock.register((arg) => done.push(arg));
  return { clock, fabric, dma, done, handler };
}

/** Neugebauer et al., SIGCOMM 2018, as the profile quotes it. */
function writeCost(bytes: number): number {
  if (bytes <= 64) return 21_100;
  if (bytes <= 128) return 24_200;
  let cost = 0;
  for (let covered = 0; covered < bytes; covered += 128) cost += 18_800;
  return cost;
}

const size = fc.oneof(
  fc.integer({ min: 1, max: 1518 }),
  fc.constantFrom(1, 64, 65, 128, 129, 256, 257, 1518),
);

Deno.test("DmaEngine writes in order, each after exactly its time", () => {
  fc.assert(fc.property(fc.array(size, { minLength: 1, maxLength: 700, size: "max" }), (sizes) => {
    const { clock, fabric, dma, done, handler } = engine();
    let told = 0;
    dma.onWriteDone = () => told++;
    // the second part comes when some of the first are done: more wait then than the queue is made for
    const ask = clock.register((from) => {
      const to = from === 0 ? 250 : sizes.length;
      sizes.slice(from, to).forEach((bytes, i) =>
        dma.write((from + i) % 3, bytes, handler, from + i, 64 * (from + i))
      );
    });
    clock.at(0, ask, 0);
    clock.at(1_000_000, ask, 250);
    clock.run(FAR);
    let at = 0;
    const expected = sizes.map((bytes, i) => {
      at = Math.max(at, i < 250 ? 0 : 1_000_000) + writeCost(bytes);
      return { at, bytes, dst: i % 3 };
    });
    assertEquals(fabric.writes, expected);
    assertEquals(fabric.addresses.write, sizes.map((_, i) => 64 * i));
    assertEquals(done, sizes.map((_, i) => i));
    const busy = sizes.reduce((sum, bytes) => sum + writeCost(bytes), 0);
    assertEquals([dma.writesPending, told, dma.writeBusyPs], [0, sizes.length, busy]);
  }));
});

Deno.test("DmaEngine write times are the published ones at their limits", () => {
  for (
    const [bytes, ps] of [
      [1, 21_100],
      [64, 21_100],
      [65, 24_200],
      [128, 24_200],
      [129, 37_600],
      [256, 37_600],
      [257, 56_400],
      [1518, 225_600],
    ] as const
  ) {
    const { clock, fabric, dma, handler } = engine();
    dma.write(0, bytes, handler, 0);
    clock.run(FAR);
    assertEquals(fabric.writes[0]!.at, ps, `${bytes} bytes`);
  }
});

Deno.test("DmaEngine reads: at most 34 under way, each answer to its asker, in any order", () => {
  fc.assert(
    fc.property(
      fc.array(size, { minLength: 40, maxLength: 120, size: "max" }),
      fc.array(fc.nat(33), { minLength: 1, maxLength: 20 }),
      (sizes, picks) => {
        const { clock, fabric, dma, done, handler } = engine();
        sizes.forEach((bytes, i) => dma.read(0, bytes, handler, i));
        clock.run(FAR);
        assertEquals(fabric.reads.length, 34, "the engine stops at its limit");
        let at = 0;
        const times = sizes.slice(0, 34).map((bytes) => at += Math.round(bytes * 147));
        assertEquals(fabric.reads.map((read) => read.at), times);
        const asked = sizes.map((_, i) => i);
        const open = asked.splice(0, 34);
        const expected: number[] = [];
        for (let k = 0; open.length > 0; k++) {
          const i = picks[k % picks.length]! % open.length;
          expected.push(open.splice(i, 1)[0]!);
          fabric.answer(i);
          clock.run(FAR);
          if (asked.length > 0) open.push(asked.shift()!);
          assertEquals(fabric.open.length, open.length, "one answer lets one more start");
        }
        assertEquals(done, expected);
        assertEquals(fabric.mostOpen, 34);
        assertEquals(fabric.reads.map((read) => read.bytes), sizes);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("DmaEngine stalls without room, goes on when room comes back, loses nothing", () => {
  let refusals = 0;
  fc.assert(fc.property(
    fc.array(size, { minLength: 1, maxLength: 60 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 90_000 })), {
      maxLength: 30,
      size: "max",
    }),
    (sizes, spells) => {
      const { clock, fabric, dma, done, handler } = engine();
      let edge = 0;
      const closed = spells.map(([open, shut]) => {
        const from = edge + open;
        edge = from + shut;
        return [from, edge] as const;
      });
      const until = (now: number) => closed.find(([a, b]) => a <= now && now < b)?.[1] ?? now;
      fabric.refusing = until;
      // one every 40 ns: slower than the engine, so that some come while it stalls
      const ask = clock.register((i) => dma.write(0, sizes[i]!, handler, i));
      sizes.forEach((_, i) => clock.at(i * 40_000, ask, i));
      clock.run(FAR);
      let at = 0;
      const times = sizes.map((bytes, i) =>
        at = until(Math.max(at, i * 40_000) + writeCost(bytes))
      );
      assertEquals(fabric.writes.map((write) => write.at), times);
      assertEquals(done, sizes.map((_, i) => i));
      refusals += fabric.refusals;
    },
  ));
  assert(refusals > 30, `only ${refusals} refusals: the property tried nothing`);
});

Deno.test("DmaEngine stalls reads and writes apart, and resumes both", () => {
  const { clock, fabric, dma, done, handler } = engine();
  fabric.refusing = (now) => now < 500_000 ? 500_000 : now;
  for (let i = 0; i < 3; i++) {
    dma.write(0, 60, handler, i);
    dma.read(0, 100, handler, 10 + i);
  }
  clock.run(FAR);
  assertEquals(fabric.writes.map((w) => w.at), [500_000, 521_100, 542_200]);
  assertEquals(fabric.reads.map((r) => r.at), [500_000, 514_700, 529_400]);
  while (fabric.open.length > 0) fabric.answer(0);
  assertEquals(done, [0, 1, 2, 10, 11, 12]);
});

Deno.test("DmaEngine takes a request of no bytes as one of one byte", () => {
  const { clock, fabric, dma, done, handler } = engine();
  dma.write(0, 0, handler, 1);
  dma.read(0, 0, handler, 2);
  clock.run(FAR);
  fabric.answer(0);
  assertEquals([...fabric.writes, ...fabric.reads].map(({ bytes }) => bytes), [1, 1]);
  assertEquals(done, [1, 2]);
});

Deno.test("DmaEngine reset forgets what waited", () => {
  const { clock, fabric, dma, done, handler } = engine();
  for (let i = 0; i < 40; i++) {
    dma.write(0, 60, handler, i);
    dma.read(0, 60, handler, i);
  }
  clock.run({ horizonPs: 100_000, events: 1e6 });
  clock.reset();
  dma.reset(fabric);
  fabric.writes.length = fabric.reads.length = done.length = 0;
  dma.write(2, 64, handler, 7);
  for (let i = 0; i < 40; i++) dma.read(0, 60, handler, 100 + i);
  clock.run(FAR);
  assertEquals(fabric.writes, [{ at: 21_100, bytes: 64, dst: 2 }]);
  assertEquals([done, fabric.reads.length, dma.writeBusyPs], [[7], 34, 21_100]);
  for (let i = fabric.open.length - 34; i > 0; i--) fabric.open.shift();
  while (fabric.open.length > 0) {
    fabric.answer(0);
    clock.run(FAR);
  }
  assertEquals(done.slice(1), Array.from({ length: 40 }, (_, i) => 100 + i));
});

Deno.test("DmaEngine reads at the rate that others leave of the device's memory", () => {
  const clock = new Clock();
  const fabric = new HandFabric(clock);
  const dma = new DmaEngine(1, clock, TEST_PROFILE.dma, 1518);
  const none = clock.register(() => {});
  for (const [share, expected] of [[0, 147_000], [0.5, 294_000], [0.75, 588_000]] as const) {
    clock.reset();
    dma.reset(fabric);
    assertEquals(dma.readShareTaken, 0, "a reset gives all of it back");
    dma.readShareTaken = share;
    dma.read(2, 1000, none, 0);
    clock.run(FAR);
    assertEquals(fabric.reads.at(-1)!.at, expected, `${share} taken`);
  }
});
