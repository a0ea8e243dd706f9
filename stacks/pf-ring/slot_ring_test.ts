// Aim: the ring holds what fits by bytes, whatever the mix of lengths, gives it back in order and whole round its end,
// and loses exactly what comes when it is full.
// Method: a hand-worked ring; then drawn insertions and removals against a list and a byte count.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Memory } from "../../core/memory/memory.ts";
import { FLOW_SLOT_INFO_BYTES, newFlowSlotInfo } from "./flow_slot_info.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import { LONG_HEADER_BYTES, readPktHdr, SHORT_HEADER_BYTES } from "./pkthdr.ts";
import { RingMemories } from "./ring_memories.ts";
import { SlotRing } from "./slot_ring.ts";

const NOW = 5_000_000;

function ringOf(minNumSlots: number, bucketLen: number, long = false) {
  const headerBytes = long ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
  const ring = new SlotRing(minNumSlots, bucketLen, headerBytes, long, new RingMemories());
  const memory = new Memory(1);
  const parsed = new ParsedPkt();
  /** A frame of `length` bytes that are all `fill`. */
  const insert = (length: number, fill: number, nowPs = NOW): boolean => {
    memory.bytes.fill(fill, memory.offset[0]!, memory.offset[0]! + length);
    memory.length[0] = length;
    const caplen = Math.min(length, bucketLen);
    const hdr = {
      timestampNs: 5000,
      caplen,
      len: length,
      rxDirection: true,
      ifIndex: 3,
      pktHash: 9,
    };
    return ring.insert(memory, 0, hdr, parsed, nowPs, () => -1);
  };
  /** Reads the oldest: its captured bytes and its header; null when there is none. */
  const read = (nowPs = NOW) => {
    const off = ring.peek(nowPs);
    if (off < 0) return null;
    assert(ring.isWhole(off), "it ends in the magic");
    const hdr = readPktHdr(ring.view, off);
    const at = off + ring.headerBytes;
    const bytes = ring.bytes.slice(at, at + hdr.caplen);
    ring.remove(nowPs);
    return { hdr, bytes };
  };
  return { ring, insert, read };
}

Deno.test("pf_ring 8.1: small packets take small slots: a ring holds more of them than min_num_slots", () => {
  const { ring, insert } = ringOf(16, 1536);
  const { slotLen, minNumSlots } = ring.info.kernel;
  assertEquals([slotLen, ring.bytes.length], [1592, 28_672]);
  assertEquals(minNumSlots, 18, "whole pages: two more than asked for");
  let small = 0;
  while (insert(60, 1)) small++;
  // header, 60 bytes, magic: 112 bytes each, until two slots of full length are all that is left
  assertEquals(small, Math.ceil((28_672 - 2 * 1592 + 1) / 112));
  const large = ringOf(16, 1536);
  let count = 0;
  while (large.insert(1536, 1)) count++;
  assertEquals([count, small > 10 * count], [17, true]);
});

Deno.test("pf_ring 8.1: kernel and application write to a page each", () => {
  const { kernel, user } = newFlowSlotInfo(4096, 128, SHORT_HEADER_BYTES);
  assertEquals(FLOW_SLOT_INFO_BYTES, 8192);
  assertEquals(Object.keys(user), ["totRead", "removeOff"]);
  assertEquals("removeOff" in kernel, false);
  assertEquals([kernel.slotLen, kernel.dataLen], [184, 128]);
  assertEquals(kernel.totMem % 4096, 0);
});

Deno.test("pf_ring 8.5: a packet is cut at caplen, and its header tells the length it had", () => {
  const { insert, read } = ringOf(8, 128);
  insert(1000, 0xab);
  insert(60, 0xcd);
  const [cut, whole] = [read()!, read()!];
  assertEquals([cut.hdr.caplen, cut.hdr.len, cut.bytes.length], [128, 1000, 128]);
  assert(cut.bytes.every((byte) => byte === 0xab));
  assertEquals([whole.hdr.caplen, whole.hdr.len, whole.bytes[59]], [60, 60, 0xcd]);
  assertEquals([whole.hdr.ifIndex, whole.hdr.pktHash, whole.hdr.timestampNs], [3, 9, 5000]);
});

Deno.test("SlotRing shows a slot when it was written, and the kernel room when it was freed", () => {
  const { ring, insert, read } = ringOf(1, 1536);
  insert(1500, 1, 100);
  assertEquals([read(99), ring.queued], [null, 1]);
  assertEquals(insert(1500, 2, 150), false, "no two slots are free");
  assert(read(300) !== null);
  assertEquals(insert(1500, 3, 250), false, "freed at 300");
  assertEquals(insert(1500, 4, 300), true);
});

Deno.test("SlotRing invariants 1 to 4: any mix of lengths comes out as it went in, until the bytes are used up", () => {
  const step = fc.record({
    length: fc.integer({ min: 14, max: 1514 }),
    reads: fc.constantFrom(0, 0, 1, 1, 1, 2),
  });
  const drawn = fc.record({
    slots: fc.integer({ min: 1, max: 6 }),
    bucketLen: fc.constantFrom(64, 128, 600, 1536, 2900),
    long: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 120, size: "max" }),
  });
  let wrapped = 0;
  let lost = 0;
  fc.assert(
    fc.property(drawn, ({ slots, bucketLen, long, steps }) => {
      const { ring, insert, read } = ringOf(slots, bucketLen, long);
      const model: { fill: number; length: number; bytes: number }[] = [];
      let [inserted, refused, taken] = [0, 0, 0];
      steps.forEach(({ length, reads }, i) => {
        const fill = (i % 255) + 1;
        const before = ring.info.kernel.insertOff;
        const caplen = Math.min(length, bucketLen);
        const { insertOff, slotLen } = ring.info.kernel;
        const gap = ring.info.user.removeOff - insertOff;
        if (model.length > 0 && gap > 0) {
          assertEquals(ring.hasRoom(NOW), gap >= 2 * slotLen, "two slots of full length stay free");
        }
        const bytes = Math.ceil((ring.headerBytes + caplen + 2) / 8) * 8;
        const used = model.reduce((sum, one) => sum + one.bytes, 0);
        if (insert(length, fill)) {
          model.push({ fill, length, bytes });
          inserted++;
          assert(used + bytes <= ring.bytes.length, "it fits");
        } else {
          refused++;
          assert(ring.bytes.length - used < 3 * ring.info.kernel.slotLen, "it was full");
        }
        if (ring.info.kernel.insertOff < before) wrapped++;
        for (let k = 0; k < reads && model.length > 0; k++) {
          const expected = model.shift()!;
          const got = read()!;
          taken++;
          assertEquals(got.hdr.len, expected.length);
          assertEquals(got.bytes.length, Math.min(expected.length, bucketLen));
          assert(got.bytes.every((byte) => byte === expected.fill), "its own bytes");
        }
      });
      const { totPkts, totInsert, totLost } = ring.info.kernel;
      assertEquals([totPkts, totInsert, totLost], [inserted + refused, inserted, refused]);
      assertEquals([ring.info.user.totRead, ring.queued], [taken, model.length]);
      lost += refused;
    }),
    { numRuns: 150, seed: 7 },
  );
  assert(wrapped > 200 && lost > 200, `${wrapped} went round the end, ${lost} were refused`);
});
