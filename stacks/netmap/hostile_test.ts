// Aim: whatever a process writes into its rings, the kernel neither fails nor loses its own state, no other region is
// read or written, and who has other rings is not disturbed.
// Method: a process that scribbles over every word and slot between its system calls, drawn by fast-check, beside a
// router on other ports; then single lies whose answer is known.
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { FATE } from "../../core/machine/observation.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { rig } from "./_rig_for_tests.ts";
import type { NetmapFd } from "./fd.ts";
import type { NetmapKring } from "./kring.ts";
import { Router } from "./router.ts";
import { RingWatch } from "./watch.ts";

/** A value for a word: small, near the size of the ring, or any. */
const WORD = fc.oneof(
  fc.nat(20),
  fc.constantFrom(0, 1, 7, 8, 9, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0xffffffff),
);
const LIE = fc.record({
  ring: fc.nat(1),
  word: fc.nat(5),
  value: WORD,
  slot: fc.nat(7),
  idx: WORD,
  len: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  call: fc.nat(3),
});

Deno.test("netmap 8.2: a process that scribbles over its rings hurts nobody but itself", () => {
  fc.assert(
    fc.property(fc.array(LIE, { minLength: 1, maxLength: 40, size: "max" }), (lies) => {
      // eth0 to eth1 is the router's, eth2 the liar's
      const offers = [...stream(40, 3e6), ...stream(40, 3e6, () => ({ port: 2 }))];
      const sorted = [...offers].sort((a, b) => a.at - b.at);
      const watches: RingWatch[] = [];
      let honest: Router | null = null;
      let foreign = -1;
      let before = "";
      const { o, testbed } = rig({
        offers,
        geometry: { ports: 3, rxRing: 8, txRing: 8, ingress: 64 },
        buffers: 1000,
      }, ({ kernel, costs }, env) => {
        const fds = ["eth0", "eth1"].map((name) => kernel.open(`netmap:${name}/x`));
        honest = new Router(env, 0, costs, fds, 1024);
        const liar = kernel.open("netmap:eth2/x");
        const all = [...liar.tx, ...liar.rx];
        // any index of region 1 may stand in its slots (README): those of others would be written
        const own = all.flatMap(({ ring }) => [...ring.bufIdx]);
        for (const kring of all) watches.push(new RingWatch(kring, null, () => 0));
        // a buffer of another region, which no index of this one reaches
        const secret = kernel.region(4);
        foreign = secret.buffer(3);
        env.memory.bytes.fill(0x5e, env.memory.offset[foreign]!, env.memory.offset[foreign]! + 64);
        before = snapshot(env.memory as Memory, foreign);
        let at = 0;
        env.spawn(0, "thread", (cpu) => {
          cpu.charge(2000);
          if (at === lies.length) cpu.sleep();
          else tell(lies[at++]!, liar, all, own, cpu);
          return 1;
        });
      });
      assertEquals(snapshot(testbed.machine.memory, foreign), before, "another region was touched");
      assertEquals([honest!.forwarded, honest!.refused], [40, 0]);
      for (let p = 0; p < o.count; p++) {
        if (sorted[p]!.port === 0) assertEquals(o.fate[p], FATE.emitted, `packet ${p}`);
      }
      for (const { findings } of watches) {
        for (const [id, broken] of findings) {
          if (id === "NETMAP-2" || id === "NETMAP-3" || id === "NETMAP-9") {
            assertEquals([id, broken], [id, null]);
          }
        }
      }
    }),
    { numRuns: 70 },
  );
});

function tell(
  lie: {
    ring: number;
    word: number;
    value: number;
    slot: number;
    idx: number;
    len: number;
    flags: number;
    call: number;
  },
  fd: NetmapFd,
  rings: readonly NetmapKring[],
  own: readonly number[],
  cpu: Parameters<NetmapFd["txsync"]>[0],
): void {
  const { ring, mem } = rings[lie.ring]!;
  ring.words[lie.word] = lie.value;
  ring.bufIdx[lie.slot] = mem.valid(lie.idx) ? own[lie.idx % own.length]! : lie.idx;
  ring.len[lie.slot] = lie.len;
  ring.flagsOf[lie.slot] = lie.flags;
  if (lie.call === 0) fd.txsync(cpu);
  else if (lie.call === 1) fd.rxsync(cpu);
  else fd.poll(cpu, lie.call === 2 ? 5 : 1, { woken: () => {} });
}

/** Bytes and length of a buffer. */
function snapshot(memory: Memory, b: number): string {
  const at = memory.offset[b]!;
  return `${memory.length[b]} ${memory.bytes.subarray(at, at + 64)}`;
}

/** Opens eth0 alone and gives its rings to `lie`; nothing is on the wire. */
function alone(
  lie: (
    fd: NetmapFd,
    tx: NetmapKring,
    rx: NetmapKring,
    cpu: Parameters<NetmapFd["txsync"]>[0],
  ) => void,
) {
  return rig({ geometry: { ports: 1, rxRing: 8, txRing: 8 } }, ({ kernel, queues }, env) => {
    const fd = kernel.open("netmap:eth0");
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(100);
      lie(fd, queues[0]!.tx, queues[0]!.rx, cpu);
      cpu.sleep();
      return 1;
    });
  });
}

Deno.test("netmap invariant 1: a sync brings new packets and leaves those that the process still has as they are", () => {
  let watch: RingWatch | null = null;
  const seen: number[][] = [];
  const offers = stream(6, 20e6, (i) => ({ size: 60 + i }));
  rig({ geometry: { ports: 1, rxRing: 8, txRing: 8 }, offers }, ({ kernel, queues }, env) => {
    const fd = kernel.open("netmap:eth0");
    const { rx } = queues[0]!;
    watch = new RingWatch(rx, null, () => queues[0]!.native!.rxDoorbells);
    let at = 0;
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(34_000 * 3);
      fd.rxsync(cpu);
      seen.push([rx.ring.space, ...rx.ring.len.subarray(0, 6)]);
      if (++at === 6) cpu.sleep();
      return 1;
    });
  });
  assertEquals(seen.at(-1), [6, 60, 61, 62, 63, 64, 65]);
  assert(seen.some(([space]) => space! > 0 && space! < 6), "they came bit by bit");
  for (const [id, broken] of watch!.findings) assertEquals([id, broken], [id, null]);
});

Deno.test("netmap invariant 2 and 3: a tail is put right, a head or cur that cannot be is EINVAL and changes nothing", () => {
  alone((fd, tx, rx, cpu) => {
    const { ring } = tx;
    ring.tail = 3;
    assert(fd.txsync(cpu));
    assertEquals([ring.head, ring.cur, ring.tail], [0, 0, 7]);
    // the kernel owns slot 7 alone: everything up to it may be handed over, and not it
    for (const [head, cur] of [[8, 0], [0, 8], [0xffffffff, 0], [3, 2], [5, 0]] as const) {
      ring.head = head;
      ring.cur = cur;
      assertEquals(fd.txsync(cpu), false, `${head} ${cur}`);
      assertEquals([ring.head, ring.cur, ring.tail, tx.hwcur, tx.hwtail], [0, 0, 7, 0, 7]);
    }
    assertEquals(tx.reinits, 5);
    // nothing was received: a tail of one's own making gives no slots
    rx.ring.tail = 5;
    rx.ring.head = rx.ring.cur = 3;
    assertEquals([fd.rxsync(cpu), rx.ring.head, rx.ring.tail, rx.hwcur], [false, 0, 0, 0]);
    ring.cur = 7;
    assert(fd.txsync(cpu), "a wake-up point beyond head is legal");
  });
});

Deno.test("netmap: a bad buffer in a receive slot is refused until it is put right; in a transmit slot buffer 0 goes", () => {
  const { o, host } = alone((fd, tx, rx, cpu) => {
    const idx = rx.ring.bufIdx[0]!;
    rx.ring.tail = rx.rtail = rx.hwtail = 2;
    rx.ring.bufIdx[0] = 1;
    rx.ring.head = rx.ring.cur = 1;
    assertEquals(fd.rxsync(cpu), false);
    assertEquals([rx.badSlots, rx.ring.bufIdx[0], rx.ring.len[0], rx.hwcur], [1, 0, 0, 0]);
    rx.ring.bufIdx[0] = idx;
    rx.ring.head = rx.ring.cur = 0;
    tx.ring.bufIdx[0] = 0xfffffff0;
    tx.ring.len[0] = 60;
    tx.ring.head = tx.ring.cur = 1;
    assert(fd.txsync(cpu));
    assertEquals([tx.badSlots, tx.hwcur], [1, 1]);
  });
  assertEquals(o.outCount, 1);
  assertEquals(o.faults.map(({ kind, buffer }) => [kind, buffer]), [["emitted-nothing", -1]]);
  assertEquals(host.mem.buffer(0xfffffff0), host.mem.buffer(0));
});
