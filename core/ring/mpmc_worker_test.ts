// Aim: the ring is a queue between real threads, in every mode (RING-6, RING-5). Method: two
// Workers enqueue and dequeue, one more of the former, one of the latter; each call takes its times
// from a shared counter; the monitor of queues judges what they write down. Both give up after a
// bounded number of idle polls.

import { assertEquals, assertGreater } from "@std/assert";
import { queueViolation } from "../../properties/ring/history.ts";
import type { RingCall } from "./mpmc_call.ts";
import { MpmcRing } from "./mpmc.ts";
import { mpmcRingBytes, type RingSync } from "./mpmc_memory.ts";

const ITEMS = 2000;
const RING_SIZE = 24;
const BURST_MAX = 5;

interface Order {
  readonly memory: SharedArrayBuffer;
  /** Word 0 the time; word 1 how many are ready; word 2 how many items have been dequeued. */
  readonly common: SharedArrayBuffer;
  /** 0 or 1. */
  readonly participant: number;
  readonly items: number;
  readonly burstMax: number;
}

/** Runs in the Worker: no name of this file may be used in it. */
function body(attach: (memory: SharedArrayBuffer) => MpmcRing, order: Order): RingCall[] {
  const { participant, items, burstMax } = order;
  const ring = attach(order.memory);
  const common = new Int32Array(order.common);
  const burst = new Int32Array(burstMax);
  const calls: RingCall[] = [];
  let [round, placed, idle] = [0, 0, 0];

  const move = (kind: RingCall["kind"], asked: number): number => {
    const bulk = round % 7 === 0;
    for (let i = 0; i < asked; i++) burst[i] = participant * 1e6 + placed + i;
    const startedAt = Atomics.add(common, 0, 1);
    const n = kind === "enqueue"
      ? bulk ? ring.enqueueBulk(burst, 0, asked) : ring.enqueueBurst(burst, 0, asked)
      : bulk
      ? ring.dequeueBulk(burst, asked)
      : ring.dequeueBurst(burst, asked);
    const endedAt = Atomics.add(common, 0, 1);
    const ids = [...burst.subarray(0, n)];
    // Idle polls say as much as others, but a hundred in a row are enough.
    if (n > 0 || idle < 100) {
      calls.push({ participant, kind, startedAt, endedAt, asked, bulk, ids });
    }
    return n;
  };

  Atomics.add(common, 1, 1);
  for (let i = 0; i < 10_000 && Atomics.load(common, 1) < 2; i++) Atomics.wait(common, 3, 0, 0.1);
  for (; idle < 20_000 && Atomics.load(common, 2) < 2 * items; round++) {
    const turn = round % (participant === 0 ? 12 : 4) === 0;
    const asked = Math.min(1 + round % burstMax, items - placed);
    const into = turn || participant === 0 ? move("enqueue", asked) : 0;
    placed += into;
    // The first one takes little, so that a full ring makes it wait for the other.
    const takes = participant === 1 || placed === items || turn && idle === 0;
    const out = takes ? move("dequeue", 1 + (round >> 2) % burstMax) : 0;
    if (out > 0) Atomics.add(common, 2, out);
    idle = into + out > 0 ? 0 : idle + 1;
    // A short sleep lets the other thread run where there are fewer cores than threads.
    if (idle > 20) Atomics.wait(common, 3, 0, 0.05);
  }
  return calls;
}

/** Workers that have loaded the ring and wait for their orders. */
async function load(n: number): Promise<Worker[]> {
  const code = `import { MpmcRing } from ${JSON.stringify(import.meta.resolve("./mpmc.ts"))};
    const body = ${body};
    self.onmessage = ({ data }) => self.postMessage(body(MpmcRing.attach, data));
    self.postMessage("loaded");`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const workers = Array.from({ length: n }, () => new Worker(url, { type: "module" }));
  await Promise.all(workers.map((worker) => answer(worker)));
  URL.revokeObjectURL(url);
  return workers;
}

function answer<T>(worker: Worker): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}

/** What two Workers did with a new ring. */
async function run(workers: readonly Worker[], sync: RingSync): Promise<RingCall[]> {
  const memory = new SharedArrayBuffer(mpmcRingBytes(RING_SIZE, true));
  const ring = new MpmcRing(RING_SIZE, {
    exactSize: true,
    shared: memory,
    startIndex: 2 ** 32 - ITEMS,
    producers: sync,
    consumers: sync,
  });
  const common = new SharedArrayBuffer(16);
  const histories = await Promise.all(workers.map((worker, participant) => {
    const order: Order = { memory, common, participant, items: ITEMS, burstMax: BURST_MAX };
    worker.postMessage(order);
    return answer<RingCall[]>(worker);
  }));
  assertEquals([ring.count, ring.free], [0, RING_SIZE], `${sync}: not drained`);
  return histories.flat();
}

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
      const calls = await run(workers, sync);
      const late = sync === "mt-rts";
      const options = { size: RING_SIZE, lateItems: late, lateSlots: late };
      assertEquals(queueViolation(calls, options), undefined, sync);
      const crossed = calls.filter(({ kind, participant, ids }) =>
        kind === "dequeue" && ids.some((id) =>
          Math.floor(id / 1e6) !== participant
        )
      ).length;
      assertGreater(crossed, 100, `HARN-1: ${sync}: hardly an item went to the other thread`);
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
});
