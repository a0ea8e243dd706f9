// Aim: checkBridge passes a right bridge and tells each law that a wrong one breaks, on few frames.
// Method: a bridge of ten lines, and one fault of each kind planted in it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { BridgeFrame, BridgeUnderTest } from "./bridge.ts";
import { checkBridge } from "./check.ts";

type Fault =
  | "twice"
  | "floods known"
  | "no flood"
  | "hairpin"
  | "flips"
  | "reserved"
  | "disorder"
  | "stays";

/** A learning bridge, with a fault. */
function bridge(fault: Fault | null = null, ports = 3): BridgeUnderTest {
  return {
    name: "model",
    ports,
    exchange(frames) {
      const learnt = new Map<string, number>();
      const out: BridgeFrame[] = [];
      for (const { port, bytes } of frames) {
        const [dst, src] = [bytes.slice(0, 6).join(), bytes.slice(6, 12).join()];
        if (fault !== "stays" || !learnt.has(src)) learnt.set(src, port);
        if (dst.startsWith("1,128,194,0,0,") && fault !== "reserved") continue;
        const known = fault === "floods known" ? undefined : learnt.get(dst);
        for (let p = 0; p < ports; p++) {
          if (p === port && fault !== "hairpin" || known !== undefined && p !== known) continue;
          if (known === undefined && fault === "no flood" && p === ports - 1) continue;
          const sent = bytes.slice();
          if (fault === "flips") sent[20]! ^= 1;
          out.push({ port: p, bytes: sent });
          if (fault === "twice") out.push({ port: p, bytes: sent });
        }
      }
      return fault === "disorder" ? out.reverse() : out;
    },
  };
}

Deno.test("checkBridge passes a right bridge, and has judged every law", () => {
  for (const ports of [2, 3, 4]) {
    const result = checkBridge(bridge(null, ports), { numRuns: 300 });
    assertEquals([result.ok, result.fault, result.runs], [true, null, 300]);
    assert(result.laws.every(({ judged }) => judged > 100), JSON.stringify(result.laws));
  }
});

Deno.test("checkBridge says that a bridge conforms only when every law was judged", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 60; seed++) {
    const { ok, laws } = checkBridge(bridge(), { numRuns: 1, seed });
    const without = laws.filter(({ judged }) => judged === 0).length;
    assertEquals(ok, without === 0, JSON.stringify(laws));
    seen.add(without);
  }
  assert(seen.has(0) && seen.has(1) && seen.size > 2, `laws that were not judged: ${[...seen]}`);
});

Deno.test("checkBridge tells each law that is broken, on the fewest frames", () => {
  const cases: readonly (readonly [Fault, string, number])[] = [
    ["twice", "L2-2", 1],
    ["floods known", "L2-3", 1],
    ["no flood", "L2-2", 1],
    ["hairpin", "L2-3", 1],
    ["flips", "L2-4", 1],
    ["reserved", "L2-5", 1],
    ["disorder", "L2-6", 2],
    // a move that is not seen
    ["stays", "L2-1", 2],
  ];
  for (const [fault, law, frames] of cases) {
    const result = checkBridge(bridge(fault), { numRuns: 500 });
    assertEquals(result.ok, false, fault);
    const first = fault === "stays" ? ["L2-1", "L2-3"] : [law];
    assert(first.includes(result.fault!.law), `${fault}: ${result.fault!.law}`);
    assert(result.fault!.frames.length <= frames + 1, `${fault}: ${result.fault!.frames}`);
  }
});

Deno.test("checkBridge refuses a bridge of one port, and lets an error through", () => {
  assertThrows(() => checkBridge(bridge(null, 1)), RangeError, "it has 1 ports, fewer than 2");
  const broken: BridgeUnderTest = {
    ...bridge(),
    exchange() {
      throw new TypeError("no such bridge");
    },
  };
  assertThrows(() => checkBridge(broken), TypeError, "no such bridge");
});
