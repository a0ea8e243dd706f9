// Aim: an allowance is open exactly while less than its limit is out, and what comes back counts from its own time
// on and not before. Method: drawn takes, returns, both at once and looks of two parties, held against a list of times.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Allowance } from "./_allowance.ts";

const step = fc.record({
  party: fc.nat(1),
  take: fc.boolean(),
  n: fc.integer({ min: 1, max: 3 }),
  later: fc.constantFrom(0, 1, 10, 100),
  pass: fc.constantFrom(0, 0, 1, 9, 10, 100),
  atOnce: fc.boolean(),
});

Deno.test("Allowance is open while less than its limit is out, and counts what is back from its time on", () => {
  const seen = { closed: 0, opened: 0, passed: 0, passedOthers: 0 };
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 4 }),
    fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
    (limit, steps) => {
      const allowance = new Allowance(2, limit);
      for (let round = 0; round < 2; round++) {
        allowance.reset();
        // of each party: what every take took and has not given back, and what is back when
        const out: number[][] = [[], []];
        const back: { n: number; ps: number }[][] = [[], []];
        let now = 0;
        const outAt = (party: number, ps: number) =>
          [...out[party]!, ...back[party]!.filter((one) => one.ps > ps).map(({ n }) => n)]
            .reduce((sum, n) => sum + n, 0);
        for (const { party, take, n, later, pass, atOnce } of steps) {
          now += pass;
          const isOpen = outAt(party, now) < limit;
          const before = back[party]!;
          if (!isOpen) {
            seen.closed++;
            const times = before.map(({ ps }) => ps).filter((ps) => outAt(party, ps) < limit);
            assertEquals(allowance.opensAt(party), Math.min(...times), `when ${party} opens`);
          } else if (before.some(({ ps }) => ps === now)) seen.opened++;
          assertEquals(allowance.isOpen(party, now), isOpen, `whether ${party} is open at ${now}`);
          const most = Math.max(now + later, before.at(-1)?.ps ?? 0);
          if (take && isOpen && atOnce) {
            seen.passed++;
            if (out[party]!.length > 0) seen.passedOthers++;
            allowance.pass(party, now + later);
            before.push({ n: 1, ps: most });
          } else if (take && isOpen) {
            allowance.take(party, n);
            out[party]!.push(n);
          } else if (!take && out[party]!.length > 0) {
            const took = out[party]!.shift()!;
            allowance.giveBack(party, took, now + later);
            before.push({ n: took, ps: most });
          }
        }
      }
    },
  ));
  for (const [what, n] of Object.entries(seen)) assertEquals(n > 20, true, `${what}: ${n}`);
});
