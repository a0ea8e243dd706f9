import type { Fib4 } from "../../core/fib/fib.ts";
import { IPV4, type Prefix, routeList4, routeText4 } from "./ipv4.ts";
import type { RouteList } from "./model.ts";
import type { FibReader, Store, WatchedMemory } from "./watched.ts";

/** A table, what reads it, the memory between them, and the routes that it ought to hold. */
export interface Watched {
  /** What changes. */
  readonly fib: Pick<Fib4, "add" | "delete">;
  /** What looks up meanwhile. */
  readonly reader: FibReader;
  /** What all accesses go through. */
  readonly memory: WatchedMemory;
  /** What the table holds. */
  readonly routes: RouteList<number, Prefix>;
}

/** Does one call of the writer, to the table and to its list of routes; answers what that was. */
export type Update = (watched: Watched) => string;

/** The addition of a route, or without a next hop its deletion. */
export function updateOf(prefix: number, depth: number, nextHop?: number): Update {
  const route = routeText4(prefix, depth);
  if (nextHop === undefined) {
    return ({ fib, routes }) => {
      const got = fib.delete(prefix, depth);
      if (got) routes.delete(IPV4.prefixOf(prefix, depth));
      return `delete ${route}: ${got}`;
    };
  }
  return ({ fib, routes }) => {
    const got = fib.add(prefix, depth, nextHop);
    if (got) routes.add(IPV4.prefixOf(prefix, depth), nextHop);
    return `add ${route} -> ${nextHop}: ${got}`;
  };
}

/** An update that has been done once, and can be taken back and done again store by store. */
export interface Recording {
  /** The table it was done to. */
  readonly watched: Watched;
  /** What it stored. */
  readonly stores: readonly Store[];
  /** What it was, and what the table answered. */
  readonly text: string;
  /** The routes before each update up to this one, and after it. */
  readonly tables: readonly RouteList<number, Prefix>[];
  /** How many of the stores are made at present. */
  made: number;
}

/** A word of the reader and what it says. */
export interface Told {
  /** Which word. */
  readonly word: number;
  /** What is in it. */
  readonly value: number;
}

/** A word that the reader writes. */
export interface OwnWord {
  /** Which word. */
  readonly word: number;
  /** What was in it at first. */
  readonly initial: number;
  /** Whether it was written to tell the writer something. */
  readonly tells: boolean;
}

/** Makes or takes back stores until the first `made` are made. */
export function makeStores(recording: Recording, made: number): void {
  const { stores } = recording;
  for (; recording.made < made; recording.made++) {
    const { array, index, after } = stores[recording.made]!;
    array[index] = after;
  }
  while (recording.made > made) {
    const { array, index, before } = stores[--recording.made]!;
    array[index] = before;
  }
}

/**
 * What a writer's updates store, one after the other; each depends on what the reader had told when
 * it began, and on what came before.
 */
export class Recordings {
  /** Before the first update. */
  readonly start: Recording;
  /** The words that updates are known to store. */
  readonly stored: Set<number> = new Set();
  /** The words that the reader is known to write. */
  readonly own: OwnWord[] = [];
  private readonly done = new Map<string, Recording>();

  /** `make` answers a table in the same state each time; where there is one update, the same. */
  constructor(private readonly make: () => Watched, readonly updates: readonly Update[]) {
    const watched = make();
    const tables = [copyOf(watched.routes)];
    this.start = { watched, stores: [], text: "", tables, made: 0 };
  }

  /** What was done in some order of steps, each update a line with its answer. */
  texts(): Set<string> {
    return new Set(this.done.values().map(({ text }) => text));
  }

  /** The last of `history.length` updates, none of its stores made; [i] is told before update i. */
  after(history: readonly (readonly Told[])[]): Recording {
    if (history.length === 0) return this.start;
    const key = JSON.stringify(history);
    const known = this.done.get(key);
    if (known !== undefined) return known;
    const before = this.after(history.slice(0, -1));
    const watched = this.make();
    let text = "";
    let stores: Store[] = [];
    history.forEach((told, i) => {
      for (const { word, value } of told) watched.memory.setWord(word, value);
      stores = watched.memory.record(() => text = this.updates[i]!(watched));
    });
    for (const { word } of stores) this.stored.add(word);
    const tables = [...before.tables, copyOf(watched.routes)];
    const recording = { watched, stores, text, tables, made: stores.length };
    makeStores(recording, 0);
    this.done.set(key, recording);
    return recording;
  }
}

function copyOf(routes: RouteList<number, Prefix>): RouteList<number, Prefix> {
  const copy = routeList4();
  copy.routes.push(...routes.routes);
  return copy;
}
