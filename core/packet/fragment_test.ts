// Aim: fragments fit, lie where they say and put together give the packet again byte for byte, in any
// order, with copies among them, cut twice; what no packet can be made of is dropped by the stated
// policy, and no buffer is lost (PKT-3, PKT-9, MBUF-3). Method: packets taken apart by the RFCs'
// drawings; a model of the policy over single bytes; noise.

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  load,
  onesSum,
  packet4,
  type Part,
  part4,
  part6,
  PolicyModel,
  unload,
} from "./_fragments_for_tests.ts";
import { mbufSegments } from "../memory/mbuf.ts";
import { checkMbuf } from "../memory/mbuf_check.ts";
import { freeChain, mbufClone } from "../memory/mbuf_share.ts";
import { Memory } from "../memory/memory.ts";
import { Mempool } from "../memory/mempool.ts";
import { type ExtensionHeader, writeTcp6Frame, writeUdp6Frame } from "./frame6.ts";
import { FragmentTable } from "./_fragment_table.ts";
import { ipv4FragmentCount, isTinyIpv4Fragment, writeIpv4Fragment } from "./ipv4_fragment.ts";
import { ipv6FragmentCount, writeIpv6Fragment } from "./ipv6_fragment.ts";
import { checkIpv4Options, copyFragmentOptions, ipv4OptionLength } from "./ipv4_options.ts";
import { mbufFragmentIpv4, mbufFragmentIpv6 } from "./mbuf_fragment.ts";
import { Reassembler } from "./reassembler.ts";

const BUFFERS = 512;
const memory = new Memory(BUFFERS);

/** A fresh pool over the one memory. */
function rig(buffers = BUFFERS): Mempool {
  memory.reset();
  return new Mempool(memory, memory.region("mempool", 0, buffers), [-1], 0);
}

const options4 = fc.array(
  fc.oneof(
    fc.constant<number[]>([1]),
    fc.tuple(fc.constantFrom(0x44, 0x07, 0x83, 0x94, 0x82), fc.integer({ min: 2, max: 11 }))
      .map(([type, n]) => [type, n, ...Array(n - 2).fill(type ^ n)]),
  ),
  { maxLength: 6 },
).map((list) => {
  const kept: number[][] = [];
  for (const one of list) if (kept.flat().length + one.length <= 40) kept.push(one);
  return kept;
});
const data = fc.tuple(fc.nat(2600), fc.nat(255)).map(([n, seed]) =>
  Uint8Array.from({ length: n }, (_, i) => i * 7 + (i >>> 8) + seed)
);
/** As many bytes as `parts` fragments carry without options, or a few more or less. */
const edge = (mtu: number, parts: number, delta: number) =>
  Uint8Array.from({ length: parts * ((mtu - 20) & ~7) + delta }, (_, i) => i * 11);
const near = fc.option(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -9, max: 9 })), {
  freq: 2,
});
const mtu4 = fc.oneof(fc.integer({ min: 68, max: 120 }), fc.integer({ min: 68, max: 1500 }));

/** assertEquals for long arrays. */
function assertBytes(got: Uint8Array, want: Uint8Array, what: string): void {
  const differs = got.length === want.length ? got.findIndex((byte, i) => byte !== want[i]) : -2;
  if (differs !== -1) assertEquals([...got], [...want], what);
}

/** All fragments of a packet at offset 3 of an array, each written into 0xee. */
function cut(
  packet: Uint8Array,
  mtu: number,
  count: (bytes: Uint8Array, off: number, mtu: number) => number,
  write: (bytes: Uint8Array, i: number, out: Uint8Array, at: number) => number,
): Uint8Array[] {
  const placed = new Uint8Array(packet.length + 6).fill(0xaa);
  placed.set(packet, 3);
  const n = count(placed, 3, mtu);
  if (n === 1) return [packet];
  return Array.from({ length: n }, (_, i) => {
    const out = new Uint8Array(mtu + 80).fill(0xee);
    const n = write(placed, i, out, 2);
    assert(out.every((byte, k) => (k >= 2 && k < 2 + n) || byte === 0xee), "wrote outside");
    assert(n <= mtu, `fragment ${i} has ${n} bytes, the MTU is ${mtu}`);
    return out.slice(2, 2 + n);
  });
}

const cut4 = (packet: Uint8Array, mtu: number) =>
  cut(
    packet,
    mtu,
    ipv4FragmentCount,
    (bytes, i, out, at) => writeIpv4Fragment(bytes, 3, mtu, i, out, at),
  );
const cut6 = (packet: Uint8Array, mtu: number, id: number) =>
  cut(
    packet,
    mtu,
    ipv6FragmentCount,
    (bytes, i, out, at) => writeIpv6Fragment(bytes, 3, mtu, i, id, out, at),
  );

/** Parts follow each other, all but the last a multiple of eight bytes as large as fits. */
function checkParts(
  parts: readonly Part[],
  from: number,
  room: (part: Part) => number,
  more: boolean,
): Uint8Array {
  let start = from;
  parts.forEach((part, i) => {
    const isLast = i === parts.length - 1;
    assertEquals(part.start, start, `offset of fragment ${i}`);
    assertEquals(part.more, !isLast || more, `more-fragments of fragment ${i}`);
    if (!isLast) assertEquals(part.data.length, room(part) & ~7, `bytes of fragment ${i}`);
    start += part.data.length;
  });
  const all = new Uint8Array(start - from);
  for (const part of parts) all.set(part.data, part.start - from);
  return all;
}

Deno.test("writeIpv4Fragment: parts fit, follow each other, and have the options they are to have", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(
      options4,
      data,
      near,
      mtu4,
      fc.nat(3),
      fc.nat(300),
      (list, any, near, mtu, flags, units) => {
        const data = near === null ? any : edge(mtu, ...near);
        const options = list.flat();
        const packet = packet4({
          flags: flags & 1,
          units: flags > 1 ? units : 0,
          options,
          data,
          tos: 0xb9,
        });
        if ((flags & 1) !== 0 && data.length % 8 !== 0) return;
        const fragments = cut4(packet, mtu);
        const parts = fragments.map(part4);
        if (packet.length <= mtu) return assertEquals(fragments, [packet]);
        const all = checkParts(
          parts,
          flags > 1 ? units * 8 : 0,
          (p) => mtu - p.header.length,
          (flags & 1) !== 0,
        );
        assertBytes(all, data, "the data of all fragments");
        const copied = list.filter(([type]) => type! >= 0x80).flat();
        while (copied.length % 4 !== 0) copied.push(0);
        parts.forEach(({ header, data }, i) => {
          assertEquals(onesSum(header), 0xffff, `checksum of fragment ${i}`);
          assertEquals(header[2]! * 256 + header[3]!, header.length + data.length);
          for (const at of [1, 4, 5, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19]) {
            assertEquals(header[at], packet[at], `byte ${at} of the header of fragment ${i}`);
          }
          const expected = i === 0 ? [...packet.subarray(20, packet.length - data.length)] : copied;
          const own = [...header.subarray(20)];
          assertEquals(own, i === 0 ? expected.slice(0, own.length) : copied, `options of ${i}`);
          if (i === 0) assertEquals(header[0], packet[0]);
          assert(checkIpv4Options(header, 0));
        });
        const kind = parts.length > 2 ? "many" : "two";
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        if (copied.length > 0) seen.set("copied", (seen.get("copied") ?? 0) + 1);
        if (flags > 1) seen.set("cut twice", (seen.get("cut twice") ?? 0) + 1);
      },
    ),
    { seed: 1, numRuns: 150 },
  );
  for (const kind of ["many", "two", "copied", "cut twice"]) {
    assertGreater(seen.get(kind) ?? 0, 2, `HARN-3: "${kind}" was met too seldom`);
  }
});

Deno.test("IPv4 options are walked inside the header alone, in steps that move on (PKT-6)", () => {
  const header = (options: number[]) => packet4({ options, data: new Uint8Array(60).fill(0x90) });
  const judged = (...options: number[]) => checkIpv4Options(header(options), 0);
  assert(judged() && judged(0) && judged(1, 1, 1, 1) && judged(0x94, 4, 0, 0));
  assert(judged(7, 3, 4, 0, 0xff, 0xff, 0xff, 0xff), "nothing counts behind the end of the list");
  assertEquals([judged(0x94, 5, 0, 0), judged(0x94, 0, 0, 0), judged(0x94, 1, 0, 0)], [
    false,
    false,
    false,
  ]);
  assertEquals(judged(1, 1, 1, 0x94), false, "no room for a length byte");
  assertEquals(judged(1, 1, 0x94, 2), true, "a length byte and no data");
  const bytes = header([0x94, 4, 0, 0]);
  assertEquals([20, 21, 22, 23, 24].map((end) => ipv4OptionLength(bytes, 20, end)), [
    0,
    0,
    0,
    0,
    4,
  ]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40, size: "max" }), (noise) => {
      const packet = header([...noise]);
      const end = packet[0]! % 16 * 4;
      // What lies behind the header must not matter.
      const other = packet.map((byte, i) => i < end ? byte : 0x03);
      assertEquals(checkIpv4Options(other, 0), checkIpv4Options(packet, 0));
      const out = new Uint8Array(60).fill(0xee);
      const n = copyFragmentOptions(packet, 0, out, 0);
      assertEquals(n, copyFragmentOptions(other, 0, null, 0));
      assert(n % 4 === 0 && n <= end - 20 && out.subarray(n).every((byte) => byte === 0xee));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("ipv4FragmentCount refuses what must not be cut, and MTUs that do not exist", () => {
  const long = packet4({ flags: 2, data: new Uint8Array(100) });
  assertEquals(ipv4FragmentCount(long, 0, 119), 0, "don't fragment");
  assertEquals(ipv4FragmentCount(long, 0, 120), 1, "fits");
  const last = (units: number) => packet4({ units, data: new Uint8Array(135) });
  assertEquals([ipv4FragmentCount(last(8175), 0, 100), ipv4FragmentCount(last(8176), 0, 100)], [
    2,
    0,
  ]);
  for (const mtu of [67, 65536, 100.5, NaN]) {
    assertThrows(() => ipv4FragmentCount(long, 0, mtu), RangeError, `MTU of ${mtu}`);
  }
  const out = new Uint8Array(200);
  assertThrows(() => writeIpv4Fragment(long, 0, 100, 0, out, 0), RangeError, "the packet gives 0");
  assertEquals(writeIpv4Fragment(long, 0, 120, 0, out, 5), 120, "one that fits is copied");
  assertBytes(out.slice(5, 125), long, "as it is");
  assertThrows(() => writeIpv4Fragment(last(0), 0, 100, 2, out, 0), RangeError, "fragment 2");
});

/** An IPv6 packet with these headers and `n` bytes of payload. */
function packet6(extensions: ExtensionHeader[], n: number, writer = writeUdp6Frame): Uint8Array {
  const frame = new Uint8Array(5000);
  const address = (last: number) =>
    Uint8Array.from({ length: 16 }, (_, i) => i === 15 ? last : 0x20);
  const o = { dstMac: 1, srcMac: 2, src: address(1), dst: address(2), trafficClass: 0x42 };
  const length = writer(frame, 0, { ...o, extensions, payload: n, pad: false });
  return frame.slice(14, length);
}

const chain6 = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()).map((has) =>
  ([[0, 0], [60, 1], [43, 0], [60, 0]] as const).filter((_, i) => has[i]).map(([number, more]) => ({
    number,
    bytes: Uint8Array.from({ length: 8 + 8 * more }, (_, i) => i === 1 ? more : i === 3 ? 0 : i),
  }))
);
const mtu6 = fc.integer({ min: 1280, max: 1500 });

/** Bytes of the headers that every fragment repeats: through routing, or else through hop-by-hop. */
function perFragment(extensions: readonly ExtensionHeader[]): number {
  const last = Math.max(...[0, 43].map((n) => extensions.findLastIndex((e) => e.number === n)));
  return extensions.slice(0, last + 1).reduce((n, e) => n + e.bytes.length, 40);
}

Deno.test("writeIpv6Fragment: parts fit, follow each other, and repeat the per-fragment headers", () => {
  fc.assert(
    fc.property(chain6, fc.nat(4000), mtu6, (extensions, n, mtu) => {
      const packet = packet6(extensions, n);
      const fragments = cut6(packet, mtu, 0x89abcdef);
      if (packet.length <= mtu) return assertEquals(fragments, [packet]);
      const at = perFragment(extensions);
      const parts = fragments.map((one) => part6(one, at));
      const all = checkParts(parts, 0, () => mtu - at - 8, false);
      assertBytes(all, packet.subarray(at), "the data of all fragments");
      fragments.forEach((one, i) => {
        const own = one.slice(0, at);
        own.set(packet.subarray(4, 6), 4);
        const nextAt = extensions.length === 0 || at === 40 ? 6 : at - 8;
        assertEquals(own[nextAt], 44, "what follows is a fragment header");
        assertEquals(one[at], packet[nextAt]);
        own[nextAt] = packet[nextAt]!;
        assertEquals([...own], [...packet.subarray(0, at)], `headers of fragment ${i}`);
        assertEquals([...one.subarray(at + 4, at + 8)], [0x89, 0xab, 0xcd, 0xef]);
        assertEquals(one[4]! * 256 + one[5]!, one.length - 40);
      });
    }),
    { seed: 1, numRuns: 100 },
  );
  const fragment = cut6(packet6([], 3000), 1400, 1)[0]!;
  assertEquals(ipv6FragmentCount(fragment, 0, 1280), 0, "only the source fragments");
  const wide = {
    number: 60,
    bytes: Uint8Array.from({ length: 1232 }, (_, i) => i === 1 ? 153 : 0),
  };
  assertEquals(ipv6FragmentCount(packet6([wide], 100), 0, 1280), 0, "RFC 7112: headers do not fit");
  assertEquals(ipv6FragmentCount(packet6([wide], 100), 0, 1300), 2);
  assertEquals(ipv6FragmentCount(packet6([wide], 100), 0, 1300, 1271), 0, "cut headers");
  assertThrows(() => ipv6FragmentCount(fragment, 0, 1279), RangeError, "MTU of 1279");
  const whole = packet6([], 10);
  assertThrows(() => writeIpv6Fragment(whole, 0, 1280, 0, 1, whole, 0), RangeError, "gives 1");
});

/** One packet of a reassembly run: its bytes, and its fragments in the order in which they come. */
interface Sent {
  readonly family: 4 | 6;
  readonly packet: Uint8Array;
  readonly fragments: readonly Uint8Array[];
}
const sent4: fc.Arbitrary<Omit<Sent, "packet"> & { make(id: number): Sent }> = fc.record({
  list: options4,
  data,
  mtu: fc.integer({ min: 300, max: 1500 }),
  again: fc.integer({ min: 200, max: 299 }),
  twice: fc.boolean(),
}).map(({ list, data, mtu, again, twice }) => ({
  family: 4 as const,
  fragments: [],
  make(id: number): Sent {
    const packet = packet4({ id: id & 1, protocol: id >>> 1, options: list.flat(), data });
    const once = cut4(packet, mtu);
    return { family: 4, packet, fragments: twice ? once.flatMap((one) => cut4(one, again)) : once };
  },
}));
const sent6 = fc.tuple(chain6, fc.nat(4000), mtu6).map(([extensions, n, mtu]) => ({
  family: 6 as const,
  fragments: [],
  make(id: number): Sent {
    const packet = packet6(extensions, n);
    return { family: 6, packet, fragments: cut6(packet, mtu, id) };
  },
}));

Deno.test("Reassembler gives every packet again, whatever the order, with copies among its fragments", () => {
  let wholes = 0, copies = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(sent4, sent6), { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat(2 ** 20)),
      fc.integer({ min: 100, max: 1900 }),
      fc.nat(40),
      (makers, stream, each, padding) => {
        const pool = rig();
        const table = new Reassembler(pool, { packets: 4, fragments: 64, timeout: 1e9 });
        const sent = makers.map((one, i) => one.make(i + 2));
        const draw = (n: number) => stream.next().value % n;
        const queue = sent.flatMap((one, i) => one.fragments.map((f) => ({ i, f })));
        for (let n = draw(4); n > 0; n--) queue.push(queue[draw(queue.length)]!);
        for (let i = queue.length - 1; i > 0; i--) {
          const j = draw(i + 1);
          [queue[i], queue[j]] = [queue[j]!, queue[i]!];
        }
        const missing = sent.map((one) => new Set(one.fragments));
        queue.forEach(({ i, f }, now) => {
          const padded = new Uint8Array(f.length + padding);
          padded.set(f);
          const b = load(memory, pool, padded, 160 + draw(1700), each);
          const one = sent[i]!;
          const got = one.family === 4 ? table.ipv4(0, b, now) : table.ipv6(0, b, now);
          if (one.fragments.length === 1) {
            assertEquals(got, b, "a whole packet passes through as it is");
            freeChain(pool, 0, got);
            return;
          }
          if (!missing[i]!.delete(f)) copies++;
          assertEquals(got >= 0, missing[i]!.size === 0, `whole by its last fragment: ${i}`);
          if (got < 0) return;
          missing[i] = new Set(one.fragments);
          assertEquals(checkMbuf(memory, got), "");
          assertBytes(unload(memory, got), one.packet, `packet ${i}`);
          freeChain(pool, 0, got);
          wholes++;
        });
        table.expire(0, 1e10);
        assertEquals([table.held, table.packets, pool.free], [0, 0, BUFFERS], "buffers at rest");
      },
    ),
    { seed: 1, numRuns: 60 },
  );
  assertGreater(wholes, 20, "HARN-3: hardly a packet was put together");
  assertGreater(copies, 10, "HARN-3: hardly a copy was met");
});

Deno.test("mbufFragment makes the fragments of the plain form without copying payload", () => {
  fc.assert(
    fc.property(
      fc.oneof(sent4, sent6),
      fc.integer({ min: 160, max: 1900 }),
      fc.integer({ min: 100, max: 1900 }),
      (maker, first, each) => {
        const pool = rig();
        const { family, packet } = maker.make(2);
        const mtu = family === 4 ? 444 : 1280;
        const plain = family === 4 ? cut4(packet, mtu) : cut6(packet, mtu, 9);
        const b = load(memory, pool, packet, first, each);
        const free = pool.free;
        const out = new Int32Array(32);
        const make = () =>
          family === 4
            ? mbufFragmentIpv4(pool, 0, b, mtu, out)
            : mbufFragmentIpv6(pool, 0, b, mtu, 9, out);
        const count = make();
        assertEquals(count, plain.length);
        if (count === 1) return assertEquals(pool.free, free, "nothing is made of what fits");
        freeChain(pool, 0, b); // its bytes live on
        plain.forEach((one, i) => {
          assertEquals(checkMbuf(memory, out[i]!), "");
          assertBytes(unload(memory, out[i]!), one, `fragment ${i}`);
        });
        assertEquals(memory.copiedBytes, 0);
        // Through the table they are the packet again.
        const table = new Reassembler(pool, { packets: 1, fragments: 32, timeout: 1 });
        let whole = -1;
        for (let i = count - 1; i >= 0; i--) {
          whole = family === 4 ? table.ipv4(0, out[i]!, 0) : table.ipv6(0, out[i]!, 0);
        }
        assertBytes(unload(memory, whole), packet, "the packet again");
        freeChain(pool, 0, whole);
        assertEquals(pool.free, BUFFERS);
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("mbufFragment takes nothing when buffers or places are too few", () => {
  const packet = packet4({ data: new Uint8Array(1000) });
  for (let buffers = 1; buffers <= 8; buffers++) {
    const pool = rig(buffers);
    const b = load(memory, pool, packet, 1900, 1900);
    // Four fragments of a header buffer and one that shows payload.
    assertEquals(mbufFragmentIpv4(pool, 0, b, 300, new Int32Array(4)), -1, `${buffers} buffers`);
    assertEquals([pool.free, memory.references[b]], [buffers - 1, 1]);
  }
  const pool = rig(32);
  const b = load(memory, pool, packet, 1900, 1900);
  assertEquals(mbufFragmentIpv4(pool, 0, b, 300, new Int32Array(3)), -1, "three places");
  assertEquals([pool.free, memory.references[b]], [31, 1]);
  assertEquals(mbufFragmentIpv4(pool, 0, b, 300, new Int32Array(4)), 4);
  memory.length[b] = 900;
  assertThrows(
    () => mbufFragmentIpv4(pool, 0, b, 300, new Int32Array(4)),
    RangeError,
    "says 1020 bytes, it has 900",
  );
  memory.length[b] = 19;
  assertEquals(mbufFragmentIpv4(pool, 0, b, 300, new Int32Array(4)), 0, "a header in two segments");
});

Deno.test("Reassembler follows its policy on overlaps, limits and time, fragment by fragment", () => {
  // One of the three parts of a packet of 21 bytes, as a rule; or any part at all.
  const right = fc.nat(2).map((i) => ({ units: i, length: i < 2 ? 8 : 5, more: i < 2 }));
  const wild = fc.record({
    units: fc.nat(4),
    length: fc.oneof(fc.constantFrom(8, 8, 16), fc.nat(17)),
    more: fc.constantFrom(true, true, false),
  });
  const arrival = fc.record({
    key: fc.nat(2),
    part: fc.oneof({ weight: 4, arbitrary: right }, wild),
    variant: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1),
    pause: fc.constantFrom(0, 0, 1, 7),
    again: fc.constantFrom(false, false, false, true),
  });
  const total = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(arrival, { maxLength: 40, size: "max" }),
      (few, arrivals) => {
        const limits = { packets: 2, fragments: few ? 2 : 3, timeout: 20 };
        const pool = rig(64);
        const table = new Reassembler(pool, limits);
        const model = new PolicyModel(limits);
        let now = 0;
        let last = arrivals[0];
        for (const drawn of arrivals) {
          last = drawn.again ? last! : drawn;
          const { key, variant, pause } = last;
          const { units, length, more } = last.part;
          now += pause;
          const data = Uint8Array.from({ length }, (_, i) => units * 8 + i + 100 * variant);
          // Keys 0 and 2 differ in the protocol alone.
          const which = { id: key & 1, protocol: key > 1 ? 6 : 17 };
          const packet = packet4({ ...which, flags: more ? 1 : 0, units, data });
          const b = load(memory, pool, packet, 24, 8);
          const got = table.ipv4(0, b, now);
          const isWhole = units === 0 && !more;
          const isMalformed = !isWhole && (length === 0 || (more && length % 8 !== 0));
          let want: Uint8Array | undefined;
          model.expire(now);
          if (isMalformed) model.counts.malformed++;
          else if (!isWhole) want = model.take(String(key), units * 8, data, more, now);
          if (isWhole) assertEquals(got, b);
          else {
            assertEquals(got >= 0, want !== undefined, JSON.stringify(last));
            if (want !== undefined) assertEquals([...unload(memory, got).subarray(20)], [...want]);
          }
          if (got >= 0) freeChain(pool, 0, got);
          assertEquals({ ...table.counts }, model.counts);
          assertEquals([table.held, table.packets], [model.held, model.packets.size]);
        }
        table.expire(0, now + limits.timeout);
        model.expire(now + limits.timeout);
        assertEquals({ ...table.counts }, model.counts);
        assertEquals([table.held, table.packets, pool.free], [0, 0, 64], "buffers at rest");
        for (const [name, n] of Object.entries(table.counts)) {
          total.set(name, (total.get(name) ?? 0) + n);
        }
      },
    ),
    { seed: 1, numRuns: 150 },
  );

  for (const [name, n] of total) if (name !== "ecn") assertGreater(n, 10, `HARN-3: ${name}`);
});

Deno.test("FragmentTable keeps the order of ages, whichever entry ends", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const table = new FragmentTable(8);
    const live: number[] = [];
    for (let i = 0, x = seed; i < 40; i++) {
      x = Math.imul(x, 1664525) + 1013904223 >>> 0;
      if (live.length === 0 || live.length < 8 && x >>> 31 === 1) {
        table.key[0] = i;
        live.push(table.begin(i));
      } else table.end(live.splice((x >>> 8) % live.length, 1)[0]!);
      assertEquals([table.oldest, table.used], [live[0] ?? -1, live.length]);
    }
  }
});

Deno.test("Reassembler loses no buffer and ends for any bytes", () => {
  const valid = fc.oneof(sent4, sent6).map((one) => one.make(3).fragments);
  const noisy = fc.tuple(
    valid,
    fc.nat(50),
    fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
  )
    .map(([list, pick, edits]) => {
      const out = list[pick % list.length]!.slice();
      for (const [at, value] of edits) if (at < out.length) out[at] = value;
      return out;
    });
  const noise = fc.oneof(
    { weight: 4, arbitrary: noisy },
    fc.uint8Array({ maxLength: 80, size: "max" }),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 20, size: "max" }), fc.nat(200), (list, first) => {
      const pool = rig();
      const table = new Reassembler(pool, { packets: 8, fragments: 4, timeout: 5 });
      list.forEach((bytes, now) => {
        const b = load(memory, pool, bytes, first + 1, 900);
        const got = bytes[0]! >>> 4 === 6 ? table.ipv6(0, b, now) : table.ipv4(0, b, now);
        if (got >= 0) {
          assertEquals(checkMbuf(memory, got), "");
          freeChain(pool, 0, got);
        }
      });
      table.expire(0, 1000);
      assertEquals([table.held, table.packets, pool.free], [0, 0, BUFFERS], "buffers at rest");
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("Reassembler, packet by packet: ECN, atomic fragments, what RFC 8200 and RFC 791 refuse", () => {
  const pool = rig();
  const table = new Reassembler(pool, { packets: 8, fragments: 8, timeout: 60 });
  const two = (first: number, second: number, id: number) => {
    const [a, b] = [new Uint8Array(8).fill(1), new Uint8Array(5).fill(2)];
    table.ipv4(0, load(memory, pool, packet4({ id, flags: 1, tos: first, data: a }), 90, 90), 0);
    const last = packet4({ id, units: 1, tos: second, data: b });
    const whole = table.ipv4(0, load(memory, pool, last, 90, 90), 0);
    return whole < 0 ? -1 : unload(memory, whole)[1];
  };
  // RFC 3168, 5.3: CE of one is CE of all, unless another is not capable; DSCP is the first's.
  assertEquals([two(0xb9, 0x02, 1), two(0xb8, 0x00, 2), two(0xb9, 0x03, 3)], [0xb9, 0xb8, 0xbb]);
  assertEquals([two(0xb8, 0x03, 4), table.counts.ecn], [-1, 1]);
  const six = (bytes: Uint8Array) => table.ipv6(0, load(memory, pool, bytes, 1900, 1900), 0);
  const packet = packet6([], 2000, writeTcp6Frame);
  const [first, second] = cut6(packet, 1280, 5) as [Uint8Array, Uint8Array];
  assertEquals(six(first), -1);
  // An atomic fragment with the same identification is a packet of its own (RFC 6946, 4).
  const atomic = first.slice();
  atomic[43]! &= 0xfe;
  const alone = six(atomic);
  assertEquals(unload(memory, alone).length, first.length - 8);
  assertBytes(unload(memory, six(second)), packet, "the other one is not disturbed");
  const malformed = table.counts.malformed;
  const refuses = (bytes: Uint8Array, length: number, edit: (b: Uint8Array) => void = () => {}) => {
    const cut = bytes.slice(0, length);
    cut[4] = length - 40 >>> 8;
    cut[5] = length - 40 & 255;
    edit(cut);
    assertEquals(six(cut), -1);
  };
  refuses(first, 48 + 16); // TCP's header is not whole in the first fragment
  refuses(first, 48 + 31); // not a multiple of eight bytes
  refuses(second, 48); // empty
  refuses(second, second.length, (b) => b.set([0xff, 0xf8], 42)); // ends beyond 65535 bytes
  refuses(first, 60, (b) => (b[6] = 60, b[41] = 9)); // extension headers that are not whole
  assertEquals(table.counts.malformed, malformed + 5);
  assertEquals(six(first.slice(0, 48 + 24).map((v, i) => i === 4 ? 0 : i === 5 ? 32 : v)), -1);
  assertEquals(table.packets, 2, "24 bytes of TCP are enough; with the packet that ECN ended");
  const shared = load(memory, pool, packet4({ flags: 1, data: new Uint8Array(8) }), 90, 90);
  const clone = mbufClone(pool, 0, shared);
  assertThrows(() => table.ipv4(0, clone, 0), RangeError, "somebody else holds its header");
  assertThrows(() => table.ipv4(0, shared, 0), RangeError, `Cannot reassemble buffer ${shared}`);
  assertEquals(mbufSegments(memory, shared), 1);
  for (
    const [limits, text] of [
      [{ packets: 0, fragments: 2, timeout: 1 }, "packets is 0, not 1..1048576"],
      [{ packets: 1, fragments: 1, timeout: 1 }, "fragments is 1, not 2..8192"],
      [{ packets: 1, fragments: 2, timeout: 0 }, "timeout is 0, not above 0"],
    ] as const
  ) {
    assertThrows(() => new Reassembler(pool, limits), RangeError, text);
  }
});

Deno.test("Reassembler puts together what has the same addresses, identification and protocol, to the last bit", () => {
  const pool = rig();
  const table = new Reassembler(pool, { packets: 200, fragments: 8, timeout: 60 });
  const data = new Uint8Array(8);
  const four = (
    edit: (bytes: Uint8Array) => void,
    fields: Parameters<typeof packet4>[0],
  ): number => {
    const bytes = packet4(fields);
    edit(bytes);
    bytes[10] = bytes[11] = 0;
    const sum = 0xffff - onesSum(bytes.subarray(0, 20));
    bytes.set([sum >>> 8, sum & 255], 10);
    return table.ipv4(0, load(memory, pool, bytes, 90, 90), 0);
  };
  // identification, protocol, source, destination
  for (const at of [4, 5, 9, 12, 13, 14, 15, 16, 17, 18, 19]) {
    const edit = (bytes: Uint8Array) => void (bytes[at]! ^= 1);
    assertEquals(four(() => {}, { id: 0x1234, flags: 1, data }), -1);
    assertEquals(four(edit, { id: 0x1234, units: 1, data }), -1, `byte ${at}`);
    const [one, other] = [
      four(() => {}, { id: 0x1234, units: 1, data }),
      four(edit, { id: 0x1234, flags: 1, data }),
    ];
    assert(one >= 0 && other >= 0, `byte ${at}: each waits for its own`);
    for (const b of [one, other]) freeChain(pool, 0, b);
  }
  const [first, last] = cut6(packet6([], 2000), 1280, 0x89abcdef) as [Uint8Array, Uint8Array];
  const six = (bytes: Uint8Array): number =>
    table.ipv6(0, load(memory, pool, bytes, 1900, 1900), 0);
  // source, destination, and the identification behind them
  for (let at = 8; at < 48; at++) {
    if (at >= 40 && at < 44) continue;
    const edited = (bytes: Uint8Array) => bytes.with(at, bytes[at]! ^ 1);
    assertEquals([six(first), six(edited(last))], [-1, -1], `byte ${at}`);
    const [one, other] = [six(last), six(edited(first))];
    assert(one >= 0 && other >= 0, `byte ${at}: each waits for its own`);
    for (const b of [one, other]) freeChain(pool, 0, b);
  }
  assertEquals(table.packets, 0);
});

Deno.test("Reassembler puts the longest packets together and none that is longer", () => {
  const pool = rig();
  const table = new Reassembler(pool, { packets: 2, fragments: 64, timeout: 60 });
  const data = Uint8Array.from({ length: 65515 }, (_, i) => i * 13);
  const packet = packet4({ data });
  let whole = -1;
  for (const one of cut4(packet, 1500).reverse()) {
    whole = table.ipv4(0, load(memory, pool, one, 1900, 1900), 0);
  }
  assertBytes(unload(memory, whole), packet, "the longest packet");
  const beyond = packet4({ units: 8189, data: new Uint8Array(4) });
  assertEquals(table.ipv4(0, load(memory, pool, beyond, 90, 90), 0), -1);
  assertEquals(table.counts.malformed, 1);
  // Options of the first fragment alone can make a packet too long that its last fragment allows.
  const options = Array(40).fill(1);
  const first = packet4({ id: 9, flags: 1, options, data: data.slice(0, 1480) });
  table.ipv4(0, load(memory, pool, first, 1900, 1900), 0);
  const rest = packet4({ id: 9, units: 185, data: data.slice(1480) });
  const pieces = cut4(packet4({ id: 9, data }), 1500).slice(1);
  assertEquals(part4(rest).start, part4(pieces[0]!).start);
  for (const one of pieces) whole = table.ipv4(0, load(memory, pool, one, 1900, 1900), 0);
  assertEquals([whole, table.counts.malformed, table.held], [-1, 2, 0]);
});

Deno.test("isTinyIpv4Fragment tells what hides TCP's flags (RFC 1858, RFC 3128)", () => {
  const tiny = (protocol: number, flags: number, units: number, n: number) =>
    isTinyIpv4Fragment(packet4({ protocol, flags, units, data: new Uint8Array(n) }), 0);
  assertEquals([tiny(6, 1, 0, 8), tiny(6, 1, 0, 16), tiny(6, 1, 1, 64), tiny(6, 0, 1, 64)], [
    true,
    false,
    true,
    true,
  ]);
  assertEquals(
    [tiny(6, 1, 2, 8), tiny(6, 0, 0, 8), tiny(17, 1, 0, 8), tiny(17, 1, 1, 8)],
    Array(4).fill(false),
  );
});
