// Aim: a full BGP table does not fit the NICs' 6 MB in the layout of rte_lpm, nor as a state-jump table, and
// does in a compressed one (P2PNIC, 6.1). Method: the RIS table of 2026 with one neighbour of sixteen for each
// route; bytes counted by the tables; 20,000 addresses against another table. Run by `deno task test:real`,
// which names the folder of real data in PLANECHECK_DATA.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createFib4 } from "../../core/fib/create.ts";
import { readPrefixList } from "../../fixtures/routes/prefix_list.ts";
import { NicTable } from "./table.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");

/** Both EMEM caches of the paper's NIC, and IMEM. */
const EMEM = 6e6;
const IMEM = 4e6;

const name = "ris-as3333-20260511.ipv4.txt.gz";
const { routes } = readPrefixList(name, Deno.readFileSync(`${folder}/tables/${name}`));

const nicTable = new NicTable("dir24-8", 2 ** 30);

/** The first `count` routes of the table in an order that mixes it, sixteen next hops. */
function some(count: number) {
  const fib = createFib4("lc-trie");
  const step = count === routes.count ? 1 : 611_953; // a prime
  for (let i = 0; i < count; i++) {
    const r = i * step % routes.count;
    fib.add(routes.prefix[r]!, routes.depth[r]!, r & 15);
  }
  return fib;
}

Deno.test("NicTable: the full table is refused for rte_lpm and state-jump, and fits as DXR", () => {
  const full = some(routes.count);
  assert(full.size > 900_000, `${full.size} routes`);
  for (const kind of ["dir24-8", "state-jump"] as const) {
    const error = assertThrows(() => new NicTable(kind, EMEM).load(full), RangeError);
    const bytes = Number(/: (\d+) bytes are needed, 6000000 are there$/.exec(error.message)?.[1]);
    assert(bytes > 2 * EMEM, error.message);
    console.log(`${kind}: ${bytes} bytes for ${full.size} routes`);
  }
  const dxr = new NicTable("dxr", EMEM).load(full);
  assert(dxr.bytesOccupied <= EMEM);
  console.log(`dxr: ${dxr.bytesOccupied} bytes for ${full.size} routes`);
  let state = 1;
  for (let i = 0; i < 20_000; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    assertEquals(dxr.lookup(state), full.lookup(state), `address ${state}`);
  }
});

Deno.test("NicTable: rte_lpm passes 4 MB and 6 MB at tens of thousands of routes", () => {
  // paper: at 60,000 and 80,000 of 841,941, in figure 14; here 62,000 and 94,000 of 1,042,325
  const bytes = (count: number) => nicTable.load(some(count)).bytesOccupied;
  const crossing = (limit: number): number => {
    let [low, high] = [30_000, 200_000];
    while (high - low > 2000) {
      const middle = (low + high) >> 1;
      if (bytes(middle) > limit) high = middle;
      else low = middle;
    }
    return high;
  };
  const [imem, emem] = [crossing(IMEM), crossing(EMEM)];
  console.log(`rte_lpm passes 4 MB at ${imem} routes, 6 MB at ${emem}`);
  assert(Math.abs(imem / 60_000 - 1) < 0.25 && Math.abs(emem / 80_000 - 1) < 0.25);
});
