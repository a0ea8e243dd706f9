// Aim: `planecheck conform` judges a program and a bundled stack, says what was and was not judged,
// leaves counterexamples, JSON and JUnit, and ends with 0, 1 or 2. Method: whole command lines; the
// shell's own commands as programs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Scenario } from "../../core/mod.ts";
import { writePcap } from "../../fixtures/mod.ts";
import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "../../properties/mod.ts";
import { FOUR_ROUTES, inFolder, listing, run } from "../_run_for_tests.ts";
import { conformReportSchema } from "../conform/json.ts";

Deno.test("conform judges a bundled stack, on drawn scenarios and on files", async () => {
  await inFolder(async (folder) => {
    const routes = `${folder}/routes.txt`;
    Deno.writeTextFileSync(routes, FOUR_ROUTES);
    const args = ["--stack", "dpdk", "--runs", "60", "--routes", routes, "--count", "200"];
    const { code, out, err } = await run("conform", ...args, "--out", `${folder}/found`);
    assertEquals([code, err], [0, ""]);
    assert(/^dpdk: 60 scenarios, [\d,]+ packets, seed 1812\n/.test(out), out);
    assert(/\n│ PKT-1 +│ +\d+ │ +\d+ │ kept │\n/.test(out), out);
    assertStringIncludes(out, "declared to lose under load: rx-missed, tx-full\n");
    assertStringIncludes(out, `\ndpdk: 4 routes of ${routes}, 200 packets of simple IMIX`);
    assert(!out.includes("BROKEN"), out);
    assertEquals(listing(folder), ["routes.txt"]);
    assertEquals(await run("conform", ...args, "--out", `${folder}/found`), { code, out, err });
  });
});

Deno.test("conform tells what a program breaks, and leaves it as files", async () => {
  await inFolder(async (folder) => {
    const found = `${folder}/found`;
    const junit = `${folder}/junit.xml`;
    const args = ["--exec", "cat > /dev/null", "--runs", "3", "--only", "^(LOSS-1a|NIC-1|PKT-1)$"];
    const { code, out, err } = await run("conform", ...args, "--out", found, "--junit", junit);
    assertEquals([code, err], [1, ""]);
    assert(/│ LOSS-1a │ +\d │ +0 │ BROKEN │/.test(out), out);
    assertStringIncludes(out, "not judged: NIC-1 (the device does not show buffers)\n");
    assertStringIncludes(
      out,
      "\nLOSS-1a broken by cat > /dev/null: packet 0 never came out of cat",
    );
    assertStringIncludes(out, `  files     ${found}/cat-dev-null-LOSS-1a.json\n`);
    const line =
      /^ {2}replay {4}npx deno task planecheck replay pc1-\S+ --exec 'cat > \/dev\/null'$/m;
    assert(line.test(out), out);
    assertEquals(listing(found), ["cat-dev-null-LOSS-1a.json", "cat-dev-null-LOSS-1a.pcapng"]);

    const xml = Deno.readTextFileSync(junit);
    assertStringIncludes(
      xml,
      '<testsuite name="cat &gt; /dev/null" tests="4" failures="1" skipped="2">',
    );
    assertStringIncludes(xml, '<failure message="packet 0 never came out of cat &gt; /dev/null, ');
    assertStringIncludes(xml, '<skipped message="the device does not show buffers"/>');

    const json = await run("conform", ...args, "--out", `${folder}/none`, "--json");
    assertEquals(json.code, 1);
    const report = conformReportSchema.parse(JSON.parse(json.out));
    const verdicts = report.checks[0]!.laws.map(({ id, verdict }) => `${id} ${verdict}`);
    assertEquals(verdicts, [
      "RUN-1 kept",
      "PKT-1 not-judged",
      "LOSS-1a broken",
      "NIC-1 not-judged",
    ]);
    const law = report.checks[0]!.laws[2]!;
    assertEquals(law.packets, 1);
    // the token runs again, on the program and on a stack that is right
    assertStringIncludes(xml, " --exec 'cat &gt; /dev/null'");
    const same = await run("replay", law.replay!, "--exec", args[1]!);
    assertEquals([same.code, same.err], [1, ""]);
    assertStringIncludes(same.out, "LOSS-1a broken by cat > /dev/null: packet 0 never came out");
    const again = await run("replay", law.replay!, "--stack", "dpdk");
    assertEquals(again.code, 0);
  });
});

Deno.test("conform breaks what it says into lines of a terminal, but for tables and what is pasted", async () => {
  const { out } = await run(
    "conform",
    "--exec",
    "cat > /dev/null",
    "--runs",
    "9",
    "--only",
    "-[0-9]",
  );
  assertStringIncludes(out, "\nnot judged: ");
  const long = out.split("\n").filter((line) =>
    line.length > 120 && !/^ {2}replay|^ *[*]? *[\d.]+ /.test(line)
  );
  assertEquals(long, []);
});

Deno.test("conform says of a program that crashes that it crashed", async () => {
  await inFolder(async (folder) => {
    const { code, out } = await run(
      "conform",
      "--exec",
      "sh -c 'exit 9'",
      "--runs",
      "2",
      "--out",
      folder,
    );
    assertEquals(code, 1);
    assertStringIncludes(
      out,
      "RUN-1 broken by sh -c 'exit 9': it ended with exit code 9\n",
    );
  });
});

Deno.test("shrink finds the packet of a capture on which a program breaks a law", async () => {
  await inFolder(async (folder) => {
    const pcap = `${folder}/in.pcap`;
    const { bytes, offset, length, count } = shrinkable().traffic;
    const packets = Array.from({ length: count }, (_, i) => ({
      timeNs: i * 1000,
      bytes: bytes.subarray(offset[i]!, offset[i]! + length[i]!),
    }));
    Deno.writeFileSync(pcap, writePcap({ linkType: 1, packets }));
    const only = ["--only", "LOSS-1a", "--out", `${folder}/found`];
    const { code, out, err } = await run("shrink", "--exec", "true", "--pcap", pcap, ...only);
    assertEquals([code, err], [1, ""]);
    const head =
      `true: a route to each port for a quarter of all addresses, ${count} packets of ${pcap}`;
    assert(out.startsWith(head), out);
    assertStringIncludes(out, "\nLOSS-1a broken by true: packet 0 never came out of true");
    assertStringIncludes(
      out,
      "\n  1 packet, and nothing simpler fails\n  routes    0.0.0.0/2 to next hop 0",
    );
    assertEquals(listing(`${folder}/found`), [
      "true-shrunk-LOSS-1a.json",
      "true-shrunk-LOSS-1a.pcapng",
    ]);
    const kept = await run("shrink", "--stack", "dpdk", "--pcap", pcap, "--only", "PKT-1");
    assertEquals([kept.code, kept.err], [0, ""]);
    const none = await run("shrink", "--stack", "dpdk");
    assertEquals([none.code, none.err], [
      2,
      "planecheck: --pcap: expected the capture to shrink\n",
    ]);
  });
});

Deno.test("conform, shrink and diff say where a capture was cut, in lines of a terminal", async () => {
  await inFolder(async (folder) => {
    const pcap = `${folder}/in.pcap`;
    const { bytes, length } = shrinkable().traffic;
    const packets = [0, 1].map((i) => ({ timeNs: i, bytes: bytes.subarray(0, length[0]!) }));
    const file = writePcap({ linkType: 1, packets });
    Deno.writeFileSync(pcap, file.subarray(0, file.length - 5));
    const at = (file.length - length[0]!).toString(16);
    const cut = `1 packet of ${pcap}, which is cut at offset 0x${at} (`;
    const says = (out: string) => {
      assertStringIncludes(out.replaceAll("\n  ", " "), cut);
      const long = out.split("\n").filter((line) => line.length > 120 && !/^ {2}replay/.test(line));
      assertEquals(long, []);
    };
    const only = ["--only", "LOSS-1a", "--out", folder];
    for (const [command, ...args] of [["conform", "--runs", "1", ...only], ["shrink", ...only]]) {
      const { out } = await run(command!, ...args, "--exec", "true", "--pcap", pcap);
      says(out);
    }
    says((await run("diff", "--stacks", "dpdk,p2pnic", "--pcap", pcap)).out);
  });
});

/** Twelve packets, with options and long, to places in the first quarter of all addresses. */
function shrinkable(): Scenario {
  return build({
    geometry: PLAIN_GEOMETRY,
    neighbours: [1],
    routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
    packets: Array.from({ length: 12 }, (_, i) => ({
      ...{ ...PLAIN_PACKET, src: 0x0b000000 + i, dst: 0x0a000000 + i },
      ...{ size: 300 + i, options: i % 4, ttl: 3 + i },
    })),
    deviations: [],
  });
}

Deno.test("who knows routes to one next hop only is not blamed for others: the list is refused", async () => {
  await inFolder(async (folder) => {
    const routes = `${folder}/routes.txt`;
    const pcap = `${folder}/in.pcap`;
    Deno.writeTextFileSync(routes, `${FOUR_ROUTES}10.4.0.0/16 blackhole\n`);
    const { bytes, length } = shrinkable().traffic;
    const packets = [{ timeNs: 0, bytes: bytes.subarray(0, length[0]!) }];
    Deno.writeFileSync(pcap, writePcap({ linkType: 1, packets }));
    const said = (who: string, what: string) =>
      `planecheck: ${routes}: expected routes to one next hop each, since ${who} knows no others, ` +
      `got one to ${what}\n`;
    const list = ["--routes", routes];
    const some = ["--runs", "1", ...list];
    for (
      const [who, args] of [
        ["dpdk", ["conform", "--stack", "dpdk", ...some]],
        ["cat", ["conform", "--exec", "cat", ...some]],
        ["cat", ["shrink", "--exec", "cat", "--pcap", pcap, ...list]],
        ["p2pnic", ["diff", "--stacks", "p2pnic,dpdk", ...list]],
      ] as const
    ) {
      assertEquals(await run(...args), { code: 2, out: "", err: said(who, "blackhole") });
    }
    Deno.writeTextFileSync(routes, `${FOUR_ROUTES}10.4.0.0/16 0,1\n`);
    const { err } = await run("conform", "--stack", "dpdk", ...some);
    assertEquals(err, said("dpdk", "several"));
  });
});

Deno.test("conform refuses a profile that declares what its device cannot be told, or MTUs of other ports", async () => {
  await inFolder(async (folder) => {
    const profile = `${folder}/profile.json`;
    const refused = async (field: string, value: unknown) => {
      const deviations = [{ field, value, why: "it says so" }];
      Deno.writeTextFileSync(profile, JSON.stringify({ deviations }));
      const { code, err } = await run("conform", "--exec", "true", "--profile", profile);
      return [code, err];
    };
    const expected = (what: string) => [2, `planecheck: ${profile}: ${what}\n`];
    assertEquals(
      await refused("routeTypes", true),
      expected(
        "expected no routeTypes for a program: what it is told has one next hop for each route",
      ),
    );
    assertEquals(
      await refused("mtu", [1500, 1500]),
      expected("mtu: expected one number, or one for each of 4 ports, got 2"),
    );
  });
});

Deno.test("conform refuses wrong options in one line", async () => {
  const cases: readonly (readonly [string[], string])[] = [
    [[], "--exec: expected a program, --stack or --device, one of the three"],
    [
      ["--exec", "true", "--stack", "dpdk"],
      "--exec: expected a program, --stack or --device, one of the three",
    ],
    [["--stack", "dpdk", "--count", "5"], "--count: expected only with --routes or --pcap"],
    [["--stack", "dpdk", "--force"], "--force: expected only with --device ports:BENCH.json"],
    [["--device", "kernel", "--force"], "--force: expected only with --device ports:BENCH.json"],
    [
      ["--device", "xdp:none.o"],
      "--device xdp:none.o: no such file or directory\n",
    ],
    [["--device", "cisco"], "--device: expected one of kernel, xdp:FILE.o, "],
    [["--device", "xdp"], "--device: expected one of kernel, xdp:FILE.o, "],
    [["--device", "kernel:x"], "--device: expected one of kernel, xdp:FILE.o, "],
    [["--stack", "dpdk", "--profile", "x"], "--profile: expected only with --exec or --device"],
    [
      ["--exec", "true", "--profile", "none"],
      "none: expected a deviation profile, got no such file",
    ],
    [
      ["--exec", "/no/such"],
      '--exec: expected a program that can be run, got "/no/such", which ended with exit code 127',
    ],
    [["--exec", " "], '--exec: expected a command, got " "'],
    [["--stack", "vpp2"], "--stack: expected one of linux-napi, dpdk, "],
    [["--stack", "dpdk", "--timeout", "5"], "--timeout: expected only with --exec"],
    [["--stack", "dpdk", "--protocol", "pcap"], "--protocol: expected only with --exec"],
    [
      ["--exec", "true", "--protocol", "udp"],
      '--protocol: expected one of stream, pcap, got "udp"',
    ],
    [["--exec", "true", "--runs", "0"], '--runs: expected an integer in 1..1000000, got "0"'],
    [["--exec", "true", "--only", "("], '--only: expected a regular expression, got "("'],
    [["--exec", "true", "--only", "XYZ"], "--only: expected to match one of LPM-1, LPM-2, PKT-1"],
    [
      ["--exec", "true", "--routes", "none.txt"],
      "none.txt: expected a prefix list, got no such file",
    ],
    [
      ["--exec", "true", "--runs", "1", "--junit", "/no/x.xml"],
      "/no/x.xml: expected a place for the JUnit file",
    ],
  ];
  for (const [args, said] of cases) {
    const { code, out, err } = await run("conform", ...args);
    assertEquals([code, out], [2, ""], `${args}: ${err}`);
    assertStringIncludes(err, `planecheck: ${said}`);
    assertEquals(err.trimEnd().split("\n").length, 1, err);
  }
});
