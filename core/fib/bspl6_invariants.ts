import type { Rib6 } from "./_rib6.ts";
import { prefix6Text } from "./_route6.ts";
import {
  BMP,
  ENTRY_WORDS,
  LENGTH_SHIFT,
  type LengthSearch,
  MARKER,
  ROUTE,
} from "./bspl6_search.ts";

/**
 * Compares a binary search on lengths with its routes, entry by entry.
 * @throws {Error} naming the invariant and the entry
 */
export function checkBspl6(
  search: LengthSearch,
  rules: Rib6,
  start: Int32Array,
  maxEntries: number,
): void {
  rules.checkInvariants();
  checkLengths(search, rules, maxEntries);
  for (let bit = 0; bit < 2; bit++) {
    const cover = rules.cover(Uint32Array.of(bit * 2 ** 31, 0, 0, 0), 1);
    const expected = cover < 0 ? -1 : cover >>> 8;
    if (start[bit] !== expected) {
      throw new Error(`W2: the search starts from ${start[bit]} at bit ${bit}, not ${expected}`);
    }
  }
  const markers = new Map<string, number>();
  const routes = new Map<string, number>();
  rules.walk((prefix, depth, nextHop) => {
    if (depth < 2) return;
    routes.set(keyOf(prefix, depth), nextHop);
    search.eachMarker(depth, (length) => {
      const key = keyOf(prefix, length);
      markers.set(key, (markers.get(key) ?? 0) + 1);
    });
  });
  let entries = 0;
  for (let slot = 0; slot < search.capacity; slot++) {
    if (search.tagOf(slot) === 0) continue;
    entries++;
    checkSlot(search, slot, markers, routes);
  }
  const expected = new Set([...markers.keys(), ...routes.keys()]).size;
  if (entries !== expected || search.count !== expected) {
    throw new Error(`W1: ${entries} entries, ${search.count} counted, the routes need ${expected}`);
  }
}

function checkLengths(search: LengthSearch, rules: Rib6, maxEntries: number): void {
  for (let i = 0; i < search.lengthCount; i++) {
    const length = search.lengths[i]!;
    // With a limit, a length may stay after its last route.
    if (rules.countAt(length) > 0 || maxEntries < 2 ** 27) continue;
    throw new Error(`W4: length ${length} is searched and no route has it`);
  }
  for (let depth = 2; depth <= 128; depth++) {
    if (rules.countAt(depth) > 0 && !search.has(depth)) {
      throw new Error(`W4: routes of length ${depth} are there and it is not searched`);
    }
  }
}

function checkSlot(
  search: LengthSearch,
  slot: number,
  markers: Map<string, number>,
  routes: Map<string, number>,
): void {
  const tag = search.tagOf(slot);
  const length = tag >>> LENGTH_SHIFT;
  const at = ENTRY_WORDS * slot;
  const prefix = Uint32Array.from(search.slots.slice(at, at + 4), (word) => word >>> 0);
  const where = `entry ${prefix6Text(prefix, 0, length)}`;
  const key = keyOf(prefix, length);
  if (search.find(prefix, 0, length) !== slot) throw new Error(`W1: ${where} is not found`);
  const left = markers.get(key) ?? 0;
  if ((tag & MARKER) !== 0 !== left > 0 || (tag & ROUTE) !== 0 !== routes.has(key)) {
    throw new Error(`W1: ${where} has tag 0x${(tag >>> 0).toString(16)}, is marker of ${left}`);
  }
  if (search.referencesOf(slot) !== left) {
    throw new Error(
      `W3: ${where} counts ${search.referencesOf(slot)} routes, is marker of ${left}`,
    );
  }
  const expected = search.bestOf(prefix, length) - 1;
  if ((tag & BMP) - 1 !== expected || (routes.has(key) && routes.get(key) !== expected)) {
    throw new Error(`W2: ${where} has bmp ${(tag & BMP) - 1}, the routes say ${expected}`);
  }
}

function keyOf(prefix: Uint32Array, length: number): string {
  const bits = Array.from(prefix, (word) => word.toString(2).padStart(32, "0")).join("");
  return bits.slice(0, length);
}
