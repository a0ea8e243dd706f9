/**
 * Rings between two threads, by the wall: this one and a Worker. `spsc`: the Worker enqueues ascending
 * numbers, this thread dequeues and looks at their order; also where both ends publish once for a batch.
 * `mpmc`: both enqueue and dequeue. Where the
 * machine is not idle a thread that is taken off its core stops the other: `chrt -r 1` before the command
 * keeps both on.
 *
 *   deno run -A benches/two_threads.ts      prints M items/s: median and quartiles of 15 transfers
 */
import { MpmcRing, mpmcRingBytes, SpscRing, spscRingBytes } from "../core/mod.ts";
import type { RingSync } from "../core/mod.ts";

/** Slots of the rings. */
const SLOTS = 1024;
/** Words of the line that starts and ends a transfer. */
const GO = 0;
const DONE = 1;

/** What is between the threads: an SPSC ring, or an MPMC ring in a mode. */
export type ThreadsKind = "spsc" | Exclude<RingSync, "st">;

interface Job {
  readonly kind: ThreadsKind;
  readonly memory: SharedArrayBuffer;
  readonly line: SharedArrayBuffer;
  readonly burst: number;
  readonly items: number;
}

const isWorker = "WorkerGlobalScope" in globalThis;
if (isWorker) {
  globalThis.addEventListener("message", (event) => serve((event as MessageEvent<Job>).data));
}

/** Two threads and the ring between them. */
export class TwoThreads {
  readonly #worker = new Worker(new URL(import.meta.url), { type: "module" });
  readonly #kind: ThreadsKind;
  readonly #memory: SharedArrayBuffer;
  readonly #line = new SharedArrayBuffer(8);

  /** Starts the Worker; `batch` is that of the SPSC ring. */
  constructor(kind: ThreadsKind, batch = 1) {
    this.#kind = kind;
    if (kind === "spsc") {
      this.#memory = new SharedArrayBuffer(spscRingBytes(SLOTS));
      new SpscRing(SLOTS, { shared: this.#memory, batch });
    } else {
      this.#memory = new SharedArrayBuffer(mpmcRingBytes(SLOTS));
      new MpmcRing(SLOTS, { shared: this.#memory, producers: kind, consumers: kind });
    }
  }

  /** Seconds that `items` items take from one thread to the other (mpmc: half of them each way). */
  async seconds(burst: number, items: number): Promise<number> {
    const line = new Int32Array(this.#line);
    line.fill(0);
    const ready = new Promise((resolve) => {
      this.#worker.onmessage = resolve;
    });
    const job: Job = { kind: this.#kind, memory: this.#memory, line: this.#line, burst, items };
    this.#worker.postMessage(job);
    await ready;
    const began = performance.now();
    Atomics.store(line, GO, 1);
    if (this.#kind === "spsc") consume(SpscRing.attach(this.#memory), burst, items);
    else pairs(MpmcRing.attach(this.#memory), burst, items / 2);
    while (Atomics.load(line, DONE) === 0) Atomics.pause();
    return (performance.now() - began) / 1000;
  }

  /** Ends the Worker. */
  stop(): void {
    this.#worker.terminate();
  }
}

/** The Worker's half. */
function serve({ kind, memory, line: shared, burst, items }: Job): void {
  const line = new Int32Array(shared);
  (globalThis as unknown as MessagePort).postMessage("ready");
  while (Atomics.load(line, GO) === 0) Atomics.pause();
  if (kind === "spsc") produce(SpscRing.attach(memory), burst, items);
  else pairs(MpmcRing.attach(memory), burst, items / 2);
  Atomics.store(line, DONE, 1);
}

function produce(ring: SpscRing, burst: number, items: number): void {
  const buffer = new Int32Array(burst);
  for (let sent = 0; sent < items; sent += burst) {
    for (let i = 0; i < burst; i++) buffer[i] = sent + i;
    while (ring.enqueueBulk(buffer, 0, burst) === 0) Atomics.pause();
  }
  ring.flushEnqueued();
}

function consume(ring: SpscRing, burst: number, items: number): void {
  const buffer = new Int32Array(burst);
  for (let got = 0; got < items; got += burst) {
    while (ring.dequeueBulk(buffer, burst) === 0) Atomics.pause();
    for (let i = 0; i < burst; i++) {
      if (buffer[i] !== got + i) throw new Error(`item ${got + i} is ${buffer[i]}`);
    }
  }
}

function pairs(ring: MpmcRing, burst: number, items: number): void {
  const buffer = new Int32Array(burst);
  for (let moved = 0; moved < items; moved += burst) {
    while (ring.enqueueBulk(buffer, 0, burst) === 0) Atomics.pause();
    while (ring.dequeueBulk(buffer, burst) === 0) Atomics.pause();
  }
}

if (import.meta.main && !isWorker) {
  const kinds = [["spsc", 1], ["spsc", 128], ["mt", 1], ["mt-rts", 1], ["mt-hts", 1]] as const;
  for (const [kind, batch] of kinds) {
    const threads = new TwoThreads(kind, batch);
    for (const burst of [1, 8, 32, 256]) {
      const items = burst === 1 ? 1 << 18 : 1 << 21;
      const rates: number[] = [];
      for (let i = 0; i < 18; i++) {
        const rate = items / (await threads.seconds(burst, items)) / 1e6;
        if (i >= 3) rates.push(rate); // the first ones compile
      }
      rates.sort((a, b) => a - b);
      const [q1, median, q3] = [rates[3]!, rates[7]!, rates[11]!].map((r) => r.toPrecision(3));
      console.log(
        `${kind}${
          batch > 1 ? `, batch ${batch}` : ""
        }, burst ${burst}: ${median} M items/s (${q1}..${q3})`,
      );
    }
    threads.stop();
  }
}
