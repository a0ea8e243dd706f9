// Aim: tcpdump's three numbers say where every frame went that passed a port: captured, dropped, or still in the ring.
// Method: a tap with a process that is run by hand, drawn bursts, against sums.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { Tap, TAP_SLOTS } from "./tap.ts";

const step = fc.record({
  frames: fc.oneof(fc.nat(5), fc.integer({ min: 500, max: 1500 })),
  port: fc.nat(1),
  way: fc.constantFrom("rx" as const, "tx" as const),
  turns: fc.nat(20),
});

Deno.test("Tap: frames are captured, dropped or in the ring, and are dropped only while that is full", () => {
  let lost = 0;
  fc.assert(fc.property(fc.array(step, { maxLength: 12, size: "max" }), (steps) => {
    let [isAwake, charged] = [true, 0];
    let read = (): number => 0;
    const cpu = {
      charge: (cycles: number) => void (charged += cycles),
      sleep: () => void (isAwake = false),
      wake: () => void (isAwake = true),
    } as unknown as Cpu;
    const env = {
      hardware: { nics: [{ port: 0 }, { port: 1 }] },
      spawn: (_lcore: number, _priority: string, body: (cpu: Cpu) => number) => {
        read = () => body(cpu);
        return cpu;
      },
    } as unknown as Env;
    const costs = { skbAlloc: 1, skbFree: 2, tapCopy: 4 } as LinuxCosts;
    const tap = new Tap(env, 0, costs);
    const seen = { rx: [0, 0], tx: [0, 0] };
    let [waiting, captured, dropped] = [0, 0, 0];
    const check = (): void => {
      assertEquals([tap.rx, tap.tx], [seen.rx, seen.tx]);
      assertEquals([tap.captured, tap.dropped], [captured, dropped]);
      assertEquals(tap.received, captured + dropped + waiting);
      // what waits is read without another frame
      assert(waiting === 0 || isAwake, `${waiting} frames wait for a process that sleeps`);
    };
    for (const { frames, port, way, turns } of steps) {
      for (let i = 0; i < frames; i++) {
        charged = 0;
        tap.see(cpu, 0, port, way);
        seen[way][port]!++;
        const fits = waiting < TAP_SLOTS;
        if (fits) waiting++;
        else dropped++;
        assertEquals(charged, fits ? 7 : 0);
      }
      check();
      for (let turn = 0; turn < turns && isAwake; turn++) {
        read();
        const taken = tap.captured - captured;
        waiting -= taken;
        captured += taken;
        check();
      }
    }
    lost += dropped;
  }));
  assert(lost > 100, `HARN-3: ${lost} were lost`);
});
