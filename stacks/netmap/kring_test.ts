// Aim: a head and a cur are taken over exactly where they can be: both among the slots that are the process's or at
// the tail, cur not before head (netmap.h; nm_txsync_prologue). Method: every place of every small ring.
import { assertEquals } from "@std/assert";
import type { Cpu } from "../../core/stack.ts";
import { NetmapKring } from "./kring.ts";
import type { NetmapMem } from "./memory.ts";
import { NetmapRing } from "./ring.ts";

Deno.test("NetmapKring takes over a head and a cur that can be, and no others, at every place of a ring", () => {
  const n = 7;
  const ring = { bufIdx: new Uint32Array(n) } as unknown as NetmapRing;
  const kring = new NetmapKring("eth0 TX0", true, 0, {} as NetmapMem, ring);
  assertEquals(kring.numSlots, n);
  let taken = 0;
  for (let rhead = 0; rhead < n; rhead++) {
    for (let rtail = 0; rtail < n; rtail++) {
      const order = Array.from({ length: n }, (_, i) => (rhead + i) % n);
      const mine = order.slice(0, order.indexOf(rtail) + 1);
      for (let head = 0; head <= n; head++) {
        for (let cur = 0; cur <= n; cur++) {
          Object.assign(kring, { rhead, rtail, rcur: rhead });
          const [at, wake] = [mine.indexOf(head), mine.indexOf(cur)];
          const legal = at >= 0 && wake >= at;
          const where = `${rhead}..${rtail}: head ${head}, cur ${cur}`;
          assertEquals(kring.takeOver(head, cur), legal, where);
          const after = legal ? [head, cur, rtail] : [rhead, rhead, rtail];
          assertEquals([kring.rhead, kring.rcur, kring.rtail], after, where);
          if (legal) taken++;
        }
      }
    }
  }
  // of k slots and the tail: k + 1 heads, and as many curs behind each as are left
  assertEquals(taken, n * [1, 3, 6, 10, 15, 21, 28].reduce((a, b) => a + b));
});

Deno.test("NetmapKring after a bad slot has no index and no length that cannot be", () => {
  // netmap_ring_reinit: a bad index becomes buffer 0, a length beyond the buffer 0
  const mem = { valid: (idx: number) => idx < 10, bufSize: 512 } as unknown as NetmapMem;
  const ring = new NetmapRing(4, 512);
  ring.bufIdx.set([3, 99, 5, 6]);
  ring.len.set([512, 60, 513, 60]);
  const kring = new NetmapKring("eth0 TX0", true, 0, mem, ring);
  kring.sync = () => false;
  ring.head = ring.cur = 2;
  assertEquals(kring.run({ charge() {} } as unknown as Cpu, 0), false);
  assertEquals([[...ring.bufIdx], [...ring.len]], [[3, 0, 5, 6], [512, 0, 0, 60]]);
  assertEquals([ring.head, ring.cur, kring.reinits], [kring.rhead, kring.rcur, 1]);
});
