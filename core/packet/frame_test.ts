// Aim: what a writer emits reads back as what was asked for, and is right on the wire (PKT-3,
// PKT-4, PKT-8). Method: a reader that knows the RFCs' drawings and DataView alone; random options;
// bytes around the frame kept.

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type FrameOptions, writeIcmpEchoFrame, writeTcpFrame, writeUdpFrame } from "./frame.ts";
import { computeTcpChecksum, verifyTcpChecksum } from "./tcp.ts";
import { computeUdpChecksum, udpChecksum, verifyUdpChecksum } from "./udp.ts";
import { verifyIcmpChecksum } from "./icmp.ts";

/** One's complement sum of bytes, an odd one padded. */
function onesSum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + sum % 0x10000;
  return sum;
}

/** What a frame says, read by the drawings of the RFCs. */
function parse(frame: Uint8Array) {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const mac = (at: number) => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
  const vlan: { tpid: number; tci: number }[] = [];
  let at = 12;
  while (view.getUint16(at) !== 0x0800) {
    vlan.push({ tpid: view.getUint16(at), tci: view.getUint16(at + 2) });
    at += 4;
  }
  const l3 = at + 2;
  const headerBytes = (view.getUint8(l3) & 15) * 4;
  const total = view.getUint16(l3 + 2);
  const l4 = l3 + headerBytes;
  const src = [...frame.subarray(l3 + 12, l3 + 16)];
  const pseudo = [...frame.subarray(l3 + 12, l3 + 20), 0, view.getUint8(l3 + 9)];
  return {
    ethernet: { dstMac: mac(0), srcMac: mac(6), vlan },
    ip: {
      src: view.getUint32(l3 + 12),
      dst: view.getUint32(l3 + 16),
      ttl: view.getUint8(l3 + 8),
      id: view.getUint16(l3 + 4),
      dscp: view.getUint8(l3 + 1) >>> 2,
      ecn: view.getUint8(l3 + 1) & 3,
      flags: view.getUint8(l3 + 6) >>> 5,
      options: [...frame.subarray(l3 + 20, l4)],
    },
    protocol: view.getUint8(l3 + 9),
    headerSum: onesSum([...frame.subarray(l3, l4)]),
    version: view.getUint8(l3) >>> 4,
    l4,
    l4Bytes: total - headerBytes,
    l4View: new DataView(frame.buffer, frame.byteOffset + l4, total - headerBytes),
    l4Sum: onesSum([...frame.subarray(l4, l3 + total)]),
    pseudoSum: onesSum([...pseudo, (total - headerBytes) >>> 8, (total - headerBytes) & 255]),
    payloadFrom: (header: number) => [...frame.subarray(l4 + header, l3 + total)],
    padding: [...frame.subarray(l3 + total)],
    src,
  };
}

const u16 = fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.nat(0xffff));
const u32 = fc.oneof(fc.constantFrom(0, 0xffff_ffff, 0x80000000), fc.nat(0xffff_ffff));
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40, size: "max" }),
  fc.array(fc.constantFrom(0, 0xff), { maxLength: 40, size: "max" }).map((a) => Uint8Array.from(a)),
);
const options = fc.record({
  dstMac: fc.nat(0xffff_ffff_ffff),
  srcMac: fc.nat(0xffff_ffff_ffff),
  vlan: fc.array(
    fc.record({ tpid: fc.constantFrom(0x8100, 0x88a8), tci: u16 }, { noNullPrototype: true }),
    { maxLength: 2 },
  ),
  src: u32,
  dst: u32,
  ttl: fc.nat(255),
  id: u16,
  dscp: fc.nat(63),
  ecn: fc.nat(3),
  flags: fc.nat(7),
  options: fc.oneof(
    fc.constant(new Uint8Array(0)),
    fc.uint8Array({ maxLength: 40, size: "max" }).map((o) => o.slice(0, o.length & ~3)),
  ),
  payload,
  pad: fc.boolean(),
}, { noNullPrototype: true });
type Drawn = FrameOptions & { readonly payload: Uint8Array; readonly options: Uint8Array };

/**
 * Writes at an offset into 0xee, checks what does not depend on the transport, and answers the
 * parsed frame.
 */
function emit(o: Drawn, off: number, write: (bytes: Uint8Array, off: number) => number) {
  const buffer = new Uint8Array(260).fill(0xee);
  const length = write(buffer, off);
  assert(buffer.subarray(0, off).every((byte) => byte === 0xee), "wrote before the frame");
  assert(buffer.subarray(off + length).every((byte) => byte === 0xee), "wrote behind the frame");
  const parsed = parse(buffer.slice(off, off + length));
  const { payload: _payload, pad, options, dstMac, srcMac, vlan, ...ip } = o;
  assertEquals(parsed.ethernet, { dstMac, srcMac, vlan: [...vlan!] } as typeof parsed.ethernet);
  assertEquals(parsed.ip, { ...ip, options: [...options] } as typeof parsed.ip);
  assertEquals([parsed.version, parsed.headerSum], [4, 0xffff], "PKT-3: IPv4 header");
  if (pad === true) assert(length >= 60, `PKT-8: ${length} bytes`);
  assert(pad === true && length === 60 || parsed.padding.length === 0, "PKT-8: needless padding");
  assert(parsed.padding.every((byte) => byte === 0), "PKT-8: padding is not zero");
  return { ...parsed, buffer, at: off + parsed.l4 };
}

Deno.test("writeUdpFrame emits what parses back as its options (PKT-3, PKT-4, PKT-8)", () => {
  let padded = 0;
  fc.assert(
    fc.property(options, u16, u16, fc.boolean(), fc.nat(3), (o, srcPort, dstPort, sum, off) => {
      const frame = emit(
        o,
        off,
        (bytes, at) => writeUdpFrame(bytes, at, { ...o, srcPort, dstPort, udpChecksum: sum }),
      );
      const { l4View: l4, l4Bytes } = frame;
      assertEquals([frame.protocol, l4Bytes, l4.getUint16(4)], [17, l4Bytes, 8 + o.payload.length]);
      assertEquals([l4.getUint16(0), l4.getUint16(2)], [srcPort, dstPort]);
      assertEquals(frame.payloadFrom(8), [...o.payload]);
      if (sum) {
        assert(l4.getUint16(6) !== 0, "PKT-4: 0 would mean that there is none");
        const all = frame.l4Sum + frame.pseudoSum;
        assertEquals(all > 0xffff ? all - 0xffff : all, 0xffff, "PKT-3: UDP checksum");
      } else assertEquals(l4.getUint16(6), 0);
      assert(verifyUdpChecksum(frame.buffer, frame.at, l4Bytes, o.src, o.dst));
      if (frame.padding.length > 0) padded++;
    }),
    { seed: 1, numRuns: 300 },
  );
  assertGreater(padded, 5, "HARN-3: hardly a frame was padded");
});

Deno.test("writeTcpFrame emits what parses back as its options", () => {
  const fields = fc.record({
    srcPort: u16,
    dstPort: u16,
    seq: u32,
    ack: u32,
    tcpFlags: fc.nat(255),
    window: u16,
  }, { noNullPrototype: true });
  fc.assert(
    fc.property(options, fields, fc.nat(3), (o, tcp, off) => {
      const frame = emit(o, off, (bytes, at) => writeTcpFrame(bytes, at, { ...o, ...tcp }));
      const { l4View: l4, l4Bytes } = frame;
      assertEquals([frame.protocol, l4Bytes], [6, 20 + o.payload.length]);
      assertEquals({
        srcPort: l4.getUint16(0),
        dstPort: l4.getUint16(2),
        seq: l4.getUint32(4),
        ack: l4.getUint32(8),
        tcpFlags: l4.getUint8(13),
        window: l4.getUint16(14),
      }, tcp);
      assertEquals([l4.getUint8(12), l4.getUint16(18)], [0x50, 0]);
      assertEquals(frame.payloadFrom(20), [...o.payload]);
      const all = frame.l4Sum + frame.pseudoSum;
      assertEquals(all > 0xffff ? all - 0xffff : all, 0xffff, "PKT-3: TCP checksum");
      assert(verifyTcpChecksum(frame.buffer, frame.at, l4Bytes, o.src, o.dst));
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("writeIcmpEchoFrame emits what parses back as its options", () => {
  fc.assert(
    fc.property(options, u16, u16, fc.boolean(), fc.nat(3), (o, echoId, sequence, reply, off) => {
      const frame = emit(
        o,
        off,
        (bytes, at) => writeIcmpEchoFrame(bytes, at, { ...o, echoId, sequence, reply }),
      );
      const { l4View: l4, l4Bytes } = frame;
      assertEquals([frame.protocol, l4Bytes], [1, 8 + o.payload.length]);
      assertEquals([l4.getUint8(0), l4.getUint8(1)], [reply ? 0 : 8, 0]);
      assertEquals([l4.getUint16(4), l4.getUint16(6)], [echoId, sequence]);
      assertEquals(frame.payloadFrom(8), [...o.payload]);
      // A reply of zeros alone sums to zero: the checksum of nothing is 0xffff, and that is what it
      // holds.
      assertEquals(frame.l4Sum, 0xffff, "PKT-3: ICMP checksum");
      assert(verifyIcmpChecksum(frame.buffer, frame.at, l4Bytes));
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("UDP sends a checksum that comes out as zero as 0xffff, TCP as zero (PKT-4)", () => {
  const base = { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002 };
  const bytes = new Uint8Array(64);
  // Two bytes of payload that hold the checksum of the rest make the whole sum to 0xffff.
  writeUdpFrame(bytes, 0, { ...base, payload: new Uint8Array(2) });
  const rest = udpChecksum(bytes, 34);
  const data = Uint8Array.of(rest >>> 8, rest);
  writeUdpFrame(bytes, 0, { ...base, payload: data });
  assertEquals(udpChecksum(bytes, 34), 0xffff);
  assertEquals(computeUdpChecksum(bytes, 34, 10, base.src, base.dst), 0xffff);
  assert(verifyUdpChecksum(bytes, 34, 10, base.src, base.dst));
  writeTcpFrame(bytes, 0, { ...base, payload: new Uint8Array(2) });
  bytes.set(bytes.slice(50, 52), 54);
  assertEquals(computeTcpChecksum(bytes, 34, 22, base.src, base.dst), 0);
});

Deno.test("UDP without a checksum passes, and a wrong bit in one does not", () => {
  const base = { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002, payload: 10 };
  const bytes = new Uint8Array(64);
  writeUdpFrame(bytes, 0, { ...base, udpChecksum: false });
  assert(verifyUdpChecksum(bytes, 34, 18, base.src, base.dst));
  writeUdpFrame(bytes, 0, base);
  for (let bit = 0; bit < 18 * 8; bit++) {
    const wrong = bytes.slice();
    wrong[34 + (bit >>> 3)]! ^= 1 << (bit & 7);
    assertEquals(verifyUdpChecksum(wrong, 34, 18, base.src, base.dst), false, `bit ${bit}`);
  }
});

Deno.test("writers fill what is left out with the values they state", () => {
  const frame = new Uint8Array(60).fill(0xee);
  assertEquals(writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 3, dst: 4, payload: 3 }), 60);
  const parsed = parse(frame);
  assertEquals(parsed.ip.ttl, 64);
  assertEquals(parsed.payloadFrom(8), [0, 1, 2]);
  assertEquals(parsed.padding, Array(15).fill(0));
  writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, vlan: [{ tci: 5 }], src: 3, dst: 4 });
  assertEquals(parse(frame).ethernet.vlan, [{ tpid: 0x8100, tci: 5 }]);
});

Deno.test("writers refuse what does not fit its field or its buffer", () => {
  const base = { dstMac: 1, srcMac: 2, src: 3, dst: 4 };
  const bytes = new Uint8Array(60);
  const refuses = (options: Partial<FrameOptions>, text: string) =>
    assertThrows(() => writeUdpFrame(bytes, 0, { ...base, ...options }), RangeError, text);
  refuses({ ttl: 256 }, "Cannot write frame: ttl is 256, not 0..255");
  refuses({ dstMac: 2 ** 48 }, "dstMac is 281474976710656");
  refuses({ src: -1 }, "src is -1");
  refuses({ dst: 2 ** 32 }, "dst is 4294967296");
  refuses({ payload: 19 }, "61 bytes at offset 0 do not fit in 60");
  refuses({ payload: 70_000 }, "payload length is 70000");
  refuses({ payload: 65_508 }, "total length 65536 > 65535");
  refuses({ options: new Uint8Array(3) }, "3 bytes of IPv4 options");
  refuses({ options: new Uint8Array(44) }, "44 bytes of IPv4 options");
  assertThrows(() => writeTcpFrame(bytes, 1, base), RangeError, "at offset 1 do not fit in 60");
  assertThrows(() => writeTcpFrame(bytes, -1, base), RangeError, "at offset -1");
  assertThrows(() => writeTcpFrame(bytes, 0, { ...base, seq: 1.5 }), RangeError, "seq is 1.5");
  assertThrows(
    () => writeIcmpEchoFrame(bytes, 0, { ...base, echoId: 65536 }),
    RangeError,
    "echoId is 65536",
  );
});
