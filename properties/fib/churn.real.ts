// Aim: a day of one feed's updates, replayed whole on every table, leaves the set of routes that its source states,
// and on the way every table answers as the routes say. Method: the routes as one Map for each prefix length, asked
// from the longest down, judge at checkpoints: at random addresses, around routes of the table, and around what was
// updated last; a scan of all routes judges the Maps. Every announcement brings another next hop. Run by
// `deno task test:real`, which names the folder of real data in PLANECHECK_DATA.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { createFib4, FIB4_KINDS, type Fib4Kind } from "../../core/fib/create.ts";
import { createFib6, FIB6_KINDS, type Fib6Kind } from "../../core/fib/create6.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { Fib6 } from "../../core/fib/fib6.ts";
import { prefixText } from "../../core/fib/route.ts";
import { ipv4ToString } from "../../core/packet/ipv4_text.ts";
import { ipv6Text } from "../../fixtures/mrt/_ipv6_text.ts";
import { Prng } from "../../fixtures/prng.ts";
import { readRoutes } from "../../fixtures/routes/read_routes.ts";
import { readRouteUpdates, type RouteUpdates } from "../../fixtures/routes/updates.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");
const bytesOf = (path: string) => Deno.readFileSync(`${folder}/${path}`);

const CHECKPOINTS = 8;
/** Next hops that the announcements are spread over. */
const HOPS = 61;

/** What the source of a stream states about it. */
interface Stated {
  readonly path: string;
  readonly counts: {
    readonly announceNew: number;
    readonly announceKnown: number;
    readonly withdrawKnown: number;
    readonly withdrawUnknown: number;
  };
  readonly stateAfter: { readonly prefixes: number; readonly sortedSetSha256: string };
}

/** A table of either family; `words` are one for each prefix or address of IPv4, four of IPv6. */
interface Table {
  readonly fib: Fib4 | Fib6;
  add(words: Uint32Array, i: number, depth: number, nextHop: number): boolean;
  delete(words: Uint32Array, i: number, depth: number): boolean;
  /** Visits each route in order. */
  walk(visit: (text: string, words: Uint32Array, depth: number, nextHop: number) => void): void;
}

function table4(kind: Fib4Kind): Table {
  const fib = createFib4(kind);
  return {
    fib,
    add: (words, i, depth, hop) => fib.add(words[i]!, depth, hop),
    delete: (words, i, depth) => fib.delete(words[i]!, depth),
    walk: (visit) =>
      fib.walk((prefix, depth, hop) =>
        visit(prefixText(prefix, depth), Uint32Array.of(prefix), depth, hop)
      ),
  };
}

function table6(kind: Fib6Kind): Table {
  const fib = createFib6(kind);
  return {
    fib,
    add: (words, i, depth, hop) => fib.add(words, depth, hop, 4 * i),
    delete: (words, i, depth) => fib.delete(words, depth, 4 * i),
    walk: (visit) =>
      fib.walk((words, depth, hop) => visit(`${ipv6Text(words)}/${depth}`, words, depth, hop)),
  };
}

const FAMILIES = [
  { family: 4, bits: 32, kinds: FIB4_KINDS.filter((k) => k !== "linear"), make: table4 },
  { family: 6, bits: 128, kinds: FIB6_KINDS.filter((k) => k !== "linear"), make: table6 },
] as const;

/** The routes by length: too plain to be wrong. */
class Maps {
  readonly byLength: Map<bigint, number>[];

  constructor(readonly bits: number) {
    this.byLength = Array.from({ length: bits + 1 }, () => new Map());
  }

  apply(prefix: bigint, depth: number, nextHop: number | undefined): void {
    const key = prefix / 2n ** BigInt(this.bits - depth);
    if (nextHop === undefined) this.byLength[depth]!.delete(key);
    else this.byLength[depth]!.set(key, nextHop);
  }

  answer(address: bigint): number {
    for (let depth = this.bits, key = address; depth >= 0; depth--, key /= 2n) {
      const hop = this.byLength[depth]!.get(key);
      if (hop !== undefined) return hop;
    }
    return -1;
  }

  /** The same for a few addresses, by looking at every route. */
  scan(addresses: readonly bigint[]): number[] {
    const best = addresses.map(() => -1);
    this.byLength.forEach((routes, depth) => {
      const span = 2n ** BigInt(this.bits - depth);
      for (const [key, hop] of routes) {
        const first = key * span;
        addresses.forEach((address, i) => {
          if (first <= address && address < first + span) best[i] = hop;
        });
      }
    });
    return best;
  }
}

/** Number i out of words. */
function valueAt(words: Uint32Array, i: number, bits: number): bigint {
  if (bits === 32) return BigInt(words[i]!);
  let value = 0n;
  for (let word = 0; word < 4; word++) value = value * 2n ** 32n + BigInt(words[4 * i + word]!);
  return value;
}

function wordsOf(values: readonly bigint[], bits: number): Uint32Array {
  const n = bits / 32;
  return Uint32Array.from(
    { length: values.length * n },
    (_, i) => Number((values[Math.floor(i / n)]! >> BigInt(bits - 32 - 32 * (i % n))) % 2n ** 32n),
  );
}

/** What a table has to answer after so many updates. */
interface Checkpoint {
  readonly after: number;
  readonly addresses: Uint32Array;
  readonly expected: Int32Array;
}

type Routes = ReturnType<typeof readRoutes>["routes"];

function checkpoints(routes: Routes, updates: RouteUpdates, bits: number): Checkpoint[] {
  const maps = new Maps(bits);
  const rng = new Prng(1);
  const end = 2n ** BigInt(bits);
  const around = (words: Uint32Array, i: number, depth: number) => {
    const first = valueAt(words, i, bits);
    const last = first + 2n ** BigInt(bits - depth) - 1n;
    return [first, last, first - 1n, last + 1n].filter((value) => value >= 0n && value < end);
  };
  for (let i = 0; i < routes.count; i++) {
    maps.apply(valueAt(routes.prefix, i, bits), routes.depth[i]!, routes.nextHop[i]!);
  }
  const found: Checkpoint[] = [];
  let from = 0;
  for (let n = 1; n <= CHECKPOINTS; n++) {
    const after = Math.floor((updates.count * n) / CHECKPOINTS);
    for (let i = from; i < after; i++) {
      const hop = updates.announced[i] === 1 ? i % HOPS : undefined;
      maps.apply(valueAt(updates.prefix, i, bits), updates.depth[i]!, hop);
    }
    const addresses: bigint[] = [];
    for (let i = Math.max(from, after - 4000); i < after; i++) {
      addresses.push(...around(updates.prefix, i, updates.depth[i]!));
    }
    for (let k = 0; k < 4000; k++) {
      const i = rng.below(routes.count);
      addresses.push(...around(routes.prefix, i, routes.depth[i]!));
      let random = 0n;
      for (let b = 0; b < bits; b += 32) random = random * 2n ** 32n + BigInt(rng.next());
      addresses.push(random);
    }
    const expected = Int32Array.from(addresses, (address) => maps.answer(address));
    const some = Array.from({ length: 8 }, () => rng.below(addresses.length));
    assertEquals(maps.scan(some.map((i) => addresses[i]!)), some.map((i) => expected[i]!));
    found.push({ after, addresses: wordsOf(addresses, bits), expected });
    from = after;
  }
  return found;
}

function fill(table: Table, routes: Routes): void {
  for (let i = 0; i < routes.count; i++) {
    const taken = table.add(routes.prefix, i, routes.depth[i]!, routes.nextHop[i]!);
    assert(taken, `route ${i} of ${routes.count} was refused`);
  }
}

/** Applies the updates up to the checkpoint, counting as the source does, and compares the answers. */
function replay(table: Table, updates: RouteUpdates, points: Checkpoint[]): Stated["counts"] {
  const counts = { announceNew: 0, announceKnown: 0, withdrawKnown: 0, withdrawUnknown: 0 };
  const { fib } = table;
  let i = 0;
  for (const { after, addresses, expected } of points) {
    for (; i < after; i++) {
      const { size } = fib;
      const depth = updates.depth[i]!;
      if (updates.announced[i] === 1) {
        assert(table.add(updates.prefix, i, depth, i % HOPS), `update ${i} was refused`);
        if (fib.size > size) counts.announceNew++;
        else counts.announceKnown++;
      } else if (table.delete(updates.prefix, i, depth)) counts.withdrawKnown++;
      else counts.withdrawUnknown++;
    }
    const got = new Int32Array(expected.length);
    fib.lookupBulk(addresses, got, got.length);
    const at = got.findIndex((hop, k) => hop !== expected[k]);
    if (at < 0) continue;
    const n = addresses.length / expected.length;
    const words = addresses.subarray(at * n, at * n + n);
    const address = n === 1 ? ipv4ToString(words[0]!) : ipv6Text(words);
    throw new Error(
      `after ${after} updates address ${address}: expected ${expected[at]}, got ${got[at]}`,
    );
  }
  return counts;
}

const { churn }: { churn: Stated[] } = JSON.parse(
  new TextDecoder().decode(bytesOf("manifest.json")),
);

for (const { family, bits, kinds, make } of FAMILIES) {
  Deno.test(`every IPv${family} table follows a day of real updates`, async (t) => {
    const stated = churn.find(({ path }) => path.includes(`.ipv${family}.`))!;
    const start = stated.path.replace("churn/", "tables/").replace(".updates", "");
    const { routes } = readRoutes(start, bytesOf(start));
    const updates = readRouteUpdates(stated.path, bytesOf(stated.path));
    const points = checkpoints(routes, updates, bits);
    for (const kind of kinds) {
      await t.step(kind, () => {
        const table = (make as (kind: string) => Table)(kind);
        fill(table, routes);
        assertEquals(replay(table, updates, points), stated.counts);
        const hash = createHash("sha256");
        // The shape of an LC-trie has a history; what any other table occupies depends on its routes alone.
        const twin = kind === "lc-trie" ? undefined : (make as (kind: string) => Table)(kind);
        table.walk((text, words, depth, hop) => {
          hash.update(`${text}\n`);
          twin?.add(words, 0, depth, hop);
        });
        assertEquals(
          { prefixes: table.fib.size, sortedSetSha256: hash.digest("hex") },
          stated.stateAfter,
        );
        const occupied = twin?.fib.bytesOccupied ?? table.fib.bytesOccupied;
        assertEquals(table.fib.bytesOccupied, occupied, "bytes after updates and of a new table");
      });
    }
  });
}
