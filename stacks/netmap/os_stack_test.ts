// Aim: the host answers each ping for its address and each question for it, with bytes that are right to the last
// checksum, and takes nothing else. Method: drawn frames with options, padding and other contents, against what RFC 792,
// 791 and 826 say byte by byte.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LinuxCosts } from "../../core/linux/costs.ts";
import { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { OsStack } from "./os_stack.ts";

const ADDRESSES = [[10, 0, 0, 1], [10, 0, 1, 1]];
const PORT_MAC = [2, 0, 0, 0, 9, 0, 2, 0, 0, 0, 9, 1];
const ASKER = [2, 7, 7, 7, 7, 7];

/** One's complement sum of words. */
function sum(bytes: readonly number[]): number {
  let total = 0;
  bytes.forEach((byte, i) => total += i % 2 === 0 ? byte * 256 : byte);
  return total % 0xffff;
}

/** Bytes with the checksum at `at` that makes their sum right. */
function summed(bytes: readonly number[], at: number): number[] {
  const zero = [...bytes.slice(0, at), 0, 0, ...bytes.slice(at + 2)];
  const check = 0xffff - sum(zero);
  return [...zero.slice(0, at), check >> 8, check & 255, ...zero.slice(at + 2)];
}

const ping = fc.record({
  port: fc.nat(1),
  to: fc.nat(1),
  type: fc.constantFrom(8, 8, 8, 0, 13),
  protocol: fc.constantFrom(1, 1, 1, 17),
  ttl: fc.constantFrom(1, 2, 64, 255),
  options: fc.nat(3),
  payload: fc.uint8Array({ maxLength: 60 }),
  padding: fc.uint8Array({ maxLength: 30 }),
});

/** A host on two ports, and what it sends. */
function host() {
  const memory = new Memory(4);
  memory.region("skbs", 0, 4);
  const sent: { port: number; bytes: number[] }[] = [];
  const dropped: number[] = [];
  const env = {
    memory,
    neighbours: { portMac: Uint8Array.from(PORT_MAC) },
    ...{ end: () => {}, originate: () => {} },
    drop: (_: Cpu, skb: number) => void dropped.push(skb),
  } as unknown as Env;
  const costs = { netifReceive: 1, ipRcv: 1, skbFree: 1 } as unknown as LinuxCosts;
  const addresses = ADDRESSES.map(([a, b, c, d]) => a! * 2 ** 24 + b! * 65536 + c! * 256 + d!);
  const os = new OsStack(env, costs, addresses);
  for (const port of [0, 1]) {
    os.transmit[port] = (_, skb) => {
      const at = memory.offset[skb]!;
      sent.push({ port, bytes: [...memory.bytes.slice(at, at + memory.length[skb]!)] });
    };
  }
  const receive = (port: number, frame: readonly number[]): void => {
    memory.bytes.set(frame, memory.offset[1]!);
    memory.length[1] = frame.length;
    os.receive({ charge: () => {} } as unknown as Cpu, 1, port);
  };
  return { receive, sent, dropped };
}

Deno.test("OsStack answers a ping for its address, whatever its options, TTL and padding, and takes no other frame", () => {
  fc.assert(fc.property(ping, ({ port, to, type, protocol, ttl, options, payload, padding }) => {
    const { receive, sent, dropped } = host();
    const icmp = summed([type, 0, 0, 0, 1, 2, 3, 4, ...payload], 2);
    const words = 5 + options;
    const total = 4 * words + icmp.length;
    const src = [192, 168, 0, 7];
    const header = (from: readonly number[], dst: readonly number[], hops: number) =>
      summed(
        [
          ...[0x40 | words, 0, total >> 8, total & 255, 0, 9, 0, 0, hops, protocol, 0, 0],
          ...[...from, ...dst, ...new Array<number>(4 * options).fill(1)],
        ],
        10,
      );
    const mac = PORT_MAC.slice(port * 6, port * 6 + 6);
    const least = new Array<number>(Math.max(0, 60 - 14 - total - padding.length)).fill(0xee);
    const frame = [
      ...[...mac, ...ASKER, 8, 0, ...header(src, ADDRESSES[to]!, ttl)],
      ...[...icmp, ...padding, ...least],
    ];
    receive(port, frame);
    const isAnswered = to === port && protocol === 1 && type === 8;
    assertEquals([sent.length, dropped.length], isAnswered ? [1, 0] : [0, 1]);
    if (!isAnswered) return;
    const reply = summed([0, 0, 0, 0, 1, 2, 3, 4, ...payload], 2);
    assertEquals(sent, [{
      port,
      bytes: [
        ...[...ASKER, ...mac, 8, 0, ...header(ADDRESSES[to]!, src, 64)],
        ...[...reply, ...padding, ...least],
      ],
    }]);
  }));
});

Deno.test("OsStack tells who asks for its address on that port its MAC address, and nobody else", () => {
  const question = fc.record({
    port: fc.nat(1),
    to: fc.nat(1),
    operation: fc.constantFrom(1, 1, 2, 3),
  });
  fc.assert(fc.property(question, ({ port, to, operation }) => {
    const { receive, sent, dropped } = host();
    const asker = [192, 168, 0, 7];
    const mac = PORT_MAC.slice(port * 6, port * 6 + 6);
    const head = [0, 1, 8, 0, 6, 4, 0];
    const rest = new Array<number>(18).fill(0);
    receive(port, [
      ...[...new Array<number>(6).fill(255), ...ASKER, 8, 6, ...head, operation],
      ...[...ASKER, ...asker, 0, 0, 0, 0, 0, 0, ...ADDRESSES[to]!, ...rest],
    ]);
    const isAnswered = to === port && operation === 1;
    assertEquals([sent.length, dropped.length], isAnswered ? [1, 0] : [0, 1]);
    if (!isAnswered) return;
    assertEquals(sent, [{
      port,
      bytes: [
        ...[...ASKER, ...mac, 8, 6, ...head, 2, ...mac, ...ADDRESSES[port]!],
        ...[...ASKER, ...asker, ...rest],
      ],
    }]);
  }));
});
