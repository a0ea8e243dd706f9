// Aim: `planecheck replay` runs a token or a file again, says what each law says of it, and ends
// with 1 when one is broken and with 2 when the input is none. Method: whole command lines; a stack
// that loses what it should forward stands among the bundled ones for a moment.
import { STACK_NAMES, type StackEntry, STACKS } from "../stacks.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Stack } from "../../core/mod.ts";
import { testbed } from "../../core/mod.ts";
import { machineProfile, paperHost, writePcap } from "../../fixtures/mod.ts";
import {
  checkConformance,
  encodeToken,
  scenarioJson,
  writeCounterexample,
} from "../../properties/mod.ts";
import { inFolder, run } from "../_run_for_tests.ts";

/** Takes every packet and frees it without a word. */
const hole: Stack = ({ ports, pool }) => ({
  name: "hole",
  idlePollIsStateless: true,
  poll(cpu) {
    const burst = new Int32Array(32);
    let taken = 0;
    for (const { port, queue } of cpu.rxQueues) {
      const n = ports[port]!.rxBurst(cpu, queue, burst, 32);
      for (let i = 0; i < n; i++) pool.put(cpu.lcore, burst[i]!);
      taken += n;
    }
    return taken;
  },
});
const ENTRY: StackEntry = { ...STACKS[0]!, name: "hole", create: () => hole };

const FOUND = (() => {
  const device = testbed(hole, machineProfile(paperHost), { name: "hole" });
  return checkConformance(device, { numRuns: 20, only: /LOSS-2/ }).laws
    .find(({ law }) => law.id === "LOSS-2")!.counterexample!;
})();
const TOKEN = encodeToken("forwarder", "hole", "LOSS-2", scenarioJson(FOUND.scenario));

Deno.test("replay tells which laws are broken and ends with 1", async () => {
  const stacks = STACKS as StackEntry[];
  stacks.push(ENTRY);
  try {
    await inFolder(async (folder) => {
      const file = `${folder}/hole.json`;
      Deno.writeTextFileSync(file, writeCounterexample(FOUND));
      const { code, out, err } = await run("replay", TOKEN);
      assertEquals([code, err], [1, ""]);
      assertStringIncludes(out, "LOSS-2 broken by hole: packet 0");
      assert(/\nhole: \d+ laws judged, broken: (?:.*, )?LOSS-2/.test(out), out);
      assertEquals(await run("replay", file), { code, out, err });
    });
  } finally {
    stacks.pop();
  }
});

Deno.test("replay on a stack that is right says that all laws were kept, and ends with 0", async () => {
  const { code, out, err } = await run("replay", TOKEN, "--stack", "dpdk");
  assertEquals([code, err], [0, ""]);
  const said = /^dpdk: \d\d laws judged, all kept; the counterexample was about LOSS-2\n$/;
  assert(said.test(out), out);
});

Deno.test("replay says that a capture is no counterexample", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/traffic.pcap`;
    Deno.writeFileSync(file, writePcap({ linkType: 1, packets: [] }));
    const { code, out, err } = await run("replay", file);
    assertEquals([code, out], [2, ""]);
    const said = "expected a counterexample's JSON, got a capture, which shrink --pcap takes";
    assertEquals(err, `planecheck: ${file}: ${said}\n`);
  });
});

Deno.test("replay refuses what is no token of a forwarder in one line", async () => {
  const ring = encodeToken("ring", "mine", "RING-1", "{}");
  const huge = scenarioJson({
    ...FOUND.scenario,
    geometry: { ...FOUND.scenario.geometry, lcores: 200 },
  });
  const elsewhere = scenarioJson({
    ...FOUND.scenario,
    neighbours: { ...FOUND.scenario.neighbours, special: new Map([[0, "blackhole"]]) },
  });
  const cases: readonly (readonly [string[], string])[] = [
    [[TOKEN, "--stack", "dpdk", "--force"], "--force: expected only with --device ports:"],
    [
      [encodeToken("forwarder", "mine", "LPM-1", elsewhere), "--stack", "dpdk"],
      "token: expected routes to one next hop each, since dpdk knows no others, got one to blackhole",
    ],
    [
      [TOKEN],
      `--stack: expected one of ${STACK_NAMES.join(", ")}, got none, and`,
    ],
    [
      [TOKEN, "--stack", "none"],
      `--stack: expected one of ${STACK_NAMES.join(", ")}, got "none"`,
    ],
    [[TOKEN.slice(0, 40)], "token: contents: expected a whole token"],
    [
      [TOKEN, "--stack", "dpdk", "--exec", "true"],
      "--stack: expected one of --stack, --device and --exec",
    ],
    [[TOKEN, "--stack", "dpdk", "--timeout", "5"], "--timeout: expected only with --exec"],
    [[TOKEN, "--stack", "dpdk", "--profile", "x"], "--profile: expected only with --exec or"],
    [[TOKEN, "--exec", ""], '--exec: expected a command, got ""'],
    [[`${TOKEN}x`, "--stack", "dpdk"], "token: contents: expected a whole token"],
    [[ring], "token: kind: expected forwarder, got ring"],
    [["none.json"], "none.json: expected a counterexample's JSON, got no such file or directory"],
    [
      [encodeToken("forwarder", "dpdk", "PKT-1", huge)],
      "token: scenario: ",
    ],
    [[encodeToken("forwarder", "dpdk", "PKT-1", "{}")], "token: scenario.geometry: expected"],
  ];
  for (const [args, said] of cases) {
    const { code, out, err } = await run("replay", ...args);
    assertEquals([code, out], [2, ""], `${args}: ${err}`);
    assertStringIncludes(err, `planecheck: ${said}`);
    assertEquals(err.trimEnd().split("\n").length, 1, err);
  }
});
