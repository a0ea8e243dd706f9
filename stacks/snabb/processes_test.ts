// Aim: several processes share NICs by queues and packets by chunks, pass packets over interlinks that never show one too
// early, and scale as far as nothing is shared.
// Method: whole runs on several lcores; a random walk over one interlink with both ends' clocks.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Offer, stream } from "../../core/machine/_scenario_for_tests.ts";
import { Interlink, Interlinks } from "./interlink.ts";
import { broken, gapPs, profileOf, run } from "./_rig_for_tests.ts";
import { SNABB_APPS, snabbDesigns, type SnabbModules } from "./mod.ts";

const { Intel, Sink, Source, Receiver, Transmitter } = SNABB_APPS as Record<
  string,
  typeof SNABB_APPS.Intel
>;

/** One flow, so that one process receives all of it. */
const oneFlow = (count: number, mpps: number): Offer[] =>
  stream(count, gapPs(mpps), () => ({ srcPort: 7 }));

Deno.test("snabb 8.7: what one process frees and another allocates goes back by the group freelist, in chunks", () => {
  const { o, n } = run(oneFlow(5000, 3), {
    options: { design: snabbDesigns.relay, chunkSize: 64, linkRingSize: 256, maxPackets: 2000 },
    geometry: { lcores: 2, rxRing: 128, txRing: 128 },
    buffers: 5200,
  });
  assertEquals(o.emitted, 5000);
  // one process has received all, the other sent all
  const [receiver, sender] = n("apps/nic0/rxpackets", 0) > 0 ? [0, 1] : [1, 0];
  assertEquals([n("apps/nic0/rxpackets", receiver), n("apps/nic1/txpackets", sender)], [
    5000,
    5000,
  ]);
  assert(n("packet/chunks returned", sender) > 20, `${n("packet/chunks returned", sender)} chunks`);
  assert(
    n("packet/chunks reclaimed", receiver) > 20,
    `${n("packet/chunks reclaimed", receiver)} chunks`,
  );
  assertEquals([n("packet/chunks returned", receiver), n("packet/chunks reclaimed", sender)], [
    0,
    0,
  ]);
  assertEquals(o.findings.find(({ id }) => id === "SNABB-13"), { id: "SNABB-13", broken: null });
  assertEquals(broken(o), []);
});

Deno.test("snabb 8.7: without a group freelist the receiver runs out of packets", () => {
  assertThrows(
    () =>
      run(oneFlow(5000, 3), {
        options: {
          design: snabbDesigns.relay,
          groupFreelist: false,
          linkRingSize: 256,
          maxPackets: 1700,
        },
        geometry: { lcores: 2, rxRing: 128, txRing: 128 },
      }),
    RangeError,
    "packet allocation overflow",
  );
});

Deno.test("snabb 8.7: a process that ends gives all of its packets to the group", () => {
  const design = (process: SnabbModules): void => {
    snabbDesigns.router(process);
    if (process.pid !== 1) return;
    process.timer.activate(process.timer.new("exit", () => process.exit(), 30));
  };
  const { o, n, processes } = run(stream(300, 2e5, (i) => ({ srcPort: i })), {
    options: { design, chunkSize: 64 },
    geometry: { lcores: 2, rxRing: 64, txRing: 64 },
    patiencePs: 3e8,
  });
  const gone = processes[1] as unknown as {
    packet: { allocated: number; freelist: { nfree: number } };
  };
  assertEquals(gone.packet.freelist.nfree, 0);
  assertEquals(n("group/packets"), gone.packet.allocated);
  assert(o.faultCount === 0, o.faults[0]?.kind);
});

/** One process makes packets, the other takes them. */
function pair({ config, engine, pid }: SnabbModules): void {
  const c = config.new();
  if (pid === 0) {
    config.app(c, "source", Source!);
    config.app(c, "to", Transmitter!, { queue: "group/q", size: 1024 });
    config.link(c, "source.output -> to.input");
  } else {
    config.app(c, "from", Receiver!, { queue: "group/q" });
    config.app(c, "sink", Sink!);
    config.link(c, "from.output -> sink.input");
  }
  engine.configure(c);
}

Deno.test("snabb 8.8: an interlink carries tens of millions of packets a second, with a look at a shared line for many", () => {
  const late = stream(1, 0, () => ({}), 400e6);
  const { o, n, finding } = run(late, {
    options: { design: pair, maxPackets: 3500, chunkSize: 256, linkRingSize: 128 },
    geometry: { lcores: 2, rxRing: 64, txRing: 64 },
    patiencePs: 1e6,
  });
  const packets = n("group/interlink/group/q/packets");
  const mpps = packets / (o.endPs * 1e-6);
  assert(mpps > 20 && mpps < 80, `${mpps} Mpps`);
  const perLook = packets / n("group/interlink/group/q/syncs");
  assert(perLook > 4, `${perLook} packets for each look at the other's cursor`);
  assertEquals(n("links/from.output -> sink.input/txpackets", 1), packets);
  // the run ends at its horizon, so nothing was audited: the checker was there all the same
  assertEquals(finding(14), undefined);
});

Deno.test("Interlink shows nothing before it was pushed, and reuses no slot before it was pulled, at any times", () => {
  const step = fc.record({
    who: fc.constantFrom("producer", "consumer"),
    // how long the body of this step runs on its own lcore
    takes: fc.integer({ min: 1, max: 50 }),
    after: fc.integer({ min: 0, max: 60 }),
    packets: fc.nat({ max: 6 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const link = new Interlink("q", 8, true);
    let now = 0;
    const busy = { producer: 0, consumer: 0 };
    let [sent, got] = [0, 0];
    const pushes: { at: number; count: number }[] = [];
    for (const { who, takes, after, packets } of steps) {
      now = Math.max(now + after, busy[who]);
      if (who === "producer") {
        for (let i = 0; i < packets && !link.full(now); i++) link.insert(sent++);
        link.push(now + takes);
        pushes.push({ at: now + takes, count: sent });
      } else {
        const visible = pushes.filter(({ at }) => at <= now).at(-1)?.count ?? 0;
        for (let i = 0; i < packets && !link.empty(now); i++) assertEquals(link.extract(), got++);
        assert(got <= visible, `${got} packets seen, ${visible} pushed by ${now}`);
        link.pull(now + takes);
      }
      busy[who] = now + takes;
      assert(sent - got <= 7);
    }
    assertEquals(link.watch!.broken, null);
  }));
});

Deno.test("Interlinks: either end comes and goes first, a second one of a kind is refused, the last frees what is left", () => {
  const links = new Interlinks(true);
  const q = links.attach("q", "transmitter", 8);
  assertEquals(q.state, "TXUP");
  assertThrows(() => links.attach("q", "transmitter", 8), RangeError, "it is TXUP");
  assertThrows(() => links.attach("q", "receiver", 16), RangeError, "it has 8 slots, not 16");
  assert(links.attach("q", "receiver", 8) === q);
  assertEquals(q.state, "DXUP");
  q.insert(5);
  q.insert(6);
  q.push(0);
  const freed: number[] = [];
  links.detach(q, "receiver", (p) => freed.push(p));
  assertEquals([q.state, freed], ["TXUP", []]);
  assert(links.attach("q", "receiver", 8) === q, "another receiver takes its place");
  links.detach(q, "transmitter", (p) => freed.push(p));
  assertEquals([q.state, freed], ["RXUP", []]);
  links.detach(q, "receiver", (p) => freed.push(p));
  assertEquals([q.state, freed, [...links.all()].length], ["DOWN", [5, 6], 0]);
  assert(links.attach("q", "receiver", 16) !== q, "a new one");
});

Deno.test("snabb 8.14: RSS shares flows out among processes, what is not IP comes to queue 0", () => {
  const offers = stream(900, 3e5, (i) => ({
    srcPort: i % 60,
    ...i % 9 === 0 ? { edit: (frame: Uint8Array) => frame.set([0x86, 0xdd], 12) } : {},
  }));
  const { o, n } = run(offers, { geometry: { lcores: 3, rxRing: 128, txRing: 128 } });
  const taken = [0, 1, 2].map((pid) => n("apps/nic0/rxpackets", pid));
  assertEquals(taken.reduce((sum, packets) => sum + packets), 900);
  for (const packets of taken) assert(packets > 100, `${taken}`);
  assertEquals([0, 1, 2].map((pid) => n("apps/router/discarded", pid)), [100, 0, 0]);
  assertEquals(o.findings.find(({ id }) => id === "SNABB-15"), { id: "SNABB-15", broken: null });
});

Deno.test("snabb 8.14: VMDq leads addresses to processes, others to the first", () => {
  const design = (process: SnabbModules): void => {
    const { config, engine, pid } = process;
    const c = config.new();
    const macaddr = `02:00:00:00:00:0${pid}`;
    config.app(c, "nic0", Intel!, { pciaddr: "0000:00:00.0", vmdq: true, macaddr });
    config.app(c, "sink", Sink!);
    config.link(c, "nic0.output -> sink.input");
    engine.configure(c);
  };
  const offers = stream(400, 3e5, (i) => ({
    srcPort: i,
    edit: (frame: Uint8Array) => frame.set([2, 0, 0, 0, 0, i % 4]),
  }));
  const { n } = run(offers, {
    options: { design },
    geometry: { lcores: 3, rxRing: 128, txRing: 128 },
  });
  assertEquals([0, 1, 2].map((pid) => n("apps/nic0/rxpackets", pid)), [200, 100, 100]);
  const no = ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "nic0", Intel!, { pciaddr: "0000:00:00.0", vmdq: true });
    engine.configure(c);
  };
  assertThrows(() => run([], { options: { design: no } }), TypeError, "vmdq needs a macaddr");
});

Deno.test("snabb 8.16: a core is a process, and three forward three times as much as one but for uneven RSS", () => {
  // slow cores, so that the NIC is not the limit
  const rates = [1, 3].map((lcores) => {
    const offers = stream(3000 * lcores, gapPs(lcores * 6), (i) => ({ srcPort: i % 600 }));
    const { o } = run(offers, {
      geometry: { lcores, rxRing: 256, txRing: 256, ingress: 256 },
      profile: profileOf(1000),
    });
    const [from, to] = [150e6, 500e6];
    let frames = 0;
    for (let i = 0; i < o.outCount; i++) if (o.outEnd[i]! > from && o.outEnd[i]! < to) frames++;
    return frames / (to - from) * 1e6;
  });
  const scale = rates[1]! / rates[0]!;
  assert(scale > 2.7 && scale <= 3.05, `${rates} Mpps`);
});
