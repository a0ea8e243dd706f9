// What the short and the long test with real threads share: one thread changes a DIR-24-8 on shared
// memory round after round, Workers look up in it and hold each answer against the tables that
// there were meanwhile. No test of its own.
import { dir24_8Bytes } from "../../core/fib/_dir24_8_memory.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { Dir24_8Reader } from "../../core/fib/dir24_8_reader.ts";
import { IPV4, type Route, routeList4, routeText4 } from "./ipv4.ts";

/** A route that comes, or without a next hop goes. */
export interface Change {
  readonly prefix: number;
  readonly depth: number;
  readonly nextHop?: number;
}

/** What is run. */
export interface ReaderRun {
  readonly firstBits: 24 | 16 | 8;
  readonly groups: number;
  readonly readers: number;
  /** What the table holds at first and after each round. */
  readonly routes: readonly Route[];
  /** One round of changes, which leads back to where it began. */
  readonly changes: readonly Change[];
  readonly rounds: number;
  readonly addresses: readonly number[];
  /** What is broken in the table; nothing. */
  readonly plant?: (fib: Dir24_8) => void;
}

/** What a reader saw. */
export interface ReaderOutcome {
  readonly looks: number;
  /** Look-ups during which an update was under way whose answer differs before and after. */
  readonly contested: number;
  /** The first answer that the table never gave, in words; empty when all was well. */
  readonly wrong: string;
}

interface Order {
  readonly memory: SharedArrayBuffer;
  /** Words: updates begun, updates ended, readers ready, whether to stop. */
  readonly common: SharedArrayBuffer;
  /** The right answers, those of one state of the round after the other. */
  readonly answers: Int32Array;
  readonly addresses: Uint32Array;
}

const BEGUN = 0;
const ENDED = 1;
const READY = 2;
const STOP = 3;

/** Runs in the Worker: no name of this file may be used in it. */
function body(attach: (memory: SharedArrayBuffer) => Dir24_8Reader, order: Order): ReaderOutcome {
  const { answers, addresses } = order;
  const reader = attach(order.memory);
  const common = new Int32Array(order.common);
  const count = addresses.length;
  const states = answers.length / count;
  const nextHops = new Int32Array(count);
  let [looks, contested, wrong] = [0, 0, ""];
  const judge = (i: number, from: number, to: number, got: number): void => {
    looks++;
    let [isRight, differs] = [false, false];
    const first = answers[(from % states) * count + i]!;
    for (let state = from; state <= Math.min(to, from + states - 1); state++) {
      const right = answers[(state % states) * count + i]!;
      if (right === got) isRight = true;
      if (right !== first) differs = true;
    }
    if (differs) contested++;
    if (isRight || wrong !== "") return;
    const text = [24, 16, 8, 0].map((shift) => (addresses[i]! >>> shift) & 255).join(".");
    wrong = `lookup ${text} answers ${got}, which it never was from ${from} updates, when it was ` +
      `${first}, to ${to}`;
  };
  Atomics.add(common, 2, 1);
  for (let round = 0; wrong === "" && Atomics.load(common, 3) === 0; round++) {
    for (let i = 0; i < count; i++) {
      const from = Atomics.load(common, 1);
      const got = reader.lookup(addresses[i]!);
      judge(i, from, Atomics.load(common, 0), got);
    }
    const from = Atomics.load(common, 1);
    reader.lookupBulk(addresses, nextHops, count);
    const to = Atomics.load(common, 0);
    for (let i = 0; i < count; i++) judge(i, from, to, nextHops[i]!);
    reader.quiescent();
  }
  reader.detach();
  return { looks, contested, wrong };
}

async function load(readers: number): Promise<Worker[]> {
  const module = import.meta.resolve("../../core/fib/dir24_8_reader.ts");
  const code = `import { Dir24_8Reader } from ${JSON.stringify(module)};
    const body = ${body};
    const attach = (memory) => new Dir24_8Reader(memory);
    self.onmessage = ({ data }) => self.postMessage(body(attach, data));
    self.postMessage("loaded");`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const workers = Array.from({ length: readers }, () => new Worker(url, { type: "module" }));
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

/** The right answers in each state of the round. */
function answersOf({ routes, changes, addresses }: ReaderRun): Int32Array {
  const model = routeList4();
  const covers = ({ prefix, depth }: Route): boolean =>
    addresses.some((address) => prefix <= address && address < prefix + 2 ** (32 - depth));
  model.routes.push(...routes.filter(covers));
  const answers = new Int32Array(changes.length * addresses.length);
  changes.forEach(({ prefix, depth, nextHop }, state) => {
    answers.set(addresses.map((address) => model.lookup(address)), state * addresses.length);
    if (nextHop === undefined) model.delete(IPV4.prefixOf(prefix, depth));
    else model.add(IPV4.prefixOf(prefix, depth), nextHop);
  });
  return answers;
}

/** Makes one change; where groups wait for readers, as soon as these have reported. */
function change(fib: Dir24_8, { prefix, depth, nextHop }: Change, common: Int32Array): void {
  for (let i = 0; i < 100_000; i++) {
    Atomics.add(common, BEGUN, 1);
    if (nextHop === undefined ? fib.delete(prefix, depth) : fib.add(prefix, depth, nextHop)) {
      Atomics.add(common, ENDED, 1);
      return;
    }
    // Refused, so nothing has been stored.
    Atomics.sub(common, BEGUN, 1);
    // A short sleep lets the readers run where there are fewer cores than threads.
    Atomics.wait(common, STOP, 0, 0.05);
  }
  throw new Error(`no group for ${routeText4(prefix, depth)}: the readers are stuck`);
}

/** Runs writer and readers; answers what each reader saw. */
export async function underReaders(run: ReaderRun): Promise<ReaderOutcome[]> {
  const { firstBits, groups, readers, routes, changes, addresses } = run;
  const memory = new SharedArrayBuffer(dir24_8Bytes({ firstBits, groups, readers }));
  const shape = { firstBits, groups, readers, maxRules: 2 ** 21, defaultRoute: true };
  const fib = new Dir24_8({ ...shape, shared: memory });
  for (const { prefix, depth, nextHop } of routes) fib.add(prefix, depth, nextHop);
  run.plant?.(fib);
  const shared = new SharedArrayBuffer(16);
  const common = new Int32Array(shared);
  const order: Order = {
    memory,
    common: shared,
    answers: answersOf(run),
    addresses: Uint32Array.from(addresses),
  };
  const workers = await load(readers);
  try {
    const outcomes = workers.map((worker) => {
      worker.postMessage(order);
      return answer<ReaderOutcome>(worker);
    });
    for (let i = 0; i < 100_000 && Atomics.load(common, READY) < readers; i++) {
      Atomics.wait(common, STOP, 0, 0.1);
    }
    for (let n = 0; n < run.rounds * changes.length; n++) {
      change(fib, changes[n % changes.length]!, common);
    }
    Atomics.store(common, STOP, 1);
    return await Promise.all(outcomes);
  } finally {
    Atomics.store(common, STOP, 1);
    for (const worker of workers) worker.terminate();
  }
}
