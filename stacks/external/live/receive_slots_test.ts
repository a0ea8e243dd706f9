// Aim: every slot that the kernel filled is received once and in order, none before it is filled, and all go back when
// those that one look found are done. Method: slots in an array, filled by hand as a kernel would.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as P from "./if_packet.ts";
import { ReceiveSlots } from "./receive_slots.ts";

const SLOTS = 64;

/** A ring whose slots hold a byte each, the number of its frame. */
class Ring {
  readonly bytes = new Uint8Array(SLOTS * P.SLOT);
  readonly words = new Int32Array(this.bytes.buffer);
  readonly slots = new ReceiveSlots(this.bytes, this.words, SLOTS);
  #filled = 0;

  /** Whether slot `n` has not been given back. */
  isOurs(n: number): boolean {
    return (this.words[(n % SLOTS) * P.SLOT / 4]! & P.STATUS.user) !== 0;
  }

  /** Fills frame `n`'s slot, at a place of its own within it. */
  fill(n: number): void {
    const at = (n % SLOTS) * P.SLOT;
    const mac = 96 + 4 * (n % 50);
    // beside it is where the packet begins behind the frame's header
    new DataView(this.bytes.buffer, at + P.TP_MAC).setUint32(0, mac | (mac + 14) << 16, true);
    this.bytes[at + mac] = n;
    this.words[at / 4 + 2] = 60 + n % 100;
    this.words[at / 4] = P.STATUS.user;
  }

  /** Fills `n` more, as far as slots are the kernel's. */
  more(n: number): void {
    for (; n > 0 && !this.isOurs(this.#filled); n--) this.fill(this.#filled++);
  }

  /** Number and length of the next frame, or null. */
  take(): [number, number] | null {
    const at = this.slots.receive();
    if (at < 0) return null;
    const taken: [number, number] = [this.bytes[at]!, this.slots.length];
    this.slots.release();
    return taken;
  }
}

Deno.test("ReceiveSlots answers every frame once, in order, whatever comes between", () => {
  const steps = fc.array(fc.tuple(fc.nat(80), fc.nat(80)), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(steps, (steps) => {
    const ring = new Ring();
    let next = 0;
    const takeOne = () => {
      const taken = ring.take();
      if (taken !== null) assertEquals(taken, [next & 255, 60 + next++ % 100]);
      return taken !== null;
    };
    for (const [come, go] of steps) {
      ring.more(come);
      for (let i = 0; i < go && takeOne(); i++);
    }
    while (takeOne());
    // all that came was taken: nothing is ours any more
    for (let n = 0; n < SLOTS; n++) assertEquals(ring.isOurs(n), false, `slot ${n}`);
  }));
});

Deno.test("ReceiveSlots looks at 32 slots at most, and stops where one is still the kernel's", () => {
  const ring = new Ring();
  for (const n of [0, 1, 2, 4]) ring.fill(n);
  const ours = () => [0, 1, 2, 3, 4].map((n) => ring.isOurs(n));
  assertEquals([ring.take()?.[0], ring.take()?.[0]], [0, 1]);
  assertEquals(ours(), [true, true, true, false, true]);
  assertEquals(ring.take()?.[0], 2);
  // what one look found goes back together
  assertEquals(ours(), [false, false, false, false, true]);
  assertEquals(ring.take(), null);
  for (let n = 3; n < 50; n++) ring.fill(n);
  for (let n = 3; n < 34; n++) {
    assertEquals(ring.take()?.[0], n);
    assertEquals(ring.isOurs(3), true);
  }
  assertEquals([ring.take()?.[0], ring.isOurs(3), ring.isOurs(34), ring.isOurs(35)], [
    34,
    false,
    false,
    true,
  ]);
});

Deno.test("ReceiveSlots answers the same frame until it is released", () => {
  const ring = new Ring();
  ring.more(1);
  const at = ring.slots.receive();
  ring.more(3);
  assertEquals([ring.slots.receive(), ring.slots.length], [at, 60]);
  ring.slots.release();
  assertEquals(ring.take(), [1, 61]);
});
