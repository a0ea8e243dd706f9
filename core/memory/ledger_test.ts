// Aim: every wrong change of a buffer's state is a fault with both holders, and a packet's carrier decides
// what becomes of it. Method: one example for each arrow that is not in the ledger's diagram.
import { assertEquals, assertThrows } from "@std/assert";
import { FATE, Observation } from "../machine/observation.ts";
import { Ledger } from "./ledger.ts";
import { HEADROOM, Memory, STRIDE } from "./memory.ts";
import { copyBytes } from "./copy.ts";

function books() {
  const observation = new Observation();
  observation.reset(4, "coarse");
  observation.addPlace("a");
  observation.addPlace("b");
  const memory = new Memory(8);
  const ledger = new Ledger(memory, observation, () => 7);
  memory.ledger = ledger;
  memory.region("all", 0, 8);
  const kinds = () => observation.faults.map((f) => f.kind);
  return { observation, memory, ledger, kinds };
}

Deno.test("Ledger lets the four right changes pass", () => {
  const { ledger, kinds } = books();
  ledger.alloc(1, 0);
  assertEquals(ledger.post(1, 1), true);
  ledger.device(1, 1);
  ledger.complete(1, 0);
  assertEquals(ledger.free(1, 0), true);
  assertEquals(kinds(), []);
});

Deno.test("Ledger names every other change", () => {
  const { ledger, observation, kinds } = books();
  ledger.free(1, 0);
  ledger.post(1, 0);
  ledger.complete(1, 0);
  ledger.device(1, 0);
  assertEquals(kinds(), [
    "double-free",
    "use-after-free",
    "completed-unposted",
    "freed-posted",
  ]);
  observation.faults.length = 0;
  ledger.alloc(2, 0);
  ledger.alloc(2, 1);
  ledger.post(2, 1);
  ledger.post(2, 0);
  assertEquals(ledger.free(2, 0), false);
  assertEquals(kinds(), ["posted-twice", "posted-twice", "freed-posted"]);
  assertEquals(observation.faults[2], {
    kind: "freed-posted",
    at: 7,
    buffer: 2,
    packet: -1,
    place: 0,
    other: 1,
  });
});

Deno.test("Ledger gives the fate freed to a packet whose carrier is freed, not to one that moved on", () => {
  const { ledger, observation, memory } = books();
  ledger.enter(0, 1, 0);
  ledger.alloc(2, 1);
  ledger.moved(1, 2);
  ledger.free(1, 0);
  assertEquals(observation.fate[0], FATE.none);
  ledger.free(2, 1);
  assertEquals([observation.fate[0], observation.place[0], observation.endAt[0]], [
    FATE.freed,
    1,
    7,
  ]);
  ledger.enter(1, 3, 0);
  memory.length[3] = 2;
  ledger.alloc(4, 1);
  memory.copy(3, 4);
  assertEquals([observation.carrier[1], memory.copiedBytes], [4, 2]);
});

Deno.test("Ledger names what lands on a live packet or in a free buffer", () => {
  const { ledger, kinds } = books();
  ledger.enter(0, 1, 0);
  ledger.enter(1, 2, 0);
  ledger.moved(1, 2);
  ledger.enter(2, 3, 0);
  ledger.moved(3, 5);
  assertEquals(kinds(), ["overwritten", "use-after-free"]);
});

Deno.test("Ledger names a driver that takes what was never received", () => {
  const { ledger, kinds } = books();
  ledger.alloc(1, 0);
  ledger.post(1, 1);
  ledger.received(1, 0);
  assertEquals(kinds(), ["done-without-data"]);
});

Deno.test("Ledger says where each packet without a fate waits", () => {
  const { ledger, observation } = books();
  ledger.enter(0, 1, 1);
  observation.drop(1, 1, 0, 5);
  ledger.describeWaiting();
  assertEquals([...observation.waitingAt], [
    [0, "b"],
    [2, "nowhere: it never arrived"],
    [3, "nowhere: it never arrived"],
  ]);
});

Deno.test("Memory reset leaves no byte and no field of the last run behind", () => {
  const { memory, ledger } = books();
  const b = 3;
  ledger.alloc(b, 0);
  memory.length[b] = 100;
  memory.bytes.fill(0xaa, memory.offset[b]!, memory.offset[b]! + 100);
  ledger.free(b, 0);
  ledger.alloc(b, 0);
  memory.refresh(b);
  memory.port[b] = 9;
  ledger.reset();
  memory.reset();
  assertEquals(memory.bytes.every((byte) => byte === 0), true);
  assertEquals([memory.port[b], memory.length[b], memory.offset[b]], [0, 0, b * STRIDE + HEADROOM]);
  assertEquals(memory.used, 0);
  assertThrows(
    () => memory.region("big", 0, 9),
    RangeError,
    "Cannot reserve 9 buffers for big: 8 of 8 are left",
  );
});

// Aim: a frame that moves arrives whole, with everything that is known about it, and nothing else changes.
// Method: every byte and field of both buffers and of their neighbours, at lengths around the two ways to copy.

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

Deno.test("Memory fills and transfers every byte of a frame and no other, wherever it lies", () => {
  const memory = new Memory(3);
  const whole = Uint8Array.from({ length: 700 }, (_, i) => 1 + i % 251);
  for (const shift of [0, 1, 4]) {
    // a view that begins on a word or not, and of which the last word may not be whole
    const bytes = new Uint8Array(whole.buffer, shift, 693);
    for (const at of [0, 3, 4, 60]) {
      for (const length of [1, 59, 60, 61, 62, 63, 191, 192, 400, 693 - at]) {
        for (const moved of [0, 2, 4]) {
          memory.bytes.fill(0);
          memory.offset[1] = STRIDE + HEADROOM + moved;
          memory.fill(0, bytes, at, length);
          memory.transfer(0, 1);
          const expected = new Uint8Array(3 * STRIDE);
          for (const start of [HEADROOM, STRIDE + HEADROOM + moved]) {
            expected.set(bytes.subarray(at, at + length), start);
          }
          assertEquals(memory.length[1], length);
          const wrong = memory.bytes.findIndex((byte, i) => byte !== expected[i]);
          assertEquals(wrong, -1, `shift ${shift}, ${length} bytes from ${at} to ${moved}`);
        }
      }
    }
  }
});
