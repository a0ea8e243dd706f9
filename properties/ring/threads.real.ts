// Aim: rings are queues between real threads for long (RING-6, RING-5). Method: two and three Workers
// with every pair of modes, histories of some hundred thousand calls judged by the monitor of queues;
// an SPSC ring with and without batches, judged by the order of two million numbers. Run by
// `deno task test:real`; no data is read, but the runs are long.

import { assertEquals, assertGreater } from "@std/assert";
import { crossings, load, run } from "../../core/ring/_workers_for_tests.ts";
import { SpscRing, spscRingBytes } from "../../core/ring/mod.ts";
import { queueViolation } from "./history.ts";

const SYNCS = ["mt", "mt-rts", "mt-hts"] as const;

for (const threads of [2, 3]) {
  Deno.test(`MpmcRing is a queue between ${threads} Workers for long, in every pair of modes`, async () => {
    const workers = await load(threads);
    try {
      for (const producers of SYNCS) {
        for (const consumers of SYNCS) {
          for (const size of [5, 64]) {
            const options = { size, producers, consumers, items: 10_000, burstMax: 7 };
            const calls = await run(workers, options);
            const what = `${producers} to ${consumers}, ${size} slots`;
            const late = { lateItems: producers === "mt-rts", lateSlots: consumers === "mt-rts" };
            assertEquals(queueViolation(calls, { size, ...late }), undefined, what);
            assertGreater(calls.length, 5000, `HARN-1: ${what}`);
            assertGreater(crossings(calls), 100, `HARN-1: ${what}: hardly an item changed threads`);
          }
        }
      }
    } finally {
      for (const worker of workers) worker.terminate();
    }
  });
}

const ITEMS = 2_000_000;

/** Runs in the Worker: no name of this file may be used in it. */
function produce(ring: SpscRing, items: number): void {
  const burst = new Int32Array(64);
  const bed = new Int32Array(new SharedArrayBuffer(4));
  for (let moved = 0, round = 0; moved < items; round++) {
    const n = Math.min(1 + round % 64, items - moved);
    for (let i = 0; i < n; i++) burst[i] = moved + i + 1;
    const took = ring.enqueueBurst(burst, 0, n);
    moved += took;
    if (took === 0) Atomics.wait(bed, 0, 0, 0.01);
  }
  ring.flushEnqueued();
}

Deno.test("SpscRing keeps the order of two million items between two threads, in batches too", async () => {
  const code = `import { SpscRing } from ${
    JSON.stringify(import.meta.resolve("../../core/ring/spsc.ts"))
  };
    const produce = ${produce};
    self.onmessage = ({ data }) => { produce(SpscRing.attach(data), ${ITEMS}); self.postMessage("done"); };`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const bed = new Int32Array(new SharedArrayBuffer(4));
  for (const batch of [1, 7, 96]) {
    const shared = new SharedArrayBuffer(spscRingBytes(96, true));
    const startIndex = 2 ** 32 - ITEMS / 2;
    const ring = new SpscRing(96, { exactSize: true, shared, batch, startIndex });
    const done = new Promise((resolve) => worker.onmessage = resolve);
    worker.postMessage(shared);
    const burst = new Int32Array(48);
    for (let moved = 0, idle = 0; moved < ITEMS && idle < 100_000;) {
      const n = ring.dequeueBurst(burst, 48);
      for (let i = 0; i < n; i++) {
        if (burst[i] !== ++moved) assertEquals(burst[i], moved, `batch ${batch}`);
      }
      idle = n > 0 ? 0 : idle + 1;
      if (idle > 100) Atomics.wait(bed, 0, 0, 0.01);
      if (moved === ITEMS) ring.flushDequeued();
    }
    await done;
    assertEquals([ring.count, ring.dequeue()], [0, -1], `batch ${batch}`);
  }
  worker.terminate();
  URL.revokeObjectURL(url);
});
