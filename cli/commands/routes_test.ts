// Aim: what `routes` counts is what independent sums say, its refusals and the bytes it names are true, and what it
// writes is whole. Method: a BGP-like list, sums over sets of blocks; tables made with the bytes that it names.
import { assert, assertEquals } from "@std/assert";
import {
  createFib4,
  Dxr,
  type Fib4Kind,
  ipv4ToString,
  Poptrie,
  type RouteSet,
  StateJump,
} from "../../core/mod.ts";
import { bgpLikeTable, type FileRoutes, Prng, readRoutes } from "../../fixtures/mod.ts";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { type RoutesReport, routesReportSchema, type TableRecord } from "../mod.ts";
import { LOOKUPS, measureTables } from "../routes/measure.ts";
import { familyOf } from "../routes/tables.ts";

const routes = bgpLikeTable({ routes: 2500, seed: 5 });

const listOf = ({ count, prefix, depth, nextHop }: RouteSet) =>
  Array.from({ length: count }, (_, i) => `${ipv4ToString(prefix[i]!)}/${depth[i]} ${nextHop[i]}\n`)
    .join("");

/** Blocks of so many bits that hold a longer prefix. */
function blocksBelow({ count, prefix, depth }: RouteSet, bits: number): number {
  const blocks = new Set<number>();
  for (let i = 0; i < count; i++) {
    if (depth[i]! > bits) blocks.add(Math.floor(prefix[i]! / 2 ** (32 - bits)));
  }
  return blocks.size;
}

/** The /24 blocks that some prefix covers or lies in. */
function blocksCovered({ count, prefix, depth }: RouteSet): number {
  const blocks = new Set<number>();
  for (let i = 0; i < count; i++) {
    const first = Math.floor(prefix[i]! / 256);
    for (let k = 0; k < 2 ** Math.max(0, 24 - depth[i]!); k++) blocks.add(first + k);
  }
  return blocks.size;
}

function fileOf(text: string): FileRoutes {
  return readRoutes("list", new TextEncoder().encode(text));
}

function measured(
  file: FileRoutes,
  kinds: string[],
  memory: number | null = null,
  seed = 1,
): TableRecord[] {
  const { count } = file.routes;
  const nicBytes = [100_000, 6_000_000];
  return measureTables({
    family: familyOf(file),
    count,
    seed,
    memory,
    nicBytes,
    kinds,
    updates: null,
  });
}

Deno.test("routes counts what sums over the routes say, the same each time, and replays updates", async () => {
  await inFolder(async (folder) => {
    const [list, updates] = [`${folder}/list`, `${folder}/updates`];
    Deno.writeTextFileSync(list, listOf(routes));
    // One route goes, one is new, one is known.
    const [known, gone] = listOf(routes).split("\n", 2).map((line) => line.split(" ")[0]);
    Deno.writeTextFileSync(updates, `W ${gone}\nA 203.0.113.128/25\nA ${known}\nW 1.2.3.4/32\n`);
    const args = ["routes", list, "--updates", updates, "--json"];
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""]);
    const report: RoutesReport = routesReportSchema.parse(JSON.parse(out));
    assertEquals(report.command, `planecheck ${args.join(" ")}`);
    assertEquals(report.file.count, 2500);
    assertEquals(report.updates, { name: updates, count: 4, announced: 2, masked: 0 });
    const depths = [...routes.depth.subarray(0, 2500)];
    for (const { depth, routes: n } of report.lengths) {
      assertEquals(n, depths.filter((d) => d === depth).length, `/${depth}`);
    }
    assertEquals(report.lengths.reduce((sum, one) => sum + one.routes, 0), 2500);
    const of = (kind: string) => report.tables.find((table) => table.kind === kind)!;
    const [below16, below24] = [blocksBelow(routes, 16), blocksBelow(routes, 24)];
    const dir24 = 4 * blocksCovered(routes) + 1024 * below24 + 8 * 2500;
    assertEquals(of("dir24-8").filled!.bytesOccupied, dir24);
    assertEquals(of("mtrie").filled!.bytesOccupied, 327_680 + 1344 * (below16 + below24));
    assertEquals(of("state-jump").filled!.bytesOccupied, StateJump.bytesNeeded(routes));
    assertEquals(of("dir24-8").curve.map((point) => point.routes), [1000, 2500]);
    for (const { kind, refused, filled, curve, updated } of report.tables) {
      assertEquals([refused, filled!.routes], [null, 2500], kind);
      assertEquals(curve.at(-1)!.bytesOccupied, filled!.bytesOccupied, kind);
      assertEquals([updated!.routes, updated!.refused], [2500, 0], kind);
    }
    // The new route is longer than 24: one group more, and a second read beneath it.
    assert(of("dir24-8").updated!.bytesOccupied > dir24);
    const [again] = measured(fileOf(listOf(routes)), ["lc-trie"]);
    const { filled, curve } = of("lc-trie");
    assertEquals(
      [again!.filled, again!.curve],
      [filled, curve],
      "the same order, the same addresses",
    );
    const [other] = measured(fileOf(listOf(routes)), ["mtrie"], null, 2);
    const sizes = (table: TableRecord) => table.curve.map((point) => point.bytesOccupied);
    const [[a, b], [c, d]] = [sizes(other!), sizes(of("mtrie"))];
    assert(a !== c && b === d, "another seed is another sample of the same routes");
  });
});

Deno.test("routes names bytes in which each table takes all routes, and fewer are too few", () => {
  const file = fileOf(listOf(routes));
  const kinds: Fib4Kind[] = ["mtrie", "lc-trie", "state-jump", "bspl", "poptrie", "dxr"];
  const found = measured(file, kinds, 90_000);
  assertEquals(found.filter(({ refused }) => refused !== null).length >= 5, true);
  for (const { kind, refused, filled, beyondAt } of found) {
    if (refused === null) {
      assert(filled!.bytesReserved <= 90_000, kind);
      continue;
    }
    const takes = (maxBytes: number) => {
      const fib = createFib4(kind as Fib4Kind, { maxBytes });
      if (fib instanceof Poptrie || fib instanceof Dxr) return fib.addBulk(routes);
      for (let i = 0; i < 2500; i++) {
        if (!fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!)) return false;
      }
      return true;
    };
    assertEquals(takes(refused.bytesNeeded!), true, kind);
    if (!["lc-trie", "bspl"].includes(kind)) {
      assertEquals(takes(refused.bytesNeeded! - 1), false, kind);
    }
    assert(refused.after < 2500, kind);
    assertEquals(
      [beyondAt[0] === null, beyondAt[1]],
      [filled!.bytesOccupied <= 100_000, null],
      kind,
    );
  }
});

Deno.test("routes refuses at once for a table that sets more aside than it is given", () => {
  const [table] = measured(fileOf("10.0.0.0/8\n10.0.0.0/25\n"), ["dir24-8"], 4_000_000);
  const bytesNeeded = 4 * 2 ** 24 + 1024 + 2 * 8;
  assertEquals(table!.refused, { after: 0, reason: null, bytesNeeded });
  assertEquals(table!.filled!.bytesReserved, 4 * 2 ** 24 + 4096 * 1024 + 2 ** 21 * 8);
});

Deno.test("routes draws covered addresses out of the whole of their routes", () => {
  const lists = ["0.0.0.0/0\n128.0.0.0/1\n10.1.2.0/24\n10.1.2.4/31\n10.1.2.3/32\n"];
  lists.push(
    "::/0\n8000::/1\n2001:db8::/32\n2001:db8:0:8000::/49\n2001:db8::1:2:0:0/96\n::2/127\n::1/128\n",
  );
  for (const list of lists) {
    const { family, routes: set } = fileOf(list);
    const { words, covered, random } = familyOf(fileOf(list));
    const value = (from: Uint32Array, i: number) => {
      const digits = [...from.subarray(i * words, (i + 1) * words)];
      return digits.reduce((sum, word) => sum * 2n ** 32n + BigInt(word), 0n);
    };
    const rng = new Prng(1);
    const addresses = new Uint32Array(2 * words);
    for (let i = 0; i < set.count; i++) {
      const span = 2n ** BigInt(32 * words - set.depth[i]!);
      const parts = new Set<bigint>();
      for (let n = 0; n < 60; n++) {
        covered(rng, i, addresses, 1);
        const host = value(addresses, 1) - value(set.prefix, i);
        assert(host >= 0n && host < span, `IPv${family} route ${i}: ${host} of ${span}`);
        parts.add((host * 4n) / span);
      }
      assertEquals(parts.size, Number(span < 4n ? span : 4n), "quarters of the route that are met");
    }
    if (family === 6) {
      random(rng, addresses, 0);
      assertEquals(value(addresses, 0) >> 125n, 1n, "2000::/3");
    }
  }
});

Deno.test("routes goes on after groups have run out, and names the bytes of enough", () => {
  let text = "";
  for (let i = 0; i < 4200; i++) text += `10.${i >> 8}.${i & 255}.0/25\n`;
  const [table] = measured(fileOf(text), ["dir24-8"]);
  const bytesNeeded = 4 * 2 ** 24 + 4200 * 1024 + 4200 * 8;
  assertEquals(table!.refused, { after: 4096, reason: null, bytesNeeded });
  assertEquals(table!.filled!.routes, 4200);
  assertEquals(table!.filled!.bytesOccupied, 4200 * (4 + 1024 + 8));
  assertEquals(table!.beyondAt, [Math.floor(100_000 / 1036) + 1, null]);
  // Half of each block is covered; a random address of a route is in a group, its two reads are certain.
  assertEquals(table!.filled!.reads.covered, { mean: 2, max: 2 });
  assertEquals(table!.filled!.reads.random.max, 2);
  const inBlocks = (table!.filled!.reads.random.mean - 1) * 2 ** 24;
  assert(Math.abs(inBlocks - 4200) < 6 * Math.sqrt((4200 * 2 ** 24) / LOOKUPS), `${inBlocks}`);
});

Deno.test("routes says of a table that no memory helps why, and of the others all", () => {
  const [compact, dxr] = measured(fileOf("10.0.0.0/8 40000\n"), ["dir24-8-compact", "dxr"]);
  const reason = "Cannot add route: next hop 40000 is not an integer 0..32767";
  assertEquals(compact, {
    kind: "dir24-8-compact",
    refused: { after: 0, reason, bytesNeeded: null },
    filled: null,
    curve: [],
    beyondAt: [null, null],
    updated: null,
  });
  // The range 10/8, and what is before and after it, needs no search: the direct entry answers.
  assertEquals(dxr!.filled!.reads.covered, { mean: 1, max: 1 });
});

Deno.test("routes takes IPv6, fits 120 columns, and writes a page that asks for nothing else", async () => {
  await inFolder(async (folder) => {
    const [list, report] = [`${folder}/<six>`, `${folder}/report`];
    let text = "10.0.0.0/8\n";
    for (let i = 0; i < 1200; i++) text += `2001:db8:${i.toString(16)}::/48\n`;
    Deno.writeTextFileSync(list, text);
    const args = ["routes", list, "--family", "6", "--memory", "40000", "--report", report];
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""]);
    assert(out.endsWith(`Report: ${report}/index.html\n`), out);
    assert(
      out.replaceAll(/\s+/g, " ").includes("1,200 IPv6 routes, 4 next hops; 1 IPv4 route left out"),
      out,
    );
    for (const line of out.split("\n")) assert(line.length <= 120, `${line.length}: ${line}`);
    assertEquals(listing(report), ["index.html", "report.json"]);
    const json = Deno.readTextFileSync(`${report}/report.json`);
    const { tables, lengths } = routesReportSchema.parse(JSON.parse(json));
    assertEquals(lengths, [{ depth: 48, routes: 1200 }]);
    const lpm6 = tables.find(({ kind }) => kind === "lpm6")!;
    // One entry leads to one group, that to one for bits 32 to 40, and that to one for each 256 routes.
    const groups = 1 + 1 + Math.ceil(1200 / 256);
    assertEquals(lpm6.filled!.bytesOccupied, 4 + (1024 + 12) * groups);
    assertEquals(lpm6.refused, {
      after: 0,
      reason: "Cannot create Lpm6: 135004160 bytes are more than maxBytes 40000",
      bytesNeeded: 4 * 2 ** 24 + (1024 + 12) * groups,
    });
    assertEquals(lpm6.filled!.reads.covered, { mean: 4, max: 4 });
    const html = Deno.readTextFileSync(`${report}/index.html`);
    for (const sign of [/<script/i, /<link/i, /@import/i, /url\(/i, /\bsrc=/i, /<six>/, /NaN/]) {
      assert(!sign.test(html), `${sign} in the page`);
    }
    assertEquals(html.match(/<figure>/g)!.length, 3);
    assert(html.includes("IMEM, 4,000,000 B") && html.includes(">bspl6<"), "the curves");
  });
});

Deno.test("routes refuses files that are none in one line, and leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const [list, updates] = [`${folder}/list`, `${folder}/updates`];
    const refused = async (line: string, ...args: string[]) => {
      const ran = await run("routes", ...args, "--report", `${folder}/report`);
      assertEquals(ran, { code: 2, out: "", err: `planecheck: ${line}\n` });
    };
    Deno.writeTextFileSync(list, "10.0.0.0/8\n");
    Deno.writeTextFileSync(updates, "A ::/0\n");
    await refused(
      `${folder}/none: expected a prefix list or an MRT file, got no such file or directory`,
      `${folder}/none`,
    );
    await refused(
      `${updates}: line 1: expected PREFIX/DEPTH [NEXTHOP], got "A ::/0"`,
      updates,
    );
    await refused(
      `${updates}: expected updates of IPv4 routes, as those of ${list}, got IPv6`,
      ...[list, "--updates", updates],
    );
    await refused(
      `${list}: line 1: expected A PREFIX/DEPTH or W PREFIX/DEPTH, got "10.0.0.0/8"`,
      ...[list, "--updates", list],
    );
    await refused(
      `${folder}: expected a list of updates, got a directory`,
      ...[list, "--updates", folder],
    );
    await refused(`${list}: line 1: expected at least one IPv6 route`, list, "--family", "6");
    assertEquals(listing(folder), ["list", "updates"]);
  });
});
