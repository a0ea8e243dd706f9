// Aim: three threads look up in a full table of 2026 while a fourth changes it, for some seconds, and
// no answer is one that the table never gave (LPM-12). Run by `deno task test:real`, which names the
// folder of real data in PLANECHECK_DATA.
import { assertEquals, assertGreater } from "@std/assert";
import { readPrefixList } from "../../fixtures/routes/prefix_list.ts";
import { type Change, underReaders } from "./_reader_workers_for_tests.ts";
import type { Route } from "./mod.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");
const file = "ris-as3333-20260511.ipv4.txt.gz";
const { routes } = readPrefixList(file, Deno.readFileSync(`${folder}/tables/${file}`), {});

Deno.test("LPM-12 three Workers see old or new in a full table while it changes", async () => {
  const table: Route[] = Array.from({ length: routes.count }, (_, i) => ({
    prefix: routes.prefix[i]!,
    depth: routes.depth[i]!,
    nextHop: routes.nextHop[i]!,
  }));
  const longer = table.filter(({ depth }) => depth >= 16);
  const changed = Array.from({ length: 48 }, (_, i) => longer[Math.floor(i * longer.length / 48)]!);
  // Another next hop, a group that comes beneath it, the route away, the group away, all back.
  const changes = changed.flatMap(({ prefix, depth, nextHop }): Change[] => [
    { prefix, depth, nextHop: nextHop + 1 },
    { prefix, depth: 30, nextHop: nextHop + 2 },
    { prefix, depth },
    { prefix, depth: 30 },
    { prefix, depth, nextHop },
  ]);
  const outcomes = await underReaders({
    firstBits: 24,
    groups: 2048,
    readers: 3,
    routes: table,
    changes,
    rounds: 1000,
    addresses: changed.flatMap(({ prefix }) => [prefix, prefix + 4]),
  });
  assertEquals(outcomes.map(({ wrong }) => wrong), ["", "", ""]);
  for (const { looks, contested } of outcomes) {
    assertGreater(looks, 100_000, "HARN-1: hardly a look-up");
    assertGreater(contested, 100, "HARN-1: hardly an update under a look-up");
  }
});
