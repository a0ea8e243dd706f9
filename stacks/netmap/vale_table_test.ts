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
