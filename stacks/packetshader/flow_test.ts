// Aim: the key of a frame has each of the ten fields where OpenFlow says, and nothing of what is no field.
// Method: drawn frames written by hand, tagged, cut and in fragments, against fields that are read out one by one.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { flowWords, KEY_WORDS, readFlow, VLAN_NONE } from "./flow.ts";

const frame = fc.record({
  macs: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  tci: fc.option(fc.nat(0xffff), { freq: 2 }),
  type: fc.constantFrom(0x0800, 0x0800, 0x0800, 0x86dd, 0x0806),
  words: fc.integer({ min: 5, max: 8 }),
  proto: fc.constantFrom(6, 17, 1, 47, 0),
  flags: fc.constantFrom(0, 2, 1),
  fragment: fc.constantFrom(0, 0, 1, 0x1000),
  addresses: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  ports: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)),
  cut: fc.oneof(fc.constant(Infinity), fc.integer({ min: 14, max: 50 })),
  inPort: fc.nat(7),
});

const number = (bytes: ArrayLike<number>): number =>
  Array.from(bytes).reduce((n, byte) => n * 256 + byte, 0);

Deno.test("readFlow: ports are those of first fragments alone, a VLAN is twelve bits, what is cut off is 0", () => {
  fc.assert(
    fc.property(frame, fc.nat(3), (f, at) => {
      const tag = f.tci === null ? [] : [0x81, 0, f.tci >> 8, f.tci & 255];
      const field = f.flags << 13 | f.fragment;
      const head = [0x40 | f.words, 0, 0, 60, 0, 1, field >> 8, field & 255, 64, f.proto, 0, 0];
      const options = new Array<number>(4 * f.words - 20).fill(0x94);
      const [src, dst] = f.ports;
      const bytes = Uint8Array.of(
        ...[...new Uint8Array(at), ...f.macs, ...tag, f.type >> 8, f.type & 255],
        ...[...head, ...f.addresses, ...options],
        ...[src >> 8, src & 255, dst >> 8, dst & 255, ...new Array<number>(16).fill(0xee)],
      );
      const length = Math.min(f.cut, bytes.length - at);
      const ip = 14 + tag.length;
      fc.pre(length >= ip);
      const isIp = f.type === 0x0800 && length >= ip + 20;
      const hasPorts = isIp && (f.proto === 6 || f.proto === 17) && f.fragment === 0 &&
        length >= ip + 4 * f.words + 4;
      const key = new Uint32Array(KEY_WORDS + 2).fill(7);
      readFlow(bytes, at, length, f.inPort, key, 1);
      const expected = flowWords({
        inPort: f.inPort,
        dlVlan: f.tci === null ? VLAN_NONE : f.tci & 0xfff,
        dlSrc: number(f.macs.slice(6)),
        dlDst: number(f.macs.slice(0, 6)),
        dlType: f.type,
        nwProto: isIp ? f.proto : 0,
        nwSrc: isIp ? number(f.addresses.slice(0, 4)) : 0,
        nwDst: isIp ? number(f.addresses.slice(4)) : 0,
        tpSrc: hasPorts ? src : 0,
        tpDst: hasPorts ? dst : 0,
      });
      assertEquals([...key], [7, ...expected, 7]);
    }),
    { numRuns: 500 },
  );
});
