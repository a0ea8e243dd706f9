// Aim: what comes out, and what is counted, depends neither on how many packets a loop takes together nor on where frames
// end. Method: the same thousand packets, defects among them, with every loop and in frames of 1 to 256.
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  frame,
  left,
  type Offer,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Testbed } from "../../core/machine/testbed.ts";
import { CSIT, errorsOf, nodeOf, scenarioOf, testbedOf, valueOf } from "./_rig_for_tests.ts";
import type { VppLoop, VppOptions } from "./options.ts";

const DEFECTS: readonly Partial<Offer>[] = [
  { ttl: 0 },
  { ttl: 1 },
  { dst: 0x0b000001 },
  { edit: (f) => f[24]! ^= 1 },
  { edit: (f) => f[14] = 0x46 },
];
const PACKETS = stream(1000, 60_000, (i) => ({
  port: i % 3,
  dst: towards((i * 7) % 3, i),
  srcPort: i % 50,
  ...i % 11 === 0 ? DEFECTS[i % DEFECTS.length]! : {},
}));

/** What of a run must not depend on the shape of frames. */
function outcome(options: VppOptions): unknown {
  const testbed: Testbed = testbedOf(options);
  const o = testbed.run(scenarioOf(PACKETS, { ports: 3 }));
  assertEquals([o.end, o.findings.filter(({ broken }) => broken !== null)], ["quiet", []]);
  const sent = [0, 1, 2].map((port) => left(o, port).sort((a, b) => a - b));
  const bytes = Array.from({ length: o.outCount }, (_, i) => `${o.outPacket[i]} ${frame(o, i)}`)
    .sort();
  const report = testbed.report();
  const merged: Record<string, number> = {};
  for (const [name, n] of Object.entries(errorsOf(report))) {
    // which of the two a packet meets depends on its frame's company
    const key = name.replace("-no-checksum", "");
    merged[key] = (merged[key] ?? 0) + n;
  }
  const counters = [0, 1, 2].map((port) =>
    ["rx packets", "tx packets", "rx bytes", "tx bytes", "drops", "ip4"].map((counter) =>
      valueOf(report, `show interface TenGigabitEthernet5/0/${port} ${counter}`)
    )
  );
  return { sent, bytes, merged, counters, reasons: [...o.reason.subarray(0, o.count)] };
}

Deno.test("vpp 8.5: single, dual and quad loops give the same bytes, drops and counters", () => {
  const quad = outcome({ loop: "quad" });
  assertEquals(outcome({ loop: "dual" }), quad);
  assertEquals(outcome({ loop: "single" }), quad);
});

Deno.test("vpp 8.5: what a loop does not hide shows in the clocks of the three nodes that have loops", () => {
  const clocks = (loop: VppLoop, node: string): number => {
    const testbed = testbedOf({ loop });
    // each alone, so that all share their calls alike
    testbed.run(scenarioOf(stream(8, 2e7)));
    return nodeOf(testbed.report(), node).clocks;
  };
  for (const node of ["ip4-input-no-checksum", "ip4-lookup", "ip4-rewrite"]) {
    const quad = clocks("quad", node);
    assertAlmostEquals(clocks("dual", node) - quad, CSIT.costs["vpp.loop.dual"]!, 0.6);
    assertAlmostEquals(clocks("single", node) - quad, CSIT.costs["vpp.loop.single"]!, 0.6);
  }
  assertEquals(clocks("single", "ethernet-input"), clocks("quad", "ethernet-input"));
});

Deno.test("vpp invariant 6: frames of 1, 2, 3, 4, 5, 255 and 256 give the same bytes, drops and counters", () => {
  const whole = outcome({ frameSize: 256 });
  for (const frameSize of [1, 2, 3, 4, 5, 255]) {
    assertEquals(outcome({ frameSize }), whole, `${frameSize}`);
  }
});
