// Aim: the Intel app touches registers, rings and packets as the original does, and a late process loses its own packets.
// Method: counts of register accesses against breaths, and runs that differ in one cost or one process.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { REASON } from "../../core/policy.ts";
import { broken, gapPs, profileOf, run } from "./_rig_for_tests.ts";
import { SNABB_APPS, snabbDesigns, type SnabbModules } from "./mod.ts";

Deno.test("snabb 8.9: RDT, TDT and TDH are touched once a breath, whether packets came or not", () => {
  const { o, n } = run(stream(50, 20e6), { geometry: { rxRing: 64, txRing: 64 } });
  assertEquals(o.emitted, 50);
  for (const port of [0, 1]) {
    // the last breath may be under way
    for (const register of ["RDT writes", "TDT writes", "TDH reads"]) {
      assertAlmostEquals(n(`apps/nic${port}/${register}`), n("engine/breaths"), 1, register);
    }
  }
  assert(n("engine/breaths") > 100, "most of them idle");
  assertEquals(o.doorbells, n("apps/nic0/RDT writes") * 4 + 2, "and two that filled the rings");
  assertEquals(o.copiedBytes + o.interrupts, 0);
  assertEquals(broken(o), []);
});

Deno.test("snabb 8.9: the core waits for each read of TDH, which is hundreds of nanoseconds across PCIe", () => {
  const times = [0, 1000].map((tdhRead) => {
    const profile = profileOf();
    const costs = { ...profile.costs, "snabb.tdhRead": tdhRead };
    const { o, n } = run(stream(40, 30e6), {
      profile: { ...profile, costs },
      options: { maxsleep: 1 },
    });
    assertEquals(o.emitted, 40);
    const cycles = n("vmprofile/Intel") + n("vmprofile/engine") + n("vmprofile/Router");
    return cycles / n("engine/breaths");
  });
  // two NICs: two reads a breath
  assertAlmostEquals(times[1]! - times[0]!, 2000, 20);
  assert(1000 / 3.4 > 200 && 1000 / 3.4 < 900, "nanoseconds, at this clock");
});

Deno.test("snabb 8.9: with Drop_En a late process loses its own packets, and others lose none", () => {
  /** Process 1 does something else for 200 us, once. */
  const design = (process: SnabbModules): void => {
    snabbDesigns.router(process);
    if (process.pid !== 1) return;
    process.timer.activate(process.timer.new("late", () => process.charge(200 * 3400), 20));
  };
  const offers = stream(2000, gapPs(6), (i) => ({ srcPort: i % 50 }));
  const { o, n } = run(offers, {
    options: { design },
    geometry: { lcores: 2, rxRing: 128, txRing: 128, ingress: 64 },
  });
  assertEquals(n("apps/nic0/rxdrop", 0), 0);
  assert(n("apps/nic0/rxdrop", 1) > 200, `${n("apps/nic0/rxdrop", 1)} packets`);
  assertEquals(o.dropped[REASON["rx-missed"]], n("apps/nic0/rxdrop", 1));
  assertEquals(o.emitted + n("apps/nic0/rxdrop", 1), 2000);
  for (let p = 0; p < o.count; p++) {
    if (o.reason[p] !== REASON["rx-missed"]) continue;
    assertEquals(o.places[o.place[p]!], { name: "nic0 receive ring 1", capacity: 127 });
  }
  assertEquals(broken(o), []);
});

Deno.test("snabb: a full transmit ring keeps packets in its link, which drops when it is full", () => {
  // two ports of 40 Gb/s into one, frames of 1000 bytes
  const offers = [0, 2].flatMap((port) =>
    stream(600, 205e3, () => ({ port, size: 1000, dst: 0x0a010001 }))
  );
  const { o, n } = run(offers, {
    options: { linkRingSize: 128 },
    geometry: { ports: 3, rxRing: 64, txRing: 32, ingress: 64 },
  });
  const spec = "links/router.nic1 -> nic1.input";
  assert(n(`${spec}/txdrop`) > 100, `${n(`${spec}/txdrop`)} packets`);
  assertEquals(o.dropped[REASON["ring-full"]], n(`${spec}/txdrop`));
  assertEquals(n(`${spec}/txpackets`), n("apps/nic1/txpackets"));
  const missed = o.dropped[REASON["rx-missed"]]!;
  assertEquals(o.emitted + missed + n(`${spec}/txdrop`), 1200);
  assertEquals(broken(o), []);
});

Deno.test("snabb: an app that goes while its transmit ring is full frees each packet when it was sent", () => {
  const { o, processes } = run(stream(300, 205e3, () => ({ size: 1000, dst: 0x0a010001 })), {
    options: {
      design(process) {
        const { config, engine, timer } = process;
        const c = config.new();
        // a source is faster than a port of 10 Gb/s
        config.app(c, "source", SNABB_APPS.Source!, { size: 1000 });
        config.app(c, "nic1", SNABB_APPS.Intel!, { pciaddr: "0000:01:00.0" });
        config.link(c, "source.output -> nic1.input");
        engine.configure(c);
        timer.activate(timer.new("end", () => engine.configure(config.new()), 15));
      },
    },
    profile: profileOf(3400, 10),
    geometry: { txRing: 128 },
    patiencePs: 1e9,
  });
  const { packet } = processes[0] as unknown as {
    packet: { allocated: number; freelist: { nfree: number } };
  };
  assertEquals(packet.freelist.nfree, packet.allocated, "every packet is free again");
  assertEquals(o.faultCount, 0, `${o.faults[0]?.kind}`);
});
