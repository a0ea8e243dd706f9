// Aim: a frame that moves arrives whole, with everything that is known about it, and nothing else changes.
// Method: every byte and field of both buffers and of their neighbours, at lengths around the two ways to copy.
import { assertEquals } from "@std/assert";
import { copyBytes } from "./copy.ts";
import { HEADROOM, Memory, STRIDE } from "./memory.ts";

/** A memory of four buffers with different bytes everywhere. */
function painted(): Memory {
  const memory = new Memory(4);
  memory.region("all", 0, 4);
  for (let i = 0; i < memory.bytes.length; i++) memory.bytes[i] = (i * 31 + (i >> 8)) & 255;
  return memory;
}

for (const how of ["transfer", "copy"] as const) {
  Deno.test(`Memory ${how} moves the bytes of the frame and its metadata, and touches nothing else`, () => {
    for (const length of [1, 60, 71, 72, 73, 1514]) {
      const memory = painted();
      const [from, to] = [2, 1];
      memory.offset[from] = from * STRIDE + HEADROOM - 8;
      memory.length[from] = length;
      memory.port[from] = 3;
      memory.hash[from] = 0xfedcba98;
      memory.flags[from] = 5;
      memory.length[to] = 9;
      memory.flags[to] = 2;
      const before = memory.bytes.slice();
      memory[how](from, to);
      const expected = before.slice();
      const source = memory.offset[from]!;
      for (let i = 0; i < length; i++) expected[memory.offset[to]! + i] = before[source + i]!;
      const wrong = memory.bytes.findIndex((byte, i) => byte !== expected[i]);
      assertEquals(wrong, -1, `${length} bytes: byte ${wrong - memory.offset[to]!} of the frame`);
      const { port, hash, flags } = memory;
      assertEquals(
        [memory.length[to], port[to], hash[to], flags[to], memory.offset[to]],
        [length, 3, 0xfedcba98, 5, to * STRIDE + HEADROOM],
      );
      assertEquals(memory.copiedBytes, how === "copy" ? length : 0, "only CPUs' copies count");
    }
  });
}

Deno.test("copyBytes copies exactly n bytes, short or long", () => {
  const from = Uint8Array.from({ length: 300 }, (_, i) => i & 255 || 255);
  for (const n of [0, 1, 2, 70, 71, 72, 73, 200]) {
    const to = new Uint8Array(260);
    copyBytes(from, 7, to, 11, n);
    assertEquals([...to.subarray(11, 11 + n)], [...from.subarray(7, 7 + n)], `${n} bytes`);
    assertEquals(to.subarray(0, 11).some((byte) => byte > 0), false, `${n} bytes: before`);
    assertEquals(to.subarray(11 + n).some((byte) => byte > 0), false, `${n} bytes: behind`);
  }
});
