// Aim: the IPv6 tables hold a real full table, answer published queries on it, and follow a day of
// its updates. Method: the RIS table of 246,175 prefixes and the one of 160,147 in all tables; 4,000
// queries each whose answers two other implementations gave. Run by `deno task test:real`, which
// names the folder of real data in PLANECHECK_DATA.
import { assertEquals, assertGreater } from "@std/assert";
import { gunzip } from "../../fixtures/gunzip.ts";
import { readPrefixList6 } from "../../fixtures/routes/prefix_list6.ts";
import { Bspl6 } from "../../core/fib/bspl6.ts";
import { installRoutes6 } from "../../core/fib/create6.ts";
import type { Fib6, RouteSet6 } from "../../core/fib/fib6.ts";
import { Lpm6 } from "../../core/fib/lpm6.ts";
import { Poptrie6 } from "../../core/fib/poptrie6.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");
const bytesOf = (path: string) => Deno.readFileSync(`${folder}/${path}`);

/** The words of prefixes and addresses, read by the reader that the fixtures have. */
function wordsOf(lines: readonly string[]): Uint32Array {
  const words = new Uint32Array(4 * lines.length);
  const unique = new Map<string, number[]>();
  lines.forEach((line, i) => unique.set(line, [...(unique.get(line) ?? []), i]));
  const text = new TextEncoder().encode([...unique.keys()].map((l) => `${l} 0`).join("\n"));
  const { routes } = readPrefixList6("lines", text);
  assertEquals(routes.count, unique.size);
  [...unique.values()].forEach((where, i) => {
    for (const at of where) words.set(routes.prefix.subarray(4 * i, 4 * i + 4), 4 * at);
  });
  return words;
}

/** Each route with its own number as next hop. */
function numbered(file: string): RouteSet6 {
  const { routes } = readPrefixList6(file, bytesOf(`tables/${file}`));
  return { ...routes, nextHop: Uint32Array.from(routes.nextHop, (_, i) => i) };
}

/** A next hop as the 16 bits of a Poptrie's leaf hold it: modulo the greatest prime. */
function folded(nextHop: number): number {
  return nextHop < 0 ? -1 : nextHop % 65_521;
}

interface Query {
  readonly address: string;
  readonly prefix: string | null;
}

function queriesOf(table: string): Query[] {
  const text = new TextDecoder().decode(bytesOf("vectors/lpm-real.json"));
  const { sets } = JSON.parse(text) as {
    sets: { table: string; rows: [string, string | null][] }[];
  };
  const set = sets.find((s) => s.table.startsWith(table))!;
  return set.rows.map(([address, prefix]) => ({ address, prefix }));
}

const FULL = "ris-as3333-20260511.ipv6.txt.gz";

for (
  const [file, name, groups] of [
    [FULL, `tables/${FULL}`, undefined],
    ["tier1-pre2024.mixed.txt.gz", "tables/tier1-pre2024.mixed.txt.gz (IPv6", 38_096],
  ] as const
) {
  Deno.test(`Lpm6, Bspl6 and Poptrie6 answer the published queries on ${name}`, () => {
    const routes = numbered(file);
    const lpm6 = new Lpm6({
      firstBits: 24,
      groups: 65_536,
      maxRules: 2 ** 20,
      defaultRoute: false,
    });
    const bspl6 = new Bspl6();
    for (const fib of [lpm6, bspl6]) assertEquals(installRoutes6(fib, routes), routes.count);
    const poptrie6 = Poptrie6.build({ ...routes, nextHop: routes.nextHop.map(folded) });
    if (groups !== undefined) assertEquals(lpm6.groupsUsed, groups);
    const queries = queriesOf(name);
    assertGreater(queries.length, 3000);
    const addresses = wordsOf(queries.map(({ address }) => `${address}/128`));
    const hits = queries.filter(({ prefix }) => prefix !== null);
    const expected = wordsOf(hits.map(({ prefix }) => prefix!));
    for (const fib of [lpm6, bspl6]) {
      const nextHops = new Int32Array(queries.length);
      fib.lookupBulk(addresses, nextHops, queries.length);
      let hit = 0;
      queries.forEach(({ address, prefix }, i) => {
        if (prefix === null) return assertEquals(nextHops[i], -1, `${fib.kind} ${address}`);
        const at = 4 * nextHops[i]!;
        const got = [...routes.prefix.subarray(at, at + 4), routes.depth[nextHops[i]!]];
        const depth = Number(prefix.split("/")[1]);
        const want = [...expected.subarray(4 * hit, 4 * hit + 4), depth];
        assertEquals(got, want, `${fib.kind} ${address}`);
        hit++;
      });
      const short = new Int32Array(queries.length);
      poptrie6.lookupBulk(addresses, short, queries.length);
      assertEquals(short, nextHops.map(folded));
    }
  });
}

Deno.test("Bspl6 has the published entries and levels for the table of 160,147 prefixes", () => {
  const routes = numbered("tier1-pre2024.mixed.txt.gz");
  const fib = new Bspl6();
  installRoutes6(fib, routes);
  assertEquals([fib.size, new Set(routes.depth).size, fib.maxProbes], [160_147, 46, 6]);
  assertEquals(fib.entriesUsed, 329_369);
});

Deno.test("Poptrie6 has as many nodes as were counted for the table of 160,147 prefixes", () => {
  const routes = numbered("tier1-pre2024.mixed.txt.gz");
  const table = { ...routes, nextHop: routes.nextHop.map(folded) };
  for (const [directBits, nodes] of [[16, 93_961], [18, 70_288]] as const) {
    const fib = Poptrie6.build(table, { directBits });
    assertEquals(fib.nodes, nodes);
  }
});

Deno.test("Lpm6, Bspl6 and Poptrie6 stay equal through a day of real updates", () => {
  const file = "churn/ris-as3333-20260511.ipv6.updates.txt.gz";
  const text = new TextDecoder().decode(gunzip(file, bytesOf(file), 2 ** 28));
  const lines = text.trimEnd().split("\n").slice(0, 100_000);
  const words = wordsOf(lines.map((line) => line.slice(2)));
  const routes = numbered(FULL);
  const fibs: Fib6[] = [
    new Lpm6({ firstBits: 24, groups: 65_536, maxRules: 2 ** 20, defaultRoute: false }),
    new Bspl6(),
  ];
  for (const fib of fibs) installRoutes6(fib, routes);
  const poptrie6 = Poptrie6.build({ ...routes, nextHop: routes.nextHop.map(folded) });
  lines.forEach((line, i) => {
    const depth = Number(line.slice(line.indexOf("/") + 1));
    const got = fibs.map((fib) =>
      line[0] === "A" ? fib.add(words, depth, i, 4 * i) : fib.delete(words, depth, 4 * i)
    );
    const hop = folded(i);
    got.push(
      line[0] === "A"
        ? poptrie6.add(words, depth, hop, 4 * i)
        : poptrie6.delete(words, depth, 4 * i),
    );
    if (got[0] !== got[1] || got[0] !== got[2]) throw new Error(`${line}: ${got}`);
    if (i % 25_000 !== 24_999) return;
    const [one, other, short] = [...fibs, poptrie6].map((fib) => {
      const nextHops = new Int32Array(lines.length);
      fib.lookupBulk(words, nextHops, lines.length);
      return nextHops;
    });
    assertEquals(other, one, `after ${i + 1} updates`);
    assertEquals(short, one!.map(folded), `Poptrie6 after ${i + 1} updates`);
  });
});
