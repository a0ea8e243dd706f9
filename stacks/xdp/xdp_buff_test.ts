// Aim: whatever a program does to the ends of its frame, the frame, its metadata and the page around them stay what
// the kernel's helpers say. Method: drawn calls against arrays of bytes.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Memory, STRIDE } from "../../core/memory/memory.ts";
import type { XdpDevices } from "./devices.ts";
import type { RedirectInfo } from "./redirect_info.ts";
import { META_MAX, XDP_FRAME_BYTES, XdpBuff } from "./xdp_buff.ts";

const step = fc.record({
  what: fc.constantFrom("head" as const, "meta" as const, "tail" as const, "edge" as const),
  by: fc.oneof(
    fc.integer({ min: -40, max: 40 }),
    fc.constantFrom(-4, 4, 8, -128, 128, 2000, -2000),
  ),
});

Deno.test("XdpBuff keeps bytes and metadata through any calls, refuses what reaches too far and changes nothing then", () => {
  const done = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.integer({ min: 14, max: 300 }),
      fc.array(step, { maxLength: 20, size: "max" }),
      (length, steps) => {
        const memory = new Memory(2);
        const { first } = memory.region("pages", 0, 2);
        const page = first + 1;
        memory.length[page] = length;
        const at = memory.offset[page]!;
        memory.bytes.fill(0xee);
        let frame = Array.from({ length }, (_, i) => i * 7 + 1 & 255);
        memory.bytes.set(frame, at);
        let [meta, head]: [number[], number] = [[], at];
        const buff = new XdpBuff(memory, 0, {} as XdpDevices, {} as RedirectInfo, 1000);
        buff.load(page, 0);
        for (const one of steps) {
          // to the frame's place in the kernel's page, or a little beside it, now and then
          const edge = page * STRIDE + XDP_FRAME_BYTES - head + meta.length + (one.by & 4);
          const { what, by } = one.what === "edge"
            ? { what: "head" as const, by: edge - (one.by & 8) }
            : one as { what: "head" | "meta" | "tail"; by: number };
          let expected = false;
          let isDone = false;
          if (what === "head") {
            // what comes into the frame is whatever lies there: the metadata's place is free again
            expected = head + by - meta.length >= page * STRIDE + XDP_FRAME_BYTES &&
              frame.length - by >= 14;
            isDone = buff.adjustHead(by);
            if (expected) {
              const fresh = Array.from({ length: Math.max(0, -by) }, (_, i) => 0x40 + i & 255);
              frame = [...fresh, ...frame.slice(Math.max(0, by))];
              head += by;
              memory.bytes.set(fresh, head);
            }
          } else if (what === "meta") {
            const bytes = meta.length - by;
            expected = bytes >= 0 && bytes <= META_MAX && bytes % 4 === 0 &&
              head - bytes >= page * STRIDE + XDP_FRAME_BYTES;
            isDone = buff.adjustMeta(by);
            if (expected) {
              meta = Array.from({ length: bytes }, (_, i) => 0x80 + i + done.size & 255);
              memory.bytes.set(meta, head - bytes);
            }
          } else {
            expected = frame.length + by >= 14 && head + frame.length + by <= (page + 1) * STRIDE;
            isDone = buff.adjustTail(by);
            if (expected) {
              const zeroes = new Array<number>(Math.max(0, by)).fill(0);
              frame = [...frame.slice(0, frame.length + Math.min(0, by)), ...zeroes];
            }
          }
          assertEquals(isDone, expected, `${what} ${by}`);
          const key = `${what} ${expected}`;
          done.set(key, (done.get(key) ?? 0) + 1);
          assertEquals([buff.data, buff.dataEnd, buff.dataMeta], [
            head,
            head + frame.length,
            head - meta.length,
          ]);
          assertEquals([...memory.bytes.subarray(buff.data, buff.dataEnd)], frame);
          assertEquals([...memory.bytes.subarray(buff.dataMeta, buff.data)], meta);
        }
        assertEquals(buff.store(page), meta.length);
        assertEquals([memory.offset[page], memory.length[page]], [head, frame.length]);
      },
    ),
    { numRuns: 300 },
  );
  assert(done.size === 6 && [...done.values()].every((n) => n > 20), JSON.stringify([...done]));
});
