// Aim: one process sends and receives at line rate with large batches and is bound by system calls with small ones; it
// sleeps when there is nothing; reports, moderation and reclaiming do what they say.
// Method: pkt-gen on a 10 Gb/s port, rates from the frames that left, counters by hand.
import { assert, assertEquals } from "@std/assert";
import { type Offer, stream } from "../../core/machine/_scenario_for_tests.ts";
import { FATE } from "../../core/machine/observation.ts";
import { REASON } from "../../core/policy.ts";
import { frame, type Rig, rig, scenario, sentPps, wire10Ps, x520At } from "./_rig_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { netmap } from "./mod.ts";
import { Receiver, Sender, type SenderOptions } from "./pkt_gen.ts";

const LINE_PPS = 1e12 / wire10Ps(60);
/** Long rings, so that what waits to be reclaimed does not stop the line. */
const ONE_PORT = { ports: 1, rxRing: 2048, txRing: 2048, ingress: 512 };

/** `pkt-gen -f tx` on eth0. */
function send(
  mhz: number,
  options: Partial<SenderOptions>,
  settings = {},
  rings = {},
): Rig & { tx: Sender } {
  let tx: Sender | null = null;
  const geometry = { ...ONE_PORT, ...rings };
  const run = rig({ profile: x520At(mhz), geometry, settings }, (host, env) => {
    const all = { batch: 512, count: 4000, frame: frame(), ...options };
    tx = new Sender(env, 0, host.costs, host.kernel.open("netmap:eth0"), all);
  });
  return { ...run, tx: tx! };
}

/** `pkt-gen -f rx` on eth0, with so many frames at a rate. */
function receive(mhz: number, offers: readonly Offer[], batch = 512, settings = {}) {
  let rx: Receiver | null = null;
  const options = { profile: x520At(mhz), geometry: ONE_PORT, offers, settings };
  const run = rig(options, (host, env) => {
    rx = new Receiver(env, 0, host.costs, host.kernel.open("netmap:eth0"), batch);
  });
  return { ...run, rx: rx! };
}

Deno.test("netmap 8.1: pkt-gen sends and receives 14.88 Mpps at 900 MHz with batches, and falls with one packet a call", () => {
  const rates = [1, 2, 4, 8, 16, 64, 512].map((batch) => {
    const { o, tx } = send(900, { batch });
    assertEquals([o.outCount, tx.stats.pkts], [4000, 4000]);
    return sentPps(o, 1000);
  });
  for (let i = 1; i < rates.length; i++) assert(rates[i]! > rates[i - 1]! * 0.999, `${rates}`);
  // more than a call costs cannot be saved: one packet a call is several times slower
  assert(rates[0]! < LINE_PPS / 4, `${rates[0]} pps with one packet a call`);
  assert(rates[1]! > 1.6 * rates[0]!, "two packets share a call");
  for (const pps of rates.slice(5)) assert(pps > 0.98 * LINE_PPS, `${pps} pps`);
  assert(sentPps(send(300, { batch: 512 }).o, 1000) < 0.4 * LINE_PPS, "a third of the clock");
  const { o, rx } = receive(900, stream(4000, wire10Ps(60)));
  assertEquals([rx.stats.pkts, o.dropped[REASON["rx-missed"]]], [4000, 0]);
  const slow = receive(400, stream(8000, wire10Ps(60)));
  assert(slow.o.dropped[REASON["rx-missed"]]! > 1000, "400 MHz are not enough");
  assertEquals(
    slow.rx.stats.pkts + slow.o.dropped[REASON["rx-missed"]]!,
    8000,
    "lost at the NIC alone",
  );
});

Deno.test("netmap 8.3: a process in poll sleeps at idle and takes almost no time at low load", () => {
  const idle = receive(3400, [{ port: 0, at: 1e6 }, { port: 0, at: 1.9e9 }]);
  assertEquals(idle.rx.stats.pkts, 2);
  const [{ busyPs, totalPs }] = [idle.o.lcores[0]!];
  assert(busyPs < 0.01 * totalPs, `${busyPs} of ${totalPs} ps`);
  assert(idle.rx.process.blocked && idle.rx.poll.sleeps <= 4, `${idle.rx.poll.sleeps} sleeps`);
  assertEquals(idle.o.lcores[0]!.busyPs, idle.o.lcores[0]!.usefulPs, "it never polls in vain");
  // under load it does not sleep at all
  const busy = receive(900, stream(4000, wire10Ps(60)));
  assert(busy.rx.process.switches < 20, `${busy.rx.process.switches} context switches`);
  assert(busy.rx.process.calls < 4000 / 20, `${busy.rx.process.calls} system calls`);
});

Deno.test("netmap invariant 11: a packet that comes while poll asks other descriptors keeps it from sleeping", () => {
  // asking four descriptors takes longer than an interrupt is on its way
  const testbed = new Testbed(netmap({ itrUs: 0 }), x520At(300));
  for (let delay = 6e6; delay < 18e6; delay += 150_000) {
    // the first takes slot 0, whose report would wake anybody; the second wakes the process, and the third comes at
    // any instant until it sleeps again
    const at = 1e8;
    const offers = [1e6, at, at + wire10Ps(60) + delay].map((at) => ({ port: 0, at }));
    const o = testbed.run(scenario(offers, { ports: 4, rxRing: 8, txRing: 8 }));
    assertEquals([o.end, o.emitted], ["quiet", 3], `${delay} ps later`);
  }
});

Deno.test("netmap 8.6: NS_REPORT makes each batch known as sent, without it only half a ring", () => {
  const reported = send(3400, { batch: 8, count: 64 });
  const silent = send(3400, { batch: 8, count: 64, report: false });
  const reports = ({ host }: Rig) => host.queues[0]!.native!.reports;
  assertEquals(reports(silent), 1, "slot 0");
  assertEquals(reports(reported), 1 + 8, "slot 0 and the last of each batch");
  // what nobody reports looks busy though it was sent
  assertEquals([reported.tx.done, silent.tx.done], [true, false]);
  const ring = silent.host.queues[0]!.tx.ring;
  assertEquals([silent.o.outCount, ring.space], [64, 2047 - 63]);
  assertEquals(reported.host.queues[0]!.tx.ring.space, 2047);
});

Deno.test("netmap 8.14: a longer interval between interrupts costs latency and saves CPU time", () => {
  const sparse = stream(300, 4e6);
  const [[soon, dear], [late, cheap]] = [5, 80].map((itrUs) => {
    const { o, rx } = receive(3400, sparse, 512, { itrUs });
    assertEquals(rx.stats.pkts, 300);
    let waited = 0;
    for (let p = 0; p < o.count; p++) waited += o.endAt[p]! - sparse[p]!.at;
    return [waited / o.count, o.lcores[0]!.usefulPs];
  }) as [[number, number], [number, number]];
  assert(late - soon > 30e6 && late - soon < 45e6, `${soon} and ${late} ps`);
  assert(cheap < 0.5 * dear, `${dear} and ${cheap} ps of CPU time`);
});

Deno.test("netmap 8.14: a ring that empties before the next interrupt may come is no longer full of work", () => {
  // 511 slots last 34 us, an interrupt comes every 50: the line is idle for a third of the time and more
  const [short, soon, long] = [[512, 50], [512, 10], [2048, 50]].map(([txRing, itrUs]) => {
    const { o } = send(3400, { batch: 1024 }, { itrUs }, { txRing });
    return sentPps(o, 1000);
  }) as [number, number, number];
  assert(short < 0.75 * LINE_PPS, `${short} pps`);
  assert(Math.min(soon, long) > 0.95 * LINE_PPS, `${soon}, ${long} pps`);
});

Deno.test("netmap 8.15: NIOCTXSYNC reclaims by force what poll leaves; with head unchanged it sends nothing", () => {
  const after: number[][] = [];
  const { host } = rig({ geometry: ONE_PORT }, ({ kernel, queues }, env) => {
    const fd = kernel.open("netmap:eth0");
    const { tx } = queues[0]!;
    let step = 0;
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(1);
      // fills 300 slots; of these slot 0 asks to be reported
      if (step === 0) {
        for (let i = 0; i < 300; i++) env.originate(tx.mem.buffer(tx.ring.bufIdx[i]!));
      }
      if (step === 0) tx.ring.len.fill(60, 0, 300);
      if (step === 0) tx.ring.head = tx.ring.cur = 300;
      // 0: sends; 1: half a millisecond later, poll; 2: the ioctl
      if (step === 0) fd.txsync(cpu);
      else if (step === 1) fd.poll(cpu, 4, { woken: () => {} });
      else fd.txsync(cpu);
      after.push([tx.ring.space, queues[0]!.native!.txDoorbells]);
      cpu.sleep();
      if (++step < 3) cpu.wakeAt(cpu.tsc() + 1.7e6);
      return 1;
    });
    env.spawn(0, "thread", (cpu) => {
      // keeps the run going while nothing else does
      cpu.charge(3400);
      if (step === 3) cpu.sleep();
      return 1;
    });
  });
  // poll finds room and looks at nothing; the ioctl frees slot 0 and rings no doorbell
  assertEquals(after, [[1747, 1], [1747, 1], [1747 + 1, 1]]);
  assertEquals(host.queues[0]!.tx.distance(host.queues[0]!.tx.hwtail, 300) - 1, 300 - 1);
});

Deno.test("netmap 8.15: a full transmit ring is reclaimed by the poll that waits for room", () => {
  const { tx, o, host } = send(3400, { batch: 512, count: 3000, report: false });
  assertEquals(o.outCount, 3000);
  assert(tx.poll.sleeps > 0, "it had to wait for room");
  // twice a ring, whatever the number of packets
  assertEquals(host.queues[0]!.native!.reports, Math.ceil(3000 / 1024));
});

Deno.test("netmap 8.10: each process serves a ring of its own, RSS shares the packets out, flows stay together", () => {
  const receivers: Receiver[] = [];
  const offers = stream(2000, wire10Ps(60), (i) => ({ srcPort: 1000 + (i % 64) }));
  const flowsOf: Set<number>[] = [];
  const { o, host } = rig({
    profile: x520At(900),
    geometry: { ports: 1, lcores: 4, ingress: 512 },
    offers,
  }, ({ kernel, costs }, env) => {
    for (let lcore = 0; lcore < 4; lcore++) {
      const rx = new Receiver(env, lcore, costs, kernel.open(`netmap:eth0-${lcore}/x`), 64);
      const flows = new Set<number>();
      rx.onPacket = (b) => {
        const at = env.memory.offset[b]! + 34;
        flows.add((env.memory.bytes[at]! << 8) | env.memory.bytes[at + 1]!);
      };
      flowsOf.push(flows);
      receivers.push(rx);
    }
  });
  assertEquals(receivers.reduce((sum, { stats }) => sum + stats.pkts, 0), 2000);
  assertEquals(o.dropped[REASON["rx-missed"]], 0);
  for (const { stats } of receivers) assert(stats.pkts > 200, `${stats.pkts} of 2000 packets`);
  assertEquals(flowsOf.reduce((sum, { size }) => sum + size, 0), 64, "no flow is at two rings");
  assertEquals(host.queues.map(({ rx }) => rx.packets), receivers.map(({ stats }) => stats.pkts));
});

Deno.test("netmap 8.11: rings survive many turns of their indices, also small ones and after a reset of the NIC", () => {
  for (const hwofs of [0, 7]) {
    for (const ring of [2, 8]) {
      let rx: Receiver | null = null;
      const { o, host } = rig({
        geometry: { ports: 1, rxRing: ring, txRing: 8, ingress: 8 },
        settings: { hwofs },
        offers: stream(10 * ring + 3, 60e6),
      }, ({ kernel, costs }, env) => {
        rx = new Receiver(env, 0, costs, kernel.open("netmap:eth0"), 512);
      });
      assertEquals(rx!.stats.pkts, 10 * ring + 3);
      assertEquals(host.queues[0]!.rx.hwcur, (hwofs + 10 * ring + 3) % ring);
      for (let p = 0; p < o.count; p++) assertEquals(o.fate[p], FATE.dropped);
    }
  }
});

Deno.test("netmap: usable slots are all but one", () => {
  const { host } = send(3400, { count: 1, batch: 1 });
  assertEquals(host.queues[0]!.tx.ring.space, 2047);
});
