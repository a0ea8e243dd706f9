// Aim: with the smallest credits and cyclic traffic nothing is lost, doubled or stuck, and at rest every credit
// is accounted for: consumed = returned + held. Method: drawn all-to-all writes and reads among devices
// and host; then faults planted in the parts, each of which these checks have to find.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Credits } from "./_credits.ts";
import { MAY_PASS } from "./_ordering.ts";
import {
  creditFaults,
  GEOMETRY,
  type Operation,
  PROFILE,
  smallest,
  Testbed,
} from "./_testbed_for_tests.ts";
import type { FabricGeometry } from "./fabric.ts";

const TIGHT = { tags: 16, reads: 1, waiting: 4 };
const tight = new Testbed("tlp", 4, { ...PROFILE, deviceReadPs: 20_000 }, TIGHT);
const wide = new Testbed("tlp", 4);
const coarse = new Testbed("coarse", 4);

/** Everything that is wrong after a run. */
function faults(bed: Testbed, ops: readonly Operation[], geometry: FabricGeometry): string[] {
  const end = bed.run(ops, geometry);
  const list = end === "quiet" ? [] : [`the run ended at its ${end}`];
  return [...list, ...bed.undone(), ...creditFaults(bed.fabric)];
}

/** Every node writes to and reads from every other, in a different order each. */
function allToAll(nodes: number, times: number): Operation[] {
  const ops: Operation[] = [];
  for (let i = 0; i < times; i++) {
    for (let src = 0; src < nodes; src++) {
      const dst = (src + 1 + (i + src) % (nodes - 1)) % nodes;
      ops.push({ kind: "read", src, dst, bytes: 64 + 100 * (i % 5) });
      ops.push({ kind: "write", src, dst, bytes: 64 + 100 * (i % 3) });
    }
  }
  return ops;
}

const size = fc.constantFrom(128, 256, 512);
const scenario = fc.record({
  mps: size,
  mrrs: size,
  headers: fc.constantFrom(1, 1, 2, 127),
  extra: fc.constantFrom(0, 1, 16, 1000),
  ops: fc.array(
    fc.record({
      kind: fc.constantFrom("write" as const, "read" as const),
      src: fc.integer({ min: 0, max: 4 }),
      dst: fc.integer({ min: 0, max: 4 }),
      bytes: fc.oneof(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 5000 })),
      at: fc.constantFrom(0, 0, 500_000),
    }).filter(({ src, dst }) => src !== dst),
    { minLength: 1, maxLength: 80 },
  ),
});

Deno.test("Fabric does every operation once and keeps its credits, whatever the geometry", () => {
  fc.assert(
    fc.property(scenario, ({ mps, mrrs, headers, extra, ops }) => {
      const geometry = { headerCredits: headers, dataCredits: mps / 16 + extra, mps, mrrs };
      for (const bed of [tight, wide, coarse]) assertEquals(faults(bed, ops, geometry), []);
    }),
    { numRuns: 300 },
  );
});

Deno.test("TLP fabric is not stuck by cyclic traffic with one credit of each kind", () => {
  for (let devices = 1; devices <= 4; devices++) {
    const ops = allToAll(devices + 1, 200);
    assertEquals(faults(tight, ops, smallest(128, 128)), []);
    assertEquals(faults(wide, ops, smallest(256, 512)), []);
  }
});

Deno.test("TLP fabric counts on when its 8-bit and 12-bit counters wrap", () => {
  const ops = allToAll(3, 2000);
  for (const geometry of [GEOMETRY, smallest(256, 512), { ...GEOMETRY, headerCredits: 5 }]) {
    assertEquals(faults(wide, ops, geometry), []);
    const used = wide.fabric.credits(wide.clock.now).find((c) =>
      c.class === "posted" && c.unit === "header"
    );
    assert(used !== undefined && used.consumed > 10 * 256, `only ${used?.consumed} headers`);
    assert(used.leastLeft < used.advertised);
  }
});

Deno.test("TLP fabric accounts for credits at any instant, not only at rest", () => {
  for (let events = 1; events < 400; events += 7) {
    wide.run(allToAll(4, 20), smallest(128, 256), events);
    assertEquals(creditFaults(wide.fabric, wide.clock.now), [], `after ${events} events`);
  }
});

/** Runs with a fault planted and taken out again; answers what was found. */
function withFault(plant: () => () => void, bed = tight, ops = allToAll(5, 100)): string[] {
  const repair = plant();
  try {
    return faults(bed, ops, smallest(128, 128));
  } catch (error) {
    return [(error as Error).message];
  } finally {
    repair();
  }
}

function plantIn<K extends "release" | "allows" | "consume" | "vacate">(
  name: K,
  make: (original: Credits[K]) => Credits[K],
): () => () => void {
  return () => {
    const original = Credits.prototype[name];
    Credits.prototype[name] = make(original);
    return () => Credits.prototype[name] = original;
  };
}

function plantOrder(later: number, earlier: number): () => () => void {
  return () => {
    const place = later * 3 + earlier;
    const original = MAY_PASS[place]!;
    MAY_PASS[place] = 0;
    return () => MAY_PASS[place] = original;
  };
}

Deno.test("Credit checks find a credit that is returned twice, or never", () => {
  let calls = 0;
  const twice = plantIn("release", (original) =>
    function (this: Credits, cell, data, at, now) {
      if (++calls % 50 === 0) original.call(this, cell, data, at, now);
      return original.call(this, cell, data, at, now);
    });
  const found = withFault(twice, wide);
  assert(found.some((fault) => fault.includes("consumed")), found.join("; "));
  assert(found.some((fault) => fault.includes("credits")), found.join("; "));
  const never = plantIn("release", (original) =>
    function (this: Credits, cell, data, at, now) {
      return ++calls % 50 === 0 ? Infinity : original.call(this, cell, data, at, now);
    });
  const stuck = withFault(never, wide);
  assert(stuck.some((fault) => fault.includes("done 0 times")), stuck.join("; "));
});

Deno.test("Credit checks find a sender that does not look at its credits", () => {
  const found = withFault(plantIn("allows", () => () => true), wide);
  assert(found.some((fault) => fault.includes("overrun")), found.join("; "));
});

Deno.test("Cyclic traffic is stuck when completions may not pass requests", () => {
  const found = withFault(plantOrder(2, 1));
  assert(found.some((fault) => fault.includes("done 0 times")), found.join("; "));
});

Deno.test("Cyclic traffic is stuck when posted writes may not pass requests", () => {
  const found = withFault(plantOrder(0, 1));
  assert(found.some((fault) => fault.includes("done 0 times")), found.join("; "));
});

// Aim: the modular counters with lazily delivered UpdateFCs behave as plain numbers and a list of updates would.
// Method: drawn sends and releases on one cell against a model that never wraps and never merges anything:
// what a release returns is on its way until the model's own clock reaches the time of its UpdateFC.

interface Step {
  readonly wait: number;
  readonly data: number;
  readonly release: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.constantFrom(0, 1, 10, 29, 30, 31, 100),
  data: fc.integer({ min: 0, max: 16 }),
  release: fc.boolean(),
});

Deno.test("Credits allow what plain numbers allow, over many wraps", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 127 }),
      fc.integer({ min: 16, max: 2047 }),
      fc.constantFrom(0, 1, 30, 100),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      (headers, data, updateFcPs, steps) => {
        const credits = new Credits(1, updateFcPs);
        credits.initFc(headers, data);
        const cell = 1;
        let now = 0;
        let leftHeaders = headers;
        let leftData = data;
        const held: number[] = [];
        const coming: { at: number; data: number }[] = [];
        // enough rounds for 8 bits to wrap; 12 bits wrap with the larger payloads
        for (let i = 0; i < 600; i++) {
          const s = steps[i % steps.length]!;
          now += s.wait;
          credits.settle(cell, now);
          while (coming.length > 0 && coming[0]!.at <= now) {
            leftHeaders++;
            leftData += coming.shift()!.data;
          }
          const may = leftHeaders >= 1 && leftData >= s.data;
          assertEquals(credits.allows(cell, s.data), may, `step ${i}: ${leftHeaders}, ${leftData}`);
          if (may) {
            credits.consume(cell, s.data);
            leftHeaders--;
            leftData -= s.data;
            held.push(s.data);
          }
          if ((s.release || !may) && held.length > 0) {
            const freed = held.shift()!;
            credits.vacate(cell, freed);
            // it joins the update on its way, or one leaves updateFcPs from now
            const at = coming.at(-1)?.at ?? now + updateFcPs;
            coming.push({ at, data: freed });
            assertEquals(credits.release(cell, freed, now, now), at);
          }
        }
        for (const update of coming) if (update.at <= now) leftHeaders++;
        const [header] = credits.accounts(1, now).filter((c) => c.class === "non-posted");
        assertEquals(header!.consumed, header!.returned + header!.held);
        assertEquals(header!.held, headers - leftHeaders);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("Credits carry a release that lies in the future with a second UpdateFC", () => {
  const credits = new Credits(1, 30);
  credits.initFc(4, 64);
  for (let i = 0; i < 4; i++) credits.consume(0, 1);
  assertEquals(credits.release(0, 1, 0, 0), 30);
  // arrives before the update leaves, so goes with it; the next does not
  assertEquals(credits.release(0, 1, 20, 5), 30);
  assertEquals(credits.release(0, 1, 35, 10), 65);
  assertEquals(credits.nextUpdate(0), 30);
  credits.settle(0, 64);
  assertEquals(credits.accounts(1, 64)[0]!.returned, 2);
  assertEquals(credits.nextUpdate(0), 65);
  assertEquals(credits.accounts(1, 65)[0]!.returned, 3);
});

Deno.test("Credits allow nothing before flow control is initialised", () => {
  const credits = new Credits(1, 30);
  assert(!credits.allows(0, 0) && !credits.allows(1, 0) && !credits.allows(2, 1));
});
