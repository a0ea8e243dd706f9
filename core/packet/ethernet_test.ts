// Aim: the network header is found behind every depth of tags and never behind the end (PKT-5,
// PKT-7). Method: frames built from a list of tags; every cut of them, with other bytes behind the
// cut.

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  copyMac,
  equalMac,
  ETHERTYPE_IPV4,
  ETHERTYPE_QINQ,
  ETHERTYPE_VLAN,
  isGroupMac,
  l3Offset,
  l3Type,
  macToString,
  parseMac,
} from "./ethernet.ts";
import { makeTci, popVlan, pushVlan } from "./vlan.ts";

/** Twelve bytes of addresses, the tags, the type and four bytes of payload, at `off`. */
function frame(off: number, tpids: readonly number[], type: number): Uint8Array {
  const tags = tpids.flatMap((tpid, i) => [tpid >>> 8, tpid & 255, 0, i + 1]);
  const head = [...Array(off).fill(0xee), ...Array.from({ length: 12 }, (_, i) => i + 1)];
  return Uint8Array.from([...head, ...tags, type >>> 8, type & 255, 0x45, 0, 0, 20]);
}

const tpid = fc.constantFrom(ETHERTYPE_VLAN, ETHERTYPE_QINQ);

Deno.test("l3Offset skips no, one and two tags, and gives up at the third or at the end", () => {
  fc.assert(
    fc.property(
      fc.array(tpid, { maxLength: 3 }),
      fc.constantFrom(ETHERTYPE_IPV4, 0x86dd, 0x0806, 0x0000, 46, 0x9100),
      fc.nat(5),
      (tpids, type, off) => {
        const whole = frame(off, tpids, type);
        const need = 14 + 4 * tpids.length;
        for (let len = 0; len <= whole.length - off + 3; len++) {
          // What lies behind the cut must not matter: a tag that begins there least of all.
          for (const behind of [0xee, 0x81, 0x00]) {
            const cut = whole.slice();
            cut.fill(behind, off + len);
            const expected = tpids.length > 2 || len < need ? -1 : off + need;
            const got = l3Offset(cut, off, len);
            assertEquals(got, expected, `${tpids.length} tags, ${len} bytes`);
            if (got >= 0) assertEquals(l3Type(cut, got), type);
          }
        }
      },
    ),
  );
});

Deno.test("l3Offset does not believe a length beyond the array", () => {
  const whole = frame(0, [ETHERTYPE_QINQ, ETHERTYPE_VLAN], ETHERTYPE_IPV4);
  for (let length = 0; length < 22; length++) {
    assertEquals(l3Offset(whole.slice(0, length), 0, 9000), -1, `array of ${length} bytes`);
  }
  assertEquals(l3Offset(whole, 0, 9000), 22);
  for (const len of [-1, NaN]) assertEquals(l3Offset(whole, 0, len), -1);
});

Deno.test("pushVlan then popVlan is the identity, and neither moves the payload", () => {
  fc.assert(
    fc.property(fc.array(tpid, { maxLength: 2 }), tpid, fc.nat(0xffff), (tpids, outer, tci) => {
      const before = frame(6, tpids, ETHERTYPE_IPV4);
      const bytes = before.slice();
      const len = bytes.length - 6;
      const at = pushVlan(bytes, 6, outer, tci);
      assertEquals(at, 2);
      const expected = frame(2, [outer, ...tpids], ETHERTYPE_IPV4);
      expected.set([tci >>> 8, tci], 16);
      expected.set(before.subarray(18), 18);
      assertEquals([...bytes], [...expected]);
      assertEquals(popVlan(bytes, at, len + 4), 6);
      assertEquals([...bytes.subarray(6)], [...before.subarray(6)]);
    }),
  );
});

Deno.test("pushVlan needs headroom, popVlan a whole tag", () => {
  const bytes = frame(3, [], ETHERTYPE_IPV4);
  assertThrows(
    () => pushVlan(bytes, 3, ETHERTYPE_VLAN, 1),
    RangeError,
    "Cannot push VLAN tag: 3 bytes of headroom, 4 needed",
  );
  const before = [...bytes];
  assertEquals(popVlan(bytes, 3, bytes.length - 3), -1);
  const tagged = frame(0, [ETHERTYPE_VLAN], ETHERTYPE_IPV4);
  assertEquals(popVlan(tagged, 0, 17), -1);
  assertEquals([...bytes], before);
});

Deno.test("makeTci refuses what does not fit", () => {
  assertEquals(makeTci(7, 1, 0xfff), 0xffff);
  assertEquals(makeTci(1, 0, 2), 0x2002);
  assertThrows(() => makeTci(8, 0, 0), RangeError, "Cannot make TCI: pcp is 8, not 0..7");
  assertThrows(() => makeTci(0, 2, 0), RangeError, "dei is 2");
  assertThrows(() => makeTci(0, 0, 4096), RangeError, "vid is 4096");
  assertThrows(() => makeTci(0, 0, 1.5), RangeError, "vid is 1.5");
});

Deno.test("copyMac copies six bytes, equalMac compares six", () => {
  const from = Uint8Array.from({ length: 10 }, (_, i) => i + 1);
  const to = new Uint8Array(10).fill(0xee);
  copyMac(from, 2, to, 3);
  assertEquals([...to], [0xee, 0xee, 0xee, 3, 4, 5, 6, 7, 8, 0xee]);
  assert(equalMac(from, 2, to, 3));
  for (let i = 0; i < 6; i++) {
    const other = to.slice();
    other[3 + i]! ^= 1;
    assertFalse(equalMac(from, 2, other, 3), `byte ${i} differs`);
  }
});

Deno.test("isGroupMac looks at the lowest bit of the first byte", () => {
  assert(isGroupMac(Uint8Array.of(0x01, 0, 0, 0, 0, 0), 0));
  assert(isGroupMac(new Uint8Array(6).fill(0xff), 0));
  assertFalse(isGroupMac(Uint8Array.of(0x02, 1, 1, 1, 1, 1), 0));
});

Deno.test("parseMac reads what macToString writes, and refuses the rest in one line", () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff_ffff), (mac) => {
      assertEquals(parseMac(macToString(mac)), mac);
      assertEquals(parseMac(macToString(mac).toUpperCase().replaceAll(":", "-")), mac);
    }),
  );
  assertEquals(macToString(0x0200000000ff), "02:00:00:00:00:ff");
  for (
    const text of ["", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:00:00", "2:0:0:0:0:0"]
  ) {
    const error = assertThrows(() => parseMac(text), RangeError, "Cannot parse MAC address");
    assertEquals(error.message.includes("\n"), false);
  }
  const long = assertThrows(() => parseMac("x".repeat(1e5)), RangeError);
  assert(long.message.length < 150);
});
