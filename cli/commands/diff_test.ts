// Aim: `planecheck diff` finds where forwarders part, shows the smallest scenario and who does what
// and whether it declares so, and is silent where they agree. Method: whole command lines over
// bundled stacks that are known to declare different things, and a program.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type DeviceUnderTest, fillIpv4Checksum, testbed } from "../../core/mod.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import {
  build,
  compareDevices,
  firstDivergence,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
} from "../../properties/mod.ts";
import { external, l3fwd, p2pnic } from "../../stacks/mod.ts";
import { inFolder, run } from "../_run_for_tests.ts";

const HOST = machineProfile(paperHost);

Deno.test("diff shows one packet on which stacks part, and what each declares", async () => {
  const { code, out, err } = await run("diff", "--stacks", "dpdk,dpdk-faithful");
  assertEquals([code, err], [1, ""]);
  assert(/^dpdk, dpdk-faithful: they part, on \d+ scenarios?, \d+ packets\n/.test(out), out);
  assert(/\n {2}packet 0 of 1, into port \d: 172\.16\.0\.\d:1024 > /.test(out), out);
  assert(/│ dpdk +│ dropped: no-route +│ yes +│/.test(out), out);
  assert(/│ dpdk-faithful +│ port \d, 60 bytes +│ yes +│/.test(out), out);
  assertStringIncludes(out, "\ndeclared ttl: dpdk drop, dpdk-faithful ignore\n");
  assertEquals(await run("diff", "--stacks", "dpdk,dpdk-faithful"), { code, out, err });
});

Deno.test("diff --undeclared finds nothing where every stack does what it declares", async () => {
  const args = ["--stacks", "dpdk,dpdk-faithful,linux-napi,p2pnic", "--undeclared", "--runs", "40"];
  const { code, out } = await run("diff", ...args);
  assertEquals(code, 0);
  assert(
    /^dpdk, dpdk-faithful, linux-napi, p2pnic: no undeclared difference on 40 /.test(out),
    out,
  );
});

Deno.test("diff sets a program beside a stack, also on files", async () => {
  await inFolder(async (folder) => {
    const routes = `${folder}/routes.txt`;
    Deno.writeTextFileSync(routes, "10.0.0.0/8 0\n11.0.0.0/8 1\n12.0.0.0/8 2\n13.0.0.0/8 3\n");
    const files = ["--routes", routes, "--count", "50"];
    const { code, out } = await run("diff", "--stacks", "dpdk", "--exec", "true", ...files);
    assertEquals(code, 1);
    assert(out.startsWith(`dpdk, true: they part, on 4 routes of ${routes}, 50 packets`), out);
    assert(/│ true +│ never came out +│ NO +│/.test(out), out);
    assert(/\n {2}route 1\d\.0\.0\.0\/8 to next hop \d on port \d\n/.test(out), out);
    const same = await run("diff", "--stacks", "dpdk,p2pnic", ...files);
    assertEquals([same.code, same.err], [0, ""]);
  });
});

Deno.test("compareDevices shrinks to what the difference needs", () => {
  const devices = [testbed(l3fwd("strict"), HOST), testbed(p2pnic(), HOST)];
  // P2PNIC has no way back to the ingress port, and says so
  const { scenario, divergence, minimal } = compareDevices(devices);
  assertEquals([scenario!.traffic.count, scenario!.routes.count, minimal], [1, 1, true]);
  assertEquals(divergence!.outcomes.map(({ why }) => why), ["", "dropped: hairpin"]);
  const { scenario: none } = compareDevices(devices, { undeclaredOnly: true, numRuns: 30 });
  assertEquals(none, null);
  assertThrows(
    () => firstDivergence([external({ command: "true" })], scenario!),
    RangeError,
    "1 devices",
  );
});

Deno.test("compareDevices sees what is not declared behind a difference that is", () => {
  const devices = [testbed(l3fwd("faithful"), HOST), external({ command: "true" })];
  const packet = { ...PLAIN_PACKET, src: 0xac100001, dst: 0x0a000001 };
  // of the first nothing may come, as the program that does nothing declares; of the second it keeps nothing
  const one = build({
    geometry: PLAIN_GEOMETRY,
    neighbours: [1],
    routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
    packets: [{ ...packet, ttl: 1 }, packet],
    deviations: [],
  });
  assertEquals([false, true].map((only) => firstDivergence(devices, one, only)!.packet), [0, 1]);
  const { scenario } = compareDevices(devices, { scenarios: [one], undeclaredOnly: true });
  assertEquals([scenario!.traffic.count, scenario!.traffic.bytes[22]], [1, PLAIN_PACKET.ttl]);
});

Deno.test("compareDevices takes either choice of a router that parses options for declared", () => {
  const parses = (device: DeviceUnderTest): DeviceUnderTest => ({
    ...{ name: device.name, offers: device.offers, run: (one) => device.run(one) },
    policy: { ...device.policy, options: "parse" },
  });
  const devices = [testbed(l3fwd(), HOST), external({ command: "true" })].map(parses);
  const one = build({
    geometry: PLAIN_GEOMETRY,
    neighbours: [1],
    routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
    packets: [{ ...PLAIN_PACKET, src: 0xac100001, dst: 0x0a000001, options: 1 }],
    deviations: [],
  });
  const declared = (...options: number[]) => {
    one.traffic.bytes.set(options, 34);
    fillIpv4Checksum(one.traffic.bytes, 14);
    return firstDivergence(devices, one)!.outcomes.map(({ asDeclared }) => asDeclared);
  };
  // of nothing to do there is no choice; to record a route is one
  assertEquals([declared(1, 1, 1, 1), declared(7, 4, 4, 1)], [[true, false], [true, true]]);
});

Deno.test("compareDevices draws routes to nowhere, or to several next hops, only where every device knows them", () => {
  const specials = (knows: boolean) => {
    let seen = 0;
    const device = (routeTypes: boolean): DeviceUnderTest => {
      const { name, offers, policy, run } = external({ command: "true" });
      return {
        ...{ name, offers, policy: { ...policy, routeTypes } },
        run: (one) => {
          seen += one.neighbours.special?.size ?? 0;
          return run(one);
        },
      };
    };
    compareDevices([device(true), device(knows)], { numRuns: 12 });
    return seen;
  };
  assertEquals([specials(false), specials(true) > 0], [0, true]);
});

Deno.test("diff tells of a program that fails what it did, on the smallest scenario, and how to run it again", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["sh -c 'exit 9'", /RUN-1 broken by sh -c 'exit 9': it ended with exit code 9\n/],
    [
      "echo hello",
      /RUN-1 broken by echo hello: it wrote record 0 at byte 0: expected the letter "F"/,
    ],
    ["sleep 9", /RUN-1 broken by sleep 9: it did not end within 100 ms\n/],
  ];
  for (const [exec, said] of cases) {
    const args = ["--stacks", "dpdk", "--exec", exec, "--timeout", "100"];
    const { code, out, err } = await run("diff", ...args);
    assertEquals([code, err], [1, ""]);
    assert(out.startsWith(`${exec} failed, so there is nothing to compare\n`), out);
    assert(said.test(out), out);
    assert(/\n {2}1 packet/.test(out), out);
    const [, token] = /planecheck replay (pc1-\S+) --exec \S.* --timeout 100$/m.exec(out)!;
    const again = await run("replay", token!, "--exec", exec, "--timeout", "100");
    assertEquals(again.code, 1);
    assert(said.test(again.out), again.out);
  }
});

Deno.test("diff says how to run again on whom does not what it declares, and names --undeclared where all do", async () => {
  const args = ["diff", "--stacks", "dpdk", "--exec", "true # it's mine"];
  const { out } = await run(...args, "--undeclared");
  const line = /^replay npx deno task planecheck replay (pc1-\S+) --exec 'true # it'\\''s mine'$/m;
  const [, token] = line.exec(out)!;
  const again = await run("replay", token!, "--exec", "true");
  assertEquals([again.code, again.err], [1, ""]);
  assertStringIncludes(again.out, "LOSS-1a broken by true");
  const hint = "\neach does what it declares; --undeclared passes over such differences\n";
  assert(!out.includes(hint), out);
  assertStringIncludes((await run("diff", "--stacks", "dpdk,dpdk-faithful")).out, hint);
});

Deno.test("diff refuses fewer than two forwarders, and names that are none", async () => {
  const cases: readonly (readonly [string[], string])[] = [
    [
      ["--stacks", "dpdk"],
      "--stacks: expected two forwarders or more, of --stacks, --exec and --device together",
    ],
    [
      ["--stacks", "dpdk,dpdk"],
      "--stacks: expected all, or different names out of linux-napi, dpdk, ",
    ],
    [["--stacks", "dpdk,vpp", "--timeout", "5"], "--timeout: expected only with --exec"],
    [["--stacks", "dpdk,vpp", "--count", "5"], "--count: expected only with --routes or --pcap"],
    [["--stacks", "dpdk,vpp", "--force"], "--force: expected only with --device ports:BENCH.json"],
    [["--stacks", "dpdk", "--exec", ""], '--exec: expected a command, got ""'],
    [
      ["--stacks", "dpdk", "--exec", "/no/such"],
      '--exec: expected a program that can be run, got "/no/such", which ended with exit code 127',
    ],
    [["--stacks", "dpdk,vpp9"], "--stacks: expected all, or different names out of "],
    [
      ["--stacks", "dpdk,p2pnic", "--runs", "x"],
      '--runs: expected an integer in 1..100000, got "x"',
    ],
  ];
  for (const [args, said] of cases) {
    const { code, out, err } = await run("diff", ...args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, `planecheck: ${said}`);
  }
});
