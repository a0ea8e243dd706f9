// Aim: the ring keeps order between two threads. Method: one Worker enqueues 1, 2, 3, ... in bursts
// of changing size, another one checks that it dequeues the same; both give up after a bounded
// number of empty polls.

import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { SpscRing } from "./spsc.ts";
import { spscRingBytes } from "./spsc_memory.ts";

const ITEMS = 200_000;
const RING_SIZE = 96;
const BURST_MAX = 33;

interface Outcome {
  readonly moved: number;
  readonly wrong: string;
}

/** Runs in the Worker: no name of this file may be used in it. */
function body(
  attach: (memory: SharedArrayBuffer) => SpscRing,
  memory: SharedArrayBuffer,
  producing: boolean,
  items: number,
  burstMax: number,
): Outcome {
  const ring = attach(memory);
  const burst = new Int32Array(burstMax);
  const bed = new Int32Array(new SharedArrayBuffer(4));
  let moved = 0;
  let idle = 0;
  for (let round = 0; moved < items && idle < 20_000; round++) {
    const n = Math.min(1 + round % burstMax, items - moved);
    if (producing) { for (let i = 0; i < n; i++) burst[i] = moved + i + 1; }
    const got = producing ? ring.enqueueBurst(burst, 0, n) : ring.dequeueBurst(burst, n);
    for (let i = 0; i < got; i++) {
      const expected = moved + i + 1;
      if (burst[i] !== expected) return { moved, wrong: `${burst[i]} where ${expected} belongs` };
    }
    moved += got;
    idle = got > 0 ? 0 : idle + 1;
    // A short sleep lets the other thread run where there are fewer cores than threads.
    if (idle > 200) Atomics.wait(bed, 0, 0, 0.05);
  }
  return { moved, wrong: "" };
}

/** A Worker that has loaded the ring and waits for its order. */
async function load(): Promise<Worker> {
  const code = `import { SpscRing } from ${JSON.stringify(import.meta.resolve("./spsc.ts"))};
    const body = ${body};
    self.onmessage = ({ data }) =>
      self.postMessage(body(SpscRing.attach, data.memory, data.producing, data.items, data.burst));
    self.postMessage("loaded");`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  await answer(worker);
  URL.revokeObjectURL(url);
  return worker;
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

function order(worker: Worker, memory: SharedArrayBuffer, producing: boolean): Promise<Outcome> {
  worker.postMessage({ memory, producing, items: ITEMS, burst: BURST_MAX });
  return answer<Outcome>(worker).finally(() => worker.terminate());
}

// A Worker loads the ring from its file, for which plain `deno test` has no permission.
const mayRead = Deno.permissions.querySync({ name: "read", path: import.meta.dirname! }).state ===
  "granted";

Deno.test({
  name: "SpscRing keeps order between two Workers across the wrap of its indices (RING-1, 5)",
  ignore: !mayRead,
}, async () => {
  const memory = new SharedArrayBuffer(spscRingBytes(RING_SIZE, true));
  const ring = new SpscRing(RING_SIZE, {
    exactSize: true,
    shared: memory,
    startIndex: 2 ** 32 - ITEMS / 2,
  });
  const [producer, consumer] = await Promise.all([load(), load()]);
  const outcomes = Promise.all([order(producer, memory, true), order(consumer, memory, false)]);
  // A third thread may look at any time; both indices can move between its two loads.
  const counts = new Set<number>();
  for (let i = 0; i < 200_000; i++) counts.add(ring.count);
  const [produced, consumed] = await outcomes;
  assertLessOrEqual(Math.max(...counts), RING_SIZE, "RING-2: count above size");
  assertGreaterOrEqual(Math.min(...counts), 0, "RING-2: count below 0");
  assertEquals(consumed, { moved: ITEMS, wrong: "" });
  assertEquals(produced, { moved: ITEMS, wrong: "" });
  assertEquals([ring.count, ring.free], [0, RING_SIZE]);
});
