// Aim: every header of a frame is found, and nothing beyond the frame's end is read or pointed at,
// for any bytes and any length (PKT-5, PKT-6). Method: frames built from the RFCs' drawings and cut
// at every length, with three fillings of what lies behind the cut; noise; examples of what ends a
// walk.

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Expected, frameOf, type Level, transport } from "./_layers_for_tests.ts";
import { fold } from "./checksum.ts";
import { checkArp, writeArp } from "./arp.ts";
import { writeIcmpv6EchoFrame, writeTcp6Frame, writeUdp6Frame } from "./frame6.ts";
import { checkHeader6 } from "./ipv6.ts";
import { computeChecksum6, pseudoHeaderSum6, verifyChecksum6 } from "./ipv6_checksum.ts";
import { EXTENSIONS_MAX, Ipv6Headers } from "./ipv6_extensions.ts";
import { LAYER, Layers, LAYERS_MAX } from "./layers.ts";
import { mplsPayloadType, mplsStackLength, writeMplsEntry } from "./mpls.ts";

const KIND = Object.keys(LAYER);

const ENDS = ["payload", "cut", "broken", "too-many"];

/** What a walk found: four numbers for each header, then why it ended and whether a length lied. */
function found(layers: Layers, why: string): number[] {
  const list: number[] = [];
  for (let i = 0; i < layers.count; i++) {
    list.push(layers.kind[i]!, layers.offset[i]!, layers.headerBytes[i]!, layers.end[i]!);
  }
  list.push(ENDS.indexOf(why), Number(layers.isCut));
  return list;
}

/** What a walk found as people read it. */
function text(list: readonly number[]): string {
  let out = "";
  for (let i = 0; i + 2 < list.length; i += 4) {
    const [kind, at, n, end] = list.slice(i, i + 4) as [number, number, number, number];
    out += `${KIND[kind - 1]} at ${at} + ${n} to ${end}, `;
  }
  return `${out}${ENDS[list.at(-2)!]}${list.at(-1) === 1 ? ", short" : ""}`;
}

/** What is to be found in the first `len` bytes of a frame with `padding` behind the last. */
function expected(all: readonly Expected[], off: number, len: number, padding: number): number[] {
  const list: number[] = [];
  let isShort = false, isWhole = true, limit = off + len + padding;
  for (const { kind, offset, steps, end } of all) {
    const header = steps.findLast((step) => offset + step <= len);
    isWhole &&= header === steps.at(-1);
    if (header === undefined || list.length === 4 * LAYERS_MAX) break;
    // A header without a length of its own takes all that is left to it, padding too.
    if (/ip|udp/.test(kind)) {
      isShort ||= end > len;
      limit = Math.min(limit, off + end);
    }
    list.push(KIND.indexOf(kind) + 1, off + offset, header, limit);
    if (!isWhole) break;
  }
  const last = all[LAYERS_MAX - 1];
  const isFull = last !== undefined && last.offset + last.steps.at(-1)! <= len;
  // A label stack with nothing behind it is cut too.
  const isBare = list.at(-4) === LAYER.mpls && list.at(-3)! + list.at(-2)! === limit;
  const isLong = isFull && all.length > LAYERS_MAX;
  list.push(isBare ? 1 : isLong ? 3 : isWhole ? 0 : 1, Number(isShort));
  return list;
}

/** GRE and VXLAN do not tell a header that is cut from one that is broken. */
function same(got: readonly number[], want: readonly number[], mayBreak: boolean): boolean {
  const why = want.length - 2;
  return got.length === want.length &&
    got.every((n, i) => n === want[i] || (mayBreak && i === why && n === 2 && want[i] === 1));
}

const level: fc.Arbitrary<Level> = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  extra: fc.array(fc.nat(11), { maxLength: 4 }),
  tags: fc.nat(2),
  labels: fc.oneof(fc.constant(0), fc.nat(3)),
  tunnel: fc.constantFrom("vxlan" as const, "gre" as const, "bridged" as const, "ip" as const),
  greFlags: fc.nat(255),
});
const inner = fc.tuple(
  fc.constantFrom("udp", "tcp", "icmp", "icmpv6", "other"),
  fc.array(fc.nat(255), { maxLength: 12, size: "max" }),
  fc.nat(10),
).map(([kind, payload, words]) => transport(kind, payload, words));
const frame = fc.tuple(fc.array(level, { minLength: 1, maxLength: 4, size: "max" }), inner)
  .map(([levels, innermost]) => frameOf(levels, innermost));

Deno.test("Layers lists the headers that are there, at every length a frame can be cut to", () => {
  const seen = new Map<string, number>();
  const layers = new Layers();
  fc.assert(
    fc.property(frame, fc.nat(3), fc.nat(9), ({ bytes, layers: all }, off, padding) => {
      const room = new Uint8Array(off + bytes.length + padding + 64);
      for (let len = 0; len <= bytes.length + padding; len++) {
        const here = Math.min(len, bytes.length);
        const want = expected(all, off, here, len - here);
        const check = (got: number[], what: string) => {
          if (same(got, want, len < bytes.length)) return;
          assertEquals(text(got), text(want), `${len} of ${bytes.length} bytes, then ${what}`);
        };
        for (const behind of [0xee, 0x00, 0x45]) {
          room.fill(behind);
          room.set(bytes.slice(0, here), off);
          room.fill(0, off + here, off + len);
          check(found(layers, layers.walk(room, off, len)), `0x${behind.toString(16)}`);
        }
        const last = room.slice(0, off + len);
        check(found(layers, layers.walk(last, off, 9000)), "the end of the array");
        const why = ENDS[want.at(-2)!]!;
        seen.set(why, (seen.get(why) ?? 0) + 1);
        if (want.at(-1) === 1) seen.set("short", (seen.get("short") ?? 0) + 1);
      }
      for (const { kind } of all) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { seed: 1, numRuns: 60 },
  );
  for (
    const name of [...KIND.filter((kind) => kind !== "arp"), "payload", "cut", "short"]
  ) {
    assertGreater(seen.get(name) ?? 0, 3, `HARN-3: "${name}" was met too seldom`);
  }
});

Deno.test("Layers stays inside the frame and ends, whatever the bytes are", () => {
  const layers = new Layers();
  const again = new Layers();
  const ends = new Map<string, number>();
  const edit = fc.tuple(
    fc.noBias(fc.nat(20)),
    fc.oneof(fc.constantFrom(0, 3, 4, 12), fc.nat(24)),
    fc.nat(255),
  );
  const noisy = fc.tuple(frame, fc.array(edit, { minLength: 1, maxLength: 3, size: "max" }))
    .map(([{ bytes, layers: all }, edits]) => {
      const out = Uint8Array.from(bytes);
      for (const [i, at, value] of edits) {
        const { offset } = all[i % all.length]!;
        out[(offset + at) % out.length] = value;
      }
      return out;
    });
  const noise = fc.uint8Array({ maxLength: 120, size: "max" });
  const bytes = fc.oneof({ weight: 4, arbitrary: noisy }, noise);
  const len = fc.oneof(fc.nat(300), fc.constantFrom(-1, NaN, Infinity, 2 ** 40, 9000, 300));
  fc.assert(
    fc.property(bytes, fc.nat(3), len, (drawn, off, len) => {
      const bytes = Uint8Array.of(...Array(off).fill(0xee), ...drawn);
      const end = Math.max(off, Math.min(off + (len > 0 ? len : 0), bytes.length));
      const why = layers.walk(bytes, off, len);
      ends.set(why, (ends.get(why) ?? 0) + 1);
      let from = off, to = end;
      for (let i = 0; i < layers.count; i++) {
        const [at, n, stop] = [layers.offset[i]!, layers.headerBytes[i]!, layers.end[i]!];
        assert(at >= from && n > 0 && at + n <= stop && stop <= to, text(found(layers, why)));
        [from, to] = [at + n, stop];
      }
      const longer = new Uint8Array(bytes.length + 80).fill(0x86);
      longer.set(bytes.subarray(0, end));
      const other = found(again, again.walk(longer, off, end - off));
      const own = found(layers, why);
      if (!same(other, own, false)) {
        assertEquals(text(other), text(own), "what lies behind matters");
      }
    }),
    { seed: 1, numRuns: 600 },
  );
  for (const why of ["payload", "cut", "broken"]) assertGreater(ends.get(why) ?? 0, 20, why);
});

Deno.test("Layers stops where a header contradicts itself or a limit is reached", () => {
  const layers = new Layers();
  const one = { version: 4, extra: [], tags: 0, labels: 0, tunnel: "ip", greFlags: 0 } as const;
  const six = { ...one, version: 6 as const };
  const udp = transport("udp", [1, 2], 0);
  const ends = (levels: Level[], at: number, value: number, from = udp) => {
    const bytes = Uint8Array.from(frameOf(levels, from).bytes);
    bytes[at] = value;
    return text(found(layers, layers.walk(bytes, 0, bytes.length))).replace(/ at.*?(?=,)/g, "");
  };
  assertEquals(ends([one], 14, 0x65), "ethernet, broken", "version");
  assertEquals(ends([one], 14, 0x44), "ethernet, broken", "IHL");
  assertEquals(ends([one], 17, 19), "ethernet, broken", "total length below the header's");
  assertEquals(ends([one], 17, 60), "ethernet, ipv4, udp, payload, short", "total length too long");
  assertEquals(ends([one], 17, 27), "ethernet, ipv4, cut", "total length ends inside UDP");
  assertEquals(ends([one], 21, 1), "ethernet, ipv4, payload", "a later fragment");
  assertEquals(ends([one], 20, 0x20), "ethernet, ipv4, udp, payload", "the first fragment");
  assertEquals(ends([one], 39, 7), "ethernet, ipv4, broken", "UDP length");
  assertEquals(ends([six], 14, 0x45), "ethernet, broken", "version of IPv6");
  assertEquals(ends([six], 20, 0), "ethernet, ipv6, cut", "hop-by-hop options beyond the end");
  assertEquals(ends([{ ...six, extra: [0] }], 20, 44), "ethernet, ipv6, udp, payload", "atomic");
  const later = Uint8Array.from(frameOf([{ ...six, extra: [0] }], udp).bytes);
  later.set([44, 64], 20);
  later[14 + 40 + 3] = 8;
  assertEquals([layers.walk(later, 0, later.length), layers.count], ["payload", 2], "later, IPv6");
  assertEquals(ends([one], 46, 0x40, transport("tcp", [], 0)), "ethernet, ipv4, broken", "TCP");
  assertEquals(ends([{ ...one, tags: 2 }], 20, 0x81), "ethernet, vlan, vlan, too-many");
  const third = frameOf([{ ...one, tags: 3 }], udp).bytes;
  assertEquals(layers.walk(Uint8Array.from(third), 0, third.length), "too-many");
  assertEquals([layers.count, layers.kind[2]], [3, LAYER.vlan]);
  const stack = new Uint8Array(14 + 80);
  stack.set([0x88, 0x47], 12);
  assertEquals(layers.walk(stack, 0, stack.length), "too-many", "no bottom of the label stack");
  assertEquals(mplsStackLength(stack, 14, 9000), -1);
  const nested = frameOf(Array(20).fill(one), udp).bytes;
  assertEquals(layers.walk(Uint8Array.from(nested), 0, nested.length), "too-many");
  assertEquals(layers.count, LAYERS_MAX);
});

Deno.test("mplsPayloadType goes by the last label of a stack, and by what follows where that says nothing", () => {
  // RFC 3032, 2.1: 0 and 2 are "explicit null" of IPv4 and IPv6; else RFC 4928, 3: the first four bits
  const labels = fc.array(fc.constantFrom(0, 2, 1, 3, 16, 0xfffff), { minLength: 1, maxLength: 5 });
  const layers = new Layers();
  const seen = new Map<number, number>();
  fc.assert(
    fc.property(labels, fc.nat(255), fc.nat(3), fc.boolean(), (stack, first, off, isThere) => {
      const bytes = new Uint8Array(off + 14 + 4 * stack.length + (isThere ? 60 : 0)).fill(0x45);
      bytes.set([0x88, 0x47], off + 12);
      stack.forEach((label, i) =>
        writeMplsEntry(bytes, off + 14 + 4 * i, label, 7, i === stack.length - 1, 64)
      );
      const length = 4 * stack.length;
      if (isThere) bytes[off + 14 + length] = first;
      const last = stack.at(-1)!;
      const version = last === 0 ? 4 : last === 2 ? 6 : isThere ? first >>> 4 : 0;
      const type = version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0;
      const available = bytes.length - off - 14;
      assertEquals(mplsPayloadType(bytes, off + 14, length, available), type, `${stack} ${first}`);
      // what is beyond the end of a frame says nothing
      const cut = last === 0 ? 0x0800 : last === 2 ? 0x86dd : 0;
      assertEquals(mplsPayloadType(bytes, off + 14, length, length), cut);
      layers.walk(bytes, off, bytes.length - off);
      assertEquals([layers.kind[1], layers.headerBytes[1]], [LAYER.mpls, length]);
      seen.set(type, (seen.get(type) ?? 0) + 1);
    }),
  );
  for (const type of [0, 0x0800, 0x86dd]) assert((seen.get(type) ?? 0) > 5, `${type} is rare`);
});

Deno.test("checkArp and Layers take ARP of Ethernet and IPv4, whole, and nothing else", () => {
  const bytes = new Uint8Array(64);
  bytes.set([0x08, 0x06], 12);
  writeArp(bytes, 14);
  const layers = new Layers();
  assertEquals(
    text(found(layers, layers.walk(bytes, 0, 60))),
    "ethernet at 0 + 14 to 60, arp at 14 + 28 to 60, payload",
  );
  assertEquals([checkArp(bytes, 14, 28), checkArp(bytes, 14, 27)], [true, false]);
  assertEquals(checkArp(bytes.subarray(0, 41), 14, 9000), false);
  for (let i = 14; i < 20; i++) {
    const other = bytes.slice();
    other[i]! ^= 1;
    assertEquals(checkArp(other, 14, 28), false, `byte ${i}`);
  }
});

/** An IPv6 packet with this chain; each entry is a number and the bytes of that header but the first. */
function chain(...headers: [number: number, ...rest: number[]][]): Uint8Array {
  const bytes = headers.flatMap(([, ...rest], i) => [headers[i + 1]?.[0] ?? 17, ...rest]);
  const head = [0x60, 0, 0, 0, bytes.length >>> 8, bytes.length & 255, headers[0]?.[0] ?? 17, 64];
  return Uint8Array.from([...head, ...Array(32).fill(9), ...bytes]);
}

Deno.test("Ipv6Headers walks a bounded number of headers and knows which may stand where", () => {
  const headers = new Ipv6Headers();
  const walk = (packet: Uint8Array) => headers.walk(packet, 0, packet.length);
  const zeros = (n: number): number[] => Array(n).fill(0);
  const options: [number, ...number[]] = [60, 0, ...zeros(6)];
  assertEquals(walk(chain(...Array(EXTENSIONS_MAX).fill(options))), "whole");
  assertEquals([headers.count, headers.protocol, headers.offset], [8, 17, 104]);
  for (const n of [EXTENSIONS_MAX + 1, 8000]) {
    assertEquals(walk(chain(...Array(n).fill(options))), "too-many");
    assertEquals(headers.count, EXTENSIONS_MAX, "headers read");
  }
  assertEquals(walk(chain([0, 0, ...zeros(6)], options)), "whole");
  assertEquals([headers.perFragmentBytes, headers.perFragmentNextAt], [48, 40]);
  assertEquals(walk(chain(options, [0, 0, ...zeros(6)])), "broken", "hop-by-hop not first");
  const fragment = (units: number, more: number): [number, ...number[]] => [
    ...[44, 0, units >>> 5, (units << 3 & 255) + more] as [number, number, number, number],
    ...[1, 2, 3, 4],
  ];
  assertEquals(walk(chain(options, fragment(0, 1), options)), "whole");
  assertEquals([headers.fragmentAt, headers.offset, headers.protocol], [48, 64, 17]);
  assertEquals([headers.perFragmentBytes, headers.perFragmentNextAt], [40, 6]);
  assertEquals(walk(chain(fragment(1, 0), options)), "whole", "a later fragment is data");
  assertEquals([headers.offset, headers.protocol, headers.count], [48, 60, 1]);
  assertEquals(walk(chain(fragment(0, 0), fragment(0, 0))), "broken", "two fragment headers");
  assertEquals(walk(chain([51, 1, ...zeros(10)], options)), "whole", "AH in words of four bytes");
  assertEquals(headers.offset, 40 + 12 + 8);
  assertEquals(walk(chain([51, 0, ...zeros(6)])), "broken", "AH shorter than its fields");
  assertEquals(walk(chain([60, 1, ...zeros(6)])), "cut", "options beyond the end");
  const six = chain(options);
  assertEquals(headers.walk(six, 0, NaN), "cut");
  assertEquals([0, 39, 40, 47, 48].map((n) => checkHeader6(six, 0, n) === 0), [
    false,
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("Ipv6Headers finds the last recipient in a routing header with segments left", () => {
  const headers = new Ipv6Headers();
  const route = (type: number, left: number) => {
    const packet = chain([43, 4, type, left, ...Array(36).fill(0)]);
    assertEquals(headers.walk(packet, 0, packet.length), "whole");
    assertEquals([headers.perFragmentBytes, headers.perFragmentNextAt], [80, 40]);
    return headers.destinationAt;
  };
  assertEquals([route(0, 1), route(2, 2), route(4, 1), route(4, 0), route(253, 1)], [
    64,
    64,
    48,
    24,
    24,
  ]);
});

/** One's complement sum of bytes, an odd one padded. */
function onesSum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + sum % 0x10000;
  return sum;
}

Deno.test("writers of IPv6 frames emit what parses back, with right checksums (PKT-3, PKT-4)", () => {
  const layers = new Layers();
  const address = fc.uint8Array({ minLength: 16, maxLength: 16, size: "max" });
  const options = fc.record({
    ...{ src: address, dst: address, dstMac: fc.nat(2 ** 48 - 1), srcMac: fc.nat(2 ** 48 - 1) },
    ...{ hopLimit: fc.nat(255), trafficClass: fc.nat(255), flowLabel: fc.nat(0xfffff) },
    vlan: fc.array(fc.record({ tci: fc.nat(0xffff) }, { noNullPrototype: true }), { maxLength: 2 }),
    extensions: fc.array(
      fc.constantFrom(43, 60, 44, 135).map((number) => ({
        number,
        bytes: Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4),
      })),
      { maxLength: 2 },
    ).map((list) => list.filter((e, i) => e.number !== 44 || i === 0)),
    payload: fc.uint8Array({ maxLength: 40, size: "max" }),
    pad: fc.boolean(),
  }, { noNullPrototype: true });
  const writers = [writeUdp6Frame, writeTcp6Frame, writeIcmpv6EchoFrame];
  fc.assert(
    fc.property(options, fc.nat(2), fc.nat(3), (o, which, off) => {
      const buffer = new Uint8Array(260).fill(0xee);
      const length = writers[which]!(buffer, off, { ...o, srcPort: 7, dstPort: 9, echoId: 5 });
      assert(buffer.every((b, i) => (i >= off && i < off + length) || b === 0xee), "outside");
      const l3 = off + 14 + 4 * o.vlan.length;
      const view = new DataView(buffer.buffer);
      const first = view.getUint32(l3);
      assertEquals([first >>> 28, first >>> 20 & 255, first & 0xfffff], [
        6,
        o.trafficClass,
        o.flowLabel,
      ]);
      assertEquals([...buffer.subarray(l3 + 8, l3 + 40)], [...o.src, ...o.dst]);
      assertEquals(buffer[l3 + 7], o.hopLimit);
      const [protocol, header] = [[17, 8], [6, 20], [58, 8]][which] as [number, number];
      const l4 = l3 + 40 + 8 * o.extensions.length;
      const n = header + o.payload.length;
      assertEquals(view.getUint16(l3 + 4), 8 * o.extensions.length + n);
      const chained = [buffer[l3 + 6], ...o.extensions.map((_, i) => buffer[l3 + 40 + 8 * i])];
      assertEquals(chained, [...o.extensions.map((e) => e.number), protocol]);
      assertEquals([...buffer.subarray(l4 + header, l4 + n)], [...o.payload]);
      const data = [...buffer.subarray(l4, l4 + n)];
      const pseudo = [...o.src, ...o.dst, 0, 0, n >>> 8, n & 255, 0, 0, 0, protocol];
      assertEquals(onesSum([...pseudo, ...data]), 0xffff, "checksum");
      if (protocol === 17) assert(view.getUint16(l4 + 6) !== 0, "PKT-4");
      assert(verifyChecksum6(buffer, l4, n, protocol, l3 + 8, l3 + 24));
      if (o.extensions.some((e) => e.number === 135)) return;
      assertEquals(layers.walk(buffer, off, length), "payload");
      const last = layers.count - 1;
      assertEquals([layers.offset[last], layers.end[last]], [l4, l4 + n]);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("checksums over IPv6: UDP has one, and never 0; a wrong bit is seen (PKT-4)", () => {
  const frame = new Uint8Array(80);
  const [src, dst] = [new Uint8Array(16), new Uint8Array(16)];
  writeUdp6Frame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, payload: new Uint8Array(2) });
  const rest = frame[60]! * 256 + frame[61]!;
  const payload = Uint8Array.of(rest >>> 8, rest);
  writeUdp6Frame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, payload });
  assertEquals(computeChecksum6(frame, 54, 10, 17, 22, 38), 0xffff);
  assert(verifyChecksum6(frame, 54, 10, 17, 22, 38));
  for (let bit = 0; bit < 10 * 8; bit++) {
    const wrong = frame.slice();
    wrong[54 + (bit >>> 3)]! ^= 1 << (bit & 7);
    assertEquals(verifyChecksum6(wrong, 54, 10, 17, 22, 38), false, `bit ${bit}`);
  }
  // A jumbogram's length takes more than 16 bits of the pseudo header (RFC 2675, 4).
  const jumbo = pseudoHeaderSum6(frame, 22, 38, 17, 0x12345);
  assertEquals(fold(jumbo), 1 + 0x2345 + 17);
  frame.fill(0, 60, 62);
  assertEquals(verifyChecksum6(frame, 54, 10, 17, 22, 38), false, "RFC 8200, 8.1: none");
  assertEquals(verifyChecksum6(frame, 54, 7, 17, 22, 38), false, "too short for the field");
  assertThrows(() => verifyChecksum6(frame, 54, 10, 50, 22, 38), RangeError, "protocol 50 is not");
  const refuses = (o: object, text: string) => {
    const base = { dstMac: 1, srcMac: 2, src, dst };
    assertThrows(() => writeUdp6Frame(frame, 0, { ...base, ...o }), RangeError, text);
  };
  refuses({ src: new Uint8Array(4) }, "Cannot write frame: an address of 4 bytes, not 16");
  refuses({ flowLabel: 2 ** 20 }, "flowLabel is 1048576");
  refuses({ payload: 65528 }, "payload length 65536 > 65535");
  refuses({ payload: 19 }, "81 bytes at offset 0 do not fit in 80");
  refuses(
    { extensions: [{ number: 60, bytes: new Uint8Array(7) }] },
    "7 bytes of extension header 60",
  );
});
