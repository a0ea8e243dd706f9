// Aim: the bytes of a drawn packet are what its fields say, and nothing else is wrong with them.
// Method: one frame written out by hand; then the reference router, which shares no code, must find
// exactly the defect that was drawn; checksums are added up here word by word.
import { assert, assertEquals } from "@std/assert";
import { REASON, REASONS } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { referenceRouter } from "../reference/router.ts";
import { build } from "./build.ts";
import { type PacketDraw, PLAIN_GEOMETRY, PLAIN_PACKET } from "./draw.ts";
import { writeFrame } from "./frame.ts";

const PLAIN: PacketDraw = { ...PLAIN_PACKET, port: 1, src: 0xac100000, dst: 0x0a000001 };

function frameOf(change: Partial<PacketDraw>, identity = 3): Uint8Array {
  const packet = { ...PLAIN, ...change };
  const bytes = new Uint8Array(packet.size);
  writeFrame(packet, identity, bytes, 0);
  return bytes;
}

function onesComplementSum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 2) {
    sum += bytes[i]! * 256 + (i + 1 < to ? bytes[i + 1]! : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

Deno.test("writeFrame writes the plain packet as computed by hand", () => {
  const hex = Array.from(frameOf({}), (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(
    hex,
    "060000000001020000000203080045" + "00002e000000004011c4aeac1000000a000001" +
      "04000009001ac0e7" + "000000039fa6adb4bbc2c9d0d7dee5ecf3fa",
  );
});

Deno.test("writeFrame writes code point and ECN into one byte of their own", () => {
  const plain = frameOf({});
  const frame = frameOf({ dscp: 46, ecn: 3 });
  assertEquals([plain[15], frame[15]], [0, 46 * 4 + 3]);
  const others = [...frame.keys()].filter((i) => frame[i] !== plain[i]);
  assertEquals(others, [15, 24, 25], "and the header checksum");
});

Deno.test("writeFrame makes the header checksum the corner that was drawn", () => {
  for (const options of [0, 3, 10]) {
    for (const corner of [0x0000, 0xffff, 0x0001, 0xfffe, 0xfeff, 0xff00, 0x00ff, 0x1234]) {
      const frame = frameOf({ checksum: corner, options, size: 100 });
      assertEquals(frame[24]! * 256 + frame[25]!, corner, `options ${options}`);
      assertEquals(onesComplementSum(frame, 14, 34 + 4 * options), 0xffff);
    }
  }
});

Deno.test("writeFrame writes transport checksums that verify, padding left out", () => {
  for (const protocol of ["udp", "tcp", "icmp"] as const) {
    for (const totalLength of ["right", "padded"] as const) {
      for (const size of [66, 67, 300, 1514]) {
        const frame = frameOf({ protocol, totalLength, size, options: 1 });
        const end = size - (totalLength === "padded" ? 4 : 0);
        let sum = onesComplementSum(frame, 38, end);
        if (protocol !== "icmp") sum += onesComplementSum(frame, 26, 34) + frame[23]! + end - 38;
        while (sum > 0xffff) sum -= 0xffff;
        assertEquals(sum, 0xffff, `${protocol}, ${totalLength}, ${size} bytes`);
        const payload = 38 + (protocol === "tcp" ? 20 : 8);
        assertEquals([...frame.subarray(payload, payload + 4)], [0, 0, 0, 3], "identity");
      }
    }
  }
});

Deno.test("writeFrame never writes a UDP checksum of 0, which would say that there is none", () => {
  const bytes = new Uint8Array(60);
  let other = 0;
  for (let srcPort = 0; srcPort < 0x10000; srcPort++) {
    writeFrame({ ...PLAIN, srcPort }, 3, bytes, 0);
    const sum = bytes[40]! * 256 + bytes[41]!;
    if (sum === 0) throw new Error(`source port ${srcPort}`);
    if (sum === 0xffff) other++;
  }
  assert(other > 0, "one of the sums came to zero");
});

Deno.test("writeFrame gives two identities no common payload byte", () => {
  const one = frameOf({ size: 200 }, 1);
  const two = frameOf({ size: 200 }, 2);
  for (let i = 46; i < 200; i++) assert(one[i] !== two[i], `byte ${i}`);
});

Deno.test("writeFrame writes the drawn defect and no other", () => {
  const cases: [Partial<PacketDraw>, ...(keyof typeof REASON)[]][] = [
    [{}],
    [{ options: 10, size: 90 }],
    [{ protocol: "tcp", size: 1514 }],
    [{ totalLength: "padded" }],
    [{ checksum: 0xffff }],
    [{ mac: "other" }],
    [{ ttl: 1 }, "ttl"],
    [{ ttl: 0 }, "ttl"],
    [{ dst: 0x0b000001 }, "no-route"],
    [{ checksum: "wrong" }, "bad-checksum"],
    [{ header: "version-6" }, "bad-header"],
    [{ header: "ihl-4" }, "bad-header"],
    // Where the header ends is anyone's guess, so its checksum is, too.
    [{ header: "ihl-long" }, "bad-checksum", "bad-header"],
    [{ totalLength: "short" }, "bad-header"],
    [{ totalLength: "long" }, "bad-header"],
    [{ type: "arp" }, "not-ip"],
    [{ type: "ipv6" }, "not-ip"],
    [{ type: "vlan", size: 64 }, "not-ip"],
    [{ size: 59 }, "runt"],
    [{ size: 14 }, "runt"],
    [{ size: 1519 }, "oversize"],
  ];
  const packets = cases.map(([change]) => ({ ...PLAIN, ...change }));
  const expected = referenceRouter(
    build({
      geometry: PLAIN_GEOMETRY,
      neighbours: [0, 1],
      routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
      packets,
      deviations: [],
    }),
    STRICT,
  );
  cases.forEach(([change, ...reasons], i) => {
    const found = REASONS.filter((_, bit) => (expected.reasons[i]! >>> bit) & 1);
    assertEquals(found, reasons, JSON.stringify(change));
    assertEquals(expected.forward[i], reasons.length === 0 ? 1 : 0, JSON.stringify(change));
  });
});

Deno.test("a frame for another MAC address is not for us where the device looks", () => {
  const draw = {
    geometry: PLAIN_GEOMETRY,
    neighbours: [0],
    routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
    packets: [{ ...PLAIN, mac: "other" } as const, PLAIN],
    deviations: [],
  };
  const expected = referenceRouter(build(draw), { ...STRICT, checksDstMac: true });
  assertEquals([...expected.forward], [0, 1]);
  assertEquals(expected.reasons[0], 1 << REASON["not-for-us"]);
});
