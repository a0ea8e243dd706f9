// Aim: completions follow the rule of descriptors, eight at a time and never late; the stack declares what it
// departs in. Method: what crosses the egress NIC's link, counted by hand.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { STRICT } from "../../core/stack.ts";
import { p2pnic, P2PNIC_POLICY } from "./stack.ts";

const testbed = new Testbed(p2pnic(), TEST_PROFILE);

Deno.test("p2pnic writes completions back eight at a time, and one alone for a packet alone", () => {
  for (const fidelity of ["coarse", "tlp"] as const) {
    const writes = (count: number, gapPs: number): [number, number] => {
      const o = testbed.run(scenarioOf(
        stream(count, gapPs, () => ({ dst: towards(3) })),
        { ports: 4, fidelity },
      ));
      assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], count]);
      const link = o.links.find((l) => l.name === "nic3>switch")!;
      return [link.tlps[0], link.payloadBytes];
    };
    assertEquals(writes(17, wirePs(60)), [3, 17 * 8], "8, 8 and 1");
    assertEquals(writes(3, 20e6), [3, 3 * 8], "nobody waits for another");
  }
});

Deno.test("p2pnic declares that it has no way back to the ingress port, and weakens nothing else", () => {
  assertEquals(P2PNIC_POLICY, { ...STRICT, hairpin: "drop" });
});
