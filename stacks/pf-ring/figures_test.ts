// Aim: published rates of one core, those that chose a cost and those that came out, and how the two halves compare.
// Method: one core with more than it can take, frames of 64 bytes, 2.5 GHz as in the documentation's samples.
import { assert, assertEquals } from "@std/assert";
import { Testbed } from "../../core/machine/testbed.ts";
import { processedMpps } from "../../cli/reproduce/one_core.ts";
import { CLAIMS, x520Host } from "../../fixtures/mod.ts";
import { clockedAt, counter, scenarioOf, XEON } from "./_scenario_for_tests.ts";
import { pfRing, type PfRingApplication, pfRingZc, type PfRingZcOptions } from "./mod.ts";

/** Offered a third more, this is what a line of 10 Gb/s carries. */
const LINE = 11.44;

const claimed = (id: string): number => CLAIMS.find((claim) => claim.id === id)!.value;

function near(value: number, id: string, share = 0.15): void {
  const published = claimed(id);
  assert(Math.abs(value / published - 1) < share, `${id}: ${value} for ${published}`);
}

const zc = (options: PfRingZcOptions, expected: number, linkGbps?: number): number =>
  processedMpps({
    host: x520Host,
    machine: XEON,
    rings: 4096,
    stack: () => pfRingZc(options),
    ...linkGbps === undefined ? {} : { linkGbps },
  }, expected);

const vanilla = (application: PfRingApplication, expected: number): number =>
  processedMpps({
    host: x520Host,
    machine: XEON,
    stack: () => pfRing({ applications: [application] }),
  }, expected);

Deno.test("pf_ring R01, R02, S08: ZC receives 20 Mpps a core where the line lets it, and what a line of 10 Gb/s has", () => {
  near(zc({ application: "zcount" }, 20, 40), "R01", 0.03);
  const line = zc({ application: "zcount" }, LINE);
  near(line, "R02");
  near(line, "S08", 0.02);
});

Deno.test("pf_ring 8.10: zbounce sends what a line of 10 Gb/s brings", () => {
  const rate = zc({ application: "zbounce" }, LINE);
  assert(rate > 14.8 && rate < 14.9, `${rate} Mpps of 14.88`);
  // a look-up and a rewrite more, and the core is what limits
  const routes = zc({}, 9);
  assert(routes > 7 && routes < 11, `${routes} Mpps`);
});

Deno.test("pf_ring R04, R05: a process sends 1.3 Mpps by system calls", () => {
  const frames = 4000;
  const testbed = new Testbed(
    pfRing({ applications: [{ application: "pfsend", frames }] }),
    XEON,
    { patiencePs: 1e10 },
  );
  // a lone frame keeps the run open until its horizon; nothing else is received
  const o = testbed.run(scenarioOf([{ at: 9e9, port: 1 }], { txRing: 512, spareBuffers: 4000 }));
  // a process on each of two ports, both on one core
  assertEquals([o.outCount, counter(testbed.report(), /TX: Send Ok/)], [2 * frames, 2 * frames]);
  const mpps = frames / ((o.outEnd[2 * frames - 1]! - o.outEnd[frames - 1]!) / 1e6);
  near(mpps, "R04", 0.03);
  near(mpps, "R05");
});

Deno.test("pf_ring invariant 18: vanilla receives no more than the kernel does, and ZC five times as much", () => {
  const counts = vanilla({ application: "pfcount", direction: "rx", wait: "active" }, 2.4);
  const kernel = processedMpps({
    host: x520Host,
    machine: XEON,
    stack: () =>
      pfRing({ ipForward: true, applications: [{ application: "pfcount", direction: "tx" }] }),
    faults: { badChecksum: 1 },
  }, 3);
  assert(counts > 1 && counts < 3, `${counts} Mpps`);
  assert(counts < kernel, `${counts} and ${kernel} Mpps`);
  const bypass = zc({ application: "zcount" }, LINE);
  assert(bypass > 5 * counts, `${bypass} and ${counts} Mpps`);
});

Deno.test("pf_ring rates follow the clock of the core", () => {
  const at = (mhz: number): number =>
    processedMpps({
      host: x520Host,
      machine: clockedAt(XEON, mhz),
      stack: () => pfRing({ applications: [{ application: "pfcount", direction: "rx" }] }),
    }, mhz / 1000);
  const ratio = at(2400) / at(1200);
  assert(Math.abs(ratio - 2) < 0.1, `${ratio}`);
});
