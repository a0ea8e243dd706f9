// Aim: an echo request that may be answered is, with its own data, a fresh TTL and right checksums; no other packet is.
// Method: requests written by hand, with each field changed in turn, and the reply taken apart.
import { assert, assertEquals } from "@std/assert";
import type { LcTrie } from "../fib/lc_trie.ts";
import { Memory } from "../memory/memory.ts";
import {
  computeIcmpChecksum,
  fillIpv4Checksum,
  ipv4Dst,
  ipv4Src,
  setIcmpChecksum,
  verifyChecksum,
  verifyIcmpChecksum,
} from "../packet/mod.ts";
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { IcmpEcho } from "./icmp_echo.ts";
import type { IpMib } from "./mib.ts";

const IP = 14;
const OWN = 0x0a000001;
const HOST = 0x0b000007;

/** Delivers a request that was changed; answers the reply's bytes from its IPv4 header on, or null. */
function ask(edit: (bytes: Uint8Array, at: number) => void, words = 5): Uint8Array | null {
  const memory = new Memory(2);
  const { first } = memory.region("pool", 0, 2);
  const at = memory.offset[first]!;
  const { bytes } = memory;
  const ip = at + IP;
  const icmp = ip + 4 * words;
  const total = 4 * words + 8 + 13;
  bytes.fill(0, at, at + 128);
  bytes.set([0x40 + words, 0xb8, 0, total, 0x12, 0x34, 0, 0, 9, 1], ip);
  new DataView(bytes.buffer).setUint32(ip + 12, HOST);
  new DataView(bytes.buffer).setUint32(ip + 16, OWN);
  bytes.fill(1, ip + 20, icmp);
  bytes.set([8, 0, 0, 0, 7, 7, 0, 3, ...Array.from({ length: 13 }, (_, i) => i * 5)], icmp);
  setIcmpChecksum(bytes, icmp, computeIcmpChecksum(bytes, icmp, 21));
  memory.length[first] = IP + total;
  edit(bytes, ip);
  fillIpv4Checksum(bytes, ip);
  const mib = { inDelivers: 0, icmpInEchos: 0, outRequests: 0, icmpOutEchoReps: 0 };
  const env = { memory, pool: { get: () => first + 1 }, originate: () => {} } as unknown as Env;
  const fib = new Proxy({}, { get: (_, name) => name === "lookup" ? () => 3 : () => 1 }) as LcTrie;
  const costs = new Proxy({}, { get: () => 1 }) as LinuxCosts;
  const echo = new IcmpEcho(env, costs, { fib, mib: mib as unknown as IpMib }, [OWN]);
  const cpu = { lcore: 0, charge: () => {} } as unknown as Cpu;
  const answer = echo.deliver(cpu, first);
  assertEquals(mib.icmpOutEchoReps, Number(answer >= 0));
  if (answer < 0) return null;
  assertEquals(echo.nextHop, 3);
  const from = memory.offset[answer]!;
  return bytes.slice(from + IP, from + memory.length[answer]!);
}

Deno.test("IcmpEcho answers with the request's data, from the address that was asked, with a TTL of its own", () => {
  for (const words of [5, 7, 15]) {
    const reply = ask(() => {}, words)!;
    assertEquals([ipv4Src(reply, 0), ipv4Dst(reply, 0)], [OWN, HOST]);
    assertEquals([reply[0], reply[1], reply[3], reply[8], reply[9], reply.length], [
      0x45,
      0xb8,
      41,
      64,
      1,
      41,
    ]);
    assert(verifyChecksum(reply, 0, 20) && verifyIcmpChecksum(reply, 20, 21));
    assertEquals([...reply.subarray(20, 22), ...reply.subarray(24)], [
      0,
      0,
      7,
      7,
      0,
      3,
      ...Array.from({ length: 13 }, (_, i) => i * 5),
    ]);
  }
});

Deno.test("IcmpEcho answers no other protocol, type, fragment, checksum or source that is no host's", () => {
  const set = (at: number, ...values: number[]) => (bytes: Uint8Array, ip: number) =>
    bytes.set(values, ip + at);
  assert(
    ask(set(12, 223, 1, 1, 1)) !== null && ask(set(12, 1, 0, 0, 1)) !== null &&
      ask(set(6, 0x40, 0)) !== null,
  );
  const silent: [string, (bytes: Uint8Array, ip: number) => void][] = [
    ["a fragment with more behind it", set(6, 0x20, 0)],
    ["a later fragment", set(6, 0, 1)],
    ["UDP", set(9, 17)],
    ["an echo reply", set(20, 0)],
    ["a wrong checksum", set(30, 99)],
    ["less than a header", set(3, 27)],
    ...[[0, "this network"], [127, "loopback"], [224, "a group"], [239, "a group"], [
      240,
      "reserved",
    ], [255, "all"]]
      .map((
        [byte, what],
      ): [string, (bytes: Uint8Array, ip: number) => void] => [
        `${what}`,
        set(12, Number(byte), 1, 1, 1),
      ]),
  ];
  for (const [what, edit] of silent) assertEquals(ask(edit), null, what);
});
