// Aim: frames of several CPUs come out of a cpumap entry whole, each CPU's in order, and none of the CPUs waits while
// another sends on and on; what the entry's size does not hold is dropped and counted. Method: drawn bursts of three
// CPUs and batches of the thread between them, against a list for each CPU.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cpu } from "../../core/stack.ts";
import { CPU_MAP_BULK_SIZE, CpuMapEntry, type TargetCpu } from "./cpumap.ts";
import type { XdpDevices } from "./devices.ts";
import type { Tracepoints } from "./tracepoints.ts";

const CPUS = 3;
const step = fc.record({
  /** A CPU that sends, or the thread that takes. */
  who: fc.nat(2 * CPUS).map((n) => n < CPUS ? n : -1),
  count: fc.integer({ min: 1, max: 20 }),
});

Deno.test("CpuMapEntry keeps each CPU's order, its size of all together, and takes from the CPUs in turn", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: "max" }),
      fc.constantFrom(4, 12, 64),
      (steps, qsize) => {
        const out: number[] = [];
        const dropped: number[] = [];
        let lost = 0;
        let run: (cpu: Cpu) => number = () => 0;
        const env = {
          ...{ lcores: CPUS, place: () => 0 },
          memory: { offset: new Int32Array(4096), port: new Uint8Array(4096) },
          spawn: (_lcore: number, _kind: string, body: typeof run) => (run = body, {}),
          drop: (_: Cpu, page: number) => void dropped.push(page),
        };
        const kernel = {
          skbs: [{ build: (_: Cpu, page: number) => page }],
          receivers: [{ receive: (_: Cpu, skb: number) => out.push(skb), flush: () => {} }],
        };
        const costs = { cpumap_enqueue: 1, cpumap_frame: 1, tx: 1 };
        const devices = { env, kernel, costs } as unknown as XdpDevices;
        const zero = {
          ...{ cpumapCalls: 0, cpumapEnqueued: 0, cpumapDrops: 0, kthreadSched: 0 },
          ...{ kthreadProcessed: 0, kthreadMost: 0, kthreadPass: 0 },
        };
        const points = zero as unknown as Tracepoints;
        const target = { points, flush: () => {} } as unknown as TargetCpu;
        const entry = new CpuMapEntry(devices, target, 0, qsize, null);
        let nowPs = 0;
        const cpu = (lcore: number): Cpu =>
          ({
            ...{ lcore, nowPs: ++nowPs, home: { psPerCycle: 1 } },
            ...{ charge: () => {}, wake: () => {}, sleep: () => {}, wakeAt: () => {} },
          }) as unknown as Cpu;
        const waiting: number[][] = Array.from({ length: CPUS }, () => []);
        /** Batches since each CPU's oldest frame was the next of its own. */
        const passedOver = new Array<number>(CPUS).fill(0);
        let page = 0;
        let fresh: number[] = [];
        /** Publishes what a CPU has gathered: as much as fits is in, the rest is lost. */
        const send = (who: number): void => {
          const room = qsize - waiting.reduce((sum, queue) => sum + queue.length, 0);
          entry.flush(cpu(who), points);
          waiting[who]!.push(...fresh.slice(0, Math.max(0, room)));
          assertEquals(dropped.splice(0), fresh.slice(Math.max(0, room)));
          lost += Math.max(0, fresh.length - room);
          fresh = [];
        };
        const take = (): void => {
          const before = out.length;
          run(cpu(0));
          const batch = out.slice(before);
          assert(batch.length <= CPU_MAP_BULK_SIZE);
          const of = waiting.findIndex((queue) => queue[0] === batch[0]);
          if (waiting.every((queue) => queue.length === 0)) return assertEquals(batch, []);
          assertEquals(batch, waiting[of]!.splice(0, batch.length));
          waiting.forEach((queue, who) => {
            passedOver[who] = queue.length === 0 || who === of ? 0 : passedOver[who]! + 1;
            assert(passedOver[who]! < CPUS, `CPU ${who} was passed over ${passedOver[who]} times`);
          });
        };
        for (const { who, count } of steps) {
          if (who < 0) {
            take();
            continue;
          }
          for (let i = 0; i < count; i++) {
            if (entry.waiting(who) === CPU_MAP_BULK_SIZE) send(who);
            entry.enqueue(cpu(who), page, 0, points);
            fresh.push(page++);
          }
          send(who);
        }
        while (waiting.some((queue) => queue.length > 0)) take();
        assertEquals([entry.queued, out.length + lost, points.cpumapDrops], [0, page, lost]);
      },
    ),
    { numRuns: 200 },
  );
});
