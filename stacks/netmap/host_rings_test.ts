// Aim: what the host sends on a netmap port waits for a sync or is lost for lack of slots, and no skb leaks either way.
// Method: a pair of host rings over a pool that is counted, drawn bursts of sends and syncs.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cpu, Env } from "../../core/stack.ts";
import { HostRingPair } from "./host_rings.ts";
import type { NetmapKring } from "./kring.ts";
import type { OsStack } from "./os_stack.ts";

Deno.test("HostRingPair: an skb that the receive ring has no room for is counted and goes back to its pool", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 16 }),
      fc.integer({ min: 0, max: 40 }),
      fc.nat(15),
      (slots, n, held) => {
        const back: number[] = [];
        const busy = Math.min(held, slots - 1);
        const env = {
          pool: { put: (_lcore: number, skb: number) => void back.push(skb) },
        } as unknown as Env;
        const rx = {
          ...{ hwcur: 0, hwtail: busy, numSlots: slots, si: { wake: () => {} } },
          distance: (from: number, to: number) => (to - from + slots) % slots,
        } as unknown as NetmapKring;
        const costs = {} as ConstructorParameters<typeof HostRingPair>[1];
        const pair = new HostRingPair(env, costs, { tx: {} as NetmapKring, rx }, {} as OsStack, 0);
        for (let skb = 0; skb < n; skb++) pair.transmit({ lcore: 0 } as Cpu, skb);
        const room = slots - 1 - busy;
        const lost = Array.from({ length: n }, (_, skb) => skb).slice(room);
        assertEquals([back, pair.oqdrops], [lost, lost.length]);
      },
    ),
  );
});
