// Aim: every counter says what happened, and the tools' views say what the counters do.
// Method: one run with losses, whose counts have to add up; then each view against the rows.
import { Histogram } from "./histogram.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { REASON } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { gapPs, run } from "./_rig_for_tests.ts";
import { snabb, SNABB_POLICY, SNABB_VIEWS, type SnabbView, snabbView } from "./mod.ts";
import { settingsOf } from "./options.ts";

/** Losses at the NIC and in the router, at one port. */
function lossy() {
  return run(stream(5000, gapPs(22), (i) => ({ ttl: i % 10 === 0 ? 1 : 64, size: 60 + i % 40 })), {
    geometry: { rxRing: 256, ingress: 64 },
  });
}

Deno.test("snabb: counters of NICs, links, router and engine add up to the generator's count", () => {
  const { o, n } = lossy();
  const missed = o.dropped[REASON["rx-missed"]]!;
  assert(missed > 100 && n("apps/router/discarded") > 100);
  assertEquals(n("apps/nic0/rxpackets") + missed, 5000);
  assertEquals(n("apps/nic0/rxpackets"), n("links/nic0.output -> router.nic0/txpackets"));
  assertEquals(n("links/nic0.output -> router.nic0/rxpackets"), n("apps/nic0/rxpackets"));
  assertEquals(
    n("apps/nic0/rxpackets"),
    n("apps/router/discarded") + n("links/router.nic1 -> nic1.input/txpackets"),
  );
  assertEquals(n("apps/nic1/txpackets"), o.emitted);
  assertEquals(n("apps/nic1/txbytes"), o.ports[1]!.txBytes);
  assertEquals(n("links/nic0.output -> router.nic0/rxbytes"), n("apps/nic0/rxbytes"));
  // what was sent last is freed by the next push
  assert(n("engine/frees") <= n("apps/nic0/rxpackets") && n("engine/frees") > 0);
});

Deno.test("snabb 8.13: top, tree, load, links, latency and vmprofile print what the counters say", () => {
  const { testbed, n, o } = lossy();
  const view = (name: SnabbView) => snabbView(name, testbed.report());
  const top = view("top").split("\n");
  assertEquals(top[0], " Kfrees/s        freeGbytes/s    breaths/s");
  assertEquals(top[3], " Links (rx/tx/txdrop in Mpps)    rx      tx      rxGb    txGb    txdrop");
  const [kfrees, , breaths] = top[1]!.trim().split(/ +/).map(Number);
  assert(Math.abs(kfrees! - n("engine/frees") / n("engine/time") / 1000) < 0.01);
  assert(Math.abs(breaths! - n("engine/breaths") / n("engine/time")) < 1);
  assertEquals(top.length, 4 + 4, "a line for each of four links");
  assert(top.some((line) => /^ nic0\.output -> router\.nic0 +\d+\.\d\d +\d+\.\d\d /.test(line)));

  const links = view("links").split("\n");
  assertEquals(links[0], "link report:");
  const sent = String(o.emitted).replace(/(\d)(\d{3})$/, "$1,$2").padStart(20);
  assert(
    links.includes(`${sent} sent on router.nic1 -> nic1.input (loss rate: 0%)`),
    links.join("\n"),
  );
  assert(
    /^load: time: 0\.00s {2}fps: [\d,]+ +fpGbps: \d+\.\d{3} fpb: \d+ +bpp: \d\d +sleep: \d+ +us$/
      .test(view("load")),
    view("load"),
  );
  assert(
    /^latency: p50 [\d.]+ us {2}p99 [\d.]+ us {2}max [\d.]+ us {2}\([\d,]+ breaths\)$/.test(
      view("latency"),
    ),
    view("latency"),
  );
  const zones = view("vmprofile").split("\n");
  assertEquals(zones.length, 3);
  const shares = zones.map((line) => parseFloat(line));
  assert(
    Math.abs(shares.reduce((a, b) => a + b) - 100) < 0.3 && shares[0]! >= shares[2]!,
    `${shares}`,
  );
  const tree = view("tree");
  for (
    const path of ["PID 0", "  engine", "  links", "  apps", `    breaths  ${n("engine/breaths")}`]
  ) {
    assert(tree.split("\n").includes(path), path);
  }
  assertThrows(
    () => view("htop" as SnabbView),
    TypeError,
    `Cannot print "htop": it is not one of ${SNABB_VIEWS.join(", ")}`,
  );
});

Deno.test("snabb 8.13: a full link's loss rate is that of its drops", () => {
  const { testbed, n } = run(
    [0, 2].flatMap((port) => stream(300, 205e3, () => ({ port, size: 1000, dst: 0x0a010001 }))),
    { options: { linkRingSize: 32 }, geometry: { ports: 3, rxRing: 64, txRing: 16, ingress: 64 } },
  );
  const spec = "router.nic1 -> nic1.input";
  const [sent, drop] = [n(`links/${spec}/txpackets`), n(`links/${spec}/txdrop`)];
  const rate = Math.floor(drop * 100 / (drop + sent));
  assert(rate > 5);
  const links = snabbView("links", testbed.report());
  assert(
    links.includes(`${String(sent).padStart(20)} sent on ${spec} (loss rate: ${rate}%)`),
    links,
  );
});

Deno.test("snabb declares loss at full links, and weakens nothing else", () => {
  assertEquals(SNABB_POLICY, { ...STRICT, congestion: ["rx-missed", "ring-full"] });
});

Deno.test("snabb has the original's defaults and refuses knobs out of range", () => {
  assertEquals(settingsOf({}), {
    design: null,
    Hz: false,
    busywait: false,
    maxsleep: 100,
    linkRingSize: 1024,
    maxPackets: null,
    groupFreelist: true,
    chunkSize: 2048,
    jit: "warm",
    gcEveryBreaths: 1000,
    gcPauseUs: 0,
    timelineEvents: 4096,
    developerDebug: true,
  });
  const wrong: [Parameters<typeof snabb>[0], string][] = [
    [{ Hz: 0 }, "Hz 0 is not an integer in 1..10000000"],
    [{ maxsleep: 0 }, "maxsleep 0"],
    [{ linkRingSize: 1000 }, "linkRingSize 1000 is not a power of two"],
    [{ linkRingSize: 1 }, "linkRingSize 1 is not an integer in 2..65536"],
    [{ maxPackets: 1.5 }, "maxPackets 1.5"],
    [{ chunkSize: -1 }, "chunkSize -1"],
    [{ gcPauseUs: NaN }, "gcPauseUs NaN"],
    [{ timelineEvents: 0 }, "timelineEvents 0"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => snabb(options), RangeError, `Cannot configure snabb: ${message}`);
  }
  const jit = { jit: "tepid" as "cold" };
  assertThrows(() => snabb(jit), TypeError, 'jit tepid is neither "warm" nor "cold"');
});

Deno.test("Histogram: a quantile is no less than the duration of that rank, and more by a bucket at most", () => {
  const durations = fc.array(fc.double({ min: 1.1e-6, max: 0.9, noNaN: true }), {
    ...{ minLength: 1, maxLength: 60, size: "max" as const },
  });
  const bucket = (1 / 1e-6) ** (1 / 507);
  fc.assert(fc.property(durations, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, share) => {
    const histogram = new Histogram(1e-6, 1);
    for (const one of all) histogram.add(one);
    const rank = Math.max(1, Math.ceil(share * all.length));
    const exact = [...all].sort((a, b) => a - b)[rank - 1]!;
    const got = histogram.quantile(share);
    assert(got >= exact * 0.9999999 && got <= exact * bucket * 1.0000001, `${got} for ${exact}`);
    assertEquals([histogram.total, histogram.longest], [all.length, Math.max(...all)]);
    const many = all.filter((one) => one >= exact).length;
    assert(histogram.atLeast(exact) >= many);
  }));
});
