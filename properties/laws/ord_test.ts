import { assertEquals } from "@std/assert";
import { STRICT } from "../../core/stack.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged, run } from "./_observations_for_tests.ts";
import { ORD_1, ORD_2 } from "./ord.ts";

const flow = [frame(), frame(), frame()];

Deno.test("ORD-1 is kept by the order of arrival", () => {
  assertKept(ORD_1, { frames: flow });
});

Deno.test("ORD-1 names two packets of one flow in the wrong order", () => {
  assertBroken(
    ORD_1,
    { frames: flow, order: [0, 2, 1] },
    "packet 1 left port 1 at 1.2672 us after packet 2, which left at 1.2 us, expected before " +
      "it: they came in the other order on port 0, in the flow 10.9.9.9 > 10.1.2.3 of protocol 17",
    [1, 2],
  );
});

Deno.test("ORD-1 lets different flows overtake each other", () => {
  const first = { ports: [1, 2] as [number, number] };
  const others = [
    frame({ ...first, src: "10.9.9.8" }),
    frame({ ...first, dst: "10.1.2.4" }),
    frame({ ...first, ports: [1, 3] }),
    frame({ ...first, protocol: 6 }),
    frame({ ...first, fragment: 0x2000 }),
  ];
  for (const other of others) {
    assertNotJudged(
      ORD_1,
      { frames: [frame(first), other], order: [1, 0] },
      "no flow had two packets emitted",
    );
  }
  const elsewhere = { frames: [frame(first), frame(first)], order: [1, 0] };
  assertNotJudged(ORD_1, { ...elsewhere, ports: [0, 2] }, "no flow had two packets emitted");
  const out = { 1: { port: 3 } };
  assertNotJudged(ORD_1, { ...elsewhere, out }, "no flow had two packets emitted");
  assertEquals(ORD_1.judge(run(elsewhere)).kind, "broken");
});

Deno.test("ORD-1 knows flows without ports and behind options", () => {
  const pair = (f: Parameters<typeof frame>[0], g: Parameters<typeof frame>[0]) =>
    ORD_1.judge(run({ frames: [frame(f), frame(g)], order: [1, 0] })).kind;
  const options = [1, 1, 1, 0];
  assertEquals(pair({ options, ports: [1, 2] }, { options, ports: [1, 2] }), "broken");
  assertEquals(pair({ options, ports: [1, 2] }, { options, ports: [1, 3] }), "not-judged");
  assertEquals(pair({ options, ports: [1, 2] }, { ports: [1, 2] }), "broken");
  // ICMP has no ports, and later fragments carry none.
  assertEquals(pair({ protocol: 1, ports: [1, 2] }, { protocol: 1, ports: [1, 3] }), "broken");
  assertEquals(pair({ fragment: 1, ports: [1, 2] }, { fragment: 2, ports: [1, 3] }), "broken");
  // The flag "don't fragment" says nothing.
  assertEquals(pair({ fragment: 0x4000 }, { fragment: 0 }), "broken");
});

Deno.test("ORD-1 keeps hundreds of flows apart", () => {
  const frames = Array.from(
    { length: 600 },
    (_, i) => frame({ src: `10.9.${i % 200}.1`, ports: [i % 3, 7] }),
  );
  const order = frames.map((_, i) => i);
  assertNotJudged(ORD_1, { frames, order: order.toReversed() }, "no flow had two packets emitted");
  const doubled = [...frames, ...frames];
  assertKept(ORD_1, { frames: doubled });
  for (let k = 0; k < 600; k += 20) {
    const swapped = [...order, ...order.map((i) => i + 600)];
    [swapped[k], swapped[k + 600]] = [k + 600, k];
    const verdict = ORD_1.judge(run({ frames: doubled, order: swapped }));
    assertEquals(verdict.kind === "broken" ? verdict.packets : [], [k, k + 600]);
  }
});

Deno.test("ORD-1 asks for the order that the policy declares", () => {
  const none = { policy: { ...STRICT, order: "none" as const }, order: [0, 2, 1] };
  assertNotJudged(ORD_1, { ...none, frames: flow }, "the policy declares no order");
  const policy = { ...STRICT, order: "unfragmented" as const };
  const swapped = { policy, order: [1, 0] };
  assertEquals(ORD_1.judge(run({ ...swapped, frames: [frame(), frame()] })).kind, "broken");
  for (const fragment of [1, 0x2000]) {
    assertNotJudged(
      ORD_1,
      { ...swapped, frames: [frame({ fragment }), frame({ fragment })] },
      "no flow had two packets emitted",
    );
  }
});

Deno.test("ORD-2 is kept by every packet once", () => {
  assertKept(ORD_2, { frames: flow });
});

Deno.test("ORD-2 names a packet that left twice", () => {
  assertBroken(
    ORD_2,
    { frames: flow, order: [0, 1, 0, 2] },
    "packet 0 left port 1 at 1.1672 us, expected never: it had left port 1 at 1 us",
    [0],
  );
});

Deno.test("ORD-2 is not judged where nothing left", () => {
  assertNotJudged(ORD_2, { frames: [frame({ ttl: 1 })] }, "no packet was emitted");
});
