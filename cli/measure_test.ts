// Aim: each figure of a report follows from the observation by its definition.
// Method: an observation of a few packets written by hand, and the figures computed by hand.
import { assertEquals } from "@std/assert";
import { Observation, REASON, type Traffic } from "../core/mod.ts";
import { measure, quantile } from "./measure.ts";

/** Packets of 100 bytes on port 0, one each microsecond from 1 us on. */
function traffic(count: number): Traffic {
  return {
    count,
    port: new Uint8Array(count),
    at: Float64Array.from({ length: count }, (_, i) => (i + 1) * 1e6),
    offset: new Uint32Array(count),
    length: new Uint32Array(count).fill(100),
    bytes: new Uint8Array(100),
  };
}

function observation(): Observation {
  const o = new Observation();
  o.reset(7, "tlp");
  const place = o.addPlace("somewhere");
  const bytes = new Uint8Array(100);
  o.emit(1, 0, place, 3.9e6, 4e6, bytes, 0, 100); // 2 us after its arrival
  o.emit(0, 0, place, 4.9e6, 5e6, bytes, 0, 100); // 4 us
  o.emit(2, 0, place, 10.9e6, 11e6, bytes, 0, 100); // 8 us
  o.drop(3, REASON.ttl, place, 4e6);
  o.drop(4, REASON["rx-missed"], place, 5e6, 8);
  o.freed(5, place, 6e6);
  o.copiedBytes = 150;
  o.doorbells = 6;
  o.interrupts = 3;
  o.end = "horizon";
  o.endPs = 20e6;
  o.events = 42;
  o.traceHash = -1;
  o.lcores = [
    { lcore: 0, busyPs: 20e6, usefulPs: 5e6, totalPs: 20e6 },
    { lcore: 1, busyPs: 0, usefulPs: 0, totalPs: 20e6 },
  ];
  o.links = [
    { name: "nic0>switch", payloadBytes: 300, tlpBytes: 360, tlps: [3, 1, 0] },
    { name: "switch>host", payloadBytes: 30, tlpBytes: 60, tlps: [1, 0, 2] },
  ];
  return o;
}

Deno.test("measure counts every fate and names every reason", () => {
  const { offered, forwarded, dropped, freed, waiting } = measure(traffic(7), observation());
  assertEquals({ offered, forwarded, dropped, freed, waiting }, {
    offered: 7,
    forwarded: 3,
    dropped: [{ reason: "ttl", packets: 1 }, { reason: "rx-missed", packets: 1 }],
    freed: 1,
    waiting: 1,
  });
});

Deno.test("measure gives rates until the last arrival and until the last frame has left", () => {
  const { offeredMpps, forwardedMpps } = measure(traffic(7), observation());
  assertEquals([offeredMpps, forwardedMpps], [1, 0.3]);
});

Deno.test("measure gives latency from last bit in to last bit out, by packet", () => {
  const { min, p50, p90, p99, max, cdf } = measure(traffic(7), observation()).latencyNs!;
  assertEquals([min, p50, p90, p99, max], [2000, 4000, 8000, 8000, 8000]);
  // one packet of three has 2 us: a share of 0.33 does, one of 0.34 does not
  assertEquals(cdf.filter(({ ns }) => ns === 2000).at(-1)!.share, 0.33);
});

Deno.test("measure gives CPU, copies and PCIe per packet forwarded", () => {
  const { cpu, copies, pcie, doorbells, interrupts } = measure(traffic(7), observation());
  assertEquals([cpu.busy, cpu.useful], [0.5, 0.125]);
  assertEquals(cpu.lcores, [{ busy: 1, useful: 0.25 }, { busy: 0, useful: 0 }]);
  assertEquals(copies, 0.5);
  assertEquals([pcie.payloadBytes, pcie.tlpBytes, pcie.rootTlpBytes], [110, 140, 20]);
  assertEquals(pcie.links[1]!.tlps, { posted: 1, nonPosted: 0, completion: 2 });
  assertEquals([doorbells, interrupts], [2, 1]);
});

Deno.test("measure tells how the run ended", () => {
  const { run } = measure(traffic(7), observation());
  assertEquals(run, { end: "horizon", virtualUs: 20, events: 42, traceHash: "ffffffff" });
});

Deno.test("measure has no figure per packet where none was forwarded", () => {
  const o = new Observation();
  o.reset(1, "coarse");
  const figures = measure(traffic(1), o);
  assertEquals(figures.latencyNs, null);
  assertEquals([figures.copies, figures.doorbells, figures.pcie.tlpBytes], [null, null, null]);
  assertEquals([figures.offeredMpps, figures.forwardedMpps], [null, null]);
});

Deno.test("quantile is the least value that a share of all does not exceed", () => {
  const sorted = Float64Array.of(1, 1, 2, 3, 5, 8, 13);
  for (let percent = 0; percent <= 100; percent++) {
    const share = percent / 100;
    const least = sorted.find((x) => sorted.filter((y) => y <= x).length / 7 >= share - 1e-12);
    assertEquals(quantile(sorted, share), least, `at ${share}`);
  }
});
