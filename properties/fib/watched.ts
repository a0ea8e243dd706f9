/** The arrays that a table may keep what look-ups read in. */
export type FibArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/**
 * Gives an array that stands for `array` and whose every access is seen; a table whose look-ups are
 * stepped uses it in its place. `name` is what messages call it. Elements, `fill`, `set`, `subarray`
 * and Atomics are understood; what else would change the array throws.
 */
export type Watch = <T extends FibArray>(array: T, name: string) => T;

/** What looks up in a table while somebody changes it. */
export interface FibReader {
  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number;
  /** Tells the writer that no look-up is under way (rte_rcu_qsbr_quiescent). */
  quiescent?(): void;
}

/** A store that a writer made. */
export interface Store {
  /** What was stored into, and what that is called. */
  readonly array: FibArray;
  /** Its name. */
  readonly name: string;
  /** Where in it. */
  readonly index: number;
  /** Which 32-bit word of all watched memory it lies in. */
  readonly word: number;
  /** What was there. */
  readonly before: number;
  /** What is there now. */
  readonly after: number;
}

/** What becomes of an access: the value that was there, and a new one unless it is a load. */
type Access = (at: Store, change?: (old: number) => number) => number;

/** Thrown into a stepped operation at the access before which it has to stop. */
const PAUSED = new Error("paused");

/** What an operation did in a step. */
export interface Stepped {
  /** Its accesses. */
  readonly accesses: readonly Store[];
  /** What it answered; undefined while it is not over. */
  readonly answer: number | undefined;
}

const direct: Access = ({ array, index, before }, change) => {
  if (change !== undefined) array[index] = change(before);
  return before;
};

/**
 * The memory of one table: hands out watched arrays, writes down what a writer stores, and lets a
 * reader's operation go on access by access.
 *
 * An operation is stepped by running it anew from its beginning, its earlier accesses answered as
 * they were and left without effect, new ones made, and an exception ending it where it has to
 * stop. So the code itself is explored and not a model of it; it has to keep whatever changes
 * in watched arrays.
 */
export class WatchedMemory {
  private access: Access = direct;
  private readonly buffers: ArrayBufferLike[] = [];
  private readonly sources = new WeakMap<object, Source>();

  /** See {@link Watch}. */
  readonly watch: Watch = (array, name) => {
    if (this.sources.has(array)) return array;
    if (!this.buffers.includes(array.buffer)) this.buffers.push(array.buffer);
    const base = this.buffers.indexOf(array.buffer) * WORDS;
    const source: Source = { array, name, base: base + Math.floor(array.byteOffset / 4) };
    const watched = new Proxy(array, {
      get: (_, key) => {
        const index = typeof key === "string" ? Number(key) : NaN;
        return Number.isInteger(index) ? this.access(at(source, index)) : this.method(source, key);
      },
      set: (_, key, value) => {
        this.access(at(source, Number(key)), () => value);
        return true;
      },
    });
    this.sources.set(watched, source);
    return watched;
  };

  /** Runs a writer; answers its stores that changed something, in order, and whether it threw. */
  record(run: () => void): Store[] {
    const stores: Store[] = [];
    this.as((at, change) => {
      if (change === undefined) return at.before;
      at.array[at.index] = change(at.before);
      const after = at.array[at.index]!;
      if (after !== at.before) stores.push({ ...at, after });
      return at.before;
    }, run);
    return stores;
  }

  /** Runs a reader to its end; answers the words that it read. */
  wordsOf(run: () => void): Set<number> {
    const words = new Set<number>();
    this.as((at, change) => {
      words.add(at.word);
      return direct(at, change);
    }, run);
    return words;
  }

  /**
   * Lets `operation`, whose earlier accesses gave `seen`, make those up to the next but one that
   * others can tell (`isTold`); what they give is added to `seen`.
   */
  step(operation: () => number, seen: number[], isTold: (at: Store) => boolean): Stepped {
    const accesses: Store[] = [];
    const before = seen.length;
    let [done, told] = [0, 0];
    const access: Access = (at, change) => {
      if (done < before) {
        const value = seen[done++]!;
        return at.array instanceof Uint32Array ? value >>> 0 : value;
      }
      const after = change === undefined ? at.before : change(at.before);
      const made = { ...at, after };
      if (isTold(made) && ++told > 1) throw PAUSED;
      at.array[at.index] = after;
      seen.push(at.before);
      accesses.push(made);
      return at.before;
    };
    try {
      return { accesses, answer: this.as(access, operation) };
    } catch (error) {
      if (error !== PAUSED) throw error;
      return { accesses, answer: undefined };
    }
  }

  /** What is in a word. */
  wordAt(word: number): number {
    return this.viewOf(word)[0]!;
  }

  /** Puts a value into a word, unseen. */
  setWord(word: number, value: number): void {
    this.viewOf(word)[0] = value;
  }

  private viewOf(word: number): Int32Array {
    const buffer = this.buffers[Math.floor(word / WORDS)]!;
    return new Int32Array(buffer, 4 * (word % WORDS), 1);
  }

  private method(source: Source, key: string | symbol): unknown {
    const { array, name } = source;
    const value = Reflect.get(array, key, array);
    if (typeof value !== "function") return value;
    const put = (i: number, to: number) => void this.access(at(source, i), () => to);
    switch (key) {
      case "fill":
        return (to: number, from = 0, end = array.length) => {
          for (let i = from; i < end; i++) put(i, to);
        };
      case "set":
        return (from: ArrayLike<number>, at = 0) => {
          for (let i = 0; i < from.length; i++) put(at + i, from[i]!);
        };
      case "subarray":
        return (from: number, to: number) => this.watch(array.subarray(from, to), name);
      case "copyWithin":
      case "reverse":
      case "sort":
        throw new TypeError(`Cannot watch ${name}: ${key} is not understood`);
      default:
        return value.bind(array);
    }
  }

  /** Runs with accesses, those by Atomics among them, going through `access`. */
  private as<R>(access: Access, run: () => R): R {
    const [outer, restore] = [this.access, this.watchAtomics()];
    this.access = access;
    try {
      return run();
    } finally {
      this.access = outer;
      restore();
    }
  }

  /** Atomics refuse what only stands for an array, so they are led around. */
  private watchAtomics(): () => void {
    const { load, store, add, sub, compareExchange, exchange } = Atomics;
    const through = (
      real: (...args: never[]) => number,
      change?: (old: number, ...values: number[]) => number,
    ) =>
    (array: FibArray, index: number, ...values: number[]): number => {
      const source = this.sources.get(array);
      if (source === undefined) return real(...[array, index, ...values] as never[]);
      const changed = change && ((before: number) => change(before, ...values));
      const old = this.access(at(source, index), changed);
      return real === store as unknown ? values[0]! : old;
    };
    Object.assign(Atomics, {
      load: through(load),
      store: through(store, (_, value) => value!),
      add: through(add, (old, value) => old + value!),
      sub: through(sub, (old, value) => old - value!),
      exchange: through(exchange, (_, value) => value!),
      compareExchange: through(
        compareExchange,
        (old, expected, value) => old === expected ? value! : old,
      ),
    });
    return () => void Object.assign(Atomics, { load, store, add, sub, compareExchange, exchange });
  }
}

/** An array that is watched. */
interface Source {
  readonly array: FibArray;
  readonly name: string;
  /** The word of its first element, rounded down. */
  readonly base: number;
}

/** Words that are set aside for a buffer in the numbering of words. */
const WORDS = 2 ** 32;

function at({ array, name, base }: Source, index: number): Store {
  const before = array[index];
  if (before === undefined) {
    throw new RangeError(`Cannot reach ${name}[${index}]: it has ${array.length} elements`);
  }
  const word = base + Math.floor((array.byteOffset % 4 + index * array.BYTES_PER_ELEMENT) / 4);
  return { array, name, index, word, before, after: before };
}
