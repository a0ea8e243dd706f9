// Aim: VALE learns, copies once, keeps order for each pair of ports, loses at a full destination without holding others
// up, treats packets of several slots as one, and refuses what it has no room for when it is asked, not later.
// Method: processes on virtual ports, what each received; for leases, every order of steps against a plain list.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import type { Env } from "../../core/stack.ts";
import { frame, rig } from "./_rig_for_tests.ts";
import { NetmapError } from "./errors.ts";
import type { NetmapFd } from "./fd.ts";
import type { NetmapHost } from "./host.ts";
import { nmportInject } from "./inject.ts";
import { Leases } from "./leases.ts";
import { Receiver, Sender } from "./pkt_gen.ts";
import { NS_MOREFRAG, NS_NO_LEARN } from "./ring.ts";
import { netmapView } from "./views.ts";
import { valeRows } from "./report.ts";
import { strayBuffer } from "./audit.ts";

const NO_TRAFFIC = { ports: 1, lcores: 4, rxRing: 8, txRing: 8 };

/** Runs `steps` one after the other, 20 us apart, in a process of lcore 0; a step publishes what it has sent. */
function script(env: Env, fds: readonly NetmapFd[], steps: readonly (() => void)[]): void {
  let at = 0;
  env.spawn(0, "thread", (cpu) => {
    cpu.charge(100);
    const dirty = fds.filter((fd) => fd.unpublished);
    for (const fd of dirty) fd.publish(cpu);
    if (dirty.length > 0) return 1;
    if (at === steps.length) {
      cpu.sleep();
      return 1;
    }
    steps[at++]!();
    for (const fd of fds) fd.txsync(cpu);
    return 1;
  });
}

/** A receiver that notes source and sequence of each frame: byte 11 of its MAC addresses, and the UDP payload. */
function listener(
  host: NetmapHost,
  env: Env,
  lcore: number,
  name: string,
  heard: string[],
): Receiver {
  const rx = new Receiver(env, lcore, host.costs, host.kernel.open(name), 512);
  rx.onPacket = (b) => {
    const at = env.memory.offset[b]!;
    heard.push(`${env.memory.bytes[at + 11]}>${env.memory.bytes[at + 5]}`);
  };
  return rx;
}

Deno.test("netmap 8.7: VALE learns where addresses are: unknown goes to all, known to one; each copy is one", () => {
  const heard: string[][] = [[], [], []];
  let kernel: NetmapHost["kernel"] | null = null;
  const { testbed, host } = rig({ geometry: NO_TRAFFIC }, (host, env) => {
    kernel = host.kernel;
    const fds = ["a", "b", "c"].map((x) => host.kernel.open(`vale0:${x}`));
    ["a", "b", "c"].forEach((x, i) => listener(host, env, i + 1, `vale0:${x}`, heard[i]!));
    const send = (from: number, src: number, dst: number) => () =>
      void nmportInject(fds[from]!, env.memory, frame(60, src, dst));
    script(env, fds, [
      send(0, 1, 2), // unknown: to b and c
      send(1, 2, 1), // 1 is at a
      send(0, 1, 2), // 2 is at b
      send(2, 3, 0xff), // unknown
      send(2, 3, 1), // known
      send(1, 1, 3), // 1 has moved to b
      send(2, 3, 1),
    ]);
  });
  assertEquals(heard, [["2>1", "3>255", "3>1"], ["1>2", "1>2", "3>255", "3>1"], ["1>2", "1>3"]]);
  assertEquals(testbed.machine.memory.copiedBytes, 60 * heard.flat().length, "one copy each");
  const learned = host.kernel.switches.get("vale0")!.table.entries();
  assertEquals([...learned].sort((x, y) => x.mac - y.mac), [
    { mac: 0x020000000001, port: 1 },
    { mac: 0x020000000002, port: 1 },
    { mac: 0x020000000003, port: 2 },
  ]);
  assertEquals(
    netmapView("vale-ctl", valeRows(kernel!)),
    "bridge:0 port:0 vale0:a\nbridge:0 port:1 vale0:b\nbridge:0 port:2 vale0:c",
  );
  for (const port of host.kernel.ports.values()) {
    assertEquals(
      strayBuffer(
        port.mem,
        [...host.kernel.ports.values()].filter((p) => p.mem === port.mem)
          .flatMap((p) => p.krings.map((k) => k.ring)),
      ),
      "",
    );
  }
});

Deno.test("netmap invariant 16: a source is not learned with NS_NO_LEARN, and group addresses never", () => {
  const heard: string[][] = [[], []];
  const { host } = rig({ geometry: NO_TRAFFIC }, (host, env) => {
    const fds = ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`));
    ["a", "b"].forEach((x, i) => listener(host, env, i + 1, `vale0:${x}`, heard[i]!));
    script(env, fds, [() => {
      const { ring } = fds[0]!.tx[0]!;
      const at = ring.head;
      nmportInject(fds[0]!, env.memory, frame(60, 1, 2));
      ring.flagsOf[at] = NS_NO_LEARN;
    }, () => {
      const group = frame(60, 5, 2);
      group[6] = 3;
      nmportInject(fds[1]!, env.memory, group);
    }]);
  });
  assertEquals(host.kernel.switches.get("vale0")!.table.entries(), []);
  assertEquals(heard, [["5>2"], ["1>2"]]);
});

Deno.test("netmap invariant 16: of a packet of several slots the first says whether its source is learned", () => {
  // one slot, or three, with the flag on one of them
  for (const size of [60, 1200]) {
    for (const flagged of size === 60 ? [0] : [0, 1, 2]) {
      const { host } = rig({ geometry: NO_TRAFFIC, settings: { bufSize: 512 } }, (host, env) => {
        const [a] = ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`));
        script(env, [a!], [() => {
          const { ring } = a!.tx[0]!;
          const at = ring.head;
          nmportInject(a!, env.memory, frame(size, 1, 2));
          ring.flagsOf[at + flagged]! |= NS_NO_LEARN;
        }]);
      });
      const { table } = host.kernel.switches.get("vale0")!;
      assertEquals(table.entries().length, flagged === 0 ? 0 : 1, `${size}, slot ${flagged}`);
    }
  }
});

Deno.test("netmap invariant 17: a full destination loses what does not fit and delays no other", () => {
  const heard: string[] = [];
  const { host } = rig({ geometry: NO_TRAFFIC }, (host, env) => {
    // nobody reads b; a frame from b and from c makes them known
    const fds = ["a", "b", "c"].map((x) => host.kernel.open(`vale0:${x}`, { slots: 8 }));
    listener(host, env, 1, "vale0:c", heard);
    script(env, fds, [
      () => void nmportInject(fds[1]!, env.memory, frame(60, 2, 0xee)),
      () => void nmportInject(fds[2]!, env.memory, frame(60, 3, 0xee)),
      ...Array.from({ length: 5 }, () => () => {
        for (const dst of [2, 3, 2, 3]) nmportInject(fds[0]!, env.memory, frame(60, 1, dst));
      }),
    ]);
  });
  assertEquals(heard, ["2>238", ...Array(10).fill("1>3")]);
  const b = host.kernel.valePort("vale0:b")!;
  // c's first frame and six of ten fill the seven slots
  assertEquals([b.adapter.rxRings[0]!.ring.space, b.dropped], [0, 4]);
  assertEquals(host.kernel.valePort("vale0:c")!.dropped, 0);
  assertEquals(
    host.kernel.valePort("vale0:a")!.lost,
    4,
    "the sender's slots are free all the same",
  );
});

Deno.test("netmap invariant 18: a packet of several slots goes whole or not at all", () => {
  const slots: number[][] = [];
  const { host } = rig({ geometry: NO_TRAFFIC, settings: { bufSize: 512 } }, (host, env) => {
    const [a] = ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`, { slots: 8 }));
    const rx = host.kernel.ports.get("vale0:b")!.rxRings[0]!;
    const note = () => slots.push([rx.hwtail, ...rx.ring.len]);
    const inject = (size: number) => assertEquals(nmportInject(a!, env.memory, frame(size)), size);
    script(env, [a!], [
      () => inject(1200), // three slots
      note,
      () => {
        // the first of two slots: the second is still to come
        const { ring } = a!.tx[0]!;
        inject(60);
        ring.flagsOf[(ring.head + 7) % 8] = NS_MOREFRAG;
      },
      note,
      () => inject(100), // and here it is
      note,
      () => inject(1400), // three more do not fit in two
      note,
      () => inject(60), // one does
      note,
    ]);
  });
  assertEquals(slots.map(([tail]) => tail), [3, 3, 5, 5, 6]);
  const rx = host.kernel.ports.get("vale0:b")!.rxRings[0]!;
  assertEquals([...rx.ring.len].slice(0, 6), [512, 512, 176, 60, 100, 60]);
  assertEquals([...rx.ring.flagsOf].slice(0, 6), [32, 32, 0, 32, 0, 0]);
  assertEquals(host.kernel.valePort("vale0:b")!.dropped, 1);
});

Deno.test("netmap invariant 16: order is kept for each pair of ports while two senders fill one ring", () => {
  const heard: number[][] = [[], [], []];
  const { host } = rig({ geometry: NO_TRAFFIC }, (host, env) => {
    const { kernel, costs } = host;
    const rx = new Receiver(env, 3, costs, kernel.open("vale0:z", { slots: 64 }), 16);
    rx.onPacket = (b) => {
      const at = env.memory.offset[b]!;
      const { bytes } = env.memory;
      heard[bytes[at + 11]!]!.push((bytes[at + 42]! << 8) | bytes[at + 43]!);
    };
    // long frames in large batches against short frames one by one, so that leases end out of turn
    for (const [i, size, batch] of [[1, 1500, 16], [2, 60, 1]] as const) {
      const fd = kernel.open(`vale0:s${i}`, { slots: 64 });
      const bytes = frame(size, i, 9);
      let sequence = 0;
      const tx = new Sender(env, i, costs, fd, { batch, count: 300, frame: bytes });
      const inner = fd.tx[0]!.sync;
      fd.tx[0]!.sync = (cpu, kring, flags) => {
        for (let at = kring.hwcur; at !== kring.rhead; at = kring.next(at), sequence++) {
          const b = env.memory.offset[kring.mem.buffer(kring.ring.bufIdx[at]!)]!;
          env.memory.bytes[b + 42] = sequence >> 8;
          env.memory.bytes[b + 43] = sequence & 255;
        }
        return inner(cpu, kring, flags);
      };
      assert(tx.stats.pkts === 0);
    }
  });
  for (const sequence of heard.slice(1)) {
    assert(sequence.length > 100, `${sequence.length} heard`);
    for (let i = 1; i < sequence.length; i++) assert(sequence[i]! > sequence[i - 1]!, "in order");
  }
  const { dropped } = host.kernel.valePort("vale0:z")!;
  assertEquals(heard[1]!.length + heard[2]!.length + dropped, 600);
});

/** Leases of a ring as a list: each with what it took and, once it is done, used. */
class PlainLeases {
  readonly list: { lease: number; start: number; n: number; used: number | null }[] = [];
  /** Slots published in all, and read. */
  published = 0;
  read = 0;

  /** Takes what is done from the front of the list. */
  advance(): void {
    while (this.list.length > 0 && this.list[0]!.used !== null) {
      this.published += this.list.shift()!.used!;
    }
  }

  /** Slots that are neither read nor free. */
  get busy(): number {
    return this.published - this.read +
      this.list.reduce((sum, { n, used }) => sum + (used ?? n), 0);
  }
}

Deno.test("Leases publishes in the order of leases whatever the order in which senders finish", () => {
  const step = fc.tuple(fc.nat(2), fc.nat(7), fc.nat(7));
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.array(step, { maxLength: 80, size: "max" }),
      (slots, steps) => {
        const begin = slots >> 1;
        const leases = new Leases(slots, begin);
        const plain = new PlainLeases();
        let tail = begin;
        for (const [what, a, b] of steps) {
          const reader = (begin + plain.read) % slots;
          assertEquals(leases.space(reader), slots - 1 - plain.busy);
          const open = plain.list.filter(({ used }) => used === null);
          if (what === 0 && leases.space(reader) > 0) {
            const n = Math.min(1 + a, leases.space(reader));
            const start = leases.hwlease;
            plain.list.push({ lease: leases.take(n), start, n, used: null });
          } else if (what === 1 && open.length > 0) {
            const one = open[a % open.length]!;
            // only the last one may give back what it did not use
            one.used = leases.isLast(one.lease) ? Math.min(b, one.n) : one.n;
            tail = leases.finish(one.lease, one.start, (one.start + one.used) % slots, tail);
            plain.advance();
            assertEquals(
              tail,
              (begin + plain.published) % slots,
              "all without a gap, nothing else",
            );
          } else if (what === 2) plain.read = plain.published;
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("netmap invariant 21: a region that cannot hold a port says so when the port is made", () => {
  rig({ geometry: NO_TRAFFIC, settings: { ringNum: 12, bufNum: 64 + 20 } }, ({ kernel, mem }) => {
    const refused = (name: string, sizes = {}): string => {
      const before = [mem.freeBuffers, mem.rings];
      const error = assertThrows(() => kernel.open(name, sizes), NetmapError);
      assertEquals([mem.freeBuffers, mem.rings], before, "nothing was taken");
      return `${error.errno}: ${error.message}`;
    };
    // eth0 takes 64 of the region's 84 buffers and 8 of its 12 rings
    assertEquals([mem.freeBuffers, mem.rings], [20, 8]);
    assert(
      refused("netmap:eth0{1", { slots: 8 }).startsWith(
        "ENOMEM: Cannot make a ring of 8 slots: it needs 8 buffers",
      ),
    );
    kernel.open("netmap:eth0{1", { slots: 5 });
    assertEquals([mem.freeBuffers, mem.rings], [0, 12]);
    assert(refused("netmap:eth0{2", { slots: 4 }).includes("all 12 rings are in use"));
    assert(refused("vale0:x", { slots: 2000 }).startsWith("EINVAL"));
    assert(refused("vale0:x", { rings: 17 }).startsWith("EINVAL"));
    for (let i = 0; i < 8; i++) kernel.vale(`vale${i}`);
    assert(refused("vale8:x").startsWith("ENOMEM: Cannot make vale8"));
  });
});

Deno.test("netmap: ports come and go, and the numbers of those that left are given out again", () => {
  rig({ geometry: NO_TRAFFIC }, (host) => {
    const vale = host.kernel.vale("vale0");
    ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`));
    const [a, b] = ["a", "b"].map((x) => host.kernel.valePort(`vale0:${x}`)!);
    for (let i = 0; i < 300; i++) {
      const [one, other] = i % 2 === 0 ? [a!, b!] : [b!, a!];
      vale.detach(one);
      vale.detach(other);
      vale.attach(one);
      vale.attach(other);
      assertEquals([one.number, other.number], [0, 1]);
    }
    assertEquals(vale.ports.length, 2);
  });
});

Deno.test("netmap: a detached port leads nowhere and its addresses are forgotten", () => {
  const heard: string[] = [];
  const { host } = rig({ geometry: NO_TRAFFIC }, (host, env) => {
    const fds = ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`));
    listener(host, env, 1, "vale0:a", heard);
    const vale = host.kernel.vale("vale0");
    const b = () => host.kernel.valePort("vale0:b")!;
    const send = (from: number, src: number, dst: number) =>
      nmportInject(fds[from]!, env.memory, frame(60, src, dst));
    script(env, fds, [
      () => void send(1, 2, 1),
      () => vale.detach(b()),
      () => void send(1, 2, 1),
      () => void send(0, 1, 2),
    ]);
  });
  assertEquals(heard, ["2>1"]);
  assertEquals(host.kernel.switches.get("vale0")!.table.entries().length, 1, "a's own address");
  assertEquals(host.kernel.valePort("vale0:a")!.lost, 1);
});

/** Something that a sender, or the reader, does. */
const ACTS = fc.array(
  fc.record({
    who: fc.nat(1),
    what: fc.constantFrom("send", "send", "publish", "read", "read"),
    sizes: fc.array(fc.constantFrom(60, 600, 1100, 1700), { minLength: 1, maxLength: 4 }),
    // the last slot of the last packet is handed over with what is sent next
    isHalf: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40, size: "max" },
);

Deno.test("netmap invariants 17 and 18: of each batch a destination takes the first packets, whole, whoever publishes first", () => {
  fc.assert(
    fc.property(ACTS, (acts) => {
      const sent: number[][][] = [[], []];
      const heard: number[][] = [[], []];
      const sizeOf: number[] = [];
      const { host } = rig({ geometry: NO_TRAFFIC, settings: { bufSize: 512 } }, (host, env) => {
        const { bytes, offset } = env.memory;
        const senders = ["a", "b"].map((x) => host.kernel.open(`vale0:${x}`, { slots: 32 }));
        const reader = host.kernel.open("vale0:z", { slots: 8 });
        const { ring, mem } = reader.rx[0]!;
        const read = () => {
          let whole: number[] = [];
          for (let at = ring.head; at !== ring.tail; at = ring.next(at)) {
            const from = offset[mem.buffer(ring.bufIdx[at]!)]!;
            whole.push(...bytes.subarray(from, from + ring.len[at]!));
            if ((ring.flagsOf[at]! & NS_MOREFRAG) !== 0) continue;
            // a slot that was leased and not used is blank
            if (whole.length > 0) {
              const length = (whole[12]! << 8) | whole[13]!;
              assertEquals(whole.length, length, "a packet comes whole");
              heard[whole[14]!]!.push(whole[15]!);
            }
            whole = [];
          }
          ring.head = ring.cur = ring.tail;
        };
        let done = false;
        env.spawn(0, "thread", (cpu) => {
          cpu.sleep();
          if (done) return 1;
          done = true;
          let n = 0;
          const late: (number | null)[] = [null, null];
          const sync = (who: number, batch: number[], isHalf: boolean) => {
            const { ring } = senders[who]!.tx[0]!;
            const end = ring.head;
            const before = (end + ring.numSlots - 1) % ring.numSlots;
            const isLong =
              (ring.flagsOf[(before + ring.numSlots - 1) % ring.numSlots]! & NS_MOREFRAG) > 0;
            late[who] = isHalf && isLong ? batch.pop()! : null;
            if (late[who] !== null) ring.head = ring.cur = before;
            sent[who]!.push(batch);
            senders[who]!.txsync(cpu);
          };
          const goOn = (who: number): number[] => {
            const { ring } = senders[who]!.tx[0]!;
            const n = late[who]!;
            if (n === null) return [];
            ring.head = ring.cur = ring.next(ring.head);
            return [n];
          };
          for (const { who, what, sizes, isHalf } of acts) {
            if (what === "publish") senders[who]!.publish(cpu);
            else if (what === "read") {
              read();
              reader.rxsync(cpu);
            } else {
              const batch = goOn(who);
              for (const size of sizes) {
                const one = new Uint8Array(size).fill(who + 1);
                one.set(frame(60, who + 1, 9).subarray(0, 12));
                one.set([size >> 8, size & 255, who, n], 12);
                assertEquals(nmportInject(senders[who]!, env.memory, one), size);
                sizeOf[n] = size;
                batch.push(n++);
              }
              sync(who, batch, isHalf);
            }
          }
          for (const who of [0, 1]) sync(who, goOn(who), false);
          for (const fd of senders) fd.publish(cpu);
          reader.rxsync(cpu);
          read();
          return 1;
        });
      });
      for (const who of [0, 1]) {
        // in order, and of each batch the first
        const got = new Set(heard[who]);
        const first = sent[who]!.flatMap((batch) =>
          batch.slice(0, batch.filter((n) => got.has(n)).length)
        );
        assertEquals(heard[who], first);
      }
      const { dropped } = host.kernel.valePort("vale0:z")!;
      assertEquals(heard.flat().length + dropped, sent.flat(2).length);
      // both ends count what they are handed, packets of several slots whole
      const bytes = (packets: number[]) => packets.reduce((sum, n) => sum + sizeOf[n]!, 0);
      const counted = (port: string, side: "txRings" | "rxRings") =>
        host.kernel.ports.get(`vale0:${port}`)![side].reduce((sum, kring) => sum + kring.bytes, 0);
      for (const who of [0, 1]) {
        assertEquals(counted("ab"[who]!, "txRings"), bytes(sent[who]!.flat()));
      }
      assertEquals(counted("z", "rxRings"), bytes(heard.flat()));
    }),
    { numRuns: 60, seed: 17 },
  );
});
