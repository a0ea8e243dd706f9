// LPM-12 between any two stores of an update. No test of its own.
import { assertEquals, assertGreater } from "@std/assert";

/**
 * Makes updates to a table and, first, to its twin; between any two stores of the first, a reader
 * sees at every probe what was there before or what the twin has by then. `watch` puts `look` into
 * the arrays that the table writes; answers how often the reader looked, which is `atLeast` so often.
 */
export function expectOldOrNew<F, A>(
  fib: F,
  twin: F,
  updates: readonly ((fib: F) => void)[],
  probes: readonly A[],
  lookup: (fib: F, probe: A) => number,
  watch: (look: () => void) => void,
  atLeast: number,
): void {
  const answers = (fib: F): number[] => probes.map((probe) => lookup(fib, probe));
  let [before, after, looks] = [answers(fib), answers(twin), 0];
  watch(() => {
    for (let i = 0; i < probes.length; i++) {
      const got = lookup(fib, probes[i]!);
      if (got === before[i] || got === after[i]) continue;
      throw new Error(`address ${probes[i]}: ${got} seen between ${before[i]} and ${after[i]}`);
    }
    looks += probes.length;
  });
  for (const update of updates) {
    update(twin);
    [before, after] = [after, answers(twin)];
    update(fib);
    assertEquals(answers(fib), after);
  }
  assertGreater(looks, atLeast);
}

/** A proxy for the writer that looks after each store; the reader keeps the array itself. */
export function watched<T extends Int32Array | Uint16Array | Uint32Array>(
  array: T,
  look: () => void,
): T {
  return new Proxy(array, {
    get: (target, key) => {
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? methodOf(target, String(key), look) : value;
    },
    set: (target, key, value) => {
      target[Number(key)] = value;
      look();
      return true;
    },
  });
}

/** `set` and `copyWithin` as stores one after the other, with a look after each. */
function methodOf<T extends Int32Array | Uint16Array | Uint32Array>(
  array: T,
  name: string,
  look: () => void,
): unknown {
  const store = (at: number, values: ArrayLike<number>): void => {
    for (let i = 0; i < values.length; i++) {
      array[at + i] = values[i]!;
      look();
    }
  };
  if (name === "set") return (values: ArrayLike<number>, at = 0) => store(at, values);
  if (name === "copyWithin") {
    return (to: number, from: number, end: number) => store(to, array.slice(from, end));
  }
  const method = Reflect.get(array, name, array);
  return typeof method === "function" ? method.bind(array) : method;
}
