// Aim: frames that are rewritten beyond their MAC addresses, byte for byte, and which of them nobody can tell. Method: frames
// of core/packet, whose writer computes the checksums; one that reads swapped is written swapped.
import { assertEquals } from "@std/assert";
import {
  type UdpFrameOptions,
  writeIcmpEchoFrame,
  writeTcpFrame,
  writeUdpFrame,
} from "../../core/packet/mod.ts";
import { STRICT } from "../../core/stack.ts";
import { isTold } from "./expectation.ts";
import { referencePorts } from "./ports.ts";
import { rewritten } from "./rewrites.ts";
import { frame, scenario } from "./_scenario_for_tests.ts";

const THERE = { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0b000002, payload: 21 };
const BACK = { ...THERE, src: THERE.dst, dst: THERE.src };
const PORTS = { srcPort: 1111, dstPort: 2222 };
const TROPS = { srcPort: 2222, dstPort: 1111 };
const SHAPES: readonly Partial<UdpFrameOptions>[] = [
  {},
  { vlan: [{ tci: 7 }] },
  { options: new Uint8Array(8).fill(1) },
];

function written<O>(write: (bytes: Uint8Array, at: number, o: O) => number, o: O): Uint8Array {
  const bytes = new Uint8Array(256);
  return bytes.slice(0, write(bytes, 0, o));
}

/** Where the IPv4 header begins, and what follows it. */
function places(bytes: Uint8Array): { ip: number; l4: number } {
  const ip = bytes[12] === 0x81 ? 18 : 14;
  return { ip, l4: ip + (bytes[ip]! & 15) * 4 };
}

Deno.test("rewritten swaps addresses and ports of TCP and UDP, and no ports of others", () => {
  for (const shape of SHAPES) {
    for (const write of [writeUdpFrame, writeTcpFrame]) {
      const bytes = written(write, { ...THERE, ...PORTS, ...shape });
      assertEquals(rewritten("5-tuple", bytes), true);
      // sums are what they were: nothing was added
      assertEquals(bytes, written(write, { ...BACK, ...TROPS, ...shape }));
    }
  }
  const echo = written(writeIcmpEchoFrame, THERE);
  assertEquals(rewritten("5-tuple", echo), true);
  assertEquals(echo, written(writeIcmpEchoFrame, BACK));
});

Deno.test("rewritten computes the checksums of IPv4, TCP and UDP anew, whatever they were", () => {
  for (const shape of SHAPES) {
    for (const write of [writeUdpFrame, writeTcpFrame]) {
      const right = written(write, { ...THERE, ...PORTS, ...shape });
      const { ip, l4 } = places(right);
      const bytes = right.slice();
      bytes[ip + 10]! ^= 0x55;
      bytes[l4 + (write === writeTcpFrame ? 16 : 6)]! ^= 0x55;
      assertEquals(rewritten("checksums", bytes), true);
      assertEquals(bytes, right);
    }
  }
  // RFC 768: 0 says that there is none
  const none = written(writeUdpFrame, { ...THERE, ...PORTS, udpChecksum: false });
  const before = none.slice();
  assertEquals([rewritten("checksums", none), none], [true, before]);
});

Deno.test("rewritten leaves alone what is not IP, and tells nothing of what goes on behind the frame", () => {
  const arp = frame({ type: 0x0806 });
  const same = arp.slice();
  assertEquals([rewritten("5-tuple", arp), rewritten("checksums", arp), arp], [true, true, same]);
  const udp = written(writeUdpFrame, { ...THERE, ...PORTS });
  for (const what of ["5-tuple", "checksums"] as const) {
    const told = (bytes: Uint8Array): boolean => rewritten(what, bytes.slice());
    assertEquals(told(udp), true);
    assertEquals(told(udp.subarray(0, 33)), false, "cut in the IPv4 header");
    assertEquals(told(udp.subarray(0, 37)), false, "cut in the ports");
    assertEquals(told(udp.with(14, 0x44)), false, "a header of 16 bytes");
    assertEquals(told(udp.with(12, 0x86).with(13, 0xdd)), false, "IPv6");
  }
  assertEquals(rewritten("checksums", udp.subarray(0, udp.length - 1)), false, "cut in the data");
  assertEquals(rewritten("5-tuple", udp.subarray(0, 38)), true, "cut behind the ports");
});

Deno.test("referencePorts has frames forwarded whose bytes nobody can tell", () => {
  const policy = { ...STRICT, topology: "paired", rewrites: "5-tuple" } as const;
  // the header ends with the frame: ports are read behind it
  const frames = [frame({ first: 0x4f, length: 60 }), frame()];
  const e = referencePorts(scenario({ frames }), policy);
  assertEquals([...e.forward, ...e.reasons], [1, 1, 0, 0]);
  assertEquals([isTold(e, 0), isTold(e, 1)], [false, true]);
});
