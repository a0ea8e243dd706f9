// Aim: the whole Internet fits 4,000,000 bytes: a full table of 2026 in DXR, and no look-up differs
// from DIR-24-8. Run by `deno task test:real`, which names the folder of real data in
// PLANECHECK_DATA.
import { assert, assertEquals } from "@std/assert";
import { readPrefixList } from "../../fixtures/routes/prefix_list.ts";
import { expectAlike } from "./_comparison_for_tests.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import { Dir24_8Byte } from "../../core/fib/dir24_8_byte.ts";
import { Dir24_8Compact } from "../../core/fib/dir24_8_compact.ts";
import { Dxr } from "../../core/fib/dxr.ts";
import { Poptrie } from "../../core/fib/poptrie.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");
const file = "ris-as3333-20260511.ipv4.txt.gz";
const { routes } = readPrefixList(file, Deno.readFileSync(`${folder}/tables/${file}`), {});
const other = new Dir24_8({ firstBits: 24, groups: 9999, maxRules: 2 ** 21, defaultRoute: false });
assertEquals([routes.count, other.addBulk(routes)], [1_042_325, true]);

for (const directBits of [16, 18]) {
  Deno.test(`Dxr with ${directBits} bits holds a full table in 4,000,000 bytes`, () => {
    const fib = new Dxr({ directBits, maxBytes: 4_000_000 });
    assertEquals([fib.addBulk(routes), fib.size], [true, 1_042_325]);
    expectAlike(fib, other, routes);
    // Churn: a tenth of the routes goes and comes back, and the bytes are the same.
    const occupied = fib.bytesOccupied;
    for (let i = 0; i < routes.count; i += 10) fib.delete(routes.prefix[i]!, routes.depth[i]!);
    for (let i = 0; i < routes.count; i += 10) {
      assertEquals(fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!), true);
    }
    assertEquals(fib.bytesOccupied, occupied);
    assert(fib.bytesReserved <= 4_000_000, `${fib.bytesReserved} bytes reserved`);
    expectAlike(fib, other, routes);
    fib.checkInvariants();
  });
}

Deno.test("Poptrie, Dir24_8Compact and Dir24_8Byte answer for a full table as DIR-24-8 does", () => {
  const poptrie = new Poptrie();
  const refusing = new Poptrie({ maxBytes: 4_000_000 });
  const compact = new Dir24_8Compact();
  const byte = new Dir24_8Byte();
  for (const fib of [poptrie, compact, byte]) assertEquals(fib.addBulk(routes), true);
  byte.checkInvariants();
  for (const fib of [poptrie, compact, byte]) expectAlike(fib, other, routes);
  assert(poptrie.bytesOccupied < 5_000_000, `${poptrie.bytesOccupied} bytes`);
  // Next hops that no two neighbours share are the worst case: here 4 of them at random.
  assertEquals([refusing.addBulk(routes), refusing.size], [poptrie.bytesOccupied <= 4e6, 0]);
});
