// Aim: a report is asked for when 32 descriptors have been used since the last call that asked, and for the rest of that
// call; what was reported is taken back, and no more. Method: calls of drawn sizes on a ring that is driven by hand.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Memory } from "../../core/memory/memory.ts";
import { DescriptorRing } from "../../core/nic/rings.ts";
import type { Cpu } from "../../core/stack.ts";
import type { PsChunk } from "./chunk.ts";
import type { HugeBuffer } from "./huge_buffer.ts";
import { PsTxRing } from "./ps_tx_ring.ts";

const RING = 256;

Deno.test("PsTxRing asks for a report after 32 descriptors, and for all that follow in the same call", () => {
  let [full, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60, size: "max" }),
      (calls) => {
        const memory = new Memory(2 * RING);
        memory.region("all", 0, 2 * RING);
        const ring = new DescriptorRing(RING);
        ring.reset(RING, -1);
        const told: number[] = [];
        const audit = new Proxy({}, { get: () => () => {} });
        const costs = new Proxy({}, { get: () => 1 });
        const device = {
          tx: [ring],
          txTail: (_cpu: unknown, _queue: number, slot: number) => void told.push(slot),
        };
        const huge = {
          cell: Int32Array.from({ length: RING }, (_, i) => i),
        } as unknown as HugeBuffer;
        const parts = { port: 0, queue: 0, device, memory, costs, audit, place: -1 };
        const tx = new PsTxRing(
          parts as unknown as ConstructorParameters<typeof PsTxRing>[0],
          huge,
        );
        const cpu = { charge: () => {}, lcore: 0, nowPs: 0 } as unknown as Cpu;
        const chunk = {
          first: RING,
          view: Int32Array.from({ length: RING }, (_, i) => i),
        } as unknown as PsChunk;
        let [at, since, sent] = [0, 0, 0];
        for (const n of calls) {
          if (tx.free < n && full++ % 2 > 0) {
            // the device has sent all, and reports where it was asked
            for (let slot = 0; slot < RING; slot++) {
              if (ring.reportStatus[slot] === 1) {
                ring.done[slot] = 1;
              }
            }
          }
          const took = tx.send(cpu, chunk, 0, n);
          const room = tx.free + took;
          assertEquals(took > 0, room >= n, `${n} packets, ${room} descriptors`);
          if (took === 0) {
            refused++;
            continue;
          }
          assertEquals(took, n);
          let report = false;
          for (let i = 0; i < n; i++, at = (at + 1) % RING) {
            if (++since >= 32) [since, report] = [0, true];
            assertEquals(ring.reportStatus[at], Number(report), `packet ${sent + i}`);
          }
          sent += n;
          assertEquals(told.at(-1), at);
        }
        assertEquals([tx.packets, tx.tailWrites], [sent, told.length]);
      },
    ),
  );
  assert(refused > 20, `HARN-3: ${refused} were refused`);
});
