// Aim: the counters of a run reconcile with the frames that were sent, and read as their tools print them.
// Method: one run of each stack; its views against the numbers of frames.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { run, steady } from "./_scenario_for_tests.ts";
import { afXdp, xdp, xdpBench, xdpView } from "./mod.ts";

const GAP = 300_000;

Deno.test("xdpView xdp-monitor shows redirects, losses and the average bulk", () => {
  const burst = steady(320, 10_000);
  const { report } = run(xdp(xdpBench("xdp_redirect_map")), burst, { rxRing: 512, ingress: 512 });
  const text = xdpView("xdp-monitor", report).split("\n");
  assertEquals(text[0], "  redirect total      320 redir");
  assertEquals(text[1], "  redirect_err        0 drop");
  const average = Number(/320 xmit {2}0 drop {2}(\S+) bulk-avg/.exec(text[3]!)![1]);
  assert(average > 12 && average <= 16, text[3]);
});

Deno.test("xdpView bpftool prog show counts runs, ip -d link names the program", () => {
  const { report } = run(xdp(xdpBench("xdp_pass")), steady(7, GAP));
  assert(
    xdpView("bpftool prog show", report).includes("2: xdp  name xdp_pass  run_cnt 7\n\txlated 16B"),
  );
  assertEquals(xdpView("ip -d link", report).split("\n")[1], "    prog/xdp id 2");
});

Deno.test("xdpView ss --xdp shows XDP_STATISTICS of each socket", () => {
  const { report } = run(afXdp(), steady(9, GAP));
  const text = xdpView("ss --xdp", report);
  assert(
    text.startsWith("xdp  UNCONN  eth0:q0\n\t rx:9 tx:0\n\t stats(rx dropped:0,invalid:0,q full:0"),
    text,
  );
});

Deno.test("xdpView refuses a view that is none", () => {
  assertThrows(() => xdpView("xdp-top" as never, []), TypeError, 'Cannot print "xdp-top"');
});
