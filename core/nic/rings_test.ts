// Aim: the indices of a descriptor ring stay within the ring and tell the truth, also where they wrap.
// Method: unbounded counts as the model, start indices near 2^32, examples for the limits.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bareContext } from "./_hand_device_for_tests.ts";
import { DescriptorRing, key, queueOf, slotOf } from "./rings.ts";

Deno.test("key keeps queue and slot apart up to 65535 slots", () => {
  fc.assert(fc.property(fc.nat(1023), fc.nat(0xffff), (queue, slot) => {
    assertEquals([queueOf(key(queue, slot)), slotOf(key(queue, slot))], [queue, slot]);
  }));
});

Deno.test("DescriptorRing NIC-2: tail, unread and ready count what a model counts, across 2^32", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom(0, 2 ** 31 - 64, 2 ** 32 - 64),
    fc.array(fc.tuple(fc.nat(63), fc.nat(63), fc.nat(63)), { size: "max", maxLength: 40 }),
    (bits, start, steps) => {
      const size = 1 << bits;
      const ring = new DescriptorRing(64);
      ring.reset(size, 0);
      ring.head =
        ring.fetched =
        ring.fetching =
        ring.tail =
          start;
      const model = { posted: 0, asked: 0, read: 0, used: 0 };
      for (const [post, ask, use] of steps) {
        // a driver may not post the descriptor that would make head and tail equal
        model.posted += post % (size - (model.posted - model.used));
        ring.moveTail((start + model.posted) & (size - 1));
        assertEquals(ring.unread, model.posted - model.asked);
        const n = ask % (ring.unread + 1);
        model.asked += n;
        ring.fetching = (ring.fetching + n) >>> 0;
        model.read = model.asked;
        ring.fetched = ring.fetching;
        assertEquals(ring.ready, model.read - model.used);
        const used = use % (ring.ready + 1);
        model.used += used;
        ring.head = (ring.head + used) >>> 0;
        assertEquals(ring.tail, (start + model.posted) % 2 ** 32);
        assertEquals([ring.unread, ring.ready], [
          model.posted - model.asked,
          model.read - model.used,
        ]);
      }
    },
  ));
});

Deno.test("DescriptorRing moveTail to where the tail is posts nothing", () => {
  const ring = new DescriptorRing(8);
  ring.reset(8, 0);
  ring.moveTail(7);
  ring.moveTail(7);
  assertEquals([ring.tail, ring.unread], [7, 7]);
  ring.fetching = 7;
  ring.moveTail(6);
  assertEquals([ring.tail, ring.unread], [14, 7]);
});

Deno.test("DescriptorRing refuses sizes that are no power of two or do not fit", () => {
  const ring = new DescriptorRing(64);
  for (const size of [0, 1, 3, 48, 128, -8, 2.5, NaN]) {
    assertThrows(
      () => ring.reset(size, 0),
      RangeError,
      `Cannot set up a descriptor ring: size ${size} is not a power of two in 2..64`,
    );
  }
});

Deno.test("DescriptorRing reset equals a new ring of that size", () => {
  const used = new DescriptorRing(16);
  used.reset(16, 3);
  for (let slot = 0; slot < 16; slot++) {
    used.buffer[slot] = slot;
    used.read[slot] = slot;
    used.done[slot] = used.reportStatus[slot] = used.readStatus[slot] = 1;
  }
  used.moveTail(9);
  used.fetching = used.fetched = used.head = 5;
  used.waiter = bareContext();
  used.reset(8, 1);
  const fresh = new DescriptorRing(8);
  fresh.reset(8, 1);
  const view = (ring: DescriptorRing) => [
    ...[ring.buffer, ring.read].map((a) => [...a.subarray(0, 8)]),
    ...[ring.done, ring.reportStatus, ring.readStatus].map((a) => [...a.subarray(0, 8)]),
    [ring.head, ring.fetched, ring.fetching, ring.tail, ring.size, ring.place],
  ];
  assertEquals(view(used), view(fresh));
  assertEquals(used.waiter, null);
});
