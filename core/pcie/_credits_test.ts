// Aim: the modular counters with lazily delivered UpdateFCs behave as plain numbers and a list of updates would.
// Method: drawn sends and releases on one cell against a model that never wraps and never merges anything:
// what a release returns is on its way until the model's own clock reaches the time of its UpdateFC.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Credits } from "./_credits.ts";

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
