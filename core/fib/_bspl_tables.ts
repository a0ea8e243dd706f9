import { BsplTable, depthOf, routeWord, TAKEN } from "./_bspl_table.ts";
import { maskOf } from "./route.ts";
import type { RuleTable } from "./rule_table.ts";

/**
 * The hash tables of a binary search on prefix lengths, in ascending order of their lengths, with
 * the markers that lead the search. The search tree is the balanced one over this order: the middle
 * of what is left, longer after a hit, shorter after a miss. So the tables of a set of routes depend
 * on the routes alone, and a new length, or the last route of a length gone, makes all markers anew.
 */
export class BsplTables {
  /** A table for each length in use, ascending. */
  readonly tables: BsplTable[] = [];

  /** No tables yet. */
  constructor(private readonly rules: RuleTable, private readonly maxBytes: number) {}

  /** Bytes that look-ups read from. */
  get bytes(): number {
    return this.tables.reduce((sum, table) => sum + table.bytes, 0);
  }

  /** Entries of all tables. */
  get entries(): number {
    return this.tables.reduce((sum, table) => sum + table.live, 0);
  }

  /** Bytes that only updates use. */
  get besideBytes(): number {
    return this.tables.reduce((sum, table) => sum + table.besideBytes, 0);
  }

  /** Where the table of a length stands, or -1. */
  indexOf(length: number): number {
    return this.tables.findIndex((table) => table.length === length);
  }

  /**
   * Tables for the lengths that the rules have, filled; undefined when they exceed the limit.
   * O(routes * (markers + lengths)).
   */
  rebuilt(): BsplTables | undefined {
    const { rules } = this;
    const fresh = new BsplTables(rules, this.maxBytes);
    for (let length = 1; length <= 32; length++) {
      if (rules.countAt(length) === 0) continue;
      fresh.tables.push(new BsplTable(length, rules.countAt(length)));
    }
    if (fresh.bytes > this.maxBytes) return undefined;
    for (let slot = 0; slot < rules.capacity; slot++) {
      const depth = rules.depthAt(slot);
      if (depth < 1) continue;
      const table = fresh.tables[fresh.indexOf(depth)]!;
      const key = rules.prefixAt(slot) | 0;
      table.put(table.slotOf(key), key, routeWord(depth, rules.get(key >>> 0, depth)));
    }
    for (let slot = 0; slot < rules.capacity; slot++) {
      const depth = rules.depthAt(slot);
      if (depth < 1) continue;
      const prefix = rules.prefixAt(slot);
      if (!fresh.reserve(prefix, depth)) return undefined;
      fresh.leaveMarkers(prefix, depth);
    }
    return fresh;
  }

  /**
   * Makes room for a route of a length in use and its markers; false, and nothing visible changed,
   * when they exceed the limit.
   */
  reserve(prefix: number, depth: number): boolean {
    let bytes = 0;
    this.alongPath(prefix, depth, (table, slot) => {
      if (table.wordAt(slot) === 0) bytes += table.bytesForOneMore;
    });
    if (bytes === 0) return true;
    if (this.bytes + bytes > this.maxBytes) return false;
    let done = true;
    this.alongPath(prefix, depth, (table, slot) => {
      if (table.wordAt(slot) === 0) done &&= table.reserve();
    });
    return done;
  }

  /** Writes a route of a length in use, and its markers when it is new. Room has been made. */
  insert(prefix: number, depth: number, nextHop: number, isNew: boolean): void {
    const table = this.tables[this.indexOf(depth)]!;
    const word = routeWord(depth, nextHop);
    const slot = table.slotOf(prefix | 0);
    if (table.wordAt(slot) === 0) table.put(slot, prefix | 0, word);
    else table.setWord(slot, word);
    if (isNew) this.leaveMarkers(prefix, depth);
    this.beneath(prefix, depth, (at, entry) => {
      if (depthOf(at.wordAt(entry)) <= depth) at.setWord(entry, word);
    });
  }

  /**
   * Takes out a route that is no longer in the rules, its markers where no other route needs them,
   * and what its markers and others beneath it knew of it.
   */
  erase(prefix: number, depth: number): void {
    const word = this.coverWord(prefix, depth);
    this.beneath(prefix, depth, (at, entry) => {
      if (depthOf(at.wordAt(entry)) === depth) at.setWord(entry, word);
    });
    this.alongPath(prefix, depth, (table, slot) => {
      if (table.length === depth) table.setWord(slot, word);
      else table.addRef(slot, -1);
      if (table.refsAt(slot) > 0 || depthOf(table.wordAt(slot)) === table.length) return;
      table.remove(slot);
    });
  }

  /** Leaves a marker at each length where the search for this one has to go on with longer ones. */
  private leaveMarkers(prefix: number, depth: number): void {
    this.alongPath(prefix, depth, (table, slot, key) => {
      if (table.length === depth) return;
      if (table.wordAt(slot) === 0) {
        table.put(slot, key, this.coverWord(key >>> 0, table.length));
      }
      table.addRef(slot, 1);
    });
  }

  /** Visits the tables where the search for this length goes on with longer ones, then its own. */
  private alongPath(
    prefix: number,
    depth: number,
    visit: (table: BsplTable, slot: number, key: number) => void,
  ): void {
    let low = 0;
    let high = this.tables.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const table = this.tables[middle]!;
      if (table.length > depth) {
        high = middle - 1;
        continue;
      }
      const key = prefix & maskOf(table.length);
      visit(table, table.slotOf(key), key);
      if (table.length === depth) return;
      low = middle + 1;
    }
  }

  /** What is known of an entry that is no route: the longest route shorter than it. */
  private coverWord(prefix: number, length: number): number {
    const depth = this.rules.coveringDepth(prefix, length);
    if (depth === 0) return TAKEN;
    return routeWord(depth, this.rules.get((prefix & maskOf(depth)) >>> 0, depth));
  }

  /**
   * Visits the entries beneath a route that are markers and no routes: of each table all the places
   * where one can be, or all of its slots, whatever is less.
   */
  private beneath(
    prefix: number,
    depth: number,
    visit: (table: BsplTable, slot: number) => void,
  ): void {
    for (const table of this.tables) {
      if (table.length <= depth || table.marked === 0) continue;
      const places = 2 ** (table.length - depth);
      if (places <= table.slots) {
        const step = 2 ** (32 - table.length);
        for (let i = 0; i < places; i++) {
          const slot = table.slotOf((prefix + i * step) | 0);
          if (isMarker(table, slot)) visit(table, slot);
        }
        continue;
      }
      const mask = maskOf(depth);
      for (let slot = 0; slot < table.slots; slot++) {
        if (isMarker(table, slot) && ((table.keyAt(slot) & mask) >>> 0) === prefix) {
          visit(table, slot);
        }
      }
    }
  }
}

/** Whether a slot holds an entry that is no route itself. */
function isMarker(table: BsplTable, slot: number): boolean {
  const word = table.wordAt(slot);
  return word !== 0 && depthOf(word) !== table.length;
}
