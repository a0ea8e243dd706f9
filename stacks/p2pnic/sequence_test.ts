// Aim: packets leave in the order in which they arrived, whatever the order in which threads finish.
// Method: a list as the model, long enough for the queue to throw its past away.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Sequence } from "./sequence.ts";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { type Env, STRICT } from "../../core/stack.ts";
import { p2pnic, P2PNIC_POLICY } from "./stack.ts";
import { Completions, Looks } from "./transfer.ts";

Deno.test("Completions are due when a batch waits, or nothing of the ring is on its way any more", () => {
  const step = fc.record({ isSent: fc.boolean(), nic: fc.nat(1), ring: fc.nat(1) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(step, { maxLength: 60, size: "max" }),
      (batch, steps) => {
        const completions = new Completions(2, 2, batch);
        const rings = new Map<string, { sending: number; waiting: number }>();
        for (const { isSent, nic, ring } of steps) {
          const key = `${nic} ${ring}`;
          const of = rings.get(key) ?? { sending: 0, waiting: 0 };
          rings.set(key, of);
          if (!isSent || of.sending === 0) {
            completions.take(nic, ring);
            of.sending++;
          } else {
            of.sending--;
            of.waiting++;
            const due = of.sending === 0 || of.waiting === batch;
            assertEquals(completions.isDue(nic, ring, of.waiting), due);
            if (due) of.waiting = 0;
          }
          assertEquals(completions.sending(nic, ring), of.sending);
          assert(of.waiting < batch);
        }
      },
    ),
  );
});

Deno.test("Looks take a share of the memory for each ring, and never so much that no read goes on", () => {
  for (const [poll, look] of [[100, 1], [100, 20], [40, 39], [3, 50]] as const) {
    const cost = (name: string) => name === "p2pnic.poll" ? poll : look;
    const looks = new Looks({ cost } as unknown as Env, 4);
    for (let rings = 0; rings < 12; rings++) {
      assertEquals(looks.share(rings), Math.min(0.9, rings * look / (2 * poll)));
    }
  }
});

Deno.test("Sequence lets the first in order leave once it is ready, and none before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(5)), { minLength: 2500, maxLength: 3000, size: "max" }),
      (steps) => {
        const sequence = new Sequence();
        const inside: { b: number; ready: boolean }[] = [];
        let next = 0;
        for (const [kind, pick] of steps) {
          if (kind === 0 || inside.length === 0) {
            // buffers come again once they have left
            const b = next++ % 40;
            if (inside.some((entry) => entry.b === b)) continue;
            sequence.enter(b);
            inside.push({ b, ready: false });
          } else if (kind === 1) {
            const entry = inside[pick % inside.length]!;
            entry.ready = true;
            sequence.ready(entry.b);
          } else if (inside[0]!.ready) {
            sequence.leave();
            inside.shift();
          }
          const first = inside[0];
          assertEquals(sequence.head, first?.ready ? first.b : -1);
        }
      },
    ),
    { numRuns: 10 },
  );
});

// Aim: completions follow the rule of descriptors, eight at a time and never late; the stack declares what it
// departs in. Method: what crosses the egress NIC's link, counted by hand.

const testbed = new Testbed(p2pnic(), TEST_PROFILE);

Deno.test("p2pnic writes completions back eight at a time, and one alone for a packet alone", () => {
  for (const fidelity of ["coarse", "tlp"] as const) {
    const writes = (count: number, gapPs: number): [number, number] => {
      const o = testbed.run(scenarioOf(
        stream(count, gapPs, () => ({ dst: towards(3) })),
        { ports: 4, fidelity },
      ));
      assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], count]);
      const link = o.links.find((l) => l.name === "nic3>switch")!;
      return [link.tlps[0], link.payloadBytes];
    };
    assertEquals(writes(17, wirePs(60)), [3, 17 * 8], "8, 8 and 1");
    assertEquals(writes(3, 20e6), [3, 3 * 8], "nobody waits for another");
  }
});

Deno.test("p2pnic declares that it has no way back to the ingress port, and weakens nothing else", () => {
  assertEquals(P2PNIC_POLICY, { ...STRICT, hairpin: "drop" });
});

Deno.test("p2pnic lets no more than eight completions of a busy pair wait", () => {
  // two ports at line rate into one: each pair has more than eight frames before the line at all times
  const offers = [0, 1].flatMap((port) =>
    stream(40, wirePs(60), () => ({ port, dst: towards(3) }))
  );
  const s = scenarioOf(offers, { ports: 4, fidelity: "coarse", peerSlots: 64 });
  const portOf = (p: number): number => s.traffic.port[p]!;
  const o = testbed.run(s);
  assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 80]);
  const link = o.links.find((l) => l.name === "nic3>switch")!;
  assertEquals([link.tlps[0], link.payloadBytes], [10, 80 * 8], "five times eight for each pair");
  for (const port of [0, 1]) {
    const pair = offers.map((_, p) => p).filter((p) => portOf(p) === port);
    for (let i = 0; i + 16 < pair.length; i += 8) {
      // the eighth frame ends a batch, which is home before eight more have left
      const [told, left] = [o.doneAt[pair[i]!]!, o.endAt[pair[i + 16]!]!];
      assert(told > 0 && told < left, `port ${port}, frame ${i}: told at ${told}, ${left} ps`);
    }
  }
});
