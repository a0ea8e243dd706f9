// Aim: what becomes of packets under settings that a policy declares beyond RFC 1812. Method: single packets by hand.
import { assertEquals } from "@std/assert";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { frame, scenario, type ScenarioFields } from "./_scenario_for_tests.ts";
import { DEFECT } from "./defects.ts";
import { icmpErrors } from "./originated.ts";
import { referenceRouter } from "./router.ts";

/** "forward", "may (reasons)" or the reasons for a drop. */
function fate(fields: ScenarioFields, policy: Policy): string {
  const { forward, reasons } = referenceRouter(scenario(fields), policy);
  const names = Object.entries(DEFECT).filter(([, bit]) => (reasons[0]! & bit) !== 0)
    .map(([name]) => name).join(" ");
  return forward[0] === 0 ? names : names === "" ? "forward" : `may (${names})`;
}

Deno.test("referenceRouter asks for the way back to the source, out of the ingress port if strict", () => {
  const strict = { ...STRICT, reversePath: "strict" } as const;
  const loose = { ...STRICT, reversePath: "loose" } as const;
  // 10.1.0.0/16 is behind port 1
  const frames = [frame({ src: "10.1.0.1", dst: "10.2.0.1" })];
  assertEquals(fate({ frames, ports: [1] }, strict), "forward");
  assertEquals(fate({ frames, ports: [0] }, strict), "reverse-path");
  assertEquals(fate({ frames, ports: [0] }, loose), "forward");
  const strange = [frame({ src: "11.0.0.1", dst: "10.2.0.1" })];
  assertEquals(fate({ frames: strange, ports: [1] }, strict), "reverse-path");
  assertEquals(fate({ frames: strange, ports: [1] }, loose), "reverse-path");
  assertEquals(fate({ frames: strange, ports: [1] }, STRICT), "forward");
  const nowhere = { routes: ["10.2.0.0/16 2", "10.1.0.0/16 6"], special: ["blackhole"] as const };
  assertEquals(fate({ ...nowhere, special: ["blackhole"], frames }, loose), "reverse-path");
  const several = { routes: ["10.2.0.0/16 2", "10.1.0.0/16 6"], special: [[0, 3]] };
  assertEquals(fate({ ...several, frames, ports: [3] }, strict), "forward");
  assertEquals(fate({ ...several, frames, ports: [1] }, strict), "reverse-path");
});

Deno.test("referenceRouter has an MTU for each port, and cuts or drops what is longer", () => {
  const policy = { ...STRICT, mtu: [1500, 100, 1500, 1500], tooLong: "cut" } as const;
  const long = frame({ length: 214, total: 200 });
  const whole = frame({ length: 214, total: 200, fragment: 0x4000 });
  assertEquals(fate({ frames: [whole] }, policy), "too-big");
  assertEquals(fate({ frames: [long] }, policy), "forward");
  assertEquals(referenceRouter(scenario({ frames: [long] }), policy).cut, new Set([0]));
  // of two next hops one takes it whole: the router has the choice
  const several = { routes: ["10.0.0.0/8 6"], special: [[1, 2]] };
  assertEquals(fate({ ...several, frames: [whole] }, policy), "may (too-big)");
  // a virtual port need not receive more than it sends
  const virtual = { ...policy, ports: "virtual" } as const;
  const back = frame({ length: 214, total: 200, dst: "10.2.0.1" });
  assertEquals(fate({ frames: [back], ports: [1] }, virtual), "may (oversize)");
  assertEquals(fate({ frames: [back], ports: [0] }, virtual), "forward");
});

Deno.test("referenceRouter drops what leads nowhere, and the error says how", () => {
  const originates = { addresses: [1, 2, 3, 4], icmpBurst: 9, icmpPerSecond: 9 };
  const policy = { ...STRICT, originates };
  for (
    const [kind, error] of [["blackhole", []], ["unreachable", [3, 1]], ["prohibit", [
      3,
      13,
    ]]] as const
  ) {
    const fields = {
      routes: ["10.9.0.0/16 2", "10.1.0.0/16 6"],
      special: [kind],
      frames: [frame()],
    };
    assertEquals(fate(fields, policy), "blackhole");
    const one = scenario(fields);
    const errors = icmpErrors(one, policy, 0, referenceRouter(one, policy), 0);
    assertEquals(errors.flatMap(({ bytes }) => [...bytes.subarray(34, 36)]), [...error]);
  }
});

Deno.test("referenceRouter takes a tag of VLAN 0 off if declared, and no other", () => {
  const strip = { ...STRICT, priorityTags: "strip", ports: "virtual" } as const;
  const tagged = (tci: number) => {
    const plain = frame();
    const bytes = new Uint8Array(plain.length + 4);
    bytes.set(plain.subarray(0, 12));
    bytes.set([0x81, 0, tci >> 8, tci & 255], 12);
    bytes.set(plain.subarray(12), 16);
    return bytes;
  };
  assertEquals(fate({ frames: [tagged(0xe000)] }, strip), "forward");
  assertEquals(fate({ frames: [tagged(0xe000)] }, STRICT), "not-ip");
  assertEquals(fate({ frames: [tagged(0)] }, { ...strip, priorityTags: "may" }), "may (not-ip)");
  assertEquals(fate({ frames: [tagged(0x0001)] }, strip), "not-ip");
  assertEquals(fate({ frames: [tagged(0x0100)] }, strip), "not-ip");
  const { length, bytes } = referenceRouter(scenario({ frames: [tagged(0)] }), strip);
  assertEquals(bytes.slice(0, length[0]!), referenceRouter(scenario(), strip).bytes);
});

Deno.test("referenceRouter takes what is for the router itself, and drops what says that it comes from it", () => {
  const originates = { addresses: [0x0a020001], isHost: true, icmpBurst: 1, icmpPerSecond: 1 };
  const host = { ...STRICT, originates };
  assertEquals(fate({ frames: [frame({ dst: "10.2.0.1" })] }, host), "consumed");
  assertEquals(fate({ frames: [frame({ src: "10.2.0.1" })] }, host), "martian");
});
