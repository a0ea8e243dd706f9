// Aim: a pipe passes everything, in order, by exchanging buffers, and holds its sender back when it is full; a monitor
// sees all that passes and holds nobody up; nmport_inject finds room wherever there is some.
// Method: processes at both ends, sequence numbers in the frames, buffers counted by index.
import { assert, assertEquals } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Env } from "../../core/stack.ts";
import { frame, rig, x520At } from "./_rig_for_tests.ts";
import { strayBuffer } from "./audit.ts";
import { Bridge } from "./bridge.ts";
import type { NetmapHost } from "./host.ts";
import { nmportInject } from "./inject.ts";
import { Receiver, Sender } from "./pkt_gen.ts";
import { NS_MOREFRAG } from "./ring.ts";

const NO_TRAFFIC = { ports: 1, lcores: 2, rxRing: 8, txRing: 8 };
/** A packet that nobody takes: the run goes on until its time is over. */
const CLOCK = [{ port: 0, at: 1e6 }];

/** Numbers what a sender hands over in the last two bytes, and answers the numbers that a receiver sees. */
function numbered(
  env: Env,
  tx: Sender,
  fd: ReturnType<NetmapHost["kernel"]["open"]>,
  rx: Receiver,
) {
  const heard: number[] = [];
  const { bytes, offset } = env.memory;
  const [kring] = fd.tx;
  const inner = kring!.sync;
  let next = 0;
  let from = kring!.hwcur;
  kring!.sync = (cpu, k, flags) => {
    for (; from !== k.rhead; from = k.next(from), next++) {
      const at = offset[k.mem.buffer(k.ring.bufIdx[from]!)]! + 58;
      bytes[at] = next >> 8;
      bytes[at + 1] = next & 255;
    }
    return inner(cpu, k, flags);
  };
  rx.onPacket = (b) => heard.push((bytes[offset[b]! + 58]! << 8) | bytes[offset[b]! + 59]!);
  assertEquals(tx.stats.pkts, 0);
  return heard;
}

Deno.test("netmap 8.9: a pipe passes every packet in order without copying, however slow its reader", () => {
  for (const [slots, mhzOfReader] of [[64, 1], [8, 50]] as const) {
    let heard: number[] = [];
    let tx: Sender | null = null;
    const { host, testbed } = rig({ geometry: NO_TRAFFIC, offers: CLOCK }, (host, env) => {
      const { kernel, costs } = host;
      const fd = kernel.open("netmap:p{1", { slots });
      tx = new Sender(env, 0, costs, fd, { batch: 32, count: 2000, frame: frame() });
      const slow = { ...costs, appSlot: costs.appSlot * mhzOfReader };
      const rx = new Receiver(env, 1, slow, kernel.open("netmap:p}1"), 16);
      heard = numbered(env, tx, fd, rx);
    });
    assertEquals(heard, Array.from({ length: 2000 }, (_, i) => i));
    assertEquals(testbed.machine.memory.copiedBytes, 0);
    if (mhzOfReader > 1) assert(tx!.poll.sleeps > 100, `${tx!.poll.sleeps} sleeps of the sender`);
    const ends = ["p{1", "p}1"].map((name) => host.kernel.ports.get(name)!);
    assertEquals(strayBuffer(ends[0]!.mem, ends.flatMap((p) => p.krings.map((k) => k.ring))), "");
    assertEquals(ends[0]!.txRings[0]!.packets, 2000);
  }
});

Deno.test("netmap 8.9: a packet of several slots goes through a pipe slot by slot, and says that more follow", () => {
  const seen: number[][] = [];
  rig({ geometry: NO_TRAFFIC, settings: { bufSize: 512 }, offers: CLOCK }, ({ kernel }, env) => {
    const [tx, rx] = ["netmap:p{1", "netmap:p}1"].map((name) => kernel.open(name, { slots: 8 }));
    let step = 0;
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(100);
      if (step++ === 0) {
        for (const size of [1200, 60]) nmportInject(tx!, env.memory, frame(size));
        tx!.txsync(cpu);
      } else {
        tx!.publish(cpu);
        rx!.rxsync(cpu);
        const { ring } = rx!.rx[0]!;
        for (let at = ring.head; at !== ring.tail; at = ring.next(at)) {
          seen.push([ring.len[at]!, ring.flagsOf[at]! & NS_MOREFRAG]);
        }
        cpu.sleep();
      }
      return 1;
    });
  });
  assertEquals(seen, [[512, NS_MOREFRAG], [512, NS_MOREFRAG], [176, 0], [60, 0]]);
});

Deno.test("netmap 8.9: both directions of a pipe at once, and its regions: the port's, or one of its own", () => {
  const ends: [Sender, Receiver][] = [];
  const { host } = rig({ geometry: NO_TRAFFIC, settings: { bufNum: 64 + 256 } }, (host, env) => {
    const { kernel, costs } = host;
    const fds = ["netmap:eth0{3", "netmap:eth0}3"].map((name) => kernel.open(name, { slots: 64 }));
    fds.forEach((fd, lcore) => {
      const tx = new Sender(env, lcore, costs, fd, { batch: 16, count: 500, frame: frame() });
      ends.push([tx, new Receiver(env, lcore, costs, fd, 16)]);
    });
    kernel.open("netmap:alone{0", { slots: 4 });
  });
  assertEquals(ends.map(([tx, rx]) => [tx.stats.pkts, rx.stats.pkts]), [[500, 500], [500, 500]]);
  const { ports } = host.kernel;
  assertEquals([ports.get("eth0{3")!.mem.id, ports.get("alone{0")!.mem.id], [1, 2]);
});

Deno.test("netmap 8.8: a monitor sees every packet that passes, both ways, as it was, and holds nobody up", () => {
  const offers = [...stream(60, 1e6), ...stream(40, 1e6, () => ({ port: 1, size: 200 }))];
  const copies: number[][] = [];
  let counted = () => 0;
  const run = (monitor: string | null, slots = 1024) => {
    copies.length = 0;
    return rig(
      { offers, geometry: { lcores: 2, rxRing: 64, txRing: 64 } },
      ({ kernel, costs }, env) => {
        new Bridge(env, 0, costs, [kernel.open("netmap:eth0"), kernel.open("netmap:eth1")], 1024);
        if (monitor === null) return;
        const fd = kernel.open(monitor, { slots });
        counted = () => fd.rx[0]!.packets;
        const rx = new Receiver(env, 1, costs, fd, 512);
        rx.onPacket = (b, length) => {
          const at = env.memory.offset[b]!;
          copies.push([...env.memory.bytes.subarray(at, at + length)]);
        };
        // a monitor nobody reads fast enough
        if (slots < 64) rx.process.cpu.sleep();
      },
    );
  };
  const { o, host } = run("netmap:eth0/rt");
  assertEquals([o.emitted, copies.length, host.kernel.monitors[0]!.lost], [100, 100, 0]);
  assertEquals(counted(), 100);
  const out = Array.from(
    { length: o.outCount },
    (_, i) => [...o.outBytes.subarray(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!)].join(),
  );
  assertEquals(copies.map((bytes) => bytes.join()).sort(), out.sort(), "nobody changed them");
  assertEquals(run("netmap:eth0/r").o.emitted, 100);
  assertEquals(copies.length, 60, "received alone");
  assertEquals(run("netmap:eth0/t").o.emitted, 100);
  assertEquals(copies.length, 40, "sent alone");
  const full = run("netmap:eth0/rt", 8);
  assertEquals(full.o.emitted, 100, "packets pass though the monitor is full");
  assertEquals(full.host.kernel.monitors[0]!.lost, 100 - copies.length - 7);
  // what is watched pays for it
  const [bare, watched] = [run(null), run("netmap:eth0/rt")].map(({ o }) => o.lcores[0]!.usefulPs);
  assert(watched! > bare!, `${bare} and ${watched} ps`);
});

Deno.test("netmap 8.16: nmport_inject fills the first ring that has room, long frames several slots, or answers 0", () => {
  const geometry = { ports: 1, lcores: 2, rxRing: 8, txRing: 8 };
  rig({ geometry, settings: { bufSize: 512 } }, ({ kernel, ports }, env) => {
    const fd = kernel.open("netmap:eth0");
    const [a, b] = ports[0]!.txRings;
    const inject = (size: number): number => nmportInject(fd, env.memory, frame(size));
    assertEquals([inject(1200), a!.ring.space, b!.ring.space], [1200, 4, 7]);
    assertEquals([...a!.ring.len].slice(0, 3), [512, 512, 176]);
    assertEquals([...a!.ring.flagsOf].slice(0, 4), [NS_MOREFRAG, NS_MOREFRAG, 0, 0]);
    // three more slots leave one, and the next frame of three goes to the other ring
    assertEquals([inject(1100), a!.ring.space], [1100, 1]);
    assertEquals([inject(1100), a!.ring.space, b!.ring.space], [1100, 1, 4]);
    // it goes on where it was last
    assertEquals([inject(60), b!.ring.space], [60, 3]);
    assertEquals([inject(1500), b!.ring.space], [1500, 0]);
    assertEquals([inject(513), inject(512), inject(1)], [0, 512, 0]);
    const at = env.memory.offset[a!.mem.buffer(a!.ring.bufIdx[2]!)]!;
    assertEquals(env.memory.bytes[at + 175], frame(1200)[1199]);
    const one = kernel.open("netmap:eth0-1");
    assertEquals([one.tx.length, nmportInject(one, env.memory, frame())], [1, 0]);
  });
});

Deno.test("netmap: copies of a pipe would cost what a pipe saves: 100 Mpps and more at 3.4 GHz", () => {
  let rx: Receiver | null = null;
  rig({ geometry: NO_TRAFFIC, profile: x520At(3400) }, ({ kernel, costs }, env) => {
    const fd = kernel.open("netmap:p{1");
    new Sender(env, 0, costs, fd, { batch: 512, count: 20_000, frame: frame() });
    rx = new Receiver(env, 1, costs, kernel.open("netmap:p}1"), 512);
  });
  const { pkts, firstPs, lastPs } = rx!.stats;
  assertEquals(pkts, 20_000);
  assert(pkts / ((lastPs - firstPs) * 1e-12) > 100e6, `${pkts / ((lastPs - firstPs) * 1e-12)} pps`);
});
