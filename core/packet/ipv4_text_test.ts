// Aim: addresses survive being written and read; anything else is refused in one line.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ipv4ToString, parseIpv4 } from "./ipv4_text.ts";

Deno.test("parseIpv4 reads what ipv4ToString writes", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), (a) => assertEquals(parseIpv4(ipv4ToString(a)), a)));
  for (
    const [address, text] of [
      [0, "0.0.0.0"],
      [0xffff_ffff, "255.255.255.255"],
      [0xc0a80001, "192.168.0.1"],
      [0x80000000, "128.0.0.0"],
    ] as const
  ) {
    assertEquals(ipv4ToString(address), text);
    assertEquals(parseIpv4(text), address);
  }
});

Deno.test("parseIpv4 refuses everything that is not four numbers 0..255", () => {
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.0.0.1",
      "1.2.3.04",
      "1.2.3.4 ",
      "1..2.3",
      "a.b.c.d",
      "-1.0.0.0",
      "1.2.3.1e1",
      "1.2.3.4\n",
    ]
  ) {
    const error = assertThrows(() => parseIpv4(text), RangeError, "Cannot parse IPv4 address");
    assert(error.message.includes(JSON.stringify(text)) && !error.message.includes("\n"));
  }
  assert(assertThrows(() => parseIpv4("1".repeat(1e6)), RangeError).message.length < 150);
});
