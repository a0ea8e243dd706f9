// Aim: an address leads to the port that its last frame came in on, until that port is forgotten, as far as netmap
// learns: a port's last address again is not looked up. Method: drawn frames between few addresses that share no
// bucket, against a map.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { NS_NO_LEARN } from "./ring.ts";
import { BROADCAST, ValeTable } from "./vale_table.ts";

const mac = (i: number): number[] => [2, 0, 0, i >> 1, 0, i];
const ADDRESSES = [1, 2, 3, 4, 5, 6].map(mac);

function frame(dst: readonly number[], src: readonly number[]): Uint8Array {
  return Uint8Array.of(0xee, ...dst, ...src, 8, 0);
}

const step = fc.record({
  what: fc.constantFrom("frame", "frame", "frame", "frame", "forget"),
  src: fc.nat(5),
  dst: fc.nat(5),
  port: fc.nat(2),
  flags: fc.constantFrom(0, 0, 0, NS_NO_LEARN),
});

Deno.test("ValeTable leads to where an address was seen, forgets a port, and learns what it has forgotten", () => {
  const table = new ValeTable();
  ADDRESSES.forEach((src, i) => table.lookup(frame(ADDRESSES[0]!, src), 1, i, 0));
  assertEquals(table.entries().length, ADDRESSES.length, "no two addresses share a bucket");
  fc.assert(fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
    const table = new ValeTable();
    const known = new Map<number, number>();
    let last = [-1, -1, -1];
    for (const { what, src, dst, port, flags } of steps) {
      if (what === "forget") {
        table.forget(port);
        for (const [address, at] of known) if (at === port) known.delete(address);
        last = [-1, -1, -1];
      } else {
        const to = table.lookup(frame(ADDRESSES[dst]!, ADDRESSES[src]!), 1, port, flags);
        if (flags === 0 && last[port] !== src) {
          last[port] = src;
          known.set(src, port);
        }
        assertEquals(to, known.get(dst) ?? BROADCAST);
      }
      assertEquals(table.entries().length, known.size);
    }
  }));
});

Deno.test("ValeTable learns no group address and sends to groups everywhere", () => {
  const table = new ValeTable();
  const group = [1, 0, 0x5e, 0, 0, 1];
  assertEquals(table.lookup(frame(group, ADDRESSES[1]!), 1, 3, 0), BROADCAST);
  assertEquals(table.lookup(frame(ADDRESSES[1]!, group), 1, 4, 0), 3);
  assertEquals(table.lookup(frame(group, ADDRESSES[1]!), 1, 3, 0), BROADCAST);
  assertEquals(table.entries().length, 1);
});

Deno.test("ValeTable tells addresses of one bucket apart by all of their bytes", () => {
  const from = (table: ValeTable, src: readonly number[], port: number) =>
    table.lookup(frame([1, 0, 0, 0, 0, 1], src), 1, port, 0);
  const owner = [2, 0, 7, 7, 7, 7];
  // of the addresses with the same last four bytes every 1024th shares a bucket; a new one there drives the old one out
  let shared = 0;
  for (let high = 1; high < 65_536; high++) {
    const other = [(high >> 8) & 0xfe, high & 255, 7, 7, 7, 7];
    if (other[0] === 2 && other[1] === 0) continue;
    const table = new ValeTable();
    from(table, owner, 3);
    assertEquals(table.lookup(frame(other, owner), 1, 3, 0), BROADCAST, other.join());
    from(table, other, 4);
    if (table.entries().length === 1) shared++;
    if (shared > 3) break;
  }
  assertEquals(shared, 4);
});
