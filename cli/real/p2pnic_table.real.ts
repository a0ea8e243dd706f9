// Aim: a full BGP table does not fit the NICs' 6 MB in the layout of rte_lpm, nor as a state-jump table, and
// does in a compressed one (P2PNIC, 6.1). Method: the RIS table of 2026 with one neighbour of sixteen for each
// route; bytes counted by the tables; 20,000 addresses against another table. Run by `deno task test:real`,
// which names the folder of real data in PLANECHECK_DATA.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createFib4 } from "../../core/fib/create.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import { readPrefixList } from "../../fixtures/routes/prefix_list.ts";
import { NicTable } from "../../stacks/p2pnic/table.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");

/** Both EMEM caches of the paper's NIC. */
const EMEM = 6e6;

const name = "ris-as3333-20260511.ipv4.txt.gz";
const { routes } = readPrefixList(name, Deno.readFileSync(`${folder}/tables/${name}`));

/** All routes, sixteen next hops. */
function whole(): Fib4 {
  const fib = createFib4("lc-trie");
  for (let i = 0; i < routes.count; i++) fib.add(routes.prefix[i]!, routes.depth[i]!, i & 15);
  return fib;
}

Deno.test("NicTable: the full table is refused for rte_lpm and state-jump, and fits as DXR", () => {
  const full = whole();
  assert(full.size > 900_000, `${full.size} routes`);
  for (const kind of ["dir24-8", "state-jump"] as const) {
    const error = assertThrows(() => new NicTable([kind], EMEM).load(full), RangeError);
    const bytes = Number(
      /: \S+ needs (\d+) bytes, and 6000000 are there$/.exec(error.message)?.[1],
    );
    assert(bytes > EMEM, error.message);
    console.log(`${kind}: ${bytes} bytes for ${full.size} routes`);
  }
  const dxr = new NicTable(["state-jump", "dxr"], EMEM).load(full);
  assertEquals(dxr.kind, "dxr");
  assert(dxr.bytesOccupied <= EMEM);
  console.log(`dxr: ${dxr.bytesOccupied} bytes for ${full.size} routes`);
  let state = 1;
  for (let i = 0; i < 20_000; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    assertEquals(dxr.lookup(state), full.lookup(state), `address ${state}`);
  }
});
