// Workers that use one MpmcRing and write down what they do. Each call takes its times from a shared
// counter; one Worker enqueues more, the others dequeue more; all give up after a bounded number of
// idle polls.

import type { RingCall } from "./mpmc_call.ts";
import { MpmcRing } from "./mpmc.ts";
import { mpmcRingBytes, type RingSync } from "./mpmc_memory.ts";

interface Order {
  readonly memory: SharedArrayBuffer;
  /** Word 0 the time; word 1 how many are ready; word 2 how many items have been dequeued. */
  readonly common: SharedArrayBuffer;
  /** Counted from 0, of so many; each enqueues so many items. */
  readonly participant: number;
  readonly participants: number;
  readonly items: number;
  readonly burstMax: number;
}

/** Runs in the Worker: no name of this file may be used in it. */
function body(attach: (memory: SharedArrayBuffer) => MpmcRing, order: Order): RingCall[] {
  const { participant, participants, items, burstMax } = order;
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
  for (let i = 0; i < 10_000 && Atomics.load(common, 1) < participants; i++) {
    Atomics.wait(common, 3, 0, 0.1);
  }
  for (; idle < 20_000 && Atomics.load(common, 2) < participants * items; round++) {
    const turn = round % (participant === 0 ? 12 : 4) === 0;
    const asked = Math.min(1 + round % burstMax, items - placed);
    const into = turn || participant === 0 ? move("enqueue", asked) : 0;
    placed += into;
    // The first one takes little, so that a full ring makes it wait for the other.
    const takes = participant > 0 || placed === items || turn && idle === 0;
    const out = takes ? move("dequeue", 1 + (round >> 2) % burstMax) : 0;
    if (out > 0) Atomics.add(common, 2, out);
    idle = into + out > 0 ? 0 : idle + 1;
    // A short sleep lets the other thread run where there are fewer cores than threads.
    if (idle > 20) Atomics.wait(common, 3, 0, 0.05);
  }
  return calls;
}

/** Workers that have loaded the ring and wait for their orders. */
export async function load(n: number): Promise<Worker[]> {
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

/** The ring, and what each Worker does with it. */
export interface Run {
  readonly size: number;
  readonly producers: RingSync;
  readonly consumers: RingSync;
  readonly items: number;
  readonly burstMax: number;
}

/**
 * What Workers did with a new ring whose indices wrap half-way.
 *
 * @throws {Error} when they do not drain it
 */
export async function run(workers: readonly Worker[], options: Run): Promise<RingCall[]> {
  const { size, producers, consumers, items, burstMax } = options;
  const memory = new SharedArrayBuffer(mpmcRingBytes(size, true));
  const startIndex = 2 ** 32 - ((items * workers.length) >> 1);
  const ring = new MpmcRing(size, {
    exactSize: true,
    shared: memory,
    startIndex,
    producers,
    consumers,
  });
  const common = new SharedArrayBuffer(16);
  const participants = workers.length;
  const histories = await Promise.all(workers.map((worker, participant) => {
    const order: Order = { memory, common, participant, participants, items, burstMax };
    worker.postMessage(order);
    return answer<RingCall[]>(worker);
  }));
  if (ring.count !== 0 || ring.free !== size) {
    throw new Error(`${producers} to ${consumers}: ${ring.count} items are left`);
  }
  return histories.flat();
}

/** How many items came out at another Worker than they went in. */
export function crossings(calls: readonly RingCall[]): number {
  return calls.filter(({ kind, participant, ids }) =>
    kind === "dequeue" && ids.some((id) => Math.floor(id / 1e6) !== participant)
  ).length;
}
