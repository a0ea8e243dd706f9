// Aim: features go onto an arc and off it while packets flow, in the order of their constraints; what is off costs
// nothing. Method: access lists and the source check on one interface, counts and times of single packets.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fates, stream } from "../../core/machine/_scenario_for_tests.ts";
import { errorsOf, IF0, IF1, nodeOf, scenarioOf, testbedOf } from "./_rig_for_tests.ts";
import { Acls } from "./acl.ts";
import { featureOrder } from "./feature.ts";

const ACL = "acl-plugin-in-ip4-fa";

Deno.test("vpp 8.4: a feature that is disabled again costs exactly what none costs", () => {
  const leftAt = (startup: string[]): number =>
    testbedOf({ startup }).run(scenarioOf(stream(1, 1))).outStart[0]!;
  const plain = leftAt([]);
  const acl = ["set acl-plugin acl permit", `set acl-plugin interface ${IF0} input acl 0`];
  const on = leftAt(acl);
  const off = leftAt([...acl, `set acl-plugin interface ${IF0} input acl 0 del`]);
  assertEquals(off, plain);
  // its call and its one vector, in cycles of 2.3 GHz
  assertEquals(Math.round((on - plain) / 1e6 * 2300), 675);
});

Deno.test("vpp 8.4: an access list goes on and off while packets flow, behind the barrier", () => {
  const testbed = testbedOf({
    startup: ["set acl-plugin acl deny src 192.168.0.0/16, permit"],
    commands: [
      { atUs: 30, command: `set acl-plugin interface ${IF0} input acl 0` },
      { atUs: 60, command: `set acl-plugin interface ${IF0} input acl 0 del` },
    ],
  });
  const o = testbed.run(scenarioOf(stream(100, 1e6)));
  const denied = errorsOf(testbed.report())[`${ACL}: acl deny packets`]!;
  assert(denied > 20 && denied < 40, `${denied} denied`);
  assertEquals([fates(o).dropped, fates(o).emitted], [denied, 100 - denied]);
  assertEquals(nodeOf(testbed.report(), ACL).vectors, denied);
});

Deno.test("vpp 8.4: features run in the order of their constraints, whatever the order of enabling", () => {
  for (const swap of [false, true]) {
    const lines = [
      `set acl-plugin interface ${IF0} input acl 0`,
      `set interface feature ${IF0} ip4-source-check-via-rx arc ip4-unicast`,
    ];
    const testbed = testbedOf({
      startup: ["set acl-plugin acl deny", ...swap ? lines.reverse() : lines],
    });
    const o = testbed.run(scenarioOf(stream(3, 1e6)));
    assertEquals(o.findings.filter(({ broken }) => broken !== null), []);
    const report = testbed.report();
    assertEquals(errorsOf(report), { [`${ACL}: acl deny packets`]: 3 });
  }
});

Deno.test("vpp 8.4: ip4-source-check-via-rx passes what would go back where it came from", () => {
  const testbed = testbedOf({
    startup: [`set interface feature ${IF0} ip4-source-check-via-rx arc ip4-unicast`],
  });
  const o = testbed.run(
    scenarioOf(stream(4, 1e6, (i) => ({ src: i < 1 ? 0x0a000009 : 0x0a010009 }))),
  );
  assertEquals([fates(o).emitted, fates(o).dropped], [1, 3]);
});

Deno.test("vpp 8.4: a list that reflects keeps a session for each flow it let through", () => {
  const testbed = testbedOf({
    startup: [
      "set acl-plugin acl permit+reflect dst 10.1.0.0/16",
      `set acl-plugin interface ${IF0} input acl 0`,
    ],
  });
  const o = testbed.run(scenarioOf(stream(20, 1e6, (i) => ({ srcPort: i % 4 }))));
  assertEquals(fates(o).emitted, 20);
  assertEquals(nodeOf(testbed.report(), `${ACL}-stateful`).vectors, 20);
});

Deno.test("vpp 8.4: what no rule of a list speaks of is denied, and so is what the first that speaks of it denies", () => {
  const sent = (rules: string, src: number): number => {
    const testbed = testbedOf({
      startup: [`set acl-plugin acl ${rules}`, `set acl-plugin interface ${IF0} input acl 0`],
    });
    const o = testbed.run(scenarioOf(stream(5, 1e6, () => ({ src }))));
    const denied = Object.entries(errorsOf(testbed.report()))
      .filter(([name]) => name.endsWith("acl deny packets")).reduce((sum, [, n]) => sum + n, 0);
    assertEquals(denied, fates(o).dropped);
    return fates(o).emitted;
  };
  const inside = 0x0b000009;
  const outside = 0x0c000009;
  const rows = [
    ["permit src 11.0.0.0/8", 5, 0],
    ["deny src 11.0.0.0/8", 0, 0],
    ["deny src 11.0.0.0/8, permit", 0, 5],
    ["permit src 11.0.0.0/8, deny", 5, 0],
    ["permit, deny src 11.0.0.0/8", 5, 5],
    ["permit+reflect src 11.0.0.9/32", 5, 0],
  ] as const;
  for (const [rules, one, other] of rows) {
    assertEquals([sent(rules, inside), sent(rules, outside)], [one, other], rules);
  }
});

Deno.test("Acls decide by the first rule that speaks of a packet, with sessions or without, however often it comes", () => {
  const end = fc.record({
    address: fc.constantFrom(0, 0x0a000000, 0x0a010000, 0xac100001),
    depth: fc.constantFrom(0, 8, 16, 31, 32),
  });
  const rules = fc.array(fc.record({ permit: fc.boolean(), src: end, dst: end }), { maxLength: 4 });
  const address = fc.constantFrom(0x0a000000, 0x0a000001, 0x0a010000, 0xac100001, 0xac100000);
  const packet = fc.record({ src: address, dst: address, port: fc.nat(1) });
  const packets = fc.array(packet, { maxLength: 20, size: "max" });
  const within = (of: number, { address, depth }: { address: number; depth: number }): boolean =>
    Math.floor(of / 2 ** (32 - depth)) === Math.floor(address / 2 ** (32 - depth));
  fc.assert(fc.property(fc.array(rules, { minLength: 1, maxLength: 3 }), packets, (lists, all) => {
    for (const stateful of [false, true]) {
      const acls = new Acls();
      const numbers = lists.map((list) => acls.add(list, stateful));
      for (const { src, dst, port } of all) {
        const bytes = new Uint8Array(64);
        bytes.set([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17]);
        new DataView(bytes.buffer).setUint32(12, src);
        new DataView(bytes.buffer).setUint32(16, dst);
        bytes[21] = port;
        lists.forEach((list, i) => {
          const first = list.find((rule) => within(src, rule.src) && within(dst, rule.dst));
          assertEquals(acls.permits(numbers[i]!, bytes, 0), first?.permit === true);
        });
      }
    }
  }));
});

Deno.test("vpp 8.4: ip4-source-check-via-rx passes a source that any path of its route leads back to", () => {
  for (const order of [[IF0, IF1], [IF1, IF0], [IF1, IF1], [IF1, IF1, IF1, IF0]]) {
    const testbed = testbedOf({
      startup: [
        `set interface feature ${IF0} ip4-source-check-via-rx arc ip4-unicast`,
        ...order.map((name, i) => `set ip neighbor ${name} 192.0.2.${i} 02:bb:00:00:00:0${i}`),
        `ip route add 11.0.0.0/8 ${order.map((name, i) => `via 192.0.2.${i} ${name}`).join(" ")}`,
      ],
    });
    const o = testbed.run(scenarioOf(stream(4, 1e6, () => ({ src: 0x0b000009 }))));
    assertEquals(fates(o).emitted, order.includes(IF0) ? 4 : 0, order.join(" "));
  }
});

Deno.test("featureOrder keeps every constraint and refuses a circle", () => {
  const a = { node: "a", runsAfter: ["c"] };
  const b = { node: "b", runsBefore: ["a"] };
  const c = { node: "c", runsAfter: ["b"] };
  assertEquals(featureOrder([a, b, c]), ["b", "c", "a"]);
  assertEquals(featureOrder([{ node: "x" }, { node: "y" }]), ["x", "y"]);
  assertThrows(
    () => featureOrder([a, { node: "c", runsAfter: ["a"] }]),
    RangeError,
    "a, c go in a circle",
  );
});
