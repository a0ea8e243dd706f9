// Aim: the ring is a queue between real threads, in every mode (RING-6, RING-5). Method: two
// Workers enqueue and dequeue; the monitor of queues judges what they write down. More of them for
// longer are in properties/ring/threads.real.ts.

import { assertEquals, assertGreater } from "@std/assert";
import { queueViolation } from "../../properties/ring/history.ts";
import { crossings, load, run } from "./_workers_for_tests.ts";

// A Worker loads the ring from its file, for which plain `deno test` has no permission.
const mayRead = Deno.permissions.querySync({ name: "read", path: import.meta.dirname! }).state ===
  "granted";

Deno.test({
  name: "MpmcRing is a queue between two Workers, in every mode, across the wrap (RING-5, RING-6)",
  ignore: !mayRead,
}, async () => {
  const workers = await load(2);
  try {
    for (const sync of ["mt", "mt-rts", "mt-hts"] as const) {
      const ring = { size: 24, producers: sync, consumers: sync };
      const calls = await run(workers, { ...ring, items: 2000, burstMax: 5 });
      const late = sync === "mt-rts";
      const options = { size: 24, lateItems: late, lateSlots: late };
      assertEquals(queueViolation(calls, options), undefined, sync);
      assertGreater(crossings(calls), 100, `HARN-1: ${sync}: hardly an item changed threads`);
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
});
